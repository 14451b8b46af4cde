"""Holds a finished run against the oracle: Redis field by field, alerts by id, webhooks by id, records by sum."""
import json
import pathlib
import re
import time

import oracle
from stack import RAW_TOPICS, ROOT

SHOWN = 5
COUNTED = ("events", "duplicates", "copies", "invalid", "controls", "facts", "dues", "dues_stale")  # what a record of voc.classified may be
ROLLUP_RETENTION_MS = 365 * 86_400_000  # as Stack.env says


def apply_log(stack):
    """The oracle's partitions after every record of voc.classified."""
    partitions = {p: oracle.Partition(p, stack.topic("classified")) for p in range(stack.partitions)}
    for p, offset, _, value, headers, timestamp in stack.read_all("classified"):
        partitions[p].apply(offset, value, headers.get("voc_source", b"").decode(), timestamp)
    return partitions


def check_rules(partitions, path=ROOT / "deploy" / "rules.json"):
    """Every partition is under the rules of this file."""
    version = oracle.Rules(json.loads(pathlib.Path(path).read_text(encoding="utf-8"))).version
    assert {p: partition.rules and partition.rules.version for p, partition in partitions.items()} == {p: version for p in partitions}


BATCH = 50  # keys at a time: Redis 7 over TLS ends a connection that is slow to take a large answer ("bad length", valkey-io/valkey#1135)


def redis_state(redis):
    if isinstance(redis, list):  # the masters of a cluster
        return {key: value for one in redis for key, value in redis_state(one).items()}
    sets = re.compile(r"voc:\{\d+\}:(at_risk|due)")
    state, keys = {}, list(redis.scan_iter("voc:{*", count=10_000))
    for start in range(0, len(keys), BATCH):
        pipe = redis.pipeline(transaction=False)  # a cluster has no transaction over several slots
        some = keys[start:start + BATCH]
        for key in some:
            pipe.zrange(key, 0, -1, withscores=True) if sets.fullmatch(key) else pipe.hgetall(key)
        for key, value in zip(some, pipe.execute()):
            state[key] = {member: int(score) for member, score in value} if sets.fullmatch(key) else value
    return state


def differences(want, have):
    out = []
    for key in sorted(want.keys() | have.keys()):
        if want.get(key) != have.get(key):
            w, h = want.get(key) or {}, have.get(key) or {}
            fields = {f: (w.get(f), h.get(f)) for f in w.keys() | h.keys() if w.get(f) != h.get(f)}
            out.append(f"{key}: (oracle, Redis) {fields}")
    return out


def check_redis(stack, partitions):
    have = redis_state(stack.redis)
    want = {}
    for p, partition in partitions.items():
        want.update(partition.redis())
        want.update(partition.expiring(time.time() * 1000, ROLLUP_RETENTION_MS))  # what is over was never written
    for key, fields in have.items():  # when a rebuild took place is no function of the log
        if key.endswith(":position"):
            fields.pop("rebuilt_at", None)
    wrong = differences(want, have)
    assert not wrong, f"{len(wrong)} keys differ from the oracle\n" + "\n".join(wrong[:SHOWN])
    return len(want)


def check_alerts(stack, partitions):
    """Every alert that the log implies is on voc.alerts, with the oracle's very content, and at the receiver; and no other."""
    want = {}
    for partition in partitions.values():
        want.update(partition.alerts)
    have = {}
    for _, _, key, value, _, _ in stack.read_all("alerts"):
        alert = json.loads(value)
        assert key.decode() == alert["subject"]
        assert have.setdefault(alert["id"], alert) == alert, "one id, two contents"
    assert have.keys() == want.keys(), f"{len(want.keys() - have.keys())} alerts missing, {len(have.keys() - want.keys())} that never were"
    wrong = [(want[i], have[i]) for i in want if want[i] != have[i]]
    assert not wrong, f"{len(wrong)} alerts differ from the oracle's, the first:\n{wrong[0][0]}\n{wrong[0][1]}"
    received = stack.received()
    assert all(r["signature_ok"] for r in received)
    ids = [r["webhook_id"] for r in received]
    assert set(ids) == want.keys(), f"{len(want.keys() - set(ids))} alerts never arrived, {len(set(ids) - want.keys())} were never raised"
    return want, ids


def check_sums(stack, partitions):
    """Records in = classified + dead-lettered, each once; voc.classified = events + duplicates + facts + copies + controls."""
    raw = sum(sum(stack.ends(stack.topic(t)).values()) for t in RAW_TOPICS)
    classified, dead = set(), set()
    records = 0
    for _, _, _, _, headers, _ in stack.read_all("classified"):
        records += 1
        if "voc_source" in headers:
            classified.add(headers["voc_source"])
    for _, _, _, _, headers, _ in stack.read_all("dlq"):
        dead.add(b"/".join(headers[f"voc_origin_{part}"] for part in ("topic", "partition", "offset")))
    assert len(classified) + len(dead) == raw, f"{raw} raw records, {len(classified)} classified, {len(dead)} dead letters"
    assert not classified & dead
    totals = {name: sum(p.totals[name] for p in partitions.values()) for name in COUNTED}
    assert sum(totals.values()) == records and totals["invalid"] == 0
    assert totals["events"] + totals["duplicates"] + totals["facts"] == len(classified)
    return {"raw": raw, "classified": len(classified), "dead": len(dead), **totals}


def check_all(stack):
    partitions = apply_log(stack)
    check_rules(partitions)
    keys = check_redis(stack, partitions)
    alerts, ids = check_alerts(stack, partitions)
    sums = check_sums(stack, partitions)
    return {**sums, "redis_keys": keys, "alerts": len(alerts), "webhooks": len(ids)}
