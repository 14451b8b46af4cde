"""The same records to the C decoder and to an independent referee: both accept or both refuse, and read the same."""
import json
import os
import pathlib
import random
import struct
import subprocess

import mutations
import pytest
import referee

EXAMPLES = referee.ROOT / "schemas/examples/raw-event"
BIN = pathlib.Path(os.environ.get("VOC_BIN_DIR", referee.ROOT / "build/dev/bin"))
DRIVER = BIN.parent / "tests/voc-decode-driver"
NOW_MS = 1_795_253_400_000  # 2026-11-21T09:30:00Z
SEEDS = range(8)
MUTATIONS = 1500  # a seed


def frame(text):
    return struct.pack("<I", 0xFFFFFFFF) if text is None else struct.pack("<I", len(text)) + text


def run_driver(mode, records):
    """A line for each record."""
    stream = b"".join(
        struct.pack("<qI", timestamp, len(headers)) + b"".join(frame(name.encode()) + frame(value) for name, value in headers) + frame(body)
        for body, headers, timestamp in records)
    result = subprocess.run([DRIVER, *mode.split()], input=stream, capture_output=True, timeout=300, check=False)
    assert result.returncode == 0, result.stderr.decode(errors="replace")[-4000:]
    lines = result.stdout.decode().split("\n")[:-1]
    assert len(lines) == len(records)
    return lines


def decode(records):
    return [json.loads(line, parse_float=referee.parse_number) for line in run_driver("events", records)]


def compare(record, verdict):
    """None if both say the same, else what they say."""
    try:
        expected, extensions = referee.judge(*record)
    except referee.Refused as refused:
        reason = str(refused)
        if verdict["accepted"]:
            return f"the referee refuses ({reason}), the decoder does not"
        if reason != "schema" and verdict["reason"] not in referee.LEXICAL:
            return f"the referee says {reason}, the decoder {verdict['reason']}"
        return None
    if not verdict.pop("accepted"):
        return f"the referee accepts, the decoder says {verdict['reason']}: {verdict['error']}"
    read = verdict.pop("extensions")
    if verdict != expected:
        return f"fields differ: {verdict} and {expected}"
    # One longer than 1024 bytes as written is not carried; how it was written, the referee no longer knows.
    if all(len(str(each)) <= 80 for each in extensions.values()):
        extensions = dict(list(extensions.items())[:referee.MAX_EXTENSIONS])
        return None if read == extensions else f"extensions differ: {read} and {extensions}"
    return None if read.items() <= extensions.items() else f"extensions differ: {read} and {extensions}"


def all_examples(kind):
    return sorted((EXAMPLES / kind).glob("*.json"))


@pytest.mark.parametrize("path", all_examples("valid"), ids=lambda path: path.stem)
def test_valid_examples(path):
    record = (path.read_bytes(), [], NOW_MS)
    verdict, = decode([record])
    assert verdict["accepted"], verdict
    assert compare(record, verdict) is None


@pytest.mark.parametrize("path", all_examples("invalid"), ids=lambda path: path.stem)
def test_invalid_examples(path):
    record = (path.read_bytes(), [], NOW_MS)
    verdict, = decode([record])
    assert not verdict["accepted"]
    assert verdict["reason"] == path.stem.split(".")[0]
    assert compare(record, verdict) is None


@pytest.mark.parametrize("seed", SEEDS)
def test_mutations(seed):
    good, bad = ([path.read_bytes() for path in all_examples(kind)] for kind in ("valid", "invalid"))
    mutator = mutations.Mutator(random.Random(seed), good, bad)
    records = [mutator.record() for _ in range(MUTATIONS)]
    verdicts = decode(records)
    accepted = sum(verdict["accepted"] for verdict in verdicts)
    assert MUTATIONS // 10 < accepted < MUTATIONS * 9 // 10, "the mutations must try both"
    for number, (record, verdict) in enumerate(zip(records, verdicts)):
        difference = compare(record, verdict)
        assert difference is None, f"mutation {number}: {difference}\n{record[1]} {record[2]}\n{record[0][:2000]!r}"


@pytest.mark.parametrize("field", ("text", "customer_id"))
def test_white_space_and_controls_to_the_character(field):
    edges = [*map(ord, referee.WHITE_SPACE), *range(0x22), *range(0x7E, 0xA1), 0x180E, 0x200B, 0x2060, 0xFEFF]
    event = json.loads((EXAMPLES / "valid/call.json").read_bytes())
    records = []
    for code in sorted({code + step for code in edges for step in (-1, 0, 1)} - {-1, 0}):
        event["data"][field] = chr(code)
        records.append((json.dumps(event).encode(), [], NOW_MS))
    for record, verdict in zip(records, decode(records)):
        assert compare(record, verdict) is None, record[0]


def test_every_reason_is_met():
    """A corpus that never meets a reason says nothing about it."""
    good, bad = ([path.read_bytes() for path in all_examples(kind)] for kind in ("valid", "invalid"))
    mutator = mutations.Mutator(random.Random(99), good, bad)
    met = {verdict.get("reason") for verdict in decode([mutator.record() for _ in range(3000)] + [(data, [], NOW_MS) for data in bad])}
    assert met >= {"bad_json", "duplicate_key", "bad_utf8", "nul_character", "too_large", "too_deep", "empty_record", "missing_field", "bad_type", "bad_value",
                   "unsupported_version", "unknown_type", "bad_time", "empty_text", None}
