"""The whole pipeline for system tests and benches: real services, a private Redis, a webhook receiver, topics of its own.

Every wait is on a condition with a deadline; when one passes, the error shows each process's last lines.
"""
import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import redis as redis_client
from confluent_kafka import Consumer, Producer, TopicPartition

ROOT = pathlib.Path(__file__).resolve().parents[2]
SUPPORT = ROOT / "tests" / "support"
RAW_TOPICS = ("calls", "web", "complaints", "profiles", "orders", "followups")  # what the classifier reads
NUMBERS = itertools.count(1)  # each stack has topics and groups of its own
TOPIC_OF = {"voc.call": "calls", "voc.web": "web", "voc.complaint": "complaints"}
SECRET = "whsec_dm9jLXRlc3Qtc2VjcmV0LXZvYy10ZXN0LXNlY3JldA=="


def wait_for(condition, timeout, what, stack=None):
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if stack:
            stack.check_alive()
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout} s for {what}\n" + (stack.tails() if stack else ""))
        time.sleep(0.05)


def data_dir():
    """The real text, or None where this checkout has none; CI must have it."""
    folder = pathlib.Path(os.environ.get("VOC_DATA_DIR") or ROOT.parent / "shared" / "data")
    if (folder / "dev-pool.jsonl").exists():
        return folder
    if os.environ.get("CI"):
        raise RuntimeError(f"CI needs the real text, and {folder} has none: set VOC_DATA_DIR")
    return None


class Process:
    """One service instance; its log (JSON lines on standard error) is kept in a file."""

    def __init__(self, name, command, env, log):
        self.name, self.command, self.env, self.log = name, command, env, log
        self.process, self.port = None, None
        self.expected_to_die = False

    def start(self):
        offset = self.log.stat().st_size if self.log.exists() else 0
        with open(self.log, "ab") as out:
            self.process = subprocess.Popen(self.command, env=self.env, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=self.log.parent)
        self.expected_to_die = False

        def listening():
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended with {self.process.returncode} at its start:\n{self.tail()}")
            with open(self.log, "rb") as log:
                log.seek(offset)
                for line in log:
                    if b'"listening"' in line:
                        return int(json.loads(line)["port"])
            return None
        self.port = wait_for(listening, 30, f"{self.name} to listen")
        return self

    def get(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    def ready(self):
        return self.get("/readyz")[0] == 200

    def metrics(self):
        """{'voc_x_total': 1.0, 'voc_y_total{reason="z"}': 2.0}: the labels without `service`."""
        values = {}
        for line in self.get("/metrics")[1].splitlines():
            if line and not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                name = re.sub(r'service="[^"]*",?', "", name).replace("{}", "").replace(",}", "}")
                values[name] = float(value)
        return values

    def kill(self):
        self.expected_to_die = True
        self.process.kill()
        self.process.wait()

    def stop(self, timeout=20):
        """SIGTERM; returns (exit status, seconds it took)."""
        self.expected_to_die = True
        began = time.monotonic()
        if self.process.poll() is None:
            self.process.terminate()
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise TimeoutError(f"{self.name} did not stop within {timeout} s\n{self.tail()}") from None
        return status, time.monotonic() - began

    def tail(self, lines=15):
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return f"--- {self.name}\n" + "\n".join(text.splitlines()[-lines:]) + "\n"


class Stack:
    def __init__(self, folder, bootstrap, bin_dir=None, partitions=24, prefix=None, environment=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.bootstrap, self.partitions = bootstrap, partitions
        self.bin = pathlib.Path(bin_dir or os.environ.get("VOC_BIN_DIR") or ROOT / "build" / "dev" / "bin")
        self.prefix = prefix or f"t{os.getpid()}-{next(NUMBERS)}."
        self.extra = environment or {}
        self.processes, self.receiver, self.redis_process = [], None, None
        self.alert_log = self.folder / "alerts.ndjson"
        self.socket = f"/tmp/voc-{os.getpid()}-{abs(hash(str(self.folder))) % 10**8}.sock"

    # ---- environment
    def env(self, **more):
        """Only what is said here: a VOC_ variable of the caller must not leak into a service."""
        env = {name: value for name, value in os.environ.items() if not name.startswith("VOC_")}
        env.update(VOC_KAFKA_BOOTSTRAP=self.bootstrap, VOC_TOPIC_PREFIX=self.prefix, VOC_GROUP_PREFIX=self.prefix, VOC_REDIS_URL=f"unix://{self.socket}",
                   VOC_MODEL=str(ROOT / "services/classifier/model.bin"), VOC_PHRASES=str(ROOT / "services/classifier/phrases.txt"), VOC_GAPS=str(ROOT / "deploy/gaps.json"),
                   VOC_RULES=str(ROOT / "deploy/rules.json"), VOC_WEBHOOKS=str(self.folder / "webhooks.json"), VOC_ALLOW_PRIVATE="yes",
                   VOC_TEXTS=str(ROOT / "services/vocctl/gen-texts.ndjson"),
                   VOC_HTTP_ADDR="127.0.0.1:0", VOC_KAFKA_SESSION_TIMEOUT_MS="6000", VOC_ROLLUP_RETENTION="365d", VOC_DUE_INTERVAL="0", VOC_PARTITIONS=str(self.partitions))
        env.update(self.extra)
        env.update(more)
        return env

    def topic(self, name):
        return self.prefix + name

    # ---- parts
    def start_redis(self, *arguments):
        self.redis_process = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", self.socket, "--save", "", "--appendonly", "no",
                                               "--maxmemory-policy", "noeviction", "--dir", str(self.folder), *arguments],
                                              stdout=open(self.folder / "redis.log", "ab"), stderr=subprocess.STDOUT)
        self.redis = redis_client.Redis(unix_socket_path=self.socket, decode_responses=True)
        wait_for(self.redis_answers, 20, "Redis")

    def redis_answers(self):
        try:
            return self.redis.ping()
        except redis_client.RedisError:
            return False

    def start_receiver(self, paths=("/ok",)):
        """One endpoint a path, all at one receiver (tests/support/webhook_receiver.py)."""
        out = open(self.folder / "receiver.log", "ab")
        self.receiver = subprocess.Popen([sys.executable, SUPPORT / "webhook_receiver.py", "--port", "0", "--secret", SECRET, "--log", self.alert_log],
                                         stdout=subprocess.PIPE, stderr=out, text=True)
        self.receiver_port = int(re.search(r"(\d+)\s*$", self.receiver.stdout.readline()).group(1))
        threading.Thread(target=shutil.copyfileobj, args=(self.receiver.stdout, open(self.folder / "receiver.out", "w")), daemon=True).start()
        endpoints = [{"name": f"hook{i}", "url": f"http://127.0.0.1:{self.receiver_port}{path}", "format": "cloudevents", "secret": SECRET}
                     for i, path in enumerate(paths)]
        (self.folder / "webhooks.json").write_text(json.dumps({"endpoints": endpoints}))

    def ctl(self, *arguments, input=None, check=True, timeout=120, **env):
        done = subprocess.run([self.bin / "vocctl", *map(str, arguments)], env=self.env(**env), input=input, capture_output=True, timeout=timeout)
        if check and done.returncode != 0:
            raise RuntimeError(f"vocctl {arguments} ended with {done.returncode}:\n{done.stderr.decode(errors='replace')[-2000:]}")
        return done

    def create_topics(self):
        self.ctl("topics", "create")

    def start(self, service, count=1, **env):
        started = []
        for _ in range(count):
            number = sum(p.name.startswith(service) for p in self.processes) + 1
            name = f"{service}-{number}"
            process = Process(name, [str(self.bin / f"voc-{service}")], self.env(**env), self.folder / f"{name}.log")
            self.processes.append(process)
            started.append(process.start())
        return started

    def of(self, service):
        return [p for p in self.processes if p.name.startswith(service)]

    def wait_ready(self, timeout=60):
        wait_for(lambda: all(p.ready() for p in self.processes), timeout, "all services to be ready", self)

    def check_alive(self):
        for process in self.processes:
            if process.process.poll() is not None and not process.expected_to_die:
                raise RuntimeError(f"{process.name} ended with {process.process.returncode}\n{process.tail(40)}")

    def tails(self):
        return "".join(p.tail() for p in self.processes)

    def close(self):
        """Stops everything; each service must have ended in order (status 0) within 5 s of its SIGTERM."""
        faults = []
        for process in self.processes:
            if process.process.poll() is None and not process.expected_to_die:
                status, seconds = process.stop()
                if status != 0 or seconds > 5.5:
                    faults.append(f"{process.name}: exit {status} after {seconds:.1f} s\n{process.tail()}")
        self.processes.clear()
        for process in (self.receiver, self.redis_process):
            if process and process.poll() is None:
                process.terminate()
                process.wait(10)
        if faults:
            raise RuntimeError("\n".join(faults))

    # ---- Kafka
    def producer(self):
        return Producer({"bootstrap.servers": self.bootstrap, "partitioner": "murmur2_random", "enable.idempotence": True,
                         "queue.buffering.max.messages": 1_000_000, "linger.ms": 20, "message.max.bytes": 1_048_576})

    def ends(self, topic, consumer=None):
        """{partition: end offset}"""
        own = consumer or Consumer({"bootstrap.servers": self.bootstrap, "group.id": "voc-test-look"})
        count = len(own.list_topics(topic, timeout=10).topics[topic].partitions)
        ends = {p: own.get_watermark_offsets(TopicPartition(topic, p), timeout=10)[1] for p in range(count)}
        if not consumer:
            own.close()
        return ends

    def read_all(self, name):
        """Every record of a topic, each partition in order: [(partition, offset, key, value, {header: bytes}, timestamp)]."""
        topic = self.topic(name)
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": "voc-test-read", "enable.auto.commit": False,
                             "auto.offset.reset": "earliest"})
        ends = self.ends(topic, consumer)
        left = {p for p, end in ends.items() if end > 0}
        consumer.assign([TopicPartition(topic, p, 0) for p in left])
        records, deadline = [], time.monotonic() + 120
        while left:
            for message in consumer.consume(10_000, timeout=1):
                if message.error():
                    raise RuntimeError(message.error())
                headers = dict(message.headers() or [])
                records.append((message.partition(), message.offset(), message.key(), message.value(), headers, message.timestamp()[1]))
                if message.offset() + 1 >= ends[message.partition()]:
                    left.discard(message.partition())
            if time.monotonic() > deadline:
                raise TimeoutError(f"{topic}: partitions {sorted(left)} could not be read to their ends")
        consumer.close()
        records.sort(key=lambda r: r[:2])
        return records

    def committed(self, group, names):
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": group})
        total = 0
        for name in names:
            topic = self.topic(name)
            partitions = [TopicPartition(topic, p) for p in range(self.partitions)]
            total += sum(max(0, p.offset) for p in consumer.committed(partitions, timeout=10))
        consumer.close()
        return total

    # ---- waiting for the end
    def drained(self, alerter=True):
        """All stages are through: the classifier has committed every raw record, Redis has every classified one, the alerter every alert."""
        looker = Consumer({"bootstrap.servers": self.bootstrap, "group.id": "voc-test-look"})
        try:
            raw = sum(sum(self.ends(self.topic(t), looker).values()) for t in RAW_TOPICS)
            classified = self.ends(self.topic("classified"), looker)
            alerts = sum(self.ends(self.topic("alerts"), looker).values())
        finally:
            looker.close()
        if self.of("classifier") and self.committed(self.prefix + "classifier", RAW_TOPICS) < raw:
            return False
        if self.of("aggregator"):
            pipe = self.redis.pipeline()
            for p in classified:
                pipe.hget("voc:{%d}:position" % p, "offset")
            if any(int(at or 0) < end for at, end in zip(pipe.execute(), classified.values())):
                return False
        if alerter and self.of("alerter"):
            names = [e["name"] for e in json.loads((self.folder / "webhooks.json").read_text())["endpoints"]]
            return all(self.committed(f"{self.prefix}alerter-{name}", ["alerts"]) >= alerts for name in names)
        return True

    def wait_drained_but_alerter(self, timeout=180):
        """What was sent is in Redis, and its alerts in voc.alerts."""
        wait_for(lambda: self.drained(alerter=False) and self.drained(alerter=False), timeout, "classifier and aggregator to drain", self)

    def wait_drained_classifier(self, timeout=180):
        """The classifier has committed every raw record, whatever the others do."""
        def classified():
            raw = sum(sum(self.ends(self.topic(t)).values()) for t in RAW_TOPICS)
            return self.committed(self.prefix + "classifier", RAW_TOPICS) >= raw
        wait_for(classified, timeout, "the classifier", self)

    def wait_drained(self, timeout=180):
        def twice():  # the second look sees what the first one's stages made in between
            return self.drained() and self.drained()
        wait_for(twice, timeout, "all stages to drain", self)

    def work_off_samples(self):
        """Starts everything and takes the sample events to their end, with the times that they have."""
        self.start_redis()
        self.start_receiver()
        self.create_topics()
        for service in ("classifier", "aggregator", "alerter"):
            self.start(service)
        self.wait_ready()
        self.ctl("send", ROOT / "deploy/samples/events.ndjson", "--as-is")
        self.wait_drained()

    def received(self):
        """The receiver's log: one dictionary an accepted request."""
        if not self.alert_log.exists():
            return []
        return [json.loads(line) for line in self.alert_log.read_text().splitlines()]
