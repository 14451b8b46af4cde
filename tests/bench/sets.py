"""The events of the bench: `vocctl gen`'s, seeded, of yesterday, so that the rollups of their minutes are still written."""
import datetime
import json
import subprocess
import time

from confluent_kafka import Producer
from stack import TOPIC_OF


def yesterday():
    return (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)).strftime("%Y-%m-%d")


def gen_command(bed, events, seed=1, customers=50_000, duplicates=5, malformed=2):
    return [bed.bin / "vocctl", "gen", "--seed", str(seed), "--events", str(events), "--customers", str(customers), "--days", "1",
            "--start", yesterday(), "--duplicates", str(duplicates), "--malformed", str(malformed)]


def lines(bed, events, **settings):
    return subprocess.run(gen_command(bed, events, **settings), env=bed.env(), check=True, capture_output=True).stdout.splitlines()


def load(bed, events, **settings):
    """Preloads the raw topics. Returns the seconds that it took."""
    began = time.monotonic()
    gen = subprocess.Popen(gen_command(bed, events, **settings), env=bed.env(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    send(bed, gen.stdout)
    if gen.wait() != 0:
        raise RuntimeError(f"vocctl gen ended with {gen.returncode}")
    return time.monotonic() - began


def load_records(bed, path):
    """As load, from a file of others' records: "topic TAB key TAB value" lines whose topics end in calls, web or complaints."""
    began, client = time.monotonic(), producer(bed, linger_ms=50)
    for topic, key, value in records(bed, path):
        while True:
            try:
                client.produce(topic, value, key)
                break
            except BufferError:
                client.poll(0.05)
        client.poll(0)
    if client.flush(120):
        raise RuntimeError("not all records could be loaded")
    return time.monotonic() - began


def records(bed, path):
    with open(path, "rb") as file:
        for line in file:
            topic, key, value = line.rstrip(b"\n").split(b"\t", 2)
            yield bed.topic(topic.decode().rsplit(".", 1)[-1]), key, value


def records_to_send(bed, path, count):
    """As ready_to_send; those that are no JSON are left out."""
    out = []
    for topic, key, value in records(bed, path):
        try:
            out.append((topic, key, value, json.loads(value)["id"]))
        except (ValueError, KeyError):
            continue
        if len(out) == count:
            break
    return out


def send(bed, source):
    """NDJSON from a file through vocctl, each line to the topic of its type."""
    done = subprocess.run([bed.bin / "vocctl", "send", "--as-is", "-"], env=bed.env(), stdin=source, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise RuntimeError("vocctl send: " + done.stderr.decode(errors="replace")[-2000:])


def each_customer(bed, customers, folder):
    """A file with one event for each of so many customers, and a second one for every other: lines of the generator under new names."""
    base = [json.loads(line) for line in lines(bed, 5000, customers=500, duplicates=0, malformed=0)]
    for event in base:
        event["id"] = event["subject"] = event["data"]["customer_id"] = "@@"
    texts = [json.dumps(event, ensure_ascii=False, separators=(",", ":")).replace('"id":"@@"', '"id":"%d"') for event in base]
    path = folder / "customers.ndjson"
    with open(path, "w", encoding="utf-8") as out:
        number = 0
        for customer in range(customers):
            for _ in range(1 + customer % 2):
                out.write(texts[number % len(texts)].replace("%d", f"{number:x}", 1).replace("@@", f"C-{customer:07d}") + "\n")
                number += 1
    return path, number


def producer(bed, linger_ms=0):
    return Producer({"bootstrap.servers": bed.bootstrap, "partitioner": "murmur2_random", "linger.ms": linger_ms, "queue.buffering.max.messages": 1_000_000})


def ready_to_send(bed, some):
    """[(topic, key, value, id)]: parsed before the clock runs."""
    out = []
    for line in some:
        event = json.loads(line)
        out.append((bed.topic(TOPIC_OF[event["type"]]), event["data"]["customer_id"], line, event["id"]))
    return out


def send_steadily(bed, events, rate):
    """Each at its scheduled time, however late the one before it was. Returns ({id: scheduled ms}, moments over 5 ms late)."""
    client, due, late = producer(bed), {}, 0
    began = time.time() + 0.2
    for number, (topic, key, value, identity) in enumerate(events):
        at = began + number / rate
        while (left := at - time.time()) > 0:
            client.poll(0)
            time.sleep(min(left, 0.002))
        late += left < -0.005
        due.setdefault(identity, at * 1000)
        client.produce(topic, value, key)
        if number % 64 == 0:
            client.poll(0)
    client.flush(60)
    return due, late
