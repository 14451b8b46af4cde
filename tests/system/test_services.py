"""What an operator does to the services: start, look, mistype, stop, stop again at once."""
import json
import signal
import subprocess

import pytest
from confluent_kafka.admin import AdminClient, ConfigResource
from stack import wait_for

SERVICES = ("classifier", "aggregator", "alerter")


def run(stack, *command, **env):
    return subprocess.run([stack.bin / command[0], *command[1:]], env=stack.env(**env), capture_output=True, text=True, timeout=30)


@pytest.mark.parametrize("service", SERVICES)
def test_help_check_and_print_config(stack, service):
    program = f"voc-{service}"
    shown = run(stack, program, "--help")
    assert shown.returncode == 0 and "VOC_KAFKA_BOOTSTRAP" in shown.stdout and "--kafka-bootstrap" in shown.stdout
    checked = run(stack, program, "--check")
    assert checked.returncode == 0, checked.stderr
    printed = run(stack, program, "--print-config", VOC_REDIS_URL="redis://user:hidden-word@localhost", VOC_KAFKA_SASL_PASSWORD="hidden-word")
    assert printed.returncode == 0 and "hidden-word" not in printed.stdout + printed.stderr


def test_vocctl_checks_its_configuration(stack):
    checked = run(stack, "vocctl", "--check")
    assert checked.returncode == 0 and "the configuration is fine" in checked.stdout, checked.stderr
    for url, words in (("http://localhost", "VOC_REDIS_URL"), ("redis://localhost:0", "VOC_REDIS_URL"), ("unix://", "VOC_REDIS_URL")):
        checked = run(stack, "vocctl", "--check", VOC_REDIS_URL=url)
        assert checked.returncode == 2 and words in checked.stderr and not checked.stdout, (url, checked)


@pytest.mark.parametrize("service", SERVICES)
def test_a_typo_is_named_with_its_nearest_neighbour(stack, service):
    flag = run(stack, f"voc-{service}", "--kafka-bootstrp", "x")
    assert flag.returncode != 0 and "--kafka-bootstrap" in flag.stderr
    variable = run(stack, f"voc-{service}", "--check", VOC_LOG_LEVLE="info")
    assert variable.returncode != 0 and "VOC_LOG_LEVEL" in variable.stderr
    value = run(stack, f"voc-{service}", "--check", VOC_LOG_LEVEL="loud")
    assert value.returncode != 0 and "VOC_LOG_LEVEL" in value.stderr


@pytest.mark.parametrize("service", SERVICES)
def test_health_metrics_logs_and_a_clean_stop(stack, service):
    process, = stack.start(service)
    wait_for(process.ready, 60, f"{service} to be ready", stack)
    assert process.get("/healthz")[0] == 200
    status, page = process.get("/metrics")
    assert status == 200 and "voc_records_in_total" in page and "# TYPE" in page
    assert process.get("/nothing")[0] == 404
    status, seconds = process.stop()
    assert status == 0 and seconds < 5
    events = [json.loads(line)["event"] for line in process.log.read_text().splitlines()]
    assert {"starting", "listening", "stopping", "stopped"} <= set(events)


def test_topics_keep_what_is_needed(stack):
    """voc.classified for ever; elsewhere the time counts from the arrival, or an old event would be deleted before it is read."""
    resources = [ConfigResource(ConfigResource.Type.TOPIC, stack.topic(name)) for name in ("calls", "web", "complaints", "classified", "alerts", "dlq")]
    admin = AdminClient({"bootstrap.servers": stack.bootstrap})
    for resource, answer in admin.describe_configs(resources).items():
        config = {name: entry.value for name, entry in answer.result(30).items()}
        if resource.name == stack.topic("classified"):
            assert config["retention.ms"] == "-1" and config["message.timestamp.type"] == "CreateTime"
        else:
            assert int(config["retention.ms"]) >= 14 * 86_400_000 and config["message.timestamp.type"] == "LogAppendTime"


def test_a_second_signal_ends_a_service_at_once(stack):
    """Redis does not answer, and may take longer over it than we wait: in order it can't leave."""
    stack.start("classifier")
    aggregator, = stack.start("aggregator", VOC_SHUTDOWN="60s", VOC_REDIS_TIMEOUT="10m")
    stack.wait_ready()
    stack.redis_process.send_signal(signal.SIGSTOP)
    try:
        stack.ctl("send", "-", input=stack.ctl("gen", "--seed", 5, "--events", 10, "--malformed", 0).stdout, timeout=60)
        wait_for(lambda: aggregator.metrics()["voc_records_in_total"] > 0, 60, "the aggregator to have something to do", stack)
        aggregator.expected_to_die = True
        aggregator.process.terminate()
        aggregator.process.send_signal(signal.SIGINT)
        assert aggregator.process.wait(60) in (128 + signal.SIGTERM, 128 + signal.SIGINT)
    finally:
        stack.redis_process.send_signal(signal.SIGCONT)


def test_a_sick_redis_is_waited_for(stack):
    """Nothing is lost or dead-lettered while Redis is away; /readyz says so; all is caught up when it is back."""
    stack.start("classifier")
    aggregator, = stack.start("aggregator")
    stack.wait_ready()
    stack.redis_process.send_signal(signal.SIGSTOP)
    made = stack.ctl("gen", "--seed", 5, "--events", 2000, "--malformed", 0).stdout
    stack.ctl("send", "-", input=made, timeout=60)
    wait_for(lambda: aggregator.get("/readyz")[0] == 503, 60, "readiness to fail", stack)
    stack.redis_process.send_signal(signal.SIGCONT)
    stack.wait_drained()
    import verify
    partitions = verify.apply_log(stack)
    verify.check_redis(stack, partitions)
    assert verify.check_sums(stack, partitions)["dead"] == 0
