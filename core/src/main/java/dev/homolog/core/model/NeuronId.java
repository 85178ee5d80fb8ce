package dev.homolog.core.model;

import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import dev.homolog.core.checkpoint.ModelConfig;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A neuron of a model, written {@code 3.117}, {@code L3.117} or {@code L3.N117}.
 *
 * @param layer counted from 0
 * @param neuron within the layer, counted from 0
 */
public record NeuronId(int layer, int neuron) implements Comparable<NeuronId> {
  private static final Pattern FORM = Pattern.compile("[lL]?(\\d{1,9})\\.[nN]?(\\d{1,9})");

  public NeuronId {
    if (layer < 0 || neuron < 0) {
      throw new IllegalArgumentException("neuron " + layer + "." + neuron);
    }
  }

  /** The neuron of that flat id, layer · d_mlp + neuron. */
  public static NeuronId of(int flat, ModelConfig config) {
    return of(flat, config.dMlp());
  }

  /** The neuron of that flat id in a model of so many neurons a layer. */
  public static NeuronId of(int flat, int dMlp) {
    return new NeuronId(flat / dMlp, flat % dMlp);
  }

  /**
   * Reads a name in one of these forms.
   *
   * @param option that the name is a value of
   * @throws InputException if it is of another form
   */
  public static NeuronId parse(InputOption option, String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      throw new InputException(
          option, text + " is no neuron", "give layer and neuron, such as 3.117");
    }
    return new NeuronId(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
  }

  /**
   * Names with commas between them.
   *
   * @param option that the name is a value of
   * @throws InputException if one is of another form
   */
  public static List<NeuronId> parseList(InputOption option, String names) {
    return Arrays.stream(names.split(",", -1)).map(name -> parse(option, name.strip())).toList();
  }

  /**
   * Fails unless the model has the neuron.
   *
   * @param option that names the neuron
   * @throws InputException if not
   */
  public NeuronId require(InputOption option, ModelConfig config) {
    if (layer >= config.layers() || neuron >= config.dMlp()) {
      throw new InputException(
          option,
          "there is no neuron " + plain(),
          String.format(
              Locale.ROOT,
              "the model has layers 0 to %d of neurons 0 to %d",
              config.layers() - 1,
              config.dMlp() - 1));
    }
    return this;
  }

  /** Layer · d_mlp + neuron. */
  public int flat(ModelConfig config) {
    return flat(config.dMlp());
  }

  /** The same in a model of so many neurons a layer. */
  public int flat(int dMlp) {
    return layer * dMlp + neuron;
  }

  /** The name without its letter, {@code 3.117}, as files have it. */
  public String plain() {
    return layer + "." + neuron;
  }

  @Override
  public int compareTo(NeuronId other) {
    return layer != other.layer
        ? Integer.compare(layer, other.layer)
        : Integer.compare(neuron, other.neuron);
  }

  /** The name, such as {@code L3.117}. */
  @Override
  public String toString() {
    return "L" + plain();
  }
}
