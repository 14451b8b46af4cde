package vocpeer;

import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.apache.kafka.streams.state.StoreBuilder;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Pipeline;

/**
 * The changed customers of a task on their way to Redis: the newest state of each, pipelined. It is a state store so that Kafka Streams has it written before
 * each commit; between commits the task's punctuator does, so that Redis is never more than some 100 ms behind.
 */
final class RedisWriter implements StateStore {
    static final String NAME = "redis";
    private static final int MOST = 500;

    private final String url;
    private final Map<String, Customer> changed = new HashMap<>();
    private Jedis redis;

    private RedisWriter(String url) {
        this.url = url;
    }

    void put(String id, Customer customer) {
        changed.put(id, customer);
        if (changed.size() >= MOST)
            write();
    }

    void write() {
        if (changed.isEmpty())
            return;
        try (Pipeline pipeline = redis.pipelined()) {
            changed.forEach((id, customer) -> pipeline.hset("peer:customer:" + id, customer.fields()));
            pipeline.sync();
        }
        changed.clear();
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public void init(StateStoreContext context, StateStore root) {
        context.register(root, (key, value) -> { });
        redis = new Jedis(URI.create(url));
    }

    @Override
    public void flush() {
        write();
    }

    @Override
    public void commit(Map<TopicPartition, Long> offsets) {
        write();
    }

    @Override
    public void close() {
        if (redis != null) {
            write();
            redis.close();
            redis = null;
        }
    }

    @Override
    public boolean persistent() {
        return false;
    }

    @Override
    public boolean isOpen() {
        return redis != null;
    }

    /** Without a changelog: what isn't written yet is computed again. */
    record Builder(String url) implements StoreBuilder<RedisWriter> {
        @Override
        public StoreBuilder<RedisWriter> withCachingEnabled() {
            return this;
        }

        @Override
        public StoreBuilder<RedisWriter> withCachingDisabled() {
            return this;
        }

        @Override
        public StoreBuilder<RedisWriter> withLoggingEnabled(Map<String, String> config) {
            return this;
        }

        @Override
        public StoreBuilder<RedisWriter> withLoggingDisabled() {
            return this;
        }

        @Override
        public RedisWriter build() {
            return new RedisWriter(url);
        }

        @Override
        public Map<String, String> logConfig() {
            return Map.of();
        }

        @Override
        public boolean loggingEnabled() {
            return false;
        }

        @Override
        public String name() {
            return NAME;
        }
    }
}
