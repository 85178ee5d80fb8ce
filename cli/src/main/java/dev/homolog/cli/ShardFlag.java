package dev.homolog.cli;

import dev.homolog.analysis.shard.Shard;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The flag of a command that can read one share of its text. */
final class ShardFlag {
  @Option(
      names = "--shard",
      paramLabel = "I/N",
      description =
          "read only the I-th of N equal shares of the text and keep its sums in --out, for homolog"
              + " merge; give all N the same flags, --memory among them")
  private String shard;

  /** The shard, if one is asked for. */
  Optional<Shard> shard() {
    return Optional.ofNullable(shard).map(Shard::parse);
  }
}
