package dev.homolog.cli;

import dev.homolog.core.HomologException;
import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/**
 * The {@code homolog} command. Exit codes: 0 done, 1 the run failed, 2 the command line is wrong,
 * 129, 130 or 143 it was stopped by SIGHUP, SIGINT or SIGTERM.
 */
@Command(
    name = "homolog",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = "Finds the neurons that independently trained language models have in common.",
    subcommands = {
      StudyCommand.class,
      CorrelateCommand.class,
      MergeCommand.class,
      ActivationsCommand.class,
      WeightsCommand.class,
      TokenizeCommand.class,
      ReportCommand.class,
      RolesCommand.class,
      InterveneCommand.class,
      DownloadCommand.class,
      DemoCommand.class,
      DoctorCommand.class
    })
final class Main implements Runnable {
  /**
   * Options that the models or the text may not allow; such an error is a wrong command line too.
   */
  private static final Set<InputOption> LATE =
      EnumSet.of(
          InputOption.CONTEXT,
          InputOption.MAX_TOKENS,
          InputOption.SUBSET_KEY,
          InputOption.DTYPE,
          InputOption.MEMORY,
          InputOption.BASELINE,
          InputOption.BY_SUBSET,
          InputOption.NEURON,
          InputOption.NEURONS,
          InputOption.AFTER,
          InputOption.POSITION,
          InputOption.POSITIONS,
          InputOption.SHARD);

  @Spec private CommandSpec spec;

  private Main() {}

  public static void main(String[] args) {
    Stderr.reopen();
    // Not System.out, which keeps to itself what could not be written.
    OutputStream out = new FileOutputStream(FileDescriptor.out);
    System.exit(execute(writer(out), writer(System.err), args));
  }

  static int execute(String... args) {
    return execute(writer(System.out), writer(System.err), args);
  }

  /** In UTF-8 whatever the locale: tokens are text of any language. */
  private static PrintWriter writer(OutputStream stream) {
    return new PrintWriter(new OutputStreamWriter(stream, StandardCharsets.UTF_8), true);
  }

  /** The command and its subcommands, as picocli knows them. */
  static CommandLine commandLine() {
    return new CommandLine(new Main());
  }

  static int execute(PrintWriter out, PrintWriter err, String... args) {
    CommandLine line = commandLine();
    line.registerConverter(Path.class, Main::path)
        .setExpandAtFiles(false)
        .setUnmatchedOptionsAllowedAsOptionParameters(false)
        .setOut(out)
        .setErr(err)
        .setParameterExceptionHandler((e, _) -> {
          CommandLine command = e.getCommandLine();
          command
              .getErr()
              .println(
                  "homolog: "
                      + withoutConsequence(firstLine(e.getMessage()))
                      + "; see "
                      + command.getCommandSpec().qualifiedName()
                      + " --help");
          return CommandLine.ExitCode.USAGE;
        })
        .setExecutionExceptionHandler((e, command, _) -> failed(e, verbose(command), err));
    int code;
    try {
      code = line.execute(args);
    } catch (Error e) { // picocli hands on exceptions only
      code = failed(e, Arrays.asList(args).contains("--verbose"), err);
    }
    if (code == CommandLine.ExitCode.OK && out.checkError()) {
      err.println(
          "homolog: standard output cannot be written, so what was to be printed is lost;"
              + " open it or give room to it");
      return CommandLine.ExitCode.SOFTWARE;
    }
    return code;
  }

  private static int failed(Throwable e, boolean verbose, PrintWriter err) {
    String message =
        switch (e) {
          case HomologException known -> known.getMessage();
          case InternalError fault
              when firstLine(fault.getMessage()).contains("unsafe memory access") ->
              "a file was made shorter while it was read; run again when it is complete";
          case InvalidPathException path -> noPath(path);
          case OutOfMemoryError _ ->
              "out of memory ("
                  + e.getMessage()
                  + "); lower --top or --batch, or give Java more, as with"
                  + " HOMOLOG_JAVA_OPTS=-Xmx8g";
          default ->
              "unexpected "
                  + e.getClass().getSimpleName()
                  + ": "
                  + firstLine(e.getMessage())
                  + "; please report it with what --verbose prints";
        };
    err.println("homolog: " + firstLine(message));
    if (verbose) {
      e.printStackTrace(err);
      err.flush();
    }
    boolean misfit =
        e instanceof InputException input && input.options().stream().anyMatch(LATE::contains);
    return misfit ? CommandLine.ExitCode.USAGE : CommandLine.ExitCode.SOFTWARE;
  }

  private static Path path(String text) {
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new TypeConversionException(noPath(e));
    }
  }

  /** In a locale of ASCII letters Java has no words for other names of files. */
  private static String noPath(InvalidPathException e) {
    return e.getInput().replaceAll("\\p{Cntrl}", "\uFFFD")
        + ": is no path here ("
        + e.getReason()
        + "); in a POSIX locale set LC_CTYPE=C.UTF-8";
  }

  /** What is refused while the command line is read is an error of the command line. */
  static <T> T checked(CommandSpec spec, Supplier<T> reading) {
    try {
      return reading.get();
    } catch (InvalidPathException e) {
      throw new ParameterException(spec.commandLine(), noPath(e), e);
    } catch (HomologException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private static boolean verbose(CommandLine command) {
    return command.getCommand() instanceof Verbose verbose && verbose.verbose();
  }

  /** A command that prints stack traces when asked. */
  interface Verbose {
    boolean verbose();
  }

  /** An unknown flag is no value of the flag before it, which picocli then says, too. */
  private static String withoutConsequence(String message) {
    int end = message.indexOf("; Expected parameter for option");
    return message.startsWith("Unknown option") && end > 0 ? message.substring(0, end) : message;
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
