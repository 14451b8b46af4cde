"""The brokers: what was acknowledged survives them, and each fault is seen to have happened."""
import time

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic

import processes
from brokers import Brokers

TOPIC = "chaos.t"


@pytest.fixture(scope="module")
def brokers(tmp_path_factory):
    with Brokers(tmp_path_factory.mktemp("brokers")) as brokers:
        admin = AdminClient({"bootstrap.servers": brokers.bootstrap})
        for future in admin.create_topics([NewTopic(TOPIC, 6, 3)]).values():
            future.result(20)
        brokers.wait_healthy()
        yield brokers


def produce(brokers, values, timeout=30):
    """Acknowledged by all in-sync replicas; returns how many failed."""
    failed = []
    producer = Producer({"bootstrap.servers": brokers.bootstrap, "enable.idempotence": True, "message.timeout.ms": timeout * 1000})
    for value in values:
        producer.produce(TOPIC, value, key=value, on_delivery=lambda error, _: failed.append(error) if error else None)
    assert producer.flush(timeout + 5) == 0
    return len(failed)


def consume(brokers):
    consumer = Consumer({"bootstrap.servers": brokers.bootstrap, "group.id": "chaos-test", "auto.offset.reset": "earliest"})
    ends = {p: consumer.get_watermark_offsets(TopicPartition(TOPIC, p), timeout=20)[1] for p in range(6)}
    consumer.assign([TopicPartition(TOPIC, p, 0) for p in range(6)])
    values, deadline = [], time.monotonic() + 30
    while len(values) < sum(ends.values()) and time.monotonic() < deadline:
        values += [m.value().decode() for m in consumer.consume(1000, 0.5) if not m.error()]
    consumer.close()
    return values


def test_durable_by_default(brokers):
    admin = AdminClient({"bootstrap.servers": brokers.bootstrap})
    found = list(admin.describe_configs([ConfigResource("topic", TOPIC)]).values())[0].result(20)
    assert (found["min.insync.replicas"].value, found["unclean.leader.election.enable"].value) == ("2", "false")


def test_leaders_move(brokers):
    before = brokers.leaders(TOPIC)
    assert brokers.move_leaders(TOPIC) == 6
    processes.wait_for(lambda: all(leader != before[k] for k, leader in brokers.leaders(TOPIC).items()), 20, "all leaders to be others")


def test_killed_broker_loses_nothing(brokers):
    assert produce(brokers, [f"before{i}" for i in range(200)]) == 0
    brokers.kill(0)
    assert not brokers.alive(0) and not brokers.healthy()
    assert produce(brokers, [f"while{i}" for i in range(200)]) == 0
    assert 0 not in brokers.leaders(TOPIC).values()
    brokers.restart(0)
    brokers.wait_healthy()
    values = consume(brokers)
    assert sorted(values) == sorted([f"before{i}" for i in range(200)] + [f"while{i}" for i in range(200)])


def test_stopped_broker_is_left_behind_and_comes_back(brokers):
    brokers.pause(1)
    assert processes.wait_for(lambda: 1 not in brokers.leaders(TOPIC).values(), 30, "the stopped broker to lose its leaderships")
    assert processes.state(brokers.nodes[1]) == "T"
    brokers.resume(1)
    brokers.wait_healthy()


def test_two_dead_refuse_writes(brokers):
    """min.insync.replicas is really 2: with one broker left nothing is acknowledged."""
    brokers.kill(0)
    brokers.kill(1)
    assert produce(brokers, ["lonely"], timeout=4) == 1
    brokers.restart(0)
    brokers.restart(1)
    brokers.wait_healthy()
