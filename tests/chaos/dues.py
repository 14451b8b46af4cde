"""What falls due during a run: rules under which a case's life takes days and not months, and customers whose time comes while the faults are at work.

The load's own events are one to eight days old. Under these rules most of what their cases wait for is past when they are applied, so that due
records are written from the first second to the last. The customers of `ripening` are others: their times are chosen to the second, so that the
wall clock passes them in the middle of the run: a case grows silent, a resolved one closes, a regular customer lapses.
"""
import json
import pathlib
from datetime import datetime, timedelta, timezone

ROOT = pathlib.Path(__file__).resolve().parents[2]
DAY = timedelta(days=1)
SOURCE = "/chaos/dues"
SILENT, DESKS, SHOPPERS = "C-SILENT", "C-DESK", "C-SHOP"
TEXTS = ("배송이 또 늦었어요. 약속한 날짜를 세 번이나 어겼습니다", "The agent was rude and would not listen. This is the third time.")
CAUSES = ("tangibles", "reliability", "responsiveness", "assurance", "empathy", "product_service", "emotion", "attribution", "equity", "word_of_mouth",
          "other")
KINDS = ("case_respond", "case_resolve", "case_escalate", "case_silence", "case_settle", "client_lapse")


def rules():
    """The shipped ones, in days instead of weeks; everybody but a critical case is given a month to be answered: alerts are told, not flooded."""
    made = json.loads((ROOT / "deploy" / "rules.json").read_text(encoding="utf-8"))
    made["version"] = "chaos"
    made["cases"].update(
        respond_minutes={"info": 43200, "warning": 43200, "critical": 540}, resolve_minutes={"info": 43200, "warning": 43200, "critical": 1500},
        escalation=[{"after_minutes": 2100, "team": "team-lead"}, {"after_minutes": 43200, "team": "customer-office"}], silence_days=1, close_days=1,
        reopen_days=1, abandon_days=4)
    made["stages"].update(client_orders=2, usual_days=1, least_days=1, lapse_percent=100)
    return made


def stamp(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def event(kind, number, moment, customer, **data):
    return {"specversion": "1.0", "id": f"due-{customer}-{number}", "source": SOURCE, "type": f"voc.{kind}", "time": stamp(moment),
            "data": {"customer_id": customer, **data}}


def complaint(r, customer, moment):
    return event("complaint", 0, moment, customer, text=r.choice(TEXTS), rating=1, expected=4)


def bought(r, customer, moments, number=0):
    """An order at each of these moments, delivered within minutes."""
    for i, moment in enumerate(moments):
        order = {"order_id": f"O-{customer}-{number + i}", "amount": r.randrange(1, 500) * 1000, "currency": "KRW", "card": "4111-1111-1111-1234",
                 "ordered_at": stamp(moment)}
        yield event("order", 2 * (number + i), moment, customer, status="placed", **order)
        yield event("order", 2 * (number + i) + 1, moment + timedelta(minutes=3), customer, status="delivered",
                    delivered_at=stamp(moment + timedelta(minutes=3)), **order)


def ripening(r, now, seconds):
    """[(when in the load, 0 to 1; event)]; what follows from them falls due from the third second on, in the course of `seconds`."""
    def soon():
        return now + timedelta(seconds=r.uniform(3, seconds))
    made = [(0, complaint(r, f"{SILENT}-{n}", soon() - DAY)) for n in range(20)]
    for n in range(12):
        customer, closes = f"{DESKS}-{n}", soon()
        made.append((0, complaint(r, customer, closes - 1.5 * DAY)))
        for i, action in enumerate(("contact", "resolve")):  # of whatever cause the complaint was taken for
            made += [(0.2 + i / 10, event("followup", f"{action}-{cause}", closes - DAY - (1 - i) * timedelta(minutes=20), customer, case_id=f"{cause}-1",
                                          action=action, by="A-17")) for cause in CAUSES]
    for n in range(12):
        customer, lapses = f"{SHOPPERS}-{n}", soon()
        made += [(0, order) for order in bought(r, customer, [lapses - DAY - timedelta(minutes=10 * i) for i in (4, 2, 0)])]
    return made


def shopping(r, customers, start):
    """Profiles and orders of some of the load's customers, in its days: [(when in the load, 0 to 1; event)]."""
    made = []
    for customer in customers:
        if r.random() < 0.7:
            continue
        day = r.uniform(0, 4)
        if r.random() < 0.5:
            made.append((day / 7, event("profile", "p", start + day * DAY, customer, name="김민수", contact="010-1234-5678",
                                        since=stamp(start - 900 * DAY))))
        for number in range(r.randint(2, 4)):
            made += [(day / 7, order) for order in bought(r, customer, [start + day * DAY], number)]
            day += r.uniform(0.2, 1)
    return made
