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
    assert command[command.index("--hash-max-listpack-value") + 1] == "2048"


def test_build_targets_and_files_exist():
    stages = set(re.findall(r"^FROM \S+ AS (\S+)", (ROOT / "deploy/Dockerfile").read_text(), re.M))
    for name, service in SERVICES.items():
        if "build" in service:
            assert service["build"]["target"] in stages, name
    mounted = [volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", ())]
    secrets = [re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", secret["file"]) for secret in COMPOSE["secrets"].values()]
    for source in mounted + secrets:
        assert not source.startswith(".") or (ROOT / source).exists(), source


def test_what_the_build_copies_is_in_its_context():
    allowed = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for line in re.findall(r"^COPY (?!--from)(.*)$", (ROOT / "deploy/Dockerfile").read_text(), re.M):
        for source in line.split()[:-1]:
            inside = [path for path in allowed if path == source or path.startswith(source + "/") or source.startswith(path + "/")]
            assert inside and (ROOT / source).exists(), source


def test_no_secret_stands_in_a_variable():
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            assert not re.search("PASSWORD|SECRET", variable) or variable.endswith("_FILE"), f"{name}: {variable}"
            assert "@" not in str(value) or "://" not in str(value), f"{name}: {variable} holds a login"


def test_everything_of_ours_is_bounded_and_cannot_write():
    for name in OURS:
        service = SERVICES[name]
        assert service["read_only"] and service["cap_drop"] == ["ALL"] and "no-new-privileges:true" in service["security_opt"]
        assert service["deploy"]["resources"]["limits"].keys() == {"memory", "cpus"}
        assert int(service["stop_grace_period"].rstrip("s")) > 4, "less than VOC_SHUTDOWN"


def test_images_run_as_nobody_and_ask_themselves():
    text = (ROOT / "deploy/Dockerfile").read_text()
    base = text[text.index("AS voc-base"):text.index("AS voc-classifier")]
    assert "FROM scratch AS voc-base" in text and "USER 65532:65532" in base
    for name in OURS:
        assert f'HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=3 CMD ["/usr/bin/{name}", "--healthcheck"]' in text


def test_the_images_are_of_no_processor():
    """One Dockerfile makes amd64 and arm64 images (tests/arm64.sh does): what is compiled names no processor, but for how to compile across; what is for one only is so by #if."""
    recipes = [ROOT / "deploy/Dockerfile", ROOT / "CMakePresets.json", *ROOT.glob("CMakeLists.txt"), *ROOT.glob("*/CMakeLists.txt")]
    for path in recipes:
        text = re.sub(r"^\s*#.*$|CMAKE_SYSTEM_PROCESSOR MATCHES \"\w+\"|--platform=\$BUILDPLATFORM|deploy/aarch64\.cmake", "", path.read_text(), flags=re.M)
        assert not re.search(r"amd64|x86|aarch64|--platform|-m(arch|cpu|tune|avx|sse)", text), path
    for folder in ("common", "services", "tools"):
        for path in (ROOT / folder).rglob("*.[ch]"):
            text = path.read_text()
            if re.search(r"mmintrin\.h|x86intrin\.h|target_clones|__builtin_ia32|\basm\b", text):
                assert "defined(__x86_64__)" in text, path


def test_every_variable_is_in_the_table():
    known = set(re.findall(r'"(VOC_[A-Z_]+)"', (ROOT / "common/conf/options.h").read_text()))
    for name, service in SERVICES.items():
        for variable in service.get("environment", {}):
            if variable.startswith("VOC_"):
                assert variable.removesuffix("_FILE") in known, f"{name}: {variable}"


CLUSTER = yaml.safe_load((ROOT / "docker-compose.cluster.yml").read_text())


def test_the_cluster_is_one_and_speaks_tls_only():
    services = CLUSTER["services"]
    for number in (1, 2, 3):
        environment = services[f"kafka-{number}"]["environment"]
        assert environment["KAFKA_NODE_ID"] == number and "PLAINTEXT" not in str(environment)
        assert environment["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"] == "CLIENT:SASL_SSL,CONTROLLER:SSL,BROKER:SSL"
        assert environment["KAFKA_MIN_INSYNC_REPLICAS"] == 2 and environment["KAFKA_DEFAULT_REPLICATION_FACTOR"] == 3
    conf = (ROOT / "deploy/compose/redis-cluster.conf").read_text()
    for line in ("port 0", "tls-port 6379", "tls-cluster yes", "tls-replication yes", "maxmemory-policy noeviction", "hash-max-listpack-value 2048", "appendonly yes", "aclfile /run/secrets/users.acl"):
        assert line in conf.splitlines(), line
    assert services["voc-aggregator"]["environment"]["SSL_CERT_FILE"] == "/run/secrets/ca.pem"
    for name in OURS:
        service = services[name]
        assert service["environment"]["VOC_KAFKA_SECURITY_PROTOCOL"] == "SASL_SSL"
        assert service["read_only"] and service["cap_drop"] == ["ALL"] and service["deploy"]["resources"]["limits"]["memory"]


def test_the_clusters_files_are_made(tmp_path):
    subprocess.run([ROOT / "deploy/compose/make-certificates.sh", tmp_path / "made"], check=True, capture_output=True)
    made = {path.name for path in (tmp_path / "made").iterdir()}
    wanted = {secret["file"].rsplit("/", 1)[1] for secret in CLUSTER["secrets"].values()} - {"webhooks.json"}
    wanted |= set(re.findall(r"/certs/([\w.-]+)", (ROOT / "docker-compose.cluster.yml").read_text() + (ROOT / "deploy/compose/redis-cluster.conf").read_text()))
    assert wanted <= made, wanted - made
    for certificate in ("kafka-1.crt", "redis.crt", "admin.crt"):
        subprocess.run(["openssl", "verify", "-CAfile", "ca.pem", certificate], cwd=tmp_path / "made", check=True, capture_output=True)
    again = subprocess.run([ROOT / "deploy/compose/make-certificates.sh", tmp_path / "made"], capture_output=True, text=True)
    assert again.returncode == 1 and "certificates already" in again.stderr


def test_the_files_are_shell_and_yaml_that_parse():
    for script in [*ROOT.glob("deploy/**/*.sh"), *ROOT.glob("tests/**/*.sh"), ROOT / ".ci/run"]:
        subprocess.run(["bash", "-n", script], check=True)
