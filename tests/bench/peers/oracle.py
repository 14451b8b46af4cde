"""What the peer must put out, computed from the raw records by README.md alone. Nothing here knows the Java code."""
import collections
import datetime
import json

TYPES = ("voc.call", "voc.web", "voc.complaint")
HALF_LIFE_MS = 7 * 86_400_000
COUNTED = (("type", "feedback_type"), ("satisfaction", "satisfaction"), ("factor", "factor"), ("kind", "kind"))


class Invalid(Exception):
    pass


class Lexicon:
    def __init__(self, path):
        self.labels = {"feedback_type": [], "satisfaction": [], "factors": []}
        self.starts = collections.defaultdict(list)  # a phrase's first two characters -> [(phrase, head, label, weight)]
        for line in open(path, encoding="utf-8"):
            head, label, weight, phrase = line.rstrip("\n").split("\t")
            if label not in self.labels[head]:
                self.labels[head].append(label)
            self.starts[phrase[:2]].append((phrase, head, label, int(weight)))
        self.known = {}

    def read(self, text):
        """{head: (label, weight)}"""
        if text not in self.known:
            self.known[text] = self.sums(text.lower())
        return self.known[text]

    def sums(self, text):
        sums = {head: dict.fromkeys(labels, 0) for head, labels in self.labels.items()}
        for at in range(len(text)):
            for start in {text[at:at + 2], text[at]}:
                for phrase, head, label, weight in self.starts.get(start, ()):
                    if text.startswith(phrase, at):
                        sums[head][label] += weight
        out = {}
        for head, weights in sums.items():
            best = max(weights, key=weights.get) if weights else None  # the first of equals
            out[head] = (best, weights[best]) if best and weights[best] > 0 else ("none", 0)
        return out


def required(thing, name):
    if name not in thing:
        raise Invalid("missing_field")
    if not isinstance(thing[name], str):
        raise Invalid("bad_type")
    if not thing[name]:
        raise Invalid("bad_value")
    return thing[name]


def millis(text):
    try:
        return round(datetime.datetime.fromisoformat(text).timestamp() * 1000)
    except ValueError:
        raise Invalid("bad_value") from None


def words(data):
    if "text" not in data and "transcript" not in data:
        raise Invalid("missing_field")
    text = data["text"] if "text" in data else turns(data["transcript"])
    if not isinstance(text, str):
        raise Invalid("bad_type")
    if not text.strip():
        raise Invalid("bad_value")
    return text


def turns(transcript):
    if not isinstance(transcript, list) or not all(isinstance(turn, dict) for turn in transcript):
        return None
    said = [(required(turn, "role"), required(turn, "text")) for turn in transcript]
    return "\n".join(text for role, text in said if role == "customer")


def rating_of(data):
    if "rating" not in data:
        return 0
    rating = data["rating"]
    if not isinstance(rating, int) or isinstance(rating, bool):
        raise Invalid("bad_type")
    if not 1 <= rating <= 5:
        raise Invalid("bad_value")
    return rating


def classified(raw, lexicon):
    """(id, customer, time in ms, data); raises Invalid with the reason."""
    try:
        event = json.loads(raw)
    except ValueError:
        raise Invalid("bad_json") from None
    if not isinstance(event, dict):
        raise Invalid("bad_json")
    if required(event, "specversion") != "1.0":
        raise Invalid("bad_value")
    identity, _, kind = required(event, "id"), required(event, "source"), required(event, "type")
    if kind not in TYPES:
        raise Invalid("bad_value")
    time = millis(required(event, "time"))
    if "data" not in event:
        raise Invalid("missing_field")
    data = event["data"]
    if not isinstance(data, dict):
        raise Invalid("bad_type")
    customer, text, rating = required(data, "customer_id"), words(data), rating_of(data)
    found = lexicon.read(text)
    (feedback, _), (satisfaction, _), (factor, _) = (found[head] for head in ("feedback_type", "satisfaction", "factors"))
    points = 20 * (feedback == "complaint") + 15 * (satisfaction == "dissatisfied") - 10 * (satisfaction == "delighted") + {1: 20, 2: 10}.get(rating, 0)
    out = {"customer_id": customer, "kind": kind, **{name: data[name] if isinstance(data.get(name), str) else None for name in ("lang", "channel", "product")},
           "feedback_type": feedback, "feedback_type_weight": found["feedback_type"][1], "satisfaction": satisfaction,
           "satisfaction_weight": found["satisfaction"][1], "factor": factor, "factor_weight": found["factors"][1], "points": points}
    if rating:
        out["rating"] = rating
    return identity, customer, time, out


def mark(identity, data):
    return hash((identity, *sorted((name, str(value)) for name, value in data.items())))


class Expected:
    """All that is wanted of the peer, from the values of the raw records."""

    def __init__(self, raw, lexicon):
        self.classified, self.dead, histories = collections.Counter(), collections.Counter(), collections.defaultdict(list)
        for value in raw:
            try:
                identity, customer, time, data = classified(value, lexicon)
            except Invalid as reason:
                self.dead[str(reason)] += 1
                continue
            self.classified[mark(identity, data)] += 1
            histories[customer].append((time, data["points"], tuple(f"{name}:{data[field]}" for name, field in COUNTED)))
        self.customers = {customer: self.state(history) for customer, history in histories.items()}

    @staticmethod
    def state(history):
        last = max(time for time, _, _ in history)
        counts = collections.Counter(name for _, _, names in history for name in names)
        return {"events": len(history), "last": last, "score": sum(points * 2 ** (-(last - time) / HALF_LIFE_MS) for time, points, _ in history), **counts}


def compare(expected, classified_values, dead_reasons, customers):
    """What is wrong, in words; empty if nothing is. `customers` is {id: {field: text}} from Redis."""
    faults = []
    have = collections.Counter()
    for value in classified_values:
        event = json.loads(value)
        have[mark(event["id"], event["data"])] += 1
    missing, extra = expected.classified - have, have - expected.classified
    if missing or extra:
        faults.append(f"classified: {missing.total()} are missing, {extra.total()} wrong or twice")
    if (dead := collections.Counter(dead_reasons)) != expected.dead:
        faults.append(f"dead letters: {dict(dead)} instead of {dict(expected.dead)}")
    wrong = [customer for customer in expected.customers.keys() | customers.keys() if not same(expected.customers.get(customer), customers.get(customer))]
    if wrong:
        faults.append(f"{len(wrong)} customers, such as {expected.customers.get(wrong[0])} that Redis has as {customers.get(wrong[0])}")
    return faults


def same(want, have):
    if want is None or have is None or want.keys() != have.keys():
        return False
    near = abs(float(have["score"]) - want["score"]) <= 1e-6 * max(1, abs(want["score"]))
    return near and all(int(have[name]) == want[name] for name in want if name != "score")
