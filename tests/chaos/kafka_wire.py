"""Two admin requests that Debian's confluent_kafka does not have, spoken directly to a broker: a partition's replicas, and an election.

Both in their flexible versions (https://kafka.apache.org/protocol): AlterPartitionReassignments v0 and ElectLeaders v2.
Topics are given as {topic: {partition: ...}}; an error of any partition that is not in `allowed` raises.
"""
import socket
import struct

ALTER_PARTITION_REASSIGNMENTS, ELECT_LEADERS = 45, 43
TAGS = b"\0"  # no tagged fields


class WireError(Exception):
    pass


def uvarint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out + bytes([number]))


def text(string):
    return uvarint(len(string) + 1) + string.encode()


def array(items):
    return uvarint(len(items) + 1) + b"".join(items)


def request(address, key, version, body, timeout):
    header = struct.pack(">hhih", key, version, 1, 5) + b"chaos" + TAGS
    with socket.create_connection(address, timeout) as link:
        link.sendall(struct.pack(">i", len(header) + len(body)) + header + body)
        answer = link.makefile("rb")
        size = answer.read(4)
        if len(size) < 4:
            raise WireError("the broker hung up")
        return Reply(answer.read(struct.unpack(">i", size)[0])[5:])  # after the correlation id and the header's tags


class Reply:
    def __init__(self, data):
        self.data, self.at = data, 0

    def number(self, form):
        value = struct.unpack_from(">" + form, self.data, self.at)[0]
        self.at += struct.calcsize(">" + form)
        return value

    def length(self):
        value = shift = 0
        while True:
            byte = self.number("B")
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value - 1

    def text(self):
        size = self.length()
        self.at += max(size, 0)
        return self.data[self.at - size:self.at].decode() if size >= 0 else None

    def tags(self):
        if self.length() >= 0:
            raise WireError("tagged fields are not expected")


def read_results(reply, has_text, allowed):
    reply.number("i")  # throttle time
    error = reply.number("h")
    explanation = reply.text() if has_text else None
    if error:
        raise WireError(f"error {error}: {explanation}")
    done = []
    for _ in range(reply.length()):
        topic = reply.text()
        for _ in range(reply.length()):
            partition, error, explanation = reply.number("i"), reply.number("h"), reply.text()
            reply.tags()
            if error and error not in allowed:
                raise WireError(f"{topic}/{partition}: error {error}: {explanation}")
            done.append((topic, partition, error))
        reply.tags()
    return done


def reassign(address, replicas, timeout=10):
    """{topic: {partition: [broker ids, the preferred leader first]}}; returns when it has begun."""
    topics = [text(topic) + array([struct.pack(">i", p) + array([struct.pack(">i", b) for b in brokers]) + TAGS for p, brokers in partitions.items()])
              + TAGS for topic, partitions in replicas.items()]
    body = struct.pack(">i", timeout * 1000) + array(topics) + TAGS
    return read_results(request(address, ALTER_PARTITION_REASSIGNMENTS, 0, body, timeout + 2), True, ())


def elect_preferred(address, partitions, timeout=10):
    """{topic: [partitions]}: each led by its preferred replica from now on. Returns [(topic, partition, error)]; 84 says that it already was,
    80 that the preferred one is away."""
    topics = [text(topic) + array([struct.pack(">i", p) for p in numbers]) + TAGS for topic, numbers in partitions.items()]
    body = struct.pack(">b", 0) + array(topics) + struct.pack(">i", timeout * 1000) + TAGS
    return read_results(request(address, ELECT_LEADERS, 2, body, timeout + 2), False, (80, 84))
