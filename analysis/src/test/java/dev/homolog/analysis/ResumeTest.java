package dev.homolog.analysis;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.analysis.correlation.Baseline;
import dev.homolog.analysis.correlation.Method;
import dev.homolog.analysis.correlation.Similarity;
import dev.homolog.analysis.input.TokenInput;
import dev.homolog.analysis.passes.Saving;
import dev.homolog.analysis.plan.MemoryBounds;
import dev.homolog.analysis.run.RunFolder;
import dev.homolog.analysis.table.TableFormat;
import dev.homolog.core.InputException;
import dev.homolog.core.backend.Backend;
import dev.homolog.core.kernels.Kernels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A study that is stopped again and again, and goes on each time, writes the tables of one that is
 * not.
 */
class ResumeTest {
  private static final Path FAMILY = Path.of(System.getProperty("homolog.testResources"));
  private static final long PLENTY = 1L << 40;

  @TempDir Path folder;
  private boolean looked;

  private static StudyOptions options(int rows, String... others) {
    TokenInput text =
        TokenInput.text(FAMILY.resolve("validation.jsonl.zst"))
            .withContext(32)
            .withMaxTokens(rows * 32);
    List<Path> folders = Arrays.stream(others).map(FAMILY::resolve).toList();
    return StudyOptions.of(FAMILY.resolve("a"), folders, text).withBatchRows(4).withTop(3);
  }

  /** Every batch has its checkpoint. */
  private Saving saving() {
    return new Saving(folder.resolve("state"), Duration.ZERO, 1e9);
  }

  /** Stops a run after so many batches. */
  private static final class Stop extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  private RunListener stopAfter(int batches) {
    int[] seen = new int[1];
    return (phase, done, _) -> {
      if (phase.equals("close-up") && !looked) {
        looked = true; // all passes are done, and it begins once
        throw new Stop();
      }
      if (phase.equals("activations") && done > 0 && ++seen[0] > batches) {
        throw new Stop();
      }
    };
  }

  /** Runs, or goes on; empty where it was stopped. */
  private Optional<StudyResult> run(
      StudyOptions options, MemoryBounds bounds, int threads, int batches) {
    try (Kernels kernels = Backend.VECTOR.open(threads).kernels();
        Study study = Study.open(options).savingTo(saving())) {
      return Optional.of(study.run(kernels, stopAfter(batches), () -> bounds));
    } catch (Stop e) {
      return Optional.empty();
    }
  }

  private static MemoryBounds bytes(long available) {
    return new MemoryBounds(0, available, PLENTY, 0, PLENTY);
  }

  /** The bytes of each table, by name. */
  private static TreeMap<String, byte[]> tables(StudyResult result, Path to) throws IOException {
    try (RunFolder run = RunFolder.create(to)) {
      result.write(run, TableFormat.CSV);
    }
    TreeMap<String, byte[]> tables = new TreeMap<>();
    try (var files = Files.newDirectoryStream(to, "*.csv")) {
      for (Path file : files) {
        tables.put(file.getFileName().toString(), Files.readAllBytes(file));
      }
    }
    return tables;
  }

  /** A whole study, whose sums are the most that it holds where many pairs are compared. */
  @Test
  void everythingEndsAlike() throws IOException {
    stoppedStudiesEndAlike(options(8, "b", "c", "d").withAllPairs(true));
    assertTrue(looked);
  }

  @Test
  void subsetsEndAlike() throws IOException {
    stoppedStudiesEndAlike(
        options(12, "b")
            .withBaseline(Baseline.gaussian())
            .withBySubset(true)
            .withExtent(StudyOptions.Extent.CORRELATIONS));
  }

  @Test
  void permutationsEndAlike() throws IOException {
    stoppedStudiesEndAlike(
        options(300, "b")
            .withBaseline(Baseline.permutation(2))
            .withSimilarity(Similarity.JACCARD)
            .withExtent(StudyOptions.Extent.CORRELATIONS)
            .withBatchRows(150)); // so that enough tokens are permuted
  }

  /** A sketch has no second pass. */
  @Test
  void sketchesEndAlike() throws IOException {
    StudyOptions options = options(12, "b", "c").withMethod(Method.sketch(500));
    TreeMap<String, byte[]> expected;
    try (Kernels kernels = Backend.VECTOR.open(2).kernels()) {
      expected = tables(Study.run(options, kernels), folder.resolve("whole"));
    }
    assertTrue(run(options, bytes(PLENTY), 2, 1).isEmpty());
    refused(
        folder.resolve("state/checkpoint-1.json")
            + ": is of another run: --sketch-size was 500 and is 501"
            + "; give what was given before, choose another --out, or remove this folder and begin"
            + " anew",
        options.withMethod(Method.sketch(501)));
    looked = true;
    StudyResult result = run(options, bytes(PLENTY), 1, 9).orElseThrow();
    assertTrue(result.facts().resumedFrom().getAsLong() > 0);
    TreeMap<String, byte[]> actual = tables(result, folder.resolve("resumed"));
    assertEquals(expected.keySet(), actual.keySet());
    expected.forEach((name, bytes) -> assertArrayEquals(bytes, actual.get(name), name));
  }

  private void stoppedStudiesEndAlike(StudyOptions options) throws IOException {
    TreeMap<String, byte[]> expected;
    MemoryBounds twoPasses;
    try (Kernels kernels = Backend.VECTOR.open(2).kernels()) {
      twoPasses = inTwoPasses(options, kernels);
      StudyResult whole = Study.within(twoPasses, options, kernels);
      assertEquals(2, whole.facts().plan().passes());
      expected = tables(whole, folder.resolve("whole"));
    }
    int stops = 0;
    Optional<StudyResult> result = Optional.empty();
    // the first run ends in its second batch, each that goes on in the third, whatever the pass
    while (result.isEmpty()) {
      result = run(options, twoPasses, 1 + stops % 2, stops == 0 ? 1 : 2);
      stops += result.isEmpty() ? 1 : 0;
      assertTrue(stops < 20);
    }
    assertTrue(stops >= 2, "stopped " + stops + " times");
    assertTrue(
        result.get().facts().resumedFrom().getAsLong() >= options.input().maxTokens().getAsLong());
    TreeMap<String, byte[]> actual = tables(result.get(), folder.resolve("resumed"));
    assertEquals(expected.keySet(), actual.keySet());
    expected.forEach((name, bytes) -> assertArrayEquals(bytes, actual.get(name), name));
  }

  private static MemoryBounds inTwoPasses(StudyOptions options, Kernels kernels) {
    long whole = Study.plan(bytes(PLENTY), options, kernels).hostBytes();
    for (long less = whole; ; less -= 4 << 20) {
      MemoryBounds bounds = bytes(less * 20 / 19 + 1);
      if (Study.plan(bounds, options, kernels).passes() == 2) {
        return bounds;
      }
    }
  }

  @Test
  void whatDiffersIsNamed() {
    StudyOptions options = quick(12, "b");
    MemoryBounds bounds = bytes(PLENTY);
    assertTrue(run(options, bounds, 2, 1).isEmpty());
    String state = folder.resolve("state").resolve("checkpoint-1.json") + ": is of another run: ";
    String remedy =
        "; give what was given before, choose another --out, or remove this folder and begin"
            + " anew";
    refused(state + "--seed was 0 and is 7" + remedy, options.withSeed(7));
    refused(state + "--top was 3 and is 4" + remedy, options.withTop(4));
    refused(state + "--batch was 4 and is 3" + remedy, options.withBatchRows(3));
    refused(state + "--threshold was 0.5 and is 0.25" + remedy, options.withThreshold(0.25));
    InputException other =
        assertThrows(InputException.class, () -> run(quick(16, "b"), bounds, 2, 9));
    assertTrue(other.getMessage().contains("the text was "), other.getMessage());
    InputException model =
        assertThrows(InputException.class, () -> run(quick(12, "c"), bounds, 2, 9));
    assertTrue(
        model.getMessage().contains("c: config.json was not given and is "), model.getMessage());
    // and the run itself goes on
    assertTrue(run(options, bounds, 1, 9).isPresent());
  }

  private static StudyOptions quick(int rows, String other) {
    return options(rows, other)
        .withBaseline(Baseline.gaussian())
        .withExtent(StudyOptions.Extent.CORRELATIONS);
  }

  private void refused(String message, StudyOptions options) {
    InputException e = assertThrows(InputException.class, () -> run(options, bytes(PLENTY), 2, 9));
    assertEquals(message, e.getMessage());
  }
}
