package dev.homolog.core.model;

/** What is done to weights before they are looked at; never to those of the forward pass. */
public enum Processing {
  /** Nothing. */
  RAW,
  /**
   * LayerNorms folded into the matrices that read them, readers and writers centred over d_model,
   * the unembedding over the vocabulary, biases of values folded into that of the output:
   * TransformerLens's defaults. Logits change by a constant a token at most.
   */
  FOLDED
}
