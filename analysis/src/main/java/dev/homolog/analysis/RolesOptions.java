package dev.homolog.analysis;

import dev.homolog.analysis.roles.AttentionRole;
import dev.homolog.core.InputException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.OptionalInt;

/**
 * Whose roles are looked for, and on which text.
 *
 * @param model folder of the model
 * @param input text or tokens
 * @param after first position of a query that is ablated; if absent 64, or a quarter of the context
 *     where that is not longer
 * @param resources what it may use
 * @param seed of the random neurons beside candidates
 */
public record RolesOptions(
    Path model, TokenInput input, OptionalInt after, Resources resources, long seed) {

  public RolesOptions {
    Objects.requireNonNull(model, "model");
    if (after.isPresent() && after.getAsInt() < 0) {
      throw new InputException("--after", "", after.getAsInt() + "", "give a position from 0 on");
    }
  }

  /** As {@link StudyOptions#requireInputs}. */
  public void requireInputs() {
    StudyInputs.check(model, input);
  }

  /** The position for rows of that many tokens. */
  int after(int context) {
    int from = after.orElse(AttentionRole.usualAfter(context));
    if (from >= context) {
      throw new InputException(
          "--after", "", from + ", but rows have " + context + " tokens", "give less than that");
    }
    return from;
  }
}
