"""Flags of vocctl that no other test uses, each with what it changes; tests/contract/test_docs.py knows of every flag that none uses."""
import json
import os
import re
import select
import subprocess

import pytest
from stack import ROOT, Stack

SAMPLES = ROOT / "deploy/samples/events.ndjson"


@pytest.fixture(scope="module")
def up(broker, tmp_path_factory):
    stack = Stack(tmp_path_factory.mktemp("flags") / "stack", broker.bootstrap, partitions=2)
    stack.work_off_samples()
    yield stack
    stack.close()


def said(stack, *arguments):
    return json.loads(stack.ctl(*arguments, "--json").stdout)


def test_classify_with_a_rating_a_language_and_as_a_call(up):
    by_rating = [said(up, "classify", "--rating", rating, "The parcel came") for rating in (1, 5)]
    assert by_rating[0] != by_rating[1]  # what becomes of it is the model's to say
    assert said(up, "classify", "--lang", "en", "12345")["lang"] == "en" != said(up, "classify", "12345")["lang"]
    turns = "I am so angry, nothing works\nOK, thank you, it works now, great"
    assert b"\ncourse " not in up.ctl("classify", turns).stdout
    assert re.search(rb"\ncourse +\w+ ", up.ctl("classify", "--call", turns).stdout)


def test_gen_in_one_language(up):
    for percent, language in ((0, "en"), (100, "ko")):
        lines = up.ctl("gen", "--events", "50", "--korean", percent).stdout.splitlines()
        assert {json.loads(line)["data"]["lang"] for line in lines} == {language}


def test_shadow_of_the_last_records_with_few_examples(up):
    whole, last = said(up, "shadow", "--shadow-model", "off"), said(up, "shadow", "--shadow-model", "off", "--last", "1")
    assert whole["new"].startswith("rules-") and whole["events"] > 300 and 0 < last["events"] <= 3 * 2  # of three topics, two partitions each
    examples = re.compile(r"^  \S+ -> \S+  \S+$", re.M)
    few, more = (up.ctl("shadow", "--shadow-model", "off", "--examples", count, SAMPLES).stdout.decode() for count in (1, 5))
    assert 0 < len(examples.findall(few)) < len(examples.findall(more))


def test_dead_letters_up_to_a_limit(up):
    assert b"2 would be sent back" in up.ctl("dlq", "redrive", "--limit", "2", "--dry-run").stderr
    assert int(up.ctl("dlq", "redrive", "--dry-run").stderr.split()[0]) > 2


def test_verify_and_rebuild_in_bounded_memory(up):
    assert up.ctl("verify", "--memory", "64").stdout.startswith(b"equal")
    assert up.ctl("rebuild", "--memory", "64", "--dry-run").returncode == 0


def test_watch_looks_again(up):
    ours, terminal = os.openpty()
    watch = subprocess.Popen([up.bin / "vocctl", "watch", "--every", "1"], env=up.env(TERM="xterm"), stdin=terminal, stdout=terminal, stderr=terminal)
    os.close(terminal)
    shown = b""
    while shown.count(b"voice of customer") < 2:
        assert select.select([ours], [], [], 60)[0], shown
        shown += os.read(ours, 65536)  # an error once it has ended
    os.write(ours, b"q")
    assert watch.wait(60) == 0
    os.close(ours)


def test_forget_at_once(up):
    customer = json.loads(SAMPLES.read_text().splitlines()[0])["data"]["customer_id"]
    assert up.ctl("customer", customer).returncode == 0
    said(up, "forget", customer, "--yes", "--now")
    assert up.ctl("customer", customer, check=False).returncode == 1
