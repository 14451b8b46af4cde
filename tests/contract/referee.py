"""What a raw event is, said a second time and independently of the C decoder: Python's json and jsonschema, and the rules no schema can say."""
import functools
import json
import pathlib
import re
from datetime import datetime, timedelta, timezone

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMAS = {path.name: json.loads(path.read_text()) for path in sorted((ROOT / "schemas").glob("*.schema.json"))}

MAX_BYTES = 256 * 1024
MAX_DEPTH = 16
MAX_MEMBERS = 1024
MAX_TEXT = 20_000
MAX_EXTENSIONS = 32
MAX_EXTENSION_BYTES = 1024
EARLIEST_MS = 946_684_800_000
LATEST_MS = 4_102_444_800_000
TOLERANCE_MS = 86_400_000
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
WHITE_SPACE = "\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
LEXICAL = {"bad_json", "bad_utf8", "nul_character", "duplicate_key", "too_deep", "too_large", "empty_record"}


@functools.cache
def validator(name):
    resolver = jsonschema.RefResolver(base_uri=name, referrer=SCHEMAS[name], store=SCHEMAS)
    return jsonschema.Draft202012Validator(SCHEMAS[name], resolver=resolver)


RAW_EVENT = validator("raw-event.schema.json")


class Refused(Exception):
    """Holds the reason if it is one of the record's form, else "schema"."""


class Fraction(float):
    """A number that is no integer, even where the nearest double is one."""

    def is_integer(self):
        return False


def parse_number(text):
    sign, whole, part, exponent = re.fullmatch(r"(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?", text).groups()
    if abs(float(text)) == float("inf"):
        raise Refused("bad_json")
    digits = (whole + (part or "")).lstrip("0")
    if not digits:
        return 0
    power = int(exponent or 0) - len(part or "") + len(digits) - len(digits.rstrip("0"))
    return int(sign + digits.rstrip("0")) * 10**power if power >= 0 else Fraction(text)


def parse_integer(text):
    value = int(text) if len(text) <= 20 else 1 << 64
    if not -(1 << 63) <= value < 1 << 63:
        raise Refused("bad_json")
    return value


def parse_object(pairs):
    if len({name for name, _ in pairs}) != len(pairs):
        raise Refused("duplicate_key")
    if len(pairs) > MAX_MEMBERS:
        raise Refused("too_large")
    return dict(pairs)


def no_constant(_):
    raise Refused("bad_json")


def check_strings_and_depth(value):
    rest = [(value, 1)]
    while rest:
        value, depth = rest.pop()
        if isinstance(value, str):
            if "\0" in value:
                raise Refused("nul_character")
            if any(0xD800 <= ord(c) <= 0xDFFF for c in value):
                raise Refused("bad_utf8")
        elif isinstance(value, (dict, list)):
            if depth > MAX_DEPTH:
                raise Refused("too_deep")
            inner = [*value, *value.values()] if isinstance(value, dict) else value
            rest += [(each, depth + 1) for each in inner]


def load(data):
    """JSON as strict as the decoder says it is."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("bad_utf8") from None
    if "\0" in text:
        raise Refused("nul_character")
    try:
        value = json.loads(text, object_pairs_hook=parse_object, parse_int=parse_integer, parse_float=parse_number, parse_constant=no_constant)
    except RecursionError:
        raise Refused("too_deep") from None
    except json.JSONDecodeError:
        raise Refused("bad_json") from None
    check_strings_and_depth(value)
    return value


def is_blank(text):
    return not text.strip(WHITE_SPACE)


def parse_time(text):
    """Milliseconds since 1970; ValueError if it is no RFC 3339 date-time."""
    match = re.fullmatch(r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))", text)
    if not match:
        raise ValueError(text)
    year, month, day, hour, minute, second = map(int, match.groups()[:6])
    fraction, sign, zone_hour, zone_minute = match.groups()[6:]
    if second > 60 or int(zone_hour or 0) > 23 or int(zone_minute or 0) > 59:
        raise ValueError(text)
    moment = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=timezone.utc)
    zone = timedelta(hours=int(zone_hour or 0), minutes=int(zone_minute or 0))
    ms = (moment - EPOCH) // timedelta(milliseconds=1) + int(((fraction or "") + "000")[:3])
    return ms - zone // timedelta(milliseconds=1) * (-1 if sign == "-" else 1)


def event_time(text, timestamp):
    try:
        ms = timestamp if text is None else parse_time(text)
    except ValueError:
        raise Refused("schema") from None
    latest = timestamp + TOLERANCE_MS if EARLIEST_MS <= timestamp < LATEST_MS else LATEST_MS
    if not EARLIEST_MS <= ms <= latest:
        raise Refused("schema")
    return ms


def promise(text):
    """0 if there is none."""
    try:
        ms = parse_time(text) if text is not None else 0
    except ValueError:
        raise Refused("schema") from None
    if ms and not EARLIEST_MS <= ms <= LATEST_MS:
        raise Refused("schema")
    return ms


def is_binary(headers):
    first = {}
    for name, value in headers:
        first.setdefault(name, value)
    if (first.get("content-type") or b"").lower().startswith(b"application/cloudevents"):
        return False
    return first.get("ce_specversion") is not None


def is_extension(name):
    return re.fullmatch("[a-z0-9]{1,64}", name) is not None


ATTRIBUTES = ("specversion", "id", "source", "type", "subject", "time", "dataschema")


def event_of_headers(headers):
    """The attributes of binary mode; of a repeated extension attribute the first counts, and of those that are carried on, 32."""
    event = {}
    for name, value in headers:
        if value is None:
            continue
        if name == "content-type":
            attribute = "datacontenttype"
        elif name.startswith("ce_") and name not in ("ce_data", "ce_datacontenttype"):
            attribute = name[3:]
        else:
            continue
        if attribute not in (*ATTRIBUTES, "datacontenttype") and not is_extension(attribute):
            continue
        known = attribute in (*ATTRIBUTES, "datacontenttype")
        if known and attribute in event:
            raise Refused("duplicate_key")
        try:
            text = value.decode("utf-8")
        except UnicodeDecodeError:
            raise Refused("bad_utf8") from None
        if "\0" in text:
            raise Refused("nul_character")
        if known or len(json.dumps(text, ensure_ascii=False).encode()) <= MAX_EXTENSION_BYTES:
            event.setdefault(attribute, text)
    return event


def fields(event, timestamp):
    """What the decoder must have read."""
    data = event["data"]
    turns = data.get("transcript")
    if turns is None:
        text, said = data["text"], []
    else:
        said = [turn["text"] for turn in turns if turn["role"] == "customer" and not is_blank(turn["text"])]
        text = "\n".join(said)
        if sum(map(len, said)) > MAX_TEXT:
            raise Refused("schema")
    result = {name: data.get(name) or "" for name in ("lang", "channel", "product", "team", "agent_id")}
    result |= {"id": event["id"], "source": event["source"], "type": event["type"], "customer_id": data["customer_id"], "text": text}
    result |= {"turns": len(said), "rating": data.get("rating") or 0, "expected": data.get("expected") or 0, "promised_ms": promise(data.get("promised_at")), "time_ms": event_time(event.get("time"), timestamp)}
    known = (*ATTRIBUTES, "datacontenttype", "data")
    scalars = {name: value for name, value in event.items() if name not in known and is_extension(name) and isinstance(value, (str, int, float))}
    return result, scalars


def judge(value, headers, timestamp):
    """(fields, extensions) of an accepted record; Refused for any other."""
    if len(value or b"") > MAX_BYTES:
        raise Refused("too_large")
    if value and value[0] == 0 and len(value) >= 5:
        value = value[5:]
    if not value:
        raise Refused("empty_record")
    content = load(value)
    event = event_of_headers(headers) | {"data": content} if is_binary(headers) else content
    if not RAW_EVENT.is_valid(event):
        raise Refused("schema")
    return fields(event, timestamp)
