package dev.homolog.core.intervention;

import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.npy.NpyFile;
import dev.homolog.core.stream.Rows;
import dev.homolog.core.tokens.TokenRules;
import dev.homolog.core.tokens.TokenTable;
import dev.homolog.core.tokens.Tokenizer;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;

/** Tables of token ids that a test makes up; BOS is 0 and EOS 1. */
final class Texts implements AutoCloseable {
  static final Path FAMILY = Path.of(System.getProperty("homolog.testResources"));

  private final TokenTable table;
  private final TokenRules rules;

  private Texts(TokenTable table, TokenRules rules) {
    this.table = table;
    this.rules = rules;
  }

  /** Ids [rows, context], written to a file in the folder and read as a run would. */
  static Texts of(Path folder, Tensor ids, int vocabulary, int eos) {
    Path file = folder.resolve("ids-" + System.nanoTime() + ".npy");
    NpyFile.write(file, DType.I32, List.of(ids.rows(), ids.cols()), ids.data());
    OptionalInt none = OptionalInt.empty();
    TokenRules rules = new TokenRules(0, OptionalInt.of(eos), none, none, vocabulary);
    Tokenizer tokenizer = Tokenizer.of(FAMILY.resolve("tokenizer.json"));
    return new Texts(TokenTable.fromNpy(file, tokenizer, rules, Long.MAX_VALUE), rules);
  }

  static Texts random(Path folder, int rows, int context, int vocabulary, long seed) {
    Random random = new Random(seed);
    try (Arena arena = Arena.ofConfined()) {
      Tensor ids = Tensor.allocate(arena, DType.I32, rows, context);
      for (int r = 0; r < rows; r++) {
        for (int p = 1; p < context; p++) {
          ids.set(r, p, random.nextInt(vocabulary));
        }
      }
      return of(folder, ids, vocabulary, 1);
    }
  }

  TokenTable table() {
    return table;
  }

  Sweep.Text batches(int batchRows) {
    return new Sweep.Text(table, rules, Rows.all(table.rows()), batchRows);
  }

  @Override
  public void close() {
    table.close();
  }
}
