package dev.homolog.core.model.family;

import java.util.List;

/** How the matrix of a product x W is stored. */
public enum MatrixOrder {
  /** W itself, [in, out]. */
  IN_OUT,
  /** W transposed, [out, in]. */
  OUT_IN;

  /** The shape in the file of a matrix from {@code in} to {@code out} dimensions. */
  public List<Long> shape(long in, long out) {
    return this == IN_OUT ? List.of(in, out) : List.of(out, in);
  }
}
