"""docker-compose.yml by reading: what would break `--scale`, a variable that no service knows, a target that the Dockerfile lacks."""
import pathlib
import re
import subprocess

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
OURS = ("voc-classifier", "voc-aggregator", "voc-alerter")


def test_scaled_services_can_be_scaled():
    for name in OURS:
        service = SERVICES[name]
        assert not {"container_name", "hostname", "ports"} & service.keys(), f"{name} could not be scaled"
        assert service["restart"] == "always" and service["stop_grace_period"]


def test_topics_are_made_before_anything_reads_them():
    for name in OURS:
        assert SERVICES[name]["depends_on"]["topics"]["condition"] == "service_completed_successfully"
    assert SERVICES["topics"]["depends_on"]["kafka"]["condition"] == "service_healthy"
    for name in ("kafka", "redis"):
        assert SERVICES[name]["healthcheck"]


def test_redis_neither_evicts_nor_forgets():
    command = SERVICES["redis"]["command"]
    assert command[command.index("--maxmemory-policy") + 1] == "noeviction"
    assert command[command.index("--appendonly") + 1] == "yes"


def test_build_targets_and_files_exist():
    stages = set(re.findall(r"^FROM \S+ AS (\S+)", (ROOT / "deploy/Dockerfile").read_text(), re.M))
    for name, service in SERVICES.items():
        if "build" in service:
            assert service["build"]["target"] in stages, name
    for service in SERVICES.values():
        for volume in service.get("volumes", ()):
            source = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", volume).split(":")[0]
            assert not source.startswith(".") or (ROOT / source).exists(), source


def test_every_variable_is_in_the_table():
    known = set(re.findall(r'"(VOC_[A-Z_]+)"', (ROOT / "common/conf/options.h").read_text()))
    for name, service in SERVICES.items():
        for variable in service.get("environment", {}):
            if variable.startswith("VOC_"):
                assert variable in known, f"{name}: {variable}"


def test_the_files_are_shell_and_yaml_that_parse():
    for script in [*ROOT.glob("deploy/*.sh"), *ROOT.glob("tests/**/*.sh"), ROOT / ".ci/run"]:
        subprocess.run(["bash", "-n", script], check=True)
