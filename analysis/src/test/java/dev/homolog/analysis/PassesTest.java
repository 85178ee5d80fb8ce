package dev.homolog.analysis;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.analysis.closeup.CloseUp;
import dev.homolog.analysis.correlation.Baseline;
import dev.homolog.analysis.correlation.Convergence;
import dev.homolog.analysis.correlation.Homologs;
import dev.homolog.analysis.correlation.PairMatches;
import dev.homolog.analysis.correlation.Similarity;
import dev.homolog.analysis.correlation.SubsetCorrelations;
import dev.homolog.analysis.correlation.Tails;
import dev.homolog.analysis.input.TokenInput;
import dev.homolog.analysis.plan.MemoryBounds;
import dev.homolog.analysis.plan.Plan;
import dev.homolog.analysis.table.Tables;
import dev.homolog.core.InputException;
import dev.homolog.core.backend.Backend;
import dev.homolog.core.kernels.Kernels;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A study that does not fit is done in passes and says the same, or is refused. */
class PassesTest {
  private static final Path FAMILY = Path.of(System.getProperty("homolog.testResources"));
  private static final long PLENTY = 1L << 40;

  /** Of some rows of 64 tokens. */
  private static StudyOptions options(int rows) {
    TokenInput text =
        TokenInput.text(FAMILY.resolve("validation.jsonl.zst"))
            .withContext(64)
            .withMaxTokens(rows * 64);
    List<Path> others = List.of(FAMILY.resolve("b"), FAMILY.resolve("c"));
    return StudyOptions.of(FAMILY.resolve("a"), others, text).withTop(3);
  }

  private static StudyOptions options() {
    return options(84).withBatchRows(60);
  }

  private static MemoryBounds bytes(long available) {
    return new MemoryBounds(0, available, PLENTY, 0, PLENTY);
  }

  private static Plan plan(StudyOptions options, MemoryBounds bounds, Kernels kernels) {
    return Study.plan(bounds, options, kernels);
  }

  /** Every part of a study that depends on the neurons of a pass, to the last bit. */
  @ParameterizedTest
  @EnumSource(
      value = Baseline.Kind.class,
      names = {"ROTATION", "PERMUTATION", "GAUSSIAN"})
  void passesSayTheSameAsOne(Baseline.Kind kind) {
    boolean permuted = kind == Baseline.Kind.PERMUTATION;
    // Permuting takes one batch of enough tokens; beside rotations, sums must be what is held most.
    int rows =
        switch (kind) {
          case PERMUTATION -> 70;
          case ROTATION -> 42;
          default -> 28;
        };
    StudyOptions options =
        options(rows)
            .withBatchRows(kind == Baseline.Kind.GAUSSIAN ? 20 : rows)
            .withBaseline(new Baseline(kind, 1, null))
            .withAllPairs(permuted)
            .withBySubset(kind == Baseline.Kind.GAUSSIAN);
    if (permuted) {
      options = options.withSimilarity(Similarity.JACCARD);
    }
    try (Kernels kernels = Backend.VECTOR.open(2).kernels()) {
      Plan whole = plan(options, bytes(PLENTY), kernels);
      assertEquals(1, whole.passes());
      StudyResult expected = Study.within(bytes(PLENTY), options, kernels);
      long sums =
          whole.parts().stream()
              .filter(p -> p.name().equals("sums of products"))
              .findFirst()
              .orElseThrow()
              .bytes();
      StudyResult actual =
          Study.within(bytes((whole.hostBytes() - sums / 3) * 20 / 19), options, kernels);
      assertTrue(actual.facts().plan().passes() > 1);
      assertTrue(actual.facts().plan().hostBytes() < whole.hostBytes() - sums / 3);
      assertSame(expected, actual);
    }
  }

  private static void assertSame(StudyResult expected, StudyResult actual) {
    assertEquals(expected.moments(), actual.moments());
    assertEquals(expected.constants(), actual.constants());
    assertEquals(expected.summary().rows(), actual.summary().rows());
    assertEquals(expected.universality().neurons(), actual.universality().neurons());
    assertEquals(expected.find(Homologs.class), actual.find(Homologs.class));
    assertEquals(expected.find(Convergence.class), actual.find(Convergence.class));
    assertEquals(expected.correlations().chance(), actual.correlations().chance());
    assertSame(expected.closeUp(), actual.closeUp());
    for (int i = 0; i < expected.explanations().neurons(); i++) {
      assertEquals(expected.explanations().family(i), actual.explanations().family(i));
      assertEquals(expected.explanations().best(i, 25), actual.explanations().best(i, 25));
      assertEquals(expected.explanations().tokens(i), actual.explanations().tokens(i));
    }
    List<SubsetCorrelations.OfSubset> subsets = subsets(expected);
    assertEquals(subsets.size(), subsets(actual).size());
    for (int i = 0; i < subsets.size(); i++) {
      SubsetCorrelations.OfSubset one = subsets.get(i);
      SubsetCorrelations.OfSubset other = subsets(actual).get(i);
      assertEquals(one.tokens(), other.tokens());
      assertEquals(one.universality().neurons(), other.universality().neurons());
    }
    pairs(expected.summary().pairs(), actual.summary().pairs());
    pairs(expected.summary().amongOthers(), actual.summary().amongOthers());
  }

  private static List<SubsetCorrelations.OfSubset> subsets(StudyResult result) {
    return result.find(SubsetCorrelations.class).map(SubsetCorrelations::subsets).orElse(List.of());
  }

  static void assertSame(CloseUp expected, CloseUp actual) {
    assertEquals(expected.tokens(), actual.tokens());
    assertEquals(expected.neurons(), actual.neurons());
    Tables.assertSame(expected.examples(), actual.examples());
    assertEquals(expected.families(), actual.families());
  }

  private static void pairs(List<PairMatches> expected, List<PairMatches> actual) {
    for (int i = 0; i < expected.size(); i++) {
      tails(expected.get(i).highest(), actual.get(i).highest());
      tails(expected.get(i).lowest(), actual.get(i).lowest());
      tails(expected.get(i).highestBack(), actual.get(i).highestBack());
      tails(expected.get(i).lowestBack(), actual.get(i).lowestBack());
      assertArrayEquals(expected.get(i).histogram(), actual.get(i).histogram());
    }
  }

  private static void tails(Tails expected, Tails actual) {
    if (expected == null) {
      assertEquals(null, actual);
      return;
    }
    for (int i = 0; i < expected.rows(); i++) {
      for (int rank = 0; rank < expected.k(); rank++) {
        assertEquals(expected.match(i, rank), actual.match(i, rank));
        assertEquals(expected.value(i, rank), actual.value(i, rank));
      }
    }
  }

  /** 28 rows in batches of 14: half of the text is the share of the first point. */
  @Test
  void convergenceEndsWithoutChange() {
    try (Kernels kernels = Backend.VECTOR.open(2).kernels()) {
      StudyOptions all = options(28).withBatchRows(20);
      StudyResult result = Study.within(bytes(PLENTY), all, kernels);
      List<Convergence.Point> points = result.find(Convergence.class).orElseThrow().points();
      assertEquals(2, points.size());
      assertEquals(0.5, points.getFirst().share(), 1e-12);
      assertTrue(points.getFirst().median() > 0);
      assertTrue(points.getFirst().greatest() >= points.getFirst().ninetyNinth());
      assertEquals(0, points.getLast().greatest(), 0);
      assertEquals(result.universal(), points.getLast().universal());
      // What the first point said is what a study of that half says.
      StudyOptions half = all.withExtent(StudyOptions.Extent.CORRELATIONS);
      half =
          new StudyOptions(
              half.reference(),
              half.others(),
              half.input().withMaxTokens(14 * 64),
              half.comparison(),
              half.baseline(),
              half.resources(),
              half.seed(),
              half.scope());
      StudyResult first = Study.within(bytes(PLENTY), half, kernels);
      assertEquals(first.universal(), points.getFirst().universal());
      double greatest = 0;
      for (int other = 0; other < 2; other++) {
        for (int i = 0; i < 2048; i++) {
          double change =
              first.summary().pairs().get(other).highest().value(i, 0)
                  - result.summary().pairs().get(other).highest().value(i, 0);
          greatest = Math.max(greatest, Math.abs(change));
        }
      }
      assertEquals(greatest, points.getFirst().greatest(), 1e-5);
    }
  }

  @Test
  void whatDoesNotFitInAnyNumberOfPassesIsRefused() {
    try (Kernels kernels = Backend.VECTOR.open(2).kernels()) {
      var e =
          assertThrows(
              InputException.class,
              () -> Study.within(bytes(PLENTY), options().withMemory(100_000_000), kernels));
      assertEquals("--memory", e.where());
      assertTrue(
          e.getMessage()
              .matches(
                  "--memory: 100,000,000 bytes, but the study needs [0-9,]+; give --memory [0-9]+,"
                      + " or lower --batch or --top, or name fewer models"),
          e.getMessage());
      long needed = Long.parseLong(e.remedy().replaceAll("\\D*(\\d+).*", "$1"));
      Plan plan = plan(options().withMemory(needed), bytes(PLENTY), kernels);
      assertTrue(plan.hostBytes() <= needed);
      assertTrue(plan.passes() > 1);

      e =
          assertThrows(
              InputException.class, () -> Study.within(bytes(90_000_000), options(), kernels));
      assertEquals("memory", e.where());
      assertTrue(e.getMessage().contains("85,500,000 bytes are free"), e.getMessage());

      e =
          assertThrows(
              InputException.class,
              () ->
                  Study.within(
                      new MemoryBounds(0, PLENTY, 1_000_000, 0, PLENTY), options(), kernels));
      assertEquals("-Xmx", e.where());
      assertTrue(e.remedy().contains("HOMOLOG_JAVA_OPTS=-Xmx1g"), e.remedy());

      // The results lie on the heap: one match each way is 2 · 2 · (2,048 + 2,048) · 2 of 12 bytes.
      e =
          assertThrows(
              InputException.class,
              () ->
                  Study.within(
                      new MemoryBounds(0, PLENTY, PLENTY, 0, 32 << 20),
                      options().withTop(1).withExtent(StudyOptions.Extent.CORRELATIONS),
                      kernels));
      assertEquals("-Xmx", e.where());
      long results = 2 * 2 * 4096 * 12 + 2 * 2048 * 8 * 2;
      String heap = String.format(java.util.Locale.ROOT, "%,d", (32 << 20) + results);
      assertTrue(
          e.problem().startsWith("33,554,432 bytes of heap are what this JVM may take")
              && e.problem().endsWith("needs " + heap),
          e.problem());
    }
  }

  /** The closed form of the parts that are easily counted by hand. */
  @Test
  void operationsAreThoseOfTheShapes() {
    try (Kernels kernels = Backend.VECTOR.open(1).kernels()) {
      Plan plan = plan(options(), bytes(PLENTY), kernels);
      double tokens = 84 * 64;
      // a with b and c, and the triangles of eight layers
      double products = tokens * (2.0 * 2048 * 4096 + 8 * 512.0 * 512);
      assertEquals(products, plan.flops().get(1).operations(), 1);
      // turning 2,048 rows by eight matrices, and these by what lies above the diagonal of the
      // layer's correlations, 384 columns of 384 rows and 128 of 512
      double baseline = 8 * (2.0 * 2048 * 512 * 512 + 2.0 * 512 * (384 * 384 + 128 * 512));
      assertEquals(baseline, plan.flops().get(2).operations(), 1);
      // d_model 128: per layer qkv and o, attention's scores and sums, in and out; no last out
      double layer = 2.0 * 4 * 128 * 128 + 2.0 * 64 * 128 + 2.0 * 2 * 128 * 512;
      double forward = 3 * tokens * (4 * layer - 2.0 * 128 * 512);
      assertEquals(forward, plan.flops().get(0).operations(), 1);
    }
  }
}
