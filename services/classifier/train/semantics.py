"""What n-grams mean: semantic.bin, a small vector for every bucket (semantic_make.py made it).

A text's vector is the sum of its n-grams' vectors, by their values. Heads learn from it as from any other feature, and
as all is linear their weights for it go into the buckets' weights: the model's form and the classifier know nothing
of it. Elementwise arithmetic only, so that every machine gets the same.
"""
import numpy

import pack

DIMENSIONS = 32


class Semantics:
    def __init__(self, path):
        with open(path, "rb") as file:
            units = numpy.frombuffer(file.read(4 * DIMENSIONS), dtype="<f4").astype(float)
            rows = numpy.frombuffer(file.read(), dtype=numpy.int8).reshape(pack.BUCKETS, DIMENSIONS)
        self.vectors = rows * units

    def cells(self, line):
        """The vector of one of voc-features' lines, as more cells of that line."""
        at, values = [], []
        for cell in line.split():
            bucket, value = cell.split(":")
            if int(bucket) <= pack.BUCKETS:
                at.append(int(bucket) - 1)
                values.append(float(value))
        total = (self.vectors[at] * numpy.array(values)[:, None]).sum(axis=0) if at else numpy.zeros(DIMENSIONS)
        first = pack.BUCKETS + pack.DENSE + 1
        return "".join(f" {first + i}:{value:.4g}" for i, value in enumerate(total))

    def fold(self, weights):
        """What these weights of the vector come to for each bucket."""
        total = numpy.zeros(pack.BUCKETS)
        for i, weight in enumerate(weights):
            total += self.vectors[:, i] * weight
        return total
