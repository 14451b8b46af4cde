"""Personal data against real Kafka and Redis: none of it leaves the raw topics and voc.dlq, and a customer who is to be forgotten is."""
import json
import pathlib
import re
import socket
import subprocess
import sys

import pytest
import verify
from stack import ROOT, SECRET, SUPPORT, wait_for

PASSWORD = "kafka-hunter2-918273"
LEAVING = {"ko": "{} 이 번호 때문에 정말 화가 나요. 세 번이나 말했는데 아무도 안 고쳐줘요. 해지할게요 {}", "en": "I am furious, nobody fixes it. {} is wrong. Cancel my account now {}"}
# What is sent, by kind: each unlike any other number of a run, so that a hit is a leak.
PERSONAL = {
    "resident": "900817-1938475", "resident undivided": "8507232837465", "foreigner": "880314-5736291", "after 2020": "210703-3918273",
    "mobile": "010-7391-8264", "mobile undivided": "01093728164", "mobile abroad": "+82 10-4819-3726", "landline": "02-8391-7264", "american": "(415) 739-8264",
    "card": "4716-2938-4756-1029", "card undivided": "5412753918264730", "account": "국민은행 918273-64-582917", "account in English": "account number 918273645546",
    "e-mail": "gildong.hong.917@naver.com", "plate": "38가7192", "new plate": "271나8364", "passport": "M91827364", "licence": "11-19-918273-64",
    "full-width": "０１０－８２６４－９１７３", "spaced": "0 1 0 9 3 8 1 7 2 6 4", "said": "공일공 구삼팔이 칠사육일",
}


def luhn(number):
    digits = [int(d) for d in number if d.isdigit()]
    rest = (10 - sum(d if i % 2 else sum(divmod(2 * d, 10)) for i, d in enumerate(reversed(digits[:-1])))) % 10
    return number[:-1] + str(rest)


PERSONAL["card"] = luhn(PERSONAL["card"])
PERSONAL["card undivided"] = luhn(PERSONAL["card undivided"])


def event(number, text=None, kind="voc.complaint", envelope=None, **data):
    data = {"customer_id": f"C-{number}", "lang": "ko", **({"text": text} if text is not None else {}), **data}
    return json.dumps({"specversion": "1.0", "id": f"e-{number}", "source": "/test", "type": kind, "time": "2026-11-20T10:00:00Z", "data": data, **(envelope or {})},
                      ensure_ascii=False)


def everything():
    """Personal data wherever a sender may put it."""
    lines = []
    for number, value in enumerate(PERSONAL.values()):
        lines += [event(3 * number, LEAVING["ko"].format(value, value)), event(3 * number + 1, LEAVING["en"].format(value, value), kind="voc.web"),
                  event(3 * number + 2, kind="voc.call", transcript=[{"role": "agent", "text": f"번호가 {value} 맞으세요?"},
                                                                    {"role": "customer", "text": f"네 {value} 맞아요. 세 번째 고장이에요"},
                                                                    {"role": "customer", "text": f"해지해 주세요 {value}"}]),
                  event(700 + number, LEAVING["ko"].format(value, ""), product=f"폰 {value}")]
    phone, mail, card = PERSONAL["mobile"], PERSONAL["e-mail"], PERSONAL["card undivided"]
    lines.append(event(900, LEAVING["ko"].format("", ""), product=f"폰 {phone}", team=mail, agent_id=phone, channel=f"tel {phone}", note=card, address={"phone": phone}))
    lines.append(event(901, LEAVING["ko"].format("", ""), envelope={"caller": phone, "payer": int(card), "reply": mail, "subject": phone}))
    lines.append(event(902, "너무 늦어요", rating=9, product=phone))  # refused: its bytes are in voc.dlq, with nothing of them in the reason
    lines.append(event(903, f"{phone} {mail}", kind="voc.nothing"))
    lines.append('{"broken": "' + phone + " " + mail)
    return lines


def patterns():
    """As it was sent, and its digits with anything but digits and letters between them."""
    for kind, value in PERSONAL.items():
        yield kind, re.compile(re.escape(value))
        digits = "".join(str("０１２３４５６７８９".find(c)) if c in "０１２３４５６７８９" else c for c in value if c.isdigit())
        if len(digits) >= 9 and "@" not in value:
            yield kind, re.compile(r"(?<![0-9])" + r"[-. ()/]{0,3}".join(digits) + r"(?![0-9])")
    yield "e-mail's name", re.compile("gildong")


def leaks(where, text):
    return [f"{kind} in {where}: ...{match.group(0)!r}" for kind, pattern in patterns() for match in [pattern.search(text)] if match]


def redis_text(redis):
    return "\n".join(f"{key} {fields}" for key, fields in verify.redis_state(redis).items())


@pytest.mark.parametrize("policy", ["masked", "absent"])
def test_no_personal_data_leaves_the_raw_topics(stack, policy):
    lines = everything()
    for line in lines[:-1]:
        json.loads(line)
    assert {kind for kind, pattern in patterns() if any(pattern.search(line) for line in lines)} == {*PERSONAL, "e-mail's name"}, "what was sent is found"
    for service in ("classifier", "aggregator", "alerter"):
        stack.start(service, VOC_TEXT=policy, VOC_LOG_LEVEL="debug", VOC_KAFKA_SASL_PASSWORD=PASSWORD)
    stack.wait_ready()
    producer = stack.producer()
    for number, line in enumerate(lines):
        producer.produce(stack.topic(("calls", "web", "complaints")[number % 3]), line.encode(), key=f"C-{number}".encode())
    producer.flush(30)
    stack.wait_drained()

    found, words = [], 0
    for topic in ("classified", "alerts", "corrections"):
        for partition, offset, key, value, headers, _ in stack.read_all(topic):
            text = f"{(key or b'').decode()} {(value or b'').decode()} {headers}"
            words += '"text":"' in text and "*" in text
            found += leaks(f"{topic}/{partition}/{offset}", text)
            found += leaks(f"{topic}/{partition}/{offset}, unescaped", json.dumps(json.loads(value), ensure_ascii=False) if value else "")
    for record in stack.read_all("dlq"):
        found += leaks("the headers of a dead letter", " ".join(value.decode(errors="replace") for name, value in record[4].items() if name.startswith("voc_")))
    found += leaks("Redis", redis_text(stack.redis))
    for process in stack.processes:
        found += leaks(f"the log of {process.name}", process.log.read_text(errors="replace"))
        for page in ("/metrics", "/healthz", "/readyz"):
            found += leaks(f"{page} of {process.name}", process.get(page)[1])
    found += leaks("what the receiver got", stack.alert_log.read_text())
    for process in stack.processes:
        proc = pathlib.Path(f"/proc/{process.process.pid}")
        assert re.search(r"Max core file size +0 +0 ", (proc / "limits").read_text()), "no core dumps"
        seen = process.log.read_text(errors="replace") + process.get("/metrics")[1] + process.get("/readyz")[1] + (proc / "cmdline").read_text()
        found += [f"a secret of {process.name}" for secret in (PASSWORD, SECRET, SECRET.removeprefix("whsec_")) if secret in seen]
    for name in ("receiver.out", "receiver.log", "redis.log"):
        found += leaks(name, (stack.folder / name).read_text(errors="replace"))
    assert not found, f"{len(found)} leaks\n" + "\n".join(found[:20])
    assert len(stack.read_all("dlq")) == 3
    assert len(stack.received()) >= len(PERSONAL), "the receiver got alerts"
    if policy == "masked":
        assert words >= len(PERSONAL), "what decided goes on, with what is masked beside it"
        assert '"evidence":["' in redis_text(stack.redis)
    else:
        assert words == 0
        assert "고쳐" not in redis_text(stack.redis) + stack.alert_log.read_text()


def some_events(customer, first, count):
    return [json.dumps({"specversion": "1.0", "id": f"{customer}-{number}", "source": "/test", "type": "voc.complaint", "time": "2026-11-20T10:00:00Z",
                        "data": {"customer_id": customer, "text": "세 번이나 고장났는데 아무도 안 고쳐줘요. 해지할게요", "lang": "ko", "rating": 1}}, ensure_ascii=False)
            for number in range(first, first + count)]


def send(stack, lines):
    stack.ctl("send", "-", input="\n".join(lines).encode())


def profile_of(customer):
    profile = json.loads((ROOT / "schemas/examples/profile/valid/full.json").read_text())
    profile["data"]["customer_id"] = customer
    profile["id"] = f"profile-{customer}"
    return json.dumps(profile)


def customer_keys(stack, customer):
    at_risk = [key for key in stack.redis.scan_iter("voc:{*:at_risk", count=10_000) if stack.redis.zscore(key, customer) is not None]
    return sorted(stack.redis.scan_iter(f"voc:{{*:customer:{customer}", count=10_000)) + at_risk


def test_a_customer_is_forgotten_and_stays_so(stack):
    for service in ("classifier", "aggregator", "alerter"):
        stack.start(service)
    stack.wait_ready()
    send(stack, some_events("C-gone", 0, 6) + some_events("C-stays", 0, 6))
    stack.wait_drained()
    stack.ctl("label", "C-gone-1", "--feedback-type", "opinion", VOC_OPERATOR="qm-7")
    stack.ctl("label", "C-stays-1", "--feedback-type", "opinion", VOC_OPERATOR="qm-7")
    assert len(customer_keys(stack, "C-gone")) == 2 and len(customer_keys(stack, "C-stays")) == 2
    producer = stack.producer()
    for customer in ("C-gone", "C-stays"):
        producer.produce(stack.topic("profiles"), profile_of(customer), key=customer)
    producer.flush(30)

    receipt = json.loads(stack.ctl("forget", "C-gone", "--yes", "--json").stdout)
    assert receipt["customer_id"] == "C-gone" and receipt["erased_fields"] > 10 and receipt["withdrawn_corrections"] == 1 and not receipt["came_back"]
    assert receipt["erased_profile"] and [value for _, _, key, value, _, _ in stack.read_all("profiles") if key == b"C-gone"][-1] is None
    days = {name.removeprefix(stack.prefix): ms and ms // 86_400_000 for name, ms in receipt["copies_retention_ms"].items()}
    assert days == {"calls": 14, "web": 14, "complaints": 14, "orders": 14, "followups": 14, "alerts": 14, "dlq": 30, "classified": -1, "forgotten": 60}
    assert customer_keys(stack, "C-gone") == [] and len(customer_keys(stack, "C-stays")) == 2
    assert [json.loads(line)["text"] for line in stack.ctl("corrections", "export").stdout.splitlines()] != []
    verify.check_redis(stack, verify.apply_log(stack))

    # Neither the next owner, nor a rebuild, nor an emptied Redis brings the customer back.
    first, = stack.of("aggregator")
    first.stop()
    stack.processes.remove(first)
    stack.start("aggregator")
    stack.wait_ready()
    stack.redis.hset(customer_keys(stack, "C-stays")[0], "events", 4711)
    stack.ctl("rebuild", "--yes")
    assert customer_keys(stack, "C-gone") == []
    assert stack.ctl("verify").returncode == 0
    stack.of("aggregator")[-1].stop()
    stack.redis.flushall()
    stack.start("aggregator")
    stack.wait_drained()
    assert customer_keys(stack, "C-gone") == [] and len(customer_keys(stack, "C-stays")) == 2

    # A later event begins a new customer.
    send(stack, some_events("C-gone", 6, 1))
    stack.wait_drained()
    assert json.loads(stack.ctl("customer", "C-gone", "--json").stdout)["events"] in (1, "1")
    verify.check_redis(stack, verify.apply_log(stack))


def test_alerts_that_wait_for_an_endpoint_are_not_sent(stack):
    """An endpoint is down when the request comes, and the alerter is replaced before it is back; alerts that are made again are not sent either."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    webhooks = json.loads((stack.folder / "webhooks.json").read_text())
    webhooks["endpoints"].append({**webhooks["endpoints"][0], "name": "away", "url": f"http://127.0.0.1:{port}/ok"})
    (stack.folder / "webhooks.json").write_text(json.dumps(webhooks))
    patient = {"VOC_WEBHOOK_BACKOFF": "100ms", "VOC_WEBHOOK_BACKOFF_MAX": "500ms"}
    stack.start("classifier")
    stack.start("aggregator")
    alerter, = stack.start("alerter", **patient)
    wait_for(alerter.ready, 60, "the alerter", stack)
    send(stack, some_events("C-gone", 0, 4) + some_events("C-stays", 0, 4))
    stack.wait_drained_but_alerter()

    def alerts(customer):
        return [(key, value, list(headers.items())) for _, _, key, value, headers, _ in stack.read_all("alerts") if key == customer.encode()]

    def ids(entries, customer):
        return {entry["webhook_id"] for entry in entries if entry["body"]["subject"] == customer}
    gone, stays = alerts("C-gone"), alerts("C-stays")
    gone_ids = {json.loads(value)["id"] for _, value, _ in gone}
    assert len(gone) > 1 and len(stays) > 1
    wait_for(lambda: len(ids(stack.received(), "C-gone")) == len(gone) and len(ids(stack.received(), "C-stays")) == len(stays), 60, "the other endpoint", stack)

    receipt = json.loads(stack.ctl("forget", "C-gone", "--yes", "--json").stdout)
    assert len(gone) <= receipt["unsent_alerts"] <= 2 * len(gone), "those that wait for the endpoint, and at most what the other has not committed yet"
    wait_for(lambda: alerter.metrics()["voc_alerts_forgotten_total"] == len(gone), 10, "the alerter to give them up", stack)
    assert alerter.stop()[0] == 0
    stack.processes.remove(alerter)
    before = len(stack.received())
    producer = stack.producer()
    for key, value, headers in gone:  # as an aggregator does whose Redis went back in time
        producer.produce(stack.topic("alerts"), value, key, headers=headers)
    assert producer.flush(30) == 0
    send(stack, some_events("C-gone", 4, 1))  # a new customer of that id
    stack.start("alerter", **patient)
    back = subprocess.Popen([sys.executable, SUPPORT / "webhook_receiver.py", "--port", str(port), "--secret", SECRET, "--log", stack.folder / "back.ndjson"],
                            stdout=subprocess.DEVNULL)
    try:
        stack.wait_drained()
        received = [json.loads(line) for line in (stack.folder / "back.ndjson").read_text().splitlines()]
    finally:
        back.terminate()
        back.wait(10)
    assert ids(received, "C-stays") == {json.loads(value)["id"] for _, value, _ in stays}
    anew = ids(received, "C-gone")
    assert anew and not anew & gone_ids, "no alert of who was forgotten, and those of the new customer"
    assert not ids(stack.received()[before:], "C-gone") & gone_ids


def test_events_on_their_way_are_waited_for(stack):
    """The classifier is down: what it has not read yet would come in after the request, as a new customer's."""
    classifier, = stack.start("classifier")
    stack.start("aggregator")
    stack.wait_ready()
    send(stack, some_events("C-late", 0, 2))
    stack.wait_drained()
    classifier.stop()
    send(stack, some_events("C-late", 2, 2))
    refused = stack.ctl("forget", "C-late", "--yes", "--wait", "1", check=False)
    assert refused.returncode == 1 and b"on their way" in refused.stderr and b"in the log" not in refused.stderr
    assert len(customer_keys(stack, "C-late")) == 2
    stack.start("classifier")
    stack.ctl("forget", "C-late", "--yes")
    wait_for(lambda: customer_keys(stack, "C-late") == [], 10, "the customer to be gone", stack)
    assert stack.ctl("forget", "C\tlate", "--yes", check=False).returncode == 2


def test_a_webhook_secret_changes_without_a_restart(stack):
    """Old, then new and old side by side, then new only: the receiver, which knows the old one, takes the first two and refuses the third."""
    new, path = "whsec_bmV3LXNlY3JldC1uZXctc2VjcmV0LW5ldy1zZWNyZXQ=", stack.folder / "secret"
    webhooks = json.loads((stack.folder / "webhooks.json").read_text())
    del webhooks["endpoints"][0]["secret"]
    webhooks["endpoints"][0]["secret_file"] = str(path)
    (stack.folder / "webhooks.json").write_text(json.dumps(webhooks))
    path.write_text(SECRET + "\n")
    stack.start("classifier")
    stack.start("aggregator")
    alerter, = stack.start("alerter")
    stack.wait_ready()

    def alert(customer):
        send(stack, some_events(customer, 0, 1))
        stack.wait_drained()
        return [entry for entry in stack.received() if entry["body"]["subject"] == customer]

    def change(text, signatures):
        path.write_text(text)
        wait_for(lambda: [line for line in alerter.log.read_text().splitlines() if '"secret read again"' in line and f'"signatures":{signatures}' in line], 20,
                 "the secret to be read again", stack)
    assert alert("C-old")
    change(f"{new}\n{SECRET}\n", 2)
    assert alert("C-both")
    path.write_text("no secret\n")
    wait_for(lambda: "the secret stays as it was" in alerter.log.read_text(), 20, "the bad file to be told", stack)
    assert alert("C-still")
    change(new, 1)
    assert not alert("C-new") and stack.read_all("dlq"), "refused by a receiver that knows only the old secret"
    log = alerter.log.read_text()
    assert new not in log and SECRET not in log and "no secret" not in log
