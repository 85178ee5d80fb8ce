package dev.homolog.analysis.explanation;

import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.Arena;
import java.util.function.BiConsumer;

/** Pairs of a row and a class, gathered on the host until the kernels take them. */
final class Pairs {
  private final Kernels kernels;
  private final Tensor rows;
  private final Tensor classes;
  private final Tensor rowsThere;
  private final Tensor classesThere;
  private int size;

  Pairs(Kernels kernels, Arena arena, long capacity) {
    this.kernels = kernels;
    this.rows = Tensor.allocate(arena, DType.I32, capacity, 1);
    this.classes = Tensor.allocate(arena, DType.I32, capacity, 1);
    this.rowsThere = kernels.fromHost(arena, rows);
    this.classesThere = kernels.fromHost(arena, classes);
  }

  static long bytes(long most) {
    return 4L * Integer.BYTES * most;
  }

  boolean hasRoom(int more) {
    return size + more <= rows.rows();
  }

  void add(int row, int ofClass) {
    rows.set(size, 0, row);
    classes.set(size, 0, ofClass);
    size++;
  }

  /** Hands all pairs over, in the kernels' memory, and forgets them. */
  void flush(BiConsumer<Tensor, Tensor> to) {
    if (size == 0) {
      return;
    }
    Tensor rows = rowsThere.rows(0, size);
    Tensor classes = classesThere.rows(0, size);
    kernels.copy(this.rows.rows(0, size), rows);
    kernels.copy(this.classes.rows(0, size), classes);
    to.accept(rows, classes);
    size = 0;
  }
}
