"""The parts of the bench that measure our own services. Each returns plain numbers; see docs/PERFORMANCE.md for what they mean."""
import json
import pathlib
import threading
import time

import meter
import sets
from bed import RAW_TOPICS, SERVICES, FirstRecord, wait_for

WARM_UP_S = 5  # of a latency run; a quarter of it if it is shorter than 20 s
WARM_UP_EVENTS = 20_000  # before it: every partition has had records by then, of voc.alerts too, whose first ones take the broker 50 to 110 ms


def is_event(message):
    """Not one of the records of rules that each partition of voc.classified begins with."""
    return any(name == "voc_source" for name, _ in message.headers() or [])


def per_event(seconds, events):
    return round(seconds * 1e6 / events, 3)


def drain(bed, instances=1):
    """The backlog that is loaded, through all stages. Everything that came out before is gone first."""
    bed.empty()
    raw = bed.count_raw()
    at_first = {}

    def note():
        at_first.update({name: sum(map(meter.cpu_seconds, pids)) for name, pids in bed.pids().items()})
    first = FirstRecord(bed, bed.topic("classified"), is_event, note)
    apart = meter.Costs(bed.apart())
    began = time.monotonic()
    try:
        for service in SERVICES:
            bed.start(service, 1 if service == "alerter" else instances)
        applied = bed.wait_applied(raw)
        posted = bed.wait_posted()
        cpu = {name: sum(map(meter.cpu_seconds, pids)) for name, pids in bed.pids().items()}
    finally:
        first.given_up = True
        first.join()
    beside = apart.stop()
    rss = {name: sum(map(meter.peak_rss_mb, pids)) for name, pids in bed.pids().items()}
    settled = {name: per_event(cpu[name] - at_first.get(name, 0), raw) for name in SERVICES}
    return {
        "events": raw, "instances": instances, "seconds": max(applied, posted) - first.at, "events_per_s": raw / (max(applied, posted) - first.at),
        "first_output_s": first.at - began, "cpu_us": {**settled, "together": sum(settled.values())},
        "cpu_us_with_start": sum(per_event(cpu[name], raw) for name in SERVICES),
        "beside_cpu_us": {name: per_event(seconds, raw) for name, seconds in beside.items()},
        "peak_rss_mb": {**rss, "together": sum(rss.values())}, "alerts": bed.count("alerts"), "dead_letters": bed.count("dlq")}


def check(bed):
    """What Redis holds is what the log implies, by vocctl verify. Returns the number of customers; raises with vocctl's words."""
    bed.wait_drained()
    bed.ctl("verify", timeout=600)
    return sum(bed.redis.eval("return #redis.call('KEYS', ARGV[1])", 0, "voc:{%d}:customer:*" % p) for p in range(bed.partitions))


def drains(bed, runs, instances=1, warm=True):
    """Several, with `warm` one more first that does not count: the page cache, the broker's JIT and this program are warm then."""
    if warm:
        drain(bed, instances)
    return meter.merged([drain(bed, instances) for _ in range(runs)])


def warm_up(bed):
    """Starts the services and sends them some events that count for nothing."""
    for service in SERVICES:
        bed.start(service)
    bed.wait_ready()
    sets.load(bed, WARM_UP_EVENTS, seed=9)
    bed.wait_drained()


def latency_events(bed, rate, seconds, path=None):
    """What is sent at a rate: the generator's events, or another file's records."""
    if path:
        return sets.records_to_send(bed, path, int(rate * seconds))
    return sets.ready_to_send(bed, sets.lines(bed, int(rate * seconds), seed=1000 + rate, duplicates=0, malformed=0))


def latency_of(bed, due, from_ms):
    """{id of the causing event: ms}, of the alerts that the sink got."""
    out = {}
    for line in bed.sink_file.read_bytes().splitlines():
        arrived, body = line.split(b"\t", 1)
        data = json.loads(body)["data"]
        cause = data.get("event_id") or (data["contributions"][-1]["id"] if data.get("contributions") and data["rule"] != "risk_cleared" else None)
        if cause in due and due[cause] >= from_ms:
            out.setdefault(cause, float(arrived) - due[cause])
    return out


def latency(bed, rate, seconds, some):
    """At a steady rate; the services run, and have seen events before (warm_up), when the clock starts."""
    pids = bed.pids()
    costs = meter.Costs({**pids, **bed.apart()})
    began = time.time()
    due, late = sets.send_steadily(bed, some, rate)
    took = time.time() - began
    used = costs.stop()
    bed.wait_drained(120)
    bed.wait_posted()
    warm = (began + min(WARM_UP_S, seconds / 4)) * 1000
    found = latency_of(bed, due, warm)
    own = {name: used[name] for name in SERVICES}
    return {"rate": rate, "seconds": seconds, "ms": meter.percentiles(found.values()), "sent_late": late,
            "rate_reached": round(len(some) / took), "cpu_percent_of_a_core": round(100 * sum(own.values()) / took, 1),
            "cpu_us": {name: per_event(value, len(some)) for name, value in own.items()}}


def backlog(bed, events, rate):
    """The services come back to a backlog while new events keep coming; how long until the newest are through within a second again."""
    bed.empty()
    sets.load(bed, events, seed=3)
    some = sets.ready_to_send(bed, sets.lines(bed, rate * 600, seed=4, duplicates=0, malformed=0)[:rate * 120])
    stop, sent = threading.Event(), [0]

    def live():
        client, began = sets.producer(bed), time.time()
        for number, (topic, key, value, _) in enumerate(some):
            while (left := began + number / rate - time.time()) > 0:
                client.poll(0)
                time.sleep(min(left, 0.005))
            if stop.is_set():
                break
            client.produce(topic, value, key)
            sent[0] = number + 1
        client.flush(30)
    before = bed.count_raw()
    sender = threading.Thread(target=live)
    sender.start()
    began = time.monotonic()
    try:
        for service in SERVICES:
            bed.start(service)

        def caught_up():
            time.sleep(0.1)
            return bed.applied() + bed.count("dlq") >= before + sent[0] - rate
        wait_for(caught_up, 600, "the backlog to be worked off", bed)
        took = time.monotonic() - began
    finally:
        stop.set()
        sender.join()
    bed.wait_drained()
    return {"backlog": before, "live_rate": rate, "seconds": took, "events_per_s": (before + sent[0]) / took}


def customers(bed, count):
    """So many customers, each with one or two events: what one costs in Redis."""
    bed.empty()
    path, events = sets.each_customer(bed, count, pathlib.Path(bed.folder))
    with open(path, "rb") as source:
        sets.send(bed, source)
    path.unlink()
    empty = bed.redis.info("memory")["used_memory"]
    result = drain(bed)
    used = bed.redis.info("memory")["used_memory"] - empty
    rollups = sample_bytes(bed, "rollup")
    keys = bed.redis.dbsize()
    known = keys - rollups["keys"]
    return {"customers": count, "events": events, "redis_mb": used / 2**20, "redis_bytes_per_customer": (used - rollups["bytes"]) / max(1, count),
            "rollup_keys": rollups["keys"], "rollup_mb": rollups["bytes"] / 2**20, "other_keys": known, "events_per_s": result["events_per_s"],
            "cpu_us": result["cpu_us"], "peak_rss_mb": result["peak_rss_mb"], "beside_cpu_us": result["beside_cpu_us"]}


def sample_bytes(bed, kind):
    """{"keys", "bytes"} of one kind of key, from MEMORY USAGE of 500 of them."""
    keys = list(bed.redis.scan_iter("voc:{*}:%s:*" % kind, count=10_000))
    some = keys[::max(1, len(keys) // 500)][:500]
    pipe = bed.redis.pipeline(transaction=False)
    for key in some:
        pipe.memory_usage(key)
    sizes = pipe.execute()
    return {"keys": len(keys), "bytes": round(sum(sizes) / len(sizes) * len(keys)) if sizes else 0}


def disk(bed):
    """Bytes on disk: the topics of the set that is loaded, and the programs."""
    data = bed.broker.folder / "data"
    topics = {name: sum(meter.tree_bytes(path, "*.log") for path in data.glob(f"{bed.topic(name)}-*")) for name in (*RAW_TOPICS, "classified", "dlq", "alerts")}
    programs = {path.name: path.stat().st_size for path in (bed.bin / f"voc-{service}" for service in SERVICES)}
    return {"topics": topics, "programs": programs}
