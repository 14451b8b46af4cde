#!/usr/bin/env python3
"""A webhook endpoint that costs next to nothing: sink.py FILE takes every POST with 200 and appends "<ms since 1970> TAB <body>" to FILE.

Prints its port first. It checks no signature (tests/support/webhook_receiver.py does): here only the moment of arrival counts.
"""
import asyncio
import re
import sys
import time

LENGTH = re.compile(rb"^content-length: *(\d+)", re.I | re.M)


class Sink(asyncio.Protocol):
    def __init__(self, out):
        self.out, self.transport, self.data = out, None, b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        now = time.time() * 1000
        self.data += data
        while (end := self.data.find(b"\r\n\r\n")) >= 0:
            length = LENGTH.search(self.data[:end])
            whole = end + 4 + (int(length.group(1)) if length else 0)
            if len(self.data) < whole:
                return
            self.out.write(b"%.3f\t%s\n" % (now, self.data[end + 4:whole].replace(b"\n", b" ")))
            self.data = self.data[whole:]
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


async def main():
    with open(sys.argv[1], "ab", buffering=0) as out:
        server = await asyncio.get_running_loop().create_server(lambda: Sink(out), "127.0.0.1", 0, backlog=512)
        print(server.sockets[0].getsockname()[1], flush=True)
        async with server:
            await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
