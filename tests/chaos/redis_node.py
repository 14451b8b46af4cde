"""One Redis server of a set-up (redis_setups.py): its process, its disk, and what it says about itself.

It appends every write to a file and syncs that once a second (appendfsync everysec), so it is started again with what it had written.
It does not rewrite that file because of its size: after a rewrite, a full disk makes Redis 7.0.15 damage it (it cuts the half-written command off at
aof_last_incr_offset, which is still the old file's) and refuse to start.
It may announce a proxy's port in place of its own; the harness itself always goes past the proxy.
"""
import json
import pathlib
import signal
import subprocess

import redis

import disk
import processes
from proxy import Proxy

CANARY = "chaos:canary"


class Node:
    def __init__(self, folder, name, disk_bytes=0, proxied=False, options=()):
        self.name, self.folder = name, pathlib.Path(folder) / name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.disk = disk.of(self.folder / "data", disk_bytes)
        self.port = processes.reserve_port()
        self.proxy = Proxy(self.port) if proxied else None
        self.announced = self.proxy.port if proxied else self.port
        self.options, self.process = list(options), None
        self.redis = redis.Redis(port=self.port, decode_responses=True, socket_timeout=3, socket_connect_timeout=1)

    def start(self, *more):
        """`more`: options for this start only."""
        command = [*self.disk.enter, "redis-server", "--port", self.port, "--bind", "127.0.0.1", "--dir", self.disk.folder.resolve(), "--save", "",
                   "--appendonly", "yes", "--appendfsync", "everysec", "--auto-aof-rewrite-percentage", "0", "--maxmemory-policy", "noeviction",
                   "--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "0", "--repl-timeout", "5", "--repl-ping-replica-period", "1",
                   *self.options, *more]
        self.process = processes.launch(command, self.folder / "redis.log", restore_signals=False)
        return self

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def answers(self):
        """Up, and done with loading."""
        try:
            return self.alive() and self.redis.ping()
        except redis.RedisError:
            return False

    def mend(self):
        """One that refused its damaged file: cuts the file off at the damage and starts, as an operator would."""
        if not self.alive() and "Bad file format" in (self.folder / "redis.log").read_text(errors="replace")[-500:]:
            manifest = self.disk.seen / "appendonlydir" / "appendonly.aof.manifest"
            subprocess.run(["redis-check-aof", "--fix", manifest], input=b"y\n", capture_output=True, check=True)
            self.start()

    def wait_up(self, timeout=60):
        def up():
            self.mend()
            return self.answers()
        processes.wait_for(up, timeout, f"{self.name}; see {self.folder / 'redis.log'}")

    def kill(self):
        processes.kill(self.process)

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        if self.alive():
            self.process.send_signal(signal.SIGCONT)

    def close(self):
        self.kill()
        self.redis.connection_pool.disconnect()
        self.disk.close()
        if self.proxy:
            self.proxy.close()

    def file_bytes(self):
        return self.redis.info("persistence")["aof_current_size"]

    def writes_file(self):
        """Not so in a full synchronisation, nor after a rewrite that failed (a full disk): a restart would bring back what the file held before."""
        seen = self.redis.info("persistence")
        rewriting = seen["aof_rewrite_in_progress"] or seen["aof_rewrite_scheduled"]
        well = seen["aof_last_bgrewrite_status"] == seen["aof_last_write_status"] == "ok"
        return bool(seen["aof_enabled"]) and not rewriting and well and not seen["loading"]

    # ---- roles
    def role(self):
        """'master' or 'slave'; None if it does not say."""
        try:
            return self.redis.execute_command("ROLE")[0] if self.alive() else None
        except redis.RedisError:
            return None

    def in_sync(self):
        """A master: at least one replica is connected. A replica: it is."""
        info = self.redis.info("replication")
        if info["role"] == "master":
            return any(info[key].get("state") == "online" for key in info if key.startswith("slave") and isinstance(info[key], dict))
        return info["master_link_status"] == "up"

    def deafen(self):
        """A replica gets nothing more: its link is cut, and its login at the master fails from now on."""
        self.redis.config_set("masteruser", "nobody")
        self.redis.config_set("masterauth", "nothing")
        self.redis.execute_command("CLIENT", "KILL", "TYPE", "master")

    def hear(self):
        self.redis.config_set("masteruser", "")
        self.redis.config_set("masterauth", "")

    # ---- contents
    def read_all(self):
        """{key: dict of a hash, dict of a sorted set (whole scores as int), or string} of every voc:* key here."""
        keys, found = list(self.redis.scan_iter("voc:*", count=5000)), {}
        for start in range(0, len(keys), 2000):
            found.update(self.read(keys[start:start + 2000]))
        return found

    def read(self, keys):
        pipe = self.redis.pipeline(transaction=False)
        for key in keys:
            pipe.type(key)
        kinds, pipe = pipe.execute(), self.redis.pipeline(transaction=False)
        for key, kind in zip(keys, kinds):
            if kind == "hash":
                pipe.hgetall(key)
            elif kind == "zset":
                pipe.zrange(key, 0, -1, withscores=True)
            else:  # a string, or one that has gone since
                pipe.get(key)
        found = {}
        for key, kind, value in zip(keys, kinds, pipe.execute()):
            if kind == "zset":
                value = {member: int(score) if score == int(score) else score for member, score in value}
            if value is not None:
                found[key] = value
        return found

    def positions(self):
        """{key: offset}: how far each partition is applied, as this node knows."""
        keys = list(self.redis.scan_iter("voc:{*}:position", count=5000))
        pipe = self.redis.pipeline(transaction=False)
        for key in keys:
            pipe.hget(key, "offset")
        return {key: int(offset or 0) for key, offset in zip(keys, pipe.execute())}

    def due(self, until_ms):
        """How many entries of what falls due are due by then, as this node knows."""
        pipe = self.redis.pipeline(transaction=False)
        for key in self.redis.scan_iter("voc:{*}:due", count=5000):
            pipe.zcount(key, "-inf", until_ms)
        return sum(pipe.execute())

    def poke(self, value):
        """A write that any client might do, to a key that no service knows; on a cluster to one that is here. Redis' error, or None."""
        for number in range(200):
            try:
                self.redis.set(f"{CANARY}:{number}", json.dumps(value))
                return None
            except redis.ResponseError as error:
                if not str(error).startswith("MOVED"):
                    return str(error)
        raise RuntimeError(f"{self.name} has no slots")

    def canaries(self):
        """The values that poke wrote here."""
        values = []
        for key in self.redis.scan_iter(f"{CANARY}:*", count=5000):
            values.append(json.loads(self.redis.get(key)))
        return values
