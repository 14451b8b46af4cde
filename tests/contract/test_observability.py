"""The operators' files, by promtool: the page's names, the rules and their tests, and that every expression, link and dashboard is about something there is."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import observed  # noqa: E402
import yaml  # noqa: E402
from stack import ROOT, wait_for  # noqa: E402

BIN = pathlib.Path(os.environ.get("VOC_BIN_DIR") or ROOT / "build/dev/bin")
OBSERVABILITY = ROOT / "deploy/observability"
TARGET_LABELS = {"job", "instance", "le", "severity"}


def promtool(*arguments, **options):
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def page(tmp_path):
    """The metrics page is the same in every program: the development broker needs nothing else to serve it."""
    with open(tmp_path / "log", "wb") as log:
        broker = subprocess.Popen([BIN / "voc-devbroker", "--http-addr=127.0.0.1:0"], stdout=subprocess.DEVNULL, stderr=log)
    try:
        port = wait_for(lambda: re.search(r'"listening".*?"port":(\d+)', (tmp_path / "log").read_text()), 30, "the page").group(1)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            return answer.read().decode()
    finally:
        broker.terminate()
        broker.wait(20)


def names_and_labels(text):
    """{metric name: {label name}} of a page."""
    found = {}
    for name, labels in re.findall(r"^([a-z_]+)(?:\{([^}]*)\})? ", text, re.M):
        found.setdefault(name, set()).update(re.findall(r'(\w+)="', labels))
    return found


def test_the_page_is_as_prometheus_wants_it(tmp_path):
    text = page(tmp_path)
    assert promtool("check", "metrics", input=text) == ""
    assert not re.findall(r'customer|partition="|id="|text="', "".join(re.findall(r"\{[^}]*\}", text))), "a label without bounds"
    assert len(text.splitlines()) < 2000


def test_every_metric_and_label_in_an_expression_is_on_the_page(tmp_path):
    known = names_and_labels(page(tmp_path))
    recorded = {rule["record"] for rule in observed.rules() if "record" in rule}
    for where, expression in observed.expressions():
        used = set(re.findall(r"\b(?:voc|process)_[a-z_]+", expression))
        assert used or "up{" in expression or recorded & set(re.findall(r"[\w:]+", expression)), where
        assert used <= known.keys(), f"{where}: {used - known.keys()}"
        allowed = TARGET_LABELS.union(*(known[name] for name in used))
        labels = set(re.findall(r'(\w+)\s*=~?"', expression)) | {name for group in re.findall(r"by \(([^)]*)\)", expression) for name in group.split(", ")}
        assert labels <= allowed, f"{where}: {labels - allowed}"


def test_rules_and_configuration_are_good(tmp_path):
    assert "FAILED" not in promtool("check", "rules", "--lint-fatal", observed.RULES)
    text = (OBSERVABILITY / "prometheus.yml").read_text().replace("/etc/prometheus/rules", str(observed.RULES.parent))
    (tmp_path / "prometheus.yml").write_text(text)
    promtool("check", "config", tmp_path / "prometheus.yml")
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    jobs = {job["job_name"] for job in yaml.safe_load(text)["scrape_configs"]}
    assert jobs == {name for name in compose if name.startswith("voc-")}


def test_every_alert_fires_as_its_test_says(tmp_path):
    shutil.copy(observed.RULES, tmp_path)
    test = ROOT / "tests/data/observability/rules.test.yml"
    shutil.copy(test, tmp_path)
    assert "SUCCESS" in promtool("test", "rules", "rules.test.yml", cwd=tmp_path)
    alerts = {rule["alert"] for rule in observed.rules() if "alert" in rule}
    tried = {one["alertname"] for case in yaml.safe_load(test.read_text())["tests"] for one in case["alert_rule_test"] if one["exp_alerts"]}
    assert alerts == tried, alerts ^ tried


def test_every_alert_has_its_page_in_the_runbook():
    sections = {title.lower() for title in re.findall(r"^## (\w+)$", (ROOT / "docs/RUNBOOK.md").read_text(), re.M)}
    alerts = [rule for rule in observed.rules() if "alert" in rule]
    for rule in alerts:
        page_name, anchor = rule["annotations"]["runbook_url"].split("#")
        assert page_name == "docs/RUNBOOK.md" and anchor == rule["alert"].lower() and anchor in sections, rule["alert"]
        assert rule["labels"]["severity"] in ("warning", "critical") and rule["annotations"]["summary"]
    assert sections == {rule["alert"].lower() for rule in alerts}, "a section about no alert"


def test_dashboards_are_whole():
    source = yaml.safe_load((OBSERVABILITY / "grafana/provisioning/datasources/prometheus.yml").read_text())["datasources"][0]["uid"]
    for path in observed.DASHBOARDS:
        board = json.loads(path.read_text())
        assert board["uid"] == path.stem and board["title"] and board["schemaVersion"] >= 39
        ids = [panel["id"] for panel in board["panels"]]
        assert len(ids) == len(set(ids))
        taken = set()
        for panel in board["panels"]:
            place = panel["gridPos"]
            cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
            assert not cells & taken and max(x for x, _ in cells) < 24, f"{path.name}: {panel['title']} lies on another"
            taken |= cells
            assert panel["datasource"]["uid"] == source and all(target["datasource"]["uid"] == source for target in panel["targets"])
            assert panel["fieldConfig"]["defaults"]["unit"] and len(panel["description"]) > 20, f"{path.name}: {panel['title']} says neither what it counts in nor what it tells"
            assert all(target["legendFormat"] for target in panel["targets"]), f"{path.name}: {panel['title']} has a line without a name"
            for section in re.findall(r"\bVoc[A-Z]\w+", panel["description"]):
                assert f"## {section}\n" in (ROOT / "docs/RUNBOOK.md").read_text(), f"{path.name}: the runbook has no {section}"
