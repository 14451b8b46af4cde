"""The pipeline on real text through real Kafka and Redis, three instances of classifier and aggregator, against the oracle."""
import json

import corpus
import pytest
import verify
from stack import TOPIC_OF, wait_for


def send(stack, events):
    producer = stack.producer()
    failed = []
    for event, at in events:
        producer.produce(stack.topic(TOPIC_OF[event["type"]]), json.dumps(event, ensure_ascii=False).encode(), event["data"]["customer_id"],
                         timestamp=at, on_delivery=lambda error, _: failed.append(error) if error else None)
        producer.poll(0)
    assert producer.flush(60) == 0 and not failed


@pytest.fixture(scope="module")
def real_events():
    return corpus.events(corpus.texts())


def start_all(stack):
    stack.start("classifier", 3)
    stack.start("aggregator", 3)
    stack.start("alerter", 1)


def test_real_text_equals_the_oracle(stack, real_events):
    start_all(stack)
    stack.wait_ready()
    send(stack, real_events)
    stack.wait_drained()
    result = verify.check_all(stack)
    print(result)
    assert result["raw"] == len(real_events) and result["dead"] == 0 and result["copies"] == 0
    assert result["events"] == len({event["id"] for event, _ in real_events})
    assert result["alerts"] > 100
    assert result["webhooks"] == result["alerts"], "an alert arrived twice though nothing failed"


@pytest.mark.parametrize("service", ["classifier", "aggregator", "alerter"])
def test_kill_9_in_the_middle_changes_nothing(stack, real_events, service):
    start_all(stack)
    stack.wait_ready()
    half = len(real_events) // 2
    send(stack, real_events[:half])
    applied = {"classifier": lambda: sum(stack.ends(stack.topic("classified")).values()) > half // 5,
               "aggregator": lambda: any(stack.redis.hget("voc:{%d}:position" % p, "events") for p in range(stack.partitions)),
               "alerter": lambda: len(stack.received()) > 20}[service]
    wait_for(applied, 60, f"work for the {service} to be under way", stack)
    victim = stack.of(service)[0]
    victim.kill()
    send(stack, real_events[half:])
    victim.start()
    stack.wait_drained()
    result = verify.check_all(stack)
    print(result)
    assert result["events"] == len({event["id"] for event, _ in real_events})
