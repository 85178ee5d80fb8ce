package dev.homolog.core.model;

import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import java.util.Arrays;
import java.util.Locale;

/** What is done to weights before they are looked at; never to those of the forward pass. */
public enum Processing {
  /** Nothing. */
  RAW,
  /**
   * TransformerLens's defaults. LayerNorms are folded into the matrices that read them, and biases
   * of values into that of the output. Readers and writers are centred over d_model, the
   * unembedding over the vocabulary. Logits change by a constant a token at most.
   */
  FOLDED;

  /**
   * The preset of that name, {@code raw} or {@code folded}.
   *
   * @throws InputException if there is none
   */
  public static Processing parse(String name) {
    return Arrays.stream(values())
        .filter(preset -> preset.toString().equals(name))
        .findFirst()
        .orElseThrow(() ->
            new InputException(
                InputOption.PROCESSING, "no preset is called " + name, "known: folded, raw"));
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
