"""A year of cases, orders and profiles through real Kafka and Redis, three aggregators whose clock goes by in rounds: all that the oracle makes of the log.

A hundred customers, and kills on the way; VOC_STORY_CUSTOMERS=5000 VOC_STORY_ROUNDS=120 for the large one.
"""
import collections
import json
import os

import stack as stack_module
import pytest
import story as story_module
import verify

CUSTOMERS = int(os.environ.get("VOC_STORY_CUSTOMERS", 100))
ROUNDS = int(os.environ.get("VOC_STORY_ROUNDS", 8))
SEED = int(os.environ.get("VOC_STORY_SEED", 6))


@pytest.fixture
def stack(broker, tmp_path):
    """Few partitions: the story waits for the end of each, again and again."""
    stack = stack_module.Stack(tmp_path / "stack", broker.bootstrap, partitions=6)
    stack.start_redis()
    stack.start_receiver()
    stack.create_topics()
    yield stack
    stack.close()


def check_exactly_once(partitions):
    """Each step of a round is told once, and in its order."""
    told, seen = collections.Counter(), collections.Counter()
    for partition in partitions.values():
        for alert in partition.alerts.values():
            about = alert["data"].get("case")
            if about:
                seen[alert["data"]["rule"]] += 1
                told[alert["subject"], about["id"], about["reopens"], alert["data"]["rule"], about["escalations"]] += 1
    escalations = {key: count for key, count in told.items() if key[3] == "case_escalated"}
    assert set(escalations.values()) == {1} and {key[4] for key in escalations} == {1, 2}
    return seen


def tallies(partitions):
    sums = collections.Counter()
    for partition in partitions.values():
        for rollup in partition.rollups.values():
            sums.update({name: count for name, count in rollup.items() if name.startswith("case:") and name.count(":") == 1})
    return sums


def check(stack):
    partitions = verify.apply_log(stack)
    verify.check_rules(partitions)
    keys = verify.check_redis(stack, partitions)
    alerts, _ = verify.check_alerts(stack, partitions)
    return partitions, keys, alerts


def check_the_tool(stack):
    """What can't be done is refused before it is sent, and says what can; what can is seen applied."""
    rows = [json.loads(row) for row in stack.ctl("case", "list", "--state", "open", "--json").stdout.splitlines()]
    customer, case = rows[0]["customer_id"], rows[0]["case"]["id"]
    refused = stack.ctl("case", "offer", customer, case, check=False)
    assert refused.returncode == 1 and b"the case is open: offer is not possible now, but ack, contact" in refused.stderr
    assert stack.ctl("case", "contact", customer, "other-99", check=False).returncode == 1
    assert stack.ctl("case", "resolve", customer, check=False).returncode == 2
    moved = json.loads(stack.ctl("case", "contact", customer, case, "--by", "A-17", "--note", "call 010-1234-5678", "--wait", "--json").stdout)
    assert moved["customer_id"] == customer and moved["case"]["id"] == case and moved["case"]["state"] == "contacted"
    assert b"contacted" in stack.ctl("case", "show", customer, case).stdout
    assert stack.ctl("case", "resolve", customer, case, "--by", "A-17", "--dry-run").returncode == 0
    offered = json.loads(stack.ctl("case", "offer", customer, case, "--offer", "a month free", "--wait", "--json", VOC_OPERATOR="A-17").stdout)
    assert offered["case"]["state"] == "offered"
    resolved = json.loads(stack.ctl("case", "resolve", customer, case, "--cause", "carrier", "--outcome", "delivered, fee waived", "--by", "A-17", "--wait", "--json").stdout)
    assert resolved["case"]["state"] == "resolved"

    def listed(*flags):
        return [json.loads(row) for row in stack.ctl("case", "list", "--json", "--top", "100000", *flags).stdout.splitlines()]
    every, overdue = listed(), listed("--overdue")
    assert overdue == [row for row in every if row["overdue"]] and len(overdue) < len(every)
    team = every[0]["case"]["team"]
    assert listed("--team", team) == [row for row in every if row["case"]["team"] == team] and listed("--team", "nobody") == []


def test_a_year_of_cases_is_what_the_oracle_makes_of_it(stack):
    story = story_module.Story(stack, CUSTOMERS, ROUNDS, SEED)
    stack.start("classifier", 1)
    stack.start("aggregator", 3, **story.environment())
    stack.start("alerter", 1)
    stack.wait_ready()

    def disturb(number):
        if number in (ROUNDS // 3, 2 * ROUNDS // 3):
            victim = stack.of("aggregator")[number % 3]
            victim.kill()
            victim.start()

    story.live(disturb)
    check_the_tool(stack)
    stack.wait_drained()
    partitions, keys, alerts = check(stack)
    seen, sums = check_exactly_once(partitions), tallies(partitions)
    print(f"{CUSTOMERS} customers, {story.numbers}, {keys} keys, {len(alerts)} alerts, {dict(seen)}, {dict(sums)}")
    assert all(seen[rule] > 0 for rule in verify.oracle.oracle_cases.ALERTS)
    assert all(sums[f"case:{tally}"] > 0 for tally in ("opened", "reopened", "resolved", "closed", "recovered", "abandoned", "respond_overdue",
                                                       "resolve_overdue", "escalated", "silent"))
    relationships = [alert["data"]["relationship"] for alert in alerts.values() if "relationship" in alert["data"]]
    assert {alert["data"]["rule"] for alert in alerts.values()} >= set(verify.oracle.oracle_account.ALERTS)
    assert {one["stage"] for one in relationships} >= {"customer", "client", "advocate"} and any(one["top_fifth"] for one in relationships)
    assert {one.get("purchase") for one in relationships} >= {"during", "after"} and any(one.get("late_deliveries") for one in relationships)
    told = [json.dumps(alert, ensure_ascii=False) for alert in alerts.values()]
    assert not [text for text in told if any(secret in text for secret in ("김민수", "1234-5678", "4111-1111", "41111111"))]
    assert sum(p.totals["moves_refused"] for p in partitions.values()) > 0
    assert sums["case:recovered"] <= sums["case:opened"] + sums["case:reopened"]
    assert json.loads(stack.ctl("verify", "--json").stdout)["equal"]
    before = verify.redis_state(stack.redis)
    for process in stack.of("aggregator"):
        process.stop()
    stack.redis.flushall()
    stack.ctl("rebuild", "--yes")
    after = verify.redis_state(stack.redis)
    for key, fields in after.items():
        if key.endswith(":position"):
            fields.pop("rebuilt_at", None)
    assert not verify.differences({k: v for k, v in before.items() if k != "voc:meta"}, {k: v for k, v in after.items() if k != "voc:meta"})
