"""The pipeline against a real broker that wants TLS and SASL/SCRAM: it works with the right names, and says what is wrong with the wrong ones."""
import json

import kafka_secure
import pytest
import stack as stack_module
from stack import wait_for


@pytest.fixture(scope="module")
def secure_broker(tmp_path_factory):
    broker = kafka_secure.SecureKafka(tmp_path_factory.mktemp("secure-kafka")).start()
    yield broker
    broker.stop()


@pytest.fixture
def secure_stack(secure_broker, tmp_path):
    password = tmp_path / "password"
    password.write_text(kafka_secure.PASSWORD + "\n")
    stack = stack_module.Stack(tmp_path / "stack", secure_broker.bootstrap, partitions=4, environment=secure_broker.environment(password))
    stack.start_redis()
    stack.start_receiver()
    stack.create_topics()
    yield stack
    stack.close()


def test_the_pipeline_over_tls_and_scram(secure_stack):
    stack = secure_stack
    for service in ("classifier", "aggregator", "alerter"):
        stack.start(service)
    stack.wait_ready()
    event = {"specversion": "1.0", "id": "e-1", "source": "/test", "type": "voc.complaint", "time": "2026-11-20T10:00:00Z",
             "data": {"customer_id": "C-1", "text": "세 번이나 고장났는데 아무도 안 고쳐줘요. 해지할게요", "lang": "ko", "rating": 1}}
    stack.ctl("send", "-", input=json.dumps(event).encode())
    stack.wait_drained()
    assert stack.received() and stack.redis.keys("voc:{*}:customer:C-1")
    for process in stack.processes:
        assert kafka_secure.PASSWORD not in process.log.read_text() + process.get("/metrics")[1]


@pytest.mark.parametrize("wrong, told", [("password", "authentication"), ("authority", "certificate")])
def test_what_is_wrong_is_told(secure_stack, secure_broker, tmp_path, wrong, told):
    stack = secure_stack
    password = tmp_path / "wrong"
    password.write_text("not it" if wrong == "password" else kafka_secure.PASSWORD)
    process, = stack.start("classifier", **secure_broker.environment(password, "stranger" if wrong == "authority" else "authority"))
    wait_for(lambda: told in process.log.read_text().lower(), 40, f"the log to speak of {told}", stack)
    assert not process.ready() and kafka_secure.PASSWORD not in process.log.read_text()
