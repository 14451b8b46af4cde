"""docker-compose.yml as a Stack: the same looks into Kafka, Redis and the receiver's log, with containers for processes."""
import json
import os
import pathlib
import socket
import subprocess
import sys
import time
import traceback

import redis as redis_client
from confluent_kafka import KafkaException
from stack import ROOT, Stack, wait_for

FILES = ("docker-compose.yml", "tests/compose/override.yml")
SERVICES = ("voc-classifier", "voc-aggregator", "voc-alerter")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Composed(Stack):
    def __init__(self, folder, project, tag):
        self.folder = pathlib.Path(folder)
        self.folder.chmod(0o777)  # the receiver's user writes its log here
        self.project, self.tag, self.partitions, self.prefix = project, tag, 24, "voc."
        self.processes, self.alert_log = [], self.folder / "alerts.ndjson"
        ports = {name: str(free_port()) for name in ("KAFKA_PORT", "REDIS_PORT", "PROMETHEUS_PORT", "GRAFANA_PORT")}
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(("VOC_", "COMPOSE_"))}
        self.environment.update(ports, IMAGE_TAG=tag, RECEIVER_LOG=str(self.folder), VOC_ALLOW_PRIVATE="yes")
        self.bootstrap = f"127.0.0.1:{ports['KAFKA_PORT']}"
        self.prometheus = f"http://127.0.0.1:{ports['PROMETHEUS_PORT']}"
        password = (ROOT / "deploy/compose/secrets/redis.conf").read_text().split()[1]
        self.redis = redis_client.Redis(port=int(ports["REDIS_PORT"]), password=password, decode_responses=True)

    def docker(self, *arguments, check=True, timeout=300):
        done = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=timeout, env=self.environment)
        if check and done.returncode != 0:
            raise RuntimeError(f"docker {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout[-1500:]}{done.stderr[-3000:]}")
        return done.stdout

    def compose(self, *arguments, profiles=("demo", "observability"), tag=None, **options):
        self.environment["IMAGE_TAG"] = tag or self.tag
        files = [part for name in FILES for part in ("-f", str(ROOT / name))]
        chosen = [part for name in profiles for part in ("--profile", name)]
        return self.docker("compose", "-p", self.project, *files, *chosen, *arguments, **options)

    def containers(self, service=None, every=False):
        """What docker inspect says of the project's containers."""
        filters = ["--filter", f"label=com.docker.compose.project={self.project}", "--filter", "label=com.docker.compose.oneoff=False"]
        if service:
            filters += ["--filter", f"label=com.docker.compose.service={service}"]
        ids = self.docker("ps", "-q", *filters, *(["-a"] if every else [])).split()
        return json.loads(self.docker("inspect", *ids)) if ids else []

    def healthy(self, service, count):
        states = [c["State"].get("Health", {}).get("Status") for c in self.containers(service)]
        return len(states) == count and set(states) == {"healthy"}

    def scale(self, **counts):
        wanted = [part for service, count in counts.items() for part in ("--scale", f"voc-{service}={count}")]
        self.compose("up", "-d", "--no-recreate", *wanted, "voc-classifier", "voc-aggregator", "voc-alerter", "receiver")
        for service, count in counts.items():
            wait_for(lambda: self.healthy(f"voc-{service}", count), 120, f"{count} of voc-{service} to be healthy")

    def of(self, service):
        return [service]

    def check_alive(self):
        pass

    def tails(self):
        return self.compose("logs", "--tail", "15", check=False)[-8000:]

    def drained(self):
        (self.folder / "webhooks.json").write_bytes((ROOT / "deploy/compose/secrets/webhooks.json").read_bytes())
        self.group_prefix = "voc-"
        return super().drained()

    def committed(self, group, names):
        return super().committed(group.replace(self.prefix, "voc-", 1), names)

    def ends(self, topic, consumer=None):
        """A broker on a busy machine may have no leader to name for a moment."""
        deadline = time.monotonic() + 60
        while True:
            try:
                return super().ends(topic, consumer)
            except KafkaException:
                if time.monotonic() > deadline:
                    raise
                time.sleep(1)


def walk(steps, order, tails):
    """Takes the steps by name until one fails, whose reason and `tails()` are printed. Returns how many passed."""
    for passed, name in enumerate(order):
        began = time.monotonic()
        print(f"  {name.replace('_', ' ')} ...", flush=True)
        try:
            getattr(steps, name)()
        except Exception:  # noqa: BLE001: whatever it was, what was started must go
            traceback.print_exc(file=sys.stdout)
            print(tails())
            return passed
        print(f"  {name.replace('_', ' ')}: {time.monotonic() - began:.0f} s", flush=True)
    return len(order)
