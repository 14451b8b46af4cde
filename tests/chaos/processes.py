"""Child processes that never outlive the harness, and ports that stay ours.

`launch` starts a program that the kernel kills when the harness dies, however it dies. The kernel counts the death of the
thread that forked, not of the process, so every child is forked from one thread that lives as long as we do.

`reserve_port` gives ports below the kernel's ephemeral range (an outgoing connection could otherwise take the port of a server
that is down for a moment), and no two harnesses on one machine get the same: each holds an abstract socket named after the port.
"""
import concurrent.futures
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import threading
import time

FIRST_PORT, LAST_PORT = 12_000, 31_999
_forker = concurrent.futures.ThreadPoolExecutor(max_workers=1, thread_name_prefix="forker")
_reserved = []  # held until the process ends
_lock = threading.Lock()


def reserve_port():
    with _lock:
        for _ in range(2000):
            port = random.SystemRandom().randint(FIRST_PORT, LAST_PORT)
            holder = socket.socket(socket.AF_UNIX)
            try:
                holder.bind(f"\0voc-chaos-port-{port}")
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
            except OSError:
                holder.close()
                continue
            _reserved.append(holder)
            return port
    raise RuntimeError("no free port")


def launch(command, log, cwd=None, env=None, restore_signals=True):
    """Starts a program with its output appended to `log`; it is killed when this process dies. Returns the Popen (its pid is the program's).
    `restore_signals`: as Popen's; without it the program ignores SIGXFSZ, as Python does."""
    def start():
        with open(log, "ab") as out:
            return subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *map(str, command)], stdin=subprocess.DEVNULL, stdout=out,
                                    stderr=subprocess.STDOUT, cwd=cwd, env=env, start_new_session=True, restore_signals=restore_signals)
    return _forker.submit(start).result()


def kill(process):
    """kill -9, also of one that is stopped; waits until it is gone. None and the dead are fine."""
    if process and process.poll() is None:
        process.send_signal(signal.SIGKILL)
        process.wait()


def state(process):
    """The kernel's letter for it: R, S, D, T (stopped), Z; None if it is gone."""
    try:
        return pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return None


def stacks(process, file):
    """What each of its threads is at, into `file`, where gdb is installed: for the one who asks why it did not end."""
    if shutil.which("gdb"):
        with open(file, "ab") as out:
            subprocess.run(["gdb", "-p", str(process.pid), "-batch", "-ex", "thread apply all backtrace"], stdin=subprocess.DEVNULL, stdout=out,
                           stderr=subprocess.STDOUT, timeout=60)


def wait_for(condition, timeout, what):
    """The first true value of condition(); TimeoutError after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout} s for {what}")
        time.sleep(0.05)
