package dev.homolog.analysis;

import dev.homolog.analysis.roles.AttentionRole;
import dev.homolog.core.InputException;
import dev.homolog.core.intervention.Positions;
import dev.homolog.core.model.Processing;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/**
 * Whose roles are looked for, and on which text.
 *
 * @param model folder of the model
 * @param input text or tokens
 * @param queries positions of the queries that neurons are taken out of; if absent all from 64 on,
 *     or from a quarter of the context where that is shorter
 * @param processing of the weights that candidates are chosen by
 * @param resources what it may use
 * @param seed of the random neurons beside candidates
 */
public record RolesOptions(
    Path model,
    TokenInput input,
    Optional<Positions> queries,
    Processing processing,
    Resources resources,
    long seed) {

  public RolesOptions {
    Objects.requireNonNull(model, "model");
    Objects.requireNonNull(processing, "processing");
  }

  /** As {@link StudyOptions#requireInputs}. */
  public void requireInputs() {
    StudyInputs.check(model, input);
  }

  /** The positions in rows of that many tokens. */
  Positions queries(int context) {
    Positions of = queries.orElse(Positions.from(AttentionRole.usualAfter(context)));
    if (of.from() >= context) {
      boolean one = of.to() - of.from() == 1;
      throw new InputException(
          one ? "--position" : "--after",
          "",
          of.from() + ", but rows have " + context + " tokens",
          "give less than that");
    }
    return of;
  }
}
