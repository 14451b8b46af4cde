#!/usr/bin/env python3
"""The bench's figures as Markdown: report.py RESULTS.json [FILE]. A FILE that has marks gets each part's tables between its own."""
import json
import math
import pathlib
import re
import sys

SERVICES = ("classifier", "aggregator", "alerter")


def mid(value):
    """The median of a spread, or the number itself."""
    return value["median"] if isinstance(value, dict) else value


def show(value, digits=1):
    """A spread as `median (least–most)`, if there was more than one run."""
    if value is None:
        return "–"
    if not isinstance(value, dict):
        return f"{value:,.{digits}f}"
    text = f"{value['median']:,.{digits}f}"
    return text if value["runs"] == 1 else f"{text} ({value['min']:,.{digits}f}–{value['max']:,.{digits}f})"


def table(head, rows):
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *("| " + " | ".join(map(str, row)) + " |" for row in rows)])


def megabytes(number):
    return f"{number / 2**20:,.1f} MB"


def drain(part, _):
    f = part["figures"]
    rows = [[name, show(f["cpu_us"][name], 2), show(f["peak_rss_mb"][name], 0)] for name in (*SERVICES, "together")]
    rows += [[name, show(f["beside_cpu_us"][name], 2), ""] for name in ("broker", "redis")]
    disk = f["disk"]
    text = (f"{mid(f['events']):,.0f} events, one instance of each service: **{show(f['events_per_s'], 0)} events/s** from the first output to the "
            f"last webhook; first output {show(f['first_output_s'], 2)} s after the start; {show(f['alerts'], 0)} alerts, "
            f"{show(f['dead_letters'], 0)} dead letters; {f['verified_customers']:,} customers in Redis, which `vocctl verify` finds equal to the log.\n\n")
    text += table(["", "CPU µs per event", "peak memory, MB"], rows)
    text += "\n\nOn disk: " + ", ".join(f"{name} {megabytes(size)}" for name, size in disk["topics"].items() if size)
    return text + "; programs " + ", ".join(f"{name} {size / 1024:,.0f} kB" for name, size in disk["programs"].items()) + "."


def times(value, floor):
    return f"{mid(value) / mid(floor):.1f}" if mid(floor) else "–"


def floors(part, parts):
    f, rows = part["figures"], []
    names = {"consume_raw": "librdkafka reads the raw topics, throws away", "parse_raw": "jansson parses the raw records", "produce_classified":
             "librdkafka produces as many and as large as voc.classified", "consume_classified": "librdkafka reads voc.classified, throws away",
             "consume_alerts": "librdkafka reads voc.alerts, throws away"}
    for name, what in names.items():
        rows.append([what, show(f[name]["cpu_us"], 2), show(f[name]["bytes_per_record"], 0), show(f[name]["per_s"], 0)])
    redis = f["redis_writes"]
    what = f"Redis, the same {mid(redis['commands_per_event']):.1f} writes an event, pipelined (CPU of Redis)"
    rows.append([what, show(redis["cpu_us"], 2), "", show(redis["events_per_s"], 0)])
    text = table(["floor", "CPU µs per record", "bytes per record", "records/s"], rows)
    if "drain" in parts:
        text += "\n\n" + multiples(parts["drain"]["figures"], f)
    return text


def multiples(d, f):
    """Each stage beside what it can't go below."""
    wire = mid(f["consume_raw"]["cpu_us"]) + mid(f["produce_classified"]["cpu_us"])
    rows = [["classifier", show(d["cpu_us"]["classifier"], 2), f"read raw + produce classified: {wire:.2f}", times(d["cpu_us"]["classifier"], wire)],
            ["classifier", show(d["cpu_us"]["classifier"], 2), f"the same + jansson's parse: {wire + mid(f['parse_raw']['cpu_us']):.2f}",
             times(d["cpu_us"]["classifier"], wire + mid(f["parse_raw"]["cpu_us"]))],
            ["aggregator", show(d["cpu_us"]["aggregator"], 2), f"read classified: {mid(f['consume_classified']['cpu_us']):.2f}",
             times(d["cpu_us"]["aggregator"], f["consume_classified"]["cpu_us"])],
            ["Redis", show(d["beside_cpu_us"]["redis"], 2), f"the same writes, pipelined: {mid(f['redis_writes']['cpu_us']):.2f}",
             times(d["beside_cpu_us"]["redis"], f["redis_writes"]["cpu_us"])]]
    return table(["stage", "CPU µs per event", "its floor", "times the floor"], rows)


def scaling(part, _):
    rows = [[count, show(f["events_per_s"], 0), show(f["cpu_us"]["together"], 2), show(f["beside_cpu_us"]["broker"], 2), show(f["beside_cpu_us"]["redis"], 2),
             show(f["peak_rss_mb"]["together"], 0)] for count, f in part["figures"].items()]
    return table(["instances", "events/s", "CPU µs per event, services", "broker", "Redis", "memory, MB"], rows)


def hot(part, _):
    f = part["figures"]
    return (f"{mid(f['events']):,.0f} events, all of one customer: {show(f['events_per_s'], 0)} events/s; CPU µs per event: " +
            ", ".join(f"{name} {show(f['cpu_us'][name], 2)}" for name in SERVICES) + f", Redis {show(f['beside_cpu_us']['redis'], 2)}.")


def customers(part, _):
    f = part["figures"]
    return (f"{f['customers']:,} customers, {f['events']:,} events: {f['redis_bytes_per_customer']:,.0f} bytes of Redis' memory a customer "
            f"({f['redis_mb']:,.0f} MB in all, of it {f['rollup_mb']:,.0f} MB in {f['rollup_keys']:,} rollups); {f['events_per_s']:,.0f} events/s with nearly "
            f"every event a customer new to the aggregator; CPU µs per event: aggregator {f['cpu_us']['aggregator']:.2f}, "
            f"Redis {f['beside_cpu_us']['redis']:.2f}; "
            f"peak memory of the aggregator {f['peak_rss_mb']['aggregator']:.0f} MB.")


def latency(part, _):
    return latency_table({"voc": part["figures"]})


def latency_table(runs):
    rows = []
    for who, rates in runs.items():
        for rate, f in rates.items():
            ms = f["ms"]
            rows.append([who, f"{int(rate):,}", *(show(ms[p]) for p in ("p50", "p95", "p99", "max")), ms["samples"], show(f["cpu_percent_of_a_core"], 0),
                         f"{f['rate_reached']:,}", f["sent_late"]])
    return table(["", "events/s", "p50 ms", "p95", "p99", "max", "alerts", "CPU, % of a core", "rate reached", "sent over 5 ms late"], rows)


def backlog(part, _):
    f = part["figures"]
    return (f"{f['backlog']:,} events waiting, {f['live_rate']:,}/s more coming: up to date {f['seconds']:.1f} s after the start of the services "
            f"({f['events_per_s']:,.0f} events/s).")


def peer(part, parts):
    f, rows = part["figures"], []
    runs = dict(f["drains"])
    ours = parts.get("drain", {}).get("figures")
    for name, d in ([("voc (exactly once)", ours)] if ours else []) + [(f"Kafka Streams, {name}", d) for name, d in runs.items()]:
        ratio = f"{mid(ours['cpu_us']['together']) / mid(d['cpu_us']['together']):.2f}" if ours else "–"
        rows.append([name, show(d["cpu_us"]["together"], 1), show(d["cpu_us_with_start"], 1), ratio, show(d["events_per_s"], 0),
                     show(d["peak_rss_mb"]["together"], 0), show(d["first_output_s"], 2), show(d["beside_cpu_us"]["broker"], 1),
                     show(d["beside_cpu_us"]["redis"], 1), show(d["alerts"], 0), d.get("checked", "vocctl verify")])
    text = table(["", "CPU µs per event", "with its start", "ours : its", "events/s", "memory, MB", "first output, s", "broker µs", "Redis µs", "alerts",
                  "checked by"], rows)
    if f.get("latency"):
        text += "\n\n" + latency_table({f"Kafka Streams, {name}": rates for name, rates in f["latency"].items()})
    return text + f"\n\nIts jars: {megabytes(f['jar_bytes'])}, and a JVM."


RULES_ONLY = "voc, rules only"


def others(part, _):
    drains, latency = part["figures"]["drains"], part["figures"]["latency"]
    full, rules = drains["voc"], drains[RULES_ONLY]
    rows = [[name, show(d["cpu_us"], 1), f"{mid(rules['cpu_us']) / mid(d['cpu_us']):.2f}", f"{mid(full['cpu_us']) / mid(d['cpu_us']):.2f}",
             show(d["events_per_s"], 0), show(d["peak_rss_mb"], 0), show(d["first_output_s"], 2), d["checked"]]
            for name, d in drains.items()]
    text = table(["", "CPU µs per event", "ours, rules only : its", "ours : its", "events/s", "memory, MB", "first output, s", "checked by"], rows)
    if any(latency.values()):
        rows = [[name, f"{int(rate):,}", *(show(ms[p]) for p in ("p50", "p95", "p99", "max")), ms["samples"], show(ms["cpu_percent_of_a_core"], 0)]
                for name, rates in latency.items() for rate, ms in rates.items()]
        text += "\n\n" + table(["", "events/s", "p50 ms", "p95", "p99", "max", "alerts", "CPU, % of a core"], rows)
    return text


def of_drain(drain):
    """What the aims are about, in their order, of a drain as others.py or parts.py tells it."""
    if "of_it" in drain:
        together, of_it, memory = drain["cpu_us"], drain["of_it"], drain["peak_rss_mb"]
    else:
        together, of_it, memory = drain["cpu_us"]["together"], drain["cpu_us"], drain["peak_rss_mb"]["together"]
    return [mid(value) for value in (together, of_it["classifier"], of_it["aggregator"], drain["events_per_s"], memory, drain["first_output_s"])]


def verdict(bound, aim, found):
    ratio = aim / found if bound == "at least" else found / aim
    return "met" if ratio <= 1 else f"missed, {ratio:.1f} times"


AIMS = (("CPU µs per event, all services", "at most", 7, 13), ("of it classify", "at most", 3.5, 9), ("of it aggregate", "at most", 3, 3),
        ("events/s through all stages", "at least", 160_000, 90_000), ("peak memory of all services, MB", "at most", 60, 60),
        ("first output after the start, s", "at most", 0.2, 0.2))
RATIOS = (("kstreams at least once", 0.13), ("rust at least once", 0.75))  # of rules alone
LATENCY = (("500", "p50", 5), ("500", "p99", 15), ("2000", "p50", 5), ("2000", "p99", 20))


def aims(_, parts):
    """What was aimed at, by rules alone and with the model; what is measured on the peers' records, and on our own with the model."""
    f, own = parts["others"]["figures"], parts.get("drain")
    drains, theirs = f["drains"], f["latency"].get("voc", {})
    mine = {rate: found["ms"] for rate, found in parts.get("latency", {}).get("figures", {}).items()}

    def cell(bound, aim, found):
        return "–" if found is None else f"{found:,.{0 if found >= 100 else 2}f}: {verdict(bound, aim, found)}"
    there_is = of_drain(own["figures"]) if own else [None] * len(AIMS)
    rows = [[what, f"{bound} {by_rules:,} / {full:,}", cell(bound, by_rules, rules_found), cell(bound, full, found), cell(bound, full, here)]
            for (what, bound, by_rules, full), rules_found, found, here
            in zip(AIMS, of_drain(drains[RULES_ONLY]), of_drain(drains["voc"]), there_is)]
    for name, aim in RATIOS:
        if name in drains:
            part = mid(drains[RULES_ONLY]["cpu_us"]) / mid(drains[name]["cpu_us"])
            rows.append([f"CPU, as a part of {name}", f"at most {aim} / –", cell("at most", aim, part), "–", "–"])
    rows += [[f"produce to webhook at {int(rate):,}/s, {p} ms", f"at most {aim}", "–", cell("at most", aim, theirs.get(rate, {}).get(p)),
              cell("at most", aim, mine.get(rate, {}).get(p))] for rate, p, aim in LATENCY]
    return table(["", "aim, rules only / model", "rules only, the peers' records", "model, the peers' records", "model, the generator's"], rows)


RATES = (10_000, 100_000, 1_000_000, 10_000_000)
MOST_USED = 0.6  # of a core
STEP = 24  # partitions


def capacity(_, parts):
    """What each rate takes, from the figures of the other parts."""
    d, floor = parts["drain"]["figures"], parts["floors"]["figures"]
    cost = {**{name: mid(d["cpu_us"][name]) for name in SERVICES}, **{name: mid(d["beside_cpu_us"][name]) for name in ("broker", "redis")}}
    raw, classified = (mid(floor[name]["bytes_per_record"]) for name in ("consume_raw", "consume_classified"))
    one_partition = mid(parts["hot"]["figures"]["events_per_s"])
    rows = []
    for rate in RATES:
        cores = {name: rate * us / 1e6 / MOST_USED for name, us in cost.items()}
        instances = {name: math.ceil(cores[name]) for name in ("classifier", "aggregator")}
        partitions = max(2 * max(instances.values()), rate / (MOST_USED * one_partition / 2))
        wire = rate * 2 * (raw + classified) / 2**20
        disk = rate * 86_400 * (raw + classified) / 2**40
        rows.append([f"{rate:,}", *(f"{cores[name]:,.1f}" for name in SERVICES), f"{instances['classifier']:,} + {instances['aggregator']:,}",
                     f"{math.ceil(partitions / STEP) * STEP:,}", f"{cores['broker']:,.1f}", f"{math.ceil(cores['redis']):,}", f"{wire:,.0f}", f"{disk:,.1f}"])
    text = table(["events/s", "classifier, cores", "aggregator, cores", "alerter, cores", "instances", "partitions", "broker, cores", "Redis shards",
                  "brokers' network, MB/s", "disk a day and replica, TB"], rows)
    inputs = ", ".join(f"{name} {us:.2f}" for name, us in cost.items())
    text += (f"\n\nInputs: CPU µs per event: {inputs}; {raw:.0f} bytes a raw record, {classified:.0f} a classified one; "
             f"{one_partition:,.0f} events/s through one partition")
    if "customers" in parts:
        text += f"; {parts['customers']['figures']['redis_bytes_per_customer']:,.0f} bytes a customer in Redis"
    return text + "."


TABLES = {"drain": drain, "floors": floors, "peer": peer, "others": others, "scaling": scaling, "hot": hot, "customers": customers, "latency": latency,
          "backlog": backlog, "capacity": capacity, "aims": aims}
NEEDS = {"capacity": ("drain", "floors", "hot"), "aims": ("others",)}  # those that are made of other parts' figures


def there(parts):
    """The tables that can be made of these parts."""
    return [name for name in TABLES if all(needed in parts for needed in NEEDS.get(name, (name,)))]


def part_text(name, parts):
    if name in NEEDS:
        return TABLES[name](None, parts)
    part = parts[name]
    here = part["machine"]
    head = f"{part['date']} UTC, {here['cores']} cores ({here['cpu']}), {here['memory_gb']} GB, load {here['load1']} at its start"
    return f"*{head}{', --quick' if part['quick'] else ''}{', ' + part['note'] if part.get('note') else ''}.*\n\n{TABLES[name](part, parts)}"


def tables(results):
    parts = results["parts"]
    return "\n\n".join(f"## {name}\n{part_text(name, parts)}" for name in there(parts))


def write(path, results):
    path, parts = pathlib.Path(path), results["parts"]
    text = path.read_text() if path.exists() else ""
    if "<!-- bench:" not in text:
        path.write_text(tables(results) + "\n")
        return
    for name in there(parts):
        text = re.sub(rf"(<!-- bench:{name} -->\n).*?(<!-- /bench:{name} -->)", lambda m, n=name: f"{m[1]}{part_text(n, parts)}\n{m[2]}", text, flags=re.S)
    path.write_text(text)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    read = json.loads(pathlib.Path(sys.argv[1]).read_text())
    write(sys.argv[2], read) if len(sys.argv) == 3 else print(tables(read))
