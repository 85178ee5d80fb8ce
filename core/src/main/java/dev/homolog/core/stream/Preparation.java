package dev.homolog.core.stream;

/** What is done to activations before their products are summed. */
public enum Preparation {
  /** Less the pilot's mean, divided by its deviation: for correlations. */
  CENTRED,
  /** Divided by the pilot's root mean square: for cosines. */
  SCALED,
  /** 1 where the neuron fires (activation above 0), else 0: for overlaps of sets of tokens. */
  FIRING
}
