"""Decision biases and confidence curves, from scores of rows whose domain was not trained on."""
import numpy

import data
import measures
import pack

PAIRS = (("complaint", "dissatisfied"), ("question", "neutral"), ("opinion", "neutral"), ("opinion", "satisfied"),
         ("opinion", "delighted"))
STEPS = (-1200, -800, -500, -300, -150, 150, 300, 500, 800, 1200)
FACTOR_COLUMN, PRIMARY_COLUMN, SERVQUAL_COLUMN, CHURN_COLUMN = 7, 12, 18, 24
GROUP_LEAST, RARE_LEAST = 30, 5
CURVE_FEEDBACK, CURVE_SATISFACTION, CURVE_FACTOR, CURVE_SERVQUAL, CURVE_TRUE, CURVE_FALSE = range(6)


def f1(hits, said, are):
    return 2 * hits / (said + are) if said + are else 1.0


def macro_f1(truth, said, labels):
    total = 0.0
    for label in labels:
        hits = sum(t == label and s == label for t, s in zip(truth, said))
        total += f1(hits, said.count(label), truth.count(label))
    return total / len(labels)


def best_two(values):
    order = sorted(range(len(values)), key=lambda i: (-values[i], i))
    return order[0], values[order[0]] - values[order[1]]


def climb(count, measure):
    """Coordinate ascent over `count` biases."""
    biases = [0] * count
    best = measure(biases)
    for _ in range(3):
        for i in range(count):
            for step in STEPS:
                tried = list(biases)
                tried[i] += step
                if abs(tried[i]) <= 1500 and (value := measure(tried)) > best + 1e-6:
                    best, biases = value, tried
    return biases, best


def threshold(truth, scores):
    """The bias that gives one binary label its best F1, and that F1."""
    order = sorted(zip(scores, truth), reverse=True)
    are, hits, best = sum(truth), 0, (0.0, 0)
    for said, (score, true) in enumerate(order, 1):
        hits += true
        value = f1(hits, said, are)
        if value > best[0]:
            best = (value, score)
    return -best[1] + 1, best[0]


def curve(samples):
    """Knots of a rising curve: the share of right decisions around each margin, smoothed."""
    mean = sum(right for _, right in samples) / max(1, len(samples))
    knots, least = [], 0
    for k in range(pack.KNOTS):
        centre, reach = k * pack.STEP, pack.STEP
        last = k == pack.KNOTS - 1
        near = [right for margin, right in samples if abs(margin - centre) <= reach or (last and margin > centre)]
        prior = knots[-1] / 1000 if knots else mean
        value = (sum(near) + 10 * prior) / (len(near) + 10)
        least = max(least, round(1000 * value))
        knots.append(min(995, least))
    return knots


def pair_scores(s):
    return [s[data.FEEDBACK.index(f)] + s[3 + data.SATISFACTION.index(t)] for f, t in PAIRS]


def decide_pair(values):
    best, _ = best_two(values)
    feedback, satisfaction = PAIRS[best]
    other_f = max(v for v, p in zip(values, PAIRS) if p[0] != feedback)
    other_s = max(v for v, p in zip(values, PAIRS) if p[1] != satisfaction)
    return feedback, satisfaction, values[best] - other_f, values[best] - other_s


def tune_lang(model, lang, rows, scores):
    name = data.LANGS[lang]
    bias = model.bias[lang]
    figures = {}

    def shift(column, amount):
        bias[column] += amount / 1000
        for s in scores:
            s[column] += amount

    feedback = [r["feedback_type"] for r in rows]
    satisfaction = [r["satisfaction"] for r in rows]
    decided = [decide_pair(pair_scores(s)) for s in scores]
    figures["feedback"] = macro_f1(feedback, [d[0] for d in decided], data.FEEDBACK)
    figures["satisfaction"] = macro_f1(satisfaction, [d[1] for d in decided], data.SATISFACTION)
    model.curve[lang][CURVE_FEEDBACK] = curve([(d[2], d[0] == t) for d, t in zip(decided, feedback)])
    model.curve[lang][CURVE_SATISFACTION] = curve([(d[3], d[1] == t) for d, t in zip(decided, satisfaction)])

    for i, factor in enumerate(data.FACTORS):
        column = FACTOR_COLUMN + i
        amount, figures[factor] = threshold([factor in r["factors"] for r in rows], [s[column] for s in scores])
        shift(column, max(-1500, min(1500, amount)))

    primary = [("none",) + data.FACTORS][0]
    truth = [r["primary_factor"] for r in rows]
    picks = [best_two(s[PRIMARY_COLUMN:PRIMARY_COLUMN + 6]) for s in scores]
    figures["primary"] = macro_f1(truth, [primary[p] for p, _ in picks], primary)
    model.curve[lang][CURVE_FACTOR] = curve([(m, primary[p] == t) for (p, m), t in zip(picks, truth)])

    truth = [r["servqual"] for r in rows]
    table = [s[SERVQUAL_COLUMN:SERVQUAL_COLUMN + 6] for s in scores]

    scored, right = numpy.array(table), numpy.array([data.SERVQUAL.index(t) for t in truth])
    are = numpy.bincount(right, minlength=6)

    def measure(biases):
        said = (scored + biases).argmax(axis=1)
        hits, told = numpy.bincount(right[said == right], minlength=6), numpy.bincount(said, minlength=6)
        return sum(f1(h, t, a) for h, t, a in zip(hits.tolist(), told.tolist(), are.tolist())) / 6

    biases, figures["servqual"] = climb(6, measure)
    for i, amount in enumerate(biases):
        shift(SERVQUAL_COLUMN + i, amount)
    picks = [best_two(s[SERVQUAL_COLUMN:SERVQUAL_COLUMN + 6]) for s in scores]
    model.curve[lang][CURVE_SERVQUAL] = curve([(m, data.SERVQUAL[p] == t) for (p, m), t in zip(picks, truth)])

    churn = [r["churn_intent"] for r in rows]
    amount, figures["churn"] = threshold(churn, [s[CHURN_COLUMN] for s in scores])
    shift(CHURN_COLUMN, max(-1500, min(1500, amount)))
    values = [s[CHURN_COLUMN] for s in scores]
    model.curve[lang][CURVE_TRUE] = curve([(v, t) for v, t in zip(values, churn) if v > 0])
    model.curve[lang][CURVE_FALSE] = curve([(-v, not t) for v, t in zip(values, churn) if v <= 0])
    print(f"other domains, {name}: " + ", ".join(f"{k} {v:.3f}" for k, v in figures.items()), flush=True)


def labels_of(s):
    """The labels of one row's scores, as common/core/decide.c takes them, but always the best guess."""
    feedback, satisfaction, _, _ = decide_pair(pair_scores(s))
    primary = best_two(s[PRIMARY_COLUMN:PRIMARY_COLUMN + 6])[0]
    factors = [f for i, f in enumerate(data.FACTORS) if s[FACTOR_COLUMN + i] > 0 or i + 1 == primary]
    servqual = best_two(s[SERVQUAL_COLUMN:SERVQUAL_COLUMN + 6])[0]
    return {"feedback_type": feedback, "satisfaction": satisfaction,
            "primary_factor": (("none",) + data.FACTORS)[primary], "factors": factors if primary else [],
            "servqual": data.SERVQUAL[servqual if primary else 0], "churn_intent": s[CHURN_COLUMN] > 0}


def tune(model, rows, scores):
    """Sets biases and curves; returns the rows that counted and what is then said of each."""
    judged, said = [], []
    for lang, name in enumerate(data.LANGS):
        chosen = [i for i, r in enumerate(rows) if r["lang"] == name and r["group"] != data.CORRECTED
                  and not r["group"].startswith("pairs-")]
        mine, theirs = [rows[i] for i in chosen], [list(scores[i]) for i in chosen]
        tune_lang(model, lang, mine, theirs)
        judged += mine
        said += [labels_of(s) for s in theirs]
    return judged, said


def left_out(rows, said):
    """{title: {rows, figures}}: by language, kind of text, and source or domain, where there are enough rows."""
    groups = {}
    for row, labels in zip(rows, said):
        kind = "real" if row["group"] in data.SETS_ANNOTATED else "plain" if row["group"].startswith("plain-") \
            else "written"
        for title in (row["lang"], f"{row['lang']} {kind}", f"{row['lang']} {row['group']}"):
            groups.setdefault(title, []).append((row, labels))
    order = sorted(groups, key=lambda t: (t.count(" ") > 0, t.split(" ")[-1] not in ("real", "written", "plain"), t))
    found = {}
    for title in order:
        mine, theirs = zip(*groups[title])
        if len(mine) >= GROUP_LEAST:
            figures = measures.headline(mine, theirs)
            if sum(r["churn_intent"] for r in mine) < RARE_LEAST:
                figures["churn_intent F1"] = None
            found[title] = {"rows": len(mine), "figures": {n: v if v is None else round(v, 3)
                                                           for n, v in figures.items()}}
    return found
