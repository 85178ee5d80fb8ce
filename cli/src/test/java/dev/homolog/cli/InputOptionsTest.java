package dev.homolog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.homolog.core.InputOption;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** The options that the library refuses and the flags of the commands are the same. */
class InputOptionsTest {
  /** Flags without a value that could be refused, and those whose file or folder is named. */
  private static final Set<String> NEVER_REFUSED =
      Set.of(
          "--help",
          "--version",
          "--verbose",
          "--seed",
          "--follow-links",
          "--offline",
          "--freeze-scale",
          "--freeze-attention",
          "--model",
          "--reference",
          "--out");

  @Test
  void everyFlagThatCanBeRefusedIsAnOptionAndTheOtherWayRound() {
    Set<String> refused = flags(Main.commandLine()).collect(Collectors.toCollection(TreeSet::new));
    refused.removeAll(NEVER_REFUSED);
    Set<String> options =
        Arrays.stream(InputOption.values())
            .map(InputOption::flag)
            .collect(Collectors.toCollection(TreeSet::new));
    assertEquals(options, refused);
  }

  private static Stream<String> flags(CommandLine command) {
    Stream<String> own =
        command.getCommandSpec().options().stream()
            .map(OptionSpec::names)
            .flatMap(Arrays::stream)
            .filter(name -> name.startsWith("--"));
    return Stream.concat(
        own, command.getSubcommands().values().stream().flatMap(InputOptionsTest::flags));
  }
}
