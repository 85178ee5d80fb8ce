package dev.homolog.analysis.explanation;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.core.backend.Backend;
import dev.homolog.core.checkpoint.Checkpoint;
import dev.homolog.core.checkpoint.MemoryCheckpoint;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.checkpoint.TokenIds;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.model.family.Activation;
import dev.homolog.core.model.family.Gpt2;
import dev.homolog.core.stream.ActivationStream;
import dev.homolog.core.stream.Pilot;
import dev.homolog.core.stream.ProgressListener;
import dev.homolog.core.stream.Rows;
import dev.homolog.core.tokens.TokenRules;
import dev.homolog.core.tokens.TokenTable;
import dev.homolog.core.tokens.Tokenizer;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * A GPT-2 whose weights are written by hand, so that it is known what each neuron reads: a token, a
 * kind of token, a place, or the token before, which an attention head brings. What it does on real
 * text is found in the family that it was written for.
 */
class EditedModelTest {
  private static final Path FAMILY = Path.of(System.getProperty("homolog.testResources"));
  private static final Tokenizer TOKENIZER = Tokenizer.of(FAMILY.resolve("tokenizer.json"));
  private static final int VOCABULARY = 4096;
  private static final int CONTEXT = 32;
  private static final int ROWS = 512;
  private static final int EACH = 100;

  // Where in the residual stream a position, a token and the token before stand.
  private static final int PLACE = 0;
  private static final int TOKEN = CONTEXT;
  private static final int BEFORE = TOKEN + 64;
  private static final int WIDTH = BEFORE + 64;
  private static final int NEURONS = 3 * EACH;

  private static final ModelConfig CONFIG =
      new ModelConfig(
          VOCABULARY,
          CONTEXT,
          WIDTH,
          1,
          1,
          NEURONS,
          Gpt2.architecture(1e-5, Activation.GELU_TANH),
          TokenIds.of(OptionalInt.of(0), OptionalInt.of(0), OptionalInt.empty()));

  /** What neurons read: 100 tokens, 100 places, and 100 tokens before. */
  private static int[] reads(FeatureSet features, Random random) {
    List<Integer> tokens = new ArrayList<>();
    for (int id : features.frequent()) {
      if (id != 0) {
        tokens.add(id);
      }
    }
    int[] reads = new int[NEURONS];
    for (int j = 0; j < EACH; j++) {
      reads[j] = tokens.get(random.nextInt(tokens.size()));
      // The first place has no token before it, and always the same token.
      reads[EACH + j] = 1 + random.nextInt(CONTEXT - 1);
      reads[2 * EACH + j] = tokens.get(random.nextInt(tokens.size()));
    }
    return reads;
  }

  private static Map<String, float[]> weights(int[] reads, Random random) {
    Map<String, float[]> w = new HashMap<>();
    float[] embedding = embedding(random);
    w.put("wte.weight", embedding);
    float[] positions = new float[CONTEXT * WIDTH];
    for (int p = 0; p < CONTEXT; p++) {
      positions[p * WIDTH + PLACE + p] = 1;
    }
    w.put("wpe.weight", positions);
    for (String norm : List.of("h.0.ln_1", "h.0.ln_2", "ln_f")) {
      float[] ones = new float[WIDTH];
      Arrays.fill(ones, 1);
      w.put(norm + ".weight", ones);
      w.put(norm + ".bias", new float[WIDTH]);
    }
    attention(w);
    mlp(w, reads, embedding);
    return w;
  }

  /** A random direction of length 1 for each token. */
  private static float[] embedding(Random random) {
    float[] embedding = new float[VOCABULARY * WIDTH];
    for (int id = 0; id < VOCABULARY; id++) {
      double length = 0;
      double[] direction = new double[64];
      for (int i = 0; i < 64; i++) {
        direction[i] = random.nextGaussian();
        length += direction[i] * direction[i];
      }
      for (int i = 0; i < 64; i++) {
        embedding[id * WIDTH + TOKEN + i] = (float) (direction[i] / Math.sqrt(length));
      }
    }
    return embedding;
  }

  private static void attention(Map<String, float[]> w) {
    // A query is the place before its own, a key its own place, a value its token.
    float[] qkv = new float[WIDTH * 3 * WIDTH];
    for (int p = 0; p < CONTEXT; p++) {
      qkv[(PLACE + p) * 3 * WIDTH + Math.max(0, p - 1)] = 3;
      qkv[(PLACE + p) * 3 * WIDTH + WIDTH + p] = 3;
    }
    for (int i = 0; i < 64; i++) {
      qkv[(TOKEN + i) * 3 * WIDTH + 2 * WIDTH + i] = 0.1f;
    }
    w.put("h.0.attn.c_attn.weight", qkv);
    w.put("h.0.attn.c_attn.bias", new float[3 * WIDTH]);
    float[] out = new float[WIDTH * WIDTH];
    for (int i = 0; i < 64; i++) {
      out[i * WIDTH + BEFORE + i] = 1;
    }
    w.put("h.0.attn.c_proj.weight", out);
    w.put("h.0.attn.c_proj.bias", new float[WIDTH]);
  }

  private static void mlp(Map<String, float[]> w, int[] reads, float[] embedding) {
    float[] in = new float[WIDTH * NEURONS];
    float[] bias = new float[NEURONS];
    for (int j = 0; j < NEURONS; j++) {
      int kind = j / EACH;
      for (int i = 0; i < 64; i++) {
        float direction = embedding[reads[j] % VOCABULARY * WIDTH + TOKEN + i];
        if (kind == 0) {
          in[(TOKEN + i) * NEURONS + j] = direction;
        } else if (kind == 2) {
          in[(BEFORE + i) * NEURONS + j] = direction;
        }
      }
      if (kind == 1) {
        in[(PLACE + reads[j]) * NEURONS + j] = 1;
      }
      // Of about 7 where the neuron's own is read; other tokens have some of its direction.
      bias[j] = -4;
    }
    w.put("h.0.mlp.c_fc.weight", in);
    w.put("h.0.mlp.c_fc.bias", bias);
    w.put("h.0.mlp.c_proj.weight", new float[NEURONS * WIDTH]);
    w.put("h.0.mlp.c_proj.bias", new float[WIDTH]);
  }

  @Test
  void neuronsAreOfTheFamilyThatTheyWereWrittenFor() {
    TokenRules rules =
        new TokenRules(
            0, OptionalInt.of(0), OptionalInt.empty(), TOKENIZER.newlineId(), VOCABULARY);
    List<Path> text = List.of(FAMILY.resolve("validation.jsonl.zst"));
    Random random = new Random(20);
    try (TokenTable table =
            TokenTable.fromText(text, TOKENIZER, rules, CONTEXT, (long) ROWS * CONTEXT);
        Kernels kernels = Backend.VECTOR.open(2).kernels();
        Arena arena = Arena.ofShared()) {
      FeatureSet features = FeatureSet.of(table, TOKENIZER, VOCABULARY);
      int[] reads = reads(features, random);
      Explanations found;
      try (Checkpoint checkpoint = MemoryCheckpoint.of(CONFIG, weights(reads, random))) {
        ActivationStream stream =
            ActivationStream.open(
                kernels,
                arena,
                List.of(new ActivationStream.Model("edited", checkpoint)),
                new ActivationStream.Text(table, 64));
        Pilot pilot = stream.pilot(Rows.spread(ROWS, 64), ProgressListener.NONE);
        ExplanationSink sink =
            new ExplanationSink(
                kernels,
                arena,
                features,
                pilot,
                new ExplanationSink.Columns(0, NEURONS),
                64L * CONTEXT);
        stream.run("text", Rows.all(ROWS), pilot, List.of(sink), ProgressListener.NONE);
        Explanations.Builder builder = new Explanations.Builder(features, NEURONS);
        builder.add(sink, 0);
        found = builder.build();
      }
      check(found, 0, Family.UNIGRAM, reads);
      check(found, EACH, Family.POSITION, reads);
      check(found, 2 * EACH, Family.PREVIOUS_TOKEN, reads);
    }
  }

  /** Of the right family, by the very feature that was written. */
  private static void check(Explanations found, int from, Family family, int[] reads) {
    int right = 0;
    int exact = 0;
    for (int j = from; j < from + EACH; j++) {
      Explanations.OfFamily of = found.family(j);
      if (of.family() == family) {
        right++;
        exact +=
            of.feature().token() == reads[j] || of.feature().name().equals("position " + reads[j])
                ? 1
                : 0;
      }
    }
    assertTrue(right >= 95, family + ": " + right + " of " + EACH);
    assertTrue(exact >= 90, family + ": " + exact + " by what was written");
  }
}
