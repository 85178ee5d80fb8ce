package dev.homolog.cli;

import dev.homolog.analysis.StudyOptions;
import dev.homolog.analysis.input.TokenInput;
import dev.homolog.core.HomologException;
import dev.homolog.core.tokens.Share;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
  /** The models are lightly trained, so that next to none of their neurons pass the paper's 0.5. */
  private static final double THRESHOLD = 0.3;

  private static final double PUBLISHED_THRESHOLD = 0.5;

  /** So many that a study of them takes two thirds of a minute on two cores, a minute on one. */
  private static final long TOKENS = 24_576;

  @Spec private CommandSpec spec;
  @Mixin private ProcessingFlag processing;
  @Mixin private RunFlags run;

  @Override
  public Integer call() {
    StudyRun.Request request =
        StudyRun.checked(
            spec, () -> new StudyRun.Request(options(), run).alsoAt(PUBLISHED_THRESHOLD));
    return new StudyRun(spec, request).run();
  }

  private StudyOptions options() {
    Path family = Path.of(System.getProperty("homolog.root", "."), "test-resources");
    if (!Files.isDirectory(family)) {
      throw new HomologException(
          family + ": not there; run ./homolog demo, or run this in the project's folder");
    }
    List<Path> others = List.of("b", "c", "d", "e").stream().map(family::resolve).toList();
    TokenInput input =
        new TokenInput(
            List.of(family.resolve("validation.jsonl.zst")),
            null,
            run.context(),
            OptionalLong.of(run.maxTokens().orElse(TOKENS)),
            Share.ALL);
    return StudyOptions.of(family.resolve("a"), others, input)
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
