"""docker-compose.cluster.yml for real (tests/compose.sh --cluster): logins and TLS everywhere, a broker and a Redis master that die under load, nothing lost."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from stack import ROOT, wait_for  # noqa: E402

OVERRIDE = """
services:
  receiver:
    command: ["--secret", "whsec_dm9jLWNvbXBvc2UtZXhhbXBsZS1zZWNyZXQ=", "--log", "/log/alerts.ndjson"]
    volumes: ["{folder}/log:/log"]
"""
SERVICES = ("voc-classifier", "voc-aggregator", "voc-alerter")


class Cluster:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.project, self.tag = f"voc-cluster-{os.getpid()}", f"cluster-{os.getpid()}"
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(("VOC_", "COMPOSE_"))}
        self.environment.update(IMAGE_TAG=self.tag, CERTIFICATES=str(self.folder / "certificates"))
        (self.folder / "log").mkdir(mode=0o777)
        (self.folder / "log").chmod(0o777)
        self.folder.chmod(0o755)
        (self.folder / "override.yml").write_text(OVERRIDE.format(folder=self.folder))

    def compose(self, *arguments, input=None, check=True, timeout=300):
        command = ["docker", "compose", "-p", self.project, "-f", ROOT / "docker-compose.cluster.yml", "-f", self.folder / "override.yml", "--profile", "demo", *arguments]
        done = subprocess.run(command, input=input, capture_output=True, timeout=timeout, env=self.environment, cwd=ROOT)
        if check and done.returncode != 0:
            raise RuntimeError(f"{arguments} ended with {done.returncode}:\n{done.stdout.decode(errors='replace')[-3000:]}{done.stderr.decode(errors='replace')[-3000:]}")
        return done

    def ctl(self, *arguments, **options):
        return self.compose("run", "--rm", "-T", "--no-deps", "vocctl", *arguments, **options)

    def received(self):
        log = self.folder / "log" / "alerts.ndjson"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

    def verdicts(self):
        done = self.ctl("doctor", "--json", "--watch-ms", "0", check=False)
        return {one["check"]: (one["verdict"], one["found"]) for one in json.loads(done.stdout)["checks"]}

    def drained(self):
        verdict, found = self.verdicts()["lag"]
        return verdict == "ok" and all(word in ("0", "0;") for word in found.split()[1::2])


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
        self.cluster.compose("up", "-d", "--wait", "--wait-timeout", "280", "receiver", *SERVICES)

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
        self.cluster.compose("start", "kafka-2", "redis-1")

    def a_wrong_password_is_refused(self):
        wrong = self.cluster.ctl("doctor", "--json", "--watch-ms", "0", "--kafka.sasl.username=nobody", check=False)
        found = {one["check"]: one for one in json.loads(wrong.stdout)["checks"]}
        assert found["kafka"]["verdict"] == "fail" and "uthentication" in found["kafka"]["found"], found["kafka"]

    def it_is_taken_down(self):
        self.cluster.compose("down", "-v", "--remove-orphans")


ORDER = ("images_are_built", "it_comes_up", "the_doctor_finds_it_well", "events_become_alerts", "a_broker_and_a_redis_master_die_and_nothing_is_lost",
         "a_wrong_password_is_refused", "it_is_taken_down")


def main():
    passed = 0
    with tempfile.TemporaryDirectory(prefix="voc-cluster-") as folder:
        cluster = Cluster(folder)
        steps = Steps(cluster)
        try:
            for name in ORDER:
                began = time.monotonic()
                print(f"  {name.replace('_', ' ')} ...", flush=True)
                getattr(steps, name)()
                passed += 1
                print(f"  {name.replace('_', ' ')}: {time.monotonic() - began:.0f} s", flush=True)
        except Exception:  # noqa: BLE001: whatever it was, what was started must go
            traceback.print_exc(file=sys.stdout)
            print(cluster.compose("logs", "--no-color", "--tail", "20", check=False).stdout.decode(errors="replace")[-16000:])
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
