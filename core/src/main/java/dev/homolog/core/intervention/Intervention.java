package dev.homolog.core.intervention;

import dev.homolog.core.Brief;
import dev.homolog.core.model.NeuronId;
import dev.homolog.core.model.Site;
import java.util.List;

/**
 * Other activations for some neurons.
 *
 * @param site where: at MLP_PRE the non-linearity follows, at MLP_POST the write to the residual
 *     stream
 * @param neurons which
 * @param mode what becomes of an activation
 * @param value of the mode; without meaning for those that take none
 * @param positions where in a row
 */
public record Intervention(
    Site site, List<NeuronId> neurons, Mode mode, double value, Positions positions) {

  public Intervention {
    neurons = List.copyOf(neurons);
    if (neurons.isEmpty()) {
      throw new IllegalArgumentException("an intervention without neurons");
    }
    if (!Double.isFinite(value)) {
      throw new IllegalArgumentException("value " + value);
    }
  }

  /** MLP_POST of one neuron, at every position. */
  public static Intervention of(NeuronId neuron, Mode mode, double value) {
    return new Intervention(Site.MLP_POST, List.of(neuron), mode, value, Positions.ALL);
  }

  /** MLP_POST of a neuron set to a value, at every position. */
  public static Intervention fix(NeuronId neuron, double value) {
    return of(neuron, Mode.FIX, value);
  }

  int firstLayer() {
    return neurons.stream().mapToInt(NeuronId::layer).min().orElseThrow();
  }

  @Override
  public String toString() {
    return Brief.of("Intervention")
        .with("site", site)
        .with("neurons", neurons)
        .with("mode", mode)
        .with("value", value)
        .with("positions", positions)
        .toString();
  }
}
