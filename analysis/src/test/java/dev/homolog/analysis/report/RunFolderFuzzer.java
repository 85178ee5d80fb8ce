package dev.homolog.analysis.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.homolog.analysis.run.RunFolder;
import dev.homolog.analysis.table.TableFormat;
import dev.homolog.core.HomologException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.duckdb.DuckDBDriver;

/**
 * Damages run folders at random and writes their reports: bytes of any file, values and columns of
 * Parquet tables by DuckDB, cells of CSV tables, values of {@code study.json}. A report is written,
 * or refused in one line that names no Java class. The same seed and number make the same damage.
 *
 * <p>As a program it takes a folder for its files, a seed, the first number and seconds to go on.
 */
final class RunFolderFuzzer implements AutoCloseable {
  /** How an attempt ended. */
  enum Outcome {
    WRITTEN,
    REFUSED,
    BROKEN
  }

  private static final long SLOW = 20_000_000_000L;

  /** Every table, of few rows, so that most of an attempt's time goes to the report. */
  private static final PlantedRun PLANTED =
      new PlantedRun(2, 8, PlantedRun.small().others(), 10, PlantedRun.HOSTILE);

  private static final ObjectMapper JSON = new ObjectMapper();

  /** Values by type of DuckDB, as SQL. */
  private static final Map<String, List<String>> VALUES =
      Map.of(
          "INTEGER",
          List.of("NULL", "0", "-1", "1", "2147483647", "-2147483648", "1000000"),
          "BIGINT",
          List.of("NULL", "0", "-1", "9223372036854775807", "-9223372036854775808"),
          "DOUBLE",
          List.of(
              "NULL",
              "'nan'::DOUBLE",
              "'inf'::DOUBLE",
              "'-inf'::DOUBLE",
              "0",
              "-0.0",
              "1e308",
              "-1e308",
              "5e-324",
              "1e17",
              "-1"),
          "BOOLEAN",
          List.of("NULL", "true", "false"),
          "VARCHAR",
          List.of("NULL", "''", "'/'", "'/a/0'", "'out'", "'back'", "'a'", "repeat('x', 100000)"),
          "INTEGER[]",
          List.of("NULL", "[]", "[NULL]", "[-1]"),
          "DOUBLE[]",
          List.of("NULL", "[]", "[NULL]", "['nan'::DOUBLE]", "['inf'::DOUBLE, 1e308]", "[0.0]"),
          "VARCHAR[]",
          List.of("NULL", "[]", "[NULL]", "['']", "['a', NULL, 'b']"));

  private static final List<String> TYPES =
      List.of("INTEGER", "BIGINT", "DOUBLE", "VARCHAR", "FLOAT", "BOOLEAN", "INTEGER[]", "DATE");

  private static final List<String> CELLS =
      List.of(
          "",
          "\"\"",
          "-1",
          "0",
          "2147483647",
          "99999999999",
          "1e308",
          "-1e308",
          "NaN",
          "Infinity",
          "\"x\"",
          "\"[]\"",
          "\"[null]\"",
          "\"[1e999]\"",
          "true",
          "\"",
          "٣",
          "\u0000");

  private final Path scratch;
  private final long seed;
  private final Map<Outcome, Integer> counts = new EnumMap<>(Outcome.class);
  private final Map<String, Integer> refusals = new TreeMap<>();
  private final List<String> broken = new ArrayList<>();
  private Connection database; // for damage; null before the first, and after one that failed

  /** Writes the folders that are damaged. */
  RunFolderFuzzer(Path scratch, long seed) {
    this.scratch = scratch;
    this.seed = seed;
    for (TableFormat format : TableFormat.values()) {
      Path good = scratch.resolve("good-" + format.extension());
      if (!RunFolder.isFinished(good)) {
        PLANTED.everything(good, format);
      }
    }
  }

  int count(Outcome outcome) {
    return counts.getOrDefault(outcome, 0);
  }

  int kindsOfRefusal() {
    return refusals.size();
  }

  List<String> broken() {
    return broken;
  }

  /** Damages a folder and writes its report. */
  void attempt(long number) throws IOException {
    SplittableRandom random = new SplittableRandom(seed * 1_000_003 + number);
    TableFormat format = random.nextBoolean() ? TableFormat.PARQUET : TableFormat.CSV;
    Path folder = scratch.resolve("damaged");
    copy(scratch.resolve("good-" + format.extension()), folder);
    StringBuilder damage = new StringBuilder("attempt " + number + ":");
    for (int i = 1 + random.nextInt(3); i > 0; i--) {
      Path file = pick(random, files(folder));
      damage.append(' ').append(file.getFileName()).append(damage(random, file));
    }
    counts.merge(judge(folder, damage.toString()), 1, Integer::sum);
  }

  /** Of what was damaged before, only bytes are left. */
  private String damage(SplittableRandom random, Path file) throws IOException {
    String name = file.getFileName().toString();
    try {
      if (name.equals("study.json") && random.nextInt(4) > 0) {
        return json(random, file);
      }
      if (name.endsWith(".parquet") && random.nextInt(3) > 0) {
        return parquet(random, file);
      }
      if (name.endsWith(".csv") && random.nextInt(3) > 0 && Files.size(file) > 0) {
        return csv(random, file);
      }
    } catch (IOException e) {
      return bytes(random, file);
    } catch (SQLException e) {
      close();
      return bytes(random, file);
    }
    return bytes(random, file);
  }

  private Outcome judge(Path folder, String damage) {
    long start = System.nanoTime();
    try {
      Report.write(RunFolder.open(folder));
      return inTime(start, damage, Outcome.WRITTEN);
    } catch (HomologException e) {
      String message = e.getMessage();
      boolean plain = message.lines().count() == 1 && !message.contains("java.");
      if (!plain || message.contains("Exception")) {
        broken.add(damage + "\n  " + message);
        return Outcome.BROKEN;
      }
      refusals.merge(message.replaceAll("\\d+", "N"), 1, Integer::sum);
      return inTime(start, damage, Outcome.REFUSED);
    } catch (RuntimeException | Error e) {
      StringWriter trace = new StringWriter();
      e.printStackTrace(new PrintWriter(trace));
      broken.add(damage + "\n  " + String.join("\n  ", trace.toString().lines().limit(8).toList()));
      return Outcome.BROKEN;
    }
  }

  private Outcome inTime(long start, String damage, Outcome outcome) {
    if (System.nanoTime() - start < SLOW) {
      return outcome;
    }
    broken.add(damage + "\n  takes more than 20 s");
    return Outcome.BROKEN;
  }

  // ---- damage ----

  private static String bytes(SplittableRandom random, Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    int at = random.nextInt(Math.max(1, bytes.length));
    int end = Math.min(bytes.length, at + 1 + random.nextInt(64));
    switch (random.nextInt(6)) {
      case 0 -> bytes = Arrays.copyOf(bytes, at);
      case 1 -> bytes = new byte[0];
      case 2 -> Arrays.fill(bytes, at, end, (byte) random.nextInt());
      case 3 -> {
        // The end of a Parquet file says where everything lies.
        for (int i = 0; i < 4 && bytes.length > 400; i++) {
          bytes[bytes.length - 1 - random.nextInt(400)] = (byte) random.nextInt();
        }
      }
      default -> {
        for (int i = 1 + random.nextInt(8); i > 0 && bytes.length > 0; i--) {
          bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        }
      }
    }
    Files.write(file, bytes);
    return " bytes";
  }

  private static String csv(SplittableRandom random, Path file) throws IOException {
    List<String> lines = new ArrayList<>(Files.readAllLines(file));
    int line = random.nextInt(lines.size());
    String change = pick(random, CELLS);
    switch (random.nextInt(5)) {
      case 0 -> lines.remove(line);
      case 1 -> lines.add(random.nextInt(lines.size()), lines.get(line));
      case 2 -> lines = new ArrayList<>(lines.subList(0, 1));
      default -> {
        String[] cells = lines.get(line).split(",", -1);
        int cell = random.nextInt(cells.length);
        boolean all = random.nextInt(3) == 0;
        for (int i = Math.min(1, line); i < lines.size(); i++) {
          String[] row = lines.get(i).split(",", -1);
          if ((all || i == line) && cell < row.length) {
            row[cell] = change;
            lines.set(i, String.join(",", row));
          }
        }
      }
    }
    Files.writeString(file, String.join("\n", lines) + "\n");
    return " cells " + change;
  }

  private static String json(SplittableRandom random, Path file) throws IOException {
    JsonNode root = JSON.readTree(file.toFile());
    List<JsonNode> inner = new ArrayList<>();
    collect(root, inner);
    if (inner.isEmpty()) {
      return bytes(random, file);
    }
    JsonNode parent = pick(random, inner);
    JsonNodeFactory make = JsonNodeFactory.instance;
    ArrayNode many = make.arrayNode();
    for (int i = 0; i < 2000; i++) {
      many.addObject().put("name", "m" + i);
    }
    List<JsonNode> values =
        List.of(
            make.nullNode(),
            make.numberNode(1e7),
            make.numberNode(-1),
            make.textNode("/x"),
            make.booleanNode(true),
            make.arrayNode(),
            make.objectNode(),
            many,
            make.numberNode(1e308));
    JsonNode value = pick(random, values);
    String where = "";
    if (parent instanceof ObjectNode object && !object.isEmpty()) {
      List<String> names = new ArrayList<>();
      object.fieldNames().forEachRemaining(names::add);
      where = pick(random, names);
      object.set(where, value);
    } else if (parent instanceof ArrayNode array && !array.isEmpty()) {
      array.set(random.nextInt(array.size()), value);
    }
    JSON.writeValue(file.toFile(), random.nextInt(20) == 0 ? value : root);
    return " json " + where;
  }

  private static void collect(JsonNode node, List<JsonNode> into) {
    if (node.isContainerNode()) {
      into.add(node);
      node.forEach(child -> collect(child, into));
    }
  }

  private String parquet(SplittableRandom random, Path file) throws IOException, SQLException {
    Path made = file.resolveSibling("made.tmp");
    String change;
    if (database == null) {
      database = new DuckDBDriver().connect("jdbc:duckdb:", new Properties());
    }
    try (Statement sql = database.createStatement()) {
      sql.execute("CREATE OR REPLACE TABLE t AS SELECT * FROM '" + file + "'");
      List<String[]> columns = new ArrayList<>();
      try (var rows = sql.executeQuery("DESCRIBE t")) {
        while (rows.next()) {
          columns.add(new String[] {rows.getString(1), rows.getString(2)});
        }
      }
      String[] column = pick(random, columns);
      String name = '"' + column[0] + '"';
      String value = pick(random, VALUES.getOrDefault(column[1], List.of("NULL")));
      String part = random.nextBoolean() ? "true" : "hash(rowid) % 7 = " + random.nextInt(7);
      change =
          switch (random.nextInt(9)) {
            case 0 -> "ALTER TABLE t DROP " + name;
            case 1 -> "ALTER TABLE t RENAME " + name + " TO \"other name\"";
            case 2 -> "DELETE FROM t WHERE " + part;
            case 3 -> "INSERT INTO t SELECT * FROM t";
            case 4 -> {
              String type = pick(random, TYPES);
              yield "ALTER TABLE t ALTER "
                  + name
                  + " TYPE "
                  + type
                  + " USING TRY_CAST("
                  + name
                  + " AS "
                  + type
                  + ")";
            }
            default -> "UPDATE t SET " + name + " = " + value + " WHERE " + part;
          };
      try {
        sql.execute(change);
        sql.execute("COPY t TO '" + made + "' (FORMAT parquet)");
        Files.move(made, file, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
      } catch (SQLException e) {
        change = "(impossible) " + change; // such as the last column dropped
        Files.deleteIfExists(made);
      }
    }
    return " " + change;
  }

  // ---- files ----

  private static List<Path> files(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    if (Files.exists(to)) {
      for (Path file : files(to)) {
        Files.delete(file);
      }
    }
    Files.createDirectories(to);
    for (Path file : files(from)) {
      Files.copy(file, to.resolve(file.getFileName()));
    }
  }

  private static <T> T pick(SplittableRandom random, List<T> list) {
    return list.get(random.nextInt(list.size()));
  }

  @Override
  public void close() {
    try {
      if (database != null) {
        database.close();
      }
    } catch (SQLException e) {
      // It held nothing but the table that was damaged last.
    } finally {
      database = null;
    }
  }

  @Override
  public String toString() {
    int all = counts.values().stream().mapToInt(Integer::intValue).sum();
    return all
        + " damaged run folders, "
        + (all - count(Outcome.BROKEN))
        + " fine: "
        + counts
        + ", "
        + refusals.size()
        + " kinds of refusal\n"
        + String.join("\n", broken);
  }

  public static void main(String[] args) throws IOException {
    try (var fuzzer = new RunFolderFuzzer(Path.of(args[0]), Long.parseLong(args[1]))) {
      long number = Long.parseLong(args[2]);
      long end = System.nanoTime() + Long.parseLong(args[3]) * 1_000_000_000L;
      while (System.nanoTime() < end) {
        fuzzer.attempt(number++);
      }
      System.out.write(fuzzer.toString().getBytes(StandardCharsets.UTF_8));
      System.out.println();
    }
  }
}
