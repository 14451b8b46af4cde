"""10,000 mutated records: nothing stops, the sums add up, each dead letter is the original, byte for byte, with its reason and origin."""
import json
import random

import corpus
import verify
from stack import TOPIC_OF

RECORDS = 10_000


def mutate(raw, r):
    """A record with one thing wrong (or, now and then, nothing that matters): the kinds of damage that real senders do."""
    event = json.loads(raw)
    kind = r.randrange(16)
    if kind == 0:
        at = r.randrange(len(raw))
        return raw[:at] + bytes([r.randrange(256)]) + raw[at + 1:]
    if kind == 1:
        return raw[:r.randrange(len(raw))]
    if kind == 2:
        del event[r.choice(list(event))]
    elif kind == 3:
        event["data"].pop(r.choice(list(event["data"])))
    elif kind == 4:
        event[r.choice(list(event))] = r.choice((None, 7, [], {}, True))
    elif kind == 5:
        event["data"][r.choice(list(event["data"]))] = r.choice((None, 7, [], {}, True, ""))
    elif kind == 6:
        return raw[:-1] + b',"id":"again"}'
    elif kind == 7:
        return raw.replace(b'"id":', b'"id\xff":', 1)
    elif kind == 8:
        return raw.replace(b'"e-', b'"\\u0000e-', 1)
    elif kind == 9:
        event["data"]["text"] = "x" * r.choice((20_000, 20_001, 300_000))
    elif kind == 10:
        return b"[" * r.choice((10, 17, 100_000))
    elif kind == 11:
        event["type"] = r.choice(("voc.mail", "", "VOC.CALL"))
        event["specversion"] = r.choice(("1.0", "1.0", "0.3"))
    elif kind == 12:
        event["time"] = r.choice(("yesterday", "1970-01-01T00:00:00Z", "2999-01-01T00:00:00Z", ""))
    elif kind == 13:
        event["data"].pop("transcript", None)
        event["data"]["text"] = r.choice((" ", "\u3000\n", ""))
    elif kind == 14:
        return r.choice((b"", b"\x00", b"null", b"{}", bytes(r.randrange(256) for _ in range(r.randrange(200)))))
    else:
        event["unknown"] = {"kept": [1, 2.5, "three"]}
    return json.dumps(event, ensure_ascii=r.random() < 0.3).encode()


def test_ten_thousand_mutated_records(stack):
    r = random.Random(7)
    stack.start("classifier", 2)
    stack.start("aggregator", 2)
    stack.start("alerter", 1)
    stack.wait_ready()
    base = corpus.events(corpus.texts(2000), seed=3, duplicate=0)
    producer, sent = stack.producer(), {}

    def delivered(value):
        def callback(error, message):
            assert error is None
            sent[message.topic(), message.partition(), message.offset()] = value
        return callback

    for number in range(RECORDS):
        event, at = base[number % len(base)]
        event = dict(event, id=f"e-{number}", data=dict(event["data"]))
        value = mutate(json.dumps(event, ensure_ascii=False).encode(), r)
        key = r.choice((event["data"]["customer_id"], None, b"\xff\x00"))
        producer.produce(stack.topic(TOPIC_OF[event["type"]]), value, key, timestamp=at, on_delivery=delivered(value))
        producer.poll(0)
    largest = b"x" * 1_048_300  # nearly all that a topic takes: its dead letter is larger still
    producer.produce(stack.topic("web"), largest, "C-1", on_delivery=delivered(largest))
    assert producer.flush(60) == 0
    stack.wait_drained()
    result = verify.check_all(stack)
    print(result)
    assert result["raw"] == RECORDS + 1 and 0 < result["dead"] < RECORDS
    reasons = {}
    for _, _, _, value, headers, _ in stack.read_all("dlq"):
        origin = (headers["voc_origin_topic"].decode(), int(headers["voc_origin_partition"]), int(headers["voc_origin_offset"]))
        value = value or b""
        assert value == sent[origin], f"{origin}: the dead letter ({len(value)} bytes) is not the original ({len(sent[origin])} bytes)"
        assert headers["__connect.errors.topic"].decode() == origin[0] and int(headers["__connect.errors.offset"]) == origin[2]
        assert headers["voc_time"] and headers["voc_origin_timestamp"] and headers["voc_error"]
        reason = headers["voc_reason"].decode()
        reasons[reason] = reasons.get(reason, 0) + 1
    print(reasons)
    assert set(reasons) >= {"bad_json", "bad_utf8", "nul_character", "duplicate_key", "too_large", "too_deep", "missing_field", "bad_type", "bad_value",
                            "unknown_type", "unsupported_version", "bad_time", "empty_text", "empty_record"}
    counted = sum(value for p in stack.of("classifier") for name, value in p.metrics().items() if name.startswith("voc_dead_letters_total"))
    assert counted == result["dead"]
