"""The bench's parts on a tiny set: that each runs and ends with figures, not how large they are."""
import importlib.util
import json
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BENCH = ROOT / "tests" / "bench"
TINY = ["--events", "2000", "--runs", "1", "--customers", "500", "--rates", "100", "--seconds", "4", "--instances", "1,2", "--partitions", "6"]


def bench(*arguments, **environment):
    programs = os.environ.get("VOC_BIN_DIR") or str(ROOT / "build" / "dev" / "bin")
    return subprocess.run([sys.executable, BENCH / "bench.py", *map(str, arguments)], env={**os.environ, "VOC_BIN_DIR": programs, **environment},
                          capture_output=True, text=True, timeout=300)


def measured(folder, *parts, more=()):
    done = bench(*parts, *TINY, *more, "--json", folder / "out.json", "--markdown", folder / "out.md")
    assert done.returncode == 0, done.stderr[-3000:]
    results = json.loads((folder / "out.json").read_text())
    assert set(results["parts"]) == set(parts)
    text = (folder / "out.md").read_text()
    assert text.strip() == done.stdout.strip() and all(f"## {part}" in text for part in parts)
    return {part: found["figures"] for part, found in results["parts"].items()}


def test_our_own_parts(tmp_path):
    figures = measured(tmp_path, "drain", "floors", "scaling", "hot", "customers", "latency", "backlog")
    drain = figures["drain"]
    assert drain["events"]["median"] == 2000 and drain["verified_customers"] > 1000
    assert all(drain["cpu_us"][name]["median"] > 0 for name in ("classifier", "aggregator", "together"))
    assert all(drain["disk"]["topics"][name] > 0 for name in ("calls", "web", "complaints", "classified", "dlq", "alerts")) and drain["alerts"]["median"] > 0
    floors = figures["floors"]
    assert all(floor["cpu_us"]["median"] > 0 for floor in floors.values()) and floors["redis_writes"]["commands_per_event"]["median"] > 1
    assert floors["parse_raw"]["bytes_per_record"]["median"] == floors["consume_raw"]["bytes_per_record"]["median"]
    assert figures["scaling"]["2"]["instances"]["median"] == 2 and figures["scaling"]["1"]["cpu_us"] == drain["cpu_us"]
    assert figures["customers"]["customers"] == 500 and figures["customers"]["redis_bytes_per_customer"] > 100
    ms = figures["latency"]["100"]["ms"]
    assert ms["samples"] > 0 and 0 < ms["p50"] <= ms["p99"] <= ms["max"]
    assert figures["backlog"]["backlog"] >= 1000


def test_other_rules_raise_other_alerts(tmp_path):
    """one-alert.json tells of a risk that rises, and of little else."""
    few = measured(tmp_path, "drain", more=["--rules-only", "--rules", BENCH / "one-alert.json"])["drain"]
    usual = measured(tmp_path, "drain", more=["--rules-only"])["drain"]
    assert 0 < few["alerts"]["median"] < usual["alerts"]["median"]


def test_the_peer_is_right_by_its_oracle(tmp_path):
    drains = measured(tmp_path, "peer", more=["--seconds", "0"])["peer"]["drains"]
    assert {name: found["checked"] for name, found in drains.items()} == {"at least once": "oracle", "exactly once": "oracle"}
    assert all(found["alerts"]["median"] > 0 for found in drains.values())


@pytest.fixture
def peers_oracle(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCH / "peers"))
    spec = importlib.util.spec_from_file_location("peers_oracle", BENCH / "peers/oracle.py")  # `oracle` is the services' own
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_peers_oracle_sees_what_is_wrong(peers_oracle, tmp_path):
    (tmp_path / "lexicon.tsv").write_text("feedback_type\tcomplaint\t3\tlate\nsatisfaction\tdissatisfied\t2\tbad\nfactors\temotion\t1\tupset\n")
    data = {"customer_id": "C-1", "lang": "en", "channel": "mail", "text": "LATE, and bad", "rating": 1}
    event = {"specversion": "1.0", "id": "e1", "source": "/s", "type": "voc.web", "time": "2026-11-21T00:00:00Z", "data": data}
    raw = [json.dumps(event).encode(), b"{"]
    expected = peers_oracle.Expected(raw, peers_oracle.Lexicon(tmp_path / "lexicon.tsv"))
    good = {"customer_id": "C-1", "kind": "voc.web", "lang": "en", "channel": "mail", "product": None, "feedback_type": "complaint", "feedback_type_weight": 3,
            "satisfaction": "dissatisfied", "satisfaction_weight": 2, "factor": "none", "factor_weight": 0, "points": 55, "rating": 1}
    redis = {"C-1": {"events": "1", "last": "1795219200000", "score": "55.0", "type:complaint": "1", "satisfaction:dissatisfied": "1", "factor:none": "1",
                     "kind:voc.web": "1"}}

    def compare(data, dead, customers):
        return peers_oracle.compare(expected, [json.dumps({"id": "e1", "data": data})], dead, customers)
    assert compare(good, ["bad_json"], redis) == []
    assert len(compare({**good, "points": 54}, ["bad_json"], redis)) == 1
    assert len(compare(good, ["bad_type"], redis)) == 1
    assert len(compare(good, ["bad_json"], {"C-1": {**redis["C-1"], "score": "55.1"}})) == 1
    assert len(compare(good, ["bad_json"], {})) == 1


def test_what_is_missing_or_wrong_is_said(tmp_path):
    done = bench("drain", VOC_BIN_DIR=str(tmp_path))
    assert done.returncode == 1 and f"{tmp_path}/voc-classifier: build it" in done.stderr
    done = bench("drian")
    assert done.returncode == 2 and "no such part: drian" in done.stderr
    for option in ("--records", "--rules"):
        done = bench("drain", option, tmp_path / "none")
        assert done.returncode == 2 and f"{option}: there is no file" in done.stderr


def test_tables_go_between_their_marks(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(BENCH))
    import report
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- bench:backlog -->\nold\n<!-- /bench:backlog -->\nafter\n")
    part = {"figures": {"backlog": 10, "live_rate": 5, "seconds": 2.0, "events_per_s": 7.0}, "machine": {"cpu": "c", "cores": 2, "memory_gb": 1, "load1": 0},
            "date": "d", "quick": False}
    report.write(page, {"parts": {"backlog": part}})
    text = page.read_text()
    assert text.startswith("before\n<!-- bench:backlog -->\n") and text.endswith("<!-- /bench:backlog -->\nafter\n")
    assert "old" not in text and "up to date 2.0 s" in text


def test_the_documents_tables_are_those_of_the_committed_figures(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(BENCH))
    import report
    committed = (ROOT / "docs" / "PERFORMANCE.md").read_text()
    (tmp_path / "page.md").write_text(committed)
    report.write(tmp_path / "page.md", json.loads((BENCH / "results.json").read_text()))
    assert (tmp_path / "page.md").read_text() == committed, "run tests/bench/report.py tests/bench/results.json docs/PERFORMANCE.md"


def test_anothers_lines_stand_beside_ours(tmp_path):
    part = {"machine": {"cpu": "c", "cores": 2, "memory_gb": 1, "load1": 0}, "date": "d", "quick": False}
    drain = {"cpu_us": {"classifier": 7.0, "aggregator": 3.0, "together": 10.0}, "events_per_s": 50_000, "peak_rss_mb": {"together": 60}, "first_output_s": 0.2}
    rates = {"500": {"ms": {"p50": 5, "p95": 9, "p99": 11, "max": 12, "samples": 100}, "cpu_percent_of_a_core": 9}}
    (tmp_path / "ours.json").write_text(json.dumps({"parts": {"drain": {**part, "figures": drain}, "latency": {**part, "figures": rates}}}))
    by_rules = {**drain, "cpu_us": {"classifier": 4.0, "aggregator": 2.0, "together": 8.0}}
    (tmp_path / "rules.json").write_text(json.dumps({"parts": {"drain": {**part, "figures": by_rules}}}))
    run = {"kind": "drain", "peer": "x", "label": "once", "cpu_us_per_event": 40.0, "eps": 10_000, "peak_rss_mb": 900, "startup_s": 2.0}
    wrong = {"classified": {"missing": 1, "wrong": 0, "duplicates": 2}, "redis": {"wrong_customers": 1}}
    slow = {"kind": "latency", "peer": "x", "label": "once", "rate": 500, "samples": 9, "ms": {"p50": 1, "p95": 2, "p99": 30, "max": 40},
            "cpu_pct_of_one_core": 50}
    good = {"classified": {"missing": 0, "wrong": 0, "duplicates": 0}, "redis": {"wrong_customers": 0}}
    lines = [{**run, "check": good}, {**run, "peer": "y", "check": wrong},
             {**run, "peer": "z", "failed": True}, slow, {**slow, "ms": {"p50": 1, "p95": 2, "p99": 3, "max": 4}}]
    (tmp_path / "lines.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    files = [tmp_path / name for name in ("r.json", "ours.json", "rules.json", "lines.jsonl")]
    done = subprocess.run([sys.executable, BENCH / "others.py", *files], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "r.json").read_text())["parts"]["others"]["figures"]
    assert {name: found["checked"] for name, found in figures["drains"].items()} == {
        "voc": "vocctl verify", "voc, rules only": "vocctl verify", "x once": "its oracle", "y once": "4 wrong"}
    assert figures["latency"]["x once"]["500"]["p99"] == 3
    assert "| x once | 40.0 | 0.20 | 0.25 | 10,000 | 900 |" in done.stdout
    assert "| of it classify | at most 3.5 / 9 | 4.00: missed, 1.1 times | 7.00: met | – |" in done.stdout
