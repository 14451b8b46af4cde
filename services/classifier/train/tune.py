"""Decision biases and confidence curves, from scores of rows whose domain was not trained on."""
import numpy

import data
import measures
import pack

PAIRS = (("complaint", "dissatisfied"), ("question", "neutral"), ("opinion", "neutral"), ("opinion", "satisfied"),
         ("opinion", "delighted"))
STEPS = (-1200, -800, -500, -300, -150, 150, 300, 500, 800, 1200)
FACTOR_COLUMN, PRIMARY_COLUMN, SERVQUAL_COLUMN, CHURN_COLUMN = 7, 12, 18, 24
BIAS_MOST, LEAST_GAIN = 1500, 1e-3
# Of a bias that is best on the rows it was found on, so much is taken: for other domains' rows the whole of it is too much.
BIAS_SHARE = 0.75
# How much the F1 over labels, the mean F1 of the factors and that of the primary one count when their biases are set.
FACTOR_MEASURES = (1.0, 0.2, 0.1)
REAL_COUNT = 3  # of the rows that biases and curves are set on, a real one counts so many times
GROUP_LEAST, RARE_LEAST = 30, 5
CURVE_FEEDBACK, CURVE_SATISFACTION, CURVE_FACTOR, CURVE_SERVQUAL, CURVE_TRUE, CURVE_FALSE = range(6)


def f1_of_labels(truth, said, count):
    """The F1 of each of `count` labels; both lists are arrays of their indices."""
    hits = numpy.bincount(truth[truth == said], minlength=count)
    both = numpy.bincount(truth, minlength=count) + numpy.bincount(said, minlength=count)
    return numpy.where(both > 0, 2 * hits / numpy.maximum(both, 1), 1.0)


def climb(start, measure):
    """Coordinate ascent over biases."""
    biases = numpy.array(start, dtype="f8")
    best = measure(biases)
    for _ in range(3):
        for i in range(len(biases)):
            for step in STEPS:
                tried = biases.copy()
                tried[i] += step
                if abs(tried[i]) <= BIAS_MOST and (value := measure(tried)) > best + LEAST_GAIN:
                    best, biases = value, tried
    return biases


def threshold(truth, scores):
    """The bias that gives one binary label its best F1."""
    order = numpy.argsort(-scores, kind="stable")
    hits, said = numpy.cumsum(truth[order]), numpy.arange(1, len(order) + 1)
    value = 2 * hits / (said + hits[-1])
    return max(-BIAS_MOST, min(BIAS_MOST, 1 - scores[order[value.argmax()]]))


def curve(margins, right):
    """Knots of a rising curve: the share of right decisions around each margin, smoothed."""
    mean = right.mean() if len(right) else 0.5
    knots, least = [], 0
    for k in range(pack.KNOTS):
        near = abs(margins - k * pack.STEP) <= pack.STEP
        if k == pack.KNOTS - 1:
            near |= margins > k * pack.STEP
        prior = knots[-1] / 1000 if knots else mean
        value = (right[near].sum() + 10 * prior) / (near.sum() + 10)
        least = max(least, round(1000 * value))
        knots.append(min(995, least))
    return knots


def lead(values, best):
    """How far the column `best` of each row is ahead of the others."""
    others = values.copy()
    others[numpy.arange(len(values)), best] = -numpy.inf
    return values.max(axis=1) - others.max(axis=1)


def pair_values(scores):
    return numpy.stack([scores[:, data.FEEDBACK.index(f)] + scores[:, 3 + data.SATISFACTION.index(t)]
                        for f, t in PAIRS], axis=1)


def pair_lead(values, said, of_pair):
    """How far the decided pair is ahead of those that say something else of one head."""
    rivals = numpy.where(of_pair[None, :] == of_pair[said][:, None], -numpy.inf, values)
    return values.max(axis=1) - rivals.max(axis=1)


class Tuning:
    """One language's rows and their scores."""

    def __init__(self, model, lang, rows, scores):
        self.model, self.lang, self.rows, self.scores = model, lang, rows, scores
        self.figures = {}

    def truth(self, head, labels):
        return numpy.array([labels.index(r[head]) for r in self.rows])

    def shift(self, column, amounts):
        """The scores of all rows, and the model's bias, by BIAS_SHARE of these amounts."""
        amounts = numpy.rint(BIAS_SHARE * numpy.array(amounts))
        self.scores[:, column:column + len(amounts)] += amounts
        self.model.bias[self.lang][column:column + len(amounts)] += amounts / 1000

    def pairs(self):
        of_feedback = numpy.array([data.FEEDBACK.index(f) for f, _ in PAIRS])
        of_satisfaction = numpy.array([data.SATISFACTION.index(t) for _, t in PAIRS])
        feedback = self.truth("feedback_type", data.FEEDBACK)
        satisfaction = self.truth("satisfaction", data.SATISFACTION)
        values = pair_values(self.scores)

        def figures(biases):
            said = (values + biases[:3][of_feedback] + biases[3:][of_satisfaction]).argmax(axis=1)
            return (f1_of_labels(feedback, of_feedback[said], 3).mean(),
                    f1_of_labels(satisfaction, of_satisfaction[said], 4).mean())

        biases = climb(numpy.zeros(7), lambda tried: sum(figures(tried)))
        self.figures["feedback"], self.figures["satisfaction"] = figures(BIAS_SHARE * biases)
        self.shift(0, biases)
        values = pair_values(self.scores)
        said = values.argmax(axis=1)
        for which, of_pair, right in ((CURVE_FEEDBACK, of_feedback, feedback), (CURVE_SATISFACTION, of_satisfaction, satisfaction)):
            self.model.curve[self.lang][which] = curve(pair_lead(values, said, of_pair), of_pair[said] == right)

    def factors(self):
        """Each factor by its own F1 first, then all together by the F1 over labels; a primary one always counts."""
        are = numpy.array([[f in r["factors"] for f in data.FACTORS] for r in self.rows])
        alone = [threshold(are[:, i], self.scores[:, FACTOR_COLUMN + i]) for i in range(len(data.FACTORS))]
        labels = ("none",) + data.FACTORS
        primary = self.truth("primary_factor", labels)
        single = self.scores[:, FACTOR_COLUMN:PRIMARY_COLUMN].copy()
        first = self.scores[:, PRIMARY_COLUMN:SERVQUAL_COLUMN].copy()

        def figures(biases):
            picked = (first + biases[5:]).argmax(axis=1)
            said = (single + biases[:5] > 0) | (picked[:, None] == numpy.arange(1, 6))
            said &= picked[:, None] > 0
            hits, both = (said & are).sum(axis=0), said.sum(axis=0) + are.sum(axis=0)
            return 2 * hits.sum() / both.sum(), (2 * hits / both).mean(), f1_of_labels(primary, picked, 6).mean()

        biases = climb(alone + [0] * 6, lambda tried: numpy.dot(figures(tried), FACTOR_MEASURES))
        self.figures["factors"], self.figures["each factor"], self.figures["primary"] = figures(BIAS_SHARE * biases)
        self.shift(FACTOR_COLUMN, biases)
        values = self.scores[:, PRIMARY_COLUMN:SERVQUAL_COLUMN]
        said = values.argmax(axis=1)
        self.model.curve[self.lang][CURVE_FACTOR] = curve(lead(values, said), said == primary)

    def servqual(self):
        right = self.truth("servqual", data.SERVQUAL)
        values = self.scores[:, SERVQUAL_COLUMN:CHURN_COLUMN].copy()
        about = self.scores[:, PRIMARY_COLUMN:SERVQUAL_COLUMN].argmax(axis=1) > 0

        def measure(biases):
            return f1_of_labels(right, (values + biases).argmax(axis=1) * about, 6).mean()

        biases = climb(numpy.zeros(6), measure)
        self.figures["servqual"] = measure(BIAS_SHARE * biases)
        self.shift(SERVQUAL_COLUMN, biases)
        values = self.scores[:, SERVQUAL_COLUMN:CHURN_COLUMN]
        said = values.argmax(axis=1)
        self.model.curve[self.lang][CURVE_SERVQUAL] = curve(lead(values, said), said == right)

    def churn(self):
        leaves = numpy.array([r["churn_intent"] for r in self.rows])
        self.shift(CHURN_COLUMN, [threshold(leaves, self.scores[:, CHURN_COLUMN])])
        values = self.scores[:, CHURN_COLUMN]
        said = values > 0
        self.figures["churn"] = f1_of_labels(leaves * 1, said * 1, 2)[1]
        for which, these in ((CURVE_TRUE, said), (CURVE_FALSE, ~said)):
            self.model.curve[self.lang][which] = curve(abs(values[these]), (leaves == said)[these])

    def run(self):
        self.pairs()
        self.factors()
        self.servqual()
        self.churn()
        print(f"other domains, {data.LANGS[self.lang]}: " + ", ".join(f"{k} {v:.3f}" for k, v in self.figures.items()), flush=True)


def labels_of(s):
    """The labels of one row's scores, as common/core/classify/decide.c takes them, but always the best guess."""
    feedback, satisfaction = PAIRS[pair_values(s[None, :])[0].argmax()]
    primary = s[PRIMARY_COLUMN:SERVQUAL_COLUMN].argmax()
    factors = [f for i, f in enumerate(data.FACTORS) if s[FACTOR_COLUMN + i] > 0 or i + 1 == primary]
    servqual = s[SERVQUAL_COLUMN:CHURN_COLUMN].argmax()
    return {"feedback_type": feedback, "satisfaction": satisfaction,
            "primary_factor": (("none",) + data.FACTORS)[primary], "factors": factors if primary else [],
            "servqual": data.SERVQUAL[servqual if primary else 0], "churn_intent": s[CHURN_COLUMN] > 0}


def counts(row):
    """
    Whether the row is one as customers send them: how often a label is right by chance is learnt from those alone. Those that were read
    because a model was unsure of them are not.
    """
    return not row.get("contrast") and not row.get("read") and row["group"] != data.CORRECTED and not row["group"].startswith("pairs-")


def tune(model, rows, scores):
    """Sets biases and curves; returns the rows that counted and what is then said of each."""
    judged, said = [], []
    for lang, name in enumerate(data.LANGS):
        chosen = [i for i, r in enumerate(rows) if r["lang"] == name and counts(r)]
        real = [i for i in chosen if data.kind_of(rows[i]) == "real"]
        counted = chosen + real * (REAL_COUNT - 1)
        tuning = Tuning(model, lang, [rows[i] for i in counted], numpy.array([scores[i] for i in counted], dtype="f8"))
        tuning.run()
        judged += [rows[i] for i in chosen]
        said += [labels_of(s) for s in tuning.scores[:len(chosen)]]
    return judged, said


def left_out(rows, said):
    """{title: {rows, figures}}: by language, kind of text, and source or domain, where there are enough rows."""
    groups = {}
    for row, labels in zip(rows, said):
        for title in (row["lang"], f"{row['lang']} {data.kind_of(row)}", f"{row['lang']} {row['group']}"):
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
