package dev.homolog.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Fetches models of the hub into the cache, and nothing else. */
@Command(
    name = "download",
    mixinStandardHelpOptions = true,
    description =
        "Fetches models from the hub into the cache that Python's huggingface_hub shares:"
            + " configuration, tokenizer, and the weights that are read.")
final class DownloadCommand implements Callable<Integer>, Main.Verbose {
  @Spec private CommandSpec spec;

  @Parameters(
      arity = "1..*",
      paramLabel = "MODEL",
      description = "names on the hub: org/name, or org/name@revision for a branch, tag or commit")
  private List<String> models = new ArrayList<>();

  @Mixin private HubFlags hub = new HubFlags();

  @Option(names = "--verbose", description = "print stack traces of failures")
  private boolean verbose;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    for (String model : models) {
      Path folder = Main.checked(spec, () -> hub.download(model, spec.commandLine().getErr()));
      out.println(model + ": " + folder);
      out.flush();
    }
    return 0;
  }

  @Override
  public boolean verbose() {
    return verbose;
  }
}
