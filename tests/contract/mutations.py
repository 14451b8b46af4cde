"""Seeded mutations of good and bad events: damage to bytes, to the structure, to what values mean, and harmless rewriting."""
import copy
import json
import unicodedata

BAD_BYTES = (b"\x00", b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe0\x80\x80", b"\xea\xb0", b"\x80", b"\xef\xbb\xbf", b"\x1f", b"\x7f",
             b"\xc2\x85", b"\xe2\x80\xa8", b"\xf0\x9f\x98\x80", b"\\u0000", b"\\ud800", b"\\udc00\\ud800", b"\\ud83d\\ude00", b"\\x", b"\\", b'"', b"{", b"[", b",")
# As JSON text: numbers that a tree could not hold apart.
VALUES = ("null", "true", "false", "0", "-0", "1", "5", "6", "-1", "4.0", "1e0", "50e-1", "0.5e1", "4.5", "4.0000000000000000000000001", "1e-400", "1e308", "1e309",
          "-1.7976931348623159e308", "9223372036854775807", "9223372036854775808", "-9223372036854775809", "1e400", "01", "1.", "NaN", "-Infinity", "[]", "{}",
          '""', '" "', '"\\u3000\\u00a0\\n"', '"\\u200b"', '"a\\u0085"', '"a\\u007f"', '"\\ufeff"', '"x\\n"', '"1.0"', '"voc.web"', '"voc.call\\n"', '"C-1"',
          '[{"role":"customer","text":"hi"}]', '[{"role":"agent","text":"hi"}]', '[{"role":"customer","text":" "},{"role":"x","text":""}]', '[[]]',
          '[{"text":"a","role":"customer"},{"role":"customer","text":"b","more":[1]}]', '[{"role":"customer"}]', '[{"role":null,"text":"a"}]', '["a"]', '[null]')
TIMES = ("2026-11-21T09:30:00Z", "2026-11-21t09:30:00.123456789z", "2026-11-21 09:30:00+23:59", "2026-11-21T09:30:00-00:00", "2026-11-22T09:30:00Z",
         "2026-11-22T09:30:00.001Z", "2000-01-01T00:00:00Z", "1999-12-31T23:59:59.999Z", "2000-01-01T00:00:00+00:01", "2026-02-29T00:00:00Z", "2024-02-29T00:00:00Z",
         "2026-06-30T23:59:60Z", "2026-06-30T23:59:61Z", "2026-06-30T24:00:00Z", "0000-01-01T00:00:00Z", "2026-13-01T00:00:00Z", "2026-1-1T00:00:00Z", "",
         "2026-11-21T09:30Z", "2026-11-21T09:30:00", "2026-11-21T09:30:00.Z", "2026-11-21T09:30:00+24:00", "2026-11-21T09:30:00+0900", "2026-11-21T09:30:00Z\n",
         "2026-11-21T09:30:00Z ", "+2026-11-21T09:30:00Z", "9999-12-31T23:59:59Z", "２０２６-11-21T09:30:00Z")
MEDIA = ("application/json", "APPLICATION/JSON", "text/json", "application/cloudevents+json", "application/x+y+json", "application/json; charset=utf-8",
         "application/json ;x", "application/json\n", "application/json\n\n;", "application/jsonx", "application/xjson", "application/+json", "/json", "json", "", "a/b/json",
         "text/plain", "application/json x", "application/json\u00a0", "가/json")
NAMES = ("specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema", "data")
DATA_NAMES = ("customer_id", "text", "transcript", "lang", "channel", "product", "team", "agent_id", "rating", "expected", "promised_at")
LENGTHS = (0, 1, 63, 64, 65, 127, 128, 129, 255, 256, 257, 1023, 1024)


class Mutator:
    def __init__(self, random, good, bad):
        self.random, self.good, self.bad, self.verbatim = random, good, bad, {}
        self.trees = [json.loads(data) for data in good]

    def record(self):
        """(value, headers, timestamp)"""
        r = self.random
        timestamp = r.choice((1_795_253_400_000,) * 8 + (-1, 0, 946_684_800_000, 4_102_444_800_001, 1 << 62))
        if r.random() < 0.15:
            value, headers = self.binary()
        elif r.random() < 0.35:
            value, headers = self.damage(r.choice(self.good if r.random() < 0.8 else self.bad)), []
        else:
            value, headers = self.text_of(self.change(copy.deepcopy(r.choice(self.trees)))), []
        if r.random() < 0.1:
            value = self.damage(value)
        if r.random() < 0.05:
            value = bytes((0, *(r.randrange(256) for _ in range(4)))) + value
        if not headers and r.random() < 0.05:
            headers = [("content-type", r.choice(MEDIA).encode()), ("traceparent", b"\xff")]
        return value, headers, timestamp

    def damage(self, data):
        r = self.random
        for _ in range(r.choice((1, 1, 1, 2, 3))):
            at, kind = r.randrange(len(data) + 1), r.randrange(7)
            if kind == 0 and at < len(data):
                data = data[:at] + bytes([data[at] ^ 1 << r.randrange(8)]) + data[at + 1:]
            elif kind == 1:
                data = data[:at]
            elif kind == 2:
                data = data[:at] + data[at + r.randrange(1, 9):]
            elif kind in (3, 4):
                data = data[:at] + r.choice(BAD_BYTES) + data[at:]
            elif kind == 5:
                data = data[:at] + data[at:at + r.randrange(1, 40)] + data[at:]
            else:
                data = data[:at] + bytes([r.randrange(256)]) + data[at + 1:]
        return data

    def raw(self, text):
        """A place in a tree where this JSON text stands when it is written."""
        mark = f"@@{len(self.verbatim)}@@"
        self.verbatim[json.dumps(mark)] = text
        return mark

    def value(self, name):
        r = self.random
        if name in ("time", "promised_at") and r.random() < 0.8:
            return r.choice(TIMES)
        if name == "datacontenttype" and r.random() < 0.8:
            return r.choice(MEDIA)
        if name in ("rating", "expected") and r.random() < 0.6:
            return self.raw(r.choice(VALUES[3:27]))
        if r.random() < 0.3:
            return r.choice(("a", "가", "é", "😀")) * r.choice((*LENGTHS, 20_000, 20_001) if name == "text" else LENGTHS)
        if r.random() < 0.05:
            depth = r.choice((1, 13, 14, 15, 16, 17, 100, 5000))
            return self.raw("[" * depth + "]" * depth)
        return self.raw(r.choice(VALUES))

    def change(self, event):
        r = self.random
        for _ in range(r.choice((0, 1, 1, 1, 1, 2, 3))):
            data = event.get("data")
            inside = isinstance(data, dict) and r.random() < 0.55
            place, names = (data, DATA_NAMES) if inside else (event, NAMES)
            name, kind = r.choice(names), r.randrange(10)
            if kind <= 1:
                place.pop(name, None)
            elif kind <= 6:
                place[name] = self.value(name)
            elif kind == 7:
                place[r.choice(("trace", "Upper", "x" * 64, "x" * 65, "a b", "", "number9"))] = self.value("")
            elif kind == 8 and inside:
                self.transcribe(data)
            else:
                for i in range(r.choice((1, 31, 32, 33, 1020, 1024))):
                    place[f"extra{i}"] = i
        return event

    def transcribe(self, data):
        """The text as turns, with limits in reach."""
        r = self.random
        turn = {"role": "customer", "text": r.choice((data.get("text") or "?", " ", "a" * 9_999, "가" * 10_000))}
        if r.random() < 0.8:
            data.pop("text", None)
        data["transcript"] = [turn, *({"role": r.choice(("agent", "customer", "")), "text": r.choice(("", "b", turn["text"]))} for _ in range(r.choice((0, 1, 2, 3))))]
        if r.random() < 0.1:
            data["transcript"] += [{"role": "agent", "text": ""}] * r.choice((1997, 1998, 1999, 2000))

    def text_of(self, event):
        """As bytes, in one of the many ways to write the same."""
        r = self.random
        if r.random() < 0.3:
            event = dict(r.sample(list(event.items()), len(event)))
        separators = r.choice(((",", ":"), (", ", ": "), (" ,\r\n\t", "\n: ")))
        text = json.dumps(event, ensure_ascii=r.random() < 0.4, separators=separators)
        for mark, verbatim in self.verbatim.items():
            text = text.replace(mark, verbatim)
        self.verbatim.clear()
        if r.random() < 0.1:
            text = unicodedata.normalize("NFD", text)
        if r.random() < 0.1:
            text = self.escape_some(text)
        if r.random() < 0.08:
            name = r.choice((*NAMES, "extra", "a"))
            text = text[:-1] + separators[0] + r.choice((f'"{name}"', '"\\u0069d"')) + ':{"a":[1,{"b":2,"c":3}]}}'
        return text.encode("utf-8", "surrogatepass")

    def escape_some(self, text):
        """Letters inside of strings as escapes: the same event."""
        parts = text.split('"')
        for i in range(1, len(parts), 2):
            if "\\" not in parts[i] and self.random.random() < 0.3:
                parts[i] = "".join(f"\\u{ord(c):04X}" if ord(c) < 0x10000 and self.random.random() < 0.5 else c for c in parts[i])
        return '"'.join(parts)

    def binary(self):
        r = self.random
        event = self.change(copy.deepcopy(r.choice(self.trees)))
        data = event.pop("data", None)
        headers = []
        for name, value in event.items():
            header = "content-type" if name == "datacontenttype" else "ce_" + name
            headers.append((header, value.encode() if isinstance(value, str) else None if value is None else str(value).encode()))
        for _ in range(r.choice((0, 0, 0, 1, 2))):
            headers.append((r.choice(("ce_id", "ce_trace", "ce_data", "ce_datacontenttype", "content-type", "ce_", "other")),
                            r.choice((None, b"", b"x", b"a\x00b", b"\xff", b"\xed\xa0\x80", '"가"\n'.encode(), b"x" * 1100))))
        if r.random() < 0.3:
            r.shuffle(headers)
        return self.text_of(data) if isinstance(data, dict) else json.dumps(data).encode(), headers[:60]
