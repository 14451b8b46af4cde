"""One run: a pipeline with topics, groups and Redis of its own, a seeded load, its faults, and the verdict."""
import json
import pathlib
import shutil
import subprocess
import sys
import threading
import time
from datetime import datetime, timezone

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]

import dues  # noqa: E402
import load  # noqa: E402
import processes  # noqa: E402
from confluent_kafka.admin import AdminClient  # noqa: E402
from pipeline import Pipeline  # noqa: E402
from reading import Reader  # noqa: E402
from verdict import RAW, Verdict  # noqa: E402

PARTITIONS = 6
SERVICES = {"classifier": 3, "aggregator": 3, "alerter": 2}
SESSION_MS = 5000
DRAIN_SECONDS = 180
JOIN_SECONDS = 6  # until the groups have met and the first alert is there: faults are counted from then
LOOKS = 5  # at Redis, the log and what was told, until nothing fell due in the course of one
TOPICS = (*RAW, "classified", "alerts", "dlq")


class Run:
    """`job`: what is shared by the runs that follow one another (jobs.py). `plan`: plan.py."""
    DUE_INTERVAL = "200ms"

    def __init__(self, job, plan):
        self.job, self.plan = job, plan
        self.prefix = f"r{plan.seed}-{job.number}-{int(time.time()) % 100_000}."
        self.folder = job.folder / f"run-{plan.seed}"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.brokers, self.redis, self.endpoints = job.brokers, job.redis(plan.setup), job.endpoints
        self.reader = Reader(self.brokers.direct, PARTITIONS)
        self.pipeline = Pipeline(self.folder, job.bin, self.environment)
        self.rules_path = self.folder / "rules.json"  # what services are started with from now on
        self.rules_path.write_text(json.dumps(dues.rules(), ensure_ascii=False), encoding="utf-8")
        self.clock_file = self.folder / "clock"
        self.sender, self.began = None, time.monotonic()
        self.log_lock, self.rules_lock = threading.Lock(), threading.Lock()
        self.done = []  # (kind, what happened, did it)

    # ---- what the services get
    def environment(self, service):
        env = {
            "VOC_KAFKA_BOOTSTRAP": self.brokers.bootstrap, "VOC_TOPIC_PREFIX": self.prefix, "VOC_GROUP_PREFIX": self.prefix,
            "VOC_PARTITIONS": PARTITIONS, "VOC_REPLICATION": 3, "VOC_HTTP_ADDR": "127.0.0.1:0",
            "VOC_MODEL": ROOT / "services/classifier/model.bin", "VOC_PHRASES": ROOT / "services/classifier/phrases.txt", "VOC_GAPS": ROOT / "deploy/gaps.json", "VOC_RULES": self.rules_path,
            "VOC_WEBHOOKS": self.folder / "webhooks.json", "VOC_ALLOW_PRIVATE": "yes", "VOC_WEBHOOK_TIMEOUT": "1500ms", "VOC_WEBHOOK_BACKOFF": "50ms",
            "VOC_WEBHOOK_BACKOFF_MAX": "1s", "VOC_REDIS_URL": self.redis.url(), "VOC_REDIS_TIMEOUT": "2s", "VOC_ROLLUP_RETENTION": "365d", "VOC_DUE_INTERVAL": self.DUE_INTERVAL,
            "VOC_CACHE_CUSTOMERS": 100 if self.plan.seed % 2 else 50_000,  # a third of the customers, or all of them
            "VOC_POSITION_CHECK": "1s", "VOC_KAFKA_SESSION_TIMEOUT_MS": SESSION_MS, "VOC_KAFKA_HEARTBEAT_INTERVAL_MS": 500,
            "VOC_KAFKA_FETCH_WAIT_MAX_MS": 200,  # 20 ms would keep idle brokers of two runs side by side as busy as two cores can
            "VOC_KAFKA_SOCKET_TIMEOUT_MS": 6000, "VOC_KAFKA_RECONNECT_BACKOFF_MAX_MS": 1000,
        }
        return {name: str(value) for name, value in env.items()}

    def say(self, text):
        with self.log_lock, open(self.folder / "run.log", "a", encoding="utf-8") as log:
            log.write(f"{time.monotonic() - self.began:7.2f} {text}\n")

    def note(self, kind, what, did=True):
        self.say(f"{kind}: {what}" + ("" if did else " (nothing happened)"))
        self.done.append((kind, what, did))

    def requests(self):
        """{endpoint: [what it was asked in this run]}"""
        by_name = {name: [] for name in self.endpoints.ports}
        for request in self.endpoints.requests()[self.requests_before:]:
            by_name[request["endpoint"]].append(request)
        return by_name

    # ---- the course of it
    def prepare(self):
        self.redis.wait_healthy()
        self.redis.flush_all()
        self.redis.wait_empty()
        self.endpoints.heal()
        self.requests_before = len(self.endpoints.requests())
        (self.folder / "webhooks.json").write_text(json.dumps(self.endpoints.config()))
        self.create_topics()

    def create_topics(self):
        env = self.pipeline.env("vocctl", {"VOC_KAFKA_BOOTSTRAP": self.brokers.direct, "VOC_KAFKA_SOCKET_TIMEOUT_MS": "30000"})
        made = subprocess.run([self.job.bin / "vocctl", "topics", "create"], env=env, capture_output=True, text=True, timeout=60)
        if made.returncode != 0:
            raise RuntimeError(f"topics: {made.stderr}")

    def start(self):
        for service, count in SERVICES.items():
            self.pipeline.start(service, count)
        seconds = self.plan.seconds + JOIN_SECONDS
        records = load.generate(self.job.bin / "vocctl", self.plan.seed, self.plan.events, datetime.now(timezone.utc), self.plan.hot, seconds)
        self.sender = load.Sender(self.brokers.direct, self.prefix, records, seconds, self.plan.burst).start()

    def inject(self):
        """Each fault in a thread of its own, at its time."""
        def at_its_time(fault):
            time.sleep(max(0, began + fault.at - time.monotonic()))
            try:
                self.say(f"{fault.kind} begins")
                fault.act(self, fault)
            except Exception as failure:
                self.pipeline.wrongs.append(f"the harness could not do {fault.kind}: {failure!r}")
        processes.wait_for(lambda: any(self.reader.ends(self.prefix + "alerts").values()), 90, "the first alert")
        began = time.monotonic()
        threads = [threading.Thread(target=at_its_time, args=(fault,), daemon=True) for fault in self.plan.faults]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
            if thread.is_alive():
                raise TimeoutError("a fault does not end")

    def heal(self):
        """Everything is well from here on, so that what is still wrong at the end is the services' doing."""
        self.endpoints.heal()
        self.heal_redis()
        self.heal_brokers()
        for slot in list(self.pipeline.slots):
            if slot.running() and processes.state(slot.process) == "T":
                slot.process.send_signal(18)  # SIGCONT: a fault point stopped it just now

    def heal_redis(self):
        self.redis.resume()
        self.redis.restart()
        for node in self.redis.nodes:
            node.wait_up()
            node.proxy.heal()
        self.redis.disk_free()
        self.redis.wait_healthy()

    def heal_brokers(self):
        for proxy in self.job.kafka_proxies:
            proxy.heal()
        for i in range(self.brokers.count):
            if not self.brokers.alive(i):
                self.brokers.restart(i)
            self.brokers.resume(i)
        self.brokers.wait_healthy()

    def behind(self):
        """What is still to be done, as text; empty: all stages are through."""
        reader, prefix = self.reader, self.prefix
        for name in RAW:
            done, ends = reader.committed(prefix + "classifier", prefix + name), reader.ends(prefix + name)
            if any(done[p] < end for p, end in ends.items()):
                return f"classifier on {name}: {done} of {ends}"
        late = sum(node.due(time.time() * 1000) for node in self.redis.masters())
        if late and self.DUE_INTERVAL:
            return f"aggregator: {late} entries are due and not in the log"
        ends = self.seen = reader.ends(prefix + "classified")
        positions = {key: at for node in self.redis.masters() for key, at in node.positions().items()}
        if any(positions.get("voc:{%d}:position" % p, 0) < end for p, end in ends.items()):
            return f"aggregator: {positions} of {ends}"
        ends = reader.ends(prefix + "alerts")
        for name in self.endpoints.ports:
            done = reader.committed(f"{prefix}alerter-{name}", prefix + "alerts")
            if any(done[p] < end for p, end in ends.items()):
                return f"alerter {name}: {done} of {ends}"
        return ""

    def drain(self):
        """Twice in a row: the second look sees what the first one's stages made in between."""
        deadline, clean, last = time.monotonic() + DRAIN_SECONDS, 0, ""
        while clean < 2:
            try:
                last = self.behind()
            except Exception as failure:  # a broker or Redis that is just coming back
                last = repr(failure)
            clean = 0 if last else clean + 1
            if time.monotonic() > deadline:
                return [f"not drained after {DRAIN_SECONDS} s: {last}"]
            time.sleep(0.3)
        return []

    def compare(self):
        """At a moment at which the log stands still: whatever falls due during the look, at the clock's pace, is what another look is for."""
        for _ in range(LOOKS):
            undrained = self.drain()
            if undrained:
                return undrained
            self.verdict = Verdict(self.prefix, self.reader, self.sender.sent, self.rules_path, self.requests())
            wrong = self.verdict.all(self.redis.read_all())
            if self.reader.ends(self.prefix + "classified") == self.seen:
                return wrong
        return [f"the log did not stand still in {LOOKS} looks"]

    def judge(self):
        wrong = self.compare()
        if hasattr(self, "verdict"):
            self.counts = self.verdict.counts()
        self.say("compared" if not wrong else "not equal")
        slowest = self.pipeline.close()
        self.say(f"the slowest stop took {slowest:.1f} s")
        return wrong + (self.verdict.lag(self.seen) if hasattr(self, "verdict") else [])

    def execute(self):
        wrong = []
        try:
            self.prepare()
            self.start()
            self.inject()
            self.sender.join(60)
            self.heal()
            self.say("healed")
            wrong = self.judge()
        except Exception as failure:
            wrong.append(f"the run broke off: {failure!r}")
        finally:
            self.pipeline.abandon()
        wrong += self.pipeline.wrongs
        self.finish(wrong)
        return wrong

    def finish(self, wrong):
        if wrong:
            (self.folder / "wrong.txt").write_text("\n".join(wrong) + "\n\n" + self.pipeline.tails())
        try:
            self.heal()
            admin = AdminClient({"bootstrap.servers": self.brokers.direct, "log_level": 0})
            for future in admin.delete_topics([self.prefix + name for name in TOPICS], operation_timeout=10).values():
                future.result(20)
        except Exception as failure:
            self.say(f"cleaning up: {failure!r}")
        self.reader.close()
        if not wrong:
            shutil.rmtree(self.folder, ignore_errors=True)
