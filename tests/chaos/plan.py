"""What a seed means: the set-up, the load, and which faults come when. The same seed gives the same plan, until the list of faults grows.

A plan is written down in one line (`text`), and read again from it (`parse`): so are those of seeds.txt kept, whatever is added later.
"""
import dataclasses
import random
import re

from faults import BY_HAND, KINDS

SETUPS = ("single", "sentinel", "cluster")
LEAST_FAULTS = 5
RECREATED, RECREATED_EVERY = "topic made again", 15  # a run of its own kind: recreated.py


@dataclasses.dataclass
class Fault:
    kind: str
    at: float  # seconds after the start of the load
    r: random.Random

    def act(self, run, fault):
        KINDS[self.kind][2](run, fault)


@dataclasses.dataclass
class Plan:
    seed: int
    setup: str
    events: int
    seconds: float
    burst: int
    hot: bool
    faults: list

    @property
    def recreates(self):
        return [fault.kind for fault in self.faults] == [RECREATED]

    def text(self):
        load = f"{self.events} events in {self.seconds:.0f} s, bursts of {self.burst}" + (", one customer has half" if self.hot else "")
        return "; ".join([f"seed {self.seed}, {self.setup}, {load}", *(f"{f.at:.1f} s {f.kind}" for f in self.faults)])


LINE = re.compile(r"seed (\d+), (\w+), (\d+) events in (\d+) s, bursts of (\d+)(, one customer has half)?((?:; \d+\.\d s [^;]+)+)")


def parse(line):
    seed, setup, events, seconds, burst, hot, faults = LINE.fullmatch(line.strip()).groups()
    timed = [re.fullmatch(r"([\d.]+) s (.+)", fault).groups() for fault in faults[2:].split("; ")]
    unknown = [kind for _, kind in timed if kind not in KINDS and kind != RECREATED]
    if unknown:
        raise ValueError(f"no such faults: {unknown}")
    chosen = [Fault(kind, float(at), random.Random(f"fault/{seed}/{i}")) for i, (at, kind) in enumerate(timed)]
    return Plan(int(seed), setup, int(events), float(seconds), int(burst), bool(hot), chosen)


def kinds_of(family, setup):
    return sorted(name for name, (of, setups, _) in KINDS.items() if of == family and (setups is None or setup in setups))


def choose(r, setup):
    """At least one of each family; two or three of the services', one of them at a certain point of the code."""
    chosen = ["fault point"]
    for family, count in (("service", r.choice((1, 2))), ("kafka", 1), ("redis", r.choice((1, 2))), ("endpoint", 1), ("any", 1)):
        names = sorted(name for name in KINDS if KINDS[name][0] != BY_HAND) if family == "any" else kinds_of(family, setup)
        names = [name for name in names if KINDS[name][1] is None or setup in KINDS[name][1]]
        chosen += [r.choice(names) for _ in range(count) if names]
    return chosen


def make(seed, setups=SETUPS, only=None):
    """`only`: faults of these kinds alone."""
    r = random.Random(f"plan/{seed}")
    setup = setups[seed % len(setups)]
    kinds = choose(r, setup)
    if only:
        kinds = [r.choice(only) for _ in range(LEAST_FAULTS)]
    if seed % RECREATED_EVERY == 0 and not only or only == [RECREATED]:
        return Plan(seed, setup, 1500, 2, 50, False, [Fault(RECREATED, 0, random.Random(f"fault/{seed}/0"))])
    seconds = r.uniform(12, 16)
    times = sorted(r.uniform(0.5, seconds) for _ in kinds)
    faults = [Fault(kind, at, random.Random(f"fault/{seed}/{i}")) for i, (kind, at) in enumerate(zip(kinds, times))]
    return Plan(seed, setup, r.choice((3000, 4000, 6000)), seconds, r.choice((1, 1, 50, 400)), r.random() < 0.25, faults)
