"""The aggregator's semantics (docs/SEMANTICS.md), once more and independently: plain Python over the log of voc.classified.

Nothing here is shared with the C code. Feed every record of a partition in offset order to Partition.apply(); then
Partition.redis() is what Redis must hold, field by field, and Partition.alerts what must have been told, by id.
"""
import base64
import hashlib
import json
import re
from datetime import datetime, timedelta, timezone

import xxhash

import oracle_account
import oracle_cases

TROUBLES, CONTRIBUTIONS, MOST_POINTS = 8, 4, 200_000
RING_LEAST, RING_MOST, RING_CHUNK, RING_PERIOD_MS, AHEAD_MS, LATEST_MS = 32, 4096, 64, 600_000, 86_400_000, 253_402_300_799_999
FEEDBACK = ("complaint", "opinion", "question")
SATISFACTION = ("dissatisfied", "neutral", "satisfied", "delighted")
SEVERITY = {1: "info", 2: "warning", 3: "critical"}
FACTS = ("voc.profile", "voc.order", "voc.followup")
HOUR_MS = 3_600_000
NAMES_MOST, INDEX_KEPT_MS = 1000, 400 * 86_400_000
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def root_of_half(i):
    """floor(2^32 * 2^(-1/2^i)), by integer square roots only: 2^(-1/2^i) = sqrt(2^(-1/2^(i-1)))."""
    from math import isqrt
    scale = 200  # bits of precision carried along
    value = 1 << (scale - 1)  # 2^-1
    for _ in range(i):
        value = isqrt(value << scale)
    return value >> (scale - 32)


C = [None] + [root_of_half(i) for i in range(1, 17)]


def decay(points, dt, half_life):
    dt = min(dt, 100 * half_life)
    x = dt * 65536 // half_life
    n, f = x >> 16, x & 65535
    if n > 40:
        return 0
    q = abs(points) >> n
    for i in range(1, 17):
        if f >> (16 - i) & 1:
            q = q * C[i] >> 32
    return -q if points < 0 else q


def trunc_div(a, b):
    return abs(a) // b if a >= 0 else -(abs(a) // b)


def parse_time(text):
    """RFC 3339 to milliseconds, cut to milliseconds."""
    text = text.upper().replace(" ", "T")
    head, tail = text[:19], text[19:]
    fraction = ""
    if tail.startswith("."):
        end = 1
        while end < len(tail) and tail[end].isdigit():
            end += 1
        fraction, tail = tail[1:end], tail[end:]
    if head.endswith(":60"):
        head = head[:-2] + "59"
    base = datetime.strptime(head, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
    ms = (base - EPOCH) // timedelta(milliseconds=1) + int((fraction + "000")[:3])
    if tail != "Z":
        minutes = int(tail[1:3]) * 60 + int(tail[4:6])
        ms -= minutes * 60_000 * (-1 if tail[0] == "-" else 1)
    return ms


def format_time(ms):
    return (EPOCH + timedelta(milliseconds=ms)).strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (ms % 1000)


def dumps(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def clip(text, most):
    data = text.encode()
    if len(data) <= most:
        return text
    return data[:most].decode(errors="ignore")


WEIGHTS = {"complaint", "dissatisfied", "reliability", "responsiveness", "assurance", "empathy", "tangibles", "emotion", "attribution", "equity",
           "word_of_mouth", "churn_intent", "repeat", "rating_1", "rating_2", "satisfied", "delighted"}
ALERTS = {"churn_intent", "repeat_complaint", "risk_raised", "risk_critical", "risk_cleared"}
RULES_MEMBERS = {"version", "half_life_hours", "thresholds", "weights", "repeat", "repeat_complaint", "cooldown_hours", "follow_up"}
RULES_PARTS = {"cases", "importance", "stages", "value", "priority"}  # which rules may be without


DUE_KINDS = {f"case_{kind}" for kind in oracle_cases.KINDS} | {"client_lapse"}


def check(condition, what):
    if not condition:
        raise ValueError(what)


def integers(group, names, least, most):
    check(group.keys() == set(names), "members")
    check(all(type(value) is int and least <= value <= most for value in group.values()), "numbers")


class Rules:
    """Rules as a file holds them; ValueError, KeyError or AttributeError if it could not."""

    def __init__(self, raw):
        check(raw.keys() - RULES_PARTS == RULES_MEMBERS and re.fullmatch(r"[A-Za-z0-9._-]{1,48}", raw["version"]), "members")
        integers(raw["thresholds"], ("raise", "critical", "clear"), 1, 100)
        check(raw["thresholds"]["clear"] < raw["thresholds"]["raise"] < raw["thresholds"]["critical"], "thresholds")
        integers(raw["weights"], WEIGHTS, -1000, 1000)
        integers(raw["cooldown_hours"], ALERTS, 0, 87600)
        if "importance" in raw:
            integers(raw["importance"], ("reliability", "responsiveness", "assurance", "empathy", "tangibles"), 0, 100)
            check(sum(raw["importance"].values()) == 100, "importance")
        integers({"h": raw["half_life_hours"], "r": raw["repeat"]["window_hours"], "c": raw["repeat_complaint"]["window_hours"]}, "hrc", 1, 87600)
        integers({**raw["repeat"], "window_hours": 0}, ("window_hours", "max"), 0, 8)
        integers({**raw["repeat_complaint"], "window_hours": 2}, ("window_hours", "count"), 2, 8)
        self.accounts = raw if oracle_account.check_rules(raw) else None
        told = ALERTS | (set(oracle_cases.ALERTS) if "cases" in raw else set()) | (set(oracle_account.ALERTS) if self.accounts else set())
        check(raw["follow_up"].keys() == told and all(texts.keys() == {"ko", "en"} for texts in raw["follow_up"].values()), "follow_up")
        for text in (text for texts in raw["follow_up"].values() for text in texts.values()):
            check(0 < len(text.encode()) < 400 and not any(c < " " and c not in "\n\t" for c in text), "text")
        self.cases = oracle_cases.CaseRules(raw["cases"]) if "cases" in raw else None
        self.raw = raw
        self.body = json.dumps(raw, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        self.version = f"{raw['version']}-{hashlib.sha256(self.body.encode()).hexdigest()[:8]}"
        self.half_life = self.raw["half_life_hours"] * HOUR_MS
        self.thresholds = self.raw["thresholds"]
        self.weights = {name: points * 1000 for name, points in self.raw["weights"].items()}
        self.repeat = self.raw["repeat"]
        self.repeat_complaint = self.raw["repeat_complaint"]
        self.cooldown = {rule: hours * HOUR_MS for rule, hours in self.raw["cooldown_hours"].items()}


def rules_of(value, source_header):
    """The rules in a record of voc.classified, or None if that is no valid rules record."""
    if source_header:
        return None
    try:
        event = json.loads(value)
        if event["type"] != "voc.rules" or len(value if isinstance(value, bytes) else value.encode()) > 66_560:
            return None
        check(event["specversion"] == "1.0" and event["source"] == "/voc/aggregator" and event["datacontenttype"] == "application/json", "envelope")
        check(isinstance(event["id"], str) and event["data"].keys() == {"version", "rules"}, "envelope")
        rules = Rules(event["data"]["rules"])
        return rules if rules.version == event["data"]["version"] else None
    except (ValueError, KeyError, AttributeError, TypeError):
        return None


def due_of(value, source_header):
    """What fell due, by a record of voc.classified, or None if that is no valid due record."""
    if source_header:
        return None
    try:
        event = json.loads(value)
        data = event["data"]
        check(event["type"] == "voc.due" and event["specversion"] == "1.0" and event["source"] == "/voc/aggregator", "envelope")
        check(data.keys() == {"customer_id", "kind", "subject"} and data["kind"] in DUE_KINDS, "data")
        return data["customer_id"], data["kind"], data["subject"], parse_time(event["time"])
    except (ValueError, KeyError, AttributeError, TypeError):
        return None


def due_record(customer_id, kind, subject, t):
    """What an aggregator writes when that is past."""
    return dumps({"specversion": "1.0", "id": f"{kind}/{subject}/{t}", "source": "/voc/aggregator", "type": "voc.due", "subject": customer_id,
                  "time": format_time(t), "datacontenttype": "application/json", "data": {"customer_id": customer_id, "kind": kind, "subject": subject}})


def rules_record(raw):
    """What an aggregator writes that is configured with these rules."""
    rules = Rules(raw)
    return '{"specversion":"1.0","id":"%s","source":"/voc/aggregator","type":"voc.rules","datacontenttype":"application/json","data":' \
           '{"version":"%s","rules":%s}}' % (rules.version, rules.version, rules.body)


def forgotten_by(value, source_header):
    """The customer that a record of voc.classified wants forgotten, or None if that is no valid forget record."""
    if source_header:
        return None
    try:
        event = json.loads(value)
        if event["type"] != "voc.forget" or len(value if isinstance(value, bytes) else value.encode()) > 8192:
            return None
        check(event["specversion"] == "1.0" and event["source"] == "/voc/vocctl" and event["datacontenttype"] == "application/json", "envelope")
        check(isinstance(event["id"], str) and event["data"].keys() == {"customer_id"}, "envelope")
        parse_time(event["time"])
        customer = event["data"]["customer_id"]
        check(isinstance(customer, str) and 0 < len(customer) <= 128, "customer_id")
        return customer
    except (ValueError, KeyError, AttributeError, TypeError, IndexError):
        return None


def forget_record(customer, request="r-1", time="2026-11-22T00:00:00.000Z"):
    """What vocctl forget writes."""
    return '{"specversion":"1.0","id":%s,"source":"/voc/vocctl","type":"voc.forget","time":"%s","datacontenttype":"application/json","data":' \
           '{"customer_id":%s}}' % (dumps(request), time, dumps(customer))


class Ring:
    """The ids of a customer's recent events, by their numbers."""

    def __init__(self):
        self.ids, self.known, self.mark = {}, {}, None  # number -> id; id -> how often it is there; (t0, n0)

    def __contains__(self, h):
        return h in self.known

    def drop(self, numbers):
        for number in numbers:
            h = self.ids.pop(number)
            self.known[h] -= 1
            if not self.known[h]:
                del self.known[h]

    def append(self, h, r, number):
        r = min(max(r, 0), LATEST_MS)
        if self.mark and r - self.mark[0] >= RING_PERIOD_MS:
            self.drop([n for n in self.ids if n < self.mark[1] and n < number - (RING_LEAST - 1)])
            self.mark = (r, number + 1)
        elif self.mark and self.mark[0] - r > AHEAD_MS:
            self.mark = (r, number + 1)
        self.ids[number] = h
        self.known[h] = self.known.get(h, 0) + 1
        if len(self.ids) > RING_MOST:
            self.drop(sorted(self.ids)[:RING_CHUNK])
        if not self.mark and len(self.ids) == RING_LEAST:
            self.mark = (r, number + 1)

    def fields(self):
        numbers = sorted(self.ids)
        spelt = {n: base64.urlsafe_b64encode(self.ids[n].to_bytes(6, "big")).decode() for n in numbers}
        out = {"recent": "".join(spelt[n] for n in numbers[-RING_LEAST:])}
        for n in numbers[:-RING_LEAST]:
            name = f"recent:{n // RING_CHUNK}"
            out[name] = out.get(name, "") + spelt[n]
        if self.mark:
            out["recent_mark"] = "%d:%d" % self.mark
        return out


def score_of(data):
    """0 to 100, or None: from what was expected and what was found, else from the label."""
    if data.get("rating") and data.get("expected"):
        return min(100, max(0, 75 + 25 * (data["rating"] - data["expected"])))
    return {"dissatisfied": 0, "satisfied": 75, "delighted": 100}.get(data["satisfaction"])


def needs_of(data):
    return [need for need in ("time", "access", "personalisation", "information") if need in data.get("needs", {})]


class Customer:
    def __init__(self):
        self.counts = {}
        self.ring = Ring()
        self.troubles, self.contributions, self.marks = [], [], {}
        self.points, self.at, self.state = 0, None, "normal"
        self.first_at = self.last_at = self.last_event = None
        self.cases = oracle_cases.Cases()
        self.account = None

    def add(self, field, by=1):
        self.counts[field] = self.counts.get(field, 0) + by

    def entries(self, customer_id):
        """Of the sorted set `due`."""
        lapse = {f"client_lapse/-/{customer_id}": self.account.lapses_at} if self.account and self.account.lapses_at is not None else {}
        return self.cases.entries(customer_id) | lapse

    def index(self):
        return self.counts.get("index_points", 0) // self.counts["index_contacts"] if "index_contacts" in self.counts else 50

    def risk(self):
        return min(100, self.points // 1000)

    def fields(self):
        out = {name: str(count) for name, count in self.counts.items()}
        out.update(self.ring.fields() if self.ring.ids else {})
        if self.at is not None:
            out.update(satisfaction_index=str(self.index()), risk=str(self.risk()), risk_points=str(self.points), risk_at=str(self.at),
                       risk_state=self.state, first_at=str(self.first_at), last_at=str(self.last_at), last_event=self.last_event)
        if self.troubles:
            out["troubles"] = ",".join(f"{t}:{factor}:{kind}" for t, factor, kind in self.troubles)
        if self.contributions:
            out["contributions"] = dumps(self.contributions)
        for rule, (t, severity) in self.marks.items():
            out[f"alert:{rule}"] = f"{t}:{severity}"
        out.update((f"case:{cause}", case.field()) for cause, case in self.cases.by_cause.items())
        out.update(self.account.fields() if self.account else {})
        return out


class Partition:
    def __init__(self, number, topic="voc.classified"):
        self.number, self.topic = number, topic
        self.rules, self.rules_from, self.head = None, None, []
        self.offset = 0
        self.totals = {"events": 0, "duplicates": 0, "copies": 0, "invalid": 0, "controls": 0, "facts": 0, "dues": 0, "dues_stale": 0, "moves_refused": 0}
        self.sources, self.customers, self.rollups, self.days = {}, {}, {}, {}
        self.alerts = {}
        self.values = oracle_account.Values()

    # ---- one record
    def apply(self, offset, value, source_header, timestamp):
        """Until the log names its first rules, records are only gathered."""
        if self.rules is None:
            self.head.append((offset, value, source_header, timestamp))
            self.rules = rules_of(value, source_header)
            if self.rules is not None:
                self.rules_from = self.head[0][0]
                for record in self.head:
                    self.apply_one(*record)
                self.head = []
            return
        self.apply_one(offset, value, source_header, timestamp)

    def apply_one(self, offset, value, source_header, timestamp):
        self.offset = offset + 1
        rules = rules_of(value, source_header)
        if rules is not None:
            self.totals["controls"] += 1
            if rules.version != self.rules.version:
                self.rules, self.rules_from = rules, offset
            return
        due = due_of(value, source_header)
        if due:
            self.fall_due(offset, *due)
            return
        customer = forgotten_by(value, source_header)
        if customer is not None:
            self.totals["controls"] += 1
            gone = self.customers.pop(customer, None)
            if gone is not None and gone.account is not None:
                self.values.move(gone.account.sums["value"], 0)
            return
        try:
            event = json.loads(value)
            topic, partition, source_offset = source_header.rsplit("/", 2)
            data = event["data"]
            check(event["type"] in ("voc.classified", *FACTS), "type")
        except Exception:
            self.totals["invalid"] += 1
            return
        source = f"{topic}/{partition}"
        if int(source_offset) < self.sources.get(source, 0):
            self.totals["copies"] += 1
            return
        self.sources[source] = int(source_offset) + 1
        if event["type"] in FACTS:
            self.totals["facts"] += 1
            if event["type"] == "voc.followup":
                self.follow_up(data["customer_id"], data, parse_time(event["time"]))
            else:
                self.take(event["type"], data, parse_time(event["time"]), offset)
            return
        customer = self.customers.setdefault(data["customer_id"], Customer())
        h = xxhash.xxh64(f"{event['source']}\n{event['id']}".encode(), seed=0).intdigest() & (1 << 48) - 1
        if h in customer.ring:
            self.totals["duplicates"] += 1
            customer.add("duplicates")
            return
        customer.ring.append(h, timestamp, customer.counts.get("events", 0))
        self.totals["events"] += 1
        t = parse_time(event["time"])
        self.count(customer, event, data, t)
        terms = self.terms(customer, data, t)
        self.score(customer, event, data, t, terms)
        sent, before = self.transitions(customer, event, data, t, offset)
        stage = customer.account.stage if customer.account else "none"
        back = customer.cases.contact(self.rules.cases, data, t, customer.state == "critical", stage, customer.counts.get("cases", 0) + 1, self.teller(customer, t))
        news = self.review(customer, t, data)
        for rule, severity in sent:
            self.tell(customer, event, data, t, offset, rule, severity, before)
        if back:
            self.tell(customer, event, data, t, offset, back[0], back[1], before, back[2])
            sent.append(back[:2])
        for rule, severity in news:
            self.tell(customer, event, data, t, offset, rule, severity, before)
        sent += news
        if self.rules.accounts and customer.account:
            self.add(t, f"purchase:{customer.account.purchase(t)}")
            if "gap" in data and customer.account.late(t):
                day, field = self.days.setdefault(t // 86_400_000, {}), f"gap_late:{data['gap']['name']}"
                day[field] = day.get(field, 0) + 1
        self.roll_up(data, t, [rule for rule, _ in sent])

    def count(self, customer, event, data, t):
        customer.add("events")
        if data["feedback_type"] in FEEDBACK:
            customer.add(data["feedback_type"])
        if data["satisfaction"] in SATISFACTION:
            customer.add(data["satisfaction"])
        for factor in data["factors"]:
            customer.add(f"factor:{factor}")
        if data["servqual"] != "none":
            customer.add(f"servqual:{data['servqual']}")
        customer.add(f"channel:{data['channel']}")
        if data["churn_intent"]:
            customer.add("churn_intents")
        for need in needs_of(data):
            customer.add(f"need:{need}")
        score = score_of(data)
        if score is not None:
            customer.add("index_contacts")
            if score:
                customer.add("index_points", score)
        if customer.first_at is None or t < customer.first_at:
            customer.first_at = t
        if customer.last_at is None or t >= customer.last_at:
            customer.last_at, customer.last_event = t, event["id"]

    def terms(self, customer, data, t):
        w, rules = self.rules.weights, self.rules
        complaint, dissatisfied = data["feedback_type"] == "complaint", data["satisfaction"] == "dissatisfied"
        trouble = complaint or dissatisfied
        factor = data["primary_factor"]
        terms = {}
        if complaint:
            terms["complaint"] = w["complaint"]
        if dissatisfied:
            terms["dissatisfied"] = w["dissatisfied"]
        if trouble and data["servqual"] != "none":
            terms[f"servqual:{data['servqual']}"] = w[data["servqual"]]
        for name in ("emotion", "attribution", "equity", "word_of_mouth"):
            if trouble and name in data["factors"]:
                terms[f"factor:{name}"] = w[name]
        if data["churn_intent"]:
            terms["churn_intent"] = w["churn_intent"]
        if trouble and factor != "none":
            window = rules.repeat["window_hours"] * HOUR_MS
            before = sum(1 for u, f, _ in customer.troubles if f == factor and abs(t - u) <= window)
            terms["repeat"] = w["repeat"] * min(rules.repeat["max"], before)
        if data.get("rating") in (1, 2):
            terms["rating"] = w[f"rating_{data['rating']}"]
        if data["satisfaction"] in ("satisfied", "delighted"):
            terms[data["satisfaction"]] = w[data["satisfaction"]]
        return {name: points for name, points in terms.items() if points}

    def score(self, customer, event, data, t, terms):
        w, half_life = sum(terms.values()), self.rules.half_life
        if customer.at is None:
            customer.at = t
        if t >= customer.at:
            customer.points = decay(customer.points, t - customer.at, half_life) + w
            customer.at = t
        else:
            customer.points += decay(w, customer.at - t, half_life)
        customer.points = max(0, min(MOST_POINTS, customer.points))
        complaint = data["feedback_type"] == "complaint"
        if complaint or data["satisfaction"] == "dissatisfied":
            customer.troubles = (customer.troubles + [(t, data["primary_factor"], "c" if complaint else "d")])[-TROUBLES:]
        if w > 0:
            customer.contributions = (customer.contributions + [{
                "id": event["id"], "source": event["source"], "time": format_time(t), "points": w, "terms": terms,
                "feedback_type": data["feedback_type"], "satisfaction": data["satisfaction"], "primary_factor": data["primary_factor"],
                "servqual": data["servqual"], "churn_intent": data["churn_intent"],
                "evidence": [clip(text, 80) for text in list(dict.fromkeys(span["text"] for span in data["evidence"] if span.get("text")))[:3]]}])[-CONTRIBUTIONS:]

    def next_state(self, state, risk):
        th = self.rules.thresholds
        if state == "normal":
            return "critical" if risk >= th["critical"] else "at_risk" if risk >= th["raise"] else "normal"
        if risk < th["clear"]:
            return "normal"
        if state == "at_risk":
            return "critical" if risk >= th["critical"] else "at_risk"
        return "at_risk" if risk < th["raise"] else "critical"

    def transitions(self, customer, event, data, t, offset):
        before, customer.state = customer.state, self.next_state(customer.state, customer.risk())
        now = customer.state
        level = 3 if now == "critical" else 2
        candidates = []
        if data["churn_intent"]:
            candidates.append(("churn_intent", level))
        if data["feedback_type"] == "complaint":
            window = self.rules.repeat_complaint["window_hours"] * HOUR_MS
            if sum(1 for u, _, kind in customer.troubles if kind == "c" and abs(t - u) <= window) >= self.rules.repeat_complaint["count"]:
                candidates.append(("repeat_complaint", level))
        if before != now:
            if before == "normal" and now == "at_risk":
                candidates.append(("risk_raised", 2))
            elif now == "critical":
                candidates.append(("risk_critical", 3))
            elif now == "normal":
                candidates.append(("risk_cleared", 1))
        sent = []
        for rule, severity in candidates:
            mark = customer.marks.get(rule)
            if mark and mark[1] >= severity and abs(t - mark[0]) < self.rules.cooldown[rule]:
                continue
            customer.marks[rule] = (t, severity)
            if rule == "risk_cleared":
                customer.marks.pop("risk_raised", None)
                customer.marks.pop("risk_critical", None)
            sent.append((rule, severity))
        return sent, before

    # ---- accounts
    def review(self, customer, t, data):
        if not self.rules.accounts or not customer.account:
            return []
        return customer.account.review(self.rules.accounts, customer, t, data, self.rules.repeat["window_hours"] * HOUR_MS)

    def take(self, type_, data, t, offset):
        customer = self.customers.setdefault(data["customer_id"], Customer())
        account = customer.account = customer.account or oracle_account.Account(parse_time)
        if type_ == "voc.profile":
            account.take_profile(data, t)
        else:
            account.take_order(data, t)
            if self.rules.accounts:
                worth = account.worth(self.rules.accounts)
                self.values.move(account.sums["value"], worth)
                account.sums["value"] = worth
        self.tell_review(customer, offset, {"customer_id": data["customer_id"], "product": data.get("product") if type_ == "voc.order" else None}, t)

    def tell_review(self, customer, offset, data, t):
        """After a record that is no contact."""
        for rule, severity in self.review(customer, t, None):
            cause = data | {"lang": customer.account.profile.get("lang", "en")}
            self.tell(customer, None, cause, t, offset, rule, severity, customer.state)
            self.add(t, f"alert:{rule}")

    def importance(self, customer, t, severity):
        """The alert's members that rules with accounts make."""
        if not self.rules.accounts:
            return {}
        account, window = customer.account, self.rules.repeat["window_hours"] * HOUR_MS
        top = account is not None and self.values.is_top(account.sums["value"])
        troubles = sum(1 for u, _, _ in customer.troubles if abs(u - t) <= window)
        return ({"relationship": account.relationship(t, top)} if account else {}) | {
            "priority": oracle_account.priority(self.rules.accounts, SEVERITY[severity], customer.risk(), account.stage if account else "none", top, troubles)}

    # ---- cases
    def add(self, t, name):
        rollup = self.rollups.setdefault(t // 60_000, {})
        rollup[name] = rollup.get(name, 0) + 1

    def teller(self, customer, t):
        def tell(tally, case):
            for name in [f"case:{tally}", f"case:{tally}:cause:{case.cause}", f"case:{tally}:team:{case.team}"] + \
                    ([f"case:{tally}:product:{case.product}"] if case.product else []):
                self.add(t, name)
            self.add_case_to_day(self.days.setdefault(t // 86_400_000, {}), tally, case)
            if tally in ("opened", "reopened", "recovered"):
                customer.add("cases" if tally == "opened" else f"cases_{tally}")
        return tell

    @staticmethod
    def add_case_to_day(day, tally, case):
        names = [f"case:{tally}", f"case:{tally}:cause:{case.cause}"]
        for dimension, name in (("team", case.team), ("product", case.product)):
            field = f"case:{tally}:{dimension}:{name}"
            if not name:
                continue
            if field not in day:
                if day.get("case_names", 0) < NAMES_MOST:
                    day["case_names"] = day.get("case_names", 0) + 1
                else:
                    field = f"case:{tally}:{dimension}:"
            names.append(field)
        for name in names:
            day[name] = day.get(name, 0) + 1

    def fall_due(self, offset, customer_id, kind, subject, t):
        customer = self.customers.get(customer_id)
        if kind == "client_lapse":
            self.lapse(customer, offset, customer_id, t)
            return
        done = customer.cases.fall_due(self.rules.cases, kind, subject, t, self.teller(customer, t)) if customer else None
        self.totals["dues_stale" if done is None else "dues"] += 1
        if done and self.rules.cases:
            rule, severity, case = done
            data = {"customer_id": customer_id, "lang": case.lang, "channel": case.channel, "product": case.product, "team": case.team}
            self.tell(customer, None, data, t, offset, rule, severity, customer.state, case)
            self.add(t, f"alert:{rule}")

    def lapse(self, customer, offset, customer_id, t):
        if not customer or not customer.account or customer.account.lapses_at != t:
            self.totals["dues_stale"] += 1
            return
        self.totals["dues"] += 1
        customer.account.lapses_at = None
        self.tell_review(customer, offset, {"customer_id": customer_id, "product": None}, t)

    def follow_up(self, customer_id, data, t):
        customer = self.customers.get(customer_id)
        if not customer or not customer.cases.follow_up(self.rules.cases, data["case_id"], data["action"], t, self.teller(customer, t)):
            self.totals["moves_refused"] += 1

    def tell(self, customer, event, data, t, offset, rule, severity, before, case=None):
        cid = data["customer_id"]
        alert_id = hashlib.sha256(f"{cid}\n{self.number}\n{offset}\n{rule}".encode()).hexdigest()[:32]
        lang = data["lang"]
        body = {"customer_id": cid, "rule": rule, "severity": SEVERITY[severity], "risk": customer.risk(), "risk_state": customer.state,
                "previous_state": before, "satisfaction_index": customer.index(), "events": customer.counts.get("events", 0),
                "complaints": customer.counts.get("complaint", 0), "churn_intents": customer.counts.get("churn_intents", 0),
                "lang": lang} | ({"channel": data["channel"]} if "channel" in data else {})
        for name in ("product", "team", "agent_id"):
            if data.get(name):
                body[name] = data[name]
        body["follow_up"] = self.rules.raw["follow_up"][rule]["ko" if lang == "ko" else "en"]
        for name in ("gap", "needs"):
            if name in data:
                body[name] = data[name]
        body["rules_version"] = self.rules.version
        body["origin"] = f"{self.topic}/{self.number}/{offset}"
        body |= self.importance(customer, t, severity)
        if case:
            body["case"] = case.body(format_time)
        body["contributions"] = [dict(c) for c in customer.contributions]
        self.alerts[alert_id] = {"specversion": "1.0", "id": alert_id, "source": "/voc/aggregator", "type": "voc.alert", "subject": cid,
                                 "time": format_time(t), "datacontenttype": "application/json", "data": body}

    def roll_up(self, data, t, sent):
        rollup = self.rollups.setdefault(t // 60_000, {})
        names = ["events", f"type:{data['feedback_type']}", f"satisfaction:{data['satisfaction']}", f"channel:{data['channel']}"]
        names += [f"factor:{factor}" for factor in data["factors"]]
        names += [f"servqual:{data['servqual']}"] if data["servqual"] != "none" else []
        names += [f"{dimension}:{data[field]}" for dimension, field in (("product", "product"), ("team", "team"), ("agent", "agent_id")) if data.get(field)]
        names += ["churn_intent"] if data["churn_intent"] else []
        names += [f"alert:{rule}" for rule in sent]
        for name in names:
            rollup[name] = rollup.get(name, 0) + 1

        self.roll_up_day(data, t)

    def roll_up_day(self, data, t):
        day = self.days.setdefault(t // 86_400_000, {})

        def add(field, by=1):
            day[field] = day.get(field, 0) + by
        add("contacts")
        if data["feedback_type"] == "complaint":
            add("complaints")
        if data["churn_intent"]:
            add("churn_intents")
        if "gap" in data:
            add(f"gap:{data['gap']['name']}")
            if data["gap"]["strength"] == "weak":
                add(f"gap_weak:{data['gap']['name']}")
        for need in needs_of(data):
            add(f"need:{need}")
            if data["feedback_type"] == "complaint" or data["satisfaction"] == "dissatisfied":
                add(f"need_unmet:{need}")
        if data.get("rating") and data.get("expected"):
            add("pairs")
            add("perceived", data["rating"])
            add("expected", data["expected"])
        score = score_of(data)
        if score is None:
            return
        suffixes = ["", f":channel:{data['channel']}"] + [f":factor:{factor}" for factor in data["factors"]]
        suffixes += [f":servqual:{data['servqual']}"] if data["servqual"] != "none" else []
        for dimension, field in (("product", "product"), ("team", "team"), ("agent", "agent_id")):
            if not data.get(field):
                continue
            suffix = f":{dimension}:{data[field]}"
            if f"n{suffix}" not in day:
                if day.get("names", 0) < NAMES_MOST:
                    add("names")
                else:
                    suffix = f":{dimension}:"
            suffixes.append(suffix)
        for suffix in suffixes:
            add(f"n{suffix}")
            add(f"sum{suffix}", score)

    # ---- what Redis must hold
    def expiring(self, now_ms=None, minutes_kept_ms=48 * HOUR_MS):
        """The rollups and the index by key; only what is not over by `now_ms`, if given."""
        out = {}
        for kind, length, kept, hashes in (("rollup", 60_000, minutes_kept_ms, self.rollups), ("index", 86_400_000, INDEX_KEPT_MS, self.days)):
            for number, counts in hashes.items():
                if now_ms is None or (number + 1) * length + kept >= now_ms:
                    out["voc:{%d}:%s:%d" % (self.number, kind, number)] = {name: str(count) for name, count in counts.items()}
        return out

    def redis(self):
        prefix = "voc:{%d}:" % self.number
        out = {}
        for cid, customer in self.customers.items():
            out[f"{prefix}customer:{cid}"] = customer.fields()
        at_risk = {cid: c.risk() for cid, c in self.customers.items() if c.state != "normal"}
        if at_risk:
            out[f"{prefix}at_risk"] = at_risk
        due = {entry: t for cid, customer in self.customers.items() for entry, t in customer.entries(cid).items()}
        if due:
            out[f"{prefix}due"] = due
        if self.offset:
            position = {name: str(count) for name, count in self.totals.items() if count}
            position.update({f"src:{source}": str(next_) for source, next_ in self.sources.items()})
            position.update(offset=str(self.offset), rules=self.rules.version, rules_from=str(self.rules_from), rules_body=self.rules.body)
            position.update({"values": self.values.text()} if self.values.text() else {})
            out[f"{prefix}position"] = position
        return out
