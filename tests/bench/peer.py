"""Builds, runs, measures and checks the peer (tests/bench/peers): a Kafka Streams program that does our job, on the same topics."""
import hashlib
import itertools
import os
import pathlib
import shutil
import subprocess
import sys
import time

import kafka
import meter
import sets
from bed import HERE, RAW_TOPICS, ROOT, FirstRecord, remake, wait_for
from confluent_kafka import Consumer, KafkaError, TopicPartition
from confluent_kafka.admin import AdminClient
from parts import WARM_UP_EVENTS, WARM_UP_S, latency_events, latency_of, per_event

sys.path.insert(0, str(HERE / "peers"))

import lexicon  # noqa: E402
import oracle  # noqa: E402

SOURCE = HERE / "peers" / "kstreams"
GUARANTEES = {"at least once": "at_least_once", "exactly once": "exactly_once_v2"}
OUTPUTS = ("classified", "dlq", "alerts")
NUMBERS = itertools.count(1)


def build():
    """The folder of jars, the peer's own among them; built once for each state of its source."""
    files = sorted(path for path in SOURCE.rglob("*") if path.is_file() and "target" not in path.parts)
    state = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]
    folder = kafka.cache_dir() / f"peer-kstreams-{state}"
    if not folder.is_dir():
        partial = folder.with_suffix(f".{os.getpid()}")
        shutil.copytree(SOURCE, partial / "source", ignore=shutil.ignore_patterns("target"))
        subprocess.run(["mvn", "-q", "-B", "-f", partial / "source" / "pom.xml", "package", "dependency:copy-dependencies", "-DincludeScope=runtime",
                        f"-DoutputDirectory={partial / 'libs'}"], check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr)
        shutil.copy(partial / "source" / "target" / "voc-peer-kstreams-1.jar", partial / "libs")
        (partial / "libs").rename(folder)
        shutil.rmtree(partial)
    return folder


class Peer:
    """One run of it: output topics, groups and state of its own; the bed's raw topics, Redis and sink."""

    def __init__(self, bed, jars, guarantee):
        self.bed, self.guarantee = bed, guarantee
        self.out = f"{bed.prefix}peer{next(NUMBERS)}."
        self.folder = bed.folder / self.out
        self.folder.mkdir()
        self.lexicon = self.folder / "lexicon.tsv"
        lexicon.write(ROOT / "services" / "classifier" / "phrases.txt", self.lexicon)
        remake(bed.bootstrap, [self.out + name for name in OUTPUTS], bed.partitions)
        self.command = ["java", "-Xms256m", "-Xmx1g", "-XX:+UseParallelGC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", f"{jars}/*", "vocpeer.Main"]
        self.env = {**os.environ, "PEER_KAFKA": bed.bootstrap, "PEER_IN": bed.prefix, "PEER_OUT": self.out, "PEER_GROUP": self.out + "app",
                    "PEER_REDIS": bed.redis_url, "PEER_WEBHOOK": bed.webhook_url, "PEER_LEXICON": str(self.lexicon),
                    "PEER_GUARANTEE": guarantee, "PEER_STATE": str(self.folder / "state")}
        self.process, self.before = None, None
        self.looks = {group: Consumer({"bootstrap.servers": bed.bootstrap, "group.id": group}) for group in (self.out + "app", self.out + "app-webhooks")}

    def start(self):
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(self.command, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        return self

    def check_alive(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"the peer ended with {self.process.returncode}")

    def tails(self):
        return (self.folder / "log").read_text(errors="replace")[-3000:]

    def lag(self, group, topics):
        partitions = [TopicPartition(topic, p) for topic in topics for p in range(self.bed.partitions)]
        done = sum(max(0, p.offset) for p in self.looks[group].committed(partitions, timeout=10))
        return sum(sum(self.bed.ends(topic, self.bed.look).values()) for topic in topics) - done

    def wait_done(self, timeout=900):
        """Until every offset is committed; with transactions a marker at each partition's end may stay. Returns the moment."""
        app, hooks = self.looks
        seen = [None]

        def done():
            time.sleep(0.2)
            raw = self.lag(app, [self.bed.topic(name) for name in RAW_TOPICS])
            if raw > 0:
                return None
            left = (self.lag(app, [self.out + "classified"]), self.lag(hooks, [self.out + "alerts"]))
            now, seen[0] = (left, seen[0]), left
            markers = self.guarantee == "exactly_once_v2" and max(left) <= self.bed.partitions and now[0] == now[1]
            return time.monotonic() if max(left) <= 0 or markers else None
        return wait_for(done, timeout, "the peer to commit everything", self)

    def stop(self):
        for look in self.looks.values():
            look.close()
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def remove(self):
        """Its topics, the changelog among them."""
        admin = AdminClient({"bootstrap.servers": self.bed.bootstrap})
        for future in admin.delete_topics([topic for topic in admin.list_topics(timeout=10).topics if topic.startswith(self.out)]).values():
            future.result()


def drain(bed, jars, guarantee, check):
    bed.empty()
    raw = bed.count_raw()
    peer = Peer(bed, jars, guarantee)
    at_first = []
    first = FirstRecord(bed, peer.out + "classified", then=lambda: at_first.append(meter.cpu_seconds(peer.process.pid)))
    apart = meter.Costs(bed.apart())
    began = time.monotonic()
    try:
        peer.start()
        ended = peer.wait_done()
        cpu, beside, rss = meter.cpu_seconds(peer.process.pid), apart.stop(), meter.peak_rss_mb(peer.process.pid)
    finally:
        first.given_up = True
        first.join()
        peer.stop()
    alerts = sum(bed.ends(peer.out + "alerts", bed.look).values())
    result = {"events": raw, "seconds": ended - first.at, "events_per_s": raw / (ended - first.at), "first_output_s": first.at - began,
              "cpu_us": {"together": per_event(cpu - at_first[0], raw)}, "cpu_us_with_start": per_event(cpu, raw),
              "beside_cpu_us": {name: per_event(seconds, raw) for name, seconds in beside.items()}, "peak_rss_mb": {"together": rss}, "alerts": alerts}
    faults = check_against_oracle(bed, peer) if check else []
    peer.remove()
    if faults:
        raise RuntimeError("the peer is wrong: " + "; ".join(faults))
    return result


def read(bed, topic):
    """Every committed message of a topic."""
    consumer = Consumer({"bootstrap.servers": bed.bootstrap, "group.id": "voc-bench-read", "enable.auto.commit": False, "auto.offset.reset": "earliest",
                         "isolation.level": "read_committed", "enable.partition.eof": True})
    consumer.assign([TopicPartition(topic, p, 0) for p in range(bed.partitions)])
    left = set(range(bed.partitions))
    while left:
        for message in consumer.consume(5000, timeout=1):
            if not message.error():
                yield message
            elif message.error().code() == KafkaError._PARTITION_EOF:
                left.discard(message.partition())
    consumer.close()


def check_against_oracle(bed, peer):
    raw = (message.value() for name in RAW_TOPICS for message in read(bed, bed.topic(name)))
    expected = oracle.Expected(raw, oracle.Lexicon(peer.lexicon))
    keys = list(bed.redis.scan_iter("peer:customer:*", count=10_000))
    customers = {}
    for start in range(0, len(keys), 2000):
        pipe = bed.redis.pipeline(transaction=False)
        for key in keys[start:start + 2000]:
            pipe.hgetall(key)
        customers.update((key.removeprefix("peer:customer:"), fields) for key, fields in zip(keys[start:start + 2000], pipe.execute()))
    dead = (dict(message.headers())["reason"].decode() for message in read(bed, peer.out + "dlq"))
    return oracle.compare(expected, (message.value() for message in read(bed, peer.out + "classified")), dead, customers)


def latency(bed, jars, guarantee, rates, seconds):
    """As parts.latency, the peer in our services' place."""
    peer, out = Peer(bed, jars, guarantee), {}
    peer.start()
    try:
        sets.load(bed, WARM_UP_EVENTS, seed=9)
        peer.wait_done()
        for rate in rates:
            some = latency_events(bed, rate, seconds)
            costs = meter.Costs({"peer": [peer.process.pid]})
            began = time.time()
            due, late = sets.send_steadily(bed, some, rate)
            took = time.time() - began
            used = costs.stop()["peer"]
            peer.wait_done(120)
            found = latency_of(bed, due, (began + min(WARM_UP_S, seconds / 4)) * 1000)
            out[str(rate)] = {"rate": rate, "seconds": seconds, "ms": meter.percentiles(found.values()), "sent_late": late,
                              "rate_reached": round(len(some) / took), "cpu_percent_of_a_core": round(100 * used / took, 1)}
    finally:
        peer.stop()
    return out


def measure(bench, runs, rates, seconds):
    bed, jars = bench.loaded(), build()
    drains, latencies = {}, {}
    for name, guarantee in GUARANTEES.items():
        results = [drain(bed, jars, guarantee, check=number == 0) for number in range(runs)]
        drains[name] = {**meter.merged(results), "checked": "oracle"}
        if seconds > 0:
            latencies[name] = bench.with_bed("peer-" + guarantee, lambda own, g=guarantee: latency(own, jars, g, rates, seconds))
    return {"drains": drains, "latency": latencies, "jar_bytes": meter.tree_bytes(jars)}
