"""How vocctl ends: by Ctrl-C while it waits for lines, for Kafka or for nothing, and when what reads it goes away."""
import json
import os
import signal
import subprocess

import pytest
from stack import wait_for

EVENT = {"specversion": "1.0", "source": "/ends", "type": "voc.web", "data": {"customer_id": "C-1", "text": "a fine day"}}
PATIENCE_S = 8  # less than Kafka is waited for


def begin(stack, *arguments, **env):
    return subprocess.Popen([stack.bin / "vocctl", *map(str, arguments)], env=stack.env(**env), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_send_ends_while_it_waits_for_lines(stack):
    sender = begin(stack, "send", "-")
    sender.stdin.write(json.dumps({**EVENT, "id": os.urandom(6).hex()}).encode() + b"\n" + b'{"half a line')
    sender.stdin.flush()
    wait_for(lambda: sum(stack.ends(stack.topic("web")).values()) == 1, 60, "the first line to be sent")
    sender.send_signal(signal.SIGINT)
    status, told = sender.wait(30), sender.stderr.read().decode()
    assert status == 1, told
    assert "stopped by a signal" in told and "sent 1 " in told and "all acknowledged" in told and "not sent" not in told, told
    assert sum(stack.ends(stack.topic("web")).values()) == 1


@pytest.mark.parametrize("command", [("dlq", "list"), ("verify",), ("rebuild", "--dry-run"), ("corrections", "list"), ("doctor",)])
def test_a_command_ends_while_kafka_does_not_answer(stack, command):
    waiting = begin(stack, *command, VOC_KAFKA_BOOTSTRAP="127.0.0.1:1")
    if command != ("doctor",):
        assert b"Connection refused" in waiting.stderr.readline()
    waiting.send_signal(signal.SIGINT)
    assert waiting.wait(PATIENCE_S) == -signal.SIGINT


@pytest.mark.parametrize("command", [("gen", "--events", "1000000"), ("help",)])
def test_what_reads_it_goes_away(stack, command):
    """`| head`: it ends, with at most a word about it."""
    read = begin(stack, *command)
    read.stdout.close()
    assert read.wait(60) in (1, -signal.SIGPIPE)
    assert read.stderr.read() in (b"", b"vocctl: standard output could not be written\n")
