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


def jars(version=VERSION):
    folder = cache_dir() / f"kafka-{version}"
    if not folder.is_dir():
        partial = folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mvn", "-q", "-B", "-f", HERE / "pom.xml", "dependency:copy-dependencies", f"-DoutputDirectory={partial}",
                        "-DincludeScope=runtime", f"-Dkafka.version={version}"], check=True, stdin=subprocess.DEVNULL)
        partial.rename(folder)
    return folder


def java_command(folder, main, *args, options=(), version=VERSION):
    """The command that runs one of Kafka's programs, which logs into the folder."""
    return ["java", f"-Dlog4j2.configurationFile={HERE / 'log4j2.properties'}", f"-Dvoc.log={pathlib.Path(folder) / 'kafka.log'}",
            "-Djava.awt.headless=true", *options, "-cp", f"{jars(version)}/*", main, *map(str, args)]


def sharing_option(version=VERSION):
    """Class data sharing: the first broker that stops in order writes the archive, later ones start faster."""
    archive = jars(version).with_suffix(".jsa")
    return f"-XX:SharedArchiveFile={archive}" if archive.exists() else f"-XX:ArchiveClassesAtExit={archive}"


class Logins:
    """A second listener, for TLS and logins: what a broker needs for it, and what clients do. The certificates are openssl's, made in `folder`."""

    def __init__(self, folder, user="voc", password="pass-word-918273"):
        self.folder, self.user, self.password, self.port = pathlib.Path(folder), user, password, free_port()
        self.bootstrap = f"127.0.0.1:{self.port}"
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in ("ca", "other-ca"):
            self.openssl("req", "-x509", *self.new_key(name), "-days", "30", "-subj", f"/CN={name}", "-out", f"{name}.pem",
                         "-addext", "basicConstraints=critical,CA:TRUE")
        self.openssl("req", *self.new_key("broker"), "-subj", "/CN=broker", "-out", "broker.csr", "-addext", "subjectAltName=IP:127.0.0.1")
        self.openssl("x509", "-req", "-in", "broker.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "30", "-copy_extensions", "copy", "-out", "broker.crt")
        (self.folder / "broker.pem").write_text((self.folder / "broker.key").read_text() + (self.folder / "broker.crt").read_text())
        (self.folder / "password").write_text(password + "\n")

    @staticmethod
    def new_key(name):
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", f"{name}.key"]

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

    def properties(self, plain_port, controller_port):
        """Java's properties take the last line of a name: these override the template's."""
        listener = "listener.name.secure"
        module = "org.apache.kafka.common.security"
        return f"""
listeners=PLAINTEXT://127.0.0.1:{plain_port},CONTROLLER://127.0.0.1:{controller_port},SECURE://127.0.0.1:{self.port}
advertised.listeners=PLAINTEXT://127.0.0.1:{plain_port},SECURE://127.0.0.1:{self.port}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SECURE:SASL_SSL
sasl.enabled.mechanisms=SCRAM-SHA-512,PLAIN
{listener}.scram-sha-512.sasl.jaas.config={module}.scram.ScramLoginModule required;
{listener}.plain.sasl.jaas.config={module}.plain.PlainLoginModule required user_{self.user}="{self.password}";
{listener}.ssl.keystore.type=PEM
{listener}.ssl.keystore.location={self.folder / "broker.pem"}
"""

    def format_options(self):
        return ["--add-scram", f"SCRAM-SHA-512=[name={self.user},password={self.password}]"]

    def environment(self, mechanism, ca="ca.pem"):
        """Of one of our programs that logs in here; the password comes by a file."""
        return {"VOC_KAFKA_BOOTSTRAP": self.bootstrap, "VOC_KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "VOC_KAFKA_SASL_MECHANISM": mechanism,
                "VOC_KAFKA_SASL_USERNAME": self.user, "VOC_KAFKA_SASL_PASSWORD_FILE": str(self.folder / "password"),
                "VOC_KAFKA_SSL_CA_LOCATION": str(self.folder / ca)}


class Kafka:
    """One broker. `start` waits until it answers; `stop` ends it in order, `kill` does not."""

    def __init__(self, folder, heap="768m", version=VERSION, logins=None):
        self.folder = pathlib.Path(folder)
        self.heap, self.version, self.logins = heap, version, logins
        self.port, self.process = free_port(), None
        self.bootstrap = f"127.0.0.1:{self.port}"

    def start(self, timeout=60):
        self.folder.mkdir(parents=True, exist_ok=True)
        properties = self.folder / "server.properties"
        if not properties.exists():
            text = (HERE / "server.properties.in").read_text()
            controller_port = free_port()
            for name, value in (("PORT", self.port), ("CONTROLLER_PORT", controller_port), ("DATA", self.folder / "data")):
                text = text.replace(f"@{name}@", str(value))
            properties.write_text(text + (self.logins.properties(self.port, controller_port) if self.logins else ""))
            users = self.logins.format_options() if self.logins else []
            self.java("kafka.tools.StorageTool", "format", "--standalone", "-t", CLUSTER_ID, "-c", properties, *users, wait=True)
        self.process = self.java("kafka.Kafka", properties, options=[sharing_option(self.version), "-Xshare:auto", f"-Xmx{self.heap}", "-XX:+UseSerialGC"])
        deadline = time.monotonic() + timeout
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("Kafka did not come up:\n" + (self.folder / "out.log").read_text()[-4000:])
            time.sleep(0.05)
        return self

    def java(self, main, *args, options=(), wait=False):
        with open(self.folder / "out.log", "ab") as out:
            process = subprocess.Popen(java_command(self.folder, main, *args, options=options, version=self.version), stdout=out, stderr=out, stdin=subprocess.DEVNULL,
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
