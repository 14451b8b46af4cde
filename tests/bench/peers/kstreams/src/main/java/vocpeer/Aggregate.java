package vocpeer;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;

/** A classified record in; its customer's state changed, and an alert out where the score reaches the threshold. */
final class Aggregate implements Processor<String, byte[], String, byte[]> {
    static final String STORE = "customers";
    private static final Duration WRITE_EVERY = Duration.ofMillis(100);

    private ProcessorContext<String, byte[]> context;
    private KeyValueStore<String, Customer> customers;
    private RedisWriter redis;

    @Override
    public void init(ProcessorContext<String, byte[]> context) {
        this.context = context;
        customers = context.getStateStore(STORE);
        redis = context.getStateStore(RedisWriter.NAME);
        context.schedule(WRITE_EVERY, PunctuationType.WALL_CLOCK_TIME, now -> redis.write());
    }

    @Override
    public void process(Record<String, byte[]> record) {
        try {
            JsonNode event = Feedback.JSON.readTree(record.value()), data = event.get("data");
            Customer customer = customers.get(record.key());
            if (customer == null)
                customer = new Customer();
            boolean alerts = customer.add(Feedback.millis(event.get("time").textValue()), data.get("points").intValue(),
                    "type:" + data.get("feedback_type").textValue(), "satisfaction:" + data.get("satisfaction").textValue(),
                    "factor:" + data.get("factor").textValue(), "kind:" + data.get("kind").textValue());
            customers.put(record.key(), customer);
            redis.put(record.key(), customer);
            if (alerts)
                context.forward(record.withValue(alert(event, data, record.key(), customer)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (Feedback.Invalid e) {
            throw new IllegalStateException("a classified record without a time", e);
        }
    }

    private static byte[] alert(JsonNode event, JsonNode data, String id, Customer customer) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream(512);
        try (JsonGenerator json = Feedback.JSON.getFactory().createGenerator(out)) {
            json.writeStartObject();
            json.writeStringField("specversion", "1.0");
            json.writeStringField("id", "alert-" + event.get("id").textValue());
            json.writeStringField("source", "/voc/aggregator");
            json.writeStringField("type", "voc.alert");
            json.writeStringField("subject", id);
            json.writeStringField("time", event.get("time").textValue());
            json.writeStringField("datacontenttype", "application/json");
            json.writeObjectFieldStart("data");
            json.writeStringField("customer_id", id);
            json.writeStringField("rule", "risk_raised");
            json.writeNumberField("score", customer.score());
            json.writeStringField("event_id", event.get("id").textValue());
            json.writeStringField("feedback_type", data.get("feedback_type").textValue());
            json.writeStringField("satisfaction", data.get("satisfaction").textValue());
            json.writeStringField("factor", data.get("factor").textValue());
            json.writeEndObject();
            json.writeEndObject();
        }
        return out.toByteArray();
    }
}
