package dev.homolog.bindings.load;

/** Where a libtorch was looked for, in the order of preference. */
public enum TorchSource {
  OPTION("--libtorch"),
  VARIABLE("HOMOLOG_LIBTORCH"),
  VIRTUAL_ENV("VIRTUAL_ENV"),
  CONDA("CONDA_PREFIX"),
  EMBEDDED("embedded libtorch");

  private final String label;

  TorchSource(String label) {
    this.label = label;
  }

  /** The flag, the variable or the words by which a user knows it. */
  public String label() {
    return label;
  }
}
