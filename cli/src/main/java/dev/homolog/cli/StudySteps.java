package dev.homolog.cli;

import dev.homolog.analysis.Study;
import dev.homolog.analysis.StudyOptions;
import dev.homolog.analysis.StudyResult;
import dev.homolog.analysis.report.Report;
import dev.homolog.analysis.run.Invocation;
import dev.homolog.analysis.run.RunFolder;
import java.io.PrintWriter;
import java.util.OptionalDouble;

/**
 * The steps of a study: it writes tables and a report.
 *
 * @param options of the study
 * @param alsoAt a second threshold to count at
 */
record StudySteps(StudyOptions options, OptionalDouble alsoAt)
    implements CommandRun.Steps<StudyResult> {

  StudySteps(StudyOptions options) {
    this(options, OptionalDouble.empty());
  }

  @Override
  public Study open() {
    return Study.open(options);
  }

  @Override
  public void write(StudyResult result, RunFolder folder, Invocation invocation) {
    result.write(folder, invocation);
  }

  @Override
  public void conclude(StudyResult result, RunFolder folder, PrintWriter to) {
    Report.write(folder);
    new Summary(result, alsoAt, folder.path(), to).print();
  }
}
