"""docker-compose.cluster.yml for real (tests/compose.sh --cluster): logins and TLS everywhere, a broker and a Redis master that die under load, nothing lost."""
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import types

import redis

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import verify  # noqa: E402
from composed import walk  # noqa: E402
from stack import ROOT, wait_for  # noqa: E402

OVERRIDE = """
services:
  kafka-1: {{ environment: {{ KAFKA_OPTS: {java} }} }}
  kafka-2: {{ environment: {{ KAFKA_OPTS: {java} }} }}
  kafka-3: {{ environment: {{ KAFKA_OPTS: {java} }} }}
  kafka-users: {{ environment: {{ KAFKA_OPTS: {java} }} }}
  receiver:
    command: ["--secret", "whsec_dm9jLWNvbXBvc2UtZXhhbXBsZS1zZWNyZXQ=", "--log", "/log/alerts.ndjson"]
    volumes: ["{folder}/log:/log"]
  voc-aggregator:
    environment: {{ VOC_ROLLUP_RETENTION: 365d }}
  redis:
    image: redis:7-alpine
    command: [redis-server, --port, "0", --tls-port, "6379", --tls-cert-file, /certs/redis.crt, --tls-key-file, /certs/redis.key, --tls-ca-cert-file, /certs/ca.pem,
              --tls-auth-clients, "no", --aclfile, /run/secrets/users.acl, --appendonly, "yes", --maxmemory-policy, noeviction, --hash-max-listpack-value, "2048"]
    secrets: [users.acl]
    volumes: ["{folder}/certificates:/certs:ro"]
"""
JAVA = "-XX:TieredStopAtLevel=1"  # four JVMs that live for minutes
KCAT = """bootstrap.servers=kafka-1:9092,kafka-2:9092,kafka-3:9092
security.protocol=SASL_SSL
sasl.mechanism=SCRAM-SHA-512
sasl.username=voc
sasl.password={password}
ssl.ca.location=/certs/ca.pem
"""
SERVICES = ("voc-classifier", "voc-aggregator", "voc-alerter")


class Cluster:
    """What verify.py asks of a stack is asked here of containers: Kafka through kcat, beside the brokers; Redis' masters by their addresses."""
    partitions = 24

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.project, self.tag = f"voc-cluster-{os.getpid()}", f"cluster-{os.getpid()}"
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(("VOC_", "COMPOSE_"))}
        self.environment.update(IMAGE_TAG=self.tag, CERTIFICATES=str(self.folder / "certificates"), VOC_ALLOW_PRIVATE="yes")
        (self.folder / "log").mkdir(mode=0o777)
        (self.folder / "log").chmod(0o777)
        self.folder.chmod(0o755)
        (self.folder / "override.yml").write_text(OVERRIDE.format(folder=self.folder, java=JAVA))

    def compose(self, *arguments, input=None, check=True, timeout=480):
        command = ["docker", "compose", "-p", self.project, "-f", ROOT / "docker-compose.cluster.yml", "-f", self.folder / "override.yml", "--profile", "demo", *arguments]
        done = subprocess.run(command, input=input, capture_output=True, timeout=timeout, env=self.environment, cwd=ROOT)
        if check and done.returncode != 0:
            raise RuntimeError(f"{arguments} ended with {done.returncode}:\n{done.stdout.decode(errors='replace')[-3000:]}{done.stderr.decode(errors='replace')[-3000:]}")
        return done

    def tails(self):
        return self.compose("logs", "--no-color", "--tail", "20", check=False).stdout.decode(errors="replace")[-16000:]

    def ctl(self, *arguments, **options):
        return self.compose("run", "--rm", "-T", "--no-deps", "vocctl", *arguments, **options)

    def topic(self, name):
        return f"voc.{name}"

    def read_all(self, name):
        """Every record of a topic, each partition in order: [(partition, offset, key, value, {header: bytes}, timestamp)]."""
        certificates = self.folder / "certificates"
        (certificates / "kcat.conf").write_text(KCAT.format(password=(certificates / "kafka-password").read_text().strip()))
        done = subprocess.run(["docker", "run", "--rm", "--network", f"{self.project}_default", "-v", f"{certificates}:/certs:ro", "edenhill/kcat:1.7.1",
                               "-F", "/certs/kcat.conf", "-C", "-e", "-q", "-J", "-o", "beginning", "-t", self.topic(name)], capture_output=True, timeout=120)
        assert done.returncode == 0, done.stderr[-1500:]
        records = []
        for line in done.stdout.splitlines():
            one = json.loads(line)
            headers = one.get("headers") or []
            headers = {key: value.encode() for key, value in zip(headers[::2], headers[1::2])}
            payload = one["payload"]
            records.append((one["partition"], one["offset"], (one["key"] or "").encode(), None if payload is None else payload.encode(), headers, one["ts"]))
        return sorted(records, key=lambda record: record[:2])

    def login(self):
        return (self.folder / "certificates" / "redis-url").read_text().split("//")[1].split("@")[0]

    def address(self, service):
        """None if there is no container that runs."""
        container = self.compose("ps", "-q", service).stdout.decode().strip()
        return container and subprocess.run(["docker", "inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", container],
                                            capture_output=True, text=True, check=True).stdout.strip()

    def node(self, service):
        address = self.address(service)
        user, password = self.login().split(":")
        return address and redis.Redis(host=address, port=6379, username=user, password=password, decode_responses=True, ssl=True,
                                       ssl_ca_certs=str(self.folder / "certificates" / "ca.pem"), ssl_check_hostname=False)  # the name in it is redis-1, ...

    def nodes(self):
        """Of the containers that run."""
        return [node for node in (self.node(f"redis-{number}") for number in range(1, 7)) if node]

    @contextlib.contextmanager
    def redis_url(self, url):
        """Another, for the containers that are made meanwhile."""
        file, kept = self.folder / "certificates" / "redis-url", self.folder / "kept"
        file.rename(kept)
        file.write_text(url + "\n")
        try:
            yield
        finally:
            kept.rename(file)

    @property
    def redis(self):
        return [node for node in self.nodes() if node.info("replication")["role"] == "master"]

    def received(self):
        log = self.folder / "log" / "alerts.ndjson"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

    def verdicts(self):
        done = self.ctl("doctor", "--json", "--watch-ms", "0", check=False)
        return {one["check"]: (one["verdict"], one["found"]) for one in json.loads(done.stdout)["checks"]}

    def drained(self):
        verdict, found = self.verdicts()["lag"]
        return verdict == "ok" and all(word in ("0", "0;") for word in found.split()[1::2])


def pings(node):
    try:
        return node.ping()
    except redis.RedisError:
        return False


class Steps:
    def __init__(self, cluster):
        self.cluster = cluster

    def images_are_built(self):
        if not os.environ.get("IMAGES"):
            self.cluster.compose("build", "--quiet", timeout=1500)
            return
        for name in (*SERVICES, "vocctl", "receiver"):
            subprocess.run(["docker", "tag", f"voc/{name}:{os.environ['IMAGES']}", f"voc/{name}:{self.cluster.tag}"], check=True)

    def it_comes_up(self):
        subprocess.run([ROOT / "deploy/compose/make-certificates.sh", self.cluster.folder / "certificates"], check=True, capture_output=True)
        self.cluster.compose("up", "-d", "--wait", "--wait-timeout", "420", "receiver", *SERVICES)

    def the_doctor_finds_it_well(self):
        found = self.cluster.verdicts()
        for check in ("kafka", "topics", "partitions", "replication", "min_insync_replicas", "message_size", "redis", "redis_eviction", "redis_append_only", "redis_state"):
            assert found[check][0] == "ok", (check, found[check])

    def send(self, seed):
        start = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 9 * 86_400))
        events = self.cluster.ctl("gen", "--seed", str(seed), "--start", start, "--events", "600", "--customers", "60").stdout
        self.cluster.ctl("send", "-", input=events)

    def events_become_alerts(self):
        self.send(1)
        wait_for(lambda: len(self.cluster.received()) > 3, 90, "alerts at the receiver")
        assert all(alert["signature_ok"] for alert in self.cluster.received())

    def a_broker_and_a_redis_master_die_and_nothing_is_lost(self):
        self.cluster.compose("kill", "kafka-2", "redis-1")
        self.send(2)
        wait_for(self.cluster.drained, 180, "all to be applied")
        assert self.cluster.ctl("verify").stdout.startswith(b"equal")

    def the_oracle_comes_to_the_same(self):
        assert len(self.cluster.redis) == 3, "a replica has taken the place of the master that died"
        partitions = verify.apply_log(self.cluster)
        keys = verify.check_redis(self.cluster, partitions)
        verify.check_alerts(self.cluster, partitions)
        print(f"    {keys} keys, {sum(len(p.alerts) for p in partitions.values())} alerts", flush=True)

    def the_dead_come_back(self):
        self.cluster.compose("start", "kafka-2", "redis-1")
        wait_for(lambda: self.cluster.verdicts()["replication"][0] == "ok", 180, "all replicas of Kafka's partitions")
        wait_for(lambda: self.roles() == ["master"] * 3 + ["slave"] * 3, 60, "six Redis nodes")
        assert self.cluster.ctl("verify").stdout.startswith(b"equal")

    def roles(self):
        try:
            return sorted(node.info("replication")["role"] for node in self.cluster.nodes())
        except redis.RedisError:
            return None

    def strangers_are_refused(self):
        wrong = self.cluster.ctl("doctor", "--json", "--watch-ms", "0", "--kafka.sasl.username=nobody", check=False)
        found = {one["check"]: one for one in json.loads(wrong.stdout)["checks"]}
        assert found["kafka"]["verdict"] == "fail" and "kafka_login" in found["kafka"]["found"], found["kafka"]
        for check, url, words in (("a wrong password", "rediss-cluster://voc:wrong@redis-1:6379", "WRONGPASS"),
                                  ("no TLS", "redis-cluster://voc:wrong@redis-1:6379", "")):
            self.refused(check, url, words)
        for node in self.cluster.redis:  # the services' user may do no more than it needs
            for command in (("FLUSHALL",), ("CONFIG", "GET", "*"), ("KEYS", "*"), ("SET", "other", "1"), ("ACL", "LIST")):
                try:
                    node.execute_command(*command)
                except redis.exceptions.ResponseError as error:
                    assert "NOPERM" in str(error) or "permission" in str(error).lower(), (command, error)
                else:
                    raise AssertionError(f"{command} was let through")

    def refused(self, check, url, words):
        with self.cluster.redis_url(url):
            found = self.cluster.verdicts()["redis"]
        assert found[0] == "fail" and words in found[1] and ":wrong" not in found[1], (check, found)

    def one_redis_takes_tls_and_a_login_too(self):
        """An aggregator beside an empty Redis that is no cluster: rediss://, an ACL user. It makes all anew from the log."""
        login = self.cluster.login()
        self.cluster.compose("up", "-d", "--no-deps", "redis")
        one = self.cluster.node("redis")
        wait_for(lambda: pings(one), 60, "the Redis that is no cluster")
        self.refused("a wrong password", "rediss://voc:wrong@redis:6379", "WRONGPASS")
        self.refused("no TLS", "redis://voc:wrong@redis:6379", "")
        self.refused("a name that its certificate is not for", f"rediss://{login}@{self.cluster.address('redis')}:6379", "certificate")
        with self.cluster.redis_url(f"rediss://{login}@redis:6379"):
            self.cluster.compose("up", "-d", "--no-deps", "--force-recreate", "--wait", "voc-aggregator")
            wait_for(lambda: self.cluster.ctl("verify", check=False).stdout.startswith(b"equal"), 120, "all to be in the Redis that is no cluster")
            for check in ("redis", "redis_eviction", "redis_append_only", "redis_state"):
                assert self.cluster.verdicts()[check][0] == "ok", check
            print(f"    {verify.check_redis(types.SimpleNamespace(redis=one), verify.apply_log(self.cluster))} keys", flush=True)

    def it_is_taken_down(self):
        self.cluster.compose("down", "-v", "--remove-orphans")


ORDER = ("images_are_built", "it_comes_up", "the_doctor_finds_it_well", "events_become_alerts", "a_broker_and_a_redis_master_die_and_nothing_is_lost",
         "the_oracle_comes_to_the_same", "the_dead_come_back", "strangers_are_refused", "one_redis_takes_tls_and_a_login_too", "it_is_taken_down")


def main():
    with tempfile.TemporaryDirectory(prefix="voc-cluster-") as folder:
        cluster = Cluster(folder)
        steps = Steps(cluster)
        try:
            passed = walk(steps, ORDER, cluster.tails)
        finally:
            cluster.compose("down", "-v", "--remove-orphans", "--timeout", "5", check=False)
            images = subprocess.run(["docker", "images", "--format", "{{.Repository}}:{{.Tag}}", "--filter", f"reference=voc/*:{cluster.tag}"],
                                    capture_output=True, text=True).stdout.split()
            subprocess.run(["docker", "rmi", *images], capture_output=True)
    print(f"{passed} passed, {len(ORDER) - passed} failed")
    return passed != len(ORDER)


if __name__ == "__main__":
    os.chdir(ROOT)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))  # what was started is cleared away all the same
    sys.exit(main())
