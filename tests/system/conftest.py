"""System tests: real Apache Kafka, real Redis, several real instances of each service. Nothing here is ever skipped."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import kafka  # noqa: E402
import stack as stack_module  # noqa: E402


@pytest.fixture(scope="session")
def broker(tmp_path_factory):
    broker = kafka.Kafka(tmp_path_factory.mktemp("kafka")).start()
    yield broker
    broker.stop()


@pytest.fixture
def stack(broker, tmp_path):
    """A pipeline with topics, Redis and receiver of its own; its services are stopped in order, and checked for it, at the end."""
    stack = stack_module.Stack(tmp_path / "stack", broker.bootstrap)
    stack.start_redis()
    stack.start_receiver()
    stack.create_topics()
    yield stack
    stack.close()
