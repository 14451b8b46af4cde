"""deploy/kubernetes against Kubernetes' own schemas (kubernetes-validate, which carries them), and what schemas can't say: names, selectors, probes, hardening."""
import os
import pathlib
import re
import subprocess

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy/kubernetes"
PYTHON = ROOT / "build/test-python"  # deploy/packages.sh test; in a process of its own, since its modules are newer than Debian's
VERSIONS = ("1.31", "1.37")
OURS = ("voc-classifier", "voc-aggregator", "voc-alerter")
CUSTOM = {"ServiceMonitor": "monitoring.coreos.com/v1", "ScaledObject": "keda.sh/v1alpha1"}


def documents(folder=FOLDER):
    """[(file, document)] of every manifest, without the kustomizations."""
    return [(path, one) for path in sorted(folder.rglob("*.yaml")) if path.name != "kustomization.yaml" for one in yaml.safe_load_all(path.read_text())]


def of_kind(kind):
    return {one["metadata"]["name"]: one for _, one in documents() if one["kind"] == kind}


def pods():
    return {name: one["spec"]["template"]["spec"] for kind in ("Deployment", "Job") for name, one in of_kind(kind).items()}


def validate(tmp_path, found, version):
    """What the validator has to say of the documents; empty if all are good."""
    path = tmp_path / "manifests.yaml"
    path.write_text(yaml.safe_dump_all(found))
    command = ["/usr/bin/python3", PYTHON / "bin/kubernetes-validate", "--strict", "--kubernetes-version", version, path]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(PYTHON)}, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_every_manifest_is_as_kubernetes_wants_it(tmp_path):
    built_in = []
    for path, document in documents():
        if document["kind"] in CUSTOM:
            assert document["apiVersion"] == CUSTOM[document["kind"]], path
        else:
            built_in.append(document)
    assert len(built_in) >= 15
    for version in VERSIONS:
        assert validate(tmp_path, built_in, version) == ""


def test_a_wrong_manifest_would_be_noticed(tmp_path):
    wrong = yaml.safe_load((FOLDER / "base/classifier.yaml").read_text())
    wrong["spec"]["replicsa"] = 2
    assert "replicsa" in validate(tmp_path, [wrong], VERSIONS[-1])


def test_kustomizations_name_what_is_there_and_all_of_it():
    for path in FOLDER.rglob("kustomization.yaml"):
        plan = yaml.safe_load(path.read_text())
        assert plan.keys() <= {"apiVersion", "kind", "namespace", "resources", "images"} and plan["namespace"] == "voc"
        for resource in plan["resources"]:
            assert (path.parent / resource).exists(), f"{path}: {resource}"
        here = {one.name for one in path.parent.glob("*.yaml")} - {"kustomization.yaml", "secrets.example.yaml"}
        assert here <= set(plan["resources"]), here - set(plan["resources"])
    images = {image["name"] for image in yaml.safe_load((FOLDER / "base/kustomization.yaml").read_text())["images"]}
    used = {container["image"].split(":")[0] for pod in pods().values() for container in pod["containers"]}
    assert images == used == {f"voc/{name}" for name in re.findall(r"^FROM voc-base AS (\S+)", (ROOT / "deploy/Dockerfile").read_text(), re.M)}


def test_selectors_select_and_services_reach():
    deployments = of_kind("Deployment")
    assert deployments.keys() == set(OURS)
    for name, one in deployments.items():
        labels = one["spec"]["template"]["metadata"]["labels"]
        for chooser in (one["spec"]["selector"]["matchLabels"], of_kind("PodDisruptionBudget")[name]["spec"]["selector"]["matchLabels"], of_kind("Service")[name]["spec"]["selector"]):
            assert chooser.items() <= labels.items(), name
        assert of_kind("Service")[name]["spec"]["ports"][0]["targetPort"] in [port["name"] for port in one["spec"]["template"]["spec"]["containers"][0]["ports"]]
    for name, policy in of_kind("NetworkPolicy").items():
        chosen = policy["spec"]["podSelector"]["matchLabels"]
        assert any(chosen.items() <= one["spec"]["template"]["metadata"]["labels"].items() for one in deployments.values()), name
    for name, scaled in of_kind("ScaledObject").items():
        assert scaled["spec"]["scaleTargetRef"]["name"] in deployments and scaled["spec"]["maxReplicaCount"] == 24, name
    monitored = of_kind("ServiceMonitor")["voc"]["spec"]["selector"]["matchLabels"]
    assert all(monitored.items() <= service["metadata"]["labels"].items() for service in of_kind("Service").values())


def test_pods_may_do_next_to_nothing():
    for name, pod in pods().items():
        assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault", name
        assert pod["automountServiceAccountToken"] is False and pod["enableServiceLinks"] is False, name
        for container in pod["containers"]:
            assert container["securityContext"] == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}, name
            assert "memory" in container["resources"]["limits"] and container["resources"]["requests"].keys() == {"cpu", "memory"}, name
    assert of_kind("Namespace")["voc"]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_probes_and_stops_suit_the_services():
    for name, one in of_kind("Deployment").items():
        pod = one["spec"]["template"]["spec"]
        container = pod["containers"][0]
        assert container["livenessProbe"]["httpGet"]["path"] == container["startupProbe"]["httpGet"]["path"] == "/healthz", name
        assert container["readinessProbe"]["httpGet"]["path"] == "/readyz", name
        assert pod["terminationGracePeriodSeconds"] > 4, "less than VOC_SHUTDOWN"


def test_every_variable_is_in_the_table_and_no_secret_is_one():
    known = set(re.findall(r'"(VOC_[A-Z_]+)"', (ROOT / "common/conf/options.h").read_text()))
    used = set(of_kind("ConfigMap")["voc"]["data"])
    for pod in pods().values():
        for container in pod["containers"]:
            used |= {entry["name"] for entry in container.get("env", ())}
    assert used and {name.removesuffix("_FILE") for name in used} <= known, used
    secrets = {volume["secret"]["secretName"] for pod in pods().values() for volume in pod.get("volumes", ())}
    assert secrets == of_kind("Secret").keys(), "the example and what is mounted differ"
