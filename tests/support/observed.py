"""Every expression that the operators' files hold: Prometheus' rules and Grafana's dashboards."""
import json

import yaml
from stack import ROOT

RULES = ROOT / "deploy/observability/rules/voc.rules.yml"
DASHBOARDS = sorted((ROOT / "deploy/observability/grafana/dashboards").glob("*.json"))


def rules():
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def expressions():
    """[(where it stands, expression)]"""
    found = [(f"{RULES.name}: {rule.get('alert') or rule['record']}", rule["expr"]) for rule in rules()]
    for path in DASHBOARDS:
        for panel in json.loads(path.read_text())["panels"]:
            found += [(f"{path.name}: {panel['title']}", target["expr"]) for target in panel["targets"]]
    return found
