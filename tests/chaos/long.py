"""Overload: what the pipeline does when a part is away for long, or there is far too much. See long.sh; docs/RELIABILITY.md has a run's figures.

  redis-off      Redis is away for ten minutes under a steady load
  backlog        10 GB of large events wait in the raw topics
  hot-customer   one customer has half of all the traffic
  dead-endpoint  one of three webhook endpoints is dead for ten minutes

Each prints its figures, and a line for each thing that it checked; the last line is "N passed, N failed". Afterwards Redis, the alerts and the
sums are held against the oracle, as after any other run (tests/support/verify.py). Real Kafka (one broker), real Redis, one
machine. Latency is from the scheduled moment of sending to the arrival at the endpoint.
"""
import argparse
import contextlib
import json
import pathlib
import random
import signal
import sys
import tempfile
import threading
import time
import traceback

import redis as redis_client
from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]

import kafka  # noqa: E402
import verify  # noqa: E402
from endpoints import Endpoints  # noqa: E402
from processes import wait_for  # noqa: E402
from redis_setups import Single  # noqa: E402
from stack import RAW_TOPICS, ROOT, TOPIC_OF, Stack  # noqa: E402

BUDGET_MB = {"classifier": 128, "aggregator": 96, "alerter": 64}  # docs/RELIABILITY.md says where they come from
STALL_SECONDS = 30  # /readyz must name a stall within this
ALERTER = "alerter"
HOOKS, CONTROL_HOOKS = ("hook0", "hook1", "hook2"), ("hook3", "hook4", "hook5")  # the control's belong to an alerter of their own
DEAD, LIVING, CONTROL = "hook1", ("hook0", "hook2"), ("hook3", "hook5")


class Report:
    """Figures and checks of one scenario."""

    def __init__(self, name):
        self.name, self.passed, self.failed = name, 0, 0
        print(f"== {name}", flush=True)

    def figure(self, what, value):
        print(f"   {what}: {value}", flush=True)

    def check(self, what, holds):
        self.passed, self.failed = self.passed + bool(holds), self.failed + (not holds)
        print(f"   {'ok    ' if holds else 'FAILED'} {what}", flush=True)


class Watch(threading.Thread):
    """Looks at every service once a second: resident memory, and whether /readyz fails."""

    def __init__(self, stack):
        super().__init__(daemon=True)
        self.stack, self.samples, self.stopping = stack, [], threading.Event()
        self.start()

    def run(self):
        while not self.stopping.wait(1):
            for process in [each for each in self.stack.processes if each.port]:
                with contextlib.suppress(OSError, ValueError):
                    self.samples.append((time.monotonic(), process.name, rss_mb(process.process.pid), process.get("/readyz")[0]))

    def peaks(self, since=0.0):
        """{service: MB}, of its largest instance."""
        peaks = {}
        for at, name, rss, _ in self.samples:
            service = name.rsplit("-", 1)[0]
            if at >= since:
                peaks[service] = max(peaks.get(service, 0), rss)
        return {service: round(peak, 1) for service, peak in peaks.items()}

    def unready(self, service, since):
        """Seconds from `since` until the first instance of it said that it is not ready; None if none did."""
        return min((at - since for at, name, _, status in self.samples if at >= since and name.startswith(service) and status == 503), default=None)

    def stop(self):
        self.stopping.set()
        self.join()


def rss_mb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise ValueError("no VmRSS")


class Load(threading.Thread):
    """Sends lines at a steady rate, on schedule whatever the broker does; `due` has when each event was to be sent, in ms."""

    def __init__(self, stack, lines, rate):
        super().__init__(daemon=True)
        self.stack, self.lines, self.rate = stack, lines, rate
        self.due, self.sent, self.failed, self.stopping = {}, 0, 0, threading.Event()
        self.start()

    def run(self):
        producer = Producer({"bootstrap.servers": self.stack.bootstrap, "partitioner": "murmur2_random", "enable.idempotence": True, "linger.ms": 0})
        began = time.time() + 0.2
        for number, line in enumerate(self.lines):
            event = json.loads(line)
            at = began + number / self.rate
            while (left := at - time.time()) > 0 and not self.stopping.is_set():
                producer.poll(min(left, 0.01))
            if self.stopping.is_set():
                break
            self.due.setdefault((event["source"], event["id"]), at * 1000)
            producer.produce(self.stack.topic(TOPIC_OF[event["type"]]), line, event["data"]["customer_id"], on_delivery=self.delivered)
        producer.flush(60)

    def delivered(self, error, _message):
        self.sent, self.failed = self.sent + (error is None), self.failed + (error is not None)

    def stop(self):
        self.stopping.set()
        self.join()


def events(stack, count, **flags):
    """The generator's lines, of the last week."""
    start = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 8 * 86_400))
    arguments = [item for name, value in flags.items() for item in (f"--{name}", value)]
    return stack.ctl("gen", "--events", count, "--start", start, *arguments, timeout=600).stdout.splitlines()


@contextlib.contextmanager
def pipeline(options, counts, endpoints=False):
    """Broker, Redis, endpoints, and so many instances of each service; yields (stack, redis, endpoints or None, watch)."""
    with tempfile.TemporaryDirectory(prefix="voc-long-", dir=options.dir) as folder, Single(pathlib.Path(folder) / "redis", disk_bytes=0) as redis:
        broker = kafka.Kafka(pathlib.Path(folder) / "kafka", heap="1g").start()
        stack = Stack(pathlib.Path(folder) / "stack", broker.bootstrap, environment={"VOC_REDIS_URL": redis.url()})
        stack.redis = redis_client.Redis(port=redis.nodes[0].port, decode_responses=True)
        hooks, watch = None, None
        try:
            stack.create_topics()
            if endpoints:
                hooks = Endpoints(stack.folder, count=6)
                (stack.folder / "webhooks.json").write_text(json.dumps(hooks.config(HOOKS)))
            else:
                stack.start_receiver()
            for service, count in counts.items():
                stack.start(service, count)
            watch = Watch(stack)
            stack.wait_ready()
            yield stack, redis, hooks, watch
        finally:
            if watch:
                watch.stop()
            stack.close()
            if hooks:
                hooks.close()
            broker.kill()


# ---- what is true of every scenario
def check_end(report, stack, watch, hooks=None, names=HOOKS):
    """Nothing lost, nothing twice, nothing dead-lettered, memory within its budget."""
    try:
        partitions = verify.apply_log(stack)
        verify.check_rules(partitions)
        keys = verify.check_redis(stack, partitions)
        sums = verify.check_sums(stack, partitions)
        ids = delivered_everywhere(partitions, hooks, names) if hooks else verify.check_alerts(stack, partitions)[0]
        report.check(f"equal to the oracle: {keys} keys of Redis, {len(ids)} alerts, {sums}", True)
        report.check("no dead letters", sums["dead"] == 0)
    except AssertionError as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        report.check(f"equal to the oracle: {error or where.line}", False)
    for service in sorted({process.name.rsplit("-", 1)[0] for process in stack.processes}):
        peak = watch.peaks()[service]
        report.check(f"{service}: {peak} MB at most, {BUDGET_MB[service]} MB allowed", peak <= BUDGET_MB[service])


def delivered_everywhere(partitions, hooks, names):
    """Every alert that the log implies was acknowledged by each endpoint, and no other; the same bytes each time."""
    want = {identifier for partition in partitions.values() for identifier in partition.alerts}
    requests = hooks.requests()
    assert all(r["signature_ok"] for r in requests), "a signature was wrong"
    payloads = {}
    for request in requests:
        assert payloads.setdefault(request["webhook_id"], request["payload"]) == request["payload"], "one id, two contents"
    for name in names:
        have = {r["webhook_id"] for r in requests if r["endpoint"] == name and r["acknowledged"]}
        assert have == want, f"{name}: {len(want - have)} alerts never arrived, {len(have - want)} were never raised"
    return want


def latencies(requests, due, since, until):
    """Sorted ms from the moment when the causing event was due, which was between `since` and `until` (ms), to the first acknowledged request."""
    return delays((r for r in requests if r["rule"] != "risk_cleared"), lambda request: due.get(tuple(request["cause"])), since, until)


def alerter_latencies(requests, published, since, until):
    """The same, from the moment when the alert was published."""
    return delays(requests, lambda request: published.get(request["webhook_id"]), since, until)


def delays(requests, began, since, until):
    first = {}
    for request in requests:
        if request["acknowledged"]:
            first.setdefault((request["endpoint"], request["webhook_id"]), request)
    return sorted(r["received_ms"] - at for r in first.values() if (at := began(r)) and since <= at < until)


def percentile(values, p):
    return round(values[min(len(values) - 1, int(len(values) * p / 100))], 1) if values else None


def shown(values):
    return f"p50 {percentile(values, 50)} ms, p95 {percentile(values, 95)}, p99 {percentile(values, 99)} ({len(values)} alerts)"


def members(stack, service):
    """The ids of the members of a service's group, and the group's state."""
    admin = AdminClient({"bootstrap.servers": stack.bootstrap})
    group = admin.list_groups(stack.prefix + service, timeout=10)[0]
    return sorted(member.id for member in group.members), group.state


def rebalances(stack, service):
    return [process.metrics()["voc_rebalances_total"] for process in stack.of(service)]


def behind(stack):
    """Classified records that Redis does not know yet."""
    ends = stack.ends(stack.topic("classified"))
    pipe = stack.redis.pipeline(transaction=False)
    for partition in ends:
        pipe.hget("voc:{%d}:position" % partition, "offset")
    return sum(end - int(at or 0) for end, at in zip(ends.values(), pipe.execute()))


def classified(stack):
    """How many raw records the classifier has committed; 0 while its group's coordinator is still being found."""
    try:
        return stack.committed(stack.prefix + "classifier", RAW_TOPICS)
    except KafkaException:
        return 0


# ---- the scenarios
def redis_off(options):
    report = Report(f"redis-off: Redis away for {options.seconds} s, {options.rate} events/s")
    with pipeline(options, {"classifier": 1, "aggregator": 2, ALERTER: 1}) as (stack, redis, _, watch):
        before_s = min(60, options.seconds)
        load = Load(stack, events(stack, options.rate * (options.seconds + before_s + 600), seed=11, duplicates=5), options.rate)
        time.sleep(before_s)
        was, rebalanced = members(stack, "aggregator"), rebalances(stack, "aggregator")
        steady = watch.peaks()
        redis.kill_master()
        off = time.monotonic()
        time.sleep(options.seconds)
        report.check("the aggregators' group is what it was: the same members, stable", members(stack, "aggregator") == was and was[1] == "Stable")
        report.check("no rebalance", rebalances(stack, "aggregator") == rebalanced)
        unready = watch.unready("aggregator", off)
        report.check(f"/readyz failed {unready and round(unready, 1)} s after Redis went ({STALL_SECONDS} s allowed)",
                     unready is not None and unready <= STALL_SECONDS)
        redis.restart()
        redis.wait_healthy()
        backlog, began = behind(stack), time.monotonic()
        wait_for(lambda: behind(stack) < options.rate, 300, "the aggregators to catch up")
        seconds = time.monotonic() - began
        load.stop()
        report.figure("behind when Redis came back", f"{backlog} records")
        report.figure("caught up in", f"{seconds:.1f} s under load, from its first answer on: {(backlog + options.rate * seconds) / seconds:.0f} records/s")
        report.figure("memory before", steady)
        report.figure("memory from the outage on", watch.peaks(off))
        stack.wait_drained(300)
        report.check("the group is still what it was", members(stack, "aggregator") == was and rebalances(stack, "aggregator") == rebalanced)
        report.check(f"every event sent was acknowledged by Kafka: {load.sent}", load.failed == 0)
        check_end(report, stack, watch)
    return report


def make_hot(line):
    """The same event, of the one customer."""
    event = json.loads(line)
    event["data"]["customer_id"] = event["subject"] = "C-HOT"
    return json.dumps(event, ensure_ascii=False).encode()


def hot_customer(options):
    report = Report(f"hot-customer: half of {options.rate} events/s from one customer, {options.seconds} s, and as a backlog")
    with pipeline(options, {"classifier": 3, "aggregator": 3, ALERTER: 1}, endpoints=True) as (stack, _, hooks, watch):
        due, windows = {}, {}
        for name, seed in (("even", 21), ("half from one", 22)):
            lines = events(stack, options.rate * options.seconds, seed=seed, customers=5000, duplicates=5)
            if name != "even":
                lines = [make_hot(line) if number % 2 else line for number, line in enumerate(lines)]
            began = time.time() * 1000
            load = Load(stack, lines, options.rate)
            load.join()
            windows[name] = (began + 5000, time.time() * 1000)
            late = behind(stack)
            report.figure(f"{name}: behind at the end", f"{late} records")
            report.check(f"{name}: kept up", late < 2 * options.rate and load.failed == 0)
            due.update(load.due)
            stack.wait_drained(300)
        requests = hooks.requests()
        for name, (since, until) in windows.items():
            for whose, hot in (("all others", False), ("the hot one", True)):
                values = latencies([r for r in requests if (r["subject"] == "C-HOT") == hot], due, since, until)
                if values:
                    report.figure(f"{name}, {whose}", shown(values))
        drain_hot(report, stack, options)
        check_end(report, stack, watch, hooks)
        totals = verify.apply_log(stack).values()
        report.figure("duplicates dropped", sum(p.totals["duplicates"] for p in totals))
    return report


def drain_hot(report, stack, options):
    """The services are stopped in order, a backlog is made, and they start again."""
    for number, (name, hot) in enumerate((("even", False), ("half from one", True))):
        lines = events(stack, options.backlog, seed=31 + number, customers=5000, duplicates=5)
        processes = list(stack.processes)
        for process in processes:
            assert process.stop()[0] == 0
        send_all(stack, ((make_hot(line) if hot and i % 2 else line) for i, line in enumerate(lines)))
        for process in processes:
            process.start()
        before = sum(stack.ends(stack.topic("classified")).values())
        wait_for(lambda: sum(stack.ends(stack.topic("classified")).values()) > before, 60, "the first record")
        began = time.monotonic()
        stack.wait_drained(600)
        report.figure(f"backlog, {name}", f"{len(lines)} events in {time.monotonic() - began:.1f} s: {len(lines) / (time.monotonic() - began):.0f}/s")


def send_all(stack, lines):
    producer = stack.producer()
    for line in lines:
        event = json.loads(line)
        put(producer, stack.topic(TOPIC_OF[event["type"]]), line, event["data"]["customer_id"])
    assert producer.flush(120) == 0


def put(producer, topic, value, key):
    while True:
        try:
            producer.produce(topic, value, key)
            producer.poll(0)
            return
        except BufferError:
            producer.poll(0.1)


def dead_endpoint(options):
    report = Report(f"dead-endpoint: one of three endpoints {options.mode!r} for {options.seconds} s, {options.rate} events/s")
    with pipeline(options, {"classifier": 1, "aggregator": 1, ALERTER: 1}, endpoints=True) as (stack, _, hooks, watch):
        (stack.folder / "control.json").write_text(json.dumps(hooks.config(CONTROL_HOOKS)))
        stack.start(ALERTER, VOC_WEBHOOKS=str(stack.folder / "control.json"))
        stack.wait_ready()
        load = Load(stack, events(stack, options.rate * (options.seconds + 2 * options.around + 300), seed=41, customers=3000, duplicates=5), options.rate)
        time.sleep(20)  # the first alerts find cold caches
        windows = {"before": window(options.around)}
        hooks.set(DEAD, options.mode)
        windows["dead"] = window(options.seconds)
        hooks.set(DEAD, "ok")
        waiting, alerts = time.monotonic(), sum(stack.ends(stack.topic("alerts")).values())
        wait_for(lambda: stack.committed(f"{stack.prefix}alerter-{DEAD}", ["alerts"]) >= alerts, 300, "the dead endpoint's backlog to be delivered")
        report.figure("the dead one's backlog was delivered in", f"{time.monotonic() - waiting:.1f} s")
        windows["after"] = window(options.around)
        load.stop()
        stack.wait_drained(120)
        compare(report, stack, hooks.requests(), load.due, windows)
        check_end(report, stack, watch, hooks, HOOKS + CONTROL_HOOKS)
    return report


def compare(report, stack, requests, due, windows):
    """The living endpoints against the control's in the same minutes: what the machine does to both cancels out."""
    published = {json.loads(value)["id"]: stamp for _, _, _, value, _, stamp in stack.read_all("alerts")}
    for what, delay in (("event to endpoint", lambda own, *bounds: latencies(own, due, *bounds)),
                        ("alert to endpoint", lambda own, *bounds: alerter_latencies(own, published, *bounds))):
        spread = {}
        for whose, names in (("living", LIVING), ("control", CONTROL)):
            own = [r for r in requests if r["endpoint"] in names]
            for phase, bounds in windows.items():
                spread[whose, phase] = delay(own, *bounds)
                report.figure(f"{what}, {whose}, {phase}", shown(spread[whose, phase]))
        dead, control = percentile(spread["living", "dead"], 99), percentile(spread["control", "dead"], 99)
        report.check(f"{what}: p99 {dead} ms beside the dead one, {control} ms at the control (10 % more allowed)", dead <= 1.1 * control)


def window(seconds):
    began = time.time() * 1000
    time.sleep(seconds)
    return began, time.time() * 1000


def large_events(seed):
    """Endless (type, customer, line): texts of up to 20,000 characters (the most that is accepted; Korean: 60 KB), a third English."""
    draw = random.Random(seed)
    pools = {"ko": "", "en": ""}
    for line in (ROOT / "services/vocctl/gen-texts.ndjson").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        pools[entry.get("lang", "en")] += entry["text"] + " "
    pools = {lang: (pool * (60_000 // len(pool) + 1)) for lang, pool in pools.items()}
    when = time.time() - 3 * 86_400
    for number in range(10**9):
        lang = draw.choice(("ko", "ko", "en"))
        at = draw.randrange(len(pools[lang]) - 20_000)
        customer, kind = f"C-{draw.randrange(20_000):06d}", draw.choice(tuple(TOPIC_OF))
        text = pools[lang][at:at + draw.randrange(200, 20_000)].strip()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(when + number / 10))
        event = {"specversion": "1.0", "id": f"big-{number}", "source": "/long", "type": kind, "time": stamp,
                 "data": {"customer_id": customer, "text": text, "lang": lang, "product": "internet-500"}}
        yield kind, customer, json.dumps(event, ensure_ascii=False).encode()


def backlog(options):
    report = Report(f"backlog: {options.gigabytes} GB of events of up to 60 KB in the raw topics")
    with pipeline(options, {}) as (stack, _, __, watch):
        size, count, began = 0, 0, time.monotonic()
        producer = Producer({"bootstrap.servers": stack.bootstrap, "partitioner": "murmur2_random", "enable.idempotence": True, "linger.ms": 20,
                             "compression.type": "none", "queue.buffering.max.kbytes": 131_072})
        for kind, customer, line in large_events(51):
            put(producer, stack.topic(TOPIC_OF[kind]), line, customer)
            size, count = size + len(line), count + 1
            if size >= options.gigabytes * 1e9:
                break
        assert producer.flush(300) == 0
        report.figure("loaded", f"{count} events, {size / 1e9:.2f} GB in {time.monotonic() - began:.0f} s")
        for service in ("classifier", "aggregator", ALERTER):
            stack.start(service)
        began = time.monotonic()
        with contextlib.suppress(TimeoutError):
            wait_for(lambda: classified(stack) >= count, options.seconds, "the backlog to be drained")
        seconds, done = time.monotonic() - began, classified(stack)
        report.figure("drained", f"{done} of {count} events in {seconds:.0f} s: {done / seconds:.0f}/s, {done / seconds * size / count / 1e6:.0f} MB/s")
        report.figure("memory", watch.peaks())
        report.check("all of it was drained", done >= count)
        if done >= count:
            stack.wait_drained(300)
            check_end(report, stack, watch)
    return report


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dir", help="where Kafka and Redis keep their data while it runs [the system's temporary folder]")
    scenarios = parser.add_subparsers(required=True)

    def scenario(name, function, seconds, rate=None):
        sub = scenarios.add_parser(name)
        sub.set_defaults(run=function)
        sub.add_argument("--seconds", type=int, default=seconds, help=f"[{seconds}]")
        if rate:
            sub.add_argument("--rate", type=int, default=rate, help=f"events a second [{rate}]")
        return sub
    scenario("redis-off", redis_off, 600, 200)
    scenario("hot-customer", hot_customer, 120, 400).add_argument("--backlog", type=int, default=200_000, help="events of each drained backlog [200000]")
    dead = scenario("dead-endpoint", dead_endpoint, 600, 200)
    dead.add_argument("--around", type=int, default=300, help="seconds before, and after, that it is compared with [300]")
    dead.add_argument("--mode", default="nothing", help="how it is dead, as endpoints.py says [nothing]")
    scenario("backlog", backlog, 3600).add_argument("--gigabytes", type=float, default=10, help="[10]")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended
    report = options.run(options)
    print(f"\n{report.passed} passed, {report.failed} failed")
    return 1 if report.failed or not report.passed else 0


if __name__ == "__main__":
    sys.exit(main())
