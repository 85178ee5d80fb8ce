package dev.homolog.analysis.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.homolog.core.InputException;
import dev.homolog.core.memory.DType;
import dev.homolog.core.npy.NpyFile;
import dev.homolog.core.stream.ActivationStream;
import dev.homolog.core.tokens.TokenRules;
import dev.homolog.core.tokens.TokenTable;
import dev.homolog.core.tokens.Tokenizer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShardTest {
  private static final Path FAMILY = Path.of(System.getProperty("homolog.testResources"));

  @TempDir Path folder;

  @Test
  void isReadFromTheCommandLine() {
    assertEquals(new Shard(2, 4), Shard.parse("2/4"));
    assertEquals("2/4", new Shard(2, 4).toString());
    for (String wrong : List.of("0/4", "5/4", "2", "2/", "/4", "-1/4", "2/4/8", "1/0", "x", "")) {
      assertThrows(InputException.class, () -> Shard.parse(wrong), wrong);
    }
    assertEquals(
        "--shard: 5/4 is no shard; give it as I/N, such as 1/4 for the first of four",
        assertThrows(InputException.class, () -> Shard.parse("5/4")).getMessage());
    assertEquals(
        "--shard: 4097; give at most 4096",
        assertThrows(InputException.class, () -> Shard.parse("1/4097")).getMessage());
  }

  /** Whatever their number, shards and pieces follow each other without hole or overlap. */
  @Test
  void piecesCoverTheText() {
    int rows = 23;
    int context = 5;
    try (TokenTable table = table(rows, context)) {
      ActivationStream.Text text = new ActivationStream.Text(table, 2); // 12 batches
      List<Double> shares = List.of(0.01, 0.1, 0.5, 1.0);
      for (int of = 1; of <= 12; of++) {
        long end = 0;
        List<Long> ends = new ArrayList<>();
        for (int number = 1; number <= of; number++) {
          for (Shard.Piece piece : new Shard(number, of).pieces(text, shares)) {
            assertEquals(end, piece.from());
            end = piece.to();
            ends.add(end);
          }
        }
        assertEquals(rows * context, end);
        // batch i of 12 ends at row 23 i / 12: 1, 3, 5, 7, 9, 11, 13, …; 2.3 and 11.5 are 10 and 50
        // %
        for (long looked : new long[] {5, 3 * 5, 13 * 5, 23 * 5}) {
          assertEquals(1, ends.stream().filter(at -> at == looked).count(), of + ": " + ends);
        }
        assertEquals(ends.stream().distinct().count(), ends.size());
      }
      assertEquals(
          List.of(new Shard.Piece(11 * 5, 23 * 5)), new Shard(2, 2).pieces(text, List.of()));
      assertThrows(InputException.class, () -> new Shard(1, 13).pieces(text, shares));
    }
  }

  private TokenTable table(int rows, int context) {
    Path file = folder.resolve("tokens.npy");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment ids = arena.allocate(4L * rows * context);
      for (long i = 0; i < (long) rows * context; i++) {
        ids.setAtIndex(ValueLayout.JAVA_INT, i, i % context == 0 ? 0 : 5);
      }
      NpyFile.write(file, DType.I32, List.of((long) rows, (long) context), ids);
    }
    Tokenizer tokenizer = Tokenizer.of(FAMILY.resolve("a/tokenizer.json"));
    TokenRules rules =
        new TokenRules(0, OptionalInt.empty(), OptionalInt.empty(), OptionalInt.empty(), 4096);
    return TokenTable.fromNpy(file, tokenizer, rules, Long.MAX_VALUE);
  }
}
