"""The C aggregation core and the Python oracle, two readings of docs/SEMANTICS.md, leave the same bytes.

Seeded logs of classified events (customers who fail, recover and leave; late, duplicate, copied and unreadable records)
go to both; the C core applies them in random batches, with restarts and lost writes in between.
"""
import json
import os
import pathlib
import random
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))
import oracle  # noqa: E402

RULES = json.loads((ROOT / "deploy" / "rules.json").read_text(encoding="utf-8"))
BIN = pathlib.Path(os.environ.get("VOC_BIN_DIR", ROOT / "build/dev/bin"))
DRIVER = BIN.parent / "tests" / "voc-aggregate-driver"
START_MS = 1_795_000_000_000
HOUR_MS = 3_600_000
TOPIC, PARTITION = "voc.classified", 7

FACTORS = ("product_service", "emotion", "attribution", "equity", "word_of_mouth")
SERVQUAL = ("none", "reliability", "responsiveness", "assurance", "empathy", "tangibles")
GAPS = ("knowledge", "design", "delivery", "communication", "perception")
NEEDS = ("time", "access", "personalisation", "information")
TEXTS = ("40분을 기다렸어요", "never again", "환불해 주세요 \"당장\"\n\\", "가" * 40, "a" * 79 + "é", "\u0001\u007f😀")


def event(rng, number, t, hot=0.0):
    mood = rng.random()
    feedback = "complaint" if mood < 0.45 else rng.choice(("opinion", "question", "unknown"))
    satisfaction = "dissatisfied" if mood < 0.5 else rng.choice(("neutral", "satisfied", "delighted", "unknown"))
    factors = [f for f in FACTORS if rng.random() < 0.3]
    data = {"customer_id": f"고객 {25 if rng.random() < hot else rng.randrange(25)}", "channel": rng.choice(("call", "web", "complaint")), "lang": rng.choice(("ko", "en")),
            "feedback_type": feedback, "satisfaction": satisfaction, "primary_factor": rng.choice(factors or ["none"]), "factors": factors,
            "servqual": rng.choice(SERVQUAL), "churn_intent": rng.random() < 0.08,
            "confidence": {head: round(rng.random(), 3) for head in ("feedback_type", "satisfaction", "factors", "servqual", "churn_intent")},
            "evidence": [{"head": "satisfaction", "label": "dissatisfied", "start": 0, "end": 9, "text": rng.choice(TEXTS)}
                         for _ in range(rng.randrange(5))], "model": "test+1"}
    for name, values in (("rating", (1, 2, 3, 4, 5)), ("product", ("internet-500", "인터넷")), ("team", ("A", "B")), ("agent_id", ("A-17",))):
        if rng.random() < 0.5:
            data[name] = rng.choice(values)
    if number % 3 == 0:
        data["expected"] = 1 + number // 3 % 5
    if number % 4 == 0:
        gap = number // 4 % 5
        data["gap"] = {"number": gap + 1, "name": GAPS[gap], "strength": ("weak", "fair", "strong")[number // 20 % 3], "cues": [{"phrase": "약속"}] * (gap % 3),
                       "owner": "고객만족", "step": "\"먼저\" 들으세요", "version": "1-00000000"}
    if number % 5 < 3:
        names = [name for i, name in enumerate(NEEDS) if number // 5 >> i & 1]
        data["needs"] = {name: [f"말 {i}" for i in range(1 + number % 3)] for name in names} | {"version": "1-00000000"}
    return {"specversion": "1.0", "id": f"e-{number}", "source": f"/src/{number % 3}", "type": "voc.classified", "subject": data["customer_id"],
            "time": oracle.format_time(t), "datacontenttype": "application/json", "data": data}


def fact(rng, number, t):
    """A profile, an order or a follow-up, as the classifier hands it on."""
    kind, customer = rng.choice(("profile", "order", "order", "followup")), f"고객 {rng.randrange(30)}"
    data = {"customer_id": customer}
    if kind == "followup":
        data |= {"case_id": f"case-{rng.randrange(9)}", "action": "contacted"}
    if kind == "order":
        data |= {"order_id": f"O-{rng.randrange(14)}", "status": rng.choice(("placed", "placed", "delivered", "delivered", "returned", "cancelled")),
                 "amount": rng.choice((0, 5, 990, 1_000_000, 10**12, rng.randrange(10**7))), "currency": rng.choice(("KRW",) * 9 + ("USD",))}
        for name in ("ordered_at", "promised_at", "delivered_at"):
            if rng.random() < 0.5:
                data[name] = oracle.format_time(t - rng.choice((-1, 0, 1)) * rng.choice((0, 1, HOUR_MS, 200 * HOUR_MS, 9000 * HOUR_MS)))
        if rng.random() < 0.5:
            data["margin"] = rng.choice((0, -990, 120_000, 10**12, -(10**12)))
    if rng.random() < 0.5:
        data["product"] = "인터넷"
    if kind == "profile":
        more = {"name": "김**", "contact": "***-**78", "age_band": "30-39", "sex": "female", "family": "couple", "lang": "ko", "since": oracle.format_time(t - 20_000 * HOUR_MS),
                "stage": rng.choice(oracle.oracle_account.STAGES[1:])}
        data |= {name: value for name, value in more.items() if rng.random() < (0.15 if name == "stage" else 0.5)}
    return {"specversion": "1.0", "id": f"f-{number}", "source": "/crm", "type": f"voc.{kind}", "subject": customer, "time": oracle.format_time(t),
            "datacontenttype": "application/json", "data": data}


def some_rules(rng, more=None):
    """The default rules, and others that weigh and tell otherwise; `more` decides on cases."""
    raw = json.loads(json.dumps(RULES))
    kind = rng.randrange(4)
    if kind:
        raw["version"] = f"other.{kind}"
        raw["weights"]["complaint"] = 5 * kind
        raw["thresholds"] = {"raise": 30 + kind, "critical": 70, "clear": 5}
        raw["half_life_hours"] = 24 * kind
        raw["cooldown_hours"]["churn_intent"] = kind - 1
        raw["follow_up"]["churn_intent"]["en"] = "tab\t\"line\n" + "é" * kind
        some_cases(more or random.Random(0), raw)
        some_accounts(more or random.Random(0), raw)
    if kind == 2:
        raw["importance"] = {"reliability": 60, "responsiveness": 10, "assurance": 10, "empathy": 20, "tangibles": 0}
    return raw


def some_accounts(rng, raw):
    """Other stages, values and priorities; now and then none."""
    sections = oracle.oracle_account.NUMBERS
    if rng.random() < 0.15:
        for name in sections:
            del raw[name]
        for rule in oracle.oracle_account.ALERTS:
            del raw["follow_up"][rule]
        return
    raw["stages"] |= {"client_orders": rng.choice((1, 2)), "advocate_orders": 2, "advocate_delighted": rng.choice((0, 1)), "advocate_index": rng.choice((0, 30)),
                      "partner_orders": 3, "partner_days": rng.choice((0, 5)), "usual_days": 3, "least_days": rng.choice((1, 30)), "lapse_percent": rng.choice((100, 250))}
    raw["value"]["retention_permille"] = rng.choice((0, 500, 999))


CALENDARS = [("Asia/Seoul", "KST-9"), ("Europe/Berlin", "CET-1CEST,M3.5.0,M10.5.0/3"), ("America/New_York", "EST5EDT,M3.2.0,M11.1.0"),
             ("Australia/Sydney", "AEST-10AEDT,M10.1.0,M4.1.0/3")]


def some_cases(rng, raw):
    """Other calendars, deadlines, steps and routes; now and then none of it."""
    if rng.random() < 0.2:
        del raw["cases"]
        for rule in oracle.oracle_cases.ALERTS:
            del raw["follow_up"][rule]
        return
    cases = raw["cases"]
    cases["calendar"]["zone"], cases["calendar"]["tz"] = rng.choice(CALENDARS)
    spans = rng.choice((["09:00-18:00"], ["00:00-24:00"], ["09:00-12:00", "13:00-17:30"], ["01:00-04:00", "22:00-23:59"]))
    for day in oracle.oracle_cases.DAYS:
        cases["calendar"]["hours"][day] = spans if day != "sun" or rng.random() < 0.5 else []
    cases["respond_minutes"] = {"info": 600, "warning": 240, "critical": rng.choice((1, 60))}
    cases["escalation"] = [{"after_minutes": 300 * (n + 1), "team": f"step-{n}"} for n in range(rng.randrange(5))]
    cases["routes"] = [{"servqual": "empathy", "product": "인터넷", "team": "desk"}, {"factor": "equity", "team": "fair"}, {"stage": "client", "team": "clients"}, {"from_team": "B", "team": "b-team"}][:rng.randrange(5)]
    cases["silence_days"], cases["close_days"], cases["reopen_days"] = rng.choice((0, 2, 14)), rng.choice((0, 7)), rng.choice((0, 10, 30))
    cases["abandon_days"] = rng.choice((3, 180))


def something_due(rng, partition):
    """What an aggregator would write, early or late; or what it should not have: another time, another case, no record at all."""
    entries = [(cid, member, t) for cid, customer in partition.customers.items() for member, t in customer.entries(cid).items()]
    if not entries:
        return None
    cid, member, t = rng.choice(sorted(entries, key=lambda entry: entry[2])[:12] if rng.random() < 0.7 else entries)
    kind, subject, _ = member.split("/", 2)
    mood = rng.random()
    if mood < 0.05:
        return oracle.due_record(cid, kind, subject, t + rng.choice((-1, 1)))
    if mood < 0.1:
        return oracle.due_record(rng.choice((cid, "nobody")), kind, "other-99", t)
    text = oracle.due_record(cid, kind, subject, t)
    return text.replace('"kind":"', '"kind":"x') if mood < 0.12 else text


def some_follow_up(rng, partition, number, t):
    """A move of a case: mostly one that it can make, now and then none that it has."""
    cases = [(cid, case) for cid, customer in partition.customers.items() for case in customer.cases.by_cause.values()]
    if not cases:
        return None
    cid, case = rng.choice(cases)
    moves = list(oracle.oracle_cases.MOVES[case.state]) if rng.random() < 0.8 else ["acknowledge", "contact", "offer", "resolve", "close", "reopen", "dance"]
    data = {"customer_id": cid, "case_id": case.id if rng.random() < 0.95 else "empathy-77", "action": rng.choice(moves)}
    return {"specversion": "1.0", "id": f"m-{number}", "source": "/desk", "type": "voc.followup", "subject": cid, "time": oracle.format_time(t),
            "datacontenttype": "application/json", "data": data}


def bad_rules(rng):
    """A record that looks like rules and is none."""
    text = oracle.rules_record(some_rules(rng))
    return rng.choice((text.replace('"id":"', '"id":7,"n":"'), text.replace('"critical":', '"critical":1'), text.replace(",\"tangibles\":6", ""),
                       text.replace('"clear"', '"clean"'), text[:-1], text.replace("voc.rules", "voc.rule"), text.replace('"max":3', '"max":3.0'),
                       text.replace('"version":"', '"version":"x'), text[:-1] + ',"pad":"' + "x" * 66_560 + '"}'))


def forget(rng, value):
    """A request to forget the customer of an event, or something that looks like one and is none."""
    text = oracle.forget_record(value["data"]["customer_id"])
    return text if rng.random() < 0.8 else rng.choice((text.replace("/voc/vocctl", "/voc/aggregator"), text.replace("}}", ',"why":"asked"}}'), text[:-1]))


class Clock:
    """The records' timestamps, from a clock that a log's events need not agree with: slow, fast, jumping, now and then absurd."""

    def __init__(self, rng, restless):
        self.rng, self.restless, self.at, self.pace = rng, restless, START_MS, 0

    def next(self):
        rng = self.rng
        if rng.random() < 0.02 * self.restless:
            self.pace = rng.choice((0, 1, 80, 4000, 150_000, 600_000))
        if rng.random() < 0.01 * self.restless:
            self.at += rng.choice((-1, 1)) * rng.choice((599_999, 600_000, 600_001, HOUR_MS, 86_400_000, 86_400_001, 400 * HOUR_MS))
        self.at += self.pace
        late = rng.choice((1, 600_000, 86_400_001)) if rng.random() < 0.03 else 0
        return rng.choice((-1, 0, -(1 << 62), (1 << 62))) if rng.random() < 0.002 * self.restless else self.at - late


def log(seed, length=900, hot=0.0, back=20, restless=1.0, facts=0.15):
    """Records as (offset, timestamp, source header, value). `hot`: the share of one customer's events; `back`: how far a duplicate may come after."""
    rng = random.Random(seed)
    others = random.Random(seed + 1000)  # facts come on top, and leave the events as they are without them
    records, recent, t, offset, raw = [], [], START_MS, 0, {}
    # Odd seeds live on the edges: no time at all between events, or just a cooldown, a window or a half-life.
    steps = (0, 0, 0, 24 * HOUR_MS, 72 * HOUR_MS, 168 * HOUR_MS, 336 * HOUR_MS) if seed % 2 else (0, 1, 59_999, HOUR_MS, 30 * HOUR_MS, 400 * HOUR_MS)
    more, forgets = random.Random(seed), random.Random(seed + 2000)
    clock, partition, seen = Clock(rng, restless), oracle.Partition(PARTITION, TOPIC), 0
    first_rules = rng.randrange(60)
    for number in range(length):
        if number == first_rules or number > first_rules and rng.random() < 0.01:
            records.append((offset, t, "" if number == first_rules or rng.random() < 0.9 else "voc.web/1/999999", oracle.rules_record(some_rules(rng, more))))
            offset += 1
        for offset_, timestamp, header, value in [] if hot else records[seen:]:
            partition.apply(offset_, value, header, timestamp)
        seen = len(records)
        due = something_due(more, partition) if not hot and more.random() < 0.3 else None
        if due:
            records += [(offset + n, t, "", due) for n in range(1 + (more.random() < 0.1))]  # two owners write the same
            offset = records[-1][0] + 1
        move = some_follow_up(more, partition, number, t - more.choice((0, HOUR_MS))) if not hot and more.random() < 0.4 else None
        if move:
            at = raw["voc.followups/0"] = raw.get("voc.followups/0", -1) + 1
            records.append((offset, t, f"voc.followups/0/{at}", oracle.dumps(move)))
            offset += 1
        if rng.random() < 0.01:
            records.append((offset, t, "", bad_rules(rng)))
            offset += 1
        if recent and not hot and forgets.random() < 0.01:  # a hot customer's ring must have time to grow
            records.append((offset, t, "", forget(forgets, recent[-1])))
            offset += 1
        t += rng.choice(steps) if rng.random() < (0.1 if seed % 2 else 0.9) else 0
        late = rng.choice((1, 5 * HOUR_MS, 24 * HOUR_MS, 168 * HOUR_MS, 700 * HOUR_MS)) if rng.random() < 0.1 else 0
        value = event(rng, number, t - late, hot)
        if recent and rng.random() < 0.05:
            value = rng.choice(recent)  # a sender's duplicate
        recent = (recent + [value])[-back:]
        source = f"voc.{rng.choice(('calls', 'web', 'complaints'))}/{rng.randrange(3)}"
        if others.random() < facts:
            value, source = fact(others, number, t - late), f"voc.orders/{others.randrange(3)}"
        at = raw.get(source, 0) if rng.random() < 0.95 else max(0, raw.get(source, 0) - 3)  # now and then a copy
        raw[source] = max(raw.get(source, 0), at + 1)
        text = oracle.dumps(value)
        if rng.random() < 0.02:
            text = rng.choice(("{", "", "[]"))
        header = "" if rng.random() < 0.01 else f"{source}/{at}"
        records.append((offset, clock.next(), header, text))
        offset += 1
    return records


def run_core(records, seed):
    lines = "".join(f"{offset}\t{timestamp}\t{header}\t{value}\n" for offset, timestamp, header, value in records)
    done = subprocess.run([DRIVER, TOPIC, str(PARTITION), str(seed)], input=lines.encode(), capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    store, alerts = done.stdout.decode().splitlines()
    return json.loads(store), json.loads(alerts).get("alerts", {})


def run_oracle(records):
    partition = oracle.Partition(PARTITION, TOPIC)
    for offset, timestamp, header, value in records:
        partition.apply(offset, value, header, timestamp)
    prefix = "voc:{%d}:" % PARTITION
    store = {key.removeprefix(prefix): {field: str(value) for field, value in fields.items()} for key, fields in partition.redis().items()}
    store |= {key.removeprefix(prefix): fields for key, fields in partition.expiring().items()}
    return store, partition


@pytest.mark.parametrize("seed", range(1, 13))
def test_core_and_oracle_agree(seed):
    records = log(seed)
    expected, partition = run_oracle(records)
    store, alerts = run_core(records, seed)
    assert store == expected
    assert {id_: json.loads(text) for id_, text in alerts.items()} == partition.alerts
    for id_, text in alerts.items():
        assert text == oracle.dumps(partition.alerts[id_]), "the same bytes, the members' order included"


def test_core_and_oracle_agree_on_a_hot_customer(monkeypatch):
    """One with nine tenths of the events, so that its ring grows, is cut at its most, and falls back."""
    sizes, append = [], oracle.Ring.append
    monkeypatch.setattr(oracle.Ring, "append", lambda ring, *more: (append(ring, *more), sizes.append(len(ring.ids))))
    for seed, length, back, restless in ((101, 2500, 60, 1.0), (102, 6000, 500, 0.1), (107, 9000, 6000, 0.02)):
        records = log(seed, length, 0.9, back, restless, 0)
        expected, partition = run_oracle(records)
        store, _ = run_core(records, seed)
        assert store == expected
        assert partition.customers["고객 25"].counts["duplicates"] > 20
    assert max(sizes) == 4096 and sizes.count(32) > 100
    falls = set(zip(sizes, sizes[1:]))
    assert any(a > 1000 and b == 32 for a, b in falls) and (4096, 4033) in falls, "by time, and by the most"


def test_the_logs_have_everything_in_them():
    totals, rules_seen, states, versions, told, lapses, late_gaps = {}, set(), set(), set(), [], 0, 0
    for seed in range(1, 13):
        records = log(seed)
        _, partition = run_oracle(records)
        due = {offset for offset, _, header, value in records if not header and "client_lapse/" in value}
        lapses += sum(alert["data"]["rule"] == "client_lapsing" and int(alert["data"]["origin"].rsplit("/", 1)[1]) in due for alert in partition.alerts.values())
        for name, count in partition.totals.items():
            totals[name] = totals.get(name, 0) + count
        told += partition.alerts.values()
        late_gaps += sum(count for day in partition.days.values() for name, count in day.items() if name.startswith("gap_late:"))
        rules_seen |= {(alert["data"]["rule"], alert["data"]["severity"]) for alert in partition.alerts.values()}
        versions |= {alert["data"]["rules_version"] for alert in partition.alerts.values()}
        states |= {(a["data"]["previous_state"], a["data"]["risk_state"]) for a in partition.alerts.values()}
    assert all(totals[name] > 20 for name in ("events", "duplicates", "copies", "invalid", "controls", "facts", "dues", "dues_stale", "moves_refused")), totals
    assert len(versions) > 4, "rules changed"
    assert lapses > 10, "clients lapsed in silence"
    assert late_gaps > 5, "trouble after late deliveries"
    relationships = [alert["data"]["relationship"] for alert in told if "relationship" in alert["data"]]
    assert {one["stage"] for one in relationships} >= set(oracle.oracle_account.STAGES[1:])
    assert {one.get("purchase") for one in relationships} == {None, "before", "during", "after"} and {one["top_fifth"] for one in relationships} == {True, False}
    assert {("churn_intent", "warning"), ("churn_intent", "critical"), ("repeat_complaint", "warning"), ("repeat_complaint", "critical"),
            ("risk_raised", "warning"), ("risk_critical", "critical"), ("risk_cleared", "info"), ("stage_changed", "info"), ("advocate_turning", "warning"), ("advocate_turning", "critical"),
            ("client_lapsing", "warning")} | {(rule, "critical") for rule in oracle.oracle_cases.ALERTS} <= rules_seen
    assert {("normal", "at_risk"), ("normal", "critical"), ("at_risk", "critical"), ("at_risk", "normal"), ("critical", "normal")} <= states
