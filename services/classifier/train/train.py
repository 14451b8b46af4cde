"""Trains the classifier's model: see docs/MODEL.md. Called by train.sh.

1. Words get embeddings from the large sets and the rows, without labels (embed.c).
2. The n-grams that labelled rows have in common and the words with an embedding get the buckets, the more frequent one
   where two want the same.
3. Signals (sentiment, request, ...) are learnt from the large sets by their own labels.
4. Heads are learnt from the labelled rows, rare n-grams weighing more (idf), once with the signals' scores, the phrase rules and the
   sum of the words' embeddings among their features and once from n-grams alone: their mean. What they learn of the embeddings goes into the weights of each
   word: one that no row has gets those of its likes, at no cost for inference.
5. The same again with whole domains left out, three times: on those rows the decision biases and the confidence
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
# How much a row weighs: real utterances are few, those made to be hard are many.
WEIGHTS = {"real": 4, "read": 1.5, "written": 1, "plain": 0.8, "contrast": 0.15, "pairs": 3}
# How soon the head is to believe in a signal, a rule, and the other dense values, beside an n-gram: found on domains left out.
# Signals that are believed too soon take the place of words that say more.
FACTOR_SIGNAL, FACTOR_RULE, FACTOR_OTHER = 0.3, 1.0, 0.3
FACTOR_EMBEDDING = 1.3
FACTOR_BLOCK = (1.0, 1.4)  # n-grams of characters, of words
# Beside rules and signals, which explain most of the rows that they were made by, n-grams learn less than they could say of others: their
# weights are the mean of what they learn beside all else and of what they learn alone. Leaving is what rules know best.
WEIGHTS_ALONE = {"real": 3, "read": 1.5, "written": 1, "plain": 0.8, "contrast": 0.25, "pairs": 3}
SHARE_ALONE = numpy.full(pack.COLUMNS, 0.3, dtype="f4")
SHARE_ALONE[tune.CHURN_COLUMN] = 0
REPEATED = 3  # a labelled row's text counts so many times among those that words are embedded by
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
# struct voc_train_embedding; in a row's features, the languages' stand side by side
EMBEDDED = [("hash", "<u4"), ("at", "<f4", 64)]
DIMS = len(data.LANGS) * 64


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
        self.embedded, self.vectors = None, None  # hashes of words, and their embeddings

    def call(self, verb, lines, *model):
        """What voc-train writes of these lines."""
        text = "".join(line + "\n" for line in lines)
        return subprocess.run([self.args.tool, verb, self.args.phrases, *model], input=text.encode(),
                              stdout=subprocess.PIPE, check=True).stdout

    def fit(self, labelled, owners, *model):
        """Weights (features by columns) from lines of cost, signs and text."""
        owners.tofile(f"{self.work}/owners")
        weights = numpy.frombuffer(self.call("fit", labelled, f"{self.work}/owners", *model), dtype="<f4")
        return weights.reshape(pack.BUCKETS + pack.DENSE + DIMS + 1, pack.COLUMNS)

    def once(self, lines, more, make):
        """What `make` gives, or gave the last time with these lines and this tool, if there is a folder for that."""
        if not self.args.cache:
            return make(lines)
        digest = hashlib.sha256("\n".join(lines).encode() + more)
        with open(self.args.tool, "rb") as tool:
            digest.update(tool.read())
        known = os.path.join(self.args.cache, digest.hexdigest() + ".npy")
        if not os.path.exists(known):
            numpy.save(known, make(lines))
        return numpy.load(known)

    def embed(self, rows):
        def make(lines):
            return numpy.frombuffer(self.call("embed", lines), dtype=EMBEDDED)

        found = []
        for lang in data.LANGS:
            lines = list(data.unlabelled(self.args.data, lang))
            lines += [data.one_line(r["text"]) for r in rows if r["lang"] == lang] * REPEATED
            found.append(self.once(lines, b"embed", make))
            print(f"embeddings, {lang}: {len(found[-1])} words of {len(lines)} texts", flush=True)
        self.embedded = numpy.unique(numpy.concatenate([f["hash"] for f in found]))
        self.vectors = numpy.zeros((len(self.embedded), DIMS), dtype="<f4")
        for i, f in enumerate(found):
            self.vectors[numpy.searchsorted(self.embedded, f["hash"]), i * 64:(i + 1) * 64] = f["at"] * FACTOR_EMBEDDING

    def own(self, model, rows):
        """Whose the buckets are: an n-gram's hash, and its idf over the root mean square of its block's."""
        counted = numpy.frombuffer(self.call("count", [data.one_line(r["text"]) for r in rows]), dtype=COUNTED)
        idf = (numpy.log((len(rows) + 1) / (counted["texts"] + 1.0)) + 1) ** IDF_POWER
        for block in (0, 1):
            mine = counted["block"] == block
            idf[mine] *= FACTOR_BLOCK[block] / numpy.sqrt(numpy.average(idf[mine] ** 2, weights=counted["texts"][mine]))
        common = (counted["texts"] >= LEAST_TEXTS) | numpy.isin(counted["hash"], self.embedded)
        counted, idf = counted[common], idf[common]
        unseen = numpy.setdiff1d(self.embedded, counted["hash"])
        counted = numpy.append(counted, numpy.array([(h, 1, 0) for h in unseen.tolist()], dtype=COUNTED))
        idf = numpy.append(idf, numpy.full(len(unseen), FACTOR_BLOCK[1]))
        bucket = (counted["hash"].astype("u8") * pack.BUCKETS) >> 32
        order = numpy.lexsort((counted["hash"], -counted["texts"].astype("i8"), bucket))
        first = order[numpy.unique(bucket[order], return_index=True)[1]]
        self.owners = numpy.zeros(pack.BUCKETS + pack.DENSE, dtype=OWNER)
        self.owners["factor"][pack.BUCKETS:] = FACTOR_OTHER
        self.owners["factor"][pack.BUCKETS:pack.BUCKETS + pack.DENSE_RULE] = FACTOR_SIGNAL
        self.owners["factor"][pack.BUCKETS + pack.DENSE_RULE:pack.BUCKETS + pack.DENSE_LANG] = FACTOR_RULE
        self.owners["hash"][bucket[first]] = counted["hash"][first]
        self.owners["factor"][bucket[first]] = idf[first]
        model.owner[:] = self.owners["hash"][:pack.BUCKETS] & 0xFF
        self.own_embeddings()
        print(f"n-grams: {len(counted)} that {LEAST_TEXTS} rows or more have or that are embedded, {len(first)} of them own a "
              "bucket", flush=True)

    def own_embeddings(self):
        """Keeps the words that own a bucket, and says so to voc-train."""
        bucket = (self.embedded.astype("u8") * pack.BUCKETS) >> 32
        mine = self.owners["hash"][bucket] == self.embedded
        self.embedded, self.vectors = bucket[mine], self.vectors[mine]
        which = numpy.zeros(pack.BUCKETS, dtype="<u4")
        which[self.embedded] = numpy.arange(len(self.embedded)) + 1
        with open(f"{self.work}/embeddings", "wb") as file:
            file.write(which.tobytes() + self.vectors.tobytes())

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
        alike = self.owners.copy()
        alike["factor"] = self.owners["factor"] > 0  # rare n-grams of the rows are not those of the large sets
        self.put(model, self.once(lines, alike.tobytes(), lambda known: self.fit(known, alike)), slice(pack.HEAD_COLUMNS, pack.COLUMNS), 1)

    @staticmethod
    def lines(rows, weights):
        return [f"{C_HEAD * weights[data.kind_of(r)]}\t{targets(r)}\t{data.one_line(r['text'])}" for r in rows]

    def heads(self, model, rows):
        path = f"{self.work}/signals.bin"
        model.write(path, "signals")
        weights = self.fit(self.lines(rows, WEIGHTS), self.owners, path, f"{self.work}/embeddings").copy()
        alone = self.fit(self.lines(rows, WEIGHTS_ALONE), self.owners)
        # What rules and signals say stays whole.
        for part in (slice(0, pack.BUCKETS), slice(pack.BUCKETS + pack.DENSE, None)):
            weights[part] += SHARE_ALONE * (alone[part] - weights[part])
        # What the n-grams' values were multiplied with goes into their weights: inference needs no factors.
        self.put(model, weights, slice(0, pack.HEAD_COLUMNS), self.owners["factor"][:pack.BUCKETS, None])
        dense, dims = pack.BUCKETS + pack.DENSE, weights[pack.BUCKETS + pack.DENSE:-1, :pack.HEAD_COLUMNS]
        model.dense[:] = weights[pack.BUCKETS:dense, :pack.HEAD_COLUMNS] * self.owners["factor"][pack.BUCKETS:, None]
        for d in range(DIMS):  # one by one: a matrix product's rounding depends on the machine
            model.rows[self.embedded, :pack.HEAD_COLUMNS] += self.vectors[:, d, None] * dims[d]
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
        self.embed(rows)
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
    parser.add_argument("--cache", help="an existing folder that keeps signals and embeddings for the next time")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        print("model", Trainer(args, work).run())


if __name__ == "__main__":
    main()
