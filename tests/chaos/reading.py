"""What Kafka holds at the end of a run, read past every proxy: whole topics, and the offsets that groups committed."""
import collections
import time

from confluent_kafka import Consumer, TopicPartition

Record = collections.namedtuple("Record", "topic partition offset key value headers timestamp")


class Reader:
    def __init__(self, bootstrap, partitions):
        self.bootstrap, self.partitions = bootstrap, partitions
        self.looker = self.consumer("voc-chaos-look")

    def consumer(self, group):
        return Consumer({"bootstrap.servers": self.bootstrap, "group.id": group, "enable.auto.commit": False, "auto.offset.reset": "earliest",
                         "enable.partition.eof": False, "log_level": 0})

    def close(self):
        self.looker.close()

    def ends(self, topic):
        """{partition: offset after the last record}"""
        self.looker.list_topics(topic, timeout=10)  # librdkafka would go on asking the leaders of yesterday
        return {p: self.looker.get_watermark_offsets(TopicPartition(topic, p), timeout=10)[1] for p in range(self.partitions)}

    def committed(self, group, topic):
        consumer = self.consumer(group)
        try:
            answers = consumer.committed([TopicPartition(topic, p) for p in range(self.partitions)], timeout=10)
        finally:
            consumer.close()
        return {answer.partition: max(0, answer.offset) for answer in answers}

    def read(self, topic, timeout=60):
        """Every record, each partition in order."""
        ends = self.ends(topic)
        left = {p for p, end in ends.items() if end > 0}
        consumer = self.consumer("voc-chaos-read")
        consumer.assign([TopicPartition(topic, p, 0) for p in left])
        records, deadline = [], time.monotonic() + timeout
        while left:
            for message in consumer.consume(5000, timeout=0.5):
                if message.error():
                    raise RuntimeError(message.error())
                records.append(Record(topic, message.partition(), message.offset(), message.key(), message.value(), dict(message.headers() or []),
                                      message.timestamp()[1]))
                if message.offset() + 1 >= ends[message.partition()]:
                    left.discard(message.partition())
            if time.monotonic() > deadline:
                raise TimeoutError(f"{topic}: partitions {sorted(left)} could not be read to their ends")
        consumer.close()
        return sorted(records, key=lambda record: record[1:3])
