package dev.homolog.analysis.weights;

/** Which tokens' vectors a neuron's vector is compared with; the names are the authors'. */
enum TokenSpace {
  E_IN(Side.IN, false),
  U_IN(Side.IN, true),
  E_OUT(Side.OUT, false),
  U_OUT(Side.OUT, true);

  private final Side side;
  private final boolean unembedding;
  private final String text;

  TokenSpace(Side side, boolean unembedding) {
    this.side = side;
    this.unembedding = unembedding;
    this.text = (unembedding ? "U_" : "E_") + (side == Side.IN ? "in" : "out");
  }

  Side side() {
    return side;
  }

  /** Columns of W_U, else rows of W_E. */
  boolean unembedding() {
    return unembedding;
  }

  @Override
  public String toString() {
    return text;
  }
}
