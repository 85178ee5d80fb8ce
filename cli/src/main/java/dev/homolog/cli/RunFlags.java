package dev.homolog.cli;

import dev.homolog.analysis.plan.Resources;
import dev.homolog.analysis.table.TableFormat;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.OptionalLong;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** The RUN flags of a command that reads text: how it runs and where it writes. */
final class RunFlags {
  @Mixin private MachineFlags machine = new MachineFlags();
  @Mixin private LengthFlags length = new LengthFlags();
  @Mixin private PrecisionFlag precision = new PrecisionFlag();

  @Option(
      names = "--batch",
      paramLabel = "ROWS",
      description = "rows of tokens a batch (default: what makes about 8,192 tokens)")
  private Integer batch;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "seed of all that is random (default: ${DEFAULT-VALUE})")
  private long seed;

  OptionalInt context() {
    return length.context();
  }

  OptionalLong maxTokens() {
    return length.maxTokens();
  }

  Resources resources() {
    return new Resources(
        batch == null ? OptionalInt.empty() : OptionalInt.of(batch),
        machine.memory(),
        machine.followLinks());
  }

  /** The run of that command, which writes tables of that format. */
  CommandRun command(CommandSpec spec, TableFormat format) {
    return new CommandRun(spec, machine, precision.precision(), format);
  }

  long seed() {
    return seed;
  }

  TableFormat format() {
    return machine.format();
  }

  /** Whether a format of tables was named. */
  boolean namesFormat() {
    return machine.namesFormat();
  }

  /** The folder of the run as given, or null. */
  Path out() {
    return machine.out();
  }

  boolean verbose() {
    return machine.verbose();
  }
}
