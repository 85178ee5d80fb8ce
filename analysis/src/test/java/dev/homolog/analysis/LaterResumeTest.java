package dev.homolog.analysis;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.analysis.closeup.Focus;
import dev.homolog.analysis.correlation.Baseline;
import dev.homolog.analysis.input.TokenInput;
import dev.homolog.analysis.passes.Saving;
import dev.homolog.analysis.plan.Resources;
import dev.homolog.analysis.run.Invocation;
import dev.homolog.analysis.run.RunFolder;
import dev.homolog.analysis.table.TableFormat;
import dev.homolog.core.InputException;
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
import java.util.function.Function;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What comes after the passes goes on after a stop, and runs of one model do. */
class LaterResumeTest {
  private static final Path FAMILY = Path.of(System.getProperty("homolog.testResources"));
  private static final int CONTEXT = 32;
  private static final Resources ONE_ROW =
      new Resources(OptionalInt.of(1), OptionalLong.empty(), false);

  @TempDir private static Path models;
  private static Path a;
  private static Path b;

  @TempDir Path folder;

  @BeforeAll
  static void models() throws IOException {
    a = RandomModels.write(models.resolve("a"), 4, 16, 1);
    b = RandomModels.write(models.resolve("b"), 4, 16, 2);
  }

  private static TokenInput text(int rows) {
    return TokenInput.text(FAMILY.resolve("validation.jsonl.zst"))
        .withContext(CONTEXT)
        .withMaxTokens(rows * CONTEXT);
  }

  private Saving saving() {
    return new Saving(folder.resolve("state"), Duration.ZERO, 1e9);
  }

  private static final class Stop extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  /** What a run says of itself, which it is stopped at once. */
  private static final class Heard implements RunListener {
    private final String phase;
    private final long at;
    private final List<String> events = new ArrayList<>();

    Heard(String phase, long at) {
      this.phase = phase;
      this.at = at;
    }

    @Override
    public void progress(String heard, long done, long total) {
      events.add(heard + " " + done);
      if (heard.equals(phase) && done == at) {
        throw new Stop();
      }
    }

    Optional<String> first(String heard) {
      return events.stream().filter(event -> event.startsWith(heard + " ")).findFirst();
    }
  }

  /** Runs until it is stopped. */
  private <R> Heard stopped(OpenStudy<R> opened, String phase, long at) {
    Heard heard = new Heard(phase, at);
    try (OpenStudy<R> study = opened;
        Kernels kernels = Backend.VECTOR.open(1).kernels()) {
      assertThrows(Stop.class, () -> study.run(kernels, heard));
    }
    return heard;
  }

  /** Runs to the end; what it has said, and the bytes of its tables by name. */
  private record Ended(Heard heard, TreeMap<String, byte[]> tables) {}

  private interface Writer<R> {
    void write(R result, RunFolder folder, Invocation invocation);
  }

  private <R> Ended ended(OpenStudy<R> opened, String name, Writer<R> writer) throws IOException {
    Heard heard = new Heard("", -1);
    Path to = folder.resolve(name);
    try (OpenStudy<R> study = opened;
        Kernels kernels = Backend.VECTOR.open(2).kernels();
        RunFolder run = RunFolder.create(to)) {
      R result = study.run(kernels, heard);
      writer.write(result, run, Invocation.ofLibrary(to, TableFormat.CSV, ""));
    }
    TreeMap<String, byte[]> tables = new TreeMap<>();
    try (var files = Files.newDirectoryStream(to, "*.csv")) {
      for (Path file : files) {
        tables.put(file.getFileName().toString(), Files.readAllBytes(file));
      }
    }
    return new Ended(heard, tables);
  }

  private static void same(Ended whole, Ended resumed) {
    assertFalse(whole.tables.isEmpty());
    assertEquals(whole.tables.keySet(), resumed.tables.keySet());
    whole.tables.forEach((name, bytes) -> assertArrayEquals(bytes, resumed.tables.get(name), name));
  }

  /** The close look reads 3 rows of the 15, one a batch. */
  @Test
  void theCloseLookAndRolesGoOn() throws IOException {
    StudyOptions options =
        StudyOptions.of(a, List.of(b), text(15))
            .withBatchRows(1)
            .withTop(3)
            .withBaseline(Baseline.gaussian())
            .withRoles(true);
    Ended whole = ended(Study.open(options), "whole", StudyResult::write);
    long all = 15 * CONTEXT;

    stopped(Study.open(options).savingTo(saving()), "close-up", 2 * CONTEXT);
    Heard look = stopped(Study.open(options).savingTo(saving()), "interventions", 3 * CONTEXT);
    assertEquals(Optional.empty(), look.first("activations"));
    assertEquals(Optional.of("close-up " + CONTEXT), look.first("close-up"));
    assertTrue(look.events.contains("interventions 0"));

    Heard entropy = stopped(Study.open(options).savingTo(saving()), "heads of layer 2", all);
    assertEquals(Optional.empty(), entropy.first("close-up"));
    assertEquals(Optional.of("interventions " + 3 * CONTEXT), entropy.first("interventions"));
    assertTrue(entropy.first("heads of layer 1").isPresent());

    Ended resumed = ended(Study.open(options).savingTo(saving()), "resumed", StudyResult::write);
    assertEquals(Optional.of("interventions " + all), resumed.heard.first("interventions"));
    assertEquals(Optional.empty(), resumed.heard.first("heads of layer 1"));
    assertTrue(resumed.heard.first("heads of layer 2").isPresent());
    same(whole, resumed);
  }

  @Test
  void rolesAloneGoOn() throws IOException {
    Function<Long, RoleStudy.Options> options =
        seed ->
            new RoleStudy.Options(a, text(4), Optional.empty(), Processing.FOLDED, ONE_ROW, seed);
    Ended whole = ended(RoleStudy.open(options.apply(0L)), "whole", RoleStudy.Result::write);
    stopped(RoleStudy.open(options.apply(0L)).savingTo(saving()), "heads of layer 3", 2 * CONTEXT);
    try (RoleStudy other = RoleStudy.open(options.apply(5L)).savingTo(saving());
        Kernels kernels = Backend.VECTOR.open(1).kernels()) {
      InputException e =
          assertThrows(InputException.class, () -> other.run(kernels, RunListener.NONE));
      assertTrue(e.getMessage().contains("is of another run: --seed was 0 and is 5"), e::toString);
    }
    Ended resumed =
        ended(
            RoleStudy.open(options.apply(0L)).savingTo(saving()),
            "resumed",
            RoleStudy.Result::write);
    assertEquals(Optional.of("interventions " + 4 * CONTEXT), resumed.heard.first("interventions"));
    assertEquals(Optional.empty(), resumed.heard.first("heads of layer 2"));
    same(whole, resumed);
  }

  @Test
  void interventionsGoOn() throws IOException {
    var options =
        new InterventionStudy.Options(
            a,
            text(5),
            List.of(new NeuronId(2, 7)),
            new InterventionStudy.Options.Change(
                Site.MLP_POST, Mode.FIX, List.of(0.0, 3.0), Positions.ALL),
            InterventionStudy.Options.Frozen.NOTHING,
            ONE_ROW);
    Writer<InterventionStudy.Result> writer = (result, run, call) -> result.write(run, call, 0);
    Ended whole = ended(InterventionStudy.open(options), "whole", writer);
    stopped(InterventionStudy.open(options).savingTo(saving()), "interventions", 2 * CONTEXT);
    stopped(InterventionStudy.open(options).savingTo(saving()), "interventions", 4 * CONTEXT);
    Ended resumed = ended(InterventionStudy.open(options).savingTo(saving()), "resumed", writer);
    assertEquals(
        List.of("interventions " + 4 * CONTEXT, "interventions " + 5 * CONTEXT),
        resumed.heard.events.stream().filter(event -> event.startsWith("interv")).toList());
    same(whole, resumed);
  }

  /** It ends in the second of five batches, and again when all are read. */
  @Test
  void activationsGoOn() throws IOException {
    Focus focus = new Focus(List.of(new NeuronId(1, 3), new NeuronId(0, 9)), Optional.empty());
    StudyOptions options =
        StudyOptions.activations(a, text(5), focus).withBatchRows(1).withRoles(true);
    Ended whole = ended(Study.open(options), "whole", StudyResult::write);
    stopped(Study.open(options).savingTo(saving()), "activations", 2 * CONTEXT);
    Heard second = stopped(Study.open(options).savingTo(saving()), "interventions", 0);
    assertEquals(Optional.of("activations " + CONTEXT), second.first("activations"));
    Ended resumed = ended(Study.open(options).savingTo(saving()), "resumed", StudyResult::write);
    assertEquals(Optional.empty(), resumed.heard.first("activations"));
    same(whole, resumed);
  }

  /** It is refused before anything is read, and stays as it was. */
  @Test
  void theStateOfAnotherCommandIsNamed() throws IOException {
    var roles = new RoleStudy.Options(a, text(2), Optional.empty(), Processing.FOLDED, ONE_ROW, 0);
    StudyOptions study = StudyOptions.activations(a, text(2), Focus.BEST).withBatchRows(1);
    stopped(RoleStudy.open(roles).savingTo(saving()), "interventions", CONTEXT);
    refused(Study.open(study).savingTo(saving()), "the command was roles and is activations");
    stopped(RoleStudy.open(roles).savingTo(saving()), "interventions", 2 * CONTEXT);

    Path other = folder.resolve("other");
    Saving there = new Saving(other, Duration.ZERO, 1e9);
    stopped(Study.open(study).savingTo(there), "activations", 2 * CONTEXT);
    refused(RoleStudy.open(roles).savingTo(there), "the command was activations and is roles");
    assertTrue(Files.exists(other.resolve("checkpoint-1.json")));
    Files.writeString(other.resolve("piece-0-0.json"), "{}");
    refused(RoleStudy.open(roles).savingTo(there), "holds the state of a shard; give --shard");
  }

  private static void refused(OpenStudy<?> opened, String what) {
    try (OpenStudy<?> study = opened;
        Kernels kernels = Backend.VECTOR.open(1).kernels()) {
      InputException e =
          assertThrows(InputException.class, () -> study.run(kernels, RunListener.NONE));
      assertTrue(e.getMessage().contains(what), e::toString);
    }
  }
}
