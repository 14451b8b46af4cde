"""A run of its own kind: a topic is deleted and made again under the running services. They must refuse loudly and change nothing.

Afterwards nobody may have gone on: no record of the new topic in voc.classified or in Redis' state, and no start at the new topic's
beginning as if the old one had never been. (Kafka's client names no topic's id to its user, so a topic whose new log has already
grown past every old position could not be told apart; the harness sends less than that.)
"""
import time

import load
import processes
from confluent_kafka.admin import AdminClient
from run import Run

CONTACTS = ("calls", "web", "complaints")
REFUSE_SECONDS = 45
NEW_RECORDS = 30


class RecreatedRun(Run):
    DUE_INTERVAL = 0  # what fell due would be a change of Redis, and it must change nothing

    def execute(self):
        wrong = []
        try:
            self.prepare()
            self.start()
            self.sender.join(60)
            wrong = self.drain()
            if not wrong:
                wrong = self.recreate(self.plan.faults[0].r.choice((*CONTACTS, "classified")))
        except Exception as failure:
            wrong.append(f"the run broke off: {failure!r}")
        finally:
            self.pipeline.abandon()
        wrong += self.pipeline.wrongs
        self.finish(wrong)
        return wrong

    def recreate(self, name):
        """Returns what was wrong."""
        service = "aggregator" if name == "classified" else "classifier"
        before, classified = self.redis.read_all(), self.reader.read(self.prefix + "classified")
        self.pipeline.may_fail.update(("aggregator", "classifier"))  # a producer may find its topic gone, too
        admin = AdminClient({"bootstrap.servers": self.brokers.direct, "log_level": 0})
        admin.delete_topics([self.prefix + name], operation_timeout=10)[self.prefix + name].result(20)
        processes.wait_for(lambda: self.prefix + name not in admin.list_topics(timeout=5).topics, 20, "the topic to be gone")
        self.create_topics()
        if name != "classified":
            self.send_a_few(name)
        refused = self.wait_for_refusal(service)
        time.sleep(2)
        self.note(self.plan.faults[0].kind, f"{name}: {refused or 'nobody refused'}", bool(refused))
        wrong = [] if refused else [f"{name} was made again, and no {service} refused"]
        after = self.redis.read_all()
        if after != before:
            changed = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
            wrong.append(f"{name} was made again, and Redis changed: {changed[:4]}")
        if name != "classified" and len(self.reader.read(self.prefix + "classified")) != len(classified):
            wrong.append(f"{name} was made again, and records of it were classified")
        self.counts = {"raw": len(self.sender.sent)}
        return wrong

    def send_a_few(self, name):
        records = [record for record in self.sender.records if record[0] == name and record[4] is None][:NEW_RECORDS]
        load.Sender(self.brokers.direct, self.prefix, records, 1, 1).start().join(30)

    def wait_for_refusal(self, service):
        """The reason of the first instance that ended with position_lost since; None if none did."""
        deadline = time.monotonic() + REFUSE_SECONDS
        while time.monotonic() < deadline:
            for slot in self.pipeline.of(service):
                for event in slot.events():
                    if event.get("event") == "failed" and event.get("reason") == "position_lost":
                        return event["error"]
            time.sleep(0.5)
        return None
