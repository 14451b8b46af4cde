"""Our own records: what we write is what the schemas say, and what the schemas allow, our readers take."""
import copy
import json
import random

import mutations
import pytest
import referee
from test_decode import NOW_MS, all_examples, run_driver

LABELS = ("complaint", "none", "unknown", "emotion", "reliability", "churn_intent", "servqual", "ko", "fr", "call", "critical", "normal", "risk_cleared", "voc.classified/0/01",
          "voc.classified/0/9223372036854775807", "voc alerts/0/1", "2026-02-30T00:00:00.000Z", "2026-11-21T09:30:00Z", "0" * 32, "F" * 32)
NUMBERS = ("0", "1", "5", "6", "100", "101", "1.0", "1.5", "-0.0", "0.9999", "1e0", "-1", "1e3", "4294967295", "4294967296", "262144", "262145")


def places(node, path=()):
    """Every place in a tree."""
    if path:
        yield path
    for key in node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
        yield from places(node[key], (*path, key))


class Changer(mutations.Mutator):
    def change(self, event):
        r = self.random
        for _ in range(r.choice((0, 1, 1, 1, 2))):
            *way, last = r.choice(list(places(event)))
            inside = event
            for key in way:
                inside = inside[key]
            kind = r.randrange(6)
            if kind == 0:
                del inside[last]
            elif kind == 1:
                inside[last] = self.raw(r.choice(NUMBERS))
            elif kind == 2:
                inside[last] = r.choice(LABELS)
            elif kind == 3 and isinstance(inside, list):
                inside.insert(last, copy.deepcopy(inside[last]))
            else:
                inside[last] = self.value("")
        return event


def is_time(text):
    try:
        return referee.parse_time(text) > -(1 << 60)
    except ValueError:
        return False


def judge(schema, value, max_bytes):
    """Whether the schema and the rules beyond it take this record."""
    if not value or len(value) > max_bytes:
        return False
    try:
        event = referee.load(value)
    except referee.Refused:
        return False
    if not referee.validator(schema).is_valid(event):
        return False
    return all(map(is_time, [event["time"], *(each["time"] for each in event["data"].get("contributions", ()))]))


def examples(name, kind):
    return sorted((referee.ROOT / "schemas/examples" / name / kind).glob("*.json"))


KINDS = (("classified", "classified", 320 * 1024), ("alert", "alerts", 64 * 1024), ("correction", "corrections", 256 * 1024),
         ("due", "due", 4096))


@pytest.mark.parametrize("name, mode", [kind[:2] for kind in KINDS] + [("rules", "rules"), ("forget", "forget")])
def test_examples(name, mode):
    for kind in ("valid", "invalid"):
        paths = examples(name, kind)
        for path, verdict in zip(paths, run_driver(mode, [(path.read_bytes(), [], NOW_MS) for path in paths])):
            verdict = json.loads(verdict)
            assert verdict["accepted"] == (kind == "valid"), f"{path.name}: {verdict}"
            assert kind == "valid" or verdict["reason"] == path.stem.split(".")[0], path.name


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("name, mode, max_bytes", KINDS)
def test_readers_take_what_the_schema_allows(name, mode, max_bytes, seed):
    changer = Changer(random.Random(seed), [path.read_bytes() for path in examples(name, "valid")], [path.read_bytes() for path in examples(name, "invalid")])
    values = [changer.damage(base) if changer.random.random() < 0.2 else changer.text_of(changer.change(json.loads(base)))
              for base in (changer.random.choice(changer.good) for _ in range(1500))]
    valid = 0
    for value, verdict in zip(values, run_driver(mode, [(value, [], NOW_MS) for value in values])):
        verdict, allowed = json.loads(verdict), judge(f"{name}.schema.json", value, max_bytes)
        valid += allowed
        # An alert's reader is lenient about contributions, which it only hands on.
        lenient = name == "alert" and verdict["accepted"]
        assert verdict["accepted"] == allowed or lenient, f"{allowed} {verdict}\n{value.decode(errors='replace')}"
    assert 100 < valid < 1400


def test_what_the_classifier_writes():
    good, bad = ([path.read_bytes() for path in all_examples(kind)] for kind in ("valid", "invalid"))
    mutator = mutations.Mutator(random.Random(5), good, bad)
    lines = [line for line in run_driver("classify", [mutator.record() for _ in range(3000)]) if line]
    assert len(lines) > 500
    validator = referee.validator("classified.schema.json")
    for line in lines:
        validator.validate(referee.load(line.encode()))
    for verdict in run_driver("classified", [(line.encode(), [], NOW_MS) for line in lines]):
        assert json.loads(verdict)["accepted"], verdict


def test_what_vocctl_label_writes():
    changer = Changer(random.Random(7), [path.read_bytes() for path in examples("correction", "valid")], [path.read_bytes() for path in examples("correction", "invalid")])
    values = [changer.text_of(changer.change(json.loads(changer.random.choice(changer.good)))) for _ in range(2000)]
    written = [line for line in run_driver("correct", [(value, [], NOW_MS) for value in values]) if line]
    assert len(written) > 200
    validator = referee.validator("correction.schema.json")
    for line in written:
        validator.validate(referee.load(line.encode()))
    again = run_driver("correct", [(line.encode(), [], NOW_MS) for line in written])
    assert [json.loads(line)["data"] for line in again] == [json.loads(line)["data"] for line in written]
