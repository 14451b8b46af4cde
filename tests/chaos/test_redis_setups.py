"""The Redis set-ups: each fault is seen to have happened, above all that acknowledged writes are really lost."""
import subprocess
import sys
import time

import pytest
import redis
from redis.cluster import RedisCluster
from redis.sentinel import Sentinel as SentinelClient

import processes
from disk import LimitedDisk, TinyDisk
from redis_setups import SETUPS, Cluster, Single


@pytest.fixture(params=SETUPS)
def setup(request, tmp_path):
    with SETUPS[request.param](tmp_path) as setup:
        yield setup


def client_of(url):
    """A client that knows nothing but the URL."""
    scheme, rest = url.split("://")
    addresses = [(host, int(port)) for host, port in (a.split(":") for a in rest.split("/")[0].split(","))]
    if scheme == "redis":
        return redis.Redis(*addresses[0], decode_responses=True)
    if scheme == "redis-sentinel":
        return SentinelClient(addresses, decode_responses=True).master_for(rest.split("/")[1], decode_responses=True)
    return RedisCluster(*addresses[0], decode_responses=True)


def write(client, offset):
    for p in range(12):
        client.hset("voc:{%d}:position" % p, mapping={"offset": offset})
        client.hset("voc:{%d}:customer:c%d" % (p, p), mapping={"events": offset, "name": "김"})
        client.zadd("voc:{%d}:at_risk" % p, {f"c{p}": offset})


def wanted(offset):
    want = {}
    for p in range(12):
        want["voc:{%d}:position" % p] = {"offset": str(offset)}
        want["voc:{%d}:customer:c%d" % (p, p)] = {"events": str(offset), "name": "김"}
        want["voc:{%d}:at_risk" % p] = {f"c{p}": offset}
    return want


def test_faults(setup):
    """One set-up goes through all of them, since starting one takes seconds."""
    client = client_of(setup.url())
    write(client, 10)
    assert setup.read_all() == wanted(10)

    words = setup.disk_full()
    assert words and all("No space left on device" in word for word in words) or all("File too large" in word for word in words)
    with pytest.raises(redis.ResponseError, match="MISCONF"):
        write(client, 11)
    setup.disk_free()
    write(client, 12)
    assert setup.read_all() == wanted(12)

    killed = setup.kill_master()
    assert not killed.alive()
    if not isinstance(setup, Single):
        processes.wait_for(lambda: not isinstance(error_of(setup.masters), Exception) and killed not in setup.masters(), 30, "a failover")
    setup.restart()
    setup.wait_healthy()
    assert setup.read_all() == wanted(12), "a kill -9 alone loses nothing: what was written is the kernel's"

    setup.flush_all()
    assert setup.read_all() == {}


def error_of(function):
    try:
        return function()
    except Exception as error:
        return error


def test_writes_are_lost(setup):
    client = client_of(setup.url())
    write(client, 10)
    if not isinstance(setup, Single):
        setup.wait_healthy()
        for node in setup.masters():
            node.redis.wait(1, 5000)  # the replicas have it

    def write_on(seconds):
        """Done before the master dies: whoever writes on would hide from a quick successor what it has lost."""
        until, offset = time.monotonic() + seconds, 20
        while time.monotonic() < until:
            write(client, offset)
            offset += 1

    evidence = setup.failover_losing_writes(seconds=2, meanwhile=write_on)
    assert evidence["canary_lost"] and evidence["lost_bytes"] > 0 and evidence["lost_records"] > 0 and evidence["partitions_set_back"] > 0, evidence


def test_slots_move(tmp_path):
    with Cluster(tmp_path) as cluster:
        client = client_of(cluster.url())
        write(client, 10)
        moved = cluster.move_slots(count=2, pause_s=0)
        assert len(moved) == 2 and all(m["keys"] == 3 for m in moved)
        source = next(node for node in cluster.nodes if node.name == moved[0]["from"])
        with pytest.raises(redis.ResponseError, match=f"MOVED {moved[0]['slot']} "):
            source.redis.execute_command("HGETALL", next(k for k in wanted(10) if redis.crc.key_slot(k.encode()) == moved[0]["slot"]))
        assert cluster.read_all() == wanted(10)
        write(client, 11)
        assert cluster.read_all() == wanted(11)


@pytest.mark.parametrize("name", ["sentinel", "cluster"])
def test_through_proxies(name, tmp_path):
    """Clients that follow announced addresses go through the proxies, and a proxy that refuses makes the master somebody else."""
    with SETUPS[name](tmp_path, proxied=True) as setup:
        client = client_of(setup.url())
        write(client, 10)
        master = setup.masters()[0]
        assert master.proxy.bytes > 0 and all(node.proxy.connections > 0 for node in setup.masters())
        if name == "sentinel":
            master.proxy.refuse()
            processes.wait_for(lambda: setup.masters()[0] is not master, 30, "a failover")
        else:
            master.proxy.cut()
        write(client, 11)
        assert setup.read_all() == wanted(11)


@pytest.mark.parametrize("kind", ["tiny", "limited"])
def test_disks(kind, tmp_path):
    """Both ways of a full disk, whatever this machine would choose."""
    single = Single(tmp_path, disk_bytes=(16 << 20) if kind == "tiny" else 0)
    with single:
        assert isinstance(single.nodes[0].disk, TinyDisk if kind == "tiny" else LimitedDisk)
        assert single.disk_full()[0].startswith("MISCONF")
        single.disk_free()


def test_nothing_is_left_behind(tmp_path):
    """A harness that is killed takes its servers along."""
    script = f"""
import sys
sys.path.insert(0, {str(__file__.rpartition('/')[0])!r})
from redis_setups import Sentinel
setup = Sentinel({str(tmp_path)!r}).start()
print(*(p.pid for p in [*(n.process for n in setup.nodes), *setup.sentinel_processes]), flush=True)
sys.stdin.read()
"""
    harness = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    pids = harness.stdout.readline().split()
    assert len(pids) == 5 and all(running(pid) for pid in pids)
    harness.kill()
    harness.wait()
    processes.wait_for(lambda: not any(running(pid) for pid in pids), 10, "the servers to die")


def running(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
