package dev.homolog.cli;

import dev.homolog.analysis.RoleStudy;
import dev.homolog.analysis.input.TokenInput;
import dev.homolog.analysis.run.Invocation;
import dev.homolog.analysis.run.RunFolder;
import dev.homolog.analysis.table.TableFormat;
import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import dev.homolog.core.intervention.Positions;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What the neurons of one model do. */
@Command(
    name = "roles",
    mixinStandardHelpOptions = true,
    description =
        "Looks for neurons that predict or suppress sets of tokens, set the entropy of predictions,"
            + " or switch attention heads on and off.")
final class RolesCommand implements Callable<Integer>, Main.Verbose {
  @Spec private CommandSpec spec;
  @Mixin private ModelFlags model;

  @Option(
      names = "--after",
      paramLabel = "P",
      description =
          "first position whose queries neurons are taken out of (default: 64, or a quarter of the"
              + " context where that is shorter)")
  private Integer after;

  @Option(
      names = "--position",
      paramLabel = "P",
      description = "the one position whose query neurons are taken out of, in place of --after")
  private Integer position;

  @Mixin private ProcessingFlag processing = new ProcessingFlag();
  @Mixin private RunFlags run;
  @Mixin private ResumeFlags resume;

  @Override
  public Integer call() {
    TableFormat format = Main.checked(spec, run::format);
    RoleStudy.Options unfetched = Main.checked(spec, () -> options(HubFlags.Folders.UNFETCHED));
    ResumeFlags resumes = Main.checked(spec, () -> resume.checked(run.out()));
    PrintWriter err = spec.commandLine().getErr();
    return run.command(spec, format)
        .run(
            new Steps(
                unfetched, () -> Main.checked(spec, () -> options(model.fetched(err))), resumes));
  }

  private RoleStudy.Options options(HubFlags.Folders folders) {
    return new RoleStudy.Options(
        model.model(folders),
        model.input(run),
        queries(),
        processing.processing(),
        run.resources(),
        run.seed());
  }

  private Optional<Positions> queries() {
    if (after != null && position != null) {
      throw new InputException(
          InputOption.POSITION, "given beside --after", "leave one of them out");
    }
    if (after != null) {
      return Optional.of(Positions.from(position(InputOption.AFTER, after)));
    }
    return position == null
        ? Optional.empty()
        : Optional.of(Positions.at(position(InputOption.POSITION, position)));
  }

  private static int position(InputOption option, int value) {
    if (value < 0) {
      throw new InputException(option, value + "", "give a position from 0 on");
    }
    InputException.requireRange(option, value, 0, TokenInput.MOST_CONTEXT - 1);
    return value;
  }

  private record Steps(
      RoleStudy.Options unfetched, Supplier<RoleStudy.Options> fetched, ResumeFlags resumes)
      implements CommandRun.Steps<RoleStudy.Result> {

    @Override
    public Optional<RunFolder> take(Path out) {
      return resumes.take(out);
    }

    @Override
    public RoleStudy open(RunFolder folder) {
      unfetched.input().requireFiles();
      RoleStudy study = RoleStudy.open(fetched.get());
      resumes.saving(folder).ifPresent(study::savingTo);
      return study;
    }

    @Override
    public void write(RoleStudy.Result result, RunFolder folder, Invocation invocation) {
      result.write(folder, invocation);
    }

    @Override
    public void conclude(RoleStudy.Result result, RunFolder folder, PrintWriter to) {
      new RolesSummary(result, folder.path(), to).print();
    }
  }

  @Override
  public boolean verbose() {
    return run.verbose();
  }
}
