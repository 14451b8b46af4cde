"""Measures the classifier on labelled rows that were not trained on.

Runs the built `vocctl classify --ndjson` on annotated/ part 4, the development pool, written/ part 8 and some rows in
the plain words of app stores and short messages (written by the same hands as those of the training) and prints, per
language: macro-F1 of each head with its 95 % interval beside the phrase rules alone (VOC_MODEL=off) and four baselines that
learnt from the same training rows (baselines.py), accuracies and F1 of every label, confusion tables, calibration error and coverage at 90 % precision;
then each source and domain, and what the training measured on domains and sources left out (left-out.json).
With --card, writes them into docs/MODEL.md. With --floors, fails if a figure is below its floor (floors.txt), and leaves out the slow TF-IDF baseline unless it is
cached. Without the data sets, the committed samples stand in and the output says so; with CI set in
the environment that is a failure.
"""
import argparse
import collections
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "services/classifier/train"))
sys.path.insert(0, str(ROOT / "tests/eval"))
import baselines  # noqa: E402
import card  # noqa: E402
import data  # noqa: E402
import measures  # noqa: E402

FLOORS = ROOT / "tests/eval/floors.txt"
SAMPLES = ROOT / "tests/eval/samples"
LEFT_OUT = ROOT / "services/classifier/train/left-out.json"
CACHE = ROOT / "build/eval-cache"
GROUP_LEAST = 20
PLAIN = ("plain", "plain2", "plain3", "plain4")  # those who wrote them wrote other rows for the training
RULES_ALONE = "rules alone"


def has_sets(where):
    return (pathlib.Path(where) / "annotated").is_dir()


def rows_of(where):
    rows = []
    if has_sets(where):
        rows += [dict(r, set="real") for r in data.annotated(where, data.ANNOTATED_HELD)]
        rows += [dict(r, set="real") for r in data.dev_pool(where)]
    elif os.environ.get("CI"):
        sys.exit(f"{where}: no data sets there, and CI must measure on them")
    else:
        print(f"{where}: no data sets there; the committed samples (tests/eval/samples) stand in, without baselines")
    rows += [dict(r, set="written") for r in data.written(SAMPLES, data.WRITTEN_HELD)]
    for name in PLAIN:
        rows += [dict(r, set=name) for r in data.plain(SAMPLES, name)]
    return rows


def classify(rows, vocctl, **settings):
    lines = "".join(json.dumps({"id": str(i), "text": r["text"]}, ensure_ascii=False) + "\n"
                    for i, r in enumerate(rows))
    env = {**os.environ, **settings}
    env.setdefault("VOC_MODEL", str(ROOT / "services/classifier/model.bin"))
    env.setdefault("VOC_PHRASES", str(ROOT / "services/classifier/phrases.txt"))
    env.setdefault("VOC_GAPS", "")
    done = subprocess.run([vocctl, "classify", "--ndjson"], input=lines.encode(), stdout=subprocess.PIPE, check=True,
                          env=env)
    said = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert [s["id"] for s in said] == [str(i) for i in range(len(rows))]
    return said


def said_by_baselines(where, rows, quick):
    """{name: what it says of each row}"""
    if not has_sets(where):
        return {}
    train = list(data.training_rows(where))
    said = {"majority": baselines.majority(train, rows), "keywords": baselines.keywords(train, rows),
            "vader": baselines.vader(where, train, rows)}
    if quick:
        print("without the TF-IDF baseline, which takes minutes: run tests/eval/run.sh for it")
    else:
        said["tf-idf"] = baselines.tf_idf_cached(train, rows, CACHE)
    return said


def chosen(rows, said, which, *langs):
    at = [i for i, r in enumerate(rows) if r["set"] == which and r["lang"] in langs]
    return [rows[i] for i in at], [said[i] for i in at]


def print_headline(title, rows, said, others):
    """The heads' figures with intervals, beside the baselines."""
    figures, spread = measures.headline(rows, said), measures.intervals(rows, said)
    theirs = {name: measures.headline(rows, what) for name, what in others.items() if what[0] is not None}
    print(f"\n{title}: {len(rows)} rows\n{'':26}{'value':>8}{'95 % interval':>18}" + "".join(f"{n:>12}" for n in theirs))
    for name, value in figures.items():
        print(f"  {name:24}{value:8.3f}     {spread[name][0]:.3f}-{spread[name][1]:.3f}"
              + "".join(f"{t[name]:12.3f}" for t in theirs.values()))
    return figures


def print_confusion(rows, said):
    for head in ("feedback_type", "satisfaction", "servqual"):
        labels = measures.LABELS[head]
        shown = labels + (() if head == "servqual" else ("unknown",))
        print(f"  {head}: rows are right, columns are said\n{'':18}" + "".join(f"{v[:13]:>15}" for v in shown))
        table = measures.confusion(measures.column(rows, head), measures.column(said, head), labels)
        for label in labels:
            print(f"    {label:14}" + "".join(f"{table[label][v]:15}" for v in shown))


def print_details(rows, said):
    for name, value in measures.details(rows, said).items():
        print(f"  {name:44}{value:8.3f}")
    print(f"  {'':30}{'ECE':>8}{'coverage at 90 % precision':>30}{'unknown':>10}")
    for head, (error, covered, unknown) in measures.sureness(rows, said).items():
        print(f"  {head:30}{error:8.3f}{covered:30.3f}{unknown:10.3f}")
    print_confusion(rows, said)


def print_groups(rows, said):
    groups = collections.defaultdict(list)
    for r, s in zip(rows, said):
        groups[(r["lang"], r["group"])].append((r, s))
    print(f"\nby source or domain ({GROUP_LEAST} rows or more): rows, accuracy of feedback_type, satisfaction, "
          "servqual; factors micro-F1")
    for (lang, group), pairs in sorted(groups.items()):
        if len(pairs) >= GROUP_LEAST:
            some, theirs = [r for r, _ in pairs], [s for _, s in pairs]
            values = [measures.accuracy(measures.column(some, h), measures.column(theirs, h))
                      for h in ("feedback_type", "satisfaction", "servqual")]
            values.append(measures.headline(some, theirs)["factors micro-F1"])
            print(f"  {lang} {group:32}{len(pairs):6}" + "".join(f"{v:8.3f}" for v in values))


def print_left_out(left_out):
    """What training measured on whole sources and domains that it left out: the figures to trust for a new one."""
    print(f"\nleave one source or domain out (model {left_out['model']}, biases set on the same rows)")
    names = list(next(iter(left_out["groups"].values()))["figures"])
    print(f"  {'':38}{'rows':>6}" + "".join(f"{n[:14]:>16}" for n in names))
    for title, group in left_out["groups"].items():
        print(f"  {title:38}{group['rows']:6}" + "".join(
            f"{'-' if group['figures'][n] is None else format(group['figures'][n], '.3f'):>16}" for n in names))


def check_floors(measured):
    low = []
    for line in FLOORS.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        group, name, floor = (part.strip() for part in line.split("|"))
        if group in measured and measured[group][name] < float(floor):
            low.append(f"{group}: {name} is {measured[group][name]:.3f}, its floor is {floor}")
    print("\n" + "\n".join(low or ["all figures are above their floors"]))
    return not low


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--vocctl", required=True)
    parser.add_argument("--floors", action="store_true")
    parser.add_argument("--card", action="store_true")
    args = parser.parse_args()
    rows = rows_of(args.data)
    said = classify(rows, args.vocctl)
    others = {RULES_ALONE: classify(rows, args.vocctl, VOC_MODEL="off"), **said_by_baselines(args.data, rows, args.floors)}
    measured, sets, whole = {}, {}, {}

    def measure(into, title, which, *langs):
        some, theirs = chosen(rows, said, which, *langs)
        if some:
            into[title] = some, theirs, {name: chosen(rows, what, which, *langs)[1] for name, what in others.items()}
            measured[title] = print_headline(title, *into[title])
            measured[f"{title}, {RULES_ALONE}"] = measures.headline(some, into[title][2][RULES_ALONE])
        return bool(some)
    for which in ("real", "written") + PLAIN:
        for lang in data.LANGS:
            if measure(sets, f"{which} {lang}", which, lang):
                print_details(*sets[f"{which} {lang}"][:2])
        measure(whole, f"{which}, both languages", which, *data.LANGS)
    print_groups(rows, said)
    left_out = json.loads(LEFT_OUT.read_text(encoding="utf-8"))
    print_left_out(left_out)
    if args.card:
        card.write(ROOT / "docs/MODEL.md", whole, sets, left_out)
    return 0 if not args.floors or check_floors(measured) else 1


if __name__ == "__main__":
    sys.exit(main())
