"""The bench's own pipeline: our services between a real broker and a private Redis on TCP, with a sink for the webhooks.

Unlike the tests' Stack it can empty what comes out and begin again on the same raw topics, and it watches the progress by questions
that cost the measured machine next to nothing.
"""
import itertools
import json
import os
import pathlib
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import redis as redis_client  # noqa: E402
from confluent_kafka import Consumer, KafkaException, TopicPartition  # noqa: E402
from confluent_kafka.admin import AdminClient, NewTopic  # noqa: E402
from stack import RAW_TOPICS, ROOT, SECRET, Stack, wait_for  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
SERVICES = ("classifier", "aggregator", "alerter")
OUTPUTS = ("classified", "dlq", "alerts")
GROUPS = itertools.count(1)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class FirstRecord(threading.Thread):
    """Waits on a topic for the first record that `wanted` takes; then calls `then` and keeps the moment."""

    def __init__(self, bed, topic, wanted=lambda message: True, then=lambda: None):
        super().__init__(daemon=True)
        self.wanted, self.then, self.at, self.given_up = wanted, then, None, False
        self.consumer = Consumer({"bootstrap.servers": bed.bootstrap, "group.id": "voc-bench-first", "enable.auto.commit": False,
                                  "fetch.wait.max.ms": 20, "queued.max.messages.kbytes": 256, "max.partition.fetch.bytes": 4096})
        self.consumer.assign([TopicPartition(topic, p, 0) for p in range(bed.partitions)])
        self.start()

    def run(self):
        while not self.given_up and self.at is None:
            message = self.consumer.poll(0.2)
            if message and not message.error() and self.wanted(message):
                self.at = time.monotonic()
                self.then()
        self.consumer.close()


class Bed(Stack):
    def __init__(self, folder, broker, partitions=24, environment=None):
        super().__init__(folder, broker.bootstrap, partitions=partitions,
                         environment={"VOC_ROLLUP_RETENTION": "48h", **(environment or {})})
        self.broker = broker
        self.redis_port = free_port()
        self.extra["VOC_REDIS_URL"] = self.redis_url = f"redis://127.0.0.1:{self.redis_port}"
        self.next_group()
        self.start_redis("--port", str(self.redis_port), "--bind", "127.0.0.1")
        self.start_receiver()
        self.look = Consumer({"bootstrap.servers": self.bootstrap, "group.id": "voc-bench-look"})
        self.raw_ends = {}

    def start_redis(self, *arguments):
        super().start_redis(*arguments)
        self.redis_pid = self.redis_process.pid

    def start_receiver(self):
        self.sink_file, self.sink_read, self.sink_lines = self.folder / "sink.tsv", 0, 0
        self.receiver = subprocess.Popen([sys.executable, HERE / "sink.py", self.sink_file], stdout=subprocess.PIPE, text=True)
        self.receiver_port = int(self.receiver.stdout.readline())
        self.webhook_url = f"http://127.0.0.1:{self.receiver_port}/"
        endpoint = {"name": "hook0", "url": self.webhook_url, "format": "cloudevents", "secret": SECRET}
        (self.folder / "webhooks.json").write_text(json.dumps({"endpoints": [endpoint]}))

    # ---- beginning again
    def next_group(self):
        """Groups that have committed nothing yet."""
        self.group_prefix = f"{self.prefix}{next(GROUPS)}."
        self.extra["VOC_GROUP_PREFIX"] = self.group_prefix

    def committed(self, group, names):
        return super().committed(group.replace(self.prefix, self.group_prefix, 1), names)

    def empty(self):
        """All that came out is gone: output topics, groups, Redis, what the sink got. The raw topics stay."""
        for process in self.processes:
            process.stop()
        self.processes.clear()
        if any(self.count(name) for name in OUTPUTS):
            remake(self.bootstrap, [self.topic(name) for name in OUTPUTS], self.partitions)
        self.next_group()
        self.redis.flushall()
        if self.sink_file.exists():
            os.truncate(self.sink_file, 0)
        self.sink_read = self.sink_lines = 0

    def close(self):
        self.look.close()
        super().close()

    # ---- progress
    def count_raw(self):
        self.raw_ends = {name: sum(self.ends(self.topic(name), self.look).values()) for name in RAW_TOPICS}
        return sum(self.raw_ends.values())

    def count(self, name):
        return sum(self.ends(self.topic(name), self.look).values())

    def applied(self):
        """Events that Redis stands for."""
        pipe = self.redis.pipeline(transaction=False)
        for p in range(self.partitions):
            pipe.hmget("voc:{%d}:position" % p, "events", "duplicates", "copies", "invalid")
        return sum(int(value or 0) for values in pipe.execute() for value in values)

    def posted(self):
        """Lines of the sink's file; only what is new is read."""
        if self.sink_file.exists():
            with open(self.sink_file, "rb") as file:
                file.seek(self.sink_read)
                new = file.read()
            self.sink_read += len(new)
            self.sink_lines += new.count(b"\n")
        return self.sink_lines

    def wait_applied(self, raw, timeout=900):
        """Until every raw record is in Redis or dead-lettered. Returns the moment."""
        def done():
            applied = self.applied()
            if applied < raw * 0.97:
                time.sleep(0.1)
                return None
            return time.monotonic() if applied + self.count("dlq") >= raw else None
        return wait_for(done, timeout, f"{raw} records to be in Redis", self)

    def wait_posted(self, timeout=300):
        """Until the sink has every alert. Returns the moment."""
        alerts = self.count("alerts")
        wait_for(lambda: self.posted() >= alerts, timeout, f"{alerts} alerts to be posted", self)
        return time.monotonic()

    def pids(self, services=SERVICES):
        return {name: [process.process.pid for process in self.of(name)] for name in services}

    def apart(self):
        """What is paid beside the services."""
        return {"broker": [self.broker.process.pid], "redis": [self.redis_pid]}


def remake(bootstrap, names, partitions):
    """The topics, empty. Returns when every partition of them answers."""
    admin = AdminClient({"bootstrap.servers": bootstrap})

    def known():
        return {name: topic for name, topic in admin.list_topics(timeout=10).topics.items() if name in names and not topic.error}
    if old := list(known()):
        for future in admin.delete_topics(old, operation_timeout=20).values():
            future.result()
        wait_for(lambda: not known(), 30, "topics to be gone")
    left = list(names)

    def made():
        for name, future in admin.create_topics([NewTopic(name, partitions, 1) for name in left]).items():
            try:
                future.result()
                left.remove(name)
            except KafkaException:  # the old one isn't gone yet
                pass
        return not left
    wait_for(made, 30, "topics to be made anew")
    wait_for(lambda: [len(topic.partitions) for topic in known().values()] == [partitions] * len(names), 30, "topics to be known")
    asking = Consumer({"bootstrap.servers": bootstrap, "group.id": "voc-bench-look"})

    def answers():
        try:
            return all(asking.get_watermark_offsets(TopicPartition(name, p), timeout=10) == (0, 0) for name in names for p in range(partitions))
        except KafkaException:
            return False
    wait_for(answers, 30, "the topics' partitions to answer")
    asking.close()
