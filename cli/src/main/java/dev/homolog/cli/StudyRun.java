package dev.homolog.cli;

import dev.homolog.analysis.StudyOptions;
import dev.homolog.analysis.shard.Shard;
import dev.homolog.analysis.table.TableFormat;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.function.Function;
import picocli.CommandLine.Model.CommandSpec;

/**
 * The run of a command that compares models: a whole study, or one shard of it.
 *
 * @param spec the command
 */
record StudyRun(
    CommandSpec spec, StudyFlags study, RunFlags run, ResumeFlags resume, ShardFlag shard) {

  /**
   * Runs it and returns its exit code.
   *
   * @param options by the folders of the models
   */
  int call(Function<HubFlags.Folders, StudyOptions> options) {
    StudyOptions unfetched = Main.checked(spec, () -> options.apply(HubFlags.Folders.UNFETCHED));
    TableFormat format = Main.checked(spec, run::format);
    Optional<Shard> part = Main.checked(spec, shard::shard);
    ResumeFlags resumes =
        Main.checked(
            spec, () -> part.isPresent() ? resume.checkedForShard(run) : resume.checked(run.out()));
    PrintWriter err = spec.commandLine().getErr();
    CommandRun command = run.command(spec, format);
    StudySteps steps =
        new StudySteps(
            unfetched, () -> Main.checked(spec, () -> options.apply(study.fetched(err))), resumes);
    return part.isPresent()
        ? command.run(new ShardSteps(part.get(), steps, resumes.resume()))
        : command.run(steps);
  }
}
