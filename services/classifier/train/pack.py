"""Writes the model file: see common/core/classify/model.h, which is the authority on the layout."""
import hashlib
import struct

import numpy

BUCKETS = 7 << 15
HEAD_COLUMNS, SIGNALS = 25, 7
COLUMNS = HEAD_COLUMNS + SIGNALS
LANGS, HEADS, CURVES, KNOTS = 2, 5, 6, 17
RULE_TARGETS = 18
DENSE_RULE = LANGS * SIGNALS
DENSE_LANG = DENSE_RULE + LANGS * 2 * RULE_TARGETS
DENSE_CHANNEL = DENSE_LANG + LANGS
DENSE_ASKS = DENSE_CHANNEL + 3
DENSE_RATING = DENSE_ASKS + 7
DENSE = DENSE_RATING + 1
FORMAT = 2
STEP = 500

P1, P2, P3, P4, P5 = (11400714785074694791, 14029467366897019727, 1609587929392839161, 9650029242287828579,
                      2870177450012600261)
MASK = (1 << 64) - 1


def xxh64(data):
    """XXH64 with seed 0, as voc_hash64."""
    def rot(x, r):
        return ((x << r) | (x >> (64 - r))) & MASK

    def turn(acc, lane):
        return rot((acc + lane * P2) & MASK, 31) * P1 & MASK

    at, length = 0, len(data)
    if length >= 32:
        accs = [(P1 + P2) & MASK, P2, 0, (-P1) & MASK]
        for lanes in struct.iter_unpack("<4Q", data[:length // 32 * 32]):
            accs = [turn(a, lane) for a, lane in zip(accs, lanes)]
        at = length // 32 * 32
        h = sum(rot(a, r) for a, r in zip(accs, (1, 7, 12, 18))) & MASK
        for a in accs:
            h = ((h ^ turn(0, a)) * P1 + P4) & MASK
    else:
        h = P5
    h = (h + length) & MASK
    while at + 8 <= length:
        h = (rot(h ^ turn(0, struct.unpack_from("<Q", data, at)[0]), 27) * P1 + P4) & MASK
        at += 8
    if at + 4 <= length:
        h = (rot(h ^ (struct.unpack_from("<I", data, at)[0] * P1 & MASK), 23) * P2 + P3) & MASK
        at += 4
    for byte in data[at:]:
        h = rot(h ^ (byte * P5 & MASK), 11) * P1 & MASK
    h = (h ^ (h >> 33)) * P2 & MASK
    h = (h ^ (h >> 29)) * P3 & MASK
    return h ^ (h >> 32)


class Model:
    """Weights in logits; quantised when written."""

    def __init__(self):
        self.rows = numpy.zeros((BUCKETS, COLUMNS), dtype="f4")
        self.owner = numpy.zeros(BUCKETS, dtype="u1")
        self.bias = numpy.zeros((LANGS, COLUMNS))
        self.dense = numpy.zeros((DENSE, HEAD_COLUMNS))
        self.threshold = [[0] * HEADS for _ in range(LANGS)]
        self.curve = [[[500] * KNOTS for _ in range(CURVES)] for _ in range(LANGS)]

    def _quantised(self):
        most = numpy.abs(self.rows).max(axis=0).astype("f8")
        units = numpy.where(most > 0, most / 127, 1.0)
        return [round(u * 1000 * 256) for u in units.tolist()], numpy.rint(self.rows / units).astype("i1").tobytes()

    def write(self, path, name):
        scales, rows = self._quantised()
        numbers = list(scales)
        numbers += [round(v * 1000) for v in self.bias.ravel().tolist()]
        numbers += [round(v * 1000) for v in self.dense.ravel().tolist()]
        numbers += [v for lang in self.threshold for v in lang]
        numbers += [v for lang in self.curve for curve in lang for v in curve]
        body = struct.pack(f"<{len(numbers)}i", *numbers)
        body += bytes(-(80 + len(body)) % 64) + rows + self.owner.tobytes()
        version = f"{name}-{hashlib.sha256(body).hexdigest()[:8]}"
        checked = struct.pack("<8I32s", FORMAT, BUCKETS, COLUMNS, HEAD_COLUMNS, DENSE, CURVES, KNOTS, 0,
                              version.encode()) + body
        with open(path, "wb") as file:
            file.write(b"VOCMODEL" + struct.pack("<Q", xxh64(checked)) + checked)
        return version
