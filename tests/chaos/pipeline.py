"""The services of one run, and the supervisor that starts again what ended, as systemd would.

Each instance has a slot. A slot knows which ends its faults allow (`doom`); an end for any other reason is kept in `wrongs` and makes the
run fail. One fault at a time works on a slot (`slot.lock`).
"""
import json
import os
import signal
import subprocess
import threading
import time

import processes

TERM_SECONDS = 8  # VOC_SHUTDOWN is 4 s; the machine is busy
CHECK_SECONDS = 0.05
RESTART_SECONDS = 0.2


class Slot:
    def __init__(self, pipeline, service, number):
        self.pipeline, self.service, self.number = pipeline, service, number
        self.name = f"{service}-{number}"
        self.log = pipeline.folder / f"{self.name}.log"
        self.lock = threading.RLock()  # held by the fault at work on it
        self.gate = threading.Lock()  # held while it starts, or while its end is judged
        self.process, self.wanted, self.judged, self.born = None, False, None, 0
        self.doom = set()  # the exit statuses that the faults at work on it allow
        self.ends = []  # (time, status)

    def running(self):
        return self.process is not None and self.process.poll() is None

    def launch(self, env=None, doom=()):
        self.doom = set(doom)
        self.process = processes.launch([self.pipeline.bin / f"voc-{self.service}"], self.log, cwd=self.pipeline.folder,
                                        env=self.pipeline.env(self.service, env or {}))
        self.born, self.wanted = time.monotonic(), True

    def tail(self, lines=12):
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return f"--- {self.name}\n" + "\n".join(text.splitlines()[-lines:])

    def events(self):
        """The log's lines, as far as they are whole."""
        for line in self.log.read_text(errors="replace").splitlines() if self.log.exists() else ():
            try:
                yield json.loads(line)
            except ValueError:
                continue


class Pipeline:
    def __init__(self, folder, bin_dir, environment):
        """`environment(service)` gives the variables of a service's next start."""
        self.folder, self.bin, self.environment = folder, bin_dir, environment
        self.slots, self.wrongs, self.notes = [], [], []
        self.may_fail = set()  # services that may end with status 1 from here on
        self.closing = threading.Event()
        self.watcher = threading.Thread(target=self.watch, daemon=True)
        self.watcher.start()

    def env(self, service, more):
        """Only what is said here: a VOC_ variable of the caller must not leak into a service."""
        env = {name: value for name, value in os.environ.items() if not name.startswith("VOC_")}
        env.update(self.environment(service))
        env.update(more)
        return env

    # ---- the supervisor
    def watch(self):
        while not self.closing.wait(CHECK_SECONDS):
            for slot in list(self.slots):
                if slot.process is not None and slot.process.poll() is not None and slot.wanted:
                    self.ended(slot)

    def ended(self, slot):
        with slot.gate:
            self.note_end(slot)
        # one that ends at once, again and again, must not eat the machine
        time.sleep(RESTART_SECONDS if time.monotonic() - slot.born > 1 else 1)
        with slot.gate:
            if slot.wanted and not slot.running() and not self.closing.is_set():
                slot.launch()

    def note_end(self, slot):
        if slot.judged is slot.process or slot.process.poll() is None:
            return  # known already, or a new life has begun
        slot.judged = slot.process
        slot.ends.append((time.time(), slot.process.returncode))
        if slot.process.returncode not in slot.doom and not (slot.process.returncode == 1 and slot.service in self.may_fail):
            self.judge(slot, slot.process.returncode)

    def judge(self, slot, status):
        last = [event for event in slot.events() if event.get("event") == "failed"][-1:]
        text = f"{slot.name} ended with {status}: {last[0] if last else slot.tail(4)}"
        # a producer that librdkafka calls fatal: the design is to end, and to be started again
        fatal = status == 1 and last and last[0].get("reason") == "kafka"
        (self.notes if fatal else self.wrongs).append(text)

    # ---- what faults and the run do
    def of(self, service):
        return [slot for slot in self.slots if slot.service == service and slot.wanted]

    def start(self, service, count=1):
        for _ in range(count):
            used = {slot.number for slot in self.slots if slot.service == service and (slot.wanted or slot.running())}
            number = min(set(range(1, 100)) - used)
            slot = next((s for s in self.slots if s.service == service and s.number == number), None)
            if slot is None:
                slot = Slot(self, service, number)
                self.slots.append(slot)
            slot.launch()

    def take(self, services, r):
        """A running slot of one of these services, locked for the caller; None if there is none free."""
        free = [slot for slot in self.slots if slot.service in services and slot.wanted and slot.running()]
        r.shuffle(free)
        for slot in free:
            if slot.lock.acquire(blocking=False):
                if slot.wanted and slot.running():
                    return slot
                slot.lock.release()
        return None

    def kill(self, slot):
        slot.doom.add(-signal.SIGKILL)
        slot.process.send_signal(signal.SIGKILL)

    def stop(self, slot):
        """SIGTERM; it must end with 0 in time, and the slot stays empty. Returns the seconds it took."""
        began = time.monotonic()
        with slot.gate:
            slot.wanted = False
            slot.doom.add(0)
            if slot.running():
                if time.monotonic() - slot.born < 1:
                    slot.doom.add(-signal.SIGTERM)  # it has had no time to say what it does about signals
                slot.process.send_signal(signal.SIGTERM)
        if self.has_ended(slot):
            with slot.gate:
                self.note_end(slot)
        else:
            self.wrongs.append(f"{slot.name} did not stop within {TERM_SECONDS} s: {processes.state(slot.process)}\n{slot.tail()}")
            processes.stacks(slot.process, self.folder / f"{slot.name}.stacks")
            processes.kill(slot.process)
        return time.monotonic() - began

    @staticmethod
    def has_ended(slot):
        """Within TERM_SECONDS, not counting those in which another fault (a fault point of its own) keeps it stopped."""
        left, until = TERM_SECONDS, time.monotonic() + 60
        while left > 0 and time.monotonic() < until:
            try:
                slot.process.wait(0.25)
                return True
            except subprocess.TimeoutExpired:
                left -= 0 if processes.state(slot.process) == "T" else 0.25
        return False

    def restart(self, slot, env=None, doom=()):
        """In order: SIGTERM, then a start with these variables more, for that one life."""
        self.stop(slot)
        slot.launch(env, doom)

    def close(self):
        """Everything ends in order; returns the slowest stop in seconds."""
        slowest = 0
        for slot in self.slots:
            with slot.lock:
                if slot.wanted:
                    slowest = max(slowest, self.stop(slot))
        self.closing.set()
        self.watcher.join(5)
        return slowest

    def abandon(self):
        self.closing.set()
        self.watcher.join(5)
        for slot in self.slots:
            slot.wanted = False
            processes.kill(slot.process)

    def tails(self):
        return "\n".join(slot.tail() for slot in self.slots)
