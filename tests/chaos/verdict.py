"""Holds a finished run against the oracle. Every difference is one line of text in what the checks return; no lines: the run passed.

    raw         the raw topics hold exactly what the sender was told they do
    classifier  each raw record has one first copy in voc.classified or one dead letter, for the right reason; all copies are alike
    redis       every key, field by field, byte for byte
    truth       a customer's counts are what was sent, whatever the log says
    alerts      by id and content; a repeat is the same again
    webhooks    each endpoint acknowledged each alert, or its dead letter says why not; a repeat is the same again
    dues        enough fell due, of each kind and while the run went on, that it was looked at
    lag         each group has committed its topic's end
"""
import collections
import hashlib
import json

import dues
import oracle

SHOWN = 4
RAW = ("calls", "web", "complaints", "profiles", "orders", "followups")
LEAST_DUES = 200  # due records that took effect, of a run
LEAST_RIPE = 8  # of dues.ripening's customers, for each of their ways


def first_few(title, items):
    items = sorted(map(str, items))
    return [f"{title}: {len(items)}, such as {'; '.join(items[:SHOWN])}"] if items else []


def placed(sent, held):
    """`sent` with the offset of each record that was acknowledged without one, looked up in what the raw topics hold.

    A broker that has the batch already (its first answer was lost) and has had others since says so, but no longer knows where it stands: the
    sender is told success and no offset. Such a record is the first of its partition with these bytes that nobody else laid claim to.
    """
    claimed = {s[:3] for s in sent}
    unclaimed = collections.defaultdict(list)
    for at, value in sorted(held.items()):
        if at not in claimed:
            unclaimed[at[:2] + (value,)].append(at[2])
    found = []
    for s in sent:
        offsets = unclaimed[s.topic, s.partition, s.value] if s.offset is None else []
        found.append(s._replace(offset=offsets.pop(0)) if offsets else s)
    return found


class Partition(oracle.Partition):
    """Counts by kind the due records that took effect."""

    def __init__(self, number, topic):
        super().__init__(number, topic)
        self.fallen, self.ripe = collections.Counter(), set()

    def fall_due(self, offset, customer_id, kind, subject, t):
        before = self.totals["dues"]
        super().fall_due(offset, customer_id, kind, subject, t)
        if self.totals["dues"] > before:
            self.fallen[kind] += 1
            self.ripe.add((customer_id, kind))


class Verdict:
    def __init__(self, prefix, reader, sent, rules_path, endpoints):
        """`endpoints`: {name: [requests at that endpoint, as endpoints.py writes them down]}"""
        self.prefix, self.reader, self.endpoints = prefix, reader, endpoints
        self.held = {(r.topic, r.partition, r.offset): r.value or b"" for name in RAW for r in reader.read(prefix + name)}
        self.sent = placed(sent, self.held)
        self.rules_version = oracle.Rules(json.loads(rules_path.read_text(encoding="utf-8"))).version
        self.classified = reader.read(prefix + "classified")
        self.letters = reader.read(prefix + "dlq")
        self.told = reader.read(prefix + "alerts")
        self.partitions = {p: Partition(p, prefix + "classified") for p in range(reader.partitions)}
        for record in self.classified:
            self.partitions[record.partition].apply(record.offset, record.value, record.headers.get("voc_source", b"").decode(), record.timestamp)
        self.alerts = {}
        for partition in self.partitions.values():
            self.alerts.update(partition.alerts)

    def counts(self):
        totals = collections.Counter()
        for partition in self.partitions.values():
            totals.update(partition.totals)
        return {"raw": len(self.sent), "dead": len({origin(r) for r in self.letters}), "alerts": len(self.alerts), **totals,
                "fallen": dict(self.fallen())}

    def all(self, redis_state):
        return (self.raw() + self.classifier() + self.redis(redis_state) + self.truth(redis_state) + self.alerts_told() + self.webhooks() +
                self.fell_due())

    # ---- what came in
    def raw(self):
        want = {(s.topic, s.partition, s.offset): s.value for s in self.sent}
        different = {at for at in self.held.keys() | want.keys() if self.held.get(at) != want.get(at)}
        return first_few("raw records that the sender knows nothing of, or other ones", different)

    def classifier(self):
        sent = {f"{s.topic}/{s.partition}/{s.offset}": s for s in self.sent}
        copies = collections.defaultdict(list)
        for record in self.classified:
            if "voc_source" in record.headers:
                copies[record.headers["voc_source"].decode()].append(record)
        letters = collections.defaultdict(list)
        for letter in self.letters:
            if letter.headers["voc_service"] == b"voc-classifier":
                letters[origin(letter)].append(letter)
        good = {at for at, s in sent.items() if s.reason is None}
        wrong = first_few("good events not classified", good - copies.keys())
        wrong += first_few("classified without a cause", copies.keys() - good)
        wrong += first_few("bad records without a dead letter", sent.keys() - good - letters.keys())
        wrong += first_few("dead letters without a cause", letters.keys() - (sent.keys() - good))
        wrong += first_few("copies that differ", [at for at, some in copies.items() if len({(c.partition, c.key, c.value) for c in some}) > 1])
        wrong += first_few("classified, and another event", [at for at, some in copies.items() if at in good and not same_event(sent[at], some[0])])
        wrong += first_few("dead letters with another reason or content", [
            at for at, some in letters.items() if at in sent and any(
                letter.headers["voc_reason"].decode() != sent[at].reason or (letter.value or b"") != sent[at].value for letter in some)])
        lost = [p.number for p in self.partitions.values() if p.totals["invalid"]]
        firsts = sum(p.totals["events"] + p.totals["duplicates"] + p.totals["facts"] for p in self.partitions.values())
        if firsts != len(copies):
            wrong.append(f"{len(copies)} different events in the log, {firsts} of them are first copies in order: a hole was filled later")
        return wrong + first_few("partitions with records that nobody can decode", lost)

    # ---- state
    def wanted_redis(self):
        want = {}
        for p, partition in self.partitions.items():
            want.update(partition.redis())
            want.update(partition.expiring())
        return want

    def redis(self, have):
        """`have`: {key: {field: value}}, the scores of a sorted set as text."""
        want, wrong = self.wanted_redis(), []
        have = {key: dict(fields) for key, fields in have.items() if key != "voc:meta"}
        for p, partition in self.partitions.items():
            if partition.rules is None or partition.rules.version != self.rules_version:
                wrong.append(f"partition {p} is under other rules than the last ones")
        for key in sorted(want.keys() | have.keys()):
            w, h = [{f: str(v) for f, v in state.get(key, {}).items()} for state in (want, have)]
            if w != h:
                wrong.append(f"{key}: (oracle, Redis) " + str({f: (w.get(f), h.get(f)) for f in w.keys() | h.keys() if w.get(f) != h.get(f)})[:400])
        return [f"{len(wrong)} keys differ from the oracle"] + wrong[:SHOWN] if wrong else []

    def truth(self, have):
        """Past the log: what each customer sent, counted by hand. Those with more events than the duplicates' ring holds are left out."""
        sent = collections.defaultdict(list)
        for s in self.sent:
            if s.reason is None:
                sent[s.customer] += [s.identity] if s.identity else []  # of a profile or an order: nothing to count
        stored = {key.split(":customer:", 1)[1]: fields for key, fields in have.items() if ":customer:" in key}
        wrong = []
        for customer, identities in sent.items():
            if len(identities) > oracle.RING_MOST - oracle.RING_CHUNK:  # of the last ten minutes: no run takes so long
                continue
            fields = stored.get(customer, {})
            got = int(fields.get("events", 0)), int(fields.get("duplicates", 0))
            if got != (len(set(identities)), len(identities) - len(set(identities))):
                wrong.append(f"{customer}: (events, duplicates) {got} of {len(identities)} sent")
        return first_few("customers whose counts are not what was sent", wrong + [c for c in stored if c not in sent])

    # ---- alerts
    def alerts_told(self):
        told = collections.defaultdict(set)
        for record in self.told:
            told[json.loads(record.value)["id"]].add((record.key, record.value))
        wrong = first_few("alerts missing", self.alerts.keys() - told.keys())
        wrong += first_few("alerts that never were", told.keys() - self.alerts.keys())
        wrong += first_few("alerts with one id and two contents", [i for i, some in told.items() if len(some) > 1])
        return wrong + first_few("alerts that differ from the oracle's", [
            i for i, some in told.items() if i in self.alerts and any(json.loads(value) != self.alerts[i] for _, value in some)])

    def webhooks(self):
        payload_of = {json.loads(record.value)["id"]: hashlib.sha256(record.value).hexdigest() for record in self.told}
        letters = collections.defaultdict(set)
        for letter in self.letters:
            if letter.headers["voc_service"] == b"voc-alerter":
                letters[letter.headers["voc_endpoint"].decode()].add((json.loads(letter.value)["id"], letter.headers["voc_reason"].decode()))
        wrong = []
        for name, attempts in self.endpoints.items():
            acknowledged = {a["webhook_id"] for a in attempts if a["acknowledged"]}
            refused = {a["webhook_id"] for a in attempts if 400 <= a["status"] < 500 and a["status"] not in (408, 410, 429)}
            failed = {a["webhook_id"] for a in attempts if not a["acknowledged"]}
            dead = {i for i, _ in letters[name]}
            wrong += first_few(f"alerts that never arrived at {name}", self.alerts.keys() - acknowledged - dead)
            wrong += first_few(f"alerts at {name} that never were", acknowledged - self.alerts.keys())
            wrong += first_few(f"dead letters of {name} without a cause", [
                (i, reason) for i, reason in letters[name] if i not in (refused if reason == "webhook_rejected" else failed)])
            wrong += first_few(f"requests at {name} with another body than their alert's, or a bad signature", {
                a["webhook_id"] for a in attempts if not a["signature_ok"] or a["payload"] != payload_of.get(a["webhook_id"])})
        return wrong

    # ---- what fell due
    def fallen(self):
        return sum((p.fallen for p in self.partitions.values()), collections.Counter())

    def fell_due(self):
        fallen = self.fallen()
        wrong = [f"only {sum(fallen.values())} due records took effect"] if sum(fallen.values()) < LEAST_DUES else []
        wrong += first_few("kinds of which nothing fell due", [kind for kind in dues.KINDS if not fallen[kind]])
        ripe = collections.Counter((customer.rsplit("-", 1)[0], kind) for p in self.partitions.values() for customer, kind in p.ripe)
        for way in ((dues.SILENT, "case_silence"), (dues.DESKS, "case_settle"), (dues.SHOPPERS, "client_lapse")):
            wrong += [f"{ripe[way]} of {way[0]} had their {way[1]} while the run went on"] if ripe[way] < LEAST_RIPE else []
        return wrong

    # ---- the end
    def lag(self, seen):
        """After the services have stopped. `seen`: the ends of voc.classified that all was compared at; what is behind them fell due since, and
        whoever wrote it need not have read it."""
        groups = {"classifier": RAW, "aggregator": ("classified",), **{f"alerter-{name}": ("alerts",) for name in self.endpoints}}
        wrong = []
        for group, names in groups.items():
            for name in names:
                ends, done = self.reader.ends(self.prefix + name), self.reader.committed(self.prefix + group, self.prefix + name)
                least = seen if group == "aggregator" else ends
                behind = {p: end - done[p] for p, end in ends.items() if not least[p] <= done[p] <= end}
                wrong += [f"{group} on {name}: lag {behind}"] if behind else []
        return wrong


def origin(letter):
    return b"/".join(letter.headers[f"voc_origin_{part}"] for part in ("topic", "partition", "offset")).decode()


def same_event(sent, record):
    event, made = json.loads(sent.value), json.loads(record.value)
    names = ("source", "id")
    return record.key.decode() == sent.customer == made["data"]["customer_id"] and all(event[n] == made[n] for n in names)
