#!/usr/bin/env python3
"""Puts what another runner measured beside ours: others.py RESULTS.json OURS.json RULES_ONLY.json LINES.jsonl [LINES.jsonl ...]

OURS.json is what `run.sh drain latency --records FILE` wrote on that runner's own records, RULES_ONLY.json what
`run.sh drain --rules-only --records FILE` did. A line of LINES is one run:
  {"kind": "drain", "peer", "label", "events", "cpu_us_per_event", "eps", "peak_rss_mb", "startup_s", "check": {...}}
  {"kind": "latency", "peer", "label", "rate", "samples", "ms": {"p50", "p95", "p99", "max"}}
The part `others` of RESULTS.json is made of both; docs/PERFORMANCE.md says how such a comparison is made.
"""
import collections
import json
import pathlib
import sys

import meter
import report


def right(check):
    """What a line's check says, in a word."""
    classified, redis = check.get("classified", {}), check.get("redis", {})
    if not check:
        return "–"
    wrong = sum(classified.get(name, 0) for name in ("missing", "wrong", "duplicates")) + redis.get("wrong_customers", 0)
    return "its oracle" if not wrong else f"{wrong} wrong"


def of_lines(lines):
    """({name: drain}, {name: {rate: milliseconds}}), the quietest run of each latency."""
    drains, latency = collections.defaultdict(list), collections.defaultdict(dict)
    for line in lines:
        name = f"{line['peer']} {line['label']}".strip()
        if line.get("failed"):
            continue
        if line["kind"] == "drain":
            drains[name].append(line)
        else:
            found = {**line["ms"], "samples": line["samples"], "cpu_percent_of_a_core": line["cpu_pct_of_one_core"]}
            old = latency[name].get(str(line["rate"]))
            if not old or found["p99"] < old["p99"]:
                latency[name][str(line["rate"])] = found
    fields = (("cpu_us", "cpu_us_per_event"), ("events_per_s", "eps"), ("peak_rss_mb", "peak_rss_mb"), ("first_output_s", "startup_s"))
    made = {}
    for name, runs in drains.items():
        checks = [right(run["check"]) for run in runs if run.get("check")]
        made[name] = {ours: meter.spread([run[its] for run in runs]) for ours, its in fields} | {"checked": checks[0] if checks else "–"}
    return made, dict(latency)


def of_drain(parts):
    drain = parts["drain"]["figures"]
    return {"cpu_us": drain["cpu_us"]["together"], "of_it": {name: drain["cpu_us"][name] for name in ("classifier", "aggregator")},
            "events_per_s": drain["events_per_s"], "peak_rss_mb": drain["peak_rss_mb"]["together"],
            "first_output_s": drain["first_output_s"], "checked": "vocctl verify"}


def of_latency(parts):
    return {rate: {**found["ms"], "cpu_percent_of_a_core": found["cpu_percent_of_a_core"]}
            for rate, found in parts.get("latency", {}).get("figures", {}).items()}


def main():
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    target = pathlib.Path(sys.argv[1])
    ours, rules_only = (json.loads(pathlib.Path(path).read_text())["parts"] for path in sys.argv[2:4])
    lines = [json.loads(line) for path in sys.argv[4:] for line in pathlib.Path(path).read_text().splitlines()]
    drains, latency = of_lines(lines)
    mine = {"voc": of_drain(ours), report.RULES_ONLY: of_drain(rules_only)}
    results = json.loads(target.read_text()) if target.exists() else {"parts": {}}
    results["parts"]["others"] = {**ours["drain"], "figures": {"drains": {**mine, **drains}, "latency": {"voc": of_latency(ours), **latency}}}
    target.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    print(report.tables({"parts": {"others": results["parts"]["others"]}}))


if __name__ == "__main__":
    main()
