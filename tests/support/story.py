"""A year of customers: they complain, are answered or not, come back content or not at all, or fall silent. Seeded.

The year goes by in rounds. In each, customers' contacts and the desks' follow-ups are sent, shuffled within their lateness; then the
aggregators' clock (libfaketime, tests/chaos/clock.py) is set to the round's end, and what has fallen due comes to pass. The desks see
what the operators see: `vocctl case list --json`.
"""
import heapq
import json
import pathlib
import random
import sys
import time

from confluent_kafka import Consumer, KafkaException, TopicPartition

from stack import TOPIC_OF, wait_for

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "chaos"))

import clock  # noqa: E402
import oracle  # noqa: E402

DAY_S, HOUR_S = 86_400, 3600
LATENESS_S = 6 * HOUR_S
YEAR_DAYS = 350  # rollups are kept for 365
TEXTS = {
    "late": ("배송이 또 늦었어요. 약속한 날짜를 세 번이나 어겼습니다", "고객센터 연결이 안 돼서 40분을 기다렸어요"),
    "wrong": ("요금이 두 번 빠져나갔는데 환불도 안 해줍니다", "The technician never showed up and nobody called me back. This is the third time."),
    "rude": ("상담원이 너무 불친절하고 무시하는 말투였어요", "The agent was rude and would not listen"),
    "broken": ("The package arrived broken and looks awful",),
    "leaving": ("이제 해지하고 다른 회사로 옮길 거예요", "I am telling everybody I know to stay away from you"),
    "content": ("정말 감사합니다. 친절하게 빨리 해결해 주셨어요", "덕분에 잘 쓰고 있어요 만족합니다", "Thank you, that was solved quickly and politely"),
    "asking": ("영업시간이 어떻게 되나요?", "What are your opening hours?"),
}
TROUBLES = ("late", "late", "wrong", "rude", "broken", "leaving")
NEXT = {"open": ("acknowledge", "contact"), "reopened": ("contact",), "acknowledged": ("contact", "resolve"), "contacted": ("offer", "resolve"),
        "offered": ("resolve", "contact"), "resolved": ("close",), "closed": ()}


class Story:
    def __init__(self, stack, customers, rounds, seed):
        self.stack, self.rng, self.customers, self.rounds = stack, random.Random(seed), customers, rounds
        self.patience_s = 120 + customers // 10
        self.start_s = int(time.time()) - YEAR_DAYS * DAY_S
        self.clock = clock.Clock(stack.folder / "aggregators.clock")
        self.set_clock(0)
        self.numbers, self.to_come, self.facts = {"event": 0, "move": 0, "fact": 0}, [], []
        self.shop = random.Random(seed + 1)
        self.producer, self.looker = stack.producer(), Consumer({"bootstrap.servers": stack.bootstrap, "group.id": "voc-test-story"})
        for number in range(customers):
            self.plan(number)
            if self.shop.random() < 0.6:
                self.buy(number)

    # ---- customers
    def plan(self, number):
        """A customer's year, contact by contact; how they go on after trouble is up to their temper."""
        rng, at = self.rng, self.rng.random() * YEAR_DAYS
        temper = rng.choice(("patient", "patient", "angry", "silent", "grateful"))
        if number % 10 == 1:  # it is never really solved
            for day in range(20, 260, 12):
                self.contact(number, day + rng.random(), "wrong")
        while at < YEAR_DAYS:
            mood = rng.choice(TROUBLES) if rng.random() < 0.55 else rng.choice(("content", "asking"))
            self.contact(number, at, mood)
            if mood in TROUBLES:
                again = {"patient": 0.3, "angry": 0.8, "silent": 0.0, "grateful": 0.2}[temper]
                while rng.random() < again and at < YEAR_DAYS:
                    at += rng.choice((0.2, 1, 3, 12, 35))
                    self.contact(number, at, mood)
                    again *= 0.6
                if rng.random() < {"grateful": 0.8, "patient": 0.4}.get(temper, 0.1):
                    at += rng.choice((4, 9, 20))
                    self.contact(number, at, "content")
                if temper == "silent":
                    at += 60
            at += rng.expovariate(1 / 90)

    def buy(self, number):
        """A customer's orders: some come back every few weeks, some stop; each is delivered, late or not, or goes back. And who they are."""
        rng = self.shop
        at, every = rng.random() * 60, rng.choice((7, 15, 40, 120))
        stops = YEAR_DAYS * rng.choice((1, 1, 0.4))
        if rng.random() < 0.7:
            self.profile(number, rng.random() * 20)
        while at < stops:
            order = {"order_id": f"O-{number}-{int(at * 100)}", "amount": rng.randrange(1, 500) * 1000, "currency": "KRW" if rng.random() < 0.97 else "USD",
                     "product": rng.choice(("internet-500", "인터넷")), "card": "4111-1111-1111-1234", "ordered_at": oracle.format_time(self.at(at))}
            if rng.random() < 0.7:
                order["margin"] = order["amount"] // rng.choice((3, 5, -9))
            order["promised_at"] = oracle.format_time(self.at(at + 3))
            self.fact(at, "order", number, {**order, "status": "placed"})
            arrives = at + rng.choice((1, 2, 3, 5))
            if rng.random() < 0.95:
                self.fact(arrives, "order", number, {**order, "status": "delivered", "delivered_at": oracle.format_time(self.at(arrives))})
            if rng.random() < 0.07:
                self.fact(arrives + 4, "order", number, {**order, "status": rng.choice(("returned", "cancelled"))})
            at += every * (0.5 + rng.random())
        if rng.random() < 0.2:
            self.profile(number, stops)

    def profile(self, number, day):
        rng = self.shop
        data = {"name": "김민수", "contact": "010-1234-5678", "age_band": rng.choice(("20-29", "30-39")), "lang": rng.choice(("ko", "en")),
                "since": oracle.format_time(self.at(-rng.randrange(3000)))}
        if rng.random() < 0.1:
            data["stage"] = rng.choice(oracle.oracle_account.STAGES[1:])
        if number % 10 == 2:
            data["stage"] = "advocate"  # as the shop's own people see them
        self.fact(day, "profile", number, data)

    def fact(self, day, kind, number, data):
        event = {"specversion": "1.0", "id": f"{kind}-{number}-{day}-{data.get('status')}", "source": "/story/shop", "type": f"voc.{kind}",
                 "time": oracle.format_time(self.at(day)), "data": {"customer_id": f"고객-{number}", **data}}
        if day < YEAR_DAYS:
            heapq.heappush(self.facts, (self.at(day), f"{kind}s", event["id"], event))

    def contact(self, number, day, mood):
        heapq.heappush(self.to_come, (day, number, mood))

    def event(self, day, number, mood):
        rng = self.rng
        self.numbers["event"] += 1
        data = {"customer_id": f"고객-{number}", "text": rng.choice(TEXTS[mood])}
        if rng.random() < 0.7:
            data["product"] = rng.choice(("internet-500", "mobile:5g", "인터넷"))
        if rng.random() < 0.5:
            data["team"] = rng.choice(("retention", "billing"))
        kind = rng.choice(("voc.call", "voc.web", "voc.complaint"))
        return self.at(day), TOPIC_OF[kind], {"specversion": "1.0", "id": f"s-{self.numbers['event']}", "source": f"/story/{number % 3}", "type": kind,
                                              "time": oracle.format_time(self.at(day)), "data": data}

    # ---- desks
    def moves(self, first_day, days):
        """What the desks will do with the cases that they see now: most of it in time, some late, some never, and some that can't be done."""
        rng, out = self.rng, []
        listed = self.stack.ctl("case", "list", "--json", "--top", 100_000).stdout.decode().splitlines()
        for row in sorted(listed):
            row = json.loads(row)
            if int(row["customer_id"].rsplit("-", 1)[1]) % 10 == 0:
                continue  # somebody is always overlooked
            state, day = row["case"]["state"], first_day
            for _ in range(rng.choice((0, 1, 1, 2, 3, 4))):
                action = rng.choice(NEXT[state] or ("reopen",)) if rng.random() < 0.95 else "offer"
                if action in ("close", "reopen") and rng.random() < 0.8:
                    break
                day += rng.random() * days / 4
                out.append(self.move(day, row["customer_id"], row["case"]["id"], action))
                state = oracle.oracle_cases.MOVES[state].get(action, state)
        return out

    def move(self, day, customer, case, action):
        self.numbers["move"] += 1
        data = {"customer_id": customer, "case_id": case, "action": action, "by": "A-17"}
        return self.at(day), "followups", {"specversion": "1.0", "id": f"f-{self.numbers['move']}", "source": "/story/desk", "type": "voc.followup",
                                           "time": oracle.format_time(self.at(day)), "data": data}

    # ---- time
    def at(self, day):
        return int((self.start_s + day * DAY_S) * 1000)

    def set_clock(self, day):
        self.clock.jump(int(self.start_s + day * DAY_S - time.time()))

    def now_ms(self):
        """What the aggregators' clocks show, or will within a second."""
        return int((time.time() + self.clock.offset_s) * 1000)

    def environment(self):
        return {**self.clock.env(), "VOC_DUE_INTERVAL": "100ms"}

    def ends(self, topic):
        return [self.looker.get_watermark_offsets(TopicPartition(self.stack.topic(topic), p), timeout=10)[1] for p in range(self.stack.partitions)]

    def settled(self):
        """The log is applied to its end, and nothing waits that is due: a due record that is written now is not yet due when this began."""
        now_ms, redis = self.now_ms(), self.stack.redis.pipeline()
        for p in range(self.stack.partitions):
            redis.zcount("voc:{%d}:due" % p, "-inf", now_ms).hget("voc:{%d}:position" % p, "offset")
        state = redis.execute()
        try:
            ends = self.ends("classified")
        except KafkaException:  # a broker that was starved for seconds is nobody's leader for a while
            return False
        return not any(state[::2]) and [int(at or 0) for at in state[1::2]] == ends

    def send(self, records):
        failed = []
        shuffled = sorted(records, key=lambda record: record[0] + self.rng.random() * LATENESS_S * 1000)
        for _, topic, event in shuffled:
            self.producer.produce(self.stack.topic(topic), json.dumps(event, ensure_ascii=False).encode(), event["data"]["customer_id"],
                                  on_delivery=lambda error, _: failed.append(error) if error else None)
            self.producer.poll(0)
        assert self.producer.flush(self.patience_s) == 0 and not failed

    def applied(self):
        """All that was sent is classified and applied, whatever is due."""
        redis = self.stack.redis.pipeline()
        for p in range(self.stack.partitions):
            redis.hmget("voc:{%d}:position" % p, "events", "duplicates", "facts")
        return sum(int(count or 0) for counts in redis.execute() for count in counts) == sum(self.numbers.values())

    # ---- the year
    def live(self, disturb=lambda number: None):
        days = YEAR_DAYS / self.rounds
        for number in range(self.rounds):
            records = self.moves(number * days, days) if number else []
            while self.to_come and self.to_come[0][0] < (number + 1) * days:
                records.append(self.event(*heapq.heappop(self.to_come)))
            while self.facts and self.facts[0][0] < self.at((number + 1) * days):
                at, topic, _, event = heapq.heappop(self.facts)
                self.numbers["fact"] += 1
                records.append((at, topic, event))
            self.send(records)
            disturb(number)
            self.set_clock((number + 1) * days)
            wait_for(self.applied, self.patience_s, f"round {number} to be applied", self.stack)
            wait_for(self.settled, self.patience_s, f"round {number} to settle", self.stack)
        self.looker.close()
