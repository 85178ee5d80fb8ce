package dev.homolog.core.checkpoint;

/** A kind of model: how its tensors are named and stored. */
public enum Family {
  /** GPT-2 (Radford et al. 2019). Matrices are stored [in, out]. */
  GPT2("gpt2", "GPT-2"),
  /** GPT-NeoX (Black et al. 2022), of which Pythia is made. Matrices are stored [out, in]. */
  GPT_NEOX("gpt_neox", "GPT-NeoX");

  private final String modelType;
  private final String title;

  Family(String modelType, String title) {
    this.modelType = modelType;
    this.title = title;
  }

  /** {@code model_type} in {@code config.json}. */
  public String modelType() {
    return modelType;
  }

  /** The name in a sentence. */
  public String title() {
    return title;
  }
}
