"""Trains the classifier's model: see docs/MODEL.md. Called by train.sh.

1. The n-grams that labelled rows have in common get the buckets, the more frequent one where two want the same.
2. Signals (sentiment, request, ...) are learnt from the large sets by their own labels.
3. Heads are learnt from the labelled rows, rare n-grams weighing more (idf); the signals' scores and the phrase rules are
   among their features.
4. The same again with whole domains left out, three times: on those rows the decision biases and the confidence
   curves are set, and the figures printed are those of a change of domain.
Features and weights come from voc-train (the classifier's own C code, and a solver). Same inputs, same bytes.
"""
import argparse
import hashlib
import json
import os
import subprocess
import tempfile

import numpy

import data
import pack
import tune

SEED = "voc-1"
FOLDS = 3
C_SIGNAL, C_HEAD = 2, 20
# How soon the head is to believe in a signal, a rule, and the other dense values, beside an n-gram: found on domains left out.
# Signals that are believed too soon take the place of words that say more.
FACTOR_SIGNAL, FACTOR_RULE, FACTOR_OTHER = 0.3, 1.0, 0.3
IDF_POWER = 0.5
LEAST_TEXTS = 2  # an n-gram of a single labelled text says nothing of others
# (name, first column, labels); factors are one binary problem each.
HEADS = [("feedback_type", 0, data.FEEDBACK), ("satisfaction", 3, data.SATISFACTION),
         ("primary_factor", 12, ("none",) + data.FACTORS), ("servqual", 18, data.SERVQUAL)]
# No labelled row has a rating: what a star (from -1 to 1) adds to a label is set by hand, and weak.
RATING = {0: -0.9, 1: 0.3, 3: -1.2, 5: 0.7, 6: 0.5}
# Likewise for events that come through the complaint desk.
COMPLAINT_DESK = {0: 0.5, 3: 0.4}
LEAST_CONFIDENCE = {0: 480, 1: 460}
# struct voc_train_counted and struct voc_train_owner
COUNTED = [("hash", "<u4"), ("block", "<u4"), ("texts", "<u4")]
OWNER = [("hash", "<u4"), ("factor", "<f4")]


def targets(row):
    """A sign for each column of the heads: what the row says of it, or nothing ('.')."""
    signs = ["."] * pack.COLUMNS
    for name, first, labels in HEADS:
        if row[name] is not None:
            signs[first:first + len(labels)] = ["+" if row[name] == label else "-" for label in labels]
    if row["factors"] is not None:
        signs[tune.FACTOR_COLUMN:tune.PRIMARY_COLUMN] = ["+" if f in row["factors"] else "-" for f in data.FACTORS]
    if row["churn_intent"] is not None:
        signs[tune.CHURN_COLUMN] = "+" if row["churn_intent"] else "-"
    return "".join(signs)


class Trainer:
    def __init__(self, args, work):
        self.args, self.work, self.owners = args, work, None

    def call(self, verb, lines, *model):
        """What voc-train writes of these lines."""
        text = "".join(line + "\n" for line in lines)
        return subprocess.run([self.args.tool, verb, self.args.phrases, *model], input=text.encode(),
                              stdout=subprocess.PIPE, check=True).stdout

    def fit(self, labelled, *model):
        """Weights (features by columns) from lines of cost, signs and text."""
        weights = numpy.frombuffer(self.call("fit", labelled, f"{self.work}/owners", *model), dtype="<f4")
        return weights.reshape(pack.BUCKETS + pack.DENSE + 1, pack.COLUMNS)

    def fit_once(self, labelled):
        """The same, or what it gave the last time with these lines and this tool, if there is a folder for that."""
        if not self.args.cache:
            return self.fit(labelled)
        digest = hashlib.sha256("\n".join(labelled).encode() + self.owners["hash"].tobytes())
        with open(self.args.tool, "rb") as tool:
            digest.update(tool.read())
        known = os.path.join(self.args.cache, digest.hexdigest() + ".npy")
        if not os.path.exists(known):
            numpy.save(known, self.fit(labelled))
        return numpy.load(known)

    def own(self, model, rows):
        """Whose the buckets are: an n-gram's hash, and its idf over the root mean square of its block's."""
        counted = numpy.frombuffer(self.call("count", [data.one_line(r["text"]) for r in rows]), dtype=COUNTED)
        idf = (numpy.log((len(rows) + 1) / (counted["texts"] + 1.0)) + 1) ** IDF_POWER
        for block in (0, 1):
            mine = counted["block"] == block
            idf[mine] /= numpy.sqrt(numpy.average(idf[mine] ** 2, weights=counted["texts"][mine]))
        common = counted["texts"] >= LEAST_TEXTS
        counted, idf = counted[common], idf[common]
        bucket = (counted["hash"].astype("u8") * pack.BUCKETS) >> 32
        order = numpy.lexsort((counted["hash"], -counted["texts"].astype("i8"), bucket))
        first = order[numpy.unique(bucket[order], return_index=True)[1]]
        self.owners = numpy.zeros(pack.BUCKETS + pack.DENSE, dtype=OWNER)
        self.owners["factor"][pack.BUCKETS:] = FACTOR_OTHER
        self.owners["factor"][pack.BUCKETS:pack.BUCKETS + pack.DENSE_RULE] = FACTOR_SIGNAL
        self.owners["factor"][pack.BUCKETS + pack.DENSE_RULE:pack.BUCKETS + pack.DENSE_LANG] = FACTOR_RULE
        self.owners["hash"][bucket[first]] = counted["hash"][first]
        self.owners["factor"][bucket[first]] = idf[first]
        self.owners.tofile(f"{self.work}/owners")
        model.owner[:] = self.owners["hash"][:pack.BUCKETS] & 0xFF
        print(f"n-grams: {len(counted)} that {LEAST_TEXTS} rows or more have, {len(first)} of them own a bucket", flush=True)

    @staticmethod
    def put(model, weights, columns, factor):
        model.rows[:, columns] = weights[:pack.BUCKETS, columns] * factor
        model.bias[:, columns] = weights[-1, columns]

    def signals(self, model):
        sets = data.Sets(self.args.data, SEED)
        lines = []
        for index, signal in enumerate(data.SIGNALS, pack.HEAD_COLUMNS):
            positive, negative = data.signal_rows(sets, signal)
            for sign, texts in (("+", positive), ("-", negative)):
                signs = "." * index + sign + "." * (pack.COLUMNS - index - 1)
                lines += [f"{C_SIGNAL}\t{signs}\t{data.one_line(t)}" for t in texts]
            print(f"signal {signal}: {len(positive)} for, {len(negative)} against", flush=True)
        self.put(model, self.fit_once(lines), slice(pack.HEAD_COLUMNS, pack.COLUMNS), 1)

    def heads(self, model, rows):
        path = f"{self.work}/signals.bin"
        model.write(path, "signals")
        weights = self.fit([f"{C_HEAD}\t{targets(r)}\t{data.one_line(r['text'])}" for r in rows], path)
        # What the n-grams' values were multiplied with goes into their weights: inference needs no factors.
        self.put(model, weights, slice(0, pack.HEAD_COLUMNS), self.owners["factor"][:pack.BUCKETS, None])
        model.dense[:] = weights[pack.BUCKETS:-1, :pack.HEAD_COLUMNS] * self.owners["factor"][pack.BUCKETS:, None]
        for column, value in RATING.items():
            model.dense[pack.DENSE_RATING, column] = value
        for column, value in COMPLAINT_DESK.items():
            model.dense[pack.DENSE_CHANNEL + 2, column] = value

    def scores(self, model, rows):
        path = f"{self.work}/fold.bin"
        model.write(path, "fold")
        lines = self.call("score", [data.one_line(r["text"]) for r in rows], path).decode().splitlines()
        assert len(lines) == len(rows)
        return [[int(v) for v in line.split()[1:]] for line in lines]

    def run(self):
        model = pack.Model()
        rows = list(data.training_rows(self.args.data, self.args.corrections))
        self.own(model, rows)
        self.signals(model)
        unseen = [None] * len(rows)
        for fold in range(FOLDS):
            inside = [i for i, r in enumerate(rows) if data.fold_of(r, FOLDS) != fold]
            outside = [i for i, r in enumerate(rows) if data.fold_of(r, FOLDS) == fold]
            self.heads(model, [rows[i] for i in inside])
            for i, scores in zip(outside, self.scores(model, [rows[i] for i in outside])):
                unseen[i] = scores
            print(f"fold {fold + 1}: {len(inside)} rows, {len(outside)} of other domains", flush=True)
        self.heads(model, rows)
        judged, said = tune.tune(model, rows, unseen)
        for lang in range(pack.LANGS):
            for head, value in LEAST_CONFIDENCE.items():
                model.threshold[lang][head] = value
        version = model.write(self.args.out, "2")
        with open(self.args.left_out, "w", encoding="utf-8") as file:
            json.dump({"model": version, "groups": tune.left_out(judged, said)}, file, indent=1)
            file.write("\n")
        return version


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--tool", required=True, help="voc-train")
    parser.add_argument("--phrases", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--left-out", required=True, help="the figures of left-out sources and domains go here")
    parser.add_argument("--corrections", help="more rows: lines like those of written/, with their lang")
    parser.add_argument("--cache", help="an existing folder that keeps the signals for the next time")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        print("model", Trainer(args, work).run())


if __name__ == "__main__":
    main()
