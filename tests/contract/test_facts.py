"""Profiles, orders and follow-ups: the C decoder and the schemas take the same records, and what goes on is masked and stays as it is."""
import json
import random

import pytest
import referee
from test_decode import NOW_MS, run_driver
from test_outputs import Changer, examples

KINDS = ("profile", "order", "followup")
TIMES = ("since", "ordered_at", "promised_at", "delivered_at")
VALUES = ("prospect", "partner", "none", "female", "ko", "placed", "lost", "KRW", "KR", "", " ", "2026-11-21T09:30:00Z", "1999-12-31T23:59:59.999Z",
          "2100-01-01T00:00:00Z", "2100-01-01T00:00:00.001Z", "2026-02-30T00:00:00Z", "voc.order", "4111-1111-1111-1234", "김민수")
NUMBERS = ("0", "-1", "1e12", "1000000000001", "-1000000000000", "-1000000000001", "12.5", "1.0", "100e-2", "99999999999999999999")


def is_time(text):
    try:
        return referee.EARLIEST_MS <= referee.parse_time(text) <= referee.LATEST_MS
    except ValueError:
        return False


def takes(kind, value):
    """Whether the schema and the rules beyond it take this record."""
    if not value or len(value) > referee.MAX_BYTES or len(value) >= 5 and value[0] == 0:
        return False
    try:
        event = referee.load(value)
        if not referee.validator(f"{kind}.schema.json").is_valid(event):
            return False
        referee.event_time(event.get("time"), NOW_MS)
    except referee.Refused:
        return False
    return all(is_time(event["data"][name]) for name in TIMES if event["data"].get(name) is not None and name in referee.SCHEMAS[f"{kind}.schema.json"]["$defs"]["data"]["properties"])


class FactChanger(Changer):
    def change(self, event):
        event, r = super().change(event), self.random
        data = event.get("data") if isinstance(event, dict) else None
        if isinstance(data, dict) and data and r.random() < 0.5:
            data[r.choice(list(data))] = r.choice(VALUES) if r.random() < 0.6 else self.raw(r.choice(NUMBERS))
        return event


@pytest.mark.parametrize("kind", KINDS)
def test_examples(kind):
    for good in ("valid", "invalid"):
        paths = examples(kind, good)
        for path, verdict in zip(paths, run_driver(f"facts {kind}", [(path.read_bytes(), [], NOW_MS) for path in paths])):
            verdict = json.loads(verdict)
            assert verdict["accepted"] == (good == "valid"), f"{path.name}: {verdict}"
            assert good == "valid" or verdict["reason"] == path.stem.split(".")[0], path.name


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", KINDS)
def test_the_decoder_and_the_schema_agree(kind, seed):
    changer = FactChanger(random.Random(seed), [path.read_bytes() for path in examples(kind, "valid")], [path.read_bytes() for path in examples(kind, "invalid")])
    values = [changer.damage(base) if changer.random.random() < 0.2 else changer.text_of(changer.change(json.loads(base)))
              for base in (changer.random.choice(changer.good) for _ in range(1500))]
    taken = 0
    for value, verdict in zip(values, run_driver(f"facts {kind}", [(value, [], NOW_MS) for value in values])):
        verdict, expected = json.loads(verdict), takes(kind, value)
        taken += expected
        assert verdict["accepted"] == expected, f"{expected} {verdict}\n{value.decode(errors='replace')}"
    assert 150 < taken < 1350


@pytest.mark.parametrize("kind", KINDS)
def test_what_goes_on_is_taken_and_goes_on_the_same(kind):
    changer = FactChanger(random.Random(9), [path.read_bytes() for path in examples(kind, "valid")], [])
    values = [changer.text_of(changer.change(json.loads(changer.random.choice(changer.good)))) for _ in range(1500)]
    lines = [line for line in run_driver(f"hand-on {kind}", [(value, [], NOW_MS) for value in values]) if line]
    assert len(lines) > 200
    for line in lines:
        referee.validator(f"{kind}.schema.json").validate(referee.load(line.encode()))
    assert run_driver(f"hand-on {kind}", [(line.encode(), [], NOW_MS) for line in lines]) == lines


def test_binary_mode():
    headers = [("ce_specversion", b"1.0"), ("ce_id", b"o-1"), ("ce_source", b"/shop"), ("ce_type", b"voc.order"), ("ce_time", b"2026-11-20T09:00:00Z"), ("ce_more", b"x")]
    data = {"customer_id": "C-1", "order_id": "O-1", "status": "placed", "amount": 5, "currency": "KRW", "more": 1}
    line, = run_driver("hand-on order", [(json.dumps(data).encode(), headers, NOW_MS)])
    event = json.loads(line)
    assert event["id"] == "o-1" and "more" not in event and event["data"] == {name: value for name, value in data.items() if name != "more"}


def test_persons_stay_behind():
    data = {"name": "김민수", "contact": "kim.minsu@example.com", "age_band": "30-39", "since": "2020-03-01T09:00:00+09:00"}
    event = {"specversion": "1.0", "id": "1", "source": "/crm", "type": "voc.profile", "data": {"customer_id": "C-1", **data}}
    line, = run_driver("hand-on profile", [(json.dumps(event).encode(), [], NOW_MS)])
    assert json.loads(line)["data"] == {"customer_id": "C-1", "name": "김**", "contact": "***.*****@*******.*om", "age_band": "30-39", "since": "2020-03-01T00:00:00.000Z"}
