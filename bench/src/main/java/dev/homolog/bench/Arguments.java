package dev.homolog.bench;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Flags of a benchmark: {@code --name value}, or {@code --name} alone. */
final class Arguments {
  private final Map<String, String> values = new HashMap<>();

  /**
   * @param withValue names that are followed by a value
   * @param alone names that are not
   */
  Arguments(String[] args, Set<String> withValue, Set<String> alone) {
    for (int i = 0; i < args.length; i++) {
      if (alone.contains(args[i])) {
        values.put(args[i], "");
      } else if (withValue.contains(args[i]) && i + 1 < args.length) {
        values.put(args[i], args[++i]);
      } else {
        throw new IllegalArgumentException(
            args[i] + ": no such flag, or its value is missing; known: " + withValue + alone);
      }
    }
  }

  boolean has(String name) {
    return values.containsKey(name);
  }

  Optional<String> get(String name) {
    return Optional.ofNullable(values.get(name));
  }

  int number(String name, int otherwise) {
    return get(name).map(Integer::parseInt).orElse(otherwise);
  }

  String require(String name) {
    return get(name).orElseThrow(() -> new IllegalArgumentException(name + " is missing"));
  }
}
