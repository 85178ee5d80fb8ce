import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.luben.zstd.ZstdInputStream;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Array;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Struct;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Compares the Parquet tables and {@code study.json} of two runs, value by value and bit by bit.
 * {@code bench/same-tables.sh} says how it is run.
 */
class SameTables {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Keys of {@code study.json} that may differ wherever they stand. */
  private static final Set<String> IGNORED =
      Set.of("seconds", "tokens_per_second", "peak_bytes", "out");

  /**
   * Arguments: {@code --cut TEXT.jsonl.zst CHARACTERS OUT.jsonl}, or two folders of runs and the
   * checkouts that made them, and how many passes both must have made (0: as many as each other).
   */
  public static void main(String[] args) throws IOException, SQLException {
    if (args[0].equals("--cut")) {
      cut(Path.of(args[1]), Integer.parseInt(args[2]), Path.of(args[3]));
      return;
    }
    Path first = Path.of(args[0]);
    Path second = Path.of(args[1]);
    boolean same = sameJson(first, second, List.of(args[2], args[3]), Integer.parseInt(args[4]));
    TreeSet<String> names = new TreeSet<>(tables(first));
    names.addAll(tables(second));
    try (Connection database = DriverManager.getConnection("jdbc:duckdb:");
        Statement settings = database.createStatement()) {
      settings.execute("SET threads = 1");
      settings.execute("SET preserve_insertion_order = true");
      for (String name : names) {
        Run one = new Run(first.resolve(name), args[2]);
        Run other = new Run(second.resolve(name), args[3]);
        Optional<String> difference = difference(database, one, other);
        same &= difference.isEmpty();
        print(name, difference);
      }
    }
    System.exit(same && !names.isEmpty() ? 0 : 1);
  }

  private static void print(String name, Optional<String> difference) {
    System.out.printf("  %-32s %s%n", name, difference.map(d -> "differs: " + d).orElse("same"));
  }

  private static List<String> tables(Path run) throws IOException {
    try (Stream<Path> files = Files.list(run)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".parquet"))
          .toList();
    }
  }

  /**
   * A table, and the checkout that made it, whose path may stand in its texts.
   *
   * @param checkout the folder
   */
  private record Run(Path table, String checkout) {
    String bitsOf(Object value) throws SQLException {
      return bits(value).replace(checkout, ".");
    }
  }

  /** The first difference of two tables: columns, rows, then the first value that is another. */
  private static Optional<String> difference(Connection database, Run first, Run second)
      throws SQLException, IOException {
    for (Path file : List.of(first.table, second.table)) {
      if (!Files.exists(file)) {
        return Optional.of(file + " is missing");
      }
    }
    if (Files.mismatch(first.table, second.table) < 0) {
      return Optional.empty();
    }
    try (Statement one = database.createStatement();
        Statement other = database.createStatement();
        ResultSet a = one.executeQuery("SELECT * FROM read_parquet('" + first.table + "')");
        ResultSet b = other.executeQuery("SELECT * FROM read_parquet('" + second.table + "')")) {
      List<String> columns = columns(a.getMetaData());
      List<String> others = columns(b.getMetaData());
      if (!columns.equals(others)) {
        return Optional.of("columns " + columns + " and " + others);
      }
      return difference(new Rows(a, first), new Rows(b, second), columns);
    }
  }

  private record Rows(ResultSet rows, Run run) {
    boolean next() throws SQLException {
      return rows.next();
    }

    String bits(int column) throws SQLException {
      return run.bitsOf(rows.getObject(column));
    }
  }

  private static Optional<String> difference(Rows a, Rows b, List<String> columns)
      throws SQLException {
    for (long row = 0; ; row++) {
      boolean more = a.next();
      if (more != b.next()) {
        return Optional.of((more ? "fewer" : "more") + " rows than " + (more ? row + 1 : row));
      }
      if (!more) {
        return Optional.empty();
      }
      for (int column = 1; column <= columns.size(); column++) {
        String one = a.bits(column);
        String other = b.bits(column);
        if (!one.equals(other)) {
          return Optional.of(
              "row %d, %s: %s and %s"
                  .formatted(row, columns.get(column - 1), shortened(one), shortened(other)));
        }
      }
    }
  }

  private static List<String> columns(ResultSetMetaData columns) throws SQLException {
    List<String> names = new ArrayList<>();
    for (int i = 1; i <= columns.getColumnCount(); i++) {
      names.add(columns.getColumnName(i) + " " + columns.getColumnTypeName(i));
    }
    return names;
  }

  /** The value as text that differs when a bit does: numbers with their bits, lists in brackets. */
  private static String bits(Object value) throws SQLException {
    return switch (value) {
      case null -> "null";
      case Double number -> number + "#" + Long.toHexString(Double.doubleToRawLongBits(number));
      case Float number -> number + "#" + Integer.toHexString(Float.floatToRawIntBits(number));
      case Array list -> bits((Object[]) list.getArray());
      case Struct struct -> bits(struct.getAttributes());
      case Object[] list -> bits(list);
      default -> value.getClass().getSimpleName() + " " + value;
    };
  }

  private static String bits(Object[] values) throws SQLException {
    StringBuilder text = new StringBuilder("[");
    for (Object value : values) {
      text.append(bits(value)).append(", ");
    }
    return text.append(']').toString();
  }

  private static String shortened(String text) {
    return text.length() <= 120 ? text : text.substring(0, 120) + "…";
  }

  // ---- study.json ----

  private static boolean sameJson(Path first, Path second, List<String> checkouts, int passes)
      throws IOException {
    JsonNode one = JSON.readTree(Files.readString(first.resolve("study.json")));
    JsonNode other = JSON.readTree(Files.readString(second.resolve("study.json")));
    int made = one.at("/plan/passes").asInt();
    int madeByOther = other.at("/plan/passes").asInt();
    Optional<String> difference = Optional.empty();
    if (made != madeByOther || passes > 0 && made != passes) {
      difference = Optional.of("made %d and %d passes".formatted(made, madeByOther));
    } else {
      JsonNode kept = kept(one, checkouts.getFirst());
      JsonNode keptOfOther = kept(other, checkouts.getLast());
      difference = difference("", kept, keptOfOther);
    }
    print("study.json, " + made + (made == 1 ? " pass" : " passes"), difference);
    return difference.isEmpty();
  }

  /** Without the plan, times, speeds, memory and paths of the machine. */
  private static JsonNode kept(JsonNode node, String checkout) {
    if (node.isObject()) {
      ObjectNode kept = JSON.createObjectNode();
      for (Map.Entry<String, JsonNode> entry : node.properties()) {
        if (!IGNORED.contains(entry.getKey()) && !entry.getKey().equals("plan")) {
          kept.set(entry.getKey(), kept(entry.getValue(), checkout));
        }
      }
      return kept;
    }
    if (node.isArray()) {
      ArrayNode kept = JSON.createArrayNode();
      node.forEach(value -> kept.add(kept(value, checkout)));
      return kept;
    }
    return node.isTextual()
        ? JSON.getNodeFactory().textNode(node.asText().replace(checkout, "."))
        : node;
  }

  private static Optional<String> difference(String path, JsonNode one, JsonNode other) {
    if (one.isObject() && other.isObject()) {
      TreeSet<String> names = new TreeSet<>();
      one.fieldNames().forEachRemaining(names::add);
      TreeSet<String> others = new TreeSet<>();
      other.fieldNames().forEachRemaining(others::add);
      if (!names.equals(others)) {
        return Optional.of(path + " has " + names + " and " + others);
      }
      return names.stream()
          .map(name -> difference(path + "/" + name, one.get(name), other.get(name)))
          .flatMap(Optional::stream)
          .findFirst();
    }
    if (one.isArray() && other.isArray() && one.size() == other.size()) {
      for (int i = 0; i < one.size(); i++) {
        Optional<String> difference = difference(path + "/" + i, one.get(i), other.get(i));
        if (difference.isPresent()) {
          return difference;
        }
      }
      return Optional.empty();
    }
    return Objects.equals(one, other)
        ? Optional.empty()
        : Optional.of("%s: %s and %s".formatted(path, shortened("" + one), shortened("" + other)));
  }

  // ---- text ----

  /** The first characters of each document, so that few tokens hold many documents. */
  private static void cut(Path text, int characters, Path out) throws IOException {
    try (BufferedReader lines =
            new BufferedReader(
                new InputStreamReader(
                    new ZstdInputStream(Files.newInputStream(text)), StandardCharsets.UTF_8));
        BufferedWriter writer = Files.newBufferedWriter(out)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        ObjectNode document = (ObjectNode) JSON.readTree(line);
        String content = document.get("text").asText();
        if (content.length() > characters) {
          int end = content.offsetByCodePoints(0, content.codePointCount(0, characters) - 1);
          document.put("text", content.substring(0, end));
        }
        writer.write(JSON.writeValueAsString(document));
        writer.write('\n');
      }
    }
  }
}
