package dev.homolog.analysis.shard;

import dev.homolog.analysis.correlation.Baseline;
import dev.homolog.analysis.correlation.Comparison;
import dev.homolog.analysis.input.TokenInput;
import dev.homolog.core.Brief;
import dev.homolog.core.model.Processing;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;

/**
 * The options of a study that a shard's folder keeps: what is read and what is found, and nothing
 * of the machine.
 *
 * @param reference folder of the model whose neurons are judged
 * @param others folders of the models it is compared with
 * @param batchRows rows of tokens a batch, if they were given
 * @param seed of all that is random
 * @param everything whether it is a whole study and not its correlations alone
 * @param processing of the weights that tables of weights look at
 * @param roles whether roles of neurons are looked for
 */
public record SavedStudy(
    Path reference,
    List<Path> others,
    TokenInput input,
    Comparison comparison,
    Baseline baseline,
    OptionalInt batchRows,
    long seed,
    boolean everything,
    Processing processing,
    boolean roles) {

  public SavedStudy {
    others = List.copyOf(others);
  }

  @Override
  public String toString() {
    return Brief.of("SavedStudy")
        .with("reference", reference)
        .with("others", others)
        .with("input", input)
        .with("comparison", comparison)
        .with("baseline", baseline)
        .with("seed", seed)
        .toString();
  }
}
