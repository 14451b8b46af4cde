"""Trains the classifier's model: see docs/MODEL.md. Called by train.sh.

1. Signals (sentiment, request, ...) are learnt from the large sets by their own labels.
2. Heads are learnt from the labelled rows; the signals' scores and the phrase rules are among their features.
3. The same again with whole domains left out, three times: on those rows the decision biases and the confidence
   curves are set, and the figures printed are those of a change of domain.
Features come from voc-features (the classifier's own C code), weights from liblinear-train. Same inputs, same bytes.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import subprocess
import tempfile

import data
import pack
import tune

SEED = "voc-1"
FOLDS = 3
C_SIGNAL, C_HEAD = "2", "6"
# (name, first column, labels); factors are one binary problem each.
HEADS = [("feedback_type", 0, data.FEEDBACK), ("satisfaction", 3, data.SATISFACTION),
         ("primary_factor", 12, ("none",) + data.FACTORS), ("servqual", 18, data.SERVQUAL)]
# No labelled row has a rating: what a star (from -1 to 1) adds to a label is set by hand, and weak.
RATING = {0: -0.9, 1: 0.3, 3: -1.2, 5: 0.7, 6: 0.5}
# Likewise for events that come through the complaint desk.
COMPLAINT_DESK = {0: 0.5, 3: 0.4}
LEAST_CONFIDENCE = {0: 480, 1: 460}


class Trainer:
    def __init__(self, args, work):
        self.args, self.work, self.count = args, work, 0

    def features(self, texts, *more):
        """One output line of voc-features for each text."""
        text = "".join(data.one_line(t) + "\n" for t in texts)
        done = subprocess.run([self.args.features, self.args.phrases, *more], input=text.encode(),
                              stdout=subprocess.PIPE, check=True)
        lines = done.stdout.decode().splitlines()
        assert len(lines) == len(texts)
        return lines

    def solve(self, path, cost):
        """Trains what is in the file; the solution of a problem that is byte for byte known is not sought again."""
        with open(path, "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()
        known = os.path.join(self.args.cache or self.work, f"{digest}-{cost}")
        if not os.path.exists(known):
            subprocess.run(["liblinear-train", "-q", "-s", "0", "-c", cost, "-B", "1", "-e", "0.005", path,
                            known + ".new"], check=True)
            os.replace(known + ".new", known)
        return known

    def linear(self, labels, rows, cost):
        """{label: (weights of the buckets, of the dense values, bias)}; a binary problem has label 1 only."""
        self.count += 1
        path = f"{self.work}/{self.count}"
        with open(path, "w") as file:
            file.writelines(f"{label}{row}\n" for label, row in zip(labels, rows))
            # A row of zero that names the last feature, so that every model has the same size.
            file.write(f"{labels[0]} {pack.BUCKETS + pack.DENSE}:0\n")
        with open(self.solve(path, cost)) as file:
            order, table = None, []
            for line in file:
                if line.startswith("label"):
                    order = [int(v) for v in line.split()[1:]]
                elif line.strip() == "w":
                    break
            table = [[float(v) for v in line.split()] for line in file]
        os.remove(path)
        columns = list(zip(*table))
        if len(columns) == 1:
            columns = [columns[0] if order[0] == 1 else [-w for w in columns[0]]]
            order = [1]
        return {label: (list(c[:pack.BUCKETS]), list(c[pack.BUCKETS:pack.BUCKETS + pack.DENSE]), c[-1])
                for label, c in zip(order, columns)}

    def signals(self, model):
        sets = data.Sets(self.args.data, SEED)
        for index, signal in enumerate(data.SIGNALS):
            positive, negative = data.signal_rows(sets, signal)
            rows = [self.strip_dense(r) for r in self.features(positive + negative)]
            weights, _, bias = self.linear([1] * len(positive) + [0] * len(negative), rows, C_SIGNAL)[1]
            model.columns[pack.HEAD_COLUMNS + index] = weights
            for lang in range(pack.LANGS):
                model.bias[lang][pack.HEAD_COLUMNS + index] = bias
            print(f"signal {signal}: {len(positive)} for, {len(negative)} against", flush=True)

    @staticmethod
    def strip_dense(row):
        """Signals see n-grams only."""
        cells = row.split()
        while cells and int(cells[-1].split(":")[0]) > pack.BUCKETS:
            cells.pop()
        return " " + " ".join(cells)

    @staticmethod
    def put(model, column, weights):
        buckets, dense, bias = weights
        model.columns[column] = buckets
        for d, value in enumerate(dense):
            model.dense[d][column] = value
        for lang in range(pack.LANGS):
            model.bias[lang][column] = bias

    def head(self, rows, lines, name, number):
        """One head's problem, from the rows that have it."""
        known = [i for i, r in enumerate(rows) if r[name] is not None]
        return self.linear([number(rows[i][name]) for i in known], [lines[i] for i in known], C_HEAD)

    def heads(self, model, rows, lines):
        problems = [(name, labels.index, first) for name, first, labels in HEADS]
        problems += [("factors", lambda v, f=f: int(f in v), 7 + i - 1) for i, f in enumerate(data.FACTORS)]
        problems += [("churn_intent", int, 24 - 1)]
        with concurrent.futures.ThreadPoolExecutor(self.args.jobs) as pool:
            solved = pool.map(lambda p: self.head(rows, lines, p[0], p[1]), problems)
            for (_, _, first), solution in zip(problems, solved):
                for label, weights in sorted(solution.items()):
                    self.put(model, first + label, weights)
        for column, value in RATING.items():
            model.dense[pack.DENSE_RATING][column] = value
        for column, value in COMPLAINT_DESK.items():
            model.dense[pack.DENSE_CHANNEL + 2][column] = value

    def scores(self, model, rows):
        path = f"{self.work}/fold.bin"
        model.write(path, "fold")
        return [[int(v) for v in line.split()[1:]] for line in
                self.features([r["text"] for r in rows], path, "s")]

    def run(self):
        model = pack.Model()
        rows = list(data.training_rows(self.args.data, self.args.corrections))
        self.signals(model)
        path = f"{self.work}/signals.bin"
        model.write(path, "signals")
        lines = self.features([r["text"] for r in rows], path)
        unseen = [None] * len(rows)
        for fold in range(FOLDS):
            inside = [i for i, r in enumerate(rows) if data.fold_of(r, FOLDS) != fold]
            outside = [i for i, r in enumerate(rows) if data.fold_of(r, FOLDS) == fold]
            self.heads(model, [rows[i] for i in inside], [lines[i] for i in inside])
            for i, scores in zip(outside, self.scores(model, [rows[i] for i in outside])):
                unseen[i] = scores
            print(f"fold {fold + 1}: {len(inside)} rows, {len(outside)} of other domains", flush=True)
        self.heads(model, rows, lines)
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
    parser.add_argument("--features", required=True)
    parser.add_argument("--phrases", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--left-out", required=True, help="the figures of left-out sources and domains go here")
    parser.add_argument("--corrections", help="more rows: lines like those of written/, with their lang")
    parser.add_argument("--cache", help="an existing folder that keeps solutions for the next time")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        print("model", Trainer(args, work).run())


if __name__ == "__main__":
    main()
