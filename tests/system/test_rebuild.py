"""vocctl verify and rebuild against real Kafka and Redis: wrong values are found and mended, byte for byte, whatever runs or dies meanwhile."""
import contextlib
import itertools
import json
import random
import signal
import subprocess
import threading
import time

import pytest
import verify
from stack import ROOT, wait_for

EVENTS = 3000


def generate(stack, seed, events=EVENTS):
    return stack.ctl("gen", "--seed", seed, "--events", events, "--customers", 400, "--duplicates", 20, "--late", 20, "--malformed", 0,
                     "--start", "2026-11-01", "--days", "3").stdout


def send(stack, lines, *flags):
    stack.ctl("send", "-", *flags, input=lines)


def state(stack):
    """All of Redis but when it was rebuilt."""
    keys = verify.redis_state(stack.redis)
    for key, fields in keys.items():
        if key.endswith(":position"):
            fields.pop("rebuilt_at", None)
    return keys


def shadows(stack):
    return list(stack.redis.scan_iter("voc.rebuild:*", count=10_000))


def rebuild(stack, *flags):
    return stack.ctl("rebuild", "--yes", *flags).stdout.decode()


def alert_records(stack):
    return sum(stack.ends(stack.topic("alerts")).values())


def run_to_the_end(stack, seed, aggregators=2):
    stack.start("classifier")
    stack.start("aggregator", aggregators)
    stack.start("alerter")
    stack.wait_ready()
    send(stack, generate(stack, seed))
    stack.wait_drained()


def check(stack):
    """As verify.check_all, under whatever rules the log says."""
    partitions = verify.apply_log(stack)
    verify.check_redis(stack, partitions)
    verify.check_alerts(stack, partitions)
    return partitions


def stop(stack, service):
    for process in stack.of(service):
        process.stop()


def some_customers(stack, count):
    return sorted(stack.redis.scan_iter("voc:{*:customer:*", count=10_000))[:count]


def spoil(stack):
    """Wrong in every way that a hand or a lost write makes; returns the keys."""
    wrong, lost, words = some_customers(stack, 3)
    stack.redis.hset(wrong, mapping={"events": 4711, "factor:emotion": 3})
    stack.redis.delete(lost)
    stack.redis.hset(words, "contributions", '[{"evidence":["what somebody said"]}]')
    partition = wrong.split("}")[0]
    stray, position = partition + "}:customer:STRAY-1", partition + "}:position"
    stack.redis.hset(stray, "events", 1)
    stack.redis.hincrby(position, "events", 5)
    stack.redis.zadd(partition + "}:at_risk", {"STRAY-2": 77})
    rollup = next(stack.redis.scan_iter(partition + "}:rollup:*", count=10_000))
    stack.redis.hincrby(rollup, "events", 1)
    return {wrong, lost, words, stray, position, partition + "}:at_risk", rollup}


def test_after_kills_and_a_change_of_rules_a_rebuild_makes_the_very_same(stack, tmp_path):
    rules = json.loads((ROOT / "deploy" / "rules.json").read_text(encoding="utf-8"))
    rules["weights"]["complaint"] += 7
    rules["thresholds"]["raise"] -= 5
    (tmp_path / "other.json").write_text(json.dumps(rules), encoding="utf-8")
    stack.start("classifier")
    first, second = stack.start("aggregator", 2)
    stack.start("alerter")
    stack.wait_ready()
    send(stack, generate(stack, 11))
    first.kill()
    second.kill()
    for process in (first, second):
        process.env["VOC_RULES"] = str(tmp_path / "other.json")
        process.start()
    send(stack, generate(stack, 12))
    wait_for(lambda: any(stack.redis.hget("voc:{%d}:position" % p, "offset") for p in range(stack.partitions)), 60, "work", stack)
    second.kill()
    second.start()
    stack.wait_drained()
    verify.check_rules(check(stack), tmp_path / "other.json")
    before = state(stack)
    ttls = {key: stack.redis.pttl(key) for key in before if ":rollup:" in key}
    took = time.time()
    assert "replaced" in rebuild(stack, "--force")
    after = state(stack)
    assert verify.differences(before, after) == [] and len(after) > 1000
    took = (time.time() - took) * 1000
    for key, ttl in ttls.items():
        assert ttl - took - 10_000 < stack.redis.pttl(key) <= ttl
    assert all(stack.redis.hget(key, "rebuilt_at") for key in after if key.endswith(":position"))
    assert shadows(stack) == []
    check(stack)


def test_wrong_values_are_found_by_verify_and_mended_by_rebuild(stack):
    run_to_the_end(stack, 21)
    assert stack.ctl("verify").stdout.decode().startswith("equal; 24 partitions")
    spoiled = spoil(stack)
    found = stack.ctl("verify", "--json", check=False)
    assert found.returncode == 1
    report = json.loads(found.stdout)
    assert {d["key"] for d in report["differences"]} == spoiled and report["differing_keys"] == len(spoiled) and not report["equal"]
    assert {d["fault"] for d in report["differences"]} == {"differs", "missing", "stray"}
    assert {"4711", "77"} <= {d.get("redis") for d in report["differences"]}
    people = stack.ctl("verify", check=False).stdout.decode()
    assert "events is 4711, the log makes it" in people and "somebody said" not in people + found.stdout.decode()
    other = stack.ctl("verify", "--partition", ",".join(str(p) for p in range(24) if "{%d}" % p not in " ".join(spoiled)))
    assert other.stdout.decode().startswith("equal")
    dry = stack.ctl("rebuild", "--dry-run", check=False)
    assert dry.returncode == 1 and stack.ctl("verify", check=False).returncode == 1, "a dry run writes nothing"
    asked = stack.ctl("rebuild", check=False)
    assert asked.returncode == 2 and b"--yes" in asked.stderr
    rebuild(stack)
    assert stack.ctl("verify").stdout.decode().startswith("equal")
    check(stack)


def test_a_sample_sees_its_share(stack):
    run_to_the_end(stack, 22, 1)
    assert "(a sample)" in stack.ctl("verify", "--sample", "4").stdout.decode()
    for key in some_customers(stack, 200):
        stack.redis.hset(key, "events", 4711)
    report = json.loads(stack.ctl("verify", "--sample", "4", "--json", "--limit", "1", check=False).stdout)
    assert 20 < report["differing_keys"] < 100 and len(report["differences"]) == 1 and report["one_customer_in"] == 4


def test_an_aggregator_that_learned_wrong_values_forgets_them(stack):
    """It has them in memory and would write differences to them: the switch must make it read again."""
    run_to_the_end(stack, 31, 1)
    aggregator, = stack.of("aggregator")
    for key in some_customers(stack, 400):
        stack.redis.hincrby(key, "churn_intents", 1000)
    aggregator.stop()
    aggregator.start()  # knows nothing but what Redis says
    send(stack, generate(stack, 32, 500))
    stack.wait_drained()
    rebuild(stack)
    assert alert_records(stack) == len({record[3] for record in stack.read_all("alerts")}), "a switch at the same position sends nothing again"
    send(stack, generate(stack, 33, 500))
    stack.wait_drained()
    verify.check_redis(stack, verify.apply_log(stack))


@contextlib.contextmanager
def load(stack):
    """Events keep coming, 300 a second, until the block ends."""
    enough, faults = threading.Event(), []

    def keep_sending():
        try:
            for seed in itertools.count(1000):
                send(stack, generate(stack, seed, 600), "--rate", "300")
                if enough.is_set():
                    return
        except Exception as error:  # told by the test, not by a thread that nobody hears
            faults.append(error)
    sender = threading.Thread(target=keep_sending)
    sender.start()
    yield
    enough.set()
    sender.join()
    assert not faults, faults


@pytest.mark.parametrize("spoiling", [False, True])
def test_under_live_load_no_alert_is_lost_or_doubled(stack, spoiling):
    run_to_the_end(stack, 41)
    with load(stack):
        for _ in range(3):
            if spoiling:
                stack.redis.delete(*some_customers(stack, 40)[::2])
            verified = stack.ctl("verify", check=False)
            assert verified.returncode == (1 if spoiling else 0), verified.stdout + verified.stderr
            rebuild(stack, "--force")
    stack.wait_drained()
    if not spoiling:
        check(stack)
        return
    rebuild(stack)  # its alerts came from wrong values; the state is right again
    assert stack.ctl("verify").returncode == 0
    verify.check_redis(stack, verify.apply_log(stack))


def test_killed_at_any_moment_it_can_be_run_again(stack):
    run_to_the_end(stack, 51)
    want = state(stack)
    began = time.monotonic()
    rebuild(stack, "--force")
    whole = time.monotonic() - began
    r, left = random.Random(5), 0
    for attempt in range(12):
        process = subprocess.Popen([stack.bin / "vocctl", "rebuild", "--yes", "--force"], env=stack.env(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            process.wait(whole * (0.3 + 0.7 * r.random()))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL if attempt % 3 else signal.SIGINT)
        process.communicate(timeout=30)
        left += len(shadows(stack))
        assert verify.differences(want, state(stack)) == []
    for name in ("position", "customer:LEFT", "rollup:1"):
        stack.redis.hset("voc.rebuild:00000bad:{3}:" + name, "events", 1)
    print(f"{left} keys of shadows left by the kills")
    assert "of an earlier, unfinished rebuild removed" in rebuild(stack, "--force")
    assert shadows(stack) == [] and verify.differences(want, state(stack)) == []
    check(stack)


def test_two_at_a_time_do_no_harm(stack):
    run_to_the_end(stack, 52)
    want = state(stack)
    command = [stack.bin / "vocctl", "rebuild", "--yes", "--force"]
    for _ in range(3):
        both = [subprocess.Popen(command, env=stack.env(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for _ in range(2)]
        for process in both:
            complaint = process.communicate(timeout=120)[1].decode()
            assert process.returncode == 0 or "does another rebuild run?" in complaint, complaint
        assert verify.differences(want, state(stack)) == []
    rebuild(stack, "--force")
    assert shadows(stack) == [] and verify.differences(want, state(stack)) == []


def test_an_emptied_redis_is_made_again_without_an_aggregator_and_without_alerts(stack):
    run_to_the_end(stack, 61)
    stop(stack, "aggregator")
    want, told = state(stack), alert_records(stack)
    send(stack, generate(stack, 62))  # no aggregator has seen these: their alerts are still to be sent
    stack.wait_drained_classifier()
    stack.redis.flushall()
    assert "replaced" in rebuild(stack)
    assert verify.differences(want, state(stack)) == []
    assert stack.ctl("verify").returncode == 0
    for process in stack.of("aggregator"):
        process.start()
    stack.wait_drained()
    check(stack)
    records = stack.read_all("alerts")
    assert len(records) > told and len({json.loads(record[3])["id"] for record in records}) == len(records), "no alert was sent twice"


def test_a_state_of_another_version_is_made_anew_as_a_whole(stack):
    run_to_the_end(stack, 71, 1)
    stop(stack, "aggregator")
    want = state(stack)
    current = want["voc:meta"]["state_version"] if "voc:meta" in want else stack.redis.hget("voc:meta", "state_version")
    stack.redis.hset("voc:meta", "state_version", int(current) - 1)
    for key in some_customers(stack, 100):
        stack.redis.hset(key, "field_of_old", 1)
    refused = stack.ctl("verify", check=False)
    assert refused.returncode == 2 and b"vocctl rebuild" in refused.stderr
    part = stack.ctl("rebuild", "--yes", "--partition", "1", check=False)
    assert part.returncode == 2 and b"all partitions" in part.stderr
    rebuild(stack)
    assert stack.redis.hget("voc:meta", "state_version") == current
    assert verify.differences(want, state(stack)) == []
    for process in stack.of("aggregator"):
        process.start()
    stack.wait_ready()


def test_what_cannot_be_told_is_not_called_equal(stack):
    nothing = stack.ctl("verify", check=False)
    assert nothing.returncode == 2 and b"nothing to verify" in nothing.stderr
    assert stack.ctl("verify", "--partition", "24", check=False).returncode == 2
    assert "24 empty" in rebuild(stack)
    away = stack.ctl("verify", check=False, VOC_REDIS_URL="unix:///nowhere.sock")
    assert away.returncode == 2
