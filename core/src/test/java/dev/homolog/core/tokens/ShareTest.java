package dev.homolog.core.tokens;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.core.InputException;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A share of the documents and the rest of them. */
class ShareTest {
  private static final int DOCUMENTS = 4000;
  private static final long ALL = Long.MAX_VALUE;

  private final Tokenizer tokenizer = Golden.tokenizer();

  @TempDir Path folder;

  private static String text(int i) {
    return "document " + i + (i % 3 == 0 ? " is longer than the others" : "");
  }

  private static String json(String text, int label) {
    return "{\"text\": \"%s\", \"meta\": {\"pile_set_name\": \"%d\"}}\n".formatted(text, label);
  }

  private Path lines(String name, List<Integer> documents) throws IOException {
    StringBuilder lines = new StringBuilder();
    documents.forEach(i -> lines.append(json(text(i), i % 5)));
    return Files.writeString(folder.resolve(name), lines);
  }

  private TokenTable read(Share share, int context, long most, Path... files) {
    return TokenTable.fromText(
        List.of(files), share, tokenizer, Golden.rules(), context, most, _ -> {});
  }

  /** Which documents are read, by the formula: the hash as a fraction of 2^256. */
  private static boolean below(String text, double part) {
    byte[] hash = TokenizerEngine.sha256().digest(text.getBytes(StandardCharsets.UTF_8));
    BigInteger limit = BigInteger.valueOf(Math.round(part * 1000)).shiftLeft(256);
    return new BigInteger(1, hash).multiply(BigInteger.valueOf(1000)).compareTo(limit) < 0;
  }

  /** Lines of the documents that a table has, which all have tokens in it. */
  private static List<Integer> documents(TokenTable table) {
    return IntStream.range(0, table.documents())
        .map(i -> (int) table.document(i).number())
        .boxed()
        .toList();
  }

  @Test
  void bothPartsAreTheWhole() throws IOException {
    Path file = lines("a.jsonl", IntStream.range(0, DOCUMENTS).boxed().toList());
    for (double part : new double[] {0.2, 0.5, 0.9}) {
      try (TokenTable taken = read(Share.of(part, false), 2, ALL, file);
          TokenTable others = read(Share.of(part, true), 2, ALL, file)) {
        List<Integer> expected =
            IntStream.range(0, DOCUMENTS)
                .filter(i -> below(text(i), part))
                .map(i -> i + 1)
                .boxed()
                .toList();
        assertEquals(expected, documents(taken));
        List<Integer> both = new ArrayList<>(documents(taken));
        both.addAll(documents(others));
        Collections.sort(both);
        assertEquals(IntStream.rangeClosed(1, DOCUMENTS).boxed().toList(), both);
        assertEquals(others.documents(), taken.leftOut());
        assertEquals(taken.documents(), others.leftOut());
        double deviation = Math.sqrt(DOCUMENTS * part * (1 - part));
        assertEquals(DOCUMENTS * part, taken.documents(), 4 * deviation);
        assertEquals(Share.of(part, true), others.share());
      }
    }
  }

  /** A share reads what a file of those documents alone would give, rows and labels and all. */
  @Test
  void theOthersLeaveNoTrace() throws IOException {
    List<Integer> some = IntStream.range(0, 500).filter(i -> !below(text(i), 0.3)).boxed().toList();
    Path all = lines("a.jsonl", IntStream.range(0, 500).boxed().toList());
    Path only = lines("b.jsonl", some);
    for (long most : new long[] {ALL, 40, 161, 800}) {
      try (TokenTable share = read(Share.of(0.3, true), 8, most, all);
          TokenTable alone = read(Share.ALL, 8, most, only)) {
        assertEquals(alone.sha256(), share.sha256());
        assertEquals(alone.droppedTail(), share.droppedTail());
        assertEquals(alone.documents(), share.documents());
        assertEquals(alone.subsets(), share.subsets());
        for (int i = 0; i < alone.documents(); i++) {
          assertEquals(alone.document(i).subset(), share.document(i).subset());
          assertEquals(some.get(i) + 1, share.document(i).number());
        }
      }
    }
  }

  /** Only the text decides: neither order nor file nor kind of file, nor how JSON spells it. */
  @Test
  void onlyTheTextDecides() throws IOException {
    Share share = Share.of(0.4, false);
    List<Integer> order = new ArrayList<>(IntStream.range(0, 300).boxed().toList());
    Collections.shuffle(order, new Random(3));
    Path shuffled = lines("s.jsonl", order);
    try (TokenTable table = read(share, 2, ALL, shuffled)) {
      for (int number : documents(table)) {
        assertTrue(below(text(order.get(number - 1)), 0.4));
      }
    }
    for (int i = 0; i < 20; i++) {
      Path plain = Files.writeString(folder.resolve(i + ".txt"), text(i));
      StringBuilder escaped = new StringBuilder();
      text(i).chars().forEach(c -> escaped.append("\\u%04x".formatted(c)));
      Path json = Files.writeString(folder.resolve(i + ".jsonl"), json(escaped.toString(), 0));
      boolean taken = below(text(i), 0.4);
      for (Path file : List.of(plain, json)) {
        if (taken) {
          read(share, 2, ALL, file).close();
        } else {
          InputException e =
              assertThrows(InputException.class, () -> read(share, 2, ALL, file).close());
          assertEquals("0 tokens do not fill one row of 1", e.problem());
        }
      }
    }
  }

  /** Documents of several pieces are decided over when they have been read. */
  @Test
  void longDocuments() throws IOException {
    String words = "some words and more of them ".repeat(20_000);
    StringBuilder lines = new StringBuilder();
    List<Integer> expected = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      lines.append(json(words + i, i));
      if (below(words + i, 0.5)) {
        expected.add(i + 1);
      }
    }
    assertFalse(expected.isEmpty() || expected.size() == 6);
    Path file = Files.writeString(folder.resolve("long.jsonl"), lines);
    try (TokenTable table = read(Share.of(0.5, false), 64, ALL, file)) {
      assertEquals(expected, documents(table));
      int[] whole = tokenizer.encode(words + (expected.getFirst() - 1));
      int[] first = new int[63];
      System.arraycopy(whole, 0, first, 0, 63);
      assertArrayEquals(first, table.ids(0, 1).asSlice(4).toArray(ValueLayout.JAVA_INT));
      assertEquals(6 - expected.size(), table.leftOut());
    }
    // Full within the first document, of which some may have to be undone.
    try (TokenTable table = read(Share.of(0.5, false), 64, 640, file)) {
      assertEquals(expected.subList(0, 1), documents(table));
      assertEquals(List.of(expected.getFirst() - 1 + ""), table.subsets());
    }
  }

  @Test
  void outOfRange() {
    for (double part : new double[] {0, 1, -0.5, 1.5, Double.NaN}) {
      InputException e = assertThrows(InputException.class, () -> Share.of(part, false));
      assertEquals("--share: " + part + "; give a number between 0 and 1", e.getMessage());
    }
    assertThrows(InputException.class, () -> new Share(1, true));
  }
}
