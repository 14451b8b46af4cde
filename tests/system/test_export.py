"""What vocctl export writes is what an analytical database (DuckDB, the real one) makes of it: the index, computed again from the events, in SQL."""
import json
import subprocess

import corpus
import olap
from test_pipeline import send

# Once each, as the aggregator counts them: copies share their origin, duplicates their source and id.
EVENTS = """create table events as
    select * exclude (nth) from (
        select *, row_number() over (partition by source, id order by \"offset\") as nth from read_json_auto('{}', maximum_object_size=4194304))
    where nth = 1"""
BY = {"channel": "channel", "team": "team", "product": "product", "agent": "agent_id", "servqual": "nullif(servqual, 'none')", "factor": "unnest(factors)"}


def export(stack, what, path, *more):
    with open(path, "w", encoding="utf-8") as out:
        subprocess.run([stack.bin / "vocctl", "export", what, *more], env=stack.env(), stdout=out, check=True, timeout=120)
    return path


def test_duckdb_comes_to_the_same_index(stack, tmp_path):
    stack.start("classifier", 2)
    stack.start("aggregator", 2)
    stack.wait_ready()
    events = corpus.events(corpus.texts())
    send(stack, events)
    stack.wait_drained()
    first, last = (f(event["time"][:10] for event, _ in events) for f in (min, max))
    classified = export(stack, "classified", tmp_path / "classified.ndjson")
    index = export(stack, "index", tmp_path / "index.ndjson", "--from", first, "--to", last)
    assert not [line for line in classified.open(encoding="utf-8") if "evidence" in json.loads(line)], "no words go out"
    db = olap.duckdb().connect()
    db.execute(EVENTS.format(classified))
    db.execute(f"create table rows as select * from read_json_auto('{index}')")
    assert db.execute("select count(*) from events").fetchone() == (len({(event["source"], event["id"]) for event, _ in events}),)
    told = db.execute("select sum(n), sum(sum), sum(contacts), sum(complaints), sum(pairs), sum(perceived) from rows where dimension = 'all'").fetchone()
    made = db.execute("select count(score), sum(score), count(*), count(*) filter (feedback_type = 'complaint'), count(*) filter (rating + expected > 0), "
                      "sum(rating) filter (expected > 0) from events").fetchone()
    assert told == made and told[0] > 1000 and told[4] > 100
    for dimension, expression in BY.items():
        made = db.execute(f"with one as (select time, score, {expression} as name from events where score is not null) select left(time::varchar, 10) as day, "
                          "name, count(score), sum(score) from one where name is not null group by all order by all").fetchall()
        told = db.execute("select left(day::varchar, 10) as day, name, n, sum from rows where dimension = ? order by all", [dimension]).fetchall()
        assert made == told and made, dimension
    made = db.execute("select gap, count(*), count(*) filter (gap_strength = 'weak') from events where gap is not null group by all order by all").fetchall()
    assert made == db.execute("select name, sum(n), sum(weak) from rows where dimension = 'gap' group by all order by all").fetchall()
    assert len(made) == 5, "every gap is met with in real text"
    assert db.execute("select count(*) from rows where low > index or index > high").fetchone() == (0,)
