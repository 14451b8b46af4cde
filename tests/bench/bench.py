"""The bench: what the pipeline costs and how fast it is, beside its floors and its peers, on a real Kafka and a real Redis. See docs/PERFORMANCE.md.

parts (all of them if none is named):
  drain      1,000,000 loaded events through all stages: events/s, CPU per event of each service, memory, start, bytes on disk
  latency    from the scheduled moment of sending to the webhook, at each of the rates
  floors     the same records through librdkafka and jansson alone, the same writes into Redis, pipelined
  scaling    the drain by 1, 2 and 4 instances of classifier and aggregator
  hot        the drain when one customer sends everything
  customers  1,000,000 customers: bytes in Redis for each
  backlog    how long a backlog takes while new events keep coming
  peer       the job as a Kafka Streams program (tests/bench/peers/kstreams), at least once and exactly once, on the same topics, and its latency
"""
import argparse
import json
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

PARTS = ("drain", "latency", "floors", "scaling", "hot", "customers", "backlog", "peer")  # in this order: the first are not held up by the longest
NEEDED = {"java": "openjdk-17-jdk-headless", "mvn": "maven", "redis-server": "redis-server", "cc": "gcc", "pkg-config": "pkg-config"}


def arguments():
    parser = argparse.ArgumentParser(prog="tests/bench/run.sh", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", nargs="*", metavar="PART", help="which parts; all of them if none is named")
    parser.add_argument("--quick", action="store_true", help="about two minutes: 100,000 events, one run, 20,000 customers, short latency runs")
    parser.add_argument("--events", type=int, help="events of the drain [1000000; quick: 100000]")
    parser.add_argument("--runs", type=int, help="runs of each drain, after one that warms up [3; quick: 1]")
    parser.add_argument("--customers", type=int, help="customers of the part of that name [1000000; quick: 20000]")
    parser.add_argument("--rates", help="events/s of the latency runs, comma separated [500,2000,10000; quick: 500,2000]")
    parser.add_argument("--seconds", type=float, help="how long each latency run sends; 0: the peer gets none [30; quick: 8]")
    parser.add_argument("--instances", default="1,2,4", help="for scaling [1,2,4]")
    parser.add_argument("--partitions", type=int, default=24, help="of each topic [24]")
    parser.add_argument("--rules-only", action="store_true", help="the classifier without its model (VOC_MODEL=off); the note beside the figures says so")
    parser.add_argument("--rules", metavar="FILE", type=pathlib.Path, help="the aggregator's rules, instead of deploy/rules.json")
    parser.add_argument("--note", default="", help="a few words that stand beside the figures")
    parser.add_argument("--records", metavar="FILE", type=pathlib.Path,
                        help="instead of the generator's events, for drain, floors, scaling, peer and latency: 'topic TAB key TAB value' lines")
    parser.add_argument("--json", metavar="FILE", type=pathlib.Path, help="writes the figures there; the parts that were not run now stay as they are in it")
    parser.add_argument("--markdown", metavar="FILE", type=pathlib.Path,
                        help="writes the tables there: between the marks <!-- bench:PART --> of an existing file, else as a new one")
    options = parser.parse_args()
    if unknown := [part for part in options.part if part not in PARTS]:
        parser.error(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    if options.records and not options.records.is_file():
        parser.error(f"--records: there is no file {options.records}")
    if options.rules and not options.rules.is_file():
        parser.error(f"--rules: there is no file {options.rules}")
    quick = {True: (100_000, 1, 20_000, "500,2000", 8.0), False: (1_000_000, 3, 1_000_000, "500,2000,10000", 30.0)}[options.quick]
    for name, value in zip(("events", "runs", "customers", "rates", "seconds"), quick):
        if getattr(options, name) is None:
            setattr(options, name, value)
    if options.rules_only:
        options.note = " ".join(filter(None, (options.note, "by the phrase rules alone")))
    try:
        options.rates = [int(rate) for rate in options.rates.split(",")]
        options.instances = [int(count) for count in options.instances.split(",")]
    except ValueError:
        parser.error("--rates and --instances are whole numbers with commas between them")
    options.part = [part for part in PARTS if part in options.part] or list(PARTS)
    return options


def check_needs(parts):
    """Ends the program with what is missing, before anything is started."""
    missing = [f"{program} (Debian: {package})" for program, package in NEEDED.items() if not shutil.which(program)]
    if "peer" in parts and not shutil.which("javac"):
        missing.append("javac (Debian: openjdk-17-jdk-headless)")
    for module in ("confluent_kafka", "redis"):
        try:
            __import__(module)
        except ImportError:
            missing.append(f"the Python module {module} (Debian: python3-{module.replace('_', '-')})")
    programs = pathlib.Path(os.environ.get("VOC_BIN_DIR") or HERE.parents[1] / "build/release/bin")
    missing += [f"{programs / name}: build it, or set VOC_BIN_DIR" for name in ("voc-classifier", "voc-aggregator", "voc-alerter", "vocctl")
                if not os.access(programs / name, os.X_OK)]
    if missing:
        sys.exit("bench: missing:\n  " + "\n  ".join(missing))
    os.environ["VOC_BIN_DIR"] = str(programs)


class Bench:
    """The broker, and one bed whose raw topics hold the set of the drain."""

    def __init__(self, options, folder):
        import bed
        import kafka
        self.options, self.folder = options, pathlib.Path(folder)
        settings = {"VOC_MODEL": "off"} if options.rules_only else {}
        if options.rules:
            settings["VOC_RULES"] = str(options.rules.resolve())
        self.make_bed = lambda name: bed.Bed(self.folder / name, self.broker, options.partitions, settings)
        self.beds = []
        self.broker = kafka.Kafka(self.folder / "kafka", heap="1g").start()
        self.loaded_bed, self.load_seconds = None, 0
        self.drained = None  # the drain's figures, once it was measured

    def loaded(self):
        import sets
        if not self.loaded_bed:
            self.loaded_bed = self.fresh("loaded")
            path = self.options.records
            self.load_seconds = sets.load_records(self.loaded_bed, path) if path else sets.load(self.loaded_bed, self.options.events)
        return self.loaded_bed

    def fresh(self, name):
        bed = self.make_bed(name)
        self.beds.append(bed)
        bed.create_topics()
        return bed

    def with_bed(self, name, measure):
        bed = self.fresh(name)
        try:
            return measure(bed)
        finally:
            self.beds.remove(bed)
            bed.close()

    def close(self):
        for bed in self.beds:
            bed.close()
        self.broker.stop()

    # ---- the parts
    def drain(self):
        import parts
        bed = self.loaded()
        out = self.drained = parts.drains(bed, self.options.runs)
        out["disk"] = parts.disk(bed)
        out["load_seconds"] = round(self.load_seconds, 1)
        out["verified_customers"] = parts.check(bed)
        return out

    def floors(self):
        import floors
        import parts
        bed, runs = self.loaded(), self.options.runs
        if not bed.count("classified"):
            parts.drain(bed)
        kafka_floors = floors.kafka_floors(bed, runs)
        return {**kafka_floors, "redis_writes": self.with_bed("monitored", lambda own: self.redis_writes(own, runs))}

    def redis_writes(self, bed, runs):
        import floors
        import parts
        import sets
        sets.load(bed, min(self.options.events, floors.MONITORED), seed=5)
        bed.empty()
        monitor = floors.Monitor(bed.redis_port)
        parts.drain(bed)
        events = bed.count_raw()
        bed.empty()
        return floors.redis_floor(bed, (monitor.commands(), events), runs)

    def scaling(self):
        import parts
        out, runs = {}, max(1, self.options.runs - 1)
        for count in self.options.instances:
            known = self.drained if count == 1 else None
            out[str(count)] = known or parts.drains(self.loaded(), runs, count, warm=not self.drained)
        return out

    def hot(self):
        import parts
        import sets

        def measure(bed):
            sets.load(bed, max(2000, self.options.events // 10), customers=1)
            return parts.drains(bed, self.options.runs)
        return self.with_bed("hot", measure)

    def customers(self):
        import parts
        return self.with_bed("customers", lambda bed: parts.customers(bed, self.options.customers))

    def latency(self):
        import parts

        def measure(bed):
            parts.warm_up(bed)
            seconds, path = self.options.seconds, self.options.records
            return {str(rate): parts.latency(bed, rate, seconds, parts.latency_events(bed, rate, seconds, path)) for rate in self.options.rates}
        return self.with_bed("latency", measure)

    def backlog(self):
        import parts
        return self.with_bed("backlog", lambda bed: parts.backlog(bed, self.options.events // 2, 500))

    def peer(self):
        import peer
        return peer.measure(self, max(1, self.options.runs - 1), self.options.rates[:2], self.options.seconds)


def versions(folder):
    import kafka
    import meter
    return {"voc": meter.first_line(folder / "voc-classifier", "--version"), "kafka": kafka.VERSION,
            "redis": meter.first_line("redis-server", "--version").split()[2],
            "librdkafka": meter.first_line("pkg-config", "--modversion", "rdkafka"), "jansson": meter.first_line("pkg-config", "--modversion", "jansson"),
            "java": meter.first_line("java", "--version")}


def run(options):
    import meter
    results = json.loads(options.json.read_text()) if options.json and options.json.exists() else {"parts": {}}
    results["versions"] = versions(pathlib.Path(os.environ["VOC_BIN_DIR"]))
    with tempfile.TemporaryDirectory(prefix="voc-bench-") as folder:
        bench = Bench(options, folder)
        try:
            for part in options.part:
                here, began = meter.machine(), time.monotonic()
                print(f"-- {part}", file=sys.stderr, flush=True)
                found = getattr(bench, part)()
                results["parts"][part] = {"figures": found, "machine": here, "took_s": round(time.monotonic() - began, 1), "quick": options.quick,
                                          "note": options.note, "date": time.strftime("%Y-%m-%d %H:%M", time.gmtime())}
                if options.json:  # after each part: a later one's failure loses nothing
                    options.json.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
        finally:
            bench.close()
    return results


def main():
    options = arguments()
    check_needs(options.part)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is stopped
    import report
    results = run(options)
    text = report.tables(results)
    if options.markdown:
        report.write(options.markdown, results)
    print(text)


if __name__ == "__main__":
    main()
