"""The clock: a running service's log shows the jumps, its monotonic clock none, and records still get through."""
import datetime
import json
import os
import pathlib
import subprocess
import sys
import time
import urllib.request

import pytest

import processes
from clock import Clock

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("VOC_BIN_DIR") or ROOT / "build" / "dev" / "bin")
HOUR = 3600

# not time.sleep: Python's is an absolute clock_nanosleep, which libfaketime 0.9.10 gets wrong
WATCHER = """
import select, sys, time
began = time.monotonic()
while True:
    print(time.time(), time.monotonic() - began, flush=True)
    select.select([], [], [], 0.1)
"""


def test_jumps_and_monotonic(tmp_path):
    clock, log = Clock(tmp_path / "clock"), tmp_path / "log"
    began = time.monotonic()
    watcher = processes.launch([sys.executable, "-c", WATCHER], log, env={**os.environ, **clock.env()})

    def offset():
        lines = log.read_text().splitlines(keepends=True)
        whole = [line for line in lines if line.endswith("\n")]
        return round((float(whole[-1].split()[0]) - time.time()) / 60) * 60 if whole else None
    try:
        for seconds in (0, 3 * HOUR, -2 * HOUR, 0):
            clock.jump(seconds)
            processes.wait_for(lambda: offset() == seconds, 10, f"an offset of {seconds} s")
        ticks = [float(line.split()[1]) for line in log.read_text().splitlines()[:-1]]
        assert ticks == sorted(ticks) and ticks[-1] <= time.monotonic() - began
    finally:
        processes.kill(watcher)


@pytest.fixture
def broker(tmp_path):
    log = tmp_path / "broker.log"
    process = processes.launch([BIN / "voc-devbroker", "--http-addr", "off"], log, env=plain())
    processes.wait_for(lambda: "bootstrap" in log.read_text() and log.read_text().endswith("\n"), 20, "the broker")
    yield next(json.loads(line)["bootstrap"] for line in log.read_text().splitlines() if "bootstrap" in line)
    processes.kill(process)


def plain():
    return {name: value for name, value in os.environ.items() if not name.startswith("VOC_")}


def logged(log, event):
    """[(seconds since 1970, the whole line)] of that event."""
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{") and line.endswith("}")]
    return [(datetime.datetime.fromisoformat(line["time"]).timestamp(), line) for line in lines if line["event"] == event]


def test_service_under_it(broker, tmp_path):
    """A classifier that starts three hours ahead and jumps back to a day behind: both are in its log, and it classifies all along."""
    clock, log = Clock(tmp_path / "clock"), tmp_path / "classifier.log"
    clock.jump(3 * HOUR)
    env = {**plain(), "VOC_KAFKA_BOOTSTRAP": broker, "VOC_HTTP_ADDR": "127.0.0.1:0", "VOC_MODEL": str(ROOT / "services/classifier/model.bin"),
           "VOC_PHRASES": str(ROOT / "services/classifier/phrases.txt"), "VOC_GAPS": str(ROOT / "deploy/gaps.json"), "VOC_KAFKA_SESSION_TIMEOUT_MS": "6000"}
    service = processes.launch([BIN / "voc-classifier"], log, env={**env, **clock.env()})
    try:
        processes.wait_for(lambda: logged(log, "listening"), 20, "the classifier")
        assert logged(log, "listening")[0][0] - time.time() == pytest.approx(3 * HOUR, abs=60)
        clock.jump(-24 * HOUR)
        texts = (ROOT / "schemas/examples/raw-event/valid/complaint.json").read_bytes().replace(b"\n", b" ")
        port = logged(log, "listening")[0][1]["port"]
        subprocess.run([BIN / "vocctl", "send", "--as-is", "-"], input=texts, env=env, check=True, capture_output=True)
        processes.wait_for(lambda: classified(port) == 1, 30, "the event to be classified")
        service.terminate()
        assert service.wait(10) == 0
        last = json.loads(log.read_text().splitlines()[-1])
        assert datetime.datetime.fromisoformat(last["time"]).timestamp() - time.time() == pytest.approx(-24 * HOUR, abs=60)
    finally:
        processes.kill(service)


def classified(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as page:
        return sum(float(line.split()[-1]) for line in page.read().decode().splitlines() if line.startswith("voc_records_out_total "))
