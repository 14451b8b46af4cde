"""What tests/compose.sh runs: the steps in their order, each told with its time; after a failed one only the clearing up is done."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import composed  # noqa: E402
import verify  # noqa: E402
from stack import ROOT, TOPIC_OF, wait_for  # noqa: E402

EVENTS = 4000
START = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 10 * 86_400))  # within the rollups' retention
GENERATED = ("gen", "--seed", "8", "--start", START, "--events", str(EVENTS), "--customers", "300", "--duplicates", "20", "--malformed", "5", "--late", "10")


class Load:
    """Sends the generated lines in the background, as fast as `rate` says, until all are sent."""

    def __init__(self, stack, lines, rate):
        self.stack, self.lines, self.rate, self.failed = stack, lines, rate, []
        self.thread = threading.Thread(target=self.send, daemon=True)
        self.thread.start()

    def send(self):
        producer = self.stack.producer()
        began = time.monotonic()
        for number, line in enumerate(self.lines):
            time.sleep(max(0.0, began + number / self.rate - time.monotonic()))
            try:
                event = json.loads(line)
                topic, key = TOPIC_OF[event["type"]], event["data"]["customer_id"]
            except (ValueError, KeyError, TypeError):
                topic, key = "web", "C-broken"
            key = key if isinstance(key, str) else "C-broken"
            producer.produce(self.stack.topic(topic), line, key, on_delivery=lambda error, _: self.failed.append(error) if error else None)
            producer.poll(0)
        if producer.flush(120):
            self.failed.append("not all were taken")

    def finish(self):
        self.thread.join(300)
        assert not self.thread.is_alive() and not self.failed, self.failed[:3]


class Steps:
    def __init__(self, stack):
        self.stack = stack

    def images_are_built(self):
        if os.environ.get("IMAGES"):
            for name in (*composed.SERVICES, "vocctl", "receiver"):
                self.stack.docker("tag", f"voc/{name}:{os.environ['IMAGES']}", f"voc/{name}:{self.stack.tag}")
        else:
            self.stack.compose("build", "--quiet", timeout=1500)
        for name in (*composed.SERVICES, "vocctl"):
            size = int(self.stack.docker("image", "inspect", "-f", "{{.Size}}", f"voc/{name}:{self.stack.tag}"))
            print(f"    {name:16} {size / 1e6:.1f} MB")

    def images_hold_one_program_and_say_what_they_are(self):
        for name in (*composed.SERVICES, "vocctl"):
            image = f"voc/{name}:{self.stack.tag}"
            config = json.loads(self.stack.docker("image", "inspect", image))[0]["Config"]
            assert config["User"] == "65532:65532", f"{name} runs as {config['User']!r}"
            labels = config["Labels"]
            assert labels["org.opencontainers.image.title"] == name and labels["org.opencontainers.image.licenses"] == "Apache-2.0"
            if name != "vocctl":
                assert config["Healthcheck"]["Test"] == ["CMD", f"/usr/bin/{name}", "--healthcheck"]
            container = self.stack.docker("create", image).strip()
            try:
                listing = subprocess.run(f"docker export {container} | tar -t", shell=True, capture_output=True, text=True, check=True).stdout.split()
                sbom = subprocess.run(f"docker cp {container}:/usr/share/doc/{name}/sbom.spdx.json - | tar -xO", shell=True, capture_output=True, check=True)
            finally:
                self.stack.docker("rm", "-f", container)
            shells = [path for path in listing if path.rsplit("/", 1)[-1] in ("sh", "bash", "dash", "busybox", "apt-get", "dpkg")]
            assert not shells, f"{name}: {shells}"
            bill = json.loads(sbom.stdout)
            packages = {package["name"] for package in bill["packages"]}
            assert bill["spdxVersion"] == "SPDX-2.3" and {name, "libc6", "librdkafka1", "ca-certificates"} <= packages, packages

    def it_comes_up(self):
        self.stack.compose("up", "-d", "--wait", "--wait-timeout", "240", "receiver", "prometheus", *composed.SERVICES)
        for name in composed.SERVICES:
            container = self.stack.containers(name)[0]
            assert container["HostConfig"]["ReadonlyRootfs"] and container["HostConfig"]["Memory"] == 256 << 20
            assert not [value for value in container["Config"]["Env"] if "example" in value], f"{name}: a secret is in the environment"

    def events_become_alerts_at_the_receiver(self):
        generated = subprocess.run(["docker", "run", "--rm", f"voc/vocctl:{self.stack.tag}", *GENERATED], stdout=subprocess.PIPE, check=True)
        self.lines = generated.stdout.split(b"\n")[:-1]  # some are malformed, in their encoding too
        assert len(self.lines) == EVENTS
        Load(self.stack, self.lines[:800], 400).finish()
        wait_for(lambda: len(self.stack.received()) > 5, 90, "alerts at the receiver", self.stack)
        assert all(alert["signature_ok"] for alert in self.stack.received())

    def it_scales_from_1_to_4_to_2_under_load(self):
        load = Load(self.stack, self.lines[800:2600], 40)
        self.stack.scale(classifier=4, aggregator=4)
        wait_for(lambda: self.assigned("voc-aggregator", 4), 120, "four aggregators to share the partitions", self.stack)
        self.stack.scale(classifier=2, aggregator=2)
        load.finish()
        self.stack.wait_drained(240)
        self.told = verify.check_all(self.stack)

    def assigned(self, service, count):
        """Each of so many instances owns partitions, by what it says of itself to Prometheus."""
        found = self.query(f'voc_partitions_assigned{{job="{service}"}} > 0')
        return len(found) == count and sum(float(one["value"][1]) for one in found) == self.stack.partitions

    def query(self, expression):
        """Its series; none while Prometheus has no time to answer: whoever waits asks again."""
        try:
            with urllib.request.urlopen(f"{self.stack.prometheus}/api/v1/query?" + urllib.parse.urlencode({"query": expression}), timeout=10) as answer:
                return json.load(answer)["data"]["result"]
        except OSError:
            return []

    def every_service_is_replaced_under_load(self):
        for name in (*composed.SERVICES, "vocctl"):
            self.stack.docker("tag", f"voc/{name}:{self.stack.tag}", f"voc/{name}:{self.stack.tag}-next")
        load = Load(self.stack, self.lines[2600:], 40)
        for name in composed.SERVICES:
            count = len(self.stack.containers(name))
            before = {container["Id"] for container in self.stack.containers(name)}
            self.stack.compose("up", "-d", "--no-deps", "--scale", f"{name}={count}", name, tag=f"{self.stack.tag}-next")
            wait_for(lambda: self.stack.healthy(name, count), 120, f"{name} to be healthy again", self.stack)
            assert not before & {container["Id"] for container in self.stack.containers(name)}, f"{name} was not replaced"
        load.finish()
        self.stack.wait_drained(240)

    def nothing_was_lost_or_counted_twice(self):
        told = verify.check_all(self.stack)
        print("   ", told)
        assert told["raw"] == EVENTS and told["duplicates"] > 0 and told["dead"] > 0 and told["alerts"] > 20

    def prometheus_sees_every_instance(self):
        def all_up():
            return {one["metric"]["job"]: int(float(one["value"][1])) for one in self.query("sum by (job) (up)")} == {
                "voc-classifier": 2, "voc-aggregator": 2, "voc-alerter": 1}
        wait_for(all_up, 60, "Prometheus to see five instances", self.stack)
        assert self.query("sum(voc_events_applied_total)")

    def it_stops_in_order(self):
        self.stack.compose("stop", *composed.SERVICES)
        ended = {c["Name"]: c["State"]["ExitCode"] for name in composed.SERVICES for c in self.stack.containers(name, every=True)}
        assert len(ended) == 5 and set(ended.values()) == {0}, ended

    def it_is_taken_down(self):
        self.stack.compose("down", "-v", "--remove-orphans")
        assert not self.stack.containers(every=True)


ORDER = ("images_are_built", "images_hold_one_program_and_say_what_they_are", "it_comes_up", "events_become_alerts_at_the_receiver",
         "it_scales_from_1_to_4_to_2_under_load", "every_service_is_replaced_under_load", "nothing_was_lost_or_counted_twice",
         "prometheus_sees_every_instance", "it_stops_in_order", "it_is_taken_down")


def main():
    with tempfile.TemporaryDirectory(prefix="voc-compose-") as folder:
        stack = composed.Composed(folder, f"voc-test-{os.getpid()}", f"test-{os.getpid()}")
        steps = Steps(stack)
        try:
            passed = composed.walk(steps, ORDER, stack.tails)
        finally:
            stack.compose("down", "-v", "--remove-orphans", "--timeout", "5", check=False)
            images = stack.docker("images", "--format", "{{.Repository}}:{{.Tag}}", "--filter", f"reference=voc/*:{stack.tag}*", check=False).split()
            stack.docker("rmi", *images, check=False)
    print(f"{passed} passed, {len(ORDER) - passed} failed")
    return passed != len(ORDER)


if __name__ == "__main__":
    os.chdir(ROOT)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))  # what was started is cleared away all the same
    sys.exit(main())
