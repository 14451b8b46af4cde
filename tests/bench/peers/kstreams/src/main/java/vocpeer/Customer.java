package vocpeer;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;

/** What is known of one customer. */
final class Customer {
    static final double THRESHOLD = 30;
    private static final double HALF_LIFE_MS = 7 * 86_400_000.0;
    private static final List<String> COUNTS = List.of("type:complaint", "type:opinion", "type:question", "type:none", "satisfaction:dissatisfied",
            "satisfaction:neutral", "satisfaction:satisfied", "satisfaction:delighted", "satisfaction:none", "factor:product_service", "factor:emotion",
            "factor:attribution", "factor:equity", "factor:word_of_mouth", "factor:none", "kind:voc.call", "kind:voc.web", "kind:voc.complaint");
    private static final Map<String, Integer> INDEX = new HashMap<>();

    static {
        COUNTS.forEach(name -> INDEX.put(name, INDEX.size()));
    }

    private long events, last;
    private double score;
    private final int[] counts = new int[COUNTS.size()];

    private static double decay(double dtMs) {
        return Math.pow(2, -dtMs / HALF_LIFE_MS);
    }

    double score() {
        return score;
    }

    /** True when the score reaches the threshold with this event. */
    boolean add(long time, int points, String... names) {
        for (String name : names)
            counts[INDEX.get(name)]++;
        double before = score;
        if (events++ == 0) {
            last = time;
            score = points;
        } else if (time >= last) {
            before = score * decay(time - last);
            score = before + points;
            last = time;
        } else {
            score += points * decay(last - time);
        }
        return before < THRESHOLD && score >= THRESHOLD;
    }

    Map<String, String> fields() {
        Map<String, String> fields = new HashMap<>();
        fields.put("events", Long.toString(events));
        fields.put("last", Long.toString(last));
        fields.put("score", Double.toString(score));
        for (int i = 0; i < counts.length; i++)
            if (counts[i] != 0)
                fields.put(COUNTS.get(i), Integer.toString(counts[i]));
        return fields;
    }

    private byte[] bytes() {
        ByteBuffer buffer = ByteBuffer.allocate(24 + 4 * counts.length).putLong(events).putLong(last).putDouble(score);
        for (int count : counts)
            buffer.putInt(count);
        return buffer.array();
    }

    private static Customer of(byte[] bytes) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        Customer customer = new Customer();
        customer.events = buffer.getLong();
        customer.last = buffer.getLong();
        customer.score = buffer.getDouble();
        for (int i = 0; i < customer.counts.length; i++)
            customer.counts[i] = buffer.getInt();
        return customer;
    }

    static Serde<Customer> serde() {
        return Serdes.serdeFrom((topic, customer) -> customer == null ? null : customer.bytes(), (topic, bytes) -> bytes == null ? null : of(bytes));
    }
}
