package dev.homolog.core.model.family;

import dev.homolog.core.InputException;
import dev.homolog.core.json.StrictJson;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/** The values of one JSON object of a {@code config.json}, each checked when it is asked for. */
public final class ConfigFields {
  private final String where;
  private final String remedy;
  private final String path;
  private final Map<String, Object> json;

  /**
   * The fields of the outermost object.
   *
   * @param where the file, for messages
   * @param remedy what to do about a value that is wrong
   */
  public ConfigFields(String where, String remedy, Map<String, Object> json) {
    this(where, remedy, "", json);
  }

  private ConfigFields(String where, String remedy, String path, Map<String, Object> json) {
    this.where = where;
    this.remedy = remedy;
    this.path = path;
    this.json = json;
  }

  /** Whether the object has that key, be its value null. */
  public boolean has(String key) {
    return json.containsKey(key);
  }

  public Object get(String key) {
    return json.get(key);
  }

  Object getOrDefault(String key, Object standard) {
    return json.getOrDefault(key, standard);
  }

  public Object required(String key) {
    if (!json.containsKey(key)) {
      throw missing(key, remedy);
    }
    return json.get(key);
  }

  /** The refusal of an object without a key. */
  public InputException missing(String key, String remedy) {
    return new InputException(where, path + key, "is missing", remedy);
  }

  /** An object within this one; empty where there is none. */
  @SuppressWarnings("unchecked") // JSON objects have keys of text
  ConfigFields object(String key) {
    Object value = json.get(key);
    if (value != null && !(value instanceof Map<?, ?>)) {
      throw wrong(key, value, "an object");
    }
    Map<String, Object> fields = value == null ? Map.of() : (Map<String, Object>) value;
    return new ConfigFields(where, remedy, path + key + ".", fields);
  }

  public int wholeNumber(String key, Object value, long minimum, long maximum) {
    if (!(value instanceof Long n) || n < minimum || n > maximum) {
      throw wrong(
          key, value, String.format(Locale.ROOT, "a whole number from %d to %d", minimum, maximum));
    }
    return n.intValue();
  }

  /** A number above 0 and at most the maximum. */
  public double number(String key, Object value, double maximum) {
    double number = value instanceof Number n ? n.doubleValue() : Double.NaN;
    if (!(number > 0 && number <= maximum)) {
      throw wrong(
          key, value, String.format(Locale.ROOT, "a number above 0 and at most %.0f", maximum));
    }
    return number;
  }

  public OptionalInt id(String key, Object value, int vocabulary) {
    return value == null
        ? OptionalInt.empty()
        : OptionalInt.of(wholeNumber(key, value, 0, vocabulary - 1L));
  }

  public boolean bool(String key, boolean standard) {
    Object value = json.getOrDefault(key, standard);
    if (!(value instanceof Boolean bool)) {
      throw wrong(key, value, "true or false");
    }
    return bool;
  }

  /** Refuses a switch that is on. */
  public void requireOff(String key, String remedy) {
    if (bool(key, false)) {
      throw new InputException(where, path + key, "is true, expected false", remedy);
    }
  }

  /** Refuses an object or a list that holds something. */
  public void requireEmpty(String key, String remedy) {
    Object value = json.get(key);
    boolean empty =
        value == null
            || value instanceof Map<?, ?> map && map.isEmpty()
            || value instanceof List<?> list && list.isEmpty();
    if (!empty) {
      throw new InputException(where, path + key, "is not empty", remedy);
    }
  }

  /** Refuses keys that are not known, where each of them may change the mathematics. */
  void requireOnly(String... known) {
    Set<String> keys = Set.of(known);
    for (String key : json.keySet()) {
      if (!keys.contains(key)) {
        throw new InputException(
            where,
            path + StrictJson.clip(key),
            "is not supported",
            "use a model whose rotary positions are of the default type");
      }
    }
  }

  Activation activation(String key, String standard) {
    Object name = json.getOrDefault(key, standard);
    Activation activation = name instanceof String text ? Activation.names().get(text) : null;
    if (activation == null) {
      throw unsupported(key, name, String.join(", ", Activation.names().keySet()));
    }
    return activation;
  }

  public InputException wrong(String key, Object value, String expected) {
    String problem =
        String.format(Locale.ROOT, "is %s, expected %s", StrictJson.describe(value), expected);
    return new InputException(where, path + key, problem, remedy);
  }

  public InputException unsupported(String key, Object value, String known) {
    return new InputException(
        where,
        path + key,
        "is " + StrictJson.describe(value),
        "use a model that has one of: " + known);
  }
}
