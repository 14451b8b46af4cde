"""Webhook endpoints whose behaviour is switched while they run, in a process of their own.

    endpoints = Endpoints(folder)        # or as a context; three of them: hook0, hook1, hook2
    endpoints.config()                   # for VOC_WEBHOOKS
    endpoints.set("hook1", "500")        # one of MODES; returns when it holds for every request that comes from now on
    endpoints.requests()                 # every request so far, acknowledged or not

Each verifies the Standard Webhooks signature (tests/support/webhook_receiver.py does) and writes down every request before it answers:
{"received_ms", "endpoint", "webhook_id", "payload" (its sha256), "signature_ok", "status", "acknowledged", "cause" ([source, id] of the
newest event in the alert), "rule", "subject"}. Acknowledged is what got a whole 2xx answer, as far as the endpoint can tell.

As a program (Endpoints runs it): endpoints.py LOG TOLERANCE_S PORT...; a line "NAME MODE" on standard input switches, and is repeated when it holds.
"""
import argparse
import contextlib
import json
import pathlib
import socket
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import processes  # noqa: E402
import webhook_receiver  # noqa: E402

SECRET = "whsec_dm9jLWNoYW9zLXNlY3JldC12b2MtY2hhb3Mtc2VjcmV0"
MODES = {  # as the receiver's paths say it
    "ok": (["ok"], {}),
    "500": (["fail", "500"], {}),
    "429": (["fail", "429"], {"retry_after": "1"}),
    "400": (["fail", "400"], {}),  # refuses for good: a dead letter
    "410": (["gone"], {}),
    "nothing": (["hang"], {}),  # takes the request and never answers
    "half": (["half"], {}),  # the connection ends in the middle of the answer's body
    "slow": (["slow"], {"s": "1"}),
    "down": None,  # nobody listens: connections are refused
}


class Handler(webhook_receiver.Handler):
    def behaviour(self):
        return MODES[self.server.mode] or MODES["ok"]


class Endpoint(webhook_receiver.Receiver):
    """One of them: its own port and thread."""

    def __init__(self, name, port, log, lock):
        options = argparse.Namespace(secret=SECRET, cert=None, log=None, log_all=True, pretty=False)
        super().__init__(("127.0.0.1", port), options)
        self.RequestHandlerClass = Handler
        self.name, self.mode, self.out, self.out_lock, self.links = name, "ok", log, lock, set()
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def process_request(self, request, client_address):
        self.links.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        self.links.discard(request)
        super().shutdown_request(request)

    def go(self):
        """Nobody listens, and who was connected is no more."""
        self.shutdown()
        self.server_close()
        for link in list(self.links):
            with contextlib.suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)

    def note(self, entry):
        body = entry["body"] if isinstance(entry["body"], dict) else {}
        data = body.get("data", {})
        cause = (data.get("contributions") or [{}])[-1]
        line = {"received_ms": entry["received_ms"], "endpoint": self.name, "webhook_id": entry["webhook_id"], "payload": entry["body_sha256"],
                "signature_ok": entry["signature_ok"], "status": entry["status"], "acknowledged": entry["status"] < 300,
                "cause": [cause.get("source"), cause.get("id")], "rule": data.get("rule"), "subject": body.get("subject")}
        with self.out_lock:
            self.out.write(json.dumps(line) + "\n")
            self.out.flush()


def serve(log, tolerance_s, ports):
    webhook_receiver.TOLERANCE_S = tolerance_s
    endpoints, lock = {}, threading.Lock()
    with open(log, "a", encoding="utf-8") as out:
        def listen(name, port):
            endpoints[name] = Endpoint(name, port, out, lock)
        for number, port in enumerate(ports):
            listen(f"hook{number}", port)
        print("ready", flush=True)
        for line in sys.stdin:
            name, mode = line.split()
            endpoint = endpoints[name]
            if mode == "down" and endpoint.mode != "down":
                endpoint.go()
            elif mode != "down" and endpoint.mode == "down":
                listen(name, endpoint.server_address[1])
            endpoints[name].mode = mode
            print(line, end="", flush=True)


class Endpoints:
    def __init__(self, folder, count=3, tolerance_s=webhook_receiver.TOLERANCE_S):
        """`tolerance_s`: how far a webhook's timestamp may be off; a run whose clocks jump needs a large one."""
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log = self.folder / "endpoints.ndjson"
        self.ports = {f"hook{i}": processes.reserve_port() for i in range(count)}
        self.modes = dict.fromkeys(self.ports, "ok")
        with open(self.folder / "endpoints.log", "ab") as errors:
            self.process = subprocess.Popen([sys.executable, __file__, self.log, str(tolerance_s), *map(str, self.ports.values())], text=True, bufsize=1,
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, start_new_session=True)
        self.expect("ready\n")  # when we die its standard input ends, and so does it

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def expect(self, wanted):
        line = self.process.stdout.readline()
        if line != wanted:
            raise RuntimeError(f"endpoints: {line!r} in place of {wanted!r}; see {self.folder / 'endpoints.log'}")

    def config(self, names=None, **members):
        """The content of VOC_WEBHOOKS, with all of them or the named ones."""
        return {"endpoints": [{"name": name, "url": f"http://127.0.0.1:{port}/", "format": "cloudevents", "secret": SECRET, **members}
                              for name, port in self.ports.items() if names is None or name in names]}

    def set(self, name, mode):
        assert mode in MODES, mode
        self.process.stdin.write(f"{name} {mode}\n")
        self.expect(f"{name} {mode}\n")
        self.modes[name] = mode

    def heal(self):
        for name in self.ports:
            self.set(name, "ok")

    def requests(self):
        """Whole lines only: the last one may be on its way."""
        text = self.log.read_text(encoding="utf-8") if self.log.exists() else ""
        return [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines()]

    def close(self):
        processes.kill(self.process)


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), [int(port) for port in sys.argv[3:]])
