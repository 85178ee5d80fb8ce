package dev.homolog.core.tokens;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.homolog.core.InputException;
import dev.homolog.core.memory.DType;
import dev.homolog.core.npy.NpyFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenTableTest {
  private static final long ALL = Long.MAX_VALUE;

  private final Tokenizer tokenizer = Golden.tokenizer();
  private final TokenRules rules = Golden.rules();

  @TempDir Path folder;

  @Test
  void packsAsPythonDoes() {
    for (JsonNode golden : Golden.read("packing.json")) {
      int context = golden.get("context").intValue();
      try (TokenTable table = fromText(context, ALL, Golden.VALIDATION)) {
        assertEquals(golden.get("rows").longValue(), table.rows());
        assertEquals(context, table.context());
        assertEquals(golden.get("rows").longValue() * context, table.tokens());
        assertEquals(golden.get("dropped").longValue(), table.droppedTail());
        assertEquals(golden.get("kept").longValue(), table.kept());
        assertEquals(golden.get("sha256").textValue(), table.sha256());
        assertEquals(0, table.replacedCharacters());
        for (int row = 0; row < 2; row++) {
          assertArrayEquals(
              Golden.ints(golden.get("first_rows").get(row)),
              table.ids(row, 1).toArray(ValueLayout.JAVA_INT));
        }
        checkDocuments(golden, table);
      }
      try (TokenTable table = fromText(context, 33L * context - 1, Golden.VALIDATION)) {
        assertEquals(32, table.rows());
        assertEquals(0, table.droppedTail());
        assertEquals(golden.get("sha256_of_32_rows").textValue(), table.sha256());
        assertEquals(golden.get("kept_of_32_rows").longValue(), table.kept());
      }
    }
  }

  private static void checkDocuments(JsonNode golden, TokenTable table) {
    int context = table.context();
    assertEquals(golden.get("documents").intValue(), table.documents());
    int[] starts = Golden.ints(golden.get("starts"));
    for (int i = 0; i < starts.length; i++) {
      int document = i < 5 ? i : table.documents() - 10 + i;
      long row = starts[i] / (context - 1);
      int position = 1 + starts[i] % (context - 1);
      assertEquals(document, table.documentOf(row, position));
      if (starts[i] > 0) {
        long before = starts[i] - 1L;
        assertEquals(0, table.id(before / (context - 1), (int) (before % (context - 1)) + 1));
        assertEquals(
            document - 1,
            table.documentOf(before / (context - 1), (int) (before % (context - 1)) + 1));
      }
      assertEquals(document + 1, table.document(document).number());
    }
    assertEquals(
        golden.get("subsets").toString(),
        table.subsets().stream().map(s -> '"' + s + '"').toList().toString().replace(", ", ","));
    long[] counts = new long[table.subsets().size()];
    int[] ids = new int[context];
    for (long row = 0; row < table.rows(); row++) {
      table.subsets(row, 1, MemorySegment.ofArray(ids));
      assertEquals(table.subsetOf(row, 0), ids[0]);
      assertEquals(table.subsetOf(row, context / 2), ids[context / 2]);
      for (int position = 1; position < context; position++) {
        counts[ids[position]]++;
      }
    }
    int[] expected = Golden.ints(golden.get("tokens_by_subset"));
    assertArrayEquals(java.util.Arrays.stream(expected).asLongStream().toArray(), counts);
  }

  @Test
  void joinsDocumentsOfSeveralFiles() throws IOException {
    Path one = text("one.txt", "a b");
    Path lines =
        text(
            "two.jsonl",
            "{\"text\": \"c\"}\n{\"text\": \"\", \"meta\": {\"pile_set_name\": \"S\"}}\n\n{\"text\": \"d\\ud800\"}");
    int a = tokenizer.id("a").getAsInt();
    int b = tokenizer.encode(" b")[0];
    int c = tokenizer.id("c").getAsInt();
    int d = tokenizer.id("d").getAsInt();
    int[] replaced = tokenizer.encode("\uFFFD");
    try (TokenTable table = fromText(4, ALL, one, lines)) {
      // a b BOS c BOS (empty) BOS d and the replacement
      int[] stream = {0, a, b, 0, 0, c, 0, 0, 0, d, replaced[0], replaced[1]};
      assertArrayEquals(stream, table.ids(0, 3).toArray(ValueLayout.JAVA_INT));
      assertEquals(3, table.rows());
      assertEquals(replaced.length - 2, table.droppedTail());
      assertEquals(1, table.replacedCharacters());
      assertEquals(4, table.documents());
      assertEquals(List.of("S"), table.subsets());
      assertEquals(0, table.documentOf(0, 3), "a separator belongs to the document before it");
      assertEquals(1, table.documentOf(1, 0), "BOS of a row belongs to the token after it");
      assertEquals(2, table.documentOf(1, 3));
      assertEquals(0, table.subsetOf(1, 3));
      assertEquals(TokenTable.NO_SUBSET, table.subsetOf(2, 1));
      assertEquals(new TokenTable.Source(lines, 2, Optional.of("S")), table.document(2));
      assertEquals(new TokenTable.Source(lines, 4, Optional.empty()), table.document(3));
      assertEquals(new TokenTable.Source(one, 1, Optional.empty()), table.document(0));
      TokenBatch batch = table.batch(1, 2);
      assertEquals(8, batch.tokens());
      assertEquals(4, batch.kept());
      assertArrayEquals(
          new byte[] {0, 1, 0, 0, 0, 1, 1, 1}, batch.keep().toArray(ValueLayout.JAVA_BYTE));
      assertEquals(table.ids(1, 2).address(), batch.ids().address());
      assertTrue(batch.ids().isReadOnly());
      assertEquals(0, table.batch(3, 0).tokens());
      assertThrows(IndexOutOfBoundsException.class, () -> table.ids(2, 2));
      assertThrows(IndexOutOfBoundsException.class, () -> table.id(0, 4));
      assertThrows(IndexOutOfBoundsException.class, () -> table.id(3, 0));
    }
    try (TokenTable table = fromText(4, 8, one, lines)) {
      assertEquals(2, table.rows());
      assertEquals(0, table.replacedCharacters(), "what is not used is not counted");
      assertEquals(3, table.documents());
    }
    try (TokenTable table = fromText(4, 7, one, lines)) {
      assertEquals(1, table.rows());
      assertEquals(List.of(), table.subsets());
    }
  }

  @Test
  void growsPastItsFirstMillion() throws IOException {
    String line = "the quick brown fox jumps over the lazy dog and runs away\n";
    Path file = text("long.txt", line.repeat(100_000));
    int[] once = tokenizer.encode(line);
    try (TokenTable table = fromText(1001, ALL, file)) {
      long tokens = 100_000L * once.length;
      assertEquals(tokens / 1000, table.rows());
      assertTrue(table.tokens() > 1 << 20);
      for (long i = 0; i < table.rows() * 1000; i += 997) {
        assertEquals(once[(int) (i % once.length)], table.id(i / 1000, (int) (i % 1000) + 1));
      }
      for (long row = 0; row < table.rows(); row++) {
        assertEquals(0, table.id(row, 0));
      }
    }
  }

  @Test
  void refusals() throws IOException {
    Path file = text("a.txt", "a b c");
    assertRefused(
        () -> fromText(10, ALL, file),
        file + ": 3 tokens do not fill one row of 9; lower --context or give more text");
    assertRefused(
        () -> fromText(10, ALL, file, file),
        "--text: 7 tokens do not fill one row of 9; lower --context or give more text");
    assertRefused(
        () -> fromText(1, ALL, file),
        "--context: 1 leaves no room for a token after BOS; give at least 2");
    assertRefused(
        () -> fromText(4, 3, file),
        "--max-tokens: 3 is less than one row of 4 positions; raise it or lower --context");
    TokenRules small =
        new TokenRules(0, OptionalInt.empty(), OptionalInt.empty(), OptionalInt.empty(), 50);
    int a = tokenizer.id("a").getAsInt();
    assertRefused(
        () -> TokenTable.fromText(List.of(file), tokenizer, small, 3, ALL),
        file
            + ": line 1: token id "
            + a
            + " (\"a\") is not in the model's vocabulary of 50; use the tokenizer that belongs to"
            + " the model");
  }

  @Test
  void readsMatrices() throws IOException {
    Path file = folder.resolve("t.npy");
    int[] ids = {0, 5, 6, 0, 199, 0};
    NpyFile.write(file, DType.I32, List.of(2L, 3L), MemorySegment.ofArray(ids));
    try (TokenTable table = TokenTable.fromNpy(file, tokenizer, rules, ALL)) {
      checkMatrix(table, file, ids);
    }
    long[] wide = java.util.Arrays.stream(ids).asLongStream().toArray();
    NpyFile.write(file, DType.I64, List.of(2L, 3L), MemorySegment.ofArray(wide));
    try (TokenTable table = TokenTable.fromNpy(file, tokenizer, rules, 6)) {
      checkMatrix(table, file, ids);
    }
    try (TokenTable table = TokenTable.fromNpy(file, tokenizer, rules, 5)) {
      assertEquals(1, table.rows());
    }
    assertRefused(
        () -> TokenTable.fromNpy(file, tokenizer, rules, 2),
        "--max-tokens: 2 is less than one row of 3 positions; raise it or lower --context");
  }

  private void checkMatrix(TokenTable table, Path file, int[] ids) {
    assertArrayEquals(ids, table.ids(0, 2).toArray(ValueLayout.JAVA_INT));
    assertEquals(Golden.hash(ids), table.sha256());
    assertEquals(2, table.kept());
    assertEquals(1, table.documentOf(1, 0));
    assertEquals(new TokenTable.Source(file, 1, Optional.empty()), table.document(1));
    assertEquals(TokenTable.NO_SUBSET, table.subsetOf(1, 2));
    assertEquals(List.of(), table.subsets());
  }

  @Test
  void refusesBadMatrices() throws IOException {
    Path file = folder.resolve("t.npy");
    String belongs = "; use the tokenizer that belongs to the model";
    assertMatrix(
        file,
        List.of(2L, 2L),
        new int[] {0, 1, 1, 1},
        "row 1: begins with 1, not with BOS, which is 0; put BOS in front of every row");
    assertMatrix(
        file,
        List.of(2L, 2L),
        new int[] {0, 1, 0, 4096},
        "row 1, position 1: token id 4096 is not in the model's vocabulary of 4096" + belongs);
    assertMatrix(
        file,
        List.of(2L, 2L),
        new int[] {0, -1, 0, 1},
        "row 0, position 1: token id -1 is not in the model's vocabulary of 4096" + belongs);
    String shape = " is not [rows, context]; give at least one row of BOS and a token";
    assertMatrix(
        file,
        List.of(4L),
        new int[4],
        "shape: [4] is a flat stream of tokens, not [rows, context]; say with --context how long"
            + " the rows are that it is cut into");
    assertMatrix(file, List.of(0L), new int[0], "shape: [0]" + shape);
    assertMatrix(file, List.of(4L, 1L), new int[4], "shape: [4, 1]" + shape);
    assertMatrix(file, List.of(0L, 4L), new int[0], "shape: [0, 4]" + shape);
    NpyFile.write(file, DType.F32, List.of(1L, 2L), MemorySegment.ofArray(new int[2]));
    assertRefused(
        () -> TokenTable.fromNpy(file, tokenizer, rules, ALL),
        file + ": elements are F32, not token ids; give int32 or int64");
    NpyFile.write(
        file, DType.I64, List.of(1L, 2L), MemorySegment.ofArray(new long[] {0, 1L << 32}));
    assertRefused(
        () -> TokenTable.fromNpy(file, tokenizer, rules, ALL),
        file
            + ": row 0, position 1: token id 4294967296 is not in the model's vocabulary of 4096"
            + belongs);
  }

  private void assertMatrix(Path file, List<Long> shape, int[] ids, String message) {
    NpyFile.write(file, DType.I32, shape, MemorySegment.ofArray(ids));
    assertRefused(() -> TokenTable.fromNpy(file, tokenizer, rules, ALL), file + ": " + message);
  }

  @Test
  void closesTwiceAndIsGoneAfterwards() throws IOException {
    TokenTable table = fromText(3, ALL, text("a.txt", "a b c"));
    table.close();
    table.close();
    assertThrows(IllegalStateException.class, () -> table.id(0, 0));
  }

  private TokenTable fromText(int context, long maxTokens, Path... files) {
    return TokenTable.fromText(List.of(files), tokenizer, rules, context, maxTokens);
  }

  private Path text(String name, String content) throws IOException {
    return Files.writeString(folder.resolve(name), content);
  }

  private static void assertRefused(Runnable action, String message) {
    assertEquals(message, assertThrows(InputException.class, action::run).getMessage());
  }
}
