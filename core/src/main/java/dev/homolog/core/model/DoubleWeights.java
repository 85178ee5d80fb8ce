package dev.homolog.core.model;

import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import dev.homolog.core.checkpoint.Checkpoint;
import dev.homolog.core.checkpoint.StoredTensor;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import java.util.List;

/** Weights in double precision that become infinite where kernels read them in single precision. */
public final class DoubleWeights {
  private DoubleWeights() {}

  /**
   * Looks at all weights of a model; reads those in double precision whole.
   *
   * @param working what the kernels compute in
   * @throws InputException that names the first element beyond single precision, if that is it
   */
  public static void require(Checkpoint checkpoint, DType working) {
    for (String name : checkpoint.names()) {
      require(checkpoint.location(), checkpoint.tensor(name), working);
    }
  }

  /**
   * The same of one tensor.
   *
   * @param where the model lies, for the message
   */
  static void require(String where, StoredTensor stored, DType working) {
    if (stored.dtype() != DType.F64 || working != DType.F32) {
      return;
    }
    List<Long> shape = stored.shape();
    int cols = shape.isEmpty() ? 1 : Math.toIntExact(shape.getLast());
    long rows = cols == 0 ? 0 : stored.elements() / cols;
    Tensor values = Tensor.wrap(stored.data(), stored.dtype(), rows, cols);
    double[] row = new double[cols];
    for (long i = 0; i < rows; i++) {
      values.readRow(i, row);
      for (int j = 0; j < row.length; j++) {
        if (Float.isInfinite((float) row[j])) {
          String element = shape.size() < 2 ? "[" + j + "]" : "[" + i + ", " + j + "]";
          throw new InputException(
              where,
              stored.name(),
              "element " + element + " is " + row[j] + ", beyond single precision",
              "use " + InputOption.BACKEND.flag() + " scalar, which computes in double");
        }
      }
    }
  }
}
