package dev.homolog.analysis.shard;

import com.fasterxml.jackson.databind.JsonNode;
import dev.homolog.core.InputException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Reads fields of an object in a file that may be anybody's. A field of another type is refused.
 */
record JsonFields(Path file, String room, JsonNode object) {
  static final String REMEDY = "restore the file, or read this shard anew";

  /** The longest list: more files of text than a command line holds. */
  private static final int LONGEST_LIST = 100_000;

  /** The longest text: more than any path has. */
  private static final int LONGEST_TEXT = 1 << 16;

  /**
   * @throws InputException it is no object
   */
  JsonFields {
    if (!object.isObject()) {
      throw new InputException(file, withoutDot(room), "is no object", REMEDY);
    }
  }

  /** The fields of an object in this one. */
  JsonFields in(String name) {
    return new JsonFields(file, room + name + ".", object.path(name));
  }

  /** Refuses a field that is not known: it would be one of a later version, and left out. */
  void requireOnly(Set<String> names) {
    object
        .properties()
        .forEach(field -> {
          if (!names.contains(field.getKey())) {
            throw refused(clip(field.getKey()), "is not known");
          }
        });
  }

  boolean has(String name) {
    return object.has(name);
  }

  String text(String name) {
    return text(name, object.path(name));
  }

  private String text(String name, JsonNode value) {
    if (!value.isTextual() || value.textValue().length() > LONGEST_TEXT) {
      throw refused(name, "is no text of at most " + LONGEST_TEXT + " characters");
    }
    return value.textValue();
  }

  Optional<String> optionalText(String name) {
    return has(name) ? Optional.of(text(name)) : Optional.empty();
  }

  boolean bool(String name) {
    JsonNode value = object.path(name);
    if (!value.isBoolean()) {
      throw refused(name, "is neither true nor false");
    }
    return value.booleanValue();
  }

  long whole(String name) {
    JsonNode value = object.path(name);
    if (!value.isIntegralNumber() || !value.canConvertToLong()) {
      throw refused(name, "is no whole number of 64 bits");
    }
    return value.longValue();
  }

  int number(String name) {
    JsonNode value = object.path(name);
    if (!value.isIntegralNumber() || !value.canConvertToInt()) {
      throw refused(name, "is no whole number of 32 bits");
    }
    return value.intValue();
  }

  double real(String name) {
    JsonNode value = object.path(name);
    if (!value.isNumber()) {
      throw refused(name, "is no number");
    }
    return value.doubleValue();
  }

  Path path(String name) {
    return path(name, object.path(name));
  }

  private Path path(String name, JsonNode value) {
    try {
      Path path = Path.of(text(name, value));
      if (path.isAbsolute()) {
        return path;
      }
    } catch (InvalidPathException e) {
      // It is none, as below.
    }
    throw refused(name, "is no absolute path");
  }

  Optional<Path> optionalPath(String name) {
    return has(name) ? Optional.of(path(name)) : Optional.empty();
  }

  List<Path> paths(String name) {
    JsonNode list = object.path(name);
    if (!list.isArray() || list.size() > LONGEST_LIST) {
      throw refused(name, "is no list of at most " + LONGEST_LIST + " paths");
    }
    List<Path> paths = new ArrayList<>();
    list.forEach(path -> paths.add(path(name, path)));
    return paths;
  }

  InputException refused(String name, String problem) {
    return new InputException(file, withoutDot(room + name), problem, REMEDY);
  }

  private static String withoutDot(String name) {
    return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
  }

  private static String clip(String name) {
    return name.length() > 64 ? name.substring(0, 64) + "…" : name;
  }
}
