"""The plans and the load: the same seed gives the same, one line says all of it, and every kept run can still be planned."""
import json
import os
import pathlib
import random
import re
from datetime import datetime, timezone

import dues
import faults
import load
import oracle
import plan
import verdict

HERE = pathlib.Path(__file__).resolve().parent
BIN = pathlib.Path(os.environ.get("VOC_BIN_DIR") or HERE.parents[1] / "build" / "dev" / "bin")


def test_a_plan_is_its_line():
    for seed in range(1, 300):
        made = plan.make(seed)
        again = plan.parse(made.text())
        assert again.text() == made.text() == plan.make(seed).text()
        assert [fault.r.random() for fault in again.faults] == [fault.r.random() for fault in made.faults]


def test_each_run_has_faults_of_every_family():
    seen = set()
    for seed in range(1, 300):
        made = plan.make(seed)
        if made.recreates:
            continue
        kinds = [fault.kind for fault in made.faults]
        assert len(kinds) >= plan.LEAST_FAULTS and {faults.KINDS[kind][0] for kind in kinds} == {"service", "kafka", "redis", "endpoint"}
        assert all(faults.KINDS[kind][1] is None or made.setup in faults.KINDS[kind][1] for kind in kinds)
        seen.update(kinds)
    assert seen == {name for name, (family, _, _) in faults.KINDS.items() if family != faults.BY_HAND}


def test_kept_runs():
    lines = [line for line in (HERE / "seeds.txt").read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    assert lines and all(plan.parse(line).text() == line for line in lines)


def test_fault_points_are_those_of_the_code():
    table = (HERE.parents[1] / "common/base/fault_point.h").read_text(encoding="utf-8")
    names = set(re.findall(r'X\(VOC_FAULT_\w+,\s*"([a-z-]+)"', table))
    assert faults.POINTS.keys() == names


NOW = datetime(2026, 1, 9, 12, 30, tzinfo=timezone.utc)


def test_the_load():
    records = load.generate(BIN / "vocctl", 5, 1000, NOW, True)
    assert records == load.generate(BIN / "vocctl", 5, 1000, NOW, True)
    good = [record for record in records if record[3] and json.loads(record[2])["source"] != dues.SOURCE]
    assert len(good) == 1000 and 400 < sum(record[1] == load.HOT for record in good) < 600
    assert len({record[3] for record in good}) < 1000
    assert {record[4] for record in load.generate(BIN / "vocctl", 6, 5000, NOW, False)} == {None, *load.DEFECTS}
    assert {record[0] for record in records} == set(load.TOPIC_OF.values())


def test_what_falls_due_in_a_run_has_its_time_in_it():
    made = dues.ripening(random.Random(1), NOW, 20)
    opened = [event for _, event in made if event["type"] == "voc.complaint" and event["data"]["customer_id"].startswith(dues.SILENT)]
    assert len(opened) >= verdict.LEAST_RIPE
    for event in opened:
        silent = oracle.parse_time(event["time"]) + dues.rules()["cases"]["silence_days"] * oracle.oracle_cases.DAY_MS
        assert 3_000 <= silent - NOW.timestamp() * 1000 <= 20_000
    oracle.Rules(dues.rules())
