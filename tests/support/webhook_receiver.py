#!/usr/bin/env python3
"""A webhook receiver for the demo and the tests: verifies Standard Webhooks signatures, and misbehaves on demand.

  webhook_receiver.py [--host 127.0.0.1] [--port 0] [--secret whsec_...] [--pretty] [--log FILE] [--log-all] [--cert PEM]

Prints its port as the first line. --cert: TLS, with the certificate and the key that are in this file. --pretty prints each accepted alert for people; --log appends one JSON object for each
accepted request (--log-all: for every request) to FILE. The path says how a request is answered:

  /ok                       200
  /fail/503?retry_after=1   that status, with Retry-After if given
  /gone                     410
  /slow?s=5                 200 after so many seconds
  /hang                     never
  /half                     a response that breaks off in its body
  /redirect?to=URL          307
  /big?bytes=N              200 with a body of so many bytes

first=N: only the first N requests of each path misbehave so, the rest are answered 200. customer=ID: only that customer's are.
What begins with /slack/ (as in /slack/fail/503) is taken without a signature. Standard library only.
"""
import argparse
import base64
import collections
import hashlib
import hmac
import http.server
import json
import ssl
import sys
import threading
import time
import urllib.parse

TOLERANCE_S = 300
COLOURS = {"info": "32", "warning": "33", "critical": "31"}


def signature_ok(secret, headers, body):
    """As https://www.standardwebhooks.com asks of a receiver: one signature fits, and the time is near."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        identifier, timestamp = headers["webhook-id"], headers["webhook-timestamp"]
        if abs(time.time() - int(timestamp)) > TOLERANCE_S:
            return False
        digest = hmac.new(key, f"{identifier}.{timestamp}.".encode() + body, hashlib.sha256).digest()
        wanted = "v1," + base64.b64encode(digest).decode()
        return any(hmac.compare_digest(wanted, given) for given in headers["webhook-signature"].split(" "))
    except (AttributeError, TypeError, ValueError):
        return False


def pretty(alert, ok):
    """A few lines for people; a Slack message as its text."""
    if not isinstance(alert, dict) or "data" not in alert:
        return alert.get("text", "") if isinstance(alert, dict) else str(alert)
    data = alert["data"]
    colour = COLOURS.get(data["severity"], "0") if sys.stdout.isatty() else None
    rule = f"\x1b[{colour};1m{data['rule']}\x1b[0m" if colour else data["rule"]
    lines = [f"* {data['customer_id']}  {rule}  {data['severity']}  risk {data['risk']} ({data['previous_state']} -> {data['risk_state']})"
             f"  signature {'ok' if ok else 'BAD'}"]
    spans = [span for contribution in reversed(data.get("contributions", [])) for span in contribution.get("evidence", [])]
    lines += [f'    "{span}"' for span in spans[:3]]
    if data.get("follow_up"):
        lines.append(f"    -> {data['follow_up']}")
    return "\n".join(lines)


class Receiver(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def __init__(self, address, options):
        super().__init__(address, Handler)
        self.options = options
        self.lock = threading.Lock()
        self.counts = collections.Counter()
        if options.cert:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(options.cert)
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.log = open(options.log, "a", encoding="utf-8") if options.log else None

    def handle_error(self, request, client_address):
        """A peer that went away is its own business."""

    def note(self, entry):
        with self.lock:
            accepted = entry["status"] < 300
            if self.log and (accepted or self.options.log_all):
                self.log.write(json.dumps(entry, ensure_ascii=False) + "\n")
                self.log.flush()
            if self.options.pretty and accepted:
                print(pretty(entry["body"], entry["signature_ok"]), flush=True)

    def misbehaves(self, path, query, body):
        with self.lock:
            self.counts[path] += 1
            number = self.counts[path]
        if "first" in query and number > int(query["first"]):
            return False
        subject = body.get("subject") if isinstance(body, dict) else None
        return "customer" not in query or query["customer"] == subject


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *arguments):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if body:
            self.wfile.write(body)

    def behaviour(self):
        """How this request shall be answered: the path's steps and its query."""
        url = urllib.parse.urlsplit(self.path)
        return [step for step in url.path.split("/") if step], dict(urllib.parse.parse_qsl(url.query))

    def do_POST(self):
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            body = json.loads(raw)
        except ValueError:
            body = raw.decode(errors="replace")
        steps, query = self.behaviour()
        unsigned = steps[:1] == ["slack"]
        ok = unsigned or signature_ok(self.server.options.secret, self.headers, raw)
        entry = {"received_ms": round(time.time() * 1000, 3), "path": self.path, "status": 200, "webhook_id": self.headers.get("webhook-id"),
                 "webhook_timestamp": self.headers.get("webhook-timestamp"), "signature_ok": ok,
                 "content_type": self.headers.get("Content-Type"), "headers": dict(self.headers), "body": body,
                 "body_sha256": hashlib.sha256(raw).hexdigest()}
        steps = steps[1:] if unsigned else steps
        if not ok:
            self.reply(entry, 401)
        elif self.server.misbehaves(self.path, query, body):
            self.behave(entry, steps, query)
        else:
            self.reply(entry, 200)

    def reply(self, entry, status, body=b"", **headers):
        entry["status"] = status
        self.server.note(entry)  # before the answer, so that who was answered finds it in the log
        self.answer(status, body, **headers)

    def behave(self, entry, steps, query):
        kind = steps[0] if steps else "ok"
        if kind == "fail":
            headers = {"Retry_After": query["retry_after"]} if "retry_after" in query else {}
            self.reply(entry, int(steps[1]), **headers)
        elif kind == "gone":
            self.reply(entry, 410)
        elif kind == "redirect":
            self.reply(entry, 307, Location=query["to"])
        elif kind == "big":
            self.reply(entry, 200, b"x" * int(query["bytes"]))
        elif kind == "slow":
            time.sleep(float(query.get("s", 5)))
            self.reply(entry, 200)
        elif kind == "hang":
            self.server.note({**entry, "status": 599})
            self.rfile.read(1)  # until the peer gives up
            self.close_connection = True
        elif kind == "half":
            self.server.note({**entry, "status": 598})
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf of it")
            self.close_connection = True
        else:
            self.reply(entry, 200 if kind == "ok" else 404)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--secret", default="")
    parser.add_argument("--pretty", action="store_true")
    parser.add_argument("--log")
    parser.add_argument("--cert")
    parser.add_argument("--log-all", action="store_true")
    options = parser.parse_args()
    receiver = Receiver((options.host, options.port), options)
    print(receiver.server_address[1], flush=True)
    try:
        receiver.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
