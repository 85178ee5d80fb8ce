package dev.homolog.cli;

import dev.homolog.analysis.plan.Resources;
import dev.homolog.analysis.run.Invocation;
import dev.homolog.analysis.table.TableFormat;
import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import dev.homolog.core.backend.Backend;
import dev.homolog.core.kernels.Precision;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The flags of every command that computes: its machine settings and its output folder. */
final class MachineFlags {
  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "folder of the run; must not exist yet (default: runs/COMMAND-TIME)")
  private Path out;

  @Option(
      names = "--backend",
      paramLabel = "NAME",
      description = "auto, cuda, torch, vector or scalar (default: ${DEFAULT-VALUE})")
  private String backend = "auto";

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "threads that compute (default: all cores)")
  private Integer threads;

  @Option(
      names = "--memory",
      paramLabel = "BYTES",
      description =
          "most that the process may hold, such as 8g or 800m (default: what the machine has free);"
              + " of what does not fit, a study makes several passes")
  private String memory;

  @Option(
      names = "--libtorch",
      paramLabel = "DIR",
      description = "folder of an installed PyTorch or its lib (default: the usual places)")
  private Path libtorch;

  @Option(
      names = "--format",
      paramLabel = "NAME",
      description = "of the tables: parquet or csv (default: parquet)")
  private String format;

  @Mixin private LinksFlag links = new LinksFlag();

  @Option(names = "--verbose", description = "print phases, and stack traces of failures")
  private boolean verbose;

  /** The folder of the run, named after command and time where none was given. */
  Path out(String command) {
    if (out != null) {
      return out;
    }
    DateTimeFormatter time = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss-SSS");
    return Path.of("runs", command + "-" + LocalDateTime.now(ZoneId.systemDefault()).format(time));
  }

  /** The folder of the run as given, or null. */
  Path out() {
    return out;
  }

  /** Whether links in models' folders may lead out of them. */
  boolean followLinks() {
    return links.followLinks();
  }

  /** The most bytes that the process may hold. */
  OptionalLong memory() {
    return memory == null ? OptionalLong.empty() : OptionalLong.of(bytes(memory));
  }

  private static final Pattern BYTES = Pattern.compile("(\\d{1,15})([kmg]?)");

  /** A number of bytes, KiB, MiB or GiB. */
  private static long bytes(String text) {
    Matcher matcher = BYTES.matcher(text.toLowerCase(Locale.ROOT));
    if (!matcher.matches()) {
      throw new InputException(
          InputOption.MEMORY, text + " is no number of bytes", "give one such as 8g or 800m");
    }
    int shift = matcher.group(2).isEmpty() ? 0 : 10 * ("kmg".indexOf(matcher.group(2)) + 1);
    long number = Long.parseLong(matcher.group(1));
    if (number > Resources.MOST_MEMORY >> shift) {
      throw new InputException(
          InputOption.MEMORY,
          text + " is more than any machine has",
          "give one such as 8g or 800m");
    }
    return number << shift;
  }

  /** How the requested backend is to run, checked before anything is opened. */
  Backend.Settings settings(Precision precision) {
    Backend requested = Backend.parse(backend);
    Backend.Settings settings =
        new Backend.Settings(threads(), Optional.ofNullable(libtorch), precision);
    if (requested == Backend.SCALAR && threads != null) {
      throw new InputException(
          InputOption.THREADS, "the backend scalar has one thread", "leave it out");
    }
    return settings;
  }

  /** Kernels of the requested backend. */
  Backend.Choice openBackend(Backend.Settings settings) {
    return Backend.parse(backend).open(settings);
  }

  private int threads() {
    return threads == null ? Runtime.getRuntime().availableProcessors() : threads;
  }

  /** How the run was started, for its manifest. */
  Invocation invocation(String command, Path out, String precision, String backendLine) {
    return new Invocation(
        command,
        out,
        format(),
        backend,
        threads(),
        libtorch == null ? "" : libtorch.toString(),
        precision,
        backendLine);
  }

  TableFormat format() {
    return format == null ? TableFormat.PARQUET : TableFormat.parse(format);
  }

  /** Whether a format was named. */
  boolean namesFormat() {
    return format != null;
  }

  boolean verbose() {
    return verbose;
  }
}
