"""The schemas themselves: valid, true to the C tables, and true to their examples; and the AsyncAPI document over them."""
import json
import os
import pathlib
import re
import subprocess

import jsonschema
import pytest
import referee
import yaml

SCHEMAS = referee.ROOT / "schemas"
BIN = pathlib.Path(os.environ.get("VOC_BIN_DIR", referee.ROOT / "build/dev/bin"))
DRIVER = BIN.parent / "tests/voc-decode-driver"
# What only the raw event's referee can see, since no schema can say it.
BEYOND = {"bad_json", "duplicate_key", "bad_utf8", "nul_character", "empty_record", "too_deep", "bad_time"}


def examples(kind):
    return sorted(path for path in SCHEMAS.glob(f"examples/*/{kind}/*.json") if path.parts[-3] != "raw-event")


def name_of(path):
    return f"{path.parts[-3]}/{path.stem}"


@pytest.mark.parametrize("name", sorted(referee.SCHEMAS))
def test_a_schema_is_one(name):
    jsonschema.Draft202012Validator.check_schema(referee.SCHEMAS[name])
    assert referee.SCHEMAS[name]["$id"] == name


@pytest.mark.parametrize("path", examples("valid"), ids=name_of)
def test_valid_examples(path):
    referee.validator(f"{path.parts[-3]}.schema.json").validate(referee.load(path.read_bytes()))


@pytest.mark.parametrize("path", examples("invalid"), ids=name_of)
def test_invalid_examples(path):
    reason = path.stem.split(".")[0]
    try:
        value = referee.load(path.read_bytes())
    except referee.Refused as refused:
        assert str(refused) == reason
        return
    assert reason not in BEYOND - {"bad_time"}, "the referee did not see it"
    assert not referee.validator(f"{path.parts[-3]}.schema.json").is_valid(value)


def test_every_schema_has_examples():
    for name in referee.SCHEMAS:
        for kind in ("valid", "invalid"):
            assert list(SCHEMAS.glob(f"examples/{name.split('.')[0]}/{kind}/*.json")), f"{name}: no {kind} examples"


def test_the_names_are_those_of_the_c_tables():
    tables = json.loads(subprocess.run([DRIVER, "tables"], capture_output=True, check=True).stdout)
    raw, classified, alert, dead = (referee.SCHEMAS[f"{name}.schema.json"] for name in ("raw-event", "classified", "alert", "dead-letter"))
    assert raw["properties"]["type"]["enum"] == tables["event_types"]
    definitions = classified["$defs"]
    for name, table in (("feedback_type", "feedback_types"), ("satisfaction", "satisfactions"), ("trend", "trends"), ("factor", "factors"), ("servqual", "servquals"), ("head", "heads"),
                        ("channel", "channels")):
        assert definitions[name]["enum"] == tables[table], name
    assert definitions["data"]["properties"]["confidence"]["required"] == tables["heads"]
    assert alert["$defs"]["rule"]["enum"] == tables["rules"]
    assert alert["$defs"]["severity"]["enum"] == [name for name in tables["severities"] if name != "none"]
    # The records' reasons stand first in the table; those of services follow.
    reasons = dead["$defs"]["reason"]["enum"]
    assert reasons == tables["reasons"][1:1 + len(reasons)] and tables["reasons"][1 + len(reasons)] == "config"


def test_facts_have_the_fields_of_the_c_tables():
    tables = json.loads(subprocess.run([DRIVER, "tables"], capture_output=True, check=True).stdout)
    assert tables["fact_types"] == ["voc.profile", "voc.order", "voc.followup"]
    for kind in ("profile", "order", "followup"):
        schema = referee.SCHEMAS[f"{kind}.schema.json"]
        assert schema["properties"]["type"]["const"] == f"voc.{kind}"
        assert list(schema["$defs"]["data"]["properties"]) == ["customer_id", *tables[kind]], kind
    assert referee.SCHEMAS["profile.schema.json"]["$defs"]["data"]["properties"]["stage"]["enum"] == [*tables["stages"][1:], None]
    assert referee.SCHEMAS["order.schema.json"]["$defs"]["data"]["properties"]["status"]["enum"] == tables["order_statuses"]


def test_the_limits_are_those_of_the_c_header():
    header = (referee.ROOT / "common/core/record/event.h").read_text()
    json_header = (referee.ROOT / "common/base/json_read.h").read_text()
    limit = {name: re.search(rf"#define {name}\s+(?:INT64_C)?\(*([0-9 *]+)", header + json_header)[1] for name in (
        "VOC_EVENT_MAX_BYTES", "VOC_EVENT_MAX_DEPTH", "VOC_TEXT_MAX_CHARS", "VOC_TURNS_MAX", "VOC_ID_MAX_CHARS", "VOC_CUSTOMER_MAX_CHARS", "VOC_NAME_MAX_CHARS",
        "VOC_EXTENSIONS_MAX", "VOC_EARLIEST_MS", "VOC_LATEST_MS", "VOC_FUTURE_TOLERANCE_MS", "VOC_JSON_MAX_MEMBERS")}
    limit = {name: eval(text, {}) for name, text in limit.items()}  # a product of numbers
    raw = referee.SCHEMAS["raw-event.schema.json"]
    data = raw["$defs"]["data"]["properties"]
    assert raw["properties"]["id"]["maxLength"] == raw["properties"]["source"]["maxLength"] == limit["VOC_ID_MAX_CHARS"]
    assert data["customer_id"]["maxLength"] == limit["VOC_CUSTOMER_MAX_CHARS"]
    assert data["text"]["maxLength"] == limit["VOC_TEXT_MAX_CHARS"] == referee.MAX_TEXT
    assert data["transcript"]["maxItems"] == limit["VOC_TURNS_MAX"]
    assert raw["$defs"]["name"]["maxLength"] == limit["VOC_NAME_MAX_CHARS"]
    assert referee.MAX_BYTES == limit["VOC_EVENT_MAX_BYTES"] and referee.MAX_DEPTH == limit["VOC_EVENT_MAX_DEPTH"]
    assert referee.MAX_MEMBERS == limit["VOC_JSON_MAX_MEMBERS"] and referee.MAX_EXTENSIONS == limit["VOC_EXTENSIONS_MAX"]
    assert (referee.EARLIEST_MS, referee.LATEST_MS, referee.TOLERANCE_MS) == (
        limit["VOC_EARLIEST_MS"], limit["VOC_LATEST_MS"], limit["VOC_FUTURE_TOLERANCE_MS"])


def test_a_rules_file_is_what_its_schema_says():
    record = json.loads((SCHEMAS / "examples/rules/valid/default.json").read_text())
    record["data"]["rules"] = json.loads((referee.ROOT / "deploy/rules.json").read_text())
    referee.validator("rules.schema.json").validate(record)
    rules = referee.SCHEMAS["rules.schema.json"]["$defs"]["rules"]["properties"]
    tables = json.loads(subprocess.run([DRIVER, "tables"], capture_output=True, check=True).stdout)
    assert list(rules["follow_up"]["properties"]) == tables["rules"]
    assert list(rules["cooldown_hours"]["properties"]) == tables["rules"][:5], "the others are told once"
    assert list(rules["weights"]["properties"]) == tables["weights"]


def resolve(document, reference):
    file, _, pointer = reference.partition("#")
    target = document if not file else referee.SCHEMAS[file]
    for part in filter(None, pointer.split("/")):
        target = target[part.replace("~1", "/").replace("~0", "~")]
    return target


def references(node):
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for each in node.values():
            yield from references(each)
    elif isinstance(node, list):
        for each in node:
            yield from references(each)


def test_asyncapi():
    document = yaml.safe_load((SCHEMAS / "asyncapi.yaml").read_text())
    assert document["asyncapi"] == "3.0.0"
    found = list(references(document))
    assert found and all(resolve(document, reference) is not None for reference in found)
    tables = json.loads(subprocess.run([DRIVER, "tables"], capture_output=True, check=True).stdout)
    addresses = {channel["address"] for channel in document["channels"].values()}
    assert addresses == {f"voc.{topic}" for topic in (*tables["topics"], "profiles", "orders", "followups", "classified", "alerts", "dlq", "corrections", "forgotten")}
    for operation in document["operations"].values():
        assert operation["action"] in ("send", "receive") and resolve(document, operation["channel"]["$ref"])
    payloads = {message["payload"].get("$ref", "").split("#")[0] for message in document["components"]["messages"].values()}
    headers = {message.get("headers", {}).get("$ref") for message in document["components"]["messages"].values()}
    assert set(referee.SCHEMAS) <= payloads | headers
