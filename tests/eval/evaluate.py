"""Measures the classifier on labelled rows that were not trained on.

Runs the built `vocctl classify --ndjson` on annotated/ part 4, the development pool and written/ part 8, prints
accuracy and macro-F1 per head and language beside the majority class, and per source or domain. With --floors, fails
if a figure is below its floor (floors.txt). Without the data sets, the committed copy of written/ part 8 stands in and
the output says so; with CI set in the environment that is a failure.
"""
import argparse
import collections
import json
import math
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "services/classifier/train"))
import data  # noqa: E402

HEADS = {"feedback_type": data.FEEDBACK, "satisfaction": data.SATISFACTION,
         "primary_factor": ("none",) + data.FACTORS, "servqual": data.SERVQUAL}


FLOORS = ROOT / "tests/eval/floors.txt"
SAMPLES = ROOT / "tests/eval/samples"


def rows_of(where):
    rows = []
    if (pathlib.Path(where) / "annotated").is_dir():
        rows += [dict(r, set="real") for r in data.annotated(where, data.ANNOTATED_HELD)]
        rows += [dict(r, set="real") for r in data.dev_pool(where)]
    elif os.environ.get("CI"):
        sys.exit(f"{where}: no data sets there, and CI must measure on them")
    else:
        print(f"{where}: no data sets there; the committed samples (tests/eval/samples) stand in")
    rows += [dict(r, set="written") for r in data.written(SAMPLES, data.WRITTEN_HELD)]
    return rows


def classify(rows, vocctl):
    lines = "".join(json.dumps({"id": str(i), "text": r["text"]}, ensure_ascii=False) + "\n"
                    for i, r in enumerate(rows))
    env = dict(os.environ)
    env.setdefault("VOC_MODEL", str(ROOT / "services/classifier/model.bin"))
    env.setdefault("VOC_PHRASES", str(ROOT / "services/classifier/phrases.txt"))
    done = subprocess.run([vocctl, "classify", "--ndjson"], input=lines.encode(), stdout=subprocess.PIPE, check=True,
                          env=env)
    said = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert [s["id"] for s in said] == [str(i) for i in range(len(rows))]
    return said


def f1(true, said, label):
    hits = sum(t == label == s for t, s in zip(true, said))
    whole = true.count(label) + said.count(label)
    return 2 * hits / whole if whole else None


def macro(true, said, labels):
    values = [v for label in labels if (v := f1(true, said, label)) is not None]
    return sum(values) / len(values)


def accuracy(true, said):
    return sum(t == s for t, s in zip(true, said)) / len(true)


def factor_micro(true, said):
    hits = sum(len(set(t) & set(s)) for t, s in zip(true, said))
    whole = sum(map(len, true)) + sum(map(len, said))
    return 2 * hits / whole if whole else 1.0


def calibration_error(right, confidence):
    bins = collections.defaultdict(list)
    for r, c in zip(right, confidence):
        bins[min(9, int(c * 10))].append((r, c))
    return sum(abs(sum(r for r, _ in b) - sum(c for _, c in b)) for b in bins.values()) / len(right)


def majority(values):
    return collections.Counter(values).most_common(1)[0][0]


def interval(value, n):
    """Half the width of a 95 % interval of a share."""
    return 1.96 * math.sqrt(max(value * (1 - value), 1e-9) / n)


def measure(rows, said):
    """{figure: (value, the majority class's value)}"""
    figures = {}
    for head, labels in HEADS.items():
        true, got = [r[head] for r in rows], [s[head] for s in said]
        most = [majority(true)] * len(true)
        figures[f"{head} accuracy"] = (accuracy(true, got), accuracy(true, most))
        figures[f"{head} macro-F1"] = (macro(true, got, labels), macro(true, most, labels))
    true, got = [r["factors"] for r in rows], [s["factors"] for s in said]
    figures["factors micro-F1"] = (factor_micro(true, got), factor_micro(true, [["product_service"]] * len(true)))
    for factor in data.FACTORS:
        t, s = [factor in v for v in true], [factor in v for v in got]
        figures[f"factor {factor} F1"] = (f1(t, s, True) or 0.0, 0.0)
    true, got = [r["churn_intent"] for r in rows], [s["churn_intent"] for s in said]
    figures["churn_intent F1"] = (f1(true, got, True) or 0.0, 0.0)
    for head in ("feedback_type", "satisfaction", "servqual"):
        right = [r[head] == s[head] for r, s in zip(rows, said)]
        figures[f"{head} ECE"] = (calibration_error(right, [s["confidence"][head] for s in said]), None)
    return figures


def print_figures(title, rows, figures):
    print(f"\n{title}: {len(rows)} rows\n{'':32}{'':>9}{'majority':>10}")
    for name, (value, most) in figures.items():
        spread = f" ±{interval(value, len(rows)):.3f}" if name.endswith("accuracy") else ""
        print(f"  {name:30}{value:9.3f}{'' if most is None else f'{most:10.3f}'}{spread}")


def print_groups(rows, said):
    groups = collections.defaultdict(list)
    for r, s in zip(rows, said):
        groups[(r["lang"], r["group"])].append((r, s))
    print("\nby source or domain (20 rows or more): rows, accuracy of feedback_type, satisfaction, servqual")
    for (lang, group), pairs in sorted(groups.items()):
        if len(pairs) >= 20:
            shares = [sum(r[h] == s[h] for r, s in pairs) / len(pairs)
                      for h in ("feedback_type", "satisfaction", "servqual")]
            print(f"  {lang} {group:32}{len(pairs):6}" + "".join(f"{v:8.3f}" for v in shares))


def check_floors(measured):
    low = []
    for line in FLOORS.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        group, name, floor = (part.strip() for part in line.split("|"))
        if group not in measured:
            continue
        value = measured[group][name][0]
        if value < float(floor):
            low.append(f"{group}: {name} is {value:.3f}, its floor is {floor}")
    print("\n" + "\n".join(low or ["all figures are above their floors"]))
    return not low


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--vocctl", required=True)
    parser.add_argument("--floors", action="store_true")
    parser.add_argument("--errors", help="write the wrong rows of this head to standard output")
    args = parser.parse_args()
    rows = rows_of(args.data)
    said = classify(rows, args.vocctl)
    if args.errors:
        for r, s in zip(rows, said):
            if r[args.errors] != s[args.errors]:
                print(r["lang"], r["set"], r["group"], r[args.errors], s[args.errors], r["text"], sep="\t")
        return 0
    measured = {}
    for which in ("real", "written"):
        for lang in data.LANGS:
            chosen = [(r, s) for r, s in zip(rows, said) if r["set"] == which and r["lang"] == lang]
            if not chosen:
                continue
            some, theirs = [r for r, _ in chosen], [s for _, s in chosen]
            measured[f"{which} {lang}"] = measure(some, theirs)
            print_figures(f"{which} {lang}", some, measured[f"{which} {lang}"])
    print_groups(rows, said)
    return 0 if not args.floors or check_floors(measured) else 1


if __name__ == "__main__":
    sys.exit(main())
