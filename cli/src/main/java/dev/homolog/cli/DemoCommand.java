package dev.homolog.cli;

import dev.homolog.analysis.StudyOptions;
import dev.homolog.analysis.input.TokenInput;
import dev.homolog.analysis.table.TableFormat;
import dev.homolog.core.HomologException;
import dev.homolog.core.tokens.Share;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** A study of the five small models that come with the project. */
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    description = "A study of the five models in test-resources.")
final class DemoCommand implements Callable<Integer>, Main.Verbose {
  /** The models are lightly trained, so that hardly a neuron passes the paper's 0.5. */
  private static final double THRESHOLD = 0.3;

  private static final double PUBLISHED_THRESHOLD = 0.5;

  /** A study of so many takes two thirds of a minute on two cores, a minute on one. */
  private static final long TOKENS = 24_576;

  @Spec private CommandSpec spec;
  @Mixin private ProcessingFlag processing;
  @Mixin private RunFlags run;

  @Override
  public Integer call() {
    StudyOptions options = Main.checked(spec, this::options);
    TableFormat format = Main.checked(spec, run::format);
    return run.command(spec, format)
        .run(
            new StudySteps(
                options, () -> options, OptionalDouble.of(PUBLISHED_THRESHOLD), Optional.empty()));
  }

  private StudyOptions options() {
    Path folder = Path.of(System.getProperty("homolog.root", "."), "test-resources");
    if (!Files.isDirectory(folder)) {
      throw new HomologException(
          folder + ": not there; run ./homolog demo, or run this in the project's folder");
    }
    List<Path> others = List.of("b", "c", "d", "e").stream().map(folder::resolve).toList();
    TokenInput input =
        new TokenInput(
            List.of(folder.resolve("validation.jsonl.zst")),
            null,
            run.context(),
            OptionalLong.of(run.maxTokens().orElse(TOKENS)),
            Share.ALL);
    return StudyOptions.of(folder.resolve("a"), others, input)
        .withThreshold(THRESHOLD)
        .withResources(run.resources())
        .withProcessing(processing.processing())
        .withSeed(run.seed());
  }

  @Override
  public boolean verbose() {
    return run.verbose();
  }
}
