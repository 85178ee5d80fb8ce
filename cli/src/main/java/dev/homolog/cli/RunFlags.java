package dev.homolog.cli;

import dev.homolog.analysis.Resources;
import dev.homolog.analysis.table.TableFormat;
import dev.homolog.core.InputException;
import dev.homolog.core.kernels.Backend;
import dev.homolog.core.kernels.Precision;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The RUN flags: how a command runs and where it writes. */
final class RunFlags {
  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "folder of the run; must not exist yet (default: runs/COMMAND-TIME)")
  private Path out;

  @Mixin private LengthFlags length = new LengthFlags();

  @Option(
      names = "--batch",
      paramLabel = "ROWS",
      description = "rows of tokens a batch (default: what makes about 8,192 tokens)")
  private Integer batch;

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
              + " what does not fit is done in several passes")
  private String memory;

  @Option(
      names = "--libtorch",
      paramLabel = "DIR",
      description = "folder of an installed PyTorch or its lib (default: the usual places)")
  private Path libtorch;

  @Option(
      names = "--precision",
      paramLabel = "NAME",
      description = "of matrix products: fp32, or bf16 on a GPU (default: ${DEFAULT-VALUE})")
  private String precision = "fp32";

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "seed of all that is random (default: ${DEFAULT-VALUE})")
  private long seed;

  @Option(
      names = "--format",
      paramLabel = "NAME",
      description = "of the tables: parquet or csv (default: ${DEFAULT-VALUE})")
  private String format = "parquet";

  @Option(names = "--verbose", description = "print phases, and stack traces of failures")
  private boolean verbose;

  Path out(String command) {
    if (out != null) {
      return out;
    }
    DateTimeFormatter time = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss-SSS");
    return Path.of("runs", command + "-" + LocalDateTime.now(ZoneId.systemDefault()).format(time));
  }

  OptionalInt context() {
    return length.context();
  }

  OptionalLong maxTokens() {
    return length.maxTokens();
  }

  Resources resources() {
    return new Resources(
        batch == null ? OptionalInt.empty() : OptionalInt.of(batch),
        memory == null ? OptionalLong.empty() : OptionalLong.of(bytes(memory)));
  }

  private static final Pattern BYTES = Pattern.compile("(\\d{1,15})([kmg]?)");

  /** A number of bytes, KiB, MiB or GiB. */
  private static long bytes(String text) {
    Matcher matcher = BYTES.matcher(text.toLowerCase(Locale.ROOT));
    if (!matcher.matches()) {
      throw new InputException(
          "--memory", "", text + " is no number of bytes", "give one such as 8g or 800m");
    }
    int shift = 10 * ("kmg".indexOf(matcher.group(2)) + 1);
    return Long.parseLong(matcher.group(1)) << (matcher.group(2).isEmpty() ? 0 : shift);
  }

  Backend.Choice openBackend() {
    Backend wanted = Backend.parse(backend);
    Backend.Settings settings =
        new Backend.Settings(threads(), Optional.ofNullable(libtorch), Precision.parse(precision));
    if (wanted == Backend.SCALAR && threads != null) {
      throw new InputException(
          "--threads", "", "the backend scalar has one thread", "leave it out");
    }
    return wanted.open(settings);
  }

  String backend() {
    return backend;
  }

  int threads() {
    return threads == null ? Runtime.getRuntime().availableProcessors() : threads;
  }

  String libtorch() {
    return libtorch == null ? "" : libtorch.toString();
  }

  String precision() {
    return precision;
  }

  long seed() {
    return seed;
  }

  TableFormat format() {
    return TableFormat.parse(format);
  }

  boolean verbose() {
    return verbose;
  }
}
