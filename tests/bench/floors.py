"""The floors: the same records through librdkafka and jansson alone (floor.c), and the same writes into Redis, pipelined."""
import json
import os
import pathlib
import re
import socket
import subprocess
import tempfile
import threading
import time

import meter
from bed import HERE, RAW_TOPICS, remake

FLAGS = ["-O2", "-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Wmissing-prototypes", "-Wvla", "-Werror"]
WRITES = {b"HSET", b"HMSET", b"HDEL", b"HINCRBY", b"ZADD", b"ZREM", b"DEL", b"UNLINK", b"EXPIRE", b"EXPIREAT", b"PEXPIREAT", b"SADD", b"SREM", b"SET"}
PIPELINE = 500  # commands that are sent before their answers are read
MONITORED = 20_000  # events whose writes are taken down


def build(folder):
    """Compiles floor.c; returns the program."""
    program = pathlib.Path(folder) / "floor"
    found = subprocess.run(["pkg-config", "--cflags", "--libs", "rdkafka", "jansson"], capture_output=True, text=True)
    if found.returncode != 0:
        raise RuntimeError("the floors need librdkafka-dev, libjansson-dev and pkg-config: " + found.stderr.strip())
    subprocess.run([os.environ.get("CC", "cc"), *FLAGS, HERE / "floor.c", "-o", program, *found.stdout.split()], check=True)
    return program


def run(program, *arguments):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip() or f"floor ended with {done.returncode}")
    return json.loads(done.stdout)


def kafka_floors(bed, runs):
    """Consume of each topic kind, the parse of the raw records, and a produce of as many records as were classified, as large."""
    raw = [bed.topic(name) for name in RAW_TOPICS]
    scratch = bed.topic("floor")
    with tempfile.TemporaryDirectory(prefix="voc-bench-") as folder:
        program = build(folder)
        out = []
        for _ in range(runs):
            one = {"consume_raw": run(program, "consume", bed.bootstrap, bed.partitions, *raw),
                   "parse_raw": run(program, "parse", bed.bootstrap, bed.partitions, *raw),
                   "consume_classified": run(program, "consume", bed.bootstrap, bed.partitions, bed.topic("classified")),
                   "consume_alerts": run(program, "consume", bed.bootstrap, bed.partitions, bed.topic("alerts"))}
            classified = one["consume_classified"]
            remake(bed.bootstrap, [scratch], bed.partitions)
            size = classified["bytes"] // max(1, classified["records"])
            one["produce_classified"] = run(program, "produce", bed.bootstrap, classified["records"], size, scratch)
            out.append({name: {"cpu_us": floor["cpu_us"], "per_s": floor["per_s"], "bytes_per_record": floor["bytes"] / max(1, floor["records"])}
                        for name, floor in one.items()})
    return meter.merged(out)


class Monitor(threading.Thread):
    """Takes down what Redis is told to write, by MONITOR, also within scripts."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.link = socket.create_connection(("127.0.0.1", port))
        self.link.sendall(b"MONITOR\r\n")
        self.pieces, self.over = [], False
        self.link.settimeout(0.2)
        self.start()

    def run(self):
        while True:
            try:
                piece = self.link.recv(1 << 20)
            except TimeoutError:
                if self.over:
                    return
                continue
            if not piece:
                return
            self.pieces.append(piece)

    def commands(self):
        """[[argument]] of the writes."""
        self.over = True
        self.join()
        self.link.close()
        out = []
        for line in b"".join(self.pieces).split(b"\r\n"):
            arguments = [unescape(found) for found in QUOTED.findall(line.split(b"] ", 1)[-1])]
            if arguments and arguments[0].upper() in WRITES:
                out.append(arguments)
        return out


QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*)"', re.S)
ESCAPED = re.compile(rb"\\(x[0-9a-f]{2}|.)", re.S)
LETTERS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"a": b"\a", b"b": b"\b"}


def unescape(text):
    return ESCAPED.sub(lambda found: bytes([int(found[1][1:], 16)]) if len(found[1]) == 3 else LETTERS.get(found[1], found[1]), text)


def resp(arguments):
    return b"*%d\r\n" % len(arguments) + b"".join(b"$%d\r\n%s\r\n" % (len(a), a) for a in arguments)


def pipelined(port, commands):
    """Sends them in pipelines; all that Redis answers is an integer or OK, one line each."""
    packs = [(b"".join(map(resp, commands[i:i + PIPELINE])), len(commands[i:i + PIPELINE])) for i in range(0, len(commands), PIPELINE)]
    with socket.create_connection(("127.0.0.1", port)) as link:
        began = time.monotonic()
        for pack, count in packs:
            link.sendall(pack)
            while count > 0:
                answer = link.recv(1 << 16)
                if not answer or answer.startswith(b"-"):
                    raise RuntimeError(f"Redis refuses a write: {answer[:200]}")
                count -= answer.count(b"\r\n")
        return time.monotonic() - began


def redis_floor(bed, monitored, runs):
    """`monitored` is (commands, events): the writes of a drain of so many events, sent again, each by itself but pipelined."""
    commands, events = monitored
    out = []
    for _ in range(runs):
        bed.redis.flushall()
        costs = meter.Costs({"redis": [bed.redis_pid]})
        repeat = max(1, 200_000 // max(1, len(commands)))  # long enough for the clock's ticks
        seconds = sum(pipelined(bed.redis_port, commands) for _ in range(repeat))
        out.append({"cpu_us": costs.stop()["redis"] * 1e6 / (events * repeat), "events_per_s": events * repeat / seconds,
                    "commands_per_event": len(commands) / events})
    bed.redis.flushall()
    return meter.merged(out)
