package dev.homolog.cli;

import dev.homolog.analysis.Study;
import dev.homolog.analysis.StudyOptions;
import dev.homolog.analysis.StudyResult;
import dev.homolog.analysis.report.Report;
import dev.homolog.analysis.run.Invocation;
import dev.homolog.analysis.run.RunFolder;
import dev.homolog.core.HomologException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Supplier;

/**
 * The steps of a study: it writes tables and a report.
 *
 * @param options of the study, whose models need not be there yet
 * @param fetched the same with the models' folders, which are fetched where they are not there
 * @param alsoAt a second threshold to count at
 * @param resumes how it goes on after a stop, if it can
 */
record StudySteps(
    StudyOptions options,
    Supplier<StudyOptions> fetched,
    OptionalDouble alsoAt,
    Optional<ResumeFlags> resumes)
    implements CommandRun.Steps<StudyResult> {

  /** Of a study that cannot go on after a stop. */
  StudySteps(StudyOptions options, Supplier<StudyOptions> fetched) {
    this(options, fetched, OptionalDouble.empty(), Optional.empty());
  }

  /** Of a study that can. */
  StudySteps(StudyOptions options, Supplier<StudyOptions> fetched, ResumeFlags resumes) {
    this(options, fetched, OptionalDouble.empty(), Optional.of(resumes));
  }

  @Override
  public Optional<RunFolder> take(Path out) {
    return resumes
        .map(flags -> flags.take(out))
        .orElseGet(() -> Optional.of(RunFolder.create(out)));
  }

  @Override
  public Study open(RunFolder folder) {
    Study study = open();
    try {
      resumes.flatMap(flags -> flags.saving(folder)).ifPresent(study::savingTo);
      return study;
    } catch (RuntimeException | Error e) {
      study.close();
      throw e;
    }
  }

  /** Opens the study, which saves nothing yet. */
  Study open() {
    options.requireFiles();
    return Study.open(fetched.get());
  }

  @Override
  public void write(StudyResult result, RunFolder folder, Invocation invocation) {
    result.write(folder, invocation);
  }

  @Override
  public void conclude(StudyResult result, RunFolder folder, PrintWriter to) {
    report(folder);
    new Summary(result, alsoAt, folder.path(), to).print();
  }

  /** The tables are complete by then, so what the page lacks does not cost them. */
  static void report(RunFolder folder) {
    try {
      Report.write(folder);
    } catch (HomologException e) {
      throw new HomologException(
          e.getMessage()
              + "; the tables are complete, and homolog report "
              + folder.path()
              + " writes the page",
          e);
    }
  }

  /** An open study was refused a cache that is there already, so this one is its own. */
  @Override
  public void abandon() {
    options
        .focus()
        .cache()
        .ifPresent(cache -> {
          try {
            Files.deleteIfExists(cache.file());
          } catch (IOException e) {
            // It stays. Only the original failure is reported.
          }
        });
  }
}
