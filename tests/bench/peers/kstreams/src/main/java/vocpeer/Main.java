package vocpeer;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.Stores;

/** The peer of the bench; tests/bench/peers/README.md says what it does. Settings come from the environment, topics are named PEER_PREFIX + name. */
public final class Main {
    private Main() {}

    private static String setting(String name, String otherwise) {
        String value = System.getenv(name);
        return value == null || value.isEmpty() ? otherwise : value;
    }

    private static Topology topology(Lexicon lexicon) {
        String in = setting("PEER_IN", "voc."), out = setting("PEER_OUT", "peer.");
        boolean onDisk = setting("PEER_STORE", "memory").equals("rocksdb");
        KeyValueBytesStoreSupplier store = onDisk ? Stores.persistentKeyValueStore(Aggregate.STORE) : Stores.inMemoryKeyValueStore(Aggregate.STORE);
        Topology topology = new Topology();
        topology.addSource("raw", new StringDeserializer(), new ByteArrayDeserializer(), in + "calls", in + "web", in + "complaints");
        topology.addProcessor("classify", () -> new Classify(lexicon), "raw");
        topology.addSink(Classify.CLASSIFIED, out + "classified", new StringSerializer(), new ByteArraySerializer(), "classify");
        topology.addSink(Classify.DEAD, out + "dlq", new StringSerializer(), new ByteArraySerializer(), "classify");
        topology.addSource("classified-again", new StringDeserializer(), new ByteArrayDeserializer(), out + "classified");
        topology.addProcessor("aggregate", Aggregate::new, "classified-again");
        topology.addStateStore(Stores.keyValueStoreBuilder(store, Serdes.String(), Customer.serde()).withCachingEnabled().withLoggingEnabled(Map.of()), "aggregate");
        topology.addStateStore(new RedisWriter.Builder(setting("PEER_REDIS", "redis://127.0.0.1:6379")), "aggregate");
        topology.addSink("alerts", out + "alerts", new StringSerializer(), new ByteArraySerializer(), "aggregate");
        return topology;
    }

    private static Properties properties(String brokers, String group) {
        boolean exactly = setting("PEER_GUARANTEE", StreamsConfig.AT_LEAST_ONCE).equals(StreamsConfig.EXACTLY_ONCE_V2);
        Properties p = new Properties();
        p.put(StreamsConfig.APPLICATION_ID_CONFIG, group);
        p.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, brokers);
        p.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, setting("PEER_THREADS", "2"));
        p.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, exactly ? StreamsConfig.EXACTLY_ONCE_V2 : StreamsConfig.AT_LEAST_ONCE);
        p.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, setting("PEER_COMMIT_MS", exactly ? "100" : "1000"));
        p.put(StreamsConfig.STATE_DIR_CONFIG, setting("PEER_STATE", System.getProperty("java.io.tmpdir")));
        p.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 64 << 20);
        p.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
        p.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), 5);
        p.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), 128 << 10);
        p.put(StreamsConfig.producerPrefix(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG), 60_000); // Streams' 10 s are short on a loaded machine
        p.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        p.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), 2000);
        return p;
    }

    public static void main(String[] arguments) throws Exception {
        String brokers = setting("PEER_KAFKA", "127.0.0.1:9092"), group = setting("PEER_GROUP", "peer");
        Lexicon lexicon = new Lexicon(Path.of(setting("PEER_LEXICON", "lexicon.tsv")));
        KafkaStreams streams = new KafkaStreams(topology(lexicon), properties(brokers, group));
        streams.setUncaughtExceptionHandler(error -> {
            error.printStackTrace();
            return StreamThreadExceptionResponse.SHUTDOWN_APPLICATION;
        });
        Webhooks webhooks = new Webhooks(brokers, group + "-webhooks", setting("PEER_OUT", "peer.") + "alerts", setting("PEER_WEBHOOK", "http://127.0.0.1:8080/"));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            streams.close(Duration.ofSeconds(20));
            try {
                webhooks.finish();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }));
        webhooks.start();
        streams.start();
        webhooks.join();
    }
}
