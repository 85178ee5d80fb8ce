package dev.homolog.analysis;

import dev.homolog.core.InputException;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.intervention.Mode;
import dev.homolog.core.intervention.Positions;
import dev.homolog.core.model.NeuronId;
import dev.homolog.core.model.Site;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * What is done to which neurons of a model, on which text. All neurons are changed together; each
 * value is a run of its own.
 *
 * @param model folder of the model
 * @param input text or tokens
 * @param neurons which, at least one
 * @param change what becomes of their activations
 * @param frozen what stays as it is without the intervention
 * @param resources what it may use
 */
public record InterventionOptions(
    Path model,
    TokenInput input,
    List<NeuronId> neurons,
    Change change,
    Frozen frozen,
    Resources resources) {

  /**
   * Other activations.
   *
   * @param site where they are changed
   * @param mode what becomes of them
   * @param values of the mode, in the order of the result; one 0 for a mode that takes none
   * @param positions of a row
   */
  public record Change(Site site, Mode mode, List<Double> values, Positions positions) {
    /**
     * @throws InputException if a value is missing, out of range or too many
     */
    public Change {
      if (!mode.takesValue()) {
        if (!values.isEmpty() && !values.equals(List.of(0.0))) {
          throw new InputException("--value", "", "--mode " + mode + " takes none", "leave it out");
        }
        values = List.of(0.0);
      } else if (values.isEmpty()) {
        throw new InputException("--value", "", "--mode " + mode + " needs one", "give a number");
      }
      for (double value : values) {
        if (!Double.isFinite(value)) {
          throw new InputException("--value", "", value + "", "give a finite number");
        }
      }
      values = List.copyOf(values);
    }
  }

  /**
   * Parts of the model that stay as they are without the intervention.
   *
   * @param scale the last LayerNorm's scale
   * @param attention keys, values and patterns of all layers after the first that is changed
   */
  public record Frozen(boolean scale, boolean attention) {
    public static final Frozen NOTHING = new Frozen(false, false);
  }

  /**
   * @throws InputException if no neuron is named, or one twice; {@code where()} is the flag of the
   *     command that would hold it, as with {@link Change}
   */
  public InterventionOptions {
    Objects.requireNonNull(model, "model");
    neurons = List.copyOf(neurons);
    if (neurons.isEmpty()) {
      throw new InputException("--neuron", "", "no neuron is named", "name one, such as 3.117");
    }
    for (int i = 0; i < neurons.size(); i++) {
      if (neurons.indexOf(neurons.get(i)) < i) {
        throw new InputException(
            "--neuron", "", neurons.get(i) + " is given twice", "leave one out");
      }
    }
  }

  /**
   * Opens the model's configuration, header and tokenizer, looks for the neurons and the text, and
   * closes all again.
   *
   * @throws InputException if something of these cannot be used
   */
  public void requireInputs() {
    ModelConfig config = StudyInputs.check(model, input);
    neurons.forEach(id -> id.require("--neuron", config));
  }
}
