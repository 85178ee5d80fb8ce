package dev.homolog.analysis.input;

import dev.homolog.core.checkpoint.HubCache;
import java.nio.file.Path;
import java.util.List;
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
public record TrainingStep(String series, long step) {
  private static final Pattern STEP =
      Pattern.compile(
          "(?<series>.*[/\\\\@]|)(?:(?<kind>.*(?:step|checkpoint)[-_]?))?(?<step>\\d{1,18})");

  /**
   * The step of a model's folder, by its name on the hub. The last step may have the name of the
   * main branch too. Any other folder is judged by its whole path, since folders of two trainings
   * may have the same name.
   */
  public static Optional<TrainingStep> of(Path folder) {
    List<String> names = HubCache.names(folder);
    if (names.isEmpty()) {
      names = List.of(folder.toAbsolutePath().normalize().toString().replace('\\', '/'));
    }
    return names.stream().map(TrainingStep::of).flatMap(Optional::stream).findFirst();
  }

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
