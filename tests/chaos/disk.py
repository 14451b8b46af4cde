"""A disk of one Redis node that can be made full, and emptied again.

`TinyDisk` is a tmpfs of its own in a mount namespace of its own: really full (ENOSPC), and gone with its last process, however the
harness ends. It needs the right to mount. `LimitedDisk` is for everybody: a plain folder, and "full" is a limit on the size of any file
that the process writes (RLIMIT_FSIZE; a write past it fails with EFBIG). `of` gives the first that works here.
"""
import pathlib
import resource
import subprocess

import processes

FILLER = "filler"


def of(folder, size_bytes):
    """A tiny disk of that size where mounting is allowed, else (or for size 0) a plain folder with a limit."""
    allowed = size_bytes and subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode == 0
    return TinyDisk(folder, size_bytes) if allowed else LimitedDisk(folder)


class TinyDisk:
    def __init__(self, folder, size_bytes):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        script = 'mount -t tmpfs -o "size=$1" none "$2" && echo mounted && exec sleep infinity'
        log = self.folder.parent / f"{self.folder.name}.mount.log"
        self.holder = processes.launch(["unshare", "--mount", "sh", "-c", script, "sh", size_bytes, self.folder], log)
        processes.wait_for(lambda: "mounted" in log.read_text(), 10, f"a tmpfs: {log}")
        self.enter = ["nsenter", f"--mount=/proc/{self.holder.pid}/ns/mnt"]  # what a program that shall see it begins with
        self.seen = pathlib.Path(f"/proc/{self.holder.pid}/root{self.folder.resolve()}")  # the same from outside

    def fill(self, _process):
        with open(self.seen / FILLER, "ab", buffering=0) as filler:
            for size in (1 << 20, 4096, 1):
                try:
                    while True:
                        filler.write(bytes(size))
                except OSError:
                    continue

    def empty(self, _process):
        (self.seen / FILLER).unlink(missing_ok=True)

    def close(self):
        processes.kill(self.holder)


class LimitedDisk:
    def __init__(self, folder):
        self.folder = self.seen = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.enter = []

    def fill(self, process):
        """No file may grow from now on; empty ones may not even be begun."""
        hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (0, hard))

    def empty(self, process):
        hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (hard, hard))

    def close(self):
        pass
