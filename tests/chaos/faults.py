"""The faults: what each does to a run. Each takes (run, fault); `fault.r` is its own source of chance, so that the course of one changes no other.

A fault undoes itself before it returns (what is killed is started again, what is cut is joined), and notes what it did.
"""
import contextlib
import json
import signal
import time

import processes
from clock import Clock
from run import SESSION_MS

ALL = ("classifier", "aggregator", "alerter")
POINTS = {  # fault points (common/base/fault_point.h), and after how many passes they may strike at most
    "classifier-assigned": 1, "classifier-batch": 200, "classifier-produced": 200, "classifier-revoked": 1, "aggregator-assigned": 1,
    "aggregator-gathered": 20, "aggregator-batch": 20, "aggregator-told": 20, "aggregator-stored": 20, "aggregator-due": 2, "aggregator-revoked": 1,
    "alerter-taken": 12, "alerter-posted": 12, "alerter-buried": 3, "alerter-revoked": 1,
}
KINDS = {}  # {name: (family, set-ups or None for all, act)}
BY_HAND = "by hand"  # the family that no plan draws from


def kind(name, family, setups=None):
    def register(act):
        KINDS[name] = (family, setups, act)
        return act
    return register


@contextlib.contextmanager
def borrowed(run, fault, services=ALL):
    """A slot for this fault alone."""
    slot = processes.wait_for(lambda: run.pipeline.take(services, fault.r), 60, "a service that no other fault is at")
    try:
        yield slot
    finally:
        slot.lock.release()


def misbehave(run, fault, mode):
    """One endpoint, for some seconds; returns which and how long."""
    name, seconds = fault.r.choice(sorted(run.endpoints.ports)), fault.r.uniform(1, 4)
    with run.job.endpoint_lock:
        run.endpoints.set(name, mode)
    time.sleep(seconds)
    with run.job.endpoint_lock:
        run.endpoints.set(name, "ok")
    return f"{name} for {seconds:.1f} s"


# ---- services
@kind("kill -9", "service")
def kill_service(run, fault):
    with borrowed(run, fault) as slot:
        run.pipeline.kill(slot)
    run.note(fault.kind, slot.name)


@kind("killed again and again", "service")
def kill_repeatedly(run, fault):
    """Before it has got anywhere, too."""
    with borrowed(run, fault) as slot:
        for _ in range(4):
            if slot.running():
                run.pipeline.kill(slot)
            time.sleep(fault.r.uniform(0.1, 1.5))
    run.note(fault.kind, slot.name)


@kind("zombie", "service")
def zombie(run, fault):
    seconds = SESSION_MS / 1000 + fault.r.uniform(1, 3)
    with borrowed(run, fault) as slot:
        slot.process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        slot.process.send_signal(signal.SIGCONT)
    run.note(fault.kind, f"{slot.name} for {seconds:.1f} s")


def disturb_group(run, service, but):
    """Makes the group of `service` rebalance: another member leaves and comes back."""
    for slot in run.pipeline.of(service):
        if slot is not but and slot.lock.acquire(blocking=False):
            if slot.running():
                run.pipeline.restart(slot)
            slot.lock.release()
            return


def strikes(armed, timeout=10):
    """Whether the process ends or stops in time."""
    deadline = time.monotonic() + timeout
    while armed.poll() is None and processes.state(armed) != "T":
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def strike(run, fault, point, deed, before_waking=lambda: None):
    """Armed in a restart of one instance; a point in a rebalance gets one. Returns the plan, and whether it struck."""
    service, plan = point.partition("-")[0], f"{point}:{fault.r.randint(1, POINTS[point])}:{deed}"
    with borrowed(run, fault, (service,)) as slot:
        run.pipeline.restart(slot, {"VOC_FAULT": plan}, {"kill": {-signal.SIGKILL}, "exit": {1}, "stop": set()}[deed])
        armed = slot.process
        time.sleep(1)
        if point == "alerter-buried":
            misbehave(run, fault, "400")
        if POINTS[point] == 1:
            disturb_group(run, service, slot)
        struck = strikes(armed)
        if struck and deed == "stop":
            time.sleep(SESSION_MS / 1000 + 1)
            before_waking()
            armed.send_signal(signal.SIGCONT)
        if not struck:
            run.pipeline.restart(slot)  # or it would strike when nobody looks
    return plan, struck


@kind("fault point", "service")
def fault_point(run, fault):
    point = fault.r.choice(sorted(POINTS))
    run.note(f"fault point {point}", *strike(run, fault, point, fault.r.choice(("kill", "kill", "stop", "exit"))))


for name in POINTS:  # a certain one, for a plan written by hand
    kind(f"fault point {name}", BY_HAND)(lambda run, fault, name=name: run.note(fault.kind, *strike(run, fault, name, "kill")))


@kind("zombie with a batch", "service")
def zombie_with_batch(run, fault):
    """It wakes up with records in its hands, and believes that it knows where they belong."""
    run.note(fault.kind, *strike(run, fault, "aggregator-gathered", "stop"))


@kind("zombie with a batch, Redis emptied", "service")
def zombie_with_batch_flushed(run, fault):
    """The customers that it reads next are of no moment that its position knows."""
    run.note(fault.kind, *strike(run, fault, "aggregator-gathered", "stop", run.redis.flush_all))


@kind("rolling restart", "service")
def rolling_restart(run, fault):
    service = fault.r.choice(ALL)
    for slot in run.pipeline.of(service):
        with slot.lock:
            if slot.wanted:
                run.pipeline.restart(slot)
        time.sleep(0.3)
    run.note(fault.kind, service)


@kind("scale 1, 4, 2", "service")
def scale(run, fault):
    service = fault.r.choice(("classifier", "aggregator"))
    for count in (1, 4, 2):
        while len(run.pipeline.of(service)) > count:
            with borrowed(run, fault, (service,)) as slot:
                run.pipeline.stop(slot)
        run.pipeline.start(service, count - len(run.pipeline.of(service)))
        time.sleep(2)
    run.note(fault.kind, service)


@kind("rules change", "service")
def change_rules(run, fault):
    """A new file, and the aggregators restarted one by one: for a while instances with different rules work side by side."""
    rules = json.loads(run.rules_path.read_text(encoding="utf-8"))
    rules["version"] = f"chaos-{fault.at:.2f}"
    for weight in ("complaint", "reliability", "churn_intent"):
        rules["weights"][weight] += fault.r.randint(-5, 9)
    rules["thresholds"]["raise"] = fault.r.randint(45, 70)
    with run.rules_lock:
        run.rules_path = run.folder / f"rules-{fault.at:.2f}.json"
        run.rules_path.write_text(json.dumps(rules, ensure_ascii=False), encoding="utf-8")
    for slot in run.pipeline.of("aggregator"):
        with slot.lock:
            if slot.wanted:
                run.pipeline.restart(slot)
    run.note(fault.kind, rules["version"])


# ---- Kafka
@kind("broker kill -9", "kafka")
def kill_broker(run, fault):
    with run.job.broker_lock:
        broker, seconds = fault.r.randrange(run.brokers.count), fault.r.uniform(1, 5)
        run.brokers.kill(broker)
        time.sleep(seconds)
        run.brokers.restart(broker)
        run.brokers.wait_healthy()
    run.note(fault.kind, f"broker {broker} for {seconds:.1f} s")


@kind("broker hangs", "kafka")
def pause_broker(run, fault):
    with run.job.broker_lock:
        broker, seconds = fault.r.randrange(run.brokers.count), fault.r.uniform(2, 6)
        run.brokers.pause(broker)
        time.sleep(seconds)
        run.brokers.resume(broker)
        run.brokers.wait_healthy()
    run.note(fault.kind, f"broker {broker} for {seconds:.1f} s")


@kind("kill -9 behind a hung broker", "kafka")
def kill_behind_hung_broker(run, fault):
    """What was sent to that broker's partitions is on its way for seconds, and dies with its sender."""
    with run.job.broker_lock:
        broker, service = fault.r.randrange(run.brokers.count), fault.r.choice(("classifier", "classifier", "aggregator"))
        run.brokers.pause(broker)
        time.sleep(fault.r.uniform(1.5, 3))
        for slot in run.pipeline.of(service):
            if slot.lock.acquire(blocking=False):
                if slot.running():
                    run.pipeline.kill(slot)
                slot.lock.release()
        run.brokers.resume(broker)
        run.brokers.wait_healthy()
    run.note(fault.kind, f"broker {broker}, every {service}")


@kind("leaders move", "kafka")
def move_leaders(run, fault):
    with run.job.broker_lock:
        moved = run.brokers.move_leaders(run.prefix)
    run.note(fault.kind, f"{moved} partitions", moved > 0)


@kind("Kafka connections cut", "kafka")
def cut_kafka(run, fault):
    cut = 0
    for _ in range(fault.r.randint(1, 4)):
        cut += sum(proxy.cut() for proxy in run.job.kafka_proxies)
        time.sleep(fault.r.uniform(0.2, 1))
    run.note(fault.kind, f"{cut} of them", cut > 0)


@kind("Kafka connections stalled", "kafka")
def stall_kafka(run, fault):
    chosen, seconds = fault.r.sample(run.job.kafka_proxies, fault.r.randint(1, 3)), fault.r.uniform(1, 5)
    for proxy in chosen:
        proxy.stall()
    time.sleep(seconds)
    for proxy in chosen:
        proxy.resume()
    run.note(fault.kind, f"to {len(chosen)} brokers, for {seconds:.1f} s")


@kind("Kafka connections slow", "kafka")
def slow_kafka(run, fault):
    for proxy in run.job.kafka_proxies:
        proxy.slow(30_000)
    time.sleep(4)
    for proxy in run.job.kafka_proxies:
        proxy.slow(None)
    run.note(fault.kind, "30 kB/s for 4 s")


# ---- Redis
@kind("Redis kill -9", "redis")
def kill_redis(run, fault):
    with run.job.redis_lock:
        node, seconds = run.redis.kill_master(fault.r.randrange(len(run.redis.masters()))), fault.r.uniform(0.2, 4)
        time.sleep(seconds)
        run.redis.restart()
        run.redis.wait_healthy()
    run.note(fault.kind, f"{node.name} for {seconds:.1f} s")


@kind("Redis loses writes", "redis")
def lose_writes(run, fault):
    """A power cut that takes the file's end; elsewhere a failover to a replica that lags."""
    with run.job.redis_lock:
        lost = run.redis.failover_losing_writes(seconds=fault.r.uniform(0.5, 2.5))
        run.redis.restart()
        run.redis.wait_healthy()
    run.note(fault.kind, f"{lost['lost_bytes']} bytes that were acknowledged", lost["canary_lost"])


@kind("FLUSHALL", "redis")
def flush_redis(run, fault):
    with run.job.redis_lock:
        run.redis.flush_all()
    run.note(fault.kind, "all masters")


@kind("Redis disk full", "redis")
def fill_disk(run, fault):
    with run.job.redis_lock:
        words = run.redis.disk_full()
        time.sleep(fault.r.uniform(0.5, 3))
        run.redis.disk_free()
    run.note(fault.kind, words[0][:60])


@kind("Redis hangs", "redis")
def pause_redis(run, fault):
    with run.job.redis_lock:
        node, seconds = run.redis.pause(fault.r.randrange(len(run.redis.masters()))), fault.r.uniform(0.5, 4)
        time.sleep(seconds)
        run.redis.resume()
        run.redis.wait_healthy()
    run.note(fault.kind, f"{node.name} for {seconds:.1f} s")


@kind("Redis connections cut", "redis")
def cut_redis(run, fault):
    cut = 0
    for _ in range(fault.r.randint(2, 8)):
        cut += sum(node.proxy.cut() for node in run.redis.nodes)
        time.sleep(fault.r.uniform(0.05, 0.6))
    run.note(fault.kind, f"{cut} of them", cut > 0)


@kind("Redis connections stalled", "redis")
def stall_redis(run, fault):
    seconds = fault.r.uniform(0.5, 4)
    with run.job.redis_lock:
        for node in run.redis.nodes:
            node.proxy.stall()
        time.sleep(seconds)
        for node in run.redis.nodes:
            node.proxy.resume()
        run.redis.wait_healthy()
    run.note(fault.kind, f"for {seconds:.1f} s")


@kind("Redis connections slow", "redis")
def slow_redis(run, fault):
    with run.job.redis_lock:
        for node in run.redis.nodes:
            node.proxy.slow(40_000)
        time.sleep(3)
        for node in run.redis.nodes:
            node.proxy.slow(None)
        run.redis.wait_healthy()
    run.note(fault.kind, "40 kB/s for 3 s")


@kind("slots move", "redis", ("cluster",))
def move_slots(run, fault):
    with run.job.redis_lock:
        moved = run.redis.move_slots(fault.r.randint(1, 2))
    run.note(fault.kind, f"{len(moved)} slots", bool(moved))


# ---- endpoints and clocks
for title, mode in (("answers 500", "500"), ("answers 429", "429"), ("answers 400", "400"), ("never answers", "nothing"), ("breaks off its answers", "half"),
                    ("is down", "down"), ("is slow", "slow")):
    kind(f"endpoint {title}", "endpoint")(lambda run, fault, mode=mode: run.note(fault.kind, misbehave(run, fault, mode)))


@kind("endpoint answers 410", "endpoint")
def gone(run, fault):
    """It is disabled until an operator restarts the alerters."""
    what = misbehave(run, fault, "410")
    for slot in run.pipeline.of("alerter"):
        with slot.lock:
            if slot.wanted:
                run.pipeline.restart(slot)
    run.note(fault.kind, what)


@kind("clock jumps", "service")
def jump_clock(run, fault):
    hours = fault.r.choice((-5, -1, 2, 8))
    with borrowed(run, fault) as slot:
        clock = Clock(run.folder / f"{slot.name}-{fault.at:.2f}.clock")
        run.pipeline.restart(slot, clock.env())
        time.sleep(2)
        clock.jump(hours * 3600)
        time.sleep(3)
        clock.jump(0)
        time.sleep(1.5)
    run.note(fault.kind, f"{slot.name} by {hours:+d} h and back")
