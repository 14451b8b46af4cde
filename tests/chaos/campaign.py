#!/usr/bin/env python3
"""Runs of chaos, one seed each: see run.sh. Writes a line of JSON a run to --log, the table of docs/RELIABILITY.md to --table."""
import argparse
import json
import multiprocessing
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
SHOWN = 12
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]

import plan as plans  # noqa: E402
import table  # noqa: E402
from jobs import Job  # noqa: E402
from recreated import RecreatedRun  # noqa: E402
from run import Run  # noqa: E402


def commit():
    return subprocess.run(["git", "-C", HERE, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()


def one(job, plan):
    began = time.monotonic()
    run = (RecreatedRun if plan.recreates else Run)(job, plan)
    wrong = run.execute()
    return {"seed": plan.seed, "setup": plan.setup, "plan": plan.text(), "faults": run.done, "wrong": wrong, "notes": run.pipeline.notes,
            "counts": getattr(run, "counts", {}), "seconds": round(time.monotonic() - began, 1), "commit": commit(), "job": job.number,
            "folder": str(run.folder)}


def work(number, folder, lines, results):
    with Job(number, pathlib.Path(folder) / f"job{number}") as job:
        while True:
            try:
                line = lines.get_nowait()
            except Exception:
                return
            results.put(one(job, plans.parse(line)))


def show(result):
    counts = result["counts"]
    print(f"{'FAILED' if result['wrong'] else 'ok    '} {result['plan']}")
    print(f"       {result['seconds']} s; {counts}; happened: {'; '.join(f'{k} ({w})' + ('' if d else ' NOT') for k, w, d in result['faults'])}")
    for line in result["wrong"][:SHOWN] + result["notes"][:SHOWN]:
        print("       ! " + line[:1500])
    if result["wrong"]:
        print(f"       logs: {result['folder']}")
    sys.stdout.flush()


def chosen_plans(options):
    """Their lines."""
    if options.plan:
        return [plans.parse(line).text() for line in options.plan]
    if options.seeds:
        return [plans.make(seed, options.setups, options.only).text() for seed in options.seeds]
    kept = [line for line in (HERE / "seeds.txt").read_text(encoding="utf-8").splitlines() if line.strip() and not line.startswith("#")]
    fresh = [plans.make(seed, options.setups, options.only).text() for seed in range(options.seed, options.seed + options.runs)]
    return (kept + fresh)[:max(options.runs, len(kept))]


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--runs", type=int, default=10)
    arguments.add_argument("--seed", type=int, default=1, help="of the first run that is not a kept one")
    arguments.add_argument("--jobs", type=int, default=2, help="runs side by side")
    arguments.add_argument("--table", metavar="FILE")
    arguments.add_argument("--log", metavar="FILE", help="one JSON object a run is appended")
    arguments.add_argument("--seeds", type=lambda text: [int(s) for s in text.split(",")], help="these alone")
    arguments.add_argument("--plan", action="append", metavar="LINE", help="this one alone, as a run printed it")
    arguments.add_argument("--only", type=lambda text: text.split(","), help="faults of these kinds alone")
    arguments.add_argument("--setups", type=lambda text: tuple(text.split(",")), default=plans.SETUPS)
    arguments.add_argument("--folder", help="where what failed is kept")
    options = arguments.parse_args()
    folder = pathlib.Path(options.folder or tempfile.mkdtemp(prefix="voc-chaos-")).resolve()
    chosen = chosen_plans(options)
    lines, results = multiprocessing.Queue(), multiprocessing.Queue()
    for line in chosen:
        lines.put(line)
    workers = [multiprocessing.Process(target=work, args=(n, folder, lines, results)) for n in range(options.jobs)]
    for worker in workers:
        worker.start()
    passed = failed = 0
    done = []
    while passed + failed < len(chosen):
        try:
            result = results.get(timeout=5)
        except Exception:
            if not any(worker.is_alive() for worker in workers):
                break
            continue
        passed, failed = passed + (not result["wrong"]), failed + bool(result["wrong"])
        show(result)
        done.append(result)
        if options.log:
            with open(options.log, "a", encoding="utf-8") as log:
                log.write(json.dumps(result, ensure_ascii=False) + "\n")
    for worker in workers:
        worker.join(60)
    failed = len(chosen) - passed
    if options.table:
        table.write(options.table, done)
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
