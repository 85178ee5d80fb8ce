package dev.homolog.cli;

import dev.homolog.core.HomologException;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
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
    description = "Finds the neurons that independently trained language models have in common.",
    subcommands = {
      StudyCommand.class,
      CorrelateCommand.class,
      DemoCommand.class,
      DoctorCommand.class
    })
final class Main implements Runnable {
  @Spec private CommandSpec spec;

  private Main() {}

  public static void main(String[] args) {
    Stderr.reopen();
    System.exit(execute(args));
  }

  static int execute(String... args) {
    return execute(writer(System.out), writer(System.err), args);
  }

  /** In UTF-8 whatever the locale: tokens are text of any language. */
  private static PrintWriter writer(PrintStream stream) {
    return new PrintWriter(new OutputStreamWriter(stream, StandardCharsets.UTF_8), true);
  }

  static int execute(PrintWriter out, PrintWriter err, String... args) {
    return new CommandLine(new Main())
        .setOut(out)
        .setErr(err)
        .setParameterExceptionHandler((e, _) -> {
          CommandLine command = e.getCommandLine();
          command
              .getErr()
              .println(
                  "homolog: "
                      + firstLine(e.getMessage())
                      + "; see "
                      + command.getCommandSpec().qualifiedName()
                      + " --help");
          return CommandLine.ExitCode.USAGE;
        })
        .setExecutionExceptionHandler((e, command, _) -> failed(e, command))
        .execute(args);
  }

  private static int failed(Exception e, CommandLine command) {
    boolean known = e instanceof HomologException;
    String message =
        known
            ? e.getMessage()
            : "unexpected " + e.getClass().getSimpleName() + ": " + e.getMessage();
    command.getErr().println("homolog: " + firstLine(message));
    if (command.getCommand() instanceof Verbose verbose && verbose.verbose()) {
      e.printStackTrace(command.getErr());
    }
    return CommandLine.ExitCode.SOFTWARE;
  }

  /** A command that prints stack traces when asked. */
  interface Verbose {
    boolean verbose();
  }

  private static String firstLine(String message) {
    return message == null ? "" : message.lines().findFirst().orElse("");
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
