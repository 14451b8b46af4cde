"""The labels' life: rules that change under load, files that are refused, a shadow, and people's corrections on their way to the training."""
import json
import threading

from confluent_kafka.admin import AdminClient, ConfigResource
from stack import ROOT, wait_for

RULES = (ROOT / "services/classifier/phrases.txt").read_text()
WORD = "쿠쿠루"  # means nothing to anybody, until a rule says so


def write(path, text):
    """As an operator should: beside it, then renamed."""
    beside = path.with_suffix(".new")
    beside.write_text(text)
    beside.rename(path)


def event(number, text, source="/test", **attributes):
    return json.dumps({"specversion": "1.0", "id": f"e-{number}", "source": source, "type": ("voc.call", "voc.web", "voc.complaint")[number % 3],
                       "time": "2026-11-21T09:30:00Z", **attributes, "data": {"customer_id": f"C-{number % 40}", "text": text}}, ensure_ascii=False)


class Sender(threading.Thread):
    """Sends events until it is stopped; each has the word."""

    def __init__(self, stack):
        super().__init__(daemon=True)
        self.stack, self.sent, self.ended = stack, 0, threading.Event()
        self.start()

    def run(self):
        producer = self.stack.producer()
        topics = [self.stack.topic(name) for name in ("calls", "web", "complaints")]
        while not self.ended.wait(0.01):
            for _ in range(20):
                value = event(self.sent, f"{WORD} 할게요")
                producer.produce(topics[self.sent % 3], value.encode(), key=f"C-{self.sent % 40}")
                self.sent += 1
            producer.poll(0)
        producer.flush(60)

    def stop(self):
        self.ended.set()
        self.join(90)


def told(process):
    return json.loads(process.get("/readyz")[1])


def test_rules_change_under_load(stack, tmp_path):
    """Every event is classified once; each instance changes over at one point; a bad file changes nothing and stops nothing."""
    rules = tmp_path / "rules.txt"
    rules.write_text(RULES)
    instances = stack.start("classifier", 2, VOC_PHRASES=str(rules), VOC_RELOAD_CHECK="200ms")
    stack.wait_ready()
    first = {told(p)["model"] for p in instances}
    assert len(first) == 1
    sender = Sender(stack)
    wait_for(lambda: all(p.metrics()["voc_records_out_total"] > 200 for p in instances), 60, "both instances at work", stack)

    write(rules, RULES + "\n[mood.good]\n")
    line = RULES.count("\n") + 2
    wait_for(lambda: all(p.metrics()["voc_rules_refused"] == 1 for p in instances), 30, "the bad file to be refused", stack)
    for process in instances:
        assert told(process)["status"] == "ready" and {told(process)["model"]} == first
        assert f"rules.txt:{line}: not a head" in told(process)["refused"]
        refusals = [json.loads(each) for each in process.log.read_text().splitlines() if "refused, the former" in each]
        assert len(refusals) == 1 and refusals[0]["reason"] == "config"
    write(rules, RULES + f"\n[churn_intent]\n{WORD} :: weight=4000 decides\n- {WORD} 할게요\n")
    wait_for(lambda: all(p.metrics()['voc_reloads_total{outcome="refused"}'] == 2 for p in instances), 30, "the false example to be refused", stack)

    write(rules, RULES + f"\n[churn_intent]\n{WORD} :: weight=4000 decides\n+ {WORD} 할게요\n")
    wait_for(lambda: all(p.metrics()['voc_reloads_total{outcome="taken"}'] == 1 for p in instances), 30, "the new file to be taken", stack)
    assert all(p.metrics()["voc_rules_refused"] == 0 and "refused" not in told(p) for p in instances)
    second = {told(p)["model"] for p in instances}
    assert len(second) == 1 and second != first
    assert len({p.metrics()["voc_classifier_fingerprint"] for p in instances}) == 1
    before = sender.sent
    wait_for(lambda: sender.sent > before + 1000, 60, "more events", stack)
    sender.stop()
    stack.wait_drained()

    versions, ids = {}, []
    for partition, _, _, value, headers, _ in stack.read_all("classified"):
        record = json.loads(value)
        ids.append(record["id"])
        source = headers["voc_source"].decode().rsplit("/", 1)[0]
        # an instance has the same partition of each raw topic, so this is the order in which one of them worked
        versions.setdefault(source, []).append(record["data"]["model"])
        assert record["data"]["churn_intent"] == (record["data"]["model"] in second)
    assert sorted(ids) == sorted(f"e-{i}" for i in range(sender.sent))  # none lost, none twice
    for source, seen in versions.items():
        assert set(seen) <= first | second
        changes = sum(a != b for a, b in zip(seen, seen[1:]))
        assert changes <= 1, f"{source}: {changes} changes of version"
    assert {version for seen in versions.values() for version in seen} == first | second
    assert all(p.metrics()["voc_reload_seconds_count"] == 3 for p in instances)


def test_tenants_and_a_hangup(stack, tmp_path):
    """A tenant's words hold for its events, by attribute or source, and for nobody else's; SIGHUP reads again at once; the shadow changes nothing."""
    tenants = tmp_path / "tenants"
    tenants.mkdir()
    other = tmp_path / "other.txt"
    other.write_text(f"version 9\n[churn_intent]\n{WORD} :: weight=4000 decides\n")
    process, = stack.start("classifier", VOC_TENANTS=str(tenants), VOC_RELOAD_CHECK="0", VOC_SHADOW_PHRASES=str(other), VOC_SHADOW_SHARE="100")
    stack.wait_ready()
    write(tenants / "acme.txt", f"version 1\nsource /acme/\n[churn_intent]\n{WORD} :: weight=4000 decides\n+ {WORD}\n")
    process.process.send_signal(1)
    wait_for(lambda: process.metrics()['voc_reloads_total{outcome="taken"}'] == 1, 30, "the tenant to be read", stack)
    lines = [event(0, f"{WORD} 할게요"), event(1, f"{WORD} 할게요", tenant="acme"), event(2, f"{WORD} 할게요", source="/acme/web"),
             event(3, f"{WORD} 할게요", tenant="nobody")]
    stack.ctl("send", "-", input="\n".join(lines).encode())
    wait_for(lambda: process.metrics()["voc_records_out_total"] == 4, 30, "four events", stack)
    records = {json.loads(r[3])["id"]: json.loads(r[3]) for r in stack.read_all("classified")}
    assert {id for id, record in records.items() if record["data"]["churn_intent"]} == {"e-1", "e-2"}
    assert {id for id, record in records.items() if "+acme:1-" in record["data"]["model"]} == {"e-1", "e-2"}
    metrics = process.metrics()
    assert metrics["voc_shadow_events_total"] == 4 and metrics['voc_shadow_changes_total{head="churn_intent"}'] == 2
    log = process.log.read_text()
    assert '"shadow differs"' in log and WORD not in log

    report = json.loads(stack.ctl("shadow", "--json", VOC_TENANTS=str(tenants), VOC_SHADOW_PHRASES=str(other)).stdout)
    assert report["events"] == 4 and report["heads"]["churn_intent"]["changed"] == 2 and report["churn_intents_come"] == 2


def test_a_correction_comes_out_for_the_training(stack):
    """From the event's id to a training row: found, masked, corrected twice, withdrawn; the topic is compacted, by event."""
    process, = stack.start("classifier")
    stack.wait_ready()
    text = "정말 대단한 서비스네요, 세 번째 고장. 010-1234-5678"
    stack.ctl("send", "-", input="\n".join([event(0, text), event(1, "I waited for 40 minutes")]).encode())
    wait_for(lambda: process.metrics()["voc_records_out_total"] == 2, 30, "two events", stack)
    who = {"VOC_OPERATOR": "qm-7"}
    made = json.loads(stack.ctl("label", "e-0", "--feedback-type", "complaint", "--satisfaction", "dissatisfied", "--json", **who).stdout)
    assert made["sent"] and made["after"]["feedback_type"] == "complaint" and "5678" not in made["text"]
    stack.ctl("label", "e-0", "--customer", "C-0", "--factors", "product_service,emotion", "--primary-factor", "product_service", **who)
    stack.ctl("label", "e-1", "--servqual", "responsiveness", "--note", "waiting", **who)

    def export():
        return [json.loads(line) for line in stack.ctl("corrections", "export").stdout.splitlines()]
    masked = text.replace("010-1234-5678", "***-****-****")
    assert export() == [{"text": masked, "lang": "ko", "feedback_type": "complaint", "satisfaction": "dissatisfied", "primary_factor": "product_service",
                         "factors": ["product_service", "emotion"]},
                        {"text": "I waited for 40 minutes", "lang": "en", "servqual": "responsiveness"}]
    keys = [record[2].decode() for record in stack.read_all("corrections")]
    assert sorted(keys) == ["/test\ne-0", "/test\ne-0", "/test\ne-1"]
    stack.ctl("label", "e-0", "--withdraw", **who)
    assert [row["text"] for row in export()] == ["I waited for 40 minutes"]
    resource = ConfigResource(ConfigResource.Type.TOPIC, stack.topic("corrections"))
    admin = AdminClient({"bootstrap.servers": stack.bootstrap})
    answer = admin.describe_configs([resource])[resource].result(30)
    assert answer["cleanup.policy"].value == "compact"
