"""Profiles, orders and what follows from them: stage, value, priority. From docs/SEMANTICS.md, independently of the C code."""

import json

import xxhash

DAY_MS = 86_400_000
ALERTS = ("stage_changed", "advocate_turning", "client_lapsing")
STAGES = ("none", "prospect", "customer", "client", "advocate", "partner")
PROFILE = ("name", "contact", "age_band", "sex", "family", "income_band", "education", "lang", "since", "stage")
ORDERS_MOST, MONEY_MOST = 8, 10**15
LETTERS = {"placed": "p", "delivered": "d", "returned": "r", "cancelled": "c"}
NUMBERS = {
    "stages": {"client_orders": (1, 100000), "advocate_orders": (1, 100000), "advocate_delighted": (0, 100000), "advocate_index": (0, 100),
               "partner_orders": (1, 100000), "partner_days": (0, 36500), "usual_days": (1, 3650), "least_days": (1, 3650), "lapse_percent": (100, 10000)},
    "value": {"margin_permille": (0, 1000), "retention_permille": (0, 999), "discount_permille": (0, 1000)},
    "priority": {"info": (0, 100), "warning": (0, 100), "critical": (0, 100), "none": (1, 1000), "prospect": (1, 1000), "customer": (1, 1000),
                 "client": (1, 1000), "advocate": (1, 1000), "partner": (1, 1000), "top_fifth": (100, 1000), "repetition": (0, 1000), "repetition_max": (0, 8)},
}


def check_rules(raw):
    """True if these rules know accounts; ValueError if what they say of them is no rule."""
    if not NUMBERS.keys() & raw.keys():
        return False
    for section, members in NUMBERS.items():
        if raw[section].keys() != members.keys():
            raise ValueError(section)
        for name, (least, most) in members.items():
            if type(raw[section][name]) is not int or not least <= raw[section][name] <= most:
                raise ValueError(name)
    return True


def quotient(a, b):
    return abs(a) // b if a >= 0 else -(abs(a) // b)


def clamp(money):
    return max(-MONEY_MOST, min(MONEY_MOST, money))


def bucket(value):
    power = value.bit_length() - 1
    return 16 * power + (value * 16 // 2**power) % 16


class Order:
    def __init__(self, data, t, currency, parse_time):
        same = data["currency"] == currency
        self.id = xxhash.xxh64(data["order_id"].encode(), seed=0).intdigest() & (1 << 48) - 1
        self.t, self.status = t, data["status"]
        self.ordered = parse_time(data["ordered_at"]) if "ordered_at" in data else t
        self.amount = data["amount"] if same else 0
        self.margin = data.get("margin") if same else None
        self.delivered = parse_time(data["delivered_at"]) if "delivered_at" in data else None
        self.late = "promised_at" in data and self.delivered is not None and self.delivered > parse_time(data["promised_at"])

    def place(self):
        return self.ordered, self.id

    def is_open(self, t):
        if self.status == "placed":
            return True
        return t < (self.delivered if self.status == "delivered" and self.delivered is not None else self.t)

    def text(self):
        margin = "" if self.margin is None else self.margin
        delivered = "" if self.delivered is None else self.delivered
        return f"{self.id:012x}:{self.ordered}:{self.t}:{self.amount}:{margin}:{LETTERS[self.status]}:{delivered}{'!' if self.late else ''}"


class Account:
    def __init__(self, parse_time):
        self.parse_time = parse_time
        self.profile, self.profile_at = {}, None
        self.sums = dict.fromkeys(("orders", "orders_returned", "orders_cancelled", "orders_late", "orders_stale", "spent", "margin", "margin_spent", "value"), 0)
        self.currency, self.first, self.last, self.recent = None, None, None, []
        self.stage, self.stage_at, self.lapsed_at, self.lapses_at = "none", None, None, None

    def fields(self):
        out = {} if self.profile_at is None else {"profile_at": str(self.profile_at), "profile": json.dumps(self.profile, ensure_ascii=False, separators=(",", ":"))}
        out.update((name, str(n)) for name, n in self.sums.items() if n)
        if self.currency:
            out.update(currency=self.currency, order_first_at=str(self.first), order_last_at=str(self.last),
                       orders_recent=",".join(order.text() for order in self.recent))
        if self.stage != "none":
            out.update(stage=self.stage, stage_at=str(self.stage_at))
        if self.lapsed_at is not None:
            out["lapsed_at"] = str(self.lapsed_at)
        if self.lapses_at is not None:
            out["lapses_at"] = str(self.lapses_at)
        return out

    def take_profile(self, data, t):
        if self.profile_at is None or t >= self.profile_at:
            self.profile, self.profile_at = {name: data[name] for name in PROFILE if name in data}, t

    def count(self, order, sign):
        sums = self.sums
        sums["orders"] += sign
        sums["orders_late"] += sign * order.late
        if order.status in ("returned", "cancelled"):
            sums[f"orders_{order.status}"] += sign
            return
        sums["spent"] = clamp(sums["spent"] + sign * order.amount)
        if order.margin is not None:
            sums["margin"] = clamp(sums["margin"] + sign * order.margin)
            sums["margin_spent"] = clamp(sums["margin_spent"] + sign * order.amount)

    def take_order(self, data, t):
        self.currency = self.currency or data["currency"]
        order = Order(data, t, self.currency, self.parse_time)
        known = next((one for one in self.recent if one.id == order.id), None)
        if known:
            if t < known.t:
                return
            self.count(known, -1)
            self.recent.remove(known)
        if len(self.recent) == ORDERS_MOST and order.place() < self.recent[0].place():
            self.sums["orders_stale"] += 1
            return
        self.recent = sorted(self.recent + [order], key=Order.place)[-ORDERS_MOST:]
        self.count(order, 1)
        self.first = order.ordered if self.first is None else min(self.first, order.ordered)
        self.last = order.ordered if self.last is None else max(self.last, order.ordered)

    def worth(self, rules):
        sums, value = self.sums, rules["value"]
        margin = clamp(sums["margin"] + quotient((sums["spent"] - sums["margin_spent"]) * value["margin_permille"], 1000))
        yearly = quotient(margin * 365, max(365, (self.last - self.first) // DAY_MS))
        return quotient(yearly * value["retention_permille"], 1000 + value["discount_permille"] - value["retention_permille"])

    def bought(self):
        return self.sums["orders"] - self.sums["orders_returned"] - self.sums["orders_cancelled"]

    def is_lapsed(self, rules, t):
        if self.bought() < 1:
            return False
        return t - self.last > self.longest(rules)

    def longest(self, rules):
        stages, n = rules["stages"], self.sums["orders"]
        usual = (self.last - self.first) // (n - 1) if n > 1 else stages["usual_days"] * DAY_MS
        return max(usual, stages["least_days"] * DAY_MS) * stages["lapse_percent"] // 100

    def derive(self, rules, lapsed, delighted, index):
        stages, bought = rules["stages"], self.bought()
        if "stage" in self.profile:
            return self.profile["stage"]
        if bought < 1:
            return "prospect"
        if lapsed or bought < stages["client_orders"]:
            return "customer"
        if bought < stages["advocate_orders"] or delighted < stages["advocate_delighted"] or index < stages["advocate_index"]:
            return "client"
        since = min([self.first] + ([self.parse_time(self.profile["since"])] if "since" in self.profile else []))
        return "partner" if bought >= stages["partner_orders"] and (self.last - since) // DAY_MS >= stages["partner_days"] else "advocate"

    def purchase(self, t):
        if any(order.ordered <= t and order.is_open(t) for order in self.recent):
            return "during"
        return "after" if self.sums["orders"] > 0 and self.first <= t else "before"

    def late(self, t):
        return sum(1 for order in self.recent if order.late and abs(t - order.delivered) <= 30 * DAY_MS)

    def review(self, rules, customer, t, data, window):
        """What is to be told, as (rule, severity); `data` of a contact, or None."""
        lapsed = self.is_lapsed(rules, max([t] + ([customer.last_at] if customer.last_at is not None else [])))
        before, now = self.stage, self.derive(rules, lapsed, customer.counts.get("delighted", 0), customer.index())
        lapses = lapsed and self.lapsed_at is None
        self.lapsed_at = (self.lapsed_at if not lapses else t) if lapsed else None
        if now != before:
            self.stage, self.stage_at = now, t
        waits = self.bought() > 0 and not lapsed and STAGES.index(now) >= STAGES.index("client")
        self.lapses_at = self.last + self.longest(rules) + 1 if waits else None
        if before == "none":
            return []
        news, rank = [("stage_changed", 1)] if now != before else [], STAGES.index(before)
        if rank >= STAGES.index("advocate") and data and (data["feedback_type"] == "complaint" or data["satisfaction"] == "dissatisfied"):
            loud = "word_of_mouth" in data["factors"]
            if loud or sum(1 for u, _, _ in customer.troubles if abs(u - t) <= window) <= 1:
                news.append(("advocate_turning", 3 if loud or before == "partner" else 2))
        return news + ([("client_lapsing", 2)] if rank >= STAGES.index("client") and lapses else [])

    def relationship(self, t, top):
        out = {"stage": self.stage, "value": self.sums["value"], "top_fifth": top, "orders": self.sums["orders"]}
        if self.currency:
            out |= {"currency": self.currency, "spent": self.sums["spent"], "late_deliveries": self.late(t), "purchase": self.purchase(t)}
        if "since" in self.profile:
            out["since"] = self.profile["since"]
        return out


class Values:
    """The values of a partition's customers, by bucket."""

    def __init__(self):
        self.counts = {}

    def move(self, before, now):
        for value, by in ((before, -1), (now, 1)):
            if value > 0 and before != now:
                self.counts[bucket(value)] = self.counts.get(bucket(value), 0) + by

    def is_top(self, value):
        return value > 0 and 5 * sum(n for b, n in self.counts.items() if b >= bucket(value)) <= sum(self.counts.values())

    def text(self):
        return ",".join(f"{b}:{n}" for b, n in sorted(self.counts.items()) if n)


def priority(rules, severity, risk, stage, top, troubles):
    weights = rules["priority"]
    terms = {"risk": max(risk, weights[severity]), "stage": weights[stage], "value": weights["top_fifth"] if top else 100,
             "repetition": 100 + weights["repetition"] * min(max(troubles - 1, 0), weights["repetition_max"])}
    return {"score": terms["risk"] * terms["stage"] * terms["value"] * terms["repetition"] // 10**6, **terms}


