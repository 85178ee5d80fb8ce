package dev.homolog.core.npy;

import dev.homolog.core.memory.DType;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The dictionary that a {@code .npy} file begins with, read as text and never evaluated.
 *
 * @param dtype element type, its size and whether it is an integer
 * @param unsigned whether integers have no sign
 * @param shape dimensions; none for a single number
 */
record NpyHeader(DType dtype, boolean unsigned, List<Long> shape) {
  private static final Map<String, DType> KNOWN =
      Map.of(
          "<i4", DType.I32, "<i8", DType.I64, "<f2", DType.F16, "<f4", DType.F32, "<f8", DType.F64);
  private static final Map<String, DType> UNSIGNED = Map.of("<u2", DType.I16, "<u4", DType.I32);
  private static final Set<String> KEYS = Set.of("descr", "fortran_order", "shape");

  /**
   * @throws IllegalArgumentException that says in a few words what is wrong
   */
  static NpyHeader parse(String text) {
    return new Parser(text).header();
  }

  /** Elements; refuses what does not fit a long. */
  long elements() {
    return shape.stream().reduce(1L, Math::multiplyExact);
  }

  /** The dictionary as NumPy writes it. */
  String text() {
    String descr =
        KNOWN.entrySet().stream()
            .filter(e -> e.getValue() == dtype)
            .map(Map.Entry::getKey)
            .findFirst()
            .orElseThrow(() -> new IllegalArgumentException(dtype + " is not written to .npy"));
    String dims = shape.stream().map(String::valueOf).collect(Collectors.joining(", "));
    return String.format(
        Locale.ROOT,
        "{'descr': '%s', 'fortran_order': False, 'shape': (%s%s), }",
        descr,
        dims,
        shape.size() == 1 ? "," : "");
  }

  private static final class Parser {
    private final String text;
    private int position;
    private boolean unsigned;

    Parser(String text) {
      this.text = text;
    }

    NpyHeader header() {
      DType dtype = null;
      List<Long> shape = null;
      Set<String> seen = new HashSet<>();
      expect('{');
      while (!next('}')) {
        String key = string();
        if (!KEYS.contains(key)) {
          throw new IllegalArgumentException("unknown key '" + key + "'");
        }
        if (!seen.add(key)) {
          throw new IllegalArgumentException("key '" + key + "' twice");
        }
        expect(':');
        switch (key) {
          case "descr" -> dtype = dtype();
          case "shape" -> shape = shape();
          default -> cOrder();
        }
        if (!next(',')) {
          expect('}');
          break;
        }
      }
      skipSpace();
      if (position != text.length()) {
        throw malformed();
      }
      if (dtype == null || shape == null || seen.size() != KEYS.size()) {
        throw new IllegalArgumentException("a key of descr, fortran_order and shape is missing");
      }
      return new NpyHeader(dtype, unsigned, List.copyOf(shape));
    }

    private DType dtype() {
      skipSpace();
      if (position < text.length()
          && (text.charAt(position) == '[' || text.charAt(position) == '(')) {
        throw new IllegalArgumentException("elements with fields");
      }
      String descr = string();
      unsigned = UNSIGNED.containsKey(descr);
      DType dtype = unsigned ? UNSIGNED.get(descr) : KNOWN.get(descr);
      if (dtype == null) {
        throw new IllegalArgumentException(
            "element type '"
                + descr
                + "' is none of "
                + Stream.of(KNOWN, UNSIGNED)
                    .flatMap(types -> types.keySet().stream())
                    .sorted()
                    .collect(Collectors.joining(", ")));
      }
      return dtype;
    }

    private List<Long> shape() {
      List<Long> shape = new ArrayList<>();
      expect('(');
      while (!next(')')) {
        shape.add(number());
        if (!next(',')) {
          if (shape.size() == 1) {
            throw malformed(); // (3) is no tuple
          }
          expect(')');
          break;
        }
      }
      return shape;
    }

    private void cOrder() {
      skipSpace();
      if (text.startsWith("True", position)) {
        throw new IllegalArgumentException("columns first (fortran_order)");
      }
      if (!text.startsWith("False", position)) {
        throw malformed();
      }
      position += "False".length();
    }

    private long number() {
      skipSpace();
      int from = position;
      while (position < text.length()
          && text.charAt(position) >= '0'
          && text.charAt(position) <= '9') {
        position++;
      }
      if (position == from || position - from > 18) {
        throw malformed();
      }
      return Long.parseLong(text, from, position, 10);
    }

    private String string() {
      skipSpace();
      if (position >= text.length()
          || text.charAt(position) != '\'' && text.charAt(position) != '"') {
        throw malformed();
      }
      int end = text.indexOf(text.charAt(position), position + 1);
      if (end < 0) {
        throw malformed();
      }
      String value = text.substring(position + 1, end);
      position = end + 1;
      return value;
    }

    private void expect(char c) {
      if (!next(c)) {
        throw malformed();
      }
    }

    private boolean next(char c) {
      skipSpace();
      if (position < text.length() && text.charAt(position) == c) {
        position++;
        return true;
      }
      return false;
    }

    private void skipSpace() {
      while (position < text.length()
          && (text.charAt(position) == ' ' || text.charAt(position) == '\n')) {
        position++;
      }
    }

    private IllegalArgumentException malformed() {
      return new IllegalArgumentException(
          String.format(Locale.ROOT, "malformed header at character %d", position));
    }
  }
}
