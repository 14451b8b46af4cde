package vocpeer;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.OffsetDateTime;

/** A raw event that is valid; see README.md for the rules. */
record Feedback(String id, String type, String time, String customer, String lang, String channel, String product, String text, int rating) {
    static final ObjectMapper JSON = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    /** Why an event is none. */
    static final class Invalid extends Exception {
        Invalid(String reason) {
            super(reason, null, false, false);
        }
    }

    static Feedback read(byte[] bytes) throws Invalid {
        JsonNode event = parse(bytes);
        if (!required(event, "specversion").equals("1.0"))
            throw new Invalid("bad_value");
        String id = required(event, "id");
        required(event, "source");
        String type = required(event, "type");
        if (!type.equals("voc.call") && !type.equals("voc.web") && !type.equals("voc.complaint"))
            throw new Invalid("bad_value");
        String time = required(event, "time");
        millis(time);
        JsonNode data = event.get("data");
        if (data == null)
            throw new Invalid("missing_field");
        if (!data.isObject())
            throw new Invalid("bad_type");
        return new Feedback(id, type, time, required(data, "customer_id"), optional(data, "lang"), optional(data, "channel"), optional(data, "product"),
                text(data), rating(data.get("rating")));
    }

    private static JsonNode parse(byte[] bytes) throws Invalid {
        try {
            JsonNode event = JSON.readTree(bytes);
            if (event != null && event.isObject())
                return event;
        } catch (IOException e) {
            // not JSON: the same answer
        }
        throw new Invalid("bad_json");
    }

    private static String required(JsonNode object, String name) throws Invalid {
        JsonNode value = object.get(name);
        if (value == null)
            throw new Invalid("missing_field");
        if (!value.isTextual())
            throw new Invalid("bad_type");
        if (value.textValue().isEmpty())
            throw new Invalid("bad_value");
        return value.textValue();
    }

    private static String optional(JsonNode object, String name) {
        JsonNode value = object.get(name);
        return value != null && value.isTextual() ? value.textValue() : null;
    }

    static long millis(String time) throws Invalid {
        try {
            return OffsetDateTime.parse(time).toInstant().toEpochMilli();
        } catch (DateTimeException e) {
            throw new Invalid("bad_value");
        }
    }

    private static String text(JsonNode data) throws Invalid {
        JsonNode text = data.get("text"), transcript = data.get("transcript");
        if (text == null && transcript == null)
            throw new Invalid("missing_field");
        String words = text == null ? turns(transcript) : text.textValue();
        if (words == null)
            throw new Invalid("bad_type");
        if (words.isBlank())
            throw new Invalid("bad_value");
        return words;
    }

    private static String turns(JsonNode transcript) throws Invalid {
        if (!transcript.isArray())
            return null;
        StringBuilder words = new StringBuilder();
        for (JsonNode turn : transcript) {
            if (!turn.isObject())
                return null;
            String role = required(turn, "role"), text = required(turn, "text");
            if (role.equals("customer"))
                words.append(words.isEmpty() ? "" : "\n").append(text);
        }
        return words.toString();
    }

    private static int rating(JsonNode rating) throws Invalid {
        if (rating == null)
            return 0;
        if (!rating.isIntegralNumber())
            throw new Invalid("bad_type");
        if (!rating.canConvertToInt() || rating.intValue() < 1 || rating.intValue() > 5)
            throw new Invalid("bad_value");
        return rating.intValue();
    }
}
