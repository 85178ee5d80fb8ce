package dev.homolog.analysis.explanation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.analysis.DetachedKernels;
import dev.homolog.core.backend.Backend;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.stream.Pilot;
import dev.homolog.core.tokens.TokenTable;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Every number of every feature and neuron against two passes in double. */
class ExplanationSinkTest {
  private static final int CONTEXT = 16;
  private static final int ROWS = 60;
  private static final int N = 70;
  private static final List<String> SUBSETS = List.of("poems", "programs");
  private static final String[] TEXTS = {
    "<|endoftext|>", " the", "the", " The", ",", " cat", " dog", "\n", "\n    ", " 1999", "7",
        "ing",
    " Queen", " he", "\uFFFD", " und", "();", " I", "xyz", " zebra", " abc", " of", ".", " rare"
  };

  private final Arena arena = Arena.ofShared();
  private final Random random = new Random(7);
  private final int[] ids = new int[ROWS * CONTEXT];
  private final int[] subset = new int[ids.length];
  private final float[][] x = new float[ids.length][N];
  private final byte[][] tags = new byte[ROWS][CONTEXT];
  private final FeatureSet features;

  ExplanationSinkTest() {
    long[] counts = new long[TEXTS.length + 3];
    for (int t = 0; t < ids.length; t++) {
      // Squares of uniform numbers are more often small; the last token of all is seen four times.
      double u = random.nextDouble();
      ids[t] = t % CONTEXT == 0 ? 0 : (int) (u * u * (TEXTS.length - 1));
      subset[t] = t / 64 % 3 == 2 ? TokenTable.NO_SUBSET : t / 64 % 3;
    }
    for (int t : new int[] {5, 77, 300, 505}) {
      ids[t] = TEXTS.length - 1;
    }
    for (int id : ids) {
      counts[id]++;
    }
    for (int t = 0; t < ids.length; t++) {
      for (int j = 0; j < N; j++) {
        double signal = ids[t] == j % TEXTS.length ? 2 : 0;
        signal += j % 3 == 0 && t % CONTEXT == j % 16 ? 3 : 0;
        double value = random.nextGaussian() + signal;
        // Far from 0, tiny, rarely active, constant.
        x[t][j] =
            (float)
                switch (j % 5) {
                  case 1 -> 1000 + value;
                  case 2 -> 1e-6 * value;
                  case 3 -> Math.max(0, value - 2);
                  default -> value;
                };
      }
      x[t][4] = 0.25f;
    }
    TokenCells cells = TokenCells.of(counts, id -> TEXTS[id]);
    for (byte[] row : tags) {
      for (int p = 0; p < CONTEXT; p++) {
        row[p] = (byte) (random.nextInt(5) - 1);
      }
    }
    Documents documents = new Documents(19, (row, p) -> row / 3 - p / 16);
    features = FeatureSet.of(cells, CONTEXT, SUBSETS, documents, new PartsOfSpeech(tags));
  }

  @AfterEach
  void close() {
    arena.close();
  }

  /** Where a feature holds, told by the text and not by cells. */
  private boolean holds(Feature feature, int t) {
    boolean first = t % CONTEXT == 0;
    int before = first ? -1 : ids[t - 1];
    String name = feature.name().replaceFirst("^after ", "");
    return switch (feature.kind()) {
      case TOKEN -> ids[t] == feature.token();
      case PREVIOUS_TOKEN -> before == feature.token();
      case WORD -> isWord(ids[t], name);
      case PREVIOUS_WORD -> !first && isWord(before, name);
      case LETTER, CLASS -> isIn(ids[t], name);
      case PREVIOUS_LETTER, PREVIOUS_CLASS -> !first && isIn(before, name);
      case POSITION -> {
        int[] bounds =
            name.contains("to")
                ? IntStream.of(0, 1)
                    .map(i -> Integer.parseInt(name.replaceAll("\\D+", " ").strip().split(" ")[i]))
                    .toArray()
                : IntStream.of(0, 0)
                    .map(_ -> Integer.parseInt(name.replaceAll("\\D", "")))
                    .toArray();
        yield t % CONTEXT >= bounds[0] && t % CONTEXT <= bounds[1];
      }
      case SUBSET -> (subset[t] < 0 ? "no subset" : SUBSETS.get(subset[t])).equals(name);
      case PART_OF_SPEECH -> {
        int tag = tags[t / CONTEXT][t % CONTEXT];
        yield tag >= 0 && EnglishTagger.TAGS.get(tag).equals(name);
      }
    };
  }

  private static boolean isWord(int id, String name) {
    return ("'" + TEXTS[id].strip().toLowerCase(java.util.Locale.ROOT) + "' in any spelling")
        .equals(name);
  }

  private static boolean isIn(int id, String name) {
    return TokenClasses.ALL.stream()
        .anyMatch(of -> of.name().equals(name) && of.holds().test(TEXTS[id]));
  }

  private ExplanationSink sink(Kernels kernels, Pilot pilot, int from, int to) {
    var columns = new ExplanationSink.Columns(from, to);
    return new ExplanationSink(kernels, arena, features, pilot, columns, 13L * CONTEXT);
  }

  private double[] column(int j) {
    return IntStream.range(0, ids.length).mapToDouble(t -> x[t][j]).toArray();
  }

  private void check(Explanations found) {
    assertEquals(ids.length, found.positions());
    List<Feature> all = features.features();
    boolean[][] labels = new boolean[all.size()][ids.length];
    for (int f = 0; f < all.size(); f++) {
      for (int t = 0; t < ids.length; t++) {
        labels[f][t] = holds(all.get(f), t);
      }
    }
    int compared = 0;
    for (int j = 0; j < N; j++) {
      double[] values = column(j);
      if (j == 4) {
        assertEquals(List.of(), found.best(j, 25));
        assertEquals(Family.NONE, found.family(j).family());
        assertTrue(Double.isNaN(found.family(j).score()));
        continue;
      }
      double deviation =
          Math.sqrt(
              IntStream.range(0, values.length)
                  .mapToDouble(t -> values[t])
                  .map(v -> v * v)
                  .average()
                  .orElseThrow());
      double[] expected = new double[all.size()];
      for (int f = 0; f < all.size(); f++) {
        int with = count(labels[f]);
        boolean enough = with >= 8 && ids.length - with >= 8;
        expected[f] = enough ? ReductionTest.twoPasses(values, labels[f]) : Double.NaN;
      }
      double last = Double.POSITIVE_INFINITY;
      for (Explanations.Explanation of : found.best(j, 25)) {
        int f = all.indexOf(of.feature());
        assertEquals(expected[f], of.explained(), 1e-4 * Math.max(1e-3, Math.abs(expected[f])));
        assertTrue(of.explained() <= last);
        last = of.explained();
        assertEquals((double) count(labels[f]) / ids.length, of.share(), 1e-12);
        assertEquals(mean(values, labels[f], true), of.with(), 1e-6 * deviation);
        assertEquals(mean(values, labels[f], false), of.without(), 1e-6 * deviation);
        compared++;
      }
      // No better one was passed over.
      double least = last;
      long better =
          IntStream.range(0, all.size())
              .filter(f -> expected[f] > least + 1e-4 * Math.abs(least))
              .count();
      assertTrue(better <= 25, better + " better than the last");
      checkTokens(found, j, values, deviation);
    }
    assertEquals(25 * (N - 1), compared);
  }

  private void checkTokens(Explanations found, int j, double[] values, double deviation) {
    double last = Double.POSITIVE_INFINITY;
    assertEquals(features.frequent().length, found.tokens(j).size());
    for (Explanations.TokenMean of : found.tokens(j)) {
      int[] at = IntStream.range(0, ids.length).filter(t -> ids[t] == of.id()).toArray();
      assertEquals(at.length, of.count());
      double mean = IntStream.of(at).mapToDouble(t -> values[t]).average().orElseThrow();
      assertEquals(mean, of.mean(), 1e-6 * deviation);
      assertEquals(IntStream.of(at).mapToDouble(t -> values[t]).max().orElseThrow(), of.max(), 0);
      assertTrue(of.mean() <= last);
      last = of.mean();
    }
  }

  private static int count(boolean[] label) {
    return (int) IntStream.range(0, label.length).filter(t -> label[t]).count();
  }

  private static double mean(double[] x, boolean[] label, boolean wanted) {
    return IntStream.range(0, x.length)
        .filter(t -> label[t] == wanted)
        .mapToDouble(t -> x[t])
        .average()
        .orElseThrow();
  }

  private Explanations explain(Kernels kernels, int batch) {
    Shown shown = new Shown(kernels, arena, CONTEXT, ids, subset);
    ExplanationSink sink = sink(kernels, shown.pilot(x, 5), 0, N);
    shown.to(sink, x, 0, ROWS, batch);
    Explanations.Builder builder = new Explanations.Builder(features, N);
    builder.add(sink, 0);
    return builder.build();
  }

  @Test
  void everyNumberIsThatOfTwoPasses() {
    try (Kernels kernels = Backend.VECTOR.open(2).kernels()) {
      check(explain(kernels, 13));
    }
  }

  @Test
  void alsoByTheOracleAndInADevicesMemory() {
    check(explain(Backend.SCALAR.open(1).kernels(), 13));
    try (Kernels host = Backend.VECTOR.open(1).kernels()) {
      check(explain(DetachedKernels.over(host), 7));
    }
  }

  @Test
  void partsOfTheTextAndOfTheNeuronsAddUp() {
    try (Kernels kernels = Backend.VECTOR.open(2).kernels()) {
      Shown shown = new Shown(kernels, arena, CONTEXT, ids, subset);
      Pilot pilot = shown.pilot(x, 5);
      Explanations.Builder builder = new Explanations.Builder(features, N);
      for (int[] part : new int[][] {{0, 33}, {33, N}}) {
        ExplanationSink first = sink(kernels, pilot, part[0], part[1]);
        ExplanationSink second = sink(kernels, pilot, part[0], part[1]);
        shown.to(first, x, 0, 11, 4);
        shown.to(second, x, 11, ROWS, 13);
        ExplanationSink both = sink(kernels, pilot, part[0], part[1]);
        both.merge(first.state());
        both.merge(second.state());
        builder.add(both, part[0]);
      }
      check(builder.build());
    }
  }

  @Test
  void bytesAreThoseOfTheTensors() {
    long cells = features.cells();
    long frequent = features.frequent().length;
    long pairs = 10L * 13 * CONTEXT + features.mostCells() + 13L * CONTEXT;
    long expected = 9 * (16 * cells + 4 * frequent) + 8 * cells + 16 * pairs;
    assertEquals(expected, ExplanationSink.bytes(features, 9, 13L * CONTEXT));
    // Of a neuron: 25 features and all frequent tokens, of each a number and two values; a maximum
    // of each token, and its family, what decided, its score, the next and the margin.
    long results = 9 * (25 * 20 + frequent * 20 + frequent * 4 + 40);
    long block = 64 * 8 * (2 * cells + 3L * features.features().size());
    assertEquals(results + block, Explanations.bytes(features, 9));
  }

  @Test
  void theFeaturesAreOfAllKinds() {
    List<FeatureKind> kinds = new ArrayList<>(List.of(FeatureKind.values()));
    features.features().forEach(feature -> kinds.remove(feature.kind()));
    assertEquals(List.of(), kinds);
    for (Feature feature : features.features()) {
      assertNotNull(feature.family());
    }
    // A stretch of positions is one draw.
    assertEquals(8, run("positions 8 to 15"));
    assertEquals(1, run("position 3"));
    assertEquals(1, run("programs"));
  }

  private double run(String name) {
    return features.features().stream()
        .filter(of -> of.name().equals(name))
        .findAny()
        .orElseThrow()
        .run();
  }
}
