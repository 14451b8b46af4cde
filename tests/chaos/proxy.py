"""A TCP proxy on loopback that misbehaves when told to.

    proxy = Proxy(6379)       # listens on proxy.port, and leads to 127.0.0.1:6379
    proxy.cut()               # every open connection is reset, new ones are welcome
    proxy.stall(); proxy.resume()      # bytes wait; nothing is closed, connecting still succeeds
    proxy.slow(50_000); proxy.slow(None)   # bytes a second, each direction of each connection
    proxy.refuse(); proxy.accept()     # connections are reset, and new ones are refused
    proxy.close()

All proxies share one thread with an event loop; their methods may be called from any thread and return when done. What is in the
kernel's buffers when a stall begins still arrives.
"""
import asyncio
import socket
import struct
import threading

import processes

CHUNK = 65536
RESET = struct.pack("ii", 1, 0)  # SO_LINGER of 0 s: closing sends RST
_loop = None
_lock = threading.Lock()


def shared_loop():
    global _loop
    with _lock:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_loop.run_forever, name="proxies", daemon=True).start()
    return _loop


class Proxy:
    def __init__(self, target_port, port=None):
        self.target_port, self.port = target_port, port or processes.reserve_port()
        self.rate, self.server, self.links = None, None, set()
        self.connections = self.bytes = 0  # since the start
        self.loop = shared_loop()
        self.call(self.begin())

    def call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(30)

    async def begin(self):
        self.flowing = asyncio.Event()
        self.flowing.set()
        await self.listen()

    async def listen(self):
        if self.server is None:
            self.server = await asyncio.start_server(self.serve, "127.0.0.1", self.port, limit=CHUNK)

    async def unlisten(self):
        if self.server is not None:
            self.server.close()
            self.server = None

    # ---- one connection
    async def serve(self, reader, writer):
        link = {writer}
        self.links.add(writer)
        self.connections += 1
        try:
            to_reader, to_writer = await asyncio.open_connection("127.0.0.1", self.target_port, limit=CHUNK)
            link.add(to_writer)
            self.links.add(to_writer)
            await asyncio.gather(self.pump(reader, to_writer), self.pump(to_reader, writer))
        except OSError:
            self.reset(link)  # either side is gone: so is the other
        finally:
            for end in link:
                self.links.discard(end)
                end.close()

    async def pump(self, reader, writer):
        while True:
            data = await reader.read(CHUNK if self.rate is None else max(1, min(CHUNK, self.rate // 20)))
            await self.flowing.wait()
            if not data:
                if writer.can_write_eof():
                    writer.write_eof()
                return
            if self.rate is not None:
                await asyncio.sleep(len(data) / self.rate)
            self.bytes += len(data)
            writer.write(data)
            await writer.drain()

    @staticmethod
    def reset(writers):
        for writer in writers:
            link = writer.get_extra_info("socket")
            if link is not None and link.fileno() >= 0:
                link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            writer.transport.abort()

    # ---- faults
    def cut(self):
        """Returns how many connections were reset."""
        async def work():
            links = list(self.links)
            self.reset(links)
            return (len(links) + 1) // 2
        return self.call(work())

    def stall(self):
        async def work():
            self.flowing.clear()
        self.call(work())

    def resume(self):
        async def work():
            self.flowing.set()
        self.call(work())

    def slow(self, bytes_per_second):
        async def work():
            self.rate = bytes_per_second
        self.call(work())

    def refuse(self):
        async def work():
            await self.unlisten()
            self.reset(list(self.links))
        self.call(work())

    def accept(self):
        self.call(self.listen())

    def heal(self):
        """Ends every fault."""
        self.slow(None)
        self.resume()
        self.accept()

    def close(self):
        self.resume()
        self.refuse()
