package dev.homolog.analysis.correlation;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The training step that the name of a model tells. The folder or revision is a number, or ends in
 * {@code step} or {@code checkpoint-} and a number.
 *
 * @param series what the path or name has before that: equal for the steps of one training
 * @param step number of the step
 */
record TrainingStep(String series, long step) {
  private static final Pattern STEP =
      Pattern.compile(
          "(?<series>.*[/\\\\@]|)(?:(?<kind>.*(?:step|checkpoint)[-_]?))?(?<step>\\d{1,18})");

  /**
   * @param name of the model on the hub, with its revision, or the whole path of its folder
   */
  static Optional<TrainingStep> of(String name) {
    Matcher matcher = STEP.matcher(name);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    String kind = matcher.group("kind") == null ? "" : matcher.group("kind");
    return Optional.of(
        new TrainingStep(matcher.group("series") + kind, Long.parseLong(matcher.group("step"))));
  }
}
