package dev.homolog.analysis.measure;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A JSON object in the making: keys in the order given, values texts, numbers, truth values, lists
 * and objects. NaN and the infinities are written as null.
 */
public final class Facts {
  private final Map<String, Object> values = new LinkedHashMap<>();

  /** An empty object. */
  public Facts() {}

  /** Sets a text, a number or a truth value. */
  public Facts put(String key, Object value) {
    values.put(key, value);
    return this;
  }

  /** Sets a value that nobody knows. */
  public Facts putNull(String key) {
    values.put(key, null);
    return this;
  }

  /** The object under a key, made where there is none. */
  public Facts object(String key) {
    return (Facts) values.computeIfAbsent(key, _ -> new Facts());
  }

  /** Appends to the list under a key, which is made where there is none. */
  public Facts add(String key, Object value) {
    listOf(key).add(value);
    return this;
  }

  /** Makes the list under a key, empty where there is none. */
  public Facts list(String key) {
    listOf(key);
    return this;
  }

  /** Appends an object to the list under a key. */
  public Facts addObject(String key) {
    Facts added = new Facts();
    listOf(key).add(added);
    return added;
  }

  /** The object at a place of the list under a key. */
  public Facts objectAt(String key, int place) {
    return (Facts) listOf(key).get(place);
  }

  @SuppressWarnings("unchecked") // only this class makes the lists
  private List<Object> listOf(String key) {
    return (List<Object>) values.computeIfAbsent(key, _ -> new ArrayList<>());
  }

  /** The same as maps and lists, which a JSON writer understands. */
  public Map<String, Object> asMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    values.forEach((key, value) -> map.put(key, plain(value)));
    return map;
  }

  private static Object plain(Object value) {
    return switch (value) {
      case Facts facts -> facts.asMap();
      case List<?> list -> list.stream().map(Facts::plain).toList();
      case null -> null;
      default -> value;
    };
  }
}
