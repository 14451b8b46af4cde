#!/usr/bin/env python3
"""The peer's lexicon: the plain phrases of our phrase file, as lines "head TAB label TAB weight TAB phrase". lexicon.py PHRASES > FILE

Plain: no gap, no anchor, no wildcard, and no option but a weight. A phrase of two heads is there twice.
"""
import re
import sys

HEADS = ("feedback_type", "satisfaction", "factors")


def rows(path):
    section, weight_of_section, seen = None, 1000, set()
    for line in open(path, encoding="utf-8"):
        line = line.strip()
        if not line or line.startswith(("#", "+", "- ")):
            continue
        if head := re.fullmatch(r"\[([a-z_]+)\.([a-z_]+)( [^\]]*)?\]", line):
            plain = head[1] in HEADS and not re.search(r"\bwhen=", head[3] or "")
            weight_of_section = weight(head[3]) or 1000
            section = (head[1], head[2]) if plain else None
        elif line.startswith("["):
            section = None
        elif section:
            phrase, _, options = line.partition(" :: ")
            if re.search(r"\.\.|[\^$*]", phrase) or re.sub(r"weight=\d+", "", options).strip():
                continue
            row = (*section, weight(options) or weight_of_section, phrase.strip().lower())
            if (row[0], row[3]) not in seen:
                seen.add((row[0], row[3]))
                yield row


def weight(options):
    found = re.search(r"weight=(\d+)", options or "")
    return int(found[1]) if found else None


def write(source, target):
    """Returns the number of phrases."""
    found = list(rows(source))
    with open(target, "w", encoding="utf-8") as out:
        out.writelines("\t".join(map(str, row)) + "\n" for row in found)
    return len(found)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for one in rows(sys.argv[1]):
        print(*one, sep="\t")
