"""Redis in the three ways that the services accept it, each of which can be made to fail; one interface.

    Single     one server, that is started again from its append-only file
    Sentinel   a master and a replica under three sentinels (quorum 2)
    Cluster    three masters with a replica each

    with Sentinel(folder) as redis:       # or start() and close()
        redis.url()                       # for VOC_REDIS_URL
        redis.read_all()                  # what the present masters hold
        redis.kill_master(); redis.wait_healthy()

All on loopback, noeviction, appendfsync everysec. `proxied`: each server announces the port of a proxy (`node.proxy`, proxy.py) in place of
its own, so that everybody (services, sentinels, replicas) goes through it, except a cluster's bus and the harness. `disk_bytes`: each server's files
are on a disk of that size that can be filled (disk.py); 0 is a plain folder. Faults return when they have happened, not when the
set-up has recovered: wait_healthy() waits for that.
"""
import pathlib
import time

import redis
from redis.crc import key_slot

import processes
from redis_node import Node

DISK_BYTES = 64 << 20


class Setup:
    """What the three have in common. `nodes` are the servers with data."""

    def __init__(self, folder, proxied=False, disk_bytes=DISK_BYTES):
        self.folder, self.proxied, self.disk_bytes = pathlib.Path(folder), proxied, disk_bytes
        self.folder.mkdir(parents=True, exist_ok=True)
        self.nodes = []

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_):
        self.close()

    def node(self, name, *options):
        node = Node(self.folder, name, self.disk_bytes, self.proxied, options)
        self.nodes.append(node)
        return node

    def wait_healthy(self, timeout=120):
        processes.wait_for(self.healthy_now, timeout, f"{type(self).__name__} to be healthy")

    def healthy_now(self):
        for node in self.nodes:
            node.mend()
        try:
            return self.healthy()
        except (redis.RedisError, OSError, KeyError):
            return False

    def close(self):
        for node in self.nodes:
            node.close()

    # ---- contents
    def read_all(self):
        """{key: value} of every voc:* key: a hash and a sorted set as a dict, a string as it is."""
        found = {}
        for node in self.masters():
            found.update(node.read_all())
        return found

    def flush_all(self, timeout=20):
        """Also where a fault has just killed one of them: once it is back, or another is master in its place."""
        def done():
            try:
                for node in self.masters():
                    node.redis.flushall()
                return True
            except redis.RedisError:
                return False
        processes.wait_for(done, timeout, "every master to be emptied")

    def wait_empty(self, timeout=30):
        """Every server, and its file too: nothing of before can come back. Right after flush_all."""
        processes.wait_for(lambda: all(node.redis.dbsize() == 0 and node.writes_file() for node in self.nodes), timeout, "every Redis to be empty")

    # ---- processes
    def kill_master(self, which=0):
        """kill -9. Returns the node; restart(node) brings it back."""
        master = self.masters()[which]
        master.kill()
        return master

    def restart(self, node=None):
        """Starts what is dead (or that one node) again, from what it had written."""
        for each in [node] if node else self.nodes:
            if not each.alive():
                each.start()

    def pause(self, which=0):
        """SIGSTOP to a master. Returns the node."""
        master = self.masters()[which]
        master.pause()
        return master

    def resume(self):
        for node in self.nodes:
            node.resume()

    # ---- disks
    def disk_full(self, timeout=30):
        """The masters' disks are full, and they refuse writes: returns their very words."""
        refusals = []
        for node in self.masters():
            node.disk.fill(node.process)
            refusals.append(processes.wait_for(lambda: (node.poke("full") or "") .startswith("MISCONF") and node.poke("full"), timeout,
                                               f"{node.name} to refuse writes"))
        return refusals

    def disk_free(self, timeout=30):
        """As it was; returns when every master takes writes again (Redis looks once a second)."""
        for node in self.nodes:
            node.disk.empty(node.process)
        for node in self.masters():
            processes.wait_for(lambda: node.poke("free") is None, timeout, f"{node.name} to take writes")

    # ---- lost writes
    def evidence(self, before, canary, survivor):
        """What a master's successor does not know although the master had acknowledged it."""
        after = survivor.positions()
        return {"canary_lost": canary not in survivor.canaries(), "lost_records": sum(max(0, at - after.get(key, 0)) for key, at in before.items()),
                "partitions_set_back": sum(at > after.get(key, 0) for key, at in before.items())}


class Single(Setup):
    def start(self):
        self.node("redis").start().wait_up()
        return self

    def url(self):
        return f"redis://127.0.0.1:{self.nodes[0].announced}"

    def masters(self):
        return self.nodes

    def healthy(self):
        return self.nodes[0].answers()

    def failover_losing_writes(self, seconds=1.5, meanwhile=time.sleep):
        """A power cut: the server dies, and its append-only file ends where it ended so many seconds ago. It is up again at return.
        meanwhile(seconds) is what passes that time."""
        node = self.nodes[0]
        node.redis.config_set("auto-aof-rewrite-percentage", 0)  # so that the file stays the same one
        processes.wait_for(lambda: not node.redis.info("persistence")["aof_rewrite_in_progress"], 30, "no rewrite of the AOF")
        tail = max((node.disk.seen / "appendonlydir").glob("*.incr.aof"), key=lambda path: int(path.name.split(".")[-3]))
        kept = tail.stat().st_size
        meanwhile(seconds)
        canary = f"power cut {time.time()}"
        assert node.poke(canary) is None
        before = node.positions()
        node.kill()
        lost_bytes = tail.stat().st_size - kept
        with open(tail, "rb+") as file:
            file.truncate(kept)
        node.start().wait_up()
        return {**self.evidence(before, canary, node), "lost_bytes": lost_bytes}


class Replicated(Setup):
    """Masters that have replicas."""

    def replica_of(self, master):
        """The connected replica of that node."""
        for address in (master.redis.info("replication")[f"slave{i}"] for i in range(master.redis.info("replication")["connected_slaves"])):
            for node in self.nodes:
                if address["port"] in (node.port, node.announced):
                    return node
        raise RuntimeError(f"{master.name} has no replica")

    def failover_losing_writes(self, seconds=1.5, which=0, timeout=30, meanwhile=time.sleep):
        """A master dies whose replica has heard nothing for so many seconds, and that replica takes over. The old master stays dead: restart() it.
        meanwhile(seconds) is what passes that time."""
        master = self.masters()[which]
        replica = self.replica_of(master)
        replica.deafen()
        began = master.redis.info("replication")["master_repl_offset"]
        meanwhile(seconds)
        canary = f"failover {time.time()}"
        assert master.poke(canary) is None
        before, ended = master.positions(), master.redis.info("replication")["master_repl_offset"]
        master.kill()
        processes.wait_for(lambda: replica.role() == "master", timeout, f"{replica.name} to take over")
        replica.hear()
        return {**self.evidence(before, canary, replica), "lost_bytes": ended - began}


class Sentinel(Replicated):
    SENTINEL = """port {port}
bind 127.0.0.1
dir {folder}
sentinel resolve-hostnames no
sentinel monitor mymaster 127.0.0.1 {master} 2
sentinel down-after-milliseconds mymaster 1000
sentinel failover-timeout mymaster 3000
sentinel parallel-syncs mymaster 1
"""

    def start(self):
        first, second = self.node("a"), self.node("b")
        for node in self.nodes:
            node.options += ["--replica-announce-ip", "127.0.0.1", "--replica-announce-port", str(node.announced)]
        first.start()
        first.wait_up()
        second.start("--replicaof", f"127.0.0.1 {first.announced}").wait_up()
        self.sentinels = [(processes.reserve_port(), self.folder / f"sentinel{i}") for i in range(3)]
        self.sentinel_processes = [self.start_sentinel(port, folder, first.announced) for port, folder in self.sentinels]
        self.wait_healthy()
        return self

    def start_sentinel(self, port, folder, master):
        folder.mkdir()
        conf = folder / "sentinel.conf"
        conf.write_text(self.SENTINEL.format(port=port, folder=folder.resolve(), master=master))
        return processes.launch(["redis-server", conf, "--sentinel"], folder / "sentinel.log")

    def url(self):
        return "redis-sentinel://" + ",".join(f"127.0.0.1:{port}" for port, _ in self.sentinels) + "/mymaster"

    def ask_sentinels(self, *command):
        answers = []
        for port, _ in self.sentinels:
            with redis.Redis(port=port, decode_responses=True, socket_timeout=2) as sentinel:
                answers.append(sentinel.execute_command("SENTINEL", *command, "mymaster"))
        return answers

    def watched(self):
        """What each sentinel knows of the master, as a dict."""
        return [dict(zip(answer[::2], answer[1::2])) for answer in self.ask_sentinels("MASTER")]

    def masters(self):
        """As most sentinels say."""
        ports = [int(answer[1]) for answer in self.ask_sentinels("GET-MASTER-ADDR-BY-NAME")]
        port = max(ports, key=ports.count)
        return [node for node in self.nodes if node.announced == port]

    def healthy(self):
        """The sentinels know each other and the replica, and agree; the one master has its replica in sync."""
        agreed = {tuple(answer) for answer in self.ask_sentinels("GET-MASTER-ADDR-BY-NAME")}
        master = self.masters()[0]
        others = [node for node in self.nodes if node is not master]
        return (len(agreed) == 1 and master.role() == "master" and master.in_sync() and all(n.role() == "slave" and n.in_sync() for n in others)
                and all(int(m["num-other-sentinels"]) == 2 and int(m["num-slaves"]) >= 1 and m["flags"] == "master" for m in self.watched()))

    def close(self):
        for process in getattr(self, "sentinel_processes", ()):
            processes.kill(process)
        super().close()


class Cluster(Replicated):
    def start(self):
        for i in range(6):
            node = self.node(f"n{i}", "--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-node-timeout", "1500",
                             "--cluster-replica-validity-factor", "0", "--cluster-allow-replica-migration", "no", "--cluster-port",
                             str(processes.reserve_port()))
            node.options += ["--cluster-announce-ip", "127.0.0.1", "--cluster-announce-port", str(node.announced)]
            node.start()
        for node in self.nodes:
            node.wait_up()
        self.form()
        self.wait_healthy()
        return self

    def form(self):
        """What `redis-cli --cluster create` does, without its waits."""
        first = self.nodes[0]
        bounds = [0, 5461, 10923, 16384]
        for i, node in enumerate(self.nodes):
            node.id = node.redis.execute_command("CLUSTER", "MYID")
            node.redis.execute_command("CLUSTER", "SET-CONFIG-EPOCH", i + 1)
            if i < 3:
                node.redis.execute_command("CLUSTER", "ADDSLOTSRANGE", bounds[i], bounds[i + 1] - 1)
        for node in self.nodes[1:]:
            bus = node.options[node.options.index("--cluster-port") + 1]
            first.redis.execute_command("CLUSTER", "MEET", "127.0.0.1", node.announced, bus)
        processes.wait_for(lambda: all(len(self.known(node)) == 6 for node in self.nodes), 20, "the nodes to know each other")
        for i, node in enumerate(self.nodes[3:]):
            node.redis.execute_command("CLUSTER", "REPLICATE", self.nodes[i].id)

    @staticmethod
    def known(node):
        """[[id, address, flags, master, …, slots …]] of the nodes that it knows and does not only greet."""
        lines = node.redis.execute_command("CLUSTER", "NODES")
        if isinstance(lines, dict):  # redis-py parses it
            return [[entry["node_id"], address, entry["flags"], entry["master_id"], entry["connected"], entry["slots"]] for address, entry in lines.items()
                    if "handshake" not in entry["flags"]]
        return [line.split(" ") for line in lines.splitlines() if "handshake" not in line]

    def url(self):
        return "redis-cluster://" + ",".join(f"127.0.0.1:{node.announced}" for node in self.nodes[:3])

    def masters(self):
        """Those that have slots, as any that answers says, in the order of their names."""
        for node in self.nodes:
            try:
                known = self.known(node) if node.alive() and processes.state(node.process) != "T" else []
            except redis.RedisError:
                continue
            owners = {entry[0] for entry in known if "master" in entry[2] and entry[5:] and entry[5] and "fail" not in entry[2].replace("fail?", "")}
            if owners:
                return [each for each in self.nodes if each.id in owners]
        raise RuntimeError("no node of the cluster answers")

    def healthy(self):
        """All six say that the cluster is well; three masters, each with a replica in sync; no node is doubted."""
        for node in self.nodes:
            info = node.redis.execute_command("CLUSTER", "INFO")
            info = info if isinstance(info, dict) else dict(line.split(":", 1) for line in info.splitlines() if ":" in line)
            if info["cluster_state"] != "ok" or any("fail" in entry[2] for entry in self.known(node)):
                return False
        masters = self.masters()
        return len(masters) == 3 and all(node.in_sync() for node in self.nodes)

    # ---- slots that move
    def move_slots(self, count=2, pause_s=0.3):
        """Moves some slots that hold voc: keys to the next master, live: in between, some of their keys are here and some there (ASK, TRYAGAIN), and
        afterwards the old one answers MOVED. Returns [{slot, from, to, keys}]."""
        moved = []
        masters = self.masters()
        for source in masters:
            slots = sorted({key_slot(key.encode()) for key in source.redis.scan_iter("voc:{*", count=5000)})
            for slot in slots[:max(0, count - len(moved))]:
                target = masters[(masters.index(source) + 1) % len(masters)]
                moved.append({"slot": slot, "from": source.name, "to": target.name, "keys": self.move_slot(slot, source, target, pause_s)})
        return moved

    def move_slot(self, slot, source, target, pause_s):
        target.redis.execute_command("CLUSTER", "SETSLOT", slot, "IMPORTING", source.id)
        source.redis.execute_command("CLUSTER", "SETSLOT", slot, "MIGRATING", target.id)
        time.sleep(pause_s)  # keys that are not there yet are made at the target from now on
        keys = 0
        while some := source.redis.execute_command("CLUSTER", "GETKEYSINSLOT", slot, max(1, keys or 10)):
            source.redis.execute_command("MIGRATE", "127.0.0.1", target.port, "", 0, 5000, "REPLACE", "KEYS", *some)
            if keys == 0:
                time.sleep(pause_s)  # some keys here, some there
            keys += len(some)
        for node in [target, source, *(n for n in self.masters() if n not in (source, target))]:
            node.redis.execute_command("CLUSTER", "SETSLOT", slot, "NODE", target.id)
        return keys


SETUPS = {"single": Single, "sentinel": Sentinel, "cluster": Cluster}
