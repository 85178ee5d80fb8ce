package dev.homolog.cli;

import dev.homolog.analysis.report.Report;
import dev.homolog.analysis.run.RunFolder;
import dev.homolog.core.InputOption;
import dev.homolog.core.model.NeuronId;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Writes the page of a finished run anew. */
@Command(
    name = "report",
    mixinStandardHelpOptions = true,
    description = "Writes report.html into the folder of a finished run.")
final class ReportCommand implements Callable<Integer>, Main.Verbose {
  private static final String STANDS =
      "report.html is whole or as it was; the same command can be given again";

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "RUNDIR", description = "folder of a finished run")
  private Path run;

  @Option(
      names = "--neurons",
      paramLabel = "L.N,…",
      description =
          "neurons that get a full card, such as 3.117,3.118, 3,000 at most (default: those that"
              + " the run looked at closely)")
  private String neurons;

  @Mixin private LinksFlag links = new LinksFlag();

  @Option(names = "--verbose", description = "print stack traces of failures")
  private boolean verbose;

  /** The checked arguments of the command line. */
  private record Request(RunFolder run, Optional<List<NeuronId>> neurons) {}

  @Override
  public Integer call() {
    Request request =
        Main.checked(
            spec,
            () ->
                new Request(
                    RunFolder.open(run, links.followLinks()),
                    Optional.ofNullable(neurons)
                        .map(all -> NeuronId.parseList(InputOption.NEURONS, all))));
    Path page;
    try (Interrupt _ = Interrupt.endsTheProcess(false, () -> STANDS)) {
      page =
          request.neurons.isPresent()
              ? Report.write(request.run, request.neurons.get())
              : Report.write(request.run);
    }
    spec.commandLine().getOut().println("Report: " + page);
    return 0;
  }

  @Override
  public boolean verbose() {
    return verbose;
  }
}
