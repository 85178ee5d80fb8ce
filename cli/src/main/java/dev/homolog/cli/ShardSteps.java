package dev.homolog.cli;

import dev.homolog.analysis.OpenStudy;
import dev.homolog.analysis.Study;
import dev.homolog.analysis.measure.Phase;
import dev.homolog.analysis.run.Invocation;
import dev.homolog.analysis.run.RunFolder;
import dev.homolog.analysis.shard.Shard;
import dev.homolog.analysis.shard.ShardFile;
import dev.homolog.analysis.shard.ShardResult;
import dev.homolog.core.InputException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/**
 * The steps of one shard of a study: it writes sums, and neither tables nor a report.
 *
 * @param whole the steps of the whole study
 * @param resume whether it goes on where it was stopped
 */
record ShardSteps(Shard shard, StudySteps whole, boolean resume)
    implements CommandRun.Steps<ShardResult> {
  private static final String CHOOSE = "choose another --out";

  @Override
  public Optional<RunFolder> take(Path out) {
    if (!resume) {
      return Optional.of(RunFolder.create(out));
    }
    if (RunFolder.isShard(out)) {
      ShardFile there = ShardFile.read(out);
      if (!there.shard().equals(shard)) {
        throw new InputException(out, "", "already holds shard " + there.shard(), CHOOSE);
      }
      if (!there.isOf(whole.options().saved())) {
        throw new InputException(out, "", "holds a shard that had other options", CHOOSE);
      }
      return Optional.empty();
    }
    if (RunFolder.isFinished(out)) {
      throw new InputException(out, "", "already holds a run", CHOOSE);
    }
    return RunFolder.resume(out);
  }

  @Override
  public OpenStudy<ShardResult> open(RunFolder folder) {
    Study study = whole.open();
    try {
      return study.ofShard(shard, folder.state());
    } catch (RuntimeException | Error e) {
      study.close();
      throw e;
    }
  }

  @Override
  public boolean writesTables() {
    return false;
  }

  @Override
  public void write(ShardResult result, RunFolder folder, Invocation invocation) {
    result.write(folder);
  }

  @Override
  public void conclude(ShardResult result, RunFolder folder, PrintWriter to) {
    double speed = 1 / result.facts().secondsAToken(Phase.ACTIVATIONS);
    to.println(
        String.format(
            Locale.ROOT,
            "Shard %d of %d: %,d of %,d tokens%s; %.0f s in all",
            shard.number(),
            shard.of(),
            result.tokens(),
            result.facts().tokens().read(),
            result.read() == 0
                ? ", read before"
                : String.format(Locale.ROOT, ", at %,.0f tokens/s through all models", speed),
            result.facts().seconds()));
    to.println("Sums: " + folder.state());
    to.println("When all are there: homolog merge RUN… --out DIR");
    to.flush();
  }
}
