"""The figures: F1, confusion, calibration, coverage, and 95 % intervals of them. Plain functions over lists of labels."""
import collections
import random

import data

LABELS = {"feedback_type": data.FEEDBACK, "satisfaction": data.SATISFACTION,
          "primary_factor": ("none",) + data.FACTORS, "servqual": data.SERVQUAL}
SAMPLES = 400  # of the bootstrap


def f1(true, said, label):
    """None if the label is neither there nor said."""
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


def column(rows, head):
    return [r[head] for r in rows]


def headline(rows, said):
    """{figure: value}: one for each head, as the bars name them."""
    figures = {f"{head} macro-F1": macro(column(rows, head), column(said, head), LABELS[head])
               for head in ("feedback_type", "satisfaction", "servqual")}
    figures["factors micro-F1"] = factor_micro(column(rows, "factors"), column(said, "factors"))
    figures["churn_intent F1"] = f1(column(rows, "churn_intent"), column(said, "churn_intent"), True) or 0.0
    return figures


def details(rows, said):
    """{figure: value}: accuracies, and F1 of every label."""
    figures = {f"{head} accuracy": accuracy(column(rows, head), column(said, head)) for head in LABELS}
    for head, labels in LABELS.items():
        for label in labels:
            value = f1(column(rows, head), column(said, head), label)
            figures[f"{head} {label} F1"] = value
    for factor in data.FACTORS:
        figures[f"factor {factor} F1"] = f1([factor in r["factors"] for r in rows],
                                            [factor in s["factors"] for s in said], True)
    return {name: value for name, value in figures.items() if value is not None}


def intervals(rows, said):
    """{figure: (low, high)}: 95 % of seeded bootstrap samples of the rows lie between."""
    chance = random.Random("intervals")
    values = collections.defaultdict(list)
    for _ in range(SAMPLES):
        drawn = [chance.randrange(len(rows)) for _ in rows]
        for name, value in headline([rows[i] for i in drawn], [said[i] for i in drawn]).items():
            values[name].append(value)
    return {name: (sorted(v)[SAMPLES // 40], sorted(v)[-SAMPLES // 40 - 1]) for name, v in values.items()}


def confusion(true, said, labels):
    """{true label: {said label: rows}}; what is said may also be "unknown"."""
    table = {label: collections.Counter() for label in labels}
    for t, s in zip(true, said):
        table[t][s] += 1
    return table


def calibration_error(right, confidence):
    """Expected calibration error over ten bins."""
    bins = collections.defaultdict(list)
    for r, c in zip(right, confidence):
        bins[min(9, int(c * 10))].append((r, c))
    return sum(abs(sum(r for r, _ in b) - sum(c for _, c in b)) for b in bins.values()) / len(right)


def coverage(right, confidence, precision=0.9):
    """The largest share of rows, surest first, of which `precision` are right. Ties are taken whole."""
    order = sorted(zip(confidence, right), key=lambda pair: -pair[0])
    hits, best = 0, 0
    for i, (c, r) in enumerate(order, 1):
        hits += r
        if hits >= precision * i and (i == len(order) or order[i][0] != c):
            best = i
    return best / len(order)


def sureness(rows, said):
    """{head: (ECE, coverage at 90 % precision, share that is unknown)}."""
    found = {}
    for head, name in (("feedback_type", "feedback_type"), ("satisfaction", "satisfaction"),
                       ("primary_factor", "factors"), ("servqual", "servqual"), ("churn_intent", "churn_intent")):
        right = [r[head] == s[head] for r, s in zip(rows, said)]
        sure = [s["confidence"][name] for s in said]
        found[head] = (calibration_error(right, sure), coverage(right, sure),
                       sum(s[head] == "unknown" for s in said) / len(said))
    return found
