"""vocctl doctor: a healthy pipeline is told as one, and each of these faults, seeded one at a time, is named by the check that is for it."""
import contextlib
import json
import os
import subprocess
import threading
import time

import pytest
import redis
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic
from stack import ROOT, Stack, wait_for

EVENT = {"specversion": "1.0", "source": "/doctor", "type": "voc.web", "data": {"customer_id": "C-1", "text": "a fine day"}}


@pytest.fixture(scope="module")
def stack(broker, tmp_path_factory):
    folder = tmp_path_factory.mktemp("doctor")
    stack = Stack(folder / "stack", broker.bootstrap, partitions=2)
    stack.start_redis("--appendonly", "yes", "--hash-max-listpack-value", "2048")
    stack.start_receiver()
    (stack.folder / "webhooks.json").chmod(0o600)
    stack.create_topics()
    for service in ("classifier", "aggregator", "alerter"):
        stack.start(service)
    stack.wait_ready()
    send(stack, 20)
    stack.wait_drained()
    yield stack
    stack.close()


@pytest.fixture(scope="module")
def spare(tmp_path_factory):
    """A Redis that no service uses: what is done to it can end none. It holds what an aggregator of two partitions leaves in an empty one."""
    folder = tmp_path_factory.mktemp("spare")
    server = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", f"{folder}/s", "--appendonly", "yes", "--save", "",
                               "--maxmemory-policy", "noeviction", "--hash-max-listpack-value", "2048", "--dir", folder], stdout=subprocess.DEVNULL)
    client = redis.Redis(unix_socket_path=f"{folder}/s", decode_responses=True)
    client.url = f"unix://{folder}/s"
    wait_for((folder / "s").exists, 20, "the spare Redis")
    yield client
    server.terminate()
    server.wait(20)


def send(stack, count, text=None):
    producer = stack.producer()
    for number in range(count):
        value = text or json.dumps({**EVENT, "id": os.urandom(6).hex()})
        producer.produce(stack.topic("web"), value, f"C-{number}")
    assert producer.flush(30) == 0


def examine(stack, *flags, prefix=(), **env):
    """(exit status, {check: (verdict, found)})"""
    command = [*prefix, str(stack.bin / "vocctl"), "doctor", "--json", "--watch-ms", "200", *flags]
    done = subprocess.run(command, env=stack.env(**env), capture_output=True, text=True, timeout=120)
    assert done.stdout, done.stderr
    told = json.loads(done.stdout)
    assert told["failed"] == sum(one["verdict"] == "fail" for one in told["checks"])
    assert all(one["why"] and one["do"] and one["wanted"] for one in told["checks"])
    return done.returncode, {one["check"]: (one["verdict"], one["found"]) for one in told["checks"]}


@contextlib.contextmanager
def records_coming(stack):
    """A few every 20 ms, for as long as it lasts."""
    ended = threading.Event()

    def keep_sending():
        while not ended.wait(0.02):
            send(stack, 5)
    sender = threading.Thread(target=keep_sending)
    sender.start()
    try:
        yield
    finally:
        ended.set()
        sender.join()


@contextlib.contextmanager
def setting(stack, topic, name, value):
    """A topic's setting, for as long as the fault lasts; the others stay as `vocctl topics create` made them."""
    admin = AdminClient({"bootstrap.servers": stack.bootstrap})

    def put(values):
        resource = ConfigResource(ConfigResource.Type.TOPIC, stack.topic(topic), set_config=values)
        for future in admin.alter_configs([resource]).values():
            future.result(20)
    found = next(iter(admin.describe_configs([ConfigResource(ConfigResource.Type.TOPIC, stack.topic(topic))]).values())).result(20)
    own = {entry.name: entry.value for entry in found.values() if entry.source == 1}
    put({**own, name: value})
    try:
        yield
    finally:
        put(own)


@contextlib.contextmanager
def redis_setting(spare, name, value):
    before = spare.config_get(name)[name]
    spare.config_set(name, value)
    try:
        yield
    finally:
        spare.config_set(name, before)


def test_a_healthy_pipeline_is_told_as_one(stack):
    status, found = examine(stack)
    sick = {check: told for check, told in found.items() if told[0] != "ok"}
    assert status == 0 and sick.keys() == {"replication"}, sick  # there is one broker
    assert found["replication"][0] == "warn"
    assert len(found) >= 20
    text = stack.ctl("doctor", "--watch-ms", "0").stdout.decode().splitlines()
    assert len(text) == len(found) + 1 and sum(line.startswith("ok ") for line in text) == len(found) - 1


TOPIC_FAULTS = [
    ("classified", "retention.ms", "3600000", "retention", "warn", "classified keeps its records for 1 hours only"),
    ("calls", "retention.ms", "60000", "retention", "warn", "calls keeps its records for 0 hours only"),
    ("classified", "retention.bytes", "1000000", "retention", "warn", "classified keeps 1000000 bytes"),
    ("dlq", "max.message.bytes", "1000000", "message_size", "fail", "dlq takes 1000000 bytes, and may get 4194304"),
    ("web", "max.message.bytes", "3000000", "message_size", "fail", "classified takes 1048588 bytes, and may get 3000000"),
    ("classified", "cleanup.policy", "compact", "cleanup_policy", "fail", "classified is compacted"),
    ("complaints", "message.timestamp.type", "CreateTime", "timestamps", "warn", "complaints has CreateTime"),
    ("alerts", "min.insync.replicas", "2", "min_insync_replicas", "fail", "alerts wants 2 of 1 replicas"),
]


@pytest.mark.parametrize("topic, name, value, check, verdict, text", TOPIC_FAULTS)
def test_a_topic_that_is_set_wrongly(stack, topic, name, value, check, verdict, text):
    with setting(stack, topic, name, value):
        wait_for(lambda: examine(stack)[1][check][0] != "ok", 20, "the setting to be seen")
        status, found = examine(stack)
    assert found[check][0] == verdict and text in found[check][1], found[check]
    assert status == any(told[0] == "fail" for told in found.values())


REDIS_FAULTS = [
    ("maxmemory-policy", "allkeys-lru", "redis_eviction", "fail", "maxmemory-policy is allkeys-lru"),
    ("appendonly", "no", "redis_append_only", "warn", "appendonly is no"),
    ("hash-max-listpack-value", "64", "redis_hashes", "warn", "-value is 64"),
    ("requirepass", "another-word", "redis", "fail", "NOAUTH"),
]


@pytest.mark.parametrize("name, value, check, verdict, text", REDIS_FAULTS)
def test_a_redis_that_is_set_wrongly(stack, spare, name, value, check, verdict, text):
    with redis_setting(spare, name, value):
        status, found = examine(stack, VOC_REDIS_URL=spare.url)
    assert found[check][0] == verdict and text in found[check][1], found[check]
    assert status == any(told[0] == "fail" for told in found.values())


def test_a_redis_that_is_nearly_full(stack, spare):
    with redis_setting(spare, "maxmemory", str(int(spare.info("memory")["used_memory"] * 1.1))):
        assert examine(stack, VOC_REDIS_URL=spare.url)[1]["redis_memory"][0] == "warn"


def test_a_wrong_password_and_a_wrong_address(stack, spare):
    with redis_setting(spare, "requirepass", "the-word"):
        status, found = examine(stack, VOC_REDIS_URL=spare.url.replace("unix://", "unix://:not-the-word@"))
    assert status == 1 and found["redis"][0] == "fail" and "not-the-word" not in str(found)
    status, found = examine(stack, VOC_REDIS_URL="redis://127.0.0.1:1")
    assert status == 1 and found["redis"][0] == "fail" and found["redis_state"][0] == "unknown"


@pytest.mark.parametrize("field, value, text", [("state_version", "99", "of version 99"), ("partitions", "12", "of 12 partitions, and voc.classified has 2")])
def test_a_state_of_another_release_or_other_topics(stack, spare, field, value, text):
    spare.hset("voc:meta", mapping={**stack.redis.hgetall("voc:meta"), field: value})
    status, found = examine(stack, VOC_REDIS_URL=spare.url)
    assert status == 1 and found["redis_state"][0] == "fail" and text in found["redis_state"][1]


def test_clocks_that_are_apart(stack):
    asan = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"  # faketime is preloaded before its runtime
    later = {"prefix": ("faketime", "-f", "+1h"), "ASAN_OPTIONS": asan}
    status, found = examine(stack, **later)
    assert status == 1 and found["redis_clock"][0] == "fail" and "s apart" in found["redis_clock"][1]
    assert found["kafka_clock"][0] == "ok" and "no record came meanwhile" in found["kafka_clock"][1]
    with records_coming(stack):  # Kafka is an hour behind who looks
        wait_for(lambda: examine(stack, "--watch-ms", "1000", **later)[1]["kafka_clock"][0] == "warn", 60, "Kafka's clock to be seen")
        found = examine(stack, "--watch-ms", "1000")[1]["kafka_clock"]
        assert found[0] == "ok", found


def test_brokers_that_are_not_there(stack):
    status, found = examine(stack, VOC_KAFKA_BOOTSTRAP="127.0.0.1:1")
    assert status == 1 and found["kafka"][0] == "fail" and "Connection refused" in found["kafka"][1]
    assert found["topics"][0] == "unknown" and found["redis"][0] == "ok"


def test_topics_that_are_missing_or_differ(stack):
    status, found = examine(stack, VOC_TOPIC_PREFIX="nowhere.")
    assert status == 1 and found["topics"][0] == "fail" and "nowhere.calls is missing" in found["topics"][1]
    admin = AdminClient({"bootstrap.servers": stack.bootstrap})
    names = {"odd.calls": 2, "odd.web": 2, "odd.complaints": 3, "odd.orders": 2}
    for future in admin.create_topics([NewTopic(name, count, 1) for name, count in names.items()]).values():
        future.result(20)
    wait_for(lambda: names.keys() <= admin.list_topics(timeout=10).topics.keys(), 20, "the topics")
    status, found = examine(stack, VOC_TOPIC_PREFIX="odd.")
    assert status == 1 and found["partitions"] == ("fail", "complaints has 3, calls has 2")


def damaged(tmp_path, source, change):
    path = tmp_path / source.name
    path.write_bytes(change(source.read_bytes()))
    return str(path)


def test_files_that_are_bad(stack, tmp_path):
    rules = damaged(tmp_path, ROOT / "deploy/rules.json", lambda text: text.replace(b'"raise"', b'"rise"'))
    model = damaged(tmp_path, ROOT / "services/classifier/model.bin", lambda data: data[:1000] + bytes([data[1000] ^ 255]) + data[1001:])
    status, found = examine(stack, VOC_RULES=rules, VOC_MODEL=model, VOC_WEBHOOKS="/dev/null")
    assert status == 1
    assert found["rules_file"][0] == "fail" and "thresholds.raise: missing" in found["rules_file"][1]
    assert found["classifier_files"][0] == "fail" and model in found["classifier_files"][1]
    assert found["webhooks_file"][0] == "fail"
    gaps = damaged(tmp_path, ROOT / "deploy/gaps.json", lambda text: text.replace(b'"cues"', b'"clues"'))
    status, found = examine(stack, VOC_GAPS=gaps)
    assert status == 1 and found["classifier_files"][0] == "fail" and gaps in found["classifier_files"][1]
    phrases = ROOT / "services/classifier/phrases.txt"
    status, found = examine(stack, VOC_SHADOW_PHRASES=str(phrases))
    assert found["classifier_files"][0] == "ok" and "shadow: version" in found["classifier_files"][1]
    status, found = examine(stack, VOC_SHADOW_MODEL=model)
    assert status == 1 and found["classifier_files"][0] == "fail" and f"shadow: {model}" in found["classifier_files"][1]
    _, found = examine(stack, VOC_WEBHOOKS=str(tmp_path / "none.json"))
    assert found["webhooks_file"][0] == "warn" and "there is none on this host" in found["webhooks_file"][1]


def webhooks(tmp_path, **endpoint):
    path = tmp_path / "hooks.json"
    path.write_text(json.dumps({"endpoints": [{"name": "care", "format": "cloudevents", **endpoint}]}))
    path.chmod(0o600)
    return str(path)


@pytest.mark.parametrize("url", ["https://127.0.0.1/x", "https://10.1.2.3:8443/x", "https://[::1]/x", "https://169.254.169.254/latest", "https://localhost/"])
def test_webhooks_to_private_addresses(stack, tmp_path, url):
    path = webhooks(tmp_path, url=url, secret="whsec_dm9jLXRlc3Qtc2VjcmV0LXZvYy10ZXN0LXNlY3JldA==")
    status, found = examine(stack, VOC_WEBHOOKS=path, VOC_ALLOW_PRIVATE="no")
    assert status == 1 and found["webhook_addresses"] == ("fail", "care: a private or loopback address")
    assert examine(stack, VOC_WEBHOOKS=path, VOC_ALLOW_PRIVATE="yes")[1]["webhook_addresses"][0] == "ok"


def test_secrets_that_are_open_or_missing(stack, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("whsec_dm9jLXRlc3Qtc2VjcmV0LXZvYy10ZXN0LXNlY3JldA==")
    secret.chmod(0o644)
    path = webhooks(tmp_path, url="https://127.0.0.1/x", secret_file=str(secret))
    _, found = examine(stack, VOC_WEBHOOKS=path)
    assert found["secret_files"] == ("warn", f"care: {secret} may be read by everybody (mode 0644)")
    secret.chmod(0o600)
    assert examine(stack, VOC_WEBHOOKS=path)[1]["secret_files"][0] == "ok"
    secret.unlink()
    status, found = examine(stack, VOC_WEBHOOKS=path)
    assert status == 1 and found["webhooks_file"][0] == "fail" and str(secret) in found["webhooks_file"][1]
    done = stack.ctl("doctor", check=False, VOC_KAFKA_SASL_PASSWORD_FILE=str(secret))
    assert done.returncode == 2 and b"VOC_KAFKA_SASL_PASSWORD_FILE" in done.stderr and str(secret).encode() in done.stderr
    word = tmp_path / "word"
    word.write_text("x")
    word.chmod(0o604)
    _, found = examine(stack, VOC_KAFKA_SASL_PASSWORD_FILE=str(word))
    assert found["secret_files"][0] == "warn" and "VOC_KAFKA_SASL_PASSWORD_FILE" in found["secret_files"][1]


def test_groups_without_members_and_lags_that_grow(stack):
    status, found = examine(stack, VOC_GROUP_PREFIX="others-")
    assert status == 1 and found["groups"][0] == "fail" and "others-classifier has never run" in found["groups"][1]
    classifier = stack.of("classifier")[0]
    assert classifier.stop()[0] == 0
    status, found = examine(stack)
    assert status == 1 and found["groups"] == ("fail", f"{stack.prefix}classifier has no members")
    send(stack, 30)
    _, found = examine(stack, "--lag", "10")
    assert found["lag"] == ("warn", f"{stack.prefix}classifier is 30 records behind")
    with records_coming(stack):
        _, found = examine(stack, "--watch-ms", "2000")
    assert found["lag"][0] == "warn" and "the lag grows" in found["lag"][1]
    classifier.start()
    stack.wait_drained()


def test_dead_letters_that_pile_up(stack):
    send(stack, 200, text="no event")
    stack.wait_drained()
    _, found = examine(stack)
    assert found["dead_letters"][0] == "warn" and "200 beside" in found["dead_letters"][1]


def test_records_from_the_future(stack):
    """By a sender's clock here, which the broker's stands for elsewhere: one is as good as the other to who looks."""
    with setting(stack, "web", "message.timestamp.type", "CreateTime"):
        wait_for(lambda: examine(stack)[1]["timestamps"][0] != "ok", 20, "the setting to be seen")
        producer = stack.producer()
        producer.produce(stack.topic("web"), json.dumps({**EVENT, "id": "future"}), "C-1", timestamp=int(time.time() * 1000) + 1_800_000)
        assert producer.flush(30) == 0
    _, found = examine(stack)
    assert found["kafka_clock"][0] == "warn" and "later than it is here" in found["kafka_clock"][1]
