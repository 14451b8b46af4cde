"""The endpoints: each mode is what a client sees, and the log says who was acknowledged."""
import base64
import hashlib
import hmac
import http.client
import json
import time

import pytest

from endpoints import SECRET, Endpoints

BODY = json.dumps({"subject": "C-1", "data": {"rule": "risk_raised", "contributions": [{"source": "/s", "id": "1"}, {"source": "/s", "id": "2"}]}}).encode()


@pytest.fixture
def endpoints(tmp_path):
    with Endpoints(tmp_path) as endpoints:
        yield endpoints


def post(endpoints, name="hook1", identifier="msg", secret=SECRET, timeout=5, age_s=0):
    """(status, body, headers) of one signed request."""
    stamp = str(int(time.time() - age_s))
    digest = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), f"{identifier}.{stamp}.".encode() + BODY, hashlib.sha256).digest()
    link = http.client.HTTPConnection("127.0.0.1", endpoints.ports[name], timeout=timeout)
    try:
        link.request("POST", "/", BODY, {"webhook-id": identifier, "webhook-timestamp": stamp, "webhook-signature": "v1," + base64.b64encode(digest).decode()})
        answer = link.getresponse()
        return answer.status, answer.read(), answer.headers
    finally:
        link.close()


def last(endpoints):
    return endpoints.requests()[-1]


def test_ok_is_acknowledged(endpoints):
    assert post(endpoints)[0] == 200
    entry = last(endpoints)
    assert entry.pop("received_ms") == pytest.approx(time.time() * 1000, abs=5000)
    assert entry == {"endpoint": "hook1", "webhook_id": "msg", "payload": hashlib.sha256(BODY).hexdigest(), "signature_ok": True, "status": 200,
                     "acknowledged": True, "cause": ["/s", "2"], "rule": "risk_raised", "subject": "C-1"}


@pytest.mark.parametrize("mode, status", [("500", 500), ("429", 429), ("410", 410)])
def test_refusals(endpoints, mode, status):
    endpoints.set("hook1", mode)
    answer = post(endpoints)
    assert answer[0] == status and answer[2].get("Retry-After") == ("1" if mode == "429" else None)
    assert (last(endpoints)["acknowledged"], last(endpoints)["status"]) == (False, status)
    assert post(endpoints, "hook0")[0] == 200, "the others are as they were"
    endpoints.heal()
    assert post(endpoints)[0] == 200


def test_nothing(endpoints):
    endpoints.set("hook1", "nothing")
    with pytest.raises(TimeoutError):
        post(endpoints, timeout=0.3)
    assert not last(endpoints)["acknowledged"]


def test_half(endpoints):
    endpoints.set("hook1", "half")
    with pytest.raises(http.client.IncompleteRead):
        post(endpoints)
    assert not last(endpoints)["acknowledged"]


def test_slow(endpoints):
    endpoints.set("hook1", "slow")
    began = time.monotonic()
    assert post(endpoints)[0] == 200 and time.monotonic() - began >= 1


def test_down_and_up(endpoints):
    kept = http.client.HTTPConnection("127.0.0.1", endpoints.ports["hook1"], timeout=5)
    kept.request("POST", "/", b"")
    kept.getresponse().read()
    endpoints.set("hook1", "down")
    with pytest.raises(ConnectionRefusedError):
        post(endpoints)
    assert kept.sock.recv(1) == b"", "an open connection ends too"
    endpoints.set("hook1", "ok")
    assert post(endpoints)[0] == 200


def test_wrong_signature_and_age(endpoints, tmp_path):
    assert post(endpoints, secret="whsec_" + base64.b64encode(b"x" * 24).decode())[0] == 401
    assert not last(endpoints)["signature_ok"]
    assert post(endpoints, age_s=3600)[0] == 401
    with Endpoints(tmp_path / "patient", tolerance_s=86_400) as patient:
        assert post(patient, age_s=3600)[0] == 200
