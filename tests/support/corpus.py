"""Real text as events: utterances wrapped in seeded customers, channels and times.

Where the real sets are missing (a user's clone), the committed samples stand in.
"""
import csv
import json
import pathlib
import random
from datetime import datetime, timezone

from stack import ROOT, data_dir

csv.field_size_limit(1 << 24)
START_MS = int(datetime(2026, 11, 1, tzinfo=timezone.utc).timestamp() * 1000)
SPAN_MS = 14 * 86_400_000


def usable(text):
    return bool(text.strip()) and len(text) <= 20_000 and "\x00" not in text


def real_texts(train_rows):
    """[(text, lang)]: every row of the development pool, then `train_rows` rows spread evenly over the training sets."""
    folder = data_dir()
    pool = [json.loads(line) for line in open(folder / "dev-pool.jsonl", encoding="utf-8")]
    texts = [(row["text"], row["lang"]) for row in pool]
    sets = {}
    for path in sorted(folder.glob("train/*/data.tsv")):
        with open(path, encoding="utf-8", newline="") as file:
            rows = [row["text"] for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if usable(row["text"] or "")]
        sets[path.parent.name] = rows
    left, waiting = train_rows, sorted(sets, key=lambda name: len(sets[name]))
    for i, name in enumerate(waiting):  # the smallest set first, so that what it lacks goes to the larger ones
        take = min(len(sets[name]), left // (len(waiting) - i))
        step = len(sets[name]) / max(1, take)
        texts += [(sets[name][int(k * step)], "ko" if "-ko" in name else "en") for k in range(take)]
        left -= take
    return texts


def sample_texts():
    """What a clone without the real sets has: the generator's own text bank."""
    lines = open(ROOT / "services/vocctl/gen-texts.ndjson", encoding="utf-8")
    return [(row["text"], row["lang"]) for row in map(json.loads, lines)]


def texts(train_rows=50_000):
    if data_dir():
        return real_texts(train_rows)
    print("NOTE: no real text here (VOC_DATA_DIR): the committed samples stand in")
    return sample_texts()


def event(number, text, lang, r, customers):
    kind = r.choices(("voc.call", "voc.web", "voc.complaint"), (5, 3, 2))[0]
    # A long tail, and one customer with nearly half of all events.
    customer = f"C-{min(int(r.paretovariate(0.9)), customers):05d}"
    at = START_MS + number
    data = {"customer_id": customer, "channel": r.choice(("phone", "chat", "form")), "lang": lang,
            "product": f"product-{r.randrange(20)}", "team": f"team-{r.randrange(6)}", "agent_id": f"A-{r.randrange(40)}"}
    if r.random() < 0.5:
        data["rating"] = r.randrange(1, 6)
    if number % 3 == 0:
        data["expected"] = 1 + number // 3 % 5
    if number % 7 == 0:  # a promise, kept or not by then
        data["promised_at"] = datetime.fromtimestamp(at / 1000 + (number % 5 - 2) * 86_400, timezone.utc).isoformat()
    if kind == "voc.call":
        data["transcript"] = [{"role": "agent", "text": "무엇을 도와드릴까요?" if lang == "ko" else "How can I help?"}, {"role": "customer", "text": text}]
    else:
        data["text"] = text
    return {"specversion": "1.0", "id": f"e-{number}", "source": f"/test/{kind[4:]}", "type": kind, "subject": customer,
            "time": datetime.fromtimestamp(at / 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at % 1000:03d}Z",
            "datacontenttype": "application/json", "data": data}, at


def events(rows, seed=1, customers=3000, duplicate=0.01, late=0.01):
    """[(event, record timestamp)] in the order of sending, with duplicates and late ones among them."""
    r = random.Random(seed)
    order = list(range(len(rows)))
    r.shuffle(order)
    gap = SPAN_MS // max(1, len(rows))
    out = []
    for number, row in enumerate(order):
        made, _ = event(number, *rows[row], r, customers)
        at = START_MS + number * gap + r.randrange(gap)
        stamp = at - (r.randrange(3 * 86_400_000) if r.random() < late else 0)
        made["time"] = datetime.fromtimestamp(stamp / 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.") + f"{stamp % 1000:03d}Z"
        out.append((made, at))
        if r.random() < duplicate:
            out.append((made, at + 1))
    return out
