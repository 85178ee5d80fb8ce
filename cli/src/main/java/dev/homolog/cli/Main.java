package dev.homolog.cli;

import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The {@code homolog} command. Exit codes: 0 done, 1 the run failed, 2 the command line is wrong.
 */
@Command(
    name = "homolog",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = "Finds the neurons that independently trained language models have in common.")
final class Main implements Runnable {
  @Spec private CommandSpec spec;

  private Main() {}

  public static void main(String[] args) {
    Stderr.reopen();
    System.exit(execute(args));
  }

  static int execute(String... args) {
    return new CommandLine(new Main())
        .setParameterExceptionHandler((e, _) -> {
          e.getCommandLine()
              .getErr()
              .println("homolog: " + e.getMessage() + "; see homolog --help");
          return CommandLine.ExitCode.USAGE;
        })
        .execute(args);
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "no command given");
  }

  /** The version that Maven wrote into the module's descriptor. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      var version =
          Optional.ofNullable(Main.class.getModule().getDescriptor()).flatMap(d -> d.rawVersion());
      return new String[] {"homolog " + version.orElse("(version unknown)")};
    }
  }
}
