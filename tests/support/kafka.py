#!/usr/bin/env python3
"""A real Apache Kafka broker for tests: KRaft, on loopback, from Maven Central's jars.

The jars are resolved once, by Maven, into the cache folder (VOC_CACHE_DIR, default the user's cache folder, never the source tree).
As a program: `kafka.py FOLDER` runs a broker with its data in FOLDER until it is stopped, and prints its address first.
"""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent / "kafka"
VERSION = "4.3.1"
CLUSTER_ID = "voctestvoctestvoctestQ"  # any 22 characters of base64url


def cache_dir():
    base = os.environ.get("VOC_CACHE_DIR") or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "voc"
    return pathlib.Path(base)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def jars():
    folder = cache_dir() / f"kafka-{VERSION}"
    if not folder.is_dir():
        partial = folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mvn", "-q", "-B", "-f", HERE / "pom.xml", "dependency:copy-dependencies", f"-DoutputDirectory={partial}",
                        "-DincludeScope=runtime"], check=True, stdin=subprocess.DEVNULL)
        partial.rename(folder)
    return folder


def java_command(folder, main, *args, options=()):
    """The command that runs one of Kafka's programs, which logs into the folder."""
    return ["java", f"-Dlog4j2.configurationFile={HERE / 'log4j2.properties'}", f"-Dvoc.log={pathlib.Path(folder) / 'kafka.log'}",
            "-Djava.awt.headless=true", *options, "-cp", f"{jars()}/*", main, *map(str, args)]


def sharing_option():
    """Class data sharing: the first broker that stops in order writes the archive, later ones start faster."""
    archive = jars().with_suffix(".jsa")
    return f"-XX:SharedArchiveFile={archive}" if archive.exists() else f"-XX:ArchiveClassesAtExit={archive}"


class Kafka:
    """One broker. `start` waits until it answers; `stop` ends it in order, `kill` does not."""

    def __init__(self, folder, heap="768m"):
        self.folder = pathlib.Path(folder)
        self.heap = heap
        self.port, self.process = free_port(), None
        self.bootstrap = f"127.0.0.1:{self.port}"

    def start(self, timeout=60):
        self.folder.mkdir(parents=True, exist_ok=True)
        properties = self.folder / "server.properties"
        if not properties.exists():
            text = (HERE / "server.properties.in").read_text()
            for name, value in (("PORT", self.port), ("CONTROLLER_PORT", free_port()), ("DATA", self.folder / "data")):
                text = text.replace(f"@{name}@", str(value))
            properties.write_text(text)
            self.java("kafka.tools.StorageTool", "format", "--standalone", "-t", CLUSTER_ID, "-c", properties, wait=True)
        self.process = self.java("kafka.Kafka", properties, options=[sharing_option(), "-Xshare:auto", f"-Xmx{self.heap}", "-XX:+UseSerialGC"])
        deadline = time.monotonic() + timeout
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("Kafka did not come up:\n" + (self.folder / "out.log").read_text()[-4000:])
            time.sleep(0.05)
        return self

    def java(self, main, *args, options=(), wait=False):
        with open(self.folder / "out.log", "ab") as out:
            process = subprocess.Popen(java_command(self.folder, main, *args, options=options), stdout=out, stderr=out, stdin=subprocess.DEVNULL,
                                       start_new_session=True)
        if wait and process.wait() != 0:
            raise RuntimeError((self.folder / "out.log").read_text()[-4000:])
        return process

    def answers(self):
        from confluent_kafka.admin import AdminClient
        try:
            with socket.create_connection(("127.0.0.1", self.port), 0.5):
                pass
            AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0}).list_topics(timeout=2)
            return True
        except Exception:
            return False

    def stop(self, timeout=30):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


if __name__ == "__main__":
    broker = Kafka(sys.argv[1]).start()
    print(broker.bootstrap, flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        broker.process.wait()
    except KeyboardInterrupt:
        pass
    finally:
        broker.stop()
