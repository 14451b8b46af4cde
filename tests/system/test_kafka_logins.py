"""Kafka with TLS and logins: every service and vocctl through the locked door, and what is said to who has no key.

librdkafka before 2.6.1 gives half of SCRAM's nonce twice, which Kafka takes up to 3.9 and refuses from 4.0 on. So SCRAM is tried against the newest
Kafka that takes it from the librdkafka that is here, and against the other one the refusal must name that.
"""
import json
import time

import confluent_kafka
import kafka
import pytest
import verify
from stack import ROOT, Stack, wait_for

OLD_SCRAM = confluent_kafka.libversion()[1] < 0x020601FF
LAST_FOR_OLD_SCRAM = "3.9.1"
SERVICES = ("classifier", "aggregator", "alerter")


def start_broker(folder, version):
    broker = kafka.Kafka(folder / "data", version=version, logins=kafka.Logins(folder / "certificates"))
    return broker.start()


@pytest.fixture(scope="module")
def newest(tmp_path_factory):
    broker = start_broker(tmp_path_factory.mktemp("newest"), kafka.VERSION)
    yield broker
    broker.stop()


@pytest.fixture(scope="module")
def scram(tmp_path_factory):
    broker = start_broker(tmp_path_factory.mktemp("scram"), LAST_FOR_OLD_SCRAM if OLD_SCRAM else kafka.VERSION)
    yield broker
    broker.stop()


def make_stack(broker, folder, mechanism, **environment):
    """The test's own clients come in by the open listener, ours by the locked one only."""
    stack = Stack(folder / "stack", broker.bootstrap, partitions=4, environment={**broker.logins.environment(mechanism), **environment})
    stack.start_redis()
    stack.start_receiver()
    return stack


def run_pipeline(stack):
    stack.create_topics()
    for service in SERVICES:
        stack.start(service)
    stack.wait_ready()
    start = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 9 * 86_400))
    events = stack.ctl("gen", "--seed", "7", "--start", start, "--events", "300", "--customers", "30").stdout
    stack.ctl("send", "-", input=events)
    stack.wait_drained()
    partitions = verify.apply_log(stack)
    assert verify.check_redis(stack, partitions) > 30
    verify.check_alerts(stack, partitions)
    assert len(stack.received()) > 3
    found = look(stack)
    assert found["kafka"]["verdict"] == "ok" and found["topics"]["verdict"] == "ok"
    assert stack.ctl("verify").stdout.startswith(b"equal")


def look(stack, **environment):
    told = json.loads(stack.ctl("doctor", "--json", "--watch-ms", "0", check=False, **environment).stdout)
    return {one["check"]: one for one in told["checks"]}


@pytest.mark.parametrize("name, mechanism", [("scram", "SCRAM-SHA-512"), ("newest", "PLAIN")])
def test_the_whole_pipeline_over_tls_with_a_login(name, mechanism, request, tmp_path):
    stack = make_stack(request.getfixturevalue(name), tmp_path, mechanism)
    try:
        run_pipeline(stack)
    finally:
        stack.close()


def check_refused(stack, reason, words, secrets=()):
    """Each program says why, in those words, and lives on; once told to stop, it stops."""
    processes = [process for service in SERVICES for process in stack.start(service)]
    # The doctor asks for a few seconds only: on a busy machine the refusal may come later.
    found = wait_for(lambda: next((one for one in [look(stack)["kafka"]] if reason in one["found"]), None), 60, "the doctor to say why", stack)
    assert found["verdict"] == "fail" and words in found["found"], found
    for process in processes:
        def told():
            lines = [json.loads(line) for line in process.log.read_text().splitlines()]
            return [line for line in lines if line["event"] == "kafka" and line.get("reason") == reason and words in line["error"]]
        wait_for(told, 60, f"{process.name} to say why", stack)
        assert process.get("/healthz")[0] == 200
        assert process.get("/readyz")[0] == 503
        wait_for(lambda: "kafka" in process.get("/readyz")[1], 30, f"{process.name} to name Kafka in /readyz", stack)
        assert not [secret for secret in secrets if secret in process.log.read_text()]


def test_a_wrong_password(scram, tmp_path):
    wrong = "not-the-word-5546372819"
    (tmp_path / "password").write_text(wrong)
    stack = make_stack(scram, tmp_path, "SCRAM-SHA-512", VOC_KAFKA_SASL_PASSWORD_FILE=str(tmp_path / "password"))
    try:
        check_refused(stack, "kafka_login", "invalid credentials", (wrong,))
        refused = stack.ctl("topics", "create", check=False)
        assert refused.returncode == 1 and b"vocctl: kafka_login: " in refused.stderr and b"invalid credentials" in refused.stderr, refused.stderr
        assert wrong.encode() not in refused.stderr
    finally:
        stack.close()


def test_a_broker_whose_certificate_another_authority_signed(newest, tmp_path):
    stack = make_stack(newest, tmp_path, "PLAIN", VOC_KAFKA_SSL_CA_LOCATION=str(newest.logins.folder / "other-ca.pem"))
    try:
        check_refused(stack, "kafka_tls", "certificate", (newest.logins.password,))
    finally:
        stack.close()


def test_a_certificate_for_another_name(newest, tmp_path):
    """It is valid for 127.0.0.1, and localhost is the same host by another name."""
    stack = make_stack(newest, tmp_path, "PLAIN", VOC_KAFKA_BOOTSTRAP=f"localhost:{newest.logins.port}")
    try:
        found = look(stack)["kafka"]
        assert found["verdict"] == "fail" and "kafka_tls" in found["found"], found
    finally:
        stack.close()


def test_scram_with_the_newest_kafka(newest, tmp_path):
    stack = make_stack(newest, tmp_path, "SCRAM-SHA-512")
    try:
        found = look(stack)["kafka"]
        if OLD_SCRAM:
            assert found["verdict"] == "fail" and "SCRAM with Kafka 4 takes librdkafka 2.6.1" in found["found"], found
        else:
            assert found["verdict"] == "ok", found
    finally:
        stack.close()
