"""Throughput, CPU, memory and latency of the three services together; see run.sh.

Drain: topics are loaded first, then one instance of each service starts; the clock runs from the first classified record to the moment
when the last alert's offset is committed. CPU is user + system of each service's process, start-up included. Latency: from the
scheduled moment of sending (no coordinated omission) to the arrival at the webhook, for events that cause an alert.
"""
import argparse
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import kafka  # noqa: E402
from confluent_kafka import Producer  # noqa: E402
from stack import TOPIC_OF, Stack, wait_for  # noqa: E402

SERVICES = ("classifier", "aggregator", "alerter")
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def peak_rss_mb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0


def load(stack, events):
    began = time.monotonic()
    gen = subprocess.Popen([stack.bin / "vocctl", "gen", "--seed", "1", "--events", str(events), "--duplicates", "5", "--malformed", "2"], env=stack.env(), stdout=subprocess.PIPE)
    subprocess.run([stack.bin / "vocctl", "send", "--as-is", "-"], env=stack.env(), stdin=gen.stdout, check=True, stderr=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL)
    assert gen.wait() == 0
    return time.monotonic() - began


def drain(stack, timeout):
    """Returns (seconds, {service: CPU seconds}, {service: MB})."""
    for service in SERVICES:
        stack.start(service)
    # Beyond the one record of rules that each partition begins with.
    wait_for(lambda: sum(stack.ends(stack.topic("classified")).values()) > stack.partitions, 60, "the first classified record", stack)
    began = time.monotonic()
    stack.wait_drained(timeout)
    seconds = time.monotonic() - began
    cpu = {p.name.split("-")[0]: cpu_seconds(p.process.pid) for p in stack.processes}
    rss = {p.name.split("-")[0]: peak_rss_mb(p.process.pid) for p in stack.processes}
    return seconds, cpu, rss


def send_steadily(stack, lines, rate):
    """Returns {(source, id): scheduled ms} and the moment of the first."""
    producer = Producer({"bootstrap.servers": stack.bootstrap, "partitioner": "murmur2_random", "linger.ms": 0})
    due, began = {}, time.time() + 0.2
    for number, line in enumerate(lines):
        event = json.loads(line)
        at = began + number / rate
        while (left := at - time.time()) > 0:
            producer.poll(min(left, 0.01))
        due.setdefault((event["source"], event["id"]), at * 1000)
        producer.produce(stack.topic(TOPIC_OF[event["type"]]), line, event["data"]["customer_id"])
    producer.flush(30)
    return due, began


def latency(stack, rate, seconds):
    """The sorted latencies in ms of the alerts that arrived, each from the event that caused it; the first seconds are warm-up."""
    before = len(stack.received())
    lines = stack.ctl("gen", "--seed", 2, "--events", rate * seconds, "--malformed", 0, "--duplicates", 0).stdout.splitlines()
    due, began = send_steadily(stack, lines, rate)
    stack.wait_drained(60)
    warm = (began + min(5, seconds / 4)) * 1000
    out = []
    for received in stack.received()[before:]:
        alert = received["body"] if isinstance(received["body"], dict) else json.loads(received["body"])
        if alert["data"]["rule"] == "risk_cleared" or not alert["data"]["contributions"]:
            continue
        cause = alert["data"]["contributions"][-1]
        sent = due.get((cause["source"], cause["id"]))
        if sent and sent > warm:
            out.append(received["received_ms"] - sent)
    return sorted(out)


def percentile(values, p):
    return round(values[min(len(values) - 1, int(len(values) * p / 100))], 1) if values else None


def version(*command):
    return subprocess.run(command, capture_output=True, text=True).stdout.strip()


def machine():
    cpus = [line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    return {"cpu": cpus[0] if cpus else platform.machine(), "cores": os.cpu_count(), "load1": os.getloadavg()[0],
            "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30), "kernel": platform.release()}


def measure(events, latency_seconds):
    with tempfile.TemporaryDirectory(prefix="voc-bench-") as folder:
        broker = kafka.Kafka(pathlib.Path(folder) / "kafka", heap="1g").start()
        stack = Stack(pathlib.Path(folder) / "stack", broker.bootstrap)
        try:
            stack.start_redis()
            stack.start_receiver()
            stack.create_topics()
            load_seconds = load(stack, events)
            here = machine()
            seconds, cpu, rss = drain(stack, 600)
            alerts = sum(stack.ends(stack.topic("alerts")).values())
            samples = latency(stack, 500, latency_seconds)
            versions = {"voc": version(stack.bin / "voc-classifier", "--version"), "kafka": kafka.VERSION,
                        "redis": version("redis-server", "--version"), "librdkafka": version("pkg-config", "--modversion", "rdkafka"),
                        "os": platform.platform()}
        finally:
            stack.close()
            broker.stop()
    per_event = {name: round(cpu[name] * 1e6 / events, 2) for name in SERVICES}
    memory = {name: round(rss[name], 1) for name in SERVICES}
    return {
        "events": events, "events_per_s": round(events / seconds), "seconds": round(seconds, 2), "load_seconds": round(load_seconds, 1),
        "alerts": alerts, "cpu_us_per_event": {**per_event, "total": round(sum(per_event.values()), 2)},
        "peak_rss_mb": {**memory, "total": round(sum(memory.values()), 1)},
        "latency_ms": {"500": {"p50": percentile(samples, 50), "p95": percentile(samples, 95), "p99": percentile(samples, 99),
                               "max": round(samples[-1], 1) if samples else None, "samples": len(samples)}},
        "versions": versions, "machine": here}


def show(result):
    here, shown = result["machine"], result["latency_ms"]["500"]
    print(f"{result['events']} events; {here['cores']} cores ({here['cpu']}), load {here['load1']:.1f}; one instance of each service; "
          f"Kafka {result['versions']['kafka']} and Redis on the same machine")
    print(f"  {'':14}{'CPU us/event':>14}{'peak RSS MB':>14}")
    for name in (*SERVICES, "total"):
        print(f"  {name:14}{result['cpu_us_per_event'][name]:>14}{result['peak_rss_mb'][name]:>14}")
    print(f"  {result['events_per_s']} events/s through all stages ({result['seconds']} s), {result['alerts']} alerts")
    print(f"  produce to webhook at 500/s: p50 {shown['p50']} ms, p95 {shown['p95']}, p99 {shown['p99']}, max {shown['max']} "
          f"({shown['samples']} alerts)")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--quick", action="store_true", help="100,000 events instead of 1,000,000")
    arguments.add_argument("--json", metavar="FILE")
    arguments.add_argument("--latency-seconds", type=int, default=20)
    options = arguments.parse_args()
    result = measure(100_000 if options.quick else 1_000_000, options.latency_seconds)
    show(result)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
