"""Several real Apache Kafka brokers on loopback, to be killed, stopped and led about.

Each node is broker and controller in one (KRaft, a static quorum), from the jars that tests/support/kafka.py resolves. Topics have as
many replicas as there are brokers and min.insync.replicas 2, and an unclean leader is never elected: what was acknowledged is kept while any
two brokers live. Clients have a listener of their own, so `advertised` may name the ports of proxies in front of it without touching what
the brokers say to each other.

    with Brokers(folder) as brokers:      # or start() and close()
        brokers.bootstrap                 # "127.0.0.1:…,127.0.0.1:…,127.0.0.1:…"
        brokers.kill(0); brokers.restart(0); brokers.wait_healthy()
"""
import base64
import pathlib
import signal
import subprocess
import sys

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import kafka  # noqa: E402
import kafka_wire  # noqa: E402
import processes  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
CLUSTER_ID = "vocchaosvocchaosvocchQ"  # any 22 characters of base64url
JVM = ("-Xmx256m", "-Xms64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:CICompilerCount=1", "-Xshare:auto", "-XX:+ExitOnOutOfMemoryError")


class Brokers:
    def __init__(self, folder, count=3, ports=None, advertised=None):
        """`ports`: where clients are listened to; `advertised`: the ports that clients are told (those of proxies). Both default to free ones."""
        self.folder, self.count = pathlib.Path(folder), count
        self.ports = list(ports or (processes.reserve_port() for _ in range(count)))
        self.advertised = list(advertised or self.ports)
        self.broker_ports = [processes.reserve_port() for _ in range(count)]
        self.controller_ports = [processes.reserve_port() for _ in range(count)]
        self.nodes = [None] * count
        self.bootstrap = ",".join(f"127.0.0.1:{port}" for port in self.advertised)
        self.direct = ",".join(f"127.0.0.1:{port}" for port in self.ports)  # past any proxy: for the harness itself

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

    # ---- life and death
    def start(self, timeout=90):
        self.folder.mkdir(parents=True, exist_ok=True)
        checkpoint = self.bootstrap_checkpoint()
        for i in range(self.count):
            self.format(i, checkpoint)
            self.launch(i)
        try:
            self.wait_healthy(timeout)
        except TimeoutError as error:
            self.close()
            raise RuntimeError(f"{error}\n{self.tails()}") from None
        return self

    def node_folder(self, i):
        return self.folder / f"node{i}"

    def properties(self, i):
        voters = ",".join(f"{n + 1}@127.0.0.1:{port}" for n, port in enumerate(self.controller_ports))
        values = {"NODE": i + 1, "VOTERS": voters, "PORT": self.ports[i], "ADVERTISED_PORT": self.advertised[i], "BROKER_PORT": self.broker_ports[i],
                  "CONTROLLER_PORT": self.controller_ports[i], "DATA": self.node_folder(i) / "data", "REPLICATION": self.count,
                  "MIN_INSYNC": min(2, self.count)}
        text = (HERE / "broker.properties.in").read_text()
        for name, value in values.items():
            text = text.replace(f"@{name}@", str(value))
        return text

    def bootstrap_checkpoint(self):
        """What `format` writes is the same for every node and run, and a JVM takes a second to write it: once, then kept beside the jars."""
        kept = kafka.cache_dir() / f"kafka-{kafka.VERSION}-bootstrap.checkpoint"
        if not kept.exists():
            folder = self.node_folder(0)
            folder.mkdir(parents=True, exist_ok=True)
            properties = folder / "server.properties"
            properties.write_text(self.properties(0))
            command = kafka.java_command(folder, "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", properties)
            if processes.launch(command, folder / "out.log").wait() != 0:
                raise RuntimeError((folder / "out.log").read_text()[-4000:])
            partial = kept.with_suffix(f".{self.ports[0]}.partial")
            partial.write_bytes((folder / "data" / "bootstrap.checkpoint").read_bytes())
            partial.rename(kept)
        return kept.read_bytes()

    def format(self, i, checkpoint):
        data = self.node_folder(i) / "data"
        data.mkdir(parents=True, exist_ok=True)
        (self.node_folder(i) / "server.properties").write_text(self.properties(i))
        (data / "bootstrap.checkpoint").write_bytes(checkpoint)
        directory = base64.urlsafe_b64encode(b"voc-chaos-node-" + bytes([i + 1])).decode().rstrip("=")
        (data / "meta.properties").write_text(f"version=1\ncluster.id={CLUSTER_ID}\nnode.id={i + 1}\ndirectory.id={directory}\n")

    def launch(self, i):
        folder = self.node_folder(i)
        command = kafka.java_command(folder, "kafka.Kafka", folder / "server.properties", options=(kafka.sharing_option(), *JVM))
        self.nodes[i] = processes.launch(command, folder / "out.log")

    def kill(self, i):
        processes.kill(self.nodes[i])

    def stop(self, i, timeout=20):
        """In order: it hands its leaderships over first."""
        if self.alive(i):
            self.resume(i)
            self.nodes[i].terminate()
            try:
                self.nodes[i].wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill(i)

    def restart(self, i):
        """Starts a dead one again (a live one is killed first), on what it had on its disk. Does not wait: see wait_healthy."""
        self.kill(i)
        self.launch(i)

    def pause(self, i):
        self.nodes[i].send_signal(signal.SIGSTOP)

    def resume(self, i):
        self.nodes[i].send_signal(signal.SIGCONT)

    def alive(self, i):
        return self.nodes[i] is not None and self.nodes[i].poll() is None

    def running(self, i):
        return self.alive(i) and processes.state(self.nodes[i]) != "T"

    def close(self):
        for node in self.nodes:
            processes.kill(node)

    def tails(self):
        logs = sorted(self.folder.glob("node*/kafka.log")) + sorted(self.folder.glob("node*/out.log"))
        return "\n".join(f"--- {log}\n{log.read_text(errors='replace')[-1500:]}" for log in logs)

    # ---- what they say
    def metadata(self, nodes=None, timeout=2):
        """From the first of these nodes (all of them, if none are said) that answers; None if none does."""
        for i in nodes or range(self.count):
            if self.running(i):
                try:
                    admin = AdminClient({"bootstrap.servers": f"127.0.0.1:{self.ports[i]}", "log_level": 0, "socket.timeout.ms": 3000})
                    return admin.list_topics(timeout=timeout)
                except KafkaException:
                    continue
        return None

    def sees_all(self, i):
        """This node itself says that all nodes are there, every partition is led and every replica in sync."""
        seen = self.metadata([i])
        return seen is not None and len(seen.brokers) == self.count and all(
            p.leader > 0 and len(p.isrs) == len(p.replicas) for topic in seen.topics.values() for p in topic.partitions.values())

    def healthy(self):
        return all(self.sees_all(i) for i in range(self.count))

    def wait_healthy(self, timeout=120):
        processes.wait_for(self.healthy, timeout, "every replica to be in sync")

    def leaders(self, topic_prefix):
        """{(topic, partition): index of the broker that leads it, None if nobody does}"""
        return {(name, number): p.leader - 1 if p.leader > 0 else None for name, number, p in self.partitions(topic_prefix)}

    def partitions(self, topic_prefix):
        seen = self.metadata()
        if seen is None:
            raise RuntimeError("no broker answers")
        return [(name, number, p) for name, topic in seen.topics.items() if name.startswith(topic_prefix) for number, p in topic.partitions.items()]

    # ---- leader moves
    def move_leaders(self, topic_prefix):
        """Every partition of these topics gets another of its in-sync replicas as leader. Returns how many did."""
        replicas = {}
        for name, number, p in self.partitions(topic_prefix):
            others = [broker for broker in p.replicas if broker in p.isrs and broker != p.leader]
            if others:
                replicas.setdefault(name, {})[number] = others[:1] + [broker for broker in p.replicas if broker != others[0]]
        address = self.some_address()
        kafka_wire.reassign(address, replicas)
        moved = kafka_wire.elect_preferred(address, {name: list(partitions) for name, partitions in replicas.items()})
        return sum(error == 0 for _, _, error in moved)

    def some_address(self):
        for i in range(self.count):
            if self.running(i):
                return "127.0.0.1", self.ports[i]
        raise RuntimeError("no broker lives")
