package dev.homolog.analysis;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.analysis.correlation.Baseline;
import dev.homolog.analysis.input.TokenInput;
import dev.homolog.analysis.passes.Saving;
import dev.homolog.analysis.plan.Plan;
import dev.homolog.analysis.plan.Resources;
import dev.homolog.analysis.run.Invocation;
import dev.homolog.analysis.run.RunFolder;
import dev.homolog.analysis.shard.Shard;
import dev.homolog.analysis.table.TableFormat;
import dev.homolog.core.HomologException;
import dev.homolog.core.backend.Backend;
import dev.homolog.core.intervention.Mode;
import dev.homolog.core.intervention.Positions;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.model.NeuronId;
import dev.homolog.core.model.Processing;
import dev.homolog.core.model.Site;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.LongPredicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A device that has less room than it said: the batch is halved, once and loudly. */
class DeviceMemoryTest {
  private static final Path FAMILY = Path.of(System.getProperty("homolog.testResources"));
  private static final int CONTEXT = 31; // so that nothing else has matrices of these heights

  /** Rows of a batch's matrices, and half of them. */
  private static final long WHOLE = 8 * CONTEXT;

  private static final long HALF = 4 * CONTEXT;

  @TempDir private static Path models;
  private static Path a;
  private static Path b;
  private static Kernels host;

  @TempDir Path folder;

  @BeforeAll
  static void open() throws IOException {
    a = RandomModels.write(models.resolve("a"), 20, 1);
    b = RandomModels.write(models.resolve("b"), 18, 2);
    host = Backend.VECTOR.open(1).kernels();
  }

  @AfterAll
  static void close() {
    host.close();
  }

  private static StudyOptions options(int batch) {
    return StudyOptions.of(a, List.of(b), text(24))
        .withBatchRows(batch)
        .withTop(3)
        .withBaseline(Baseline.gaussian())
        .withExtent(StudyOptions.Extent.CORRELATIONS);
  }

  private static TokenInput text(int rows) {
    return TokenInput.text(FAMILY.resolve("validation.jsonl.zst"))
        .withContext(CONTEXT)
        .withMaxTokens((long) rows * CONTEXT);
  }

  /** What a run says of itself. */
  private static class Heard implements RunListener {
    final List<String> lines = new ArrayList<>();
    int plans;

    @Override
    public void progress(String phase, long done, long total) {}

    @Override
    public void planned(Plan plan) {
      plans++;
    }

    @Override
    public void halved(int rows, int fewer, String reason) {
      plans = 0;
      lines.add(rows + " to " + fewer + ": " + reason);
    }
  }

  private static Kernels with(LongPredicate tooHigh) {
    return CrampedKernels.over(host, tooHigh);
  }

  private interface Writer<R> {
    void write(R result, RunFolder folder, Invocation invocation);
  }

  private <R> TreeMap<String, byte[]> tables(
      OpenStudy<R> opened, Kernels kernels, RunListener listener, String name, Writer<R> writer)
      throws IOException {
    Path to = folder.resolve(name);
    try (OpenStudy<R> study = opened;
        RunFolder run = RunFolder.create(to)) {
      writer.write(
          study.run(kernels, listener), run, Invocation.ofLibrary(to, TableFormat.CSV, ""));
    }
    TreeMap<String, byte[]> tables = new TreeMap<>();
    try (var files = Files.newDirectoryStream(to, "*.csv")) {
      for (Path file : files) {
        tables.put(file.getFileName().toString(), Files.readAllBytes(file));
      }
    }
    assertFalse(tables.isEmpty());
    return tables;
  }

  private static void same(TreeMap<String, byte[]> expected, TreeMap<String, byte[]> actual) {
    assertEquals(expected.keySet(), actual.keySet());
    expected.forEach((name, bytes) -> assertArrayEquals(bytes, actual.get(name), name));
  }

  @Test
  void theBatchOfAStudyIsHalvedOnce() throws IOException {
    var half = tables(Study.open(options(4)), host, new Heard(), "half", StudyResult::write);
    Heard heard = new Heard();
    var cramped =
        tables(
            Study.open(options(8)),
            with(rows -> rows == WHOLE),
            heard,
            "cramped",
            StudyResult::write);
    same(half, cramped);
    assertEquals(List.of("8 to 4: empty failed with 1: CUDA out of memory"), heard.lines);
    assertEquals(1, heard.plans, "the plan is said anew");
    assertTrue(
        Files.readString(folder.resolve("cramped/study.json")).contains("\"batch\" : 4"),
        "the batch is written into the result");
  }

  @Test
  void theBatchOfRolesAndInterventionsIsHalvedOnce() throws IOException {
    Writer<InterventionStudy.Result> writer = (result, run, call) -> result.write(run, call, 0);
    Heard heard = new Heard();
    same(
        tables(InterventionStudy.open(change(1)), host, heard, "half", writer),
        tables(
            InterventionStudy.open(change(2)),
            with(rows -> rows == 2 * CONTEXT),
            heard,
            "cramped",
            writer));
    same(
        tables(RoleStudy.open(roles(1)), host, heard, "half-roles", RoleStudy.Result::write),
        tables(
            RoleStudy.open(roles(2)),
            with(rows -> rows == 2 * CONTEXT),
            heard,
            "cramped-roles",
            RoleStudy.Result::write));
    String line = "2 to 1: empty failed with 1: CUDA out of memory";
    assertEquals(List.of(line, line), heard.lines);
  }

  private static Resources batch(int rows) {
    return new Resources(OptionalInt.of(rows), OptionalLong.empty());
  }

  private static RoleStudy.Options roles(int batch) {
    return new RoleStudy.Options(a, text(4), Optional.empty(), Processing.FOLDED, batch(batch), 0);
  }

  private static InterventionStudy.Options change(int batch) {
    return new InterventionStudy.Options(
        a,
        text(4),
        List.of(new NeuronId(1, 7)),
        new InterventionStudy.Options.Change(
            Site.MLP_POST, Mode.FIX, List.of(0.0, 3.0), Positions.ALL),
        InterventionStudy.Options.Frozen.NOTHING,
        batch(batch));
  }

  private static void refused(String message, OpenStudy<?> opened, LongPredicate tooHigh) {
    Heard heard = new Heard();
    try (OpenStudy<?> study = opened) {
      HomologException e =
          assertThrows(HomologException.class, () -> study.run(with(tooHigh), heard));
      assertEquals(message, e.getMessage());
    }
  }

  @Test
  void whatDoesNotFitEitherIsOneLine() {
    String why = " (empty failed with 1: CUDA out of memory); free the device, or lower --batch";
    refused(
        "out of device memory with batches of 4 rows" + why + " or --context",
        Study.open(options(8)),
        rows -> rows == WHOLE || rows == HALF);
    refused(
        "out of device memory with batches of 1 row" + why + " or --context",
        Study.open(options(1)),
        rows -> rows == CONTEXT);
  }

  /** Its batches are those of the other shards. */
  @Test
  void theBatchOfAShardStays() {
    refused(
        "out of device memory with batches of 8 rows (empty failed with 1: CUDA out of memory);"
            + " free the device, or lower --batch or --context",
        Study.open(options(8)).ofShard(new Shard(1, 2), folder.resolve("state")),
        rows -> rows == WHOLE);
  }

  /** Sums of other batches would be others in their last bits. The device is full from then on. */
  @Test
  void aRunWithAStateKeepsItsBatch() throws IOException {
    var whole = tables(Study.open(options(8)), host, new Heard(), "whole", StudyResult::write);
    Saving saving = new Saving(folder.resolve("state"), Duration.ZERO, 1e6);
    boolean[] cramped = new boolean[1];
    Heard heard =
        new Heard() {
          @Override
          public void progress(String phase, long done, long total) {
            cramped[0] |= phase.equals("activations") && done == 2 * WHOLE;
          }
        };
    try (Study study = Study.open(options(8)).savingTo(saving)) {
      HomologException e =
          assertThrows(HomologException.class, () -> study.run(with(_ -> cramped[0]), heard));
      assertEquals(
          "out of device memory with batches of 8 rows (empty failed with 1: CUDA out of memory);"
              + " free the device, and go on with --resume",
          e.getMessage());
    }
    assertEquals(List.of(), heard.lines);
    same(
        whole,
        tables(
            Study.open(options(8)).savingTo(saving),
            host,
            new Heard(),
            "resumed",
            StudyResult::write));
  }
}
