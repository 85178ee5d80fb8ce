package dev.homolog.cli;

import dev.homolog.analysis.passes.Saving;
import dev.homolog.analysis.run.RunFolder;
import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The flags of a command that can go on after a stop. */
final class ResumeFlags {
  /** A year. */
  private static final int MOST_SECONDS = 366 * 24 * 60 * 60;

  private static final int USUAL_SECONDS = 300;

  @Option(
      names = "--resume",
      description =
          "go on with the run in --out where it was stopped; begin where there is none, and do"
              + " nothing where it is finished")
  private boolean resume;

  @Option(
      names = "--checkpoint-every",
      paramLabel = "SECONDS",
      description =
          "how often the state is saved for --resume, 0 for never (default: 300);"
              + " less often where that would take more than 4 %% of the time")
  private Integer every;

  /** Whether the run goes on where it was stopped. */
  boolean resume() {
    return resume;
  }

  /** Whether one of the flags was given. */
  boolean isGiven() {
    return resume || every != null;
  }

  /**
   * Refuses what makes no sense.
   *
   * @param out as given, or null
   */
  ResumeFlags checked(Path out) {
    InputException.requireRange(InputOption.CHECKPOINT_EVERY, seconds(), 0, MOST_SECONDS);
    if (resume && out == null) {
      throw new InputException(InputOption.RESUME, "no folder to go on in", "name it with --out");
    }
    return this;
  }

  /** Refuses what makes no sense of a shard, whose state is its sums, and as {@link #checked}. */
  ResumeFlags checkedForShard(RunFlags run) {
    if (every != null) {
      throw new InputException(
          InputOption.CHECKPOINT_EVERY,
          "a shard saves its sums piece by piece",
          "leave it out, or --shard");
    }
    if (run.namesFormat()) {
      throw new InputException(
          InputOption.FORMAT, "a shard has no tables", "give it to homolog merge");
    }
    return checked(run.out());
  }

  private int seconds() {
    return every == null ? USUAL_SECONDS : every;
  }

  /** Takes the run's folder, an unfinished run's too; empty where it is finished. */
  Optional<RunFolder> take(Path out) {
    return resume ? RunFolder.resume(out) : Optional.of(RunFolder.create(out));
  }

  /** How the run saves its state; empty where it neither does nor goes on. */
  Optional<Saving> saving(RunFolder folder) {
    boolean never = seconds() == 0;
    return never && !resume
        ? Optional.empty()
        : Optional.of(
            new Saving(folder.state(), Duration.ofSeconds(never ? MOST_SECONDS : seconds())));
  }
}
