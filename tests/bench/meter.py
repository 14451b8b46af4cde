"""What processes cost (from /proc), and figures over several runs."""
import os
import pathlib
import platform
import statistics
import subprocess

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    """User + system of a process and all its threads."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def peak_rss_mb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0


class Costs:
    """CPU of {name: [pid]} from now on; `stop` gives {name: seconds}."""

    def __init__(self, processes):
        self.processes = processes
        self.before = self.now()

    def now(self):
        return {name: sum(map(cpu_seconds, pids)) for name, pids in self.processes.items()}

    def stop(self):
        return {name: seconds - self.before[name] for name, seconds in self.now().items()}


def percentiles(values):
    """{"p50", "p95", "p99", "max", "samples"} of milliseconds; None where there is no value."""
    values = sorted(values)
    at = {f"p{p}": round(values[min(len(values) - 1, len(values) * p // 100)], 1) if values else None for p in (50, 95, 99)}
    return {**at, "max": round(values[-1], 1) if values else None, "samples": len(values)}


def spread(values, digits=2):
    """Several runs as {"median", "min", "max", "runs"}."""
    values = [value for value in values if value is not None]
    if not values:
        return None
    return {"median": round(statistics.median(values), digits), "min": round(min(values), digits), "max": round(max(values), digits), "runs": len(values)}


def merged(runs):
    """A list of equal nested dictionaries of numbers as one of spreads."""
    if isinstance(runs[0], dict):
        return {key: merged([run[key] for run in runs]) for key in runs[0]}
    if isinstance(runs[0], (int, float)) and not isinstance(runs[0], bool):
        return spread(runs)
    return runs[0]


def tree_bytes(path, pattern="*"):
    return sum(file.stat().st_size for file in pathlib.Path(path).rglob(pattern) if file.is_file())


def first_line(*command):
    try:
        lines = subprocess.run(command, capture_output=True, text=True).stdout.strip().splitlines()
    except OSError:
        return None
    return lines[0] if lines else None


def machine():
    """The class of machine; nothing that names this one."""
    cpus = [line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    return {"cpu": cpus[0] if cpus else platform.machine(), "cores": os.cpu_count(), "load1": round(os.getloadavg()[0], 1),
            "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)}
