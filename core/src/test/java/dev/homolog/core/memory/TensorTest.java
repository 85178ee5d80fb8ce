package dev.homolog.core.memory;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whole rows against one element after the other, in every type and through views. */
class TensorTest {

  @ParameterizedTest
  @EnumSource(DType.class)
  void rowsAreReadAndWrittenLikeTheirElements(DType dtype) {
    try (Arena arena = Arena.ofConfined()) {
      Tensor whole = Tensor.allocate(arena, dtype, 5, 7);
      for (int i = 0; i < 5; i++) {
        for (int j = 0; j < 7; j++) {
          whole.set(i, j, (i * 7 + j) % 2);
        }
      }
      for (Tensor view : new Tensor[] {whole, whole.columns(2, 6).rows(1, 4), whole.transposed()}) {
        double[] row = new double[(int) view.cols()];
        for (int i = 0; i < view.rows(); i++) {
          view.readRow(i, row);
          for (int j = 0; j < row.length; j++) {
            assertEquals(view.get(i, j), row[j]);
            row[j] = 1 - row[j];
          }
          double[] wanted = row.clone();
          view.writeRow(i, row);
          view.readRow(i, row);
          assertArrayEquals(wanted, row);
          assertEquals(wanted[row.length - 1], view.get(i, row.length - 1));
        }
        assertThrows(IndexOutOfBoundsException.class, () -> view.readRow(view.rows(), row));
        assertThrows(IndexOutOfBoundsException.class, () -> view.writeRow(0, new double[1]));
      }
    }
  }
}
