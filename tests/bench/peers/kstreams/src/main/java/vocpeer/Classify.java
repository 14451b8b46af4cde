package vocpeer;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.ByteArrayBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;

/** A raw record in; a classified one out, or a dead letter. */
final class Classify implements Processor<String, byte[], String, byte[]> {
    static final String CLASSIFIED = "classified", DEAD = "dead";

    private final Lexicon lexicon;
    private final Lexicon.Tally tally;
    private final ByteArrayBuilder buffer = new ByteArrayBuilder(1024);
    private ProcessorContext<String, byte[]> context;

    Classify(Lexicon lexicon) {
        this.lexicon = lexicon;
        tally = lexicon.tally();
    }

    @Override
    public void init(ProcessorContext<String, byte[]> context) {
        this.context = context;
    }

    @Override
    public void process(Record<String, byte[]> record) {
        try {
            Feedback feedback = Feedback.read(record.value());
            lexicon.read(feedback.text(), tally);
            context.forward(record.withKey(feedback.customer()).withValue(classified(feedback)), CLASSIFIED);
        } catch (Feedback.Invalid invalid) {
            record.headers().add("reason", invalid.getMessage().getBytes(StandardCharsets.UTF_8));
            context.forward(record, DEAD);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int points(String type, String satisfaction, int rating) {
        return (type.equals("complaint") ? 20 : 0) + (satisfaction.equals("dissatisfied") ? 15 : 0) - (satisfaction.equals("delighted") ? 10 : 0)
                + (rating == 1 ? 20 : rating == 2 ? 10 : 0);
    }

    private byte[] classified(Feedback f) throws IOException {
        String type = lexicon.label(tally, 0), satisfaction = lexicon.label(tally, 1), factor = lexicon.label(tally, 2);
        buffer.reset();
        try (JsonGenerator json = Feedback.JSON.getFactory().createGenerator(buffer)) {
            json.writeStartObject();
            json.writeStringField("specversion", "1.0");
            json.writeStringField("id", f.id());
            json.writeStringField("source", "/voc/classifier");
            json.writeStringField("type", "voc.classified");
            json.writeStringField("subject", f.customer());
            json.writeStringField("time", f.time());
            json.writeStringField("datacontenttype", "application/json");
            json.writeObjectFieldStart("data");
            json.writeStringField("customer_id", f.customer());
            json.writeStringField("kind", f.type());
            json.writeStringField("lang", f.lang());
            json.writeStringField("channel", f.channel());
            json.writeStringField("product", f.product());
            json.writeStringField("feedback_type", type);
            json.writeNumberField("feedback_type_weight", lexicon.weight(tally, 0));
            json.writeStringField("satisfaction", satisfaction);
            json.writeNumberField("satisfaction_weight", lexicon.weight(tally, 1));
            json.writeStringField("factor", factor);
            json.writeNumberField("factor_weight", lexicon.weight(tally, 2));
            if (f.rating() > 0)
                json.writeNumberField("rating", f.rating());
            json.writeNumberField("points", points(type, satisfaction, f.rating()));
            json.writeEndObject();
            json.writeEndObject();
        }
        return buffer.toByteArray();
    }
}
