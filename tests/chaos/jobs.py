"""What runs that follow one another share, since it takes long to start: brokers, Redis in its set-ups, the endpoints."""
import os
import pathlib
import shutil
import threading

import endpoints
import processes
import redis
from brokers import Brokers
from proxy import Proxy
from redis_setups import SETUPS

ROOT = pathlib.Path(__file__).resolve().parents[2]
BROKERS = 3
CLOCKS_OFF_S = 86_400  # what an endpoint forgives: services' clocks jump
FILE_BYTES = 12 << 20  # a Redis whose files have grown so far is made anew


class Job:
    def __init__(self, number, folder):
        self.number, self.folder = number, pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.bin = pathlib.Path(os.environ.get("VOC_BIN_DIR") or ROOT / "build" / "chaos" / "bin")
        self.broker_lock = threading.Lock()  # with two brokers of three away nothing could go on
        self.redis_lock, self.endpoint_lock = threading.Lock(), threading.Lock()
        self.setups = {}

    def __enter__(self):
        ports = [processes.reserve_port() for _ in range(BROKERS)]
        self.kafka_proxies = [Proxy(port) for port in ports]
        self.brokers = Brokers(self.folder / "brokers", BROKERS, ports, [proxy.port for proxy in self.kafka_proxies]).start()
        self.endpoints = endpoints.Endpoints(self.folder, tolerance_s=CLOCKS_OFF_S)
        return self

    def __exit__(self, *_):
        for setup in self.setups.values():
            setup.close()
        self.endpoints.close()
        self.brokers.close()

    def redis(self, name):
        if name in self.setups and self.worn(self.setups[name]):
            self.drop_redis(name)
        if name not in self.setups:
            shutil.rmtree(self.folder / name, ignore_errors=True)
            self.setups[name] = SETUPS[name](self.folder / name, proxied=True).start()
        return self.setups[name]

    @staticmethod
    def worn(setup):
        """Its files have grown or are no longer written, or it does not even answer."""
        try:
            return max(node.file_bytes() for node in setup.nodes) > FILE_BYTES or not all(node.writes_file() for node in setup.nodes)
        except redis.RedisError:
            return True

    def drop_redis(self, name):
        self.setups.pop(name).close()
