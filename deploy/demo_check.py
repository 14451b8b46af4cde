#!/usr/bin/env python3
"""Does the demo's run add up? demo_check.py FOLDER EXPECTED EVENTS FACTS [--quiet]

FOLDER holds each service's metrics page and the receiver's log (received.ndjson). Prints the sums; exits 1 if one is wrong.
"""
import json
import pathlib
import re
import sys


def metrics(path):
    values = {}
    for line in path.read_text().splitlines():
        found = re.match(r"(voc_\w+)(?:\{.*\})? ([0-9.e+]+)$", line)
        if found:
            values[found[1]] = values.get(found[1], 0) + float(found[2])  # labels added up
    return {name: int(value) for name, value in values.items()}


def main(folder, expected_path, events, facts, quiet):
    classifier, aggregator = (metrics(folder / f"{name}.metrics") for name in ("classifier", "aggregator"))
    log = folder / "received.ndjson"
    received = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    expected = json.loads(pathlib.Path(expected_path).read_text())
    ids = {r["webhook_id"] for r in received}
    alerts = {}
    for r in received:
        alerts.setdefault(r["body"]["data"]["customer_id"], set()).add(r["body"]["data"]["rule"])

    checks = [
        ("records in", classifier["voc_records_in_total"], "sent", events + facts),
        ("classified + dead letters", classifier["voc_records_out_total"] + classifier["voc_dead_letters_total"], "records in", events + facts),
        ("dead letters", classifier["voc_dead_letters_total"], "malformed samples", expected["bad_records"]),
        ("applied + duplicates + copies + facts",
         sum(aggregator[f"voc_{n}_total"] for n in ("events_applied", "duplicates", "copies", "facts")), "classified", classifier["voc_records_out_total"]),
        ("duplicates", aggregator["voc_duplicates_total"], "samples sent twice", expected["repeated_records"]),
        ("alerts received", len(ids), "alerts raised", aggregator["voc_alerts_total"]),
        ("signatures verified", sum(r["signature_ok"] for r in received), "webhook requests", len(received)),
    ]
    wrong = [check for check in checks if check[1] != check[3]]
    missing = [f"{customer}: {rule}" for customer, rules in expected["must_alert"].items() for rule in rules if rule not in alerts.get(customer, ())]
    loud = [customer for customer in expected["must_not_alert"] if customer in alerts]
    if not quiet:
        for name, value, other, right in checks:
            print(f"  {'ok  ' if value == right else 'FAIL'} {name} {value} = {other} {right}")
        wanted = sum(map(len, expected["must_alert"].values()))
        print(f"  {'FAIL' if missing else 'ok  '} expected alerts {wanted - len(missing)} of {wanted}" + "".join(f"\n       missing {m}" for m in missing))
        print(f"  {'FAIL' if loud else 'ok  '} quiet customers stayed quiet" + "".join(f"\n       alert for {c}" for c in loud))
    return 1 if wrong or missing or loud else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), "--quiet" in sys.argv[5:]))
