package dev.homolog.analysis;

import dev.homolog.core.InputException;
import dev.homolog.core.checkpoint.ModelConfig;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A neuron as people write it: {@code 3.117} or {@code L3.117}, layer and neuron counted from 0.
 */
public record NeuronName(int layer, int neuron) {
  private static final Pattern NAME = Pattern.compile("[Ll]?(\\d{1,6})\\.(\\d{1,9})");

  /**
   * Reads a name.
   *
   * @param where the flag that holds it
   * @throws InputException if it is no name
   */
  public static NeuronName parse(String where, String text) {
    Matcher matcher = NAME.matcher(text);
    if (!matcher.matches()) {
      throw new InputException(
          where, "", text + " names no neuron", "give layer and neuron, such as 3.117");
    }
    return new NeuronName(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
  }

  /**
   * Its flat id, layer · d_mlp + neuron.
   *
   * @throws InputException if the model has no such neuron
   */
  int id(String where, ModelConfig config) {
    if (layer >= config.layers() || neuron >= config.dMlp()) {
      throw new InputException(
          where,
          "",
          "no neuron " + this + " in " + config.layers() + " layers of " + config.dMlp(),
          "both are counted from 0");
    }
    return layer * config.dMlp() + neuron;
  }

  @Override
  public String toString() {
    return layer + "." + neuron;
  }
}
