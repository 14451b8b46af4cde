"""What simpler classifiers would say of the same rows, learnt from the same training rows.

majority   the most frequent label
keywords   for each label the words that are most its own; the label with most of them wins
vader      English only: the VADER lexicon with its negation, degree and "but" rules; a question mark asks
tf-idf     scikit-learn: TF-IDF of words and characters, logistic regression, one head at a time
"""
import collections
import hashlib
import json
import math
import re

import data

HEADS = {"feedback_type": data.FEEDBACK, "satisfaction": data.SATISFACTION,
         "primary_factor": ("none",) + data.FACTORS, "servqual": data.SERVQUAL, "churn_intent": (False, True)}
WORD = re.compile(r"[0-9a-z']+|[가-힣ㄱ-ㅣ]+|[?!]")
KEYWORDS, LEAST_COUNT = 80, 4


def words(text):
    """Latin words; of Korean ones also what stands before the ending."""
    for word in WORD.findall(text.lower()):
        yield word
        if word[0] >= "가" and len(word) > 2:
            yield word[:2]


def majority(train, rows):
    said = []
    for lang in data.LANGS:
        mine = [r for r in train if r["lang"] == lang]
        most = {head: collections.Counter(r[head] for r in mine).most_common(1)[0][0] for head in HEADS}
        said.append(dict(most, factors=["product_service"]))
    return [said[data.LANGS.index(r["lang"])] for r in rows]


def learn_keywords(train, is_one):
    """The words with the highest log odds of rows that are one of the label."""
    inside, outside = collections.Counter(), collections.Counter()
    for r in train:
        (inside if is_one(r) else outside).update(set(words(r["text"])))
    ins, outs = sum(inside.values()) + 1, sum(outside.values()) + 1
    odds = {w: math.log((n + 0.5) / ins) - math.log((outside[w] + 0.5) / outs)
            for w, n in inside.items() if n >= LEAST_COUNT}
    return set(sorted(odds, key=lambda w: (-odds[w], w))[:KEYWORDS])


def keywords(train, rows):
    said = majority(train, rows)
    for lang in data.LANGS:
        mine = [r for r in train if r["lang"] == lang]
        known = {(head, label): learn_keywords(mine, lambda r, h=head, v=label: r[h] == v)
                 for head, labels in HEADS.items() for label in labels}
        factors = {f: learn_keywords(mine, lambda r, f=f: f in r["factors"]) for f in data.FACTORS[1:]}
        for i, row in enumerate(rows):
            if row["lang"] != lang:
                continue
            found = set(words(row["text"]))
            said[i] = dict(said[i])
            for head, labels in HEADS.items():
                best = max(labels, key=lambda v, h=head: (len(found & known[h, v]), v == said[i][h]))
                said[i][head] = best
            said[i]["factors"] = ["product_service"] + [f for f, own in factors.items() if found & own]
            if said[i]["primary_factor"] == "none":
                said[i]["factors"] = []
    return said


NEGATIONS = {"not", "no", "never", "none", "nobody", "nothing", "neither", "nor", "without", "cannot", "hardly"}
BOOSTERS = {"very": .293, "really": .293, "so": .293, "extremely": .293, "absolutely": .293, "totally": .293,
            "completely": .293, "incredibly": .293, "too": .293, "most": .293, "slightly": -.293, "somewhat": -.293,
            "kinda": -.293, "barely": -.293, "marginally": -.293}


def compound(lexicon, text):
    """VADER's score, -1 to 1 (Hutto and Gilbert 2014), without its emphasis by capitals."""
    tokens = text.lower().replace(",", " ").split()
    values = []
    for i, token in enumerate(tokens):
        value = lexicon.get(token, lexicon.get(token.strip(".,!?;:\"()"), 0.0))
        for back in (1, 2, 3):
            if value and i >= back:
                before = tokens[i - back].strip(".,!?;:\"()")
                value += math.copysign(BOOSTERS.get(before, 0) * (1.05 - 0.05 * back), value)
                if before in NEGATIONS or before.endswith("n't"):
                    value *= -0.74
        values.append(value)
    if "but" in tokens:
        at = tokens.index("but")
        values = [v * (0.5 if i < at else 1.5 if i > at else 1) for i, v in enumerate(values)]
    total = sum(values)
    total += math.copysign(0.292 * min(4, text.count("!")), total) if total else 0
    return total / math.sqrt(total * total + 15)


def vader(folder, train, rows):
    """None for rows that are not English."""
    lexicon = {r["token"]: float(r["mean"]) for r in data.read_tsv(f"{folder}/train/lexicon-vader-en/lexicon.tsv")}
    said = []
    for row, most in zip(rows, majority(train, rows)):
        value = compound(lexicon, row["text"])
        asks = row["text"].rstrip().endswith("?")
        feedback = "question" if asks else "complaint" if value <= -0.05 else "opinion"
        satisfaction = {"question": "neutral", "complaint": "dissatisfied"}.get(feedback) or (
            "delighted" if value >= 0.8 else "satisfied" if value >= 0.05 else "neutral")
        said.append(dict(most, feedback_type=feedback, satisfaction=satisfaction) if row["lang"] == "en" else None)
    return said


def tf_idf(train, rows):
    # Here and not above: only this baseline needs scikit-learn.
    from scipy import sparse
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    def learn(target):
        known = [i for i, value in enumerate(target) if value is not None]
        model = LogisticRegression(C=10, solver="liblinear", dual=True, tol=0.01, max_iter=100, random_state=1)
        return model.fit(seen[known], [target[i] for i in known]).predict(unseen).tolist()

    makers = [TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
              TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), min_df=3, sublinear_tf=True)]
    texts = [r["text"] for r in train]
    seen = sparse.hstack([maker.fit_transform(texts) for maker in makers]).tocsr()
    unseen = sparse.hstack([maker.transform([r["text"] for r in rows]) for maker in makers]).tocsr()
    said = [{} for _ in rows]
    for head in HEADS:
        for s, value in zip(said, learn([r[head] for r in train])):
            s[head] = value
    for factor in data.FACTORS:
        for s, value in zip(said, learn([factor in r["factors"] for r in train])):
            s["factors"] = s.get("factors", []) + [factor] * value
    return said


def tf_idf_cached(train, rows, cache):
    """The same from the last time with these rows; it takes a minute or two otherwise."""
    import sklearn
    digest = hashlib.sha256(json.dumps([sklearn.__version__, train, rows], sort_keys=True).encode())
    with open(__file__, "rb") as code:
        digest.update(code.read())
    path = cache / f"tf-idf-{digest.hexdigest()[:16]}.json"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(tf_idf(train, rows)), encoding="utf-8")
    return json.loads(path.read_text(encoding="utf-8"))
