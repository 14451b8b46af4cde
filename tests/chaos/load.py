"""The load of one run: seeded raw events with a sender's duplicates, late ones and malformed ones, and orders and follow-ups among them, sent at a
steady rate.

What was sent is known exactly: each record with the reason that it must be refused for (None: it is a good event), and where the broker put it.
"""
import collections
import json
import pathlib
import random
import subprocess
import threading
import time
from datetime import timedelta

import dues
from confluent_kafka import Producer

TOPIC_OF = {"voc.call": "calls", "voc.web": "web", "voc.complaint": "complaints", "voc.profile": "profiles", "voc.order": "orders",
            "voc.followup": "followups"}
FACTS = ("voc.profile", "voc.order", "voc.followup")
DAYS = 8  # how long ago the load's seven days begin
HOT = "C-HALF"
TEXTS = pathlib.Path(__file__).resolve().parents[2] / "services/vocctl/gen-texts.ndjson"

Sent = collections.namedtuple("Sent", "topic partition offset value customer identity reason")


def with_member(event, name, value):
    return json.dumps({**event, name: value}, ensure_ascii=False).encode()


def with_data(event, name, value):
    return json.dumps({**event, "data": {**event["data"], name: value}}, ensure_ascii=False).encode()


def without(event, name):
    return json.dumps({k: v for k, v in event.items() if k != name}, ensure_ascii=False).encode()


def mute(event):
    data = {k: v for k, v in event["data"].items() if k != "transcript"}
    return json.dumps({**event, "data": {**data, "text": " \u3000"}}, ensure_ascii=False).encode()


def raw(event):
    return json.dumps(event, ensure_ascii=False).encode()


DEFECTS = {
    "bad_json": lambda e: raw(e)[:-1],
    "bad_utf8": lambda e: raw(e).replace(b'"subject"', b'"sub\xffject"', 1),
    "bad_value": lambda e: with_data(e, "rating", 9),
    "bad_time": lambda e: with_member(e, "time", "yesterday"),
    "bad_type": lambda e: with_data(e, "customer_id", 17),
    "duplicate_key": lambda e: raw(e)[:-1] + b',"id":"again"}',
    "empty_record": lambda e: b"",
    "empty_text": mute,
    "missing_field": lambda e: without(e, "source"),
    "nul_character": lambda e: raw(e).replace(b'"id": "', b'"id": "\\u0000', 1),
    "too_deep": lambda e: with_member(e, "x", json.loads("[" * 40 + "]" * 40)),
    "too_large": lambda e: with_member(e, "id", "x" * 3000),
    "unknown_type": lambda e: with_member(e, "type", "voc.mail"),
    "unsupported_version": lambda e: with_member(e, "specversion", "0.3"),
}


def record_of(event, line=None):
    """A good one; what is no contact has no identity: nobody counts it."""
    identity = None if event["type"] in FACTS else (event["source"], event["id"])
    return TOPIC_OF[event["type"]], event["data"]["customer_id"], line or raw(event), identity, None


def contacts(vocctl, seed, events, start, hot):
    """[record] in the order of sending. `hot`: one customer has half of them."""
    r = random.Random(f"load/{seed}")
    flags = {"seed": seed, "events": events, "start": start.strftime("%Y-%m-%d"), "duplicates": 40, "late": 30, "malformed": 0, "customers": 300,
             "texts": TEXTS}
    command = [vocctl, "gen", *(f"--{name}={value}" for name, value in flags.items())]
    lines = subprocess.run(command, capture_output=True, check=True).stdout.splitlines()
    records, defects = [], sorted(DEFECTS)
    for line in lines:
        event = json.loads(line)
        if hot and r.random() < 0.5:
            event["subject"] = event["data"]["customer_id"] = HOT
            line = raw(event)
        records.append(record_of(event, line))
        if r.random() < 0.03:
            reason = r.choice(defects)
            records.append((TOPIC_OF[event["type"]], r.choice((event["data"]["customer_id"], None)), DEFECTS[reason](event), None, reason))
    return records


def generate(vocctl, seed, events, now, hot, seconds=16):
    """[(topic, key, value, identity or None, reason or None)] in the order of sending; it begins now and takes these seconds."""
    start = (now - timedelta(days=DAYS)).replace(hour=0, minute=0, second=0, microsecond=0)
    records, r = contacts(vocctl, seed, events, start, hot), random.Random(f"dues/{seed}")
    placed = [(number / len(records), record) for number, record in enumerate(records)]
    planned = dues.ripening(r, now, seconds) + dues.shopping(r, sorted({record[1] for record in records if record[1]}), start)
    placed += [(at, record_of(event)) for at, event in planned]
    return [record for _, record in sorted(placed, key=lambda one: one[0])]


class Sender:
    """Sends in a thread of its own, every record until it is acknowledged; `sent` is complete once `join` has returned."""

    def __init__(self, bootstrap, prefix, records, seconds, burst):
        self.prefix, self.records, self.seconds, self.burst = prefix, records, seconds, burst
        self.producer = Producer({"bootstrap.servers": bootstrap, "partitioner": "murmur2_random", "enable.idempotence": True, "linger.ms": 5,
                                  "message.timeout.ms": 0, "log_level": 0})
        self.sent, self.failure = [], None
        self.thread = threading.Thread(target=self.run, daemon=True)

    def start(self):
        self.thread.start()
        return self

    def run(self):
        try:
            began = time.monotonic()
            for number, record in enumerate(self.records):
                due = began + self.seconds * (number - number % self.burst) / len(self.records)
                while (left := due - time.monotonic()) > 0:
                    self.producer.poll(min(left, 0.05))
                self.produce(*record)
        except Exception as failure:
            self.failure = failure

    def produce(self, topic, customer, value, identity, reason):
        def delivered(error, message):
            if error:
                self.failure = error
            else:
                self.sent.append(Sent(message.topic(), message.partition(), message.offset(), value, customer, identity, reason))
        self.producer.produce(self.prefix + topic, value, customer, on_delivery=delivered)
        self.producer.poll(0)

    def sending(self):
        return self.thread.is_alive()

    def join(self, timeout):
        deadline = time.monotonic() + timeout
        self.thread.join(timeout)
        left = self.producer.flush(max(0.1, deadline - time.monotonic()))
        if self.failure or left or self.sending():
            raise RuntimeError(f"the sender failed: {self.failure}; {left} records without an answer")
        return self.sent
