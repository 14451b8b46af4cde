"""Cases and what falls due (docs/SEMANTICS.md, "Cases"), once more and independently: plain Python, and the system's own time zones."""
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

DAY_MS, MINUTE_MS = 86_400_000, 60_000
ZONES = {"KST-9": "Asia/Seoul", "CET-1CEST,M3.5.0,M10.5.0/3": "Europe/Berlin", "EST5EDT,M3.2.0,M11.1.0": "America/New_York",
         "AEST-10AEDT,M10.1.0,M4.1.0/3": "Australia/Sydney"}
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
KINDS = ("respond", "resolve", "escalate", "silence", "settle")
SEVERITIES = ("info", "warning", "critical")
MOVES = {"open": {"acknowledge": "acknowledged", "contact": "contacted"}, "acknowledged": {"contact": "contacted", "resolve": "resolved"},
         "contacted": {"contact": "contacted", "offer": "offered", "resolve": "resolved"},
         "offered": {"contact": "contacted", "offer": "offered", "resolve": "resolved"},
         "resolved": {"close": "closed", "reopen": "reopened"}, "closed": {"reopen": "reopened"}}
MOVES["reopened"] = MOVES["open"]
RESPOND_LATE, RESOLVE_LATE, SILENT, RECOVERED, ABANDONED = 1, 2, 4, 8, 16
ALERTS = ("case_reopened", "case_respond_overdue", "case_resolve_overdue", "case_escalated", "case_silent")
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def to_ms(moment):
    return (moment - EPOCH) // timedelta(milliseconds=1)


class Calendar:
    def __init__(self, raw):
        self.zone = ZoneInfo(ZONES[raw["tz"]])
        self.week = [[self.span(text) for text in raw["hours"][day]] for day in DAYS]
        self.holidays = {date.fromisoformat(day): [self.span(text) for text in spans] for day, spans in raw["holidays"].items()}
        self.found = {}

    @staticmethod
    def span(text):
        return tuple(int(end[:2]) * 60 + int(end[3:]) for end in text.split("-"))

    def at(self, day, minute):
        local = datetime.combine(day + timedelta(days=minute // 1440), time(minute % 1440 // 60, minute % 60), self.zone)
        return to_ms(local.astimezone(timezone.utc))

    def spans(self, day):
        """A day's spans in ms; they are asked for again and again."""
        if day not in self.found:
            self.found[day] = [(self.at(day, a), self.at(day, b)) for a, b in self.holidays.get(day, self.week[day.weekday()])]
        return self.found[day]

    def deadline(self, t, minutes):
        left = minutes * MINUTE_MS
        first = (EPOCH + timedelta(milliseconds=t)).astimezone(self.zone).date()
        for n in range(4000):
            for start, end in self.spans(first + timedelta(days=n)):
                start = max(start, t)
                if end > start:
                    if left <= end - start:
                        return start + left
                    left -= end - start
        return t + 4000 * DAY_MS


class CaseRules:
    """`cases` of rules; None in their place means that there are none."""

    def __init__(self, raw):
        self.calendar = Calendar(raw["calendar"])
        self.minutes = {"respond": raw["respond_minutes"], "resolve": raw["resolve_minutes"]}
        self.steps, self.team, self.routes = raw["escalation"], raw["team"], raw["routes"]
        self.silence, self.close, self.reopen, self.abandon = (raw[f"{name}_days"] * DAY_MS for name in ("silence", "close", "reopen", "abandon"))

    def route(self, data, stage):
        for route in self.routes:
            wanted = {"factor": data["primary_factor"], "servqual": data["servqual"], "product": data.get("product"), "from_team": data.get("team"),
                      "stage": stage}
            if all(wanted[name] == value for name, value in route.items() if name != "team"):
                return route["team"]
        return self.team


class Case:
    def __init__(self, cause, number, severity, data, t, rules, stage):
        self.cause, self.number, self.severity, self.state = cause, number, severity, "open"
        self.contacts, self.reopens, self.lang, self.channel = 1, 0, data["lang"], data["channel"]
        self.product, self.team = data.get("product") or "", rules.route(data, stage)
        self.opened = self.last = t
        self.begin(t, rules)

    @property
    def id(self):
        return f"{self.cause}-{self.number}"

    def ended(self):
        return self.state in ("resolved", "closed")

    def begin(self, t, rules):
        self.flags, self.steps, self.round, self.changed = 0, 0, t, t
        self.due = {"settle": t + (rules.abandon if rules else 0)}
        if rules:
            self.due.update((kind, rules.calendar.deadline(t, rules.minutes[kind][self.severity])) for kind in ("respond", "resolve"))
            self.next_step(rules)
            if rules.silence:
                self.due["silence"] = t + rules.silence

    def next_step(self, rules):
        if rules and self.steps < len(rules.steps):
            self.due["escalate"] = rules.calendar.deadline(self.round, rules.steps[self.steps]["after_minutes"])

    def close(self, t, rules, tell):
        self.state, self.changed, self.due = "closed", t, {"settle": t + (rules.reopen if rules else 0)}
        tell("closed", self)

    def attach(self, t):
        self.contacts, self.last = self.contacts + 1, max(self.last, t)

    def meet(self, kind, t, tell):
        due = self.due.pop(kind, None)
        if due is not None and t > due:
            self.flags |= RESPOND_LATE if kind == "respond" else RESOLVE_LATE
            tell(f"{kind}_overdue", self)

    def field(self):
        numbers = [self.number, self.state, self.severity, self.flags, self.steps, self.contacts, self.reopens, self.lang, self.channel, self.opened,
                   self.round, self.changed, self.last] + [self.due.get(kind, "") for kind in KINDS] + [self.team, self.product]
        return ":".join(str(part) for part in numbers)

    def body(self, format_time):
        out = {"id": self.id, "cause": self.cause, "state": self.state, "severity": self.severity, "team": self.team}
        if self.product:
            out["product"] = self.product
        out.update(contacts=self.contacts, reopens=self.reopens, escalations=self.steps)
        out.update((name, bool(self.flags & flag)) for name, flag in (("respond_overdue", RESPOND_LATE), ("resolve_overdue", RESOLVE_LATE),
                                                                      ("silent", SILENT), ("recovered", RECOVERED), ("abandoned", ABANDONED)))
        out.update((name, format_time(t)) for name, t in (("opened_at", self.opened), ("changed_at", self.changed), ("last_contact_at", self.last)))
        out.update((name, format_time(self.due[kind])) for name, kind in (("respond_by", "respond"), ("resolve_by", "resolve"), ("escalates_at", "escalate"))
                   if kind in self.due)
        return out


class Cases:
    """One customer's, by cause. `tell(tally, case)` is told what happened; what is returned is an alert, as (rule, severity, case), or None."""

    def __init__(self):
        self.by_cause = {}

    def find(self, case_id):
        return next((case for case in self.by_cause.values() if case.id == case_id), None)

    def contact(self, rules, data, t, critical, stage, number, tell):
        if not rules:
            return None
        trouble = data["feedback_type"] == "complaint" or data["satisfaction"] == "dissatisfied"
        content = not trouble and data["satisfaction"] in ("satisfied", "delighted")
        for case in self.by_cause.values():
            if "silence" in case.due:
                case.due["silence"] = max(case.due["silence"], t + rules.silence)
            if content and t > case.last and not case.flags & RECOVERED:
                case.flags |= RECOVERED
                tell("recovered", case)
                if case.state == "resolved" and t >= case.changed:
                    case.close(t, rules, tell)
        return self.trouble(rules, data, t, critical, stage, number, tell) if trouble else None

    def trouble(self, rules, data, t, critical, stage, number, tell):
        cause = next((name for name in (data["servqual"], data["primary_factor"]) if name != "none"), "other")
        severity = "critical" if data["churn_intent"] or critical else \
            "warning" if data["feedback_type"] == "complaint" or "word_of_mouth" in data["factors"] else "info"
        case = self.by_cause.get(cause)
        if case and case.ended():
            if t > case.due["settle"] + (rules.reopen if case.state == "resolved" else 0):
                case = None
        if not case:
            case = self.by_cause[cause] = Case(cause, number, severity, data, t, rules, stage)
            tell("opened", case)
            return None
        back = case.ended() and t >= case.changed
        case.attach(t)
        worse = SEVERITIES.index(severity) > SEVERITIES.index(case.severity)
        if back:
            case.severity = SEVERITIES[min(2, 1 + max(SEVERITIES.index(severity), SEVERITIES.index(case.severity)))]
            case.state, case.reopens = "reopened", case.reopens + 1
            case.begin(t, rules)
            tell("reopened", case)
            return "case_reopened", max(2, 1 + SEVERITIES.index(case.severity)), case
        if not case.ended() and worse:
            case.severity = severity
            for kind in ("respond", "resolve"):
                if kind in case.due:
                    case.due[kind] = min(case.due[kind], rules.calendar.deadline(t, rules.minutes[kind][severity]))
        return None

    def follow_up(self, rules, case_id, action, t, tell):
        """False if it is refused."""
        case = self.find(case_id)
        state = case and MOVES[case.state].get(action)
        if not state or t < case.changed:
            return False
        case.state, case.changed = state, t
        if action in ("acknowledge", "contact", "offer", "resolve"):
            case.meet("respond", t, tell)
        if action in ("contact", "offer"):
            case.due.pop("silence", None)
        elif action == "resolve":
            case.meet("resolve", t, tell)
            case.due = {"settle": t + (rules.close if rules else 0)}
            tell("resolved", case)
        elif action == "close":
            case.close(t, rules, tell)
        elif action == "reopen":
            case.reopens += 1
            case.begin(t, rules)
            tell("reopened", case)
        return True

    def fall_due(self, rules, kind, case_id, t, tell):
        """None if nothing waits for that; else what contact() returns, as a tuple, () for no alert."""
        case = self.find(case_id)
        kind = kind[len("case_"):]
        if not case or case.due.get(kind) != t:
            return None
        del case.due[kind]
        least = max(2, 1 + SEVERITIES.index(case.severity))
        if kind in ("respond", "resolve"):
            case.flags |= RESPOND_LATE if kind == "respond" else RESOLVE_LATE
            tell(f"{kind}_overdue", case)
            return f"case_{kind}_overdue", least if kind == "respond" else 3, case
        if kind == "silence":
            case.flags |= SILENT
            tell("silent", case)
            return "case_silent", least, case
        if kind == "settle":
            if case.state == "closed":
                del self.by_cause[case.cause]
            else:
                if not case.ended():
                    case.flags |= ABANDONED
                    tell("abandoned", case)
                case.close(t, rules, tell)
            return ()
        alert = ()
        if rules and case.steps < len(rules.steps):
            case.team, case.steps = rules.steps[case.steps]["team"], case.steps + 1
            tell("escalated", case)
            alert = "case_escalated", least, case
        case.next_step(rules)
        return alert

    def entries(self, customer_id):
        return {f"case_{kind}/{case.id}/{customer_id}": t for case in self.by_cause.values() for kind, t in case.due.items()}
