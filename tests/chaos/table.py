#!/usr/bin/env python3
"""The table of docs/RELIABILITY.md, from the logs of campaigns (campaign.py --log): table.py DOCUMENT LOG...

What stands in the document between the two markers is written anew; a file without markers holds the table alone.
"""
import collections
import json
import pathlib
import sys

BEGIN, END = "<!-- table: tests/chaos/table.py -->\n", "<!-- end of table -->\n"
SUMS = (("raw records", "raw"), ("dead letters", "dead"), ("events", "events"), ("sender's duplicates", "duplicates"), ("crash copies dropped", "copies"),
        ("fallen due", "dues"), ("alerts", "alerts"))


def row(*cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def setups(results):
    lines = [row("set-up", "runs", "equal to the oracle", "not", "faults", "median s a run", *(title for title, _ in SUMS)), "|---" * (6 + len(SUMS)) + "|"]
    by_setup = collections.defaultdict(list)
    for result in results:
        by_setup[result["setup"]].append(result)
        by_setup["all"].append(result)
    for setup in sorted(by_setup, key=lambda name: (name == "all", name)):
        some = by_setup[setup]
        seconds = sorted(result["seconds"] for result in some)
        lines.append(row(setup, len(some), sum(not r["wrong"] for r in some), sum(bool(r["wrong"]) for r in some), sum(len(r["faults"]) for r in some),
                         round(seconds[len(seconds) // 2]), *(f"{sum(r['counts'].get(name, 0) for r in some):,}" for _, name in SUMS)))
    return lines


def kinds(results):
    lines = [row("fault", "injected", "took effect", "in runs", "of these equal to the oracle"), "|---|---|---|---|---|"]
    injected, effective, runs, equal = (collections.Counter() for _ in range(4))
    for result in results:
        for kind, _, did in result["faults"]:
            injected[kind] += 1
            effective[kind] += did
        for kind in {kind for kind, _, _ in result["faults"]}:
            runs[kind] += 1
            equal[kind] += not result["wrong"]
    return lines + [row(kind, injected[kind], effective[kind], runs[kind], equal[kind]) for kind in sorted(injected)]


def failures(results):
    lines = []
    for result in results:
        if result["wrong"]:
            lines.append(f"- seed {result['seed']} ({result['setup']}, commit {result['commit']}): {result['wrong'][0].splitlines()[0][:200]}")
    return ["", "Runs that were not equal:", ""] + lines if lines else []


def text(results):
    commits = list(dict.fromkeys(result["commit"] for result in results))
    fewest = min((len(result["faults"]) for result in results if len(result["faults"]) > 1), default=1)
    head = f"{len(results)} runs, at least {fewest} faults each (but for those in which a topic is made again), commits {', '.join(commits)}."
    return "\n".join([head, "", *setups(results), "", *kinds(results), *failures(results)]) + "\n"


def write(document, results):
    document = pathlib.Path(document)
    old = document.read_text(encoding="utf-8") if document.exists() else ""
    table = text(results)
    if BEGIN in old and END in old:
        table = old[:old.index(BEGIN)] + BEGIN + "\n" + table + "\n" + old[old.index(END):]
    document.write_text(table, encoding="utf-8")


def main():
    results = [json.loads(line) for log in sys.argv[2:] for line in open(log, encoding="utf-8")]
    write(sys.argv[1], results)


if __name__ == "__main__":
    main()
