package vocpeer;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Posts every alert until it is taken, at most 16 at a time; an offset is committed when all before it are taken. */
final class Webhooks extends Thread {
    private static final int IN_FLIGHT = 16;
    private static final int BACKOFF_MS = 50, BACKOFF_MOST_MS = 5000;

    private final Properties properties = new Properties();
    private final String topic;
    private final URI url;
    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(Duration.ofSeconds(5)).build();
    private volatile boolean stopping;

    Webhooks(String brokers, String group, String topic, String url) {
        super("webhooks");
        this.topic = topic;
        this.url = URI.create(url);
        properties.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, brokers);
        properties.put(ConsumerConfig.GROUP_ID_CONFIG, group);
        properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
        properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    }

    void finish() throws InterruptedException {
        stopping = true;
        join(5000);
    }

    @Override
    public void run() {
        try (KafkaConsumer<String, byte[]> consumer = new KafkaConsumer<>(properties, new StringDeserializer(), new ByteArrayDeserializer())) {
            consumer.subscribe(List.of(topic));
            while (!stopping) {
                List<byte[]> alerts = new ArrayList<>();
                for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofMillis(100)))
                    alerts.add(record.value());
                if (!alerts.isEmpty() && postAll(alerts))
                    consumer.commitSync();
            }
        } catch (InterruptedException e) {
            currentThread().interrupt();
        }
    }

    private boolean postAll(List<byte[]> alerts) throws InterruptedException {
        for (int backoff = BACKOFF_MS; !alerts.isEmpty() && !stopping; backoff = Math.min(2 * backoff, BACKOFF_MOST_MS)) {
            List<byte[]> refused = new ArrayList<>();
            for (int i = 0; i < alerts.size(); i += IN_FLIGHT)
                refused.addAll(post(alerts.subList(i, Math.min(i + IN_FLIGHT, alerts.size()))));
            alerts = refused;
            if (!alerts.isEmpty())
                sleep(backoff);
        }
        return alerts.isEmpty();
    }

    private List<byte[]> post(List<byte[]> some) {
        List<CompletableFuture<Boolean>> answers = new ArrayList<>();
        for (byte[] alert : some) {
            HttpRequest request = HttpRequest.newBuilder(url).header("Content-Type", "application/cloudevents+json").timeout(Duration.ofSeconds(10))
                    .POST(HttpRequest.BodyPublishers.ofByteArray(alert)).build();
            answers.add(http.sendAsync(request, HttpResponse.BodyHandlers.discarding())
                    .handle((answer, error) -> error == null && answer.statusCode() / 100 == 2));
        }
        List<byte[]> refused = new ArrayList<>();
        for (int i = 0; i < answers.size(); i++)
            if (!answers.get(i).join())
                refused.add(some.get(i));
        return refused;
    }
}
