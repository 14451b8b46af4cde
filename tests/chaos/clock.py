"""A wall clock of one process that jumps while it runs (Debian's libfaketime).

    clock = Clock(folder / "classifier-1.clock")
    launch(command, log, env={**env, **clock.env()})
    clock.jump(3 * 3600); clock.jump(-86_400); clock.jump(0)    # seconds against the real time, from about now on

Only CLOCK_REALTIME jumps: CLOCK_MONOTONIC stays what it is, as on a machine whose operator sets the time. The process looks into
the file once a second (looking at every call would make a clock reading cost more than classifying an event).
Two things that libfaketime 0.9.10 gets wrong: C11's cnd_timedwait, which librdkafka waits with (timed_wait.c, preloaded
before it, mends that: without it nothing moves after a jump), and an absolute clock_nanosleep on the monotonic clock, which none of the services
uses. A wait that is under way when the clock is set back is not made longer by it, as the kernel would.
"""
import functools
import hashlib
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import kafka  # noqa: E402
import processes  # noqa: E402

LIBRARY = "libfaketimeMT.so.1"
LOOK_SECONDS = 1


def library():
    found = sorted(pathlib.Path("/usr/lib").glob(f"*/faketime/{LIBRARY}"))
    if not found:
        raise RuntimeError(f"no {LIBRARY}: deploy/packages.sh test installs it")
    return found[0]


@functools.cache
def timed_wait():
    """timed_wait.c as a library, made once and kept in the tests' cache folder."""
    source = pathlib.Path(__file__).resolve().with_name("timed_wait.c")
    made = kafka.cache_dir() / f"timed-wait-{hashlib.sha256(source.read_bytes()).hexdigest()[:12]}.so"
    if not made.exists():
        made.parent.mkdir(parents=True, exist_ok=True)
        partial = made.with_suffix(f".{processes.reserve_port()}.partial")
        subprocess.run(["gcc", "-O1", "-shared", "-fPIC", "-o", partial, source], check=True)
        partial.rename(made)
    return made


class Clock:
    def __init__(self, file):
        self.file, self.offset_s = pathlib.Path(file), 0
        self.jump(0)

    def env(self):
        return {"LD_PRELOAD": f"{timed_wait()}:{library()}", "FAKETIME_TIMESTAMP_FILE": str(self.file.resolve()), "FAKETIME_CACHE_DURATION": str(LOOK_SECONDS),
                "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_RESET": "1",
                "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}  # these come before its runtime

    def jump(self, seconds):
        """So far from the real time it is within LOOK_SECONDS."""
        fresh = self.file.with_name(self.file.name + ".new")
        fresh.write_text(f"{seconds:+d}\n")
        fresh.rename(self.file)  # whole at every moment
        self.offset_s = seconds
