"""What the operators see of a real run: a trace from the raw record to the webhook, and every dashboard and alert against a real Prometheus that scraped it."""
import json
import os
import re
import socket
import subprocess
import urllib.parse
import urllib.request

import observed
import pytest
from stack import wait_for

ANGRY = "서비스가 너무 느리고 엉망입니다. 벌써 세 번째 같은 장애예요. 당장 해지하고 다른 회사로 옮기겠습니다"
SERVICES = ("classifier", "aggregator", "alerter")


class Prometheus:
    def __init__(self, folder, stack):
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        jobs = "".join(f"  - job_name: voc-{name}\n    static_configs: [{{ targets: ['127.0.0.1:{process.port}'] }}]\n"
                       for name in SERVICES for process in stack.of(name))
        rules = folder / "voc.rules.yml"
        rules.write_bytes(observed.RULES.read_bytes())
        (folder / "prometheus.yml").write_text(f"global: {{ scrape_interval: 1s, evaluation_interval: 1s }}\nrule_files: [{rules}]\nscrape_configs:\n{jobs}")
        with open(folder / "prometheus.log", "wb") as log:
            self.process = subprocess.Popen(["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
                                             f"--web.listen-address={self.url.removeprefix('http://')}"], stdout=log, stderr=log)

    def ask(self, path, **query):
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(query)}", timeout=10) as answer:
                return json.load(answer)["data"]
        except OSError:
            return None

    def query(self, expression):
        """Its series; None if Prometheus refuses the expression."""
        found = self.ask("query", query=expression)
        return None if found is None else found["result"] if found["resultType"] == "vector" else [found["result"]]

    def close(self):
        self.process.terminate()
        self.process.wait(20)


@pytest.fixture
def running(stack):
    for service in SERVICES:
        stack.start(service)
    stack.wait_ready()
    return stack


def event(customer, text, **more):
    return {"specversion": "1.0", "id": os.urandom(6).hex(), "source": "/seen", "type": "voc.web", "data": {"customer_id": customer, "text": text}, **more}


def trace():
    return f"00-{os.urandom(16).hex()}-{os.urandom(8).hex()}-01"


def test_a_trace_goes_from_the_raw_record_to_the_webhook(running):
    in_header, in_attribute = trace(), trace()
    producer = running.producer()
    producer.produce(running.topic("web"), json.dumps(event("T-1", ANGRY)), "T-1", headers={"traceparent": in_header})
    producer.produce(running.topic("web"), json.dumps(event("T-2", ANGRY, traceparent=in_attribute)), "T-2")
    producer.produce(running.topic("web"), json.dumps(event("T-3", ANGRY)), "T-3", headers={"traceparent": "00-not-a-trace-01"})
    producer.produce(running.topic("web"), "no event", "T-4", headers={"traceparent": in_header})
    assert producer.flush(30) == 0
    running.wait_drained()
    wanted = {"T-1": in_header.encode(), "T-2": in_attribute.encode(), "T-3": None}
    for topic in ("classified", "alerts"):
        found = {key.decode(): headers.get("traceparent") for _, _, key, _, headers, _ in running.read_all(topic) if key}
        assert found == wanted, topic
    (_, _, _, _, headers, _), = running.read_all("dlq")
    assert headers["traceparent"] == in_header.encode()
    of = {json.loads(value)["id"]: key.decode() for _, _, key, value, _, _ in running.read_all("alerts")}
    sent = {of[one["webhook_id"]]: {name.lower(): value for name, value in one["headers"].items()}.get("traceparent") for one in running.received()}
    assert {key: value and value.encode() for key, value in sent.items()} == wanted


def selectors(expression):
    return re.findall(r"\b(?:up|(?:voc|process)_[a-z_]+)\b(?:\{[^}]*\})?", re.sub(r"by \([^)]*\)", "", expression))


def tells(prometheus, expression):
    return any(one["value"][1] != "NaN" for one in prometheus.query(expression) or [])


def test_every_expression_tells_of_a_real_run(running, tmp_path):
    prometheus = Prometheus(tmp_path, running)
    try:
        wait_for(lambda: len(prometheus.query('up{job=~"voc-.*"} == 1') or []) == 3, 60, "Prometheus to see three services")
        producer = running.producer()
        for number in range(600):
            value = "no event" if number % 50 == 0 else json.dumps(event(f"P-{number % 40}", ANGRY if number % 3 else "a fine day"))
            producer.produce(running.topic("web"), value, f"P-{number % 40}")
        assert producer.flush(30) == 0
        running.wait_drained()
        for where, expression in observed.expressions():
            assert prometheus.query(expression) is not None, f"{where}: refused"
            if where.startswith(observed.RULES.name) and ":" not in where.split(": ", 1)[1]:  # an alert: quiet now, about what there is
                for one in selectors(expression):
                    wait_for(lambda query=one: prometheus.query(query), 60, f"{where}: {one}, which nobody tells")
            else:  # each service is scraped at its own time: the second look at one says nothing of another's
                wait_for(lambda query=expression: tells(prometheus, query), 60, f"{where}: a number")
        health = {rule["name"]: rule["health"] for group in prometheus.ask("rules")["groups"] for rule in group["rules"]}
        assert len(health) == len(observed.rules()) and set(health.values()) == {"ok"}, health
    finally:
        prometheus.close()
