package dev.homolog.bench;

import dev.homolog.analysis.roles.EntropyRole;
import dev.homolog.core.backend.Backend;
import dev.homolog.core.checkpoint.HuggingFaceCheckpoint;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.intervention.Intervention;
import dev.homolog.core.intervention.Sweep;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.model.NeuronId;
import dev.homolog.core.stream.ProgressListener;
import dev.homolog.core.stream.Rows;
import dev.homolog.core.tokens.TokenRules;
import dev.homolog.core.tokens.TokenTable;
import dev.homolog.core.tokens.Tokenizer;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;

/**
 * A sweep of interventions beside a loop of whole forward passes: 26 neurons of the last two
 * layers, a round for each of the first values, and in each round as many whole passes, logits and
 * metrics in both. {@code --model DIR --text FILE [--rounds 2] [--passes 4] [--backend NAME]
 * [--threads N]}
 */
public final class SweepBench {
  private static final int NEURONS = 26;
  private static final int CONTEXT = 256;
  private static final long TOKENS = 20_224; // 79 rows
  private static final int BATCH_ROWS = 32;

  private SweepBench() {}

  public static void main(String[] args) {
    Arguments arguments =
        new Arguments(
            args,
            Set.of("--model", "--text", "--rounds", "--passes", "--backend", "--threads"),
            Set.of());
    Path model = Path.of(arguments.require("--model"));
    int rounds = arguments.number("--rounds", 2);
    int passes = arguments.number("--passes", 4);
    Backend backend = Backend.parse(arguments.get("--backend").orElse("torch"));
    Tokenizer tokenizer = Tokenizer.of(model.resolve("tokenizer.json"));
    try (Kernels kernels = backend.open(arguments.number("--threads", 2)).kernels();
        var checkpoint = HuggingFaceCheckpoint.open(model)) {
      ModelConfig config = checkpoint.config();
      TokenRules rules = TokenRules.of(config, tokenizer);
      List<Path> files = List.of(Path.of(arguments.require("--text")));
      try (TokenTable table = TokenTable.fromText(files, tokenizer, rules, CONTEXT, TOKENS)) {
        Sweep.Text text = new Sweep.Text(table, rules, Rows.all(table.rows()), BATCH_ROWS);
        List<NeuronId> neurons = neurons(config);
        run(checkpoint, kernels, text, List.of(List.of())); // warm
        double sweep = 0;
        double whole = 0;
        double operations = 0;
        double naive = 0;
        for (int round = 0; round < rounds; round++) {
          double value = EntropyRole.VALUES.get(round);
          List<List<Intervention>> variants = new ArrayList<>();
          neurons.forEach(id -> variants.add(List.of(Intervention.fix(id, value))));
          Timed timed = run(checkpoint, kernels, text, variants);
          sweep += timed.seconds;
          operations += timed.result.operations();
          naive += timed.result.naiveOperations();
          // A variant without interventions is a whole pass; the sweep's own first pass is one too.
          List<List<Intervention>> full = new ArrayList<>();
          for (int i = 1; i < passes; i++) {
            full.add(List.of());
          }
          whole += run(checkpoint, kernels, text, full).seconds;
        }
        double pass = whole / (rounds * passes);
        System.out.printf(
            Locale.ROOT,
            "%s%n%,d tokens, %d neurons, %d values: sweep %.1f s; a whole pass %.3f s, so %d of them"
                + " %.1f s; ratio %.3f; by operations %.3f%n",
            kernels.description(),
            table.tokens(),
            NEURONS,
            rounds,
            sweep,
            pass,
            rounds * (NEURONS + 1),
            pass * rounds * (NEURONS + 1),
            sweep / (pass * rounds * (NEURONS + 1)),
            operations / naive);
      }
    }
  }

  private record Timed(Sweep.Result result, double seconds) {}

  private static Timed run(
      HuggingFaceCheckpoint checkpoint,
      Kernels kernels,
      Sweep.Text text,
      List<List<Intervention>> variants) {
    try (Arena arena = Arena.ofShared()) {
      long tokens = (long) BATCH_ROWS * CONTEXT;
      Sweep sweep = new Sweep(checkpoint, kernels, arena, tokens, variants, Sweep.Options.PLAIN);
      long start = System.nanoTime();
      Sweep.Result result = sweep.run(text, ProgressListener.NONE, _ -> {});
      return new Timed(result, (System.nanoTime() - start) / 1e9);
    }
  }

  private static List<NeuronId> neurons(ModelConfig config) {
    int first = Math.max(0, config.layers() - 2) * config.dMlp();
    return new Random(1)
        .ints(first, config.neurons())
        .distinct()
        .limit(NEURONS)
        .mapToObj(flat -> NeuronId.of(flat, config))
        .toList();
  }
}
