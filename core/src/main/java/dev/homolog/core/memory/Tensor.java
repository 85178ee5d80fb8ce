package dev.homolog.core.memory;

import dev.homolog.bindings.LazyMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * A matrix [rows, cols] of one element type, or a strided view of one, in off-heap memory or on a
 * device. A tensor never owns its memory: the arena or the checkpoint that it was made in does.
 * Using it after that is closed throws {@link IllegalStateException}. Strides are in elements.
 * Views share memory; nothing here copies.
 */
public final class Tensor {
  private static final ValueLayout.OfDouble F64 =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat F32 =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong I64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt I32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort I16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** One cache line, and the widest vector there is. */
  private static final long ALIGNMENT = 64;

  private final DType dtype;
  private final long rows;
  private final long cols;
  private final long rowStride;
  private final long colStride;
  private final Place place;

  /**
   * Where element [0, 0] is: {@code origin} elements into memory. Java sees the host's ({@code
   * data}). Only a device's kernels know how to reach the device's ({@code root}).
   */
  private record Place(MemorySegment data, Object root, long origin) {
    Place plus(long elements, int bytes) {
      return root != null
          ? new Place(null, root, origin + elements)
          : new Place(data.asSlice(Math.min(elements * bytes, data.byteSize())), null, 0);
    }
  }

  private Tensor(DType dtype, long rows, long cols, long rowStride, long colStride, Place place) {
    this.dtype = dtype;
    this.rows = rows;
    this.cols = cols;
    this.rowStride = rowStride;
    this.colStride = colStride;
    this.place = place;
  }

  /**
   * A zeroed matrix [rows, cols], rows contiguous, that lives as long as the arena. What is large
   * takes memory when it is written.
   */
  public static Tensor allocate(Arena arena, DType dtype, long rows, long cols) {
    long bytes = Math.multiplyExact(Math.multiplyExact(rows, cols), dtype.bytes());
    MemorySegment data = LazyMemory.allocate(arena, Math.max(bytes, 1), ALIGNMENT);
    return new Tensor(dtype, rows, cols, cols, 1, new Place(data, null, 0));
  }

  /** A matrix over memory that somebody else owns, rows contiguous; the segment may be longer. */
  public static Tensor wrap(MemorySegment data, DType dtype, long rows, long cols) {
    long bytes = Math.multiplyExact(Math.multiplyExact(rows, cols), dtype.bytes());
    return new Tensor(dtype, rows, cols, cols, 1, new Place(data.asSlice(0, bytes), null, 0));
  }

  /**
   * A matrix in a device's memory, rows contiguous.
   *
   * @param root what the device's kernels know the memory by
   */
  public static Tensor onDevice(Object root, DType dtype, long rows, long cols) {
    return new Tensor(dtype, rows, cols, cols, 1, new Place(null, root, 0));
  }

  public DType dtype() {
    return dtype;
  }

  public long rows() {
    return rows;
  }

  public long cols() {
    return cols;
  }

  /** Elements from one row to the next. */
  public long rowStride() {
    return rowStride;
  }

  /** Elements from one column to the next; 1 unless transposed. */
  public long colStride() {
    return colStride;
  }

  /** Whether the elements are in memory that Java sees. */
  public boolean onHost() {
    return place.root == null;
  }

  /**
   * The memory, beginning at element [0, 0].
   *
   * @throws IllegalStateException if it is a device's
   */
  public MemorySegment data() {
    if (!onHost()) {
      throw new IllegalStateException(this + " is in a device's memory: copy it to the host");
    }
    return place.data;
  }

  /** What a device's kernels know its memory by; null on the host. */
  public Object root() {
    return place.root;
  }

  /** Elements from the beginning of the device's memory to element [0, 0]; 0 on the host. */
  public long origin() {
    return place.origin;
  }

  /** Number of elements. */
  public long size() {
    return rows * cols;
  }

  /** Whether the elements lie one behind the other in row order. */
  public boolean isContiguous() {
    return (colStride == 1 || cols == 1) && (rowStride == cols || rows == 1);
  }

  /** View of columns [from, to). */
  public Tensor columns(long from, long to) {
    checkRange("columns", from, to, cols);
    return new Tensor(dtype, rows, to - from, rowStride, colStride, at(from * colStride));
  }

  /** View of rows [from, to). */
  public Tensor rows(long from, long to) {
    checkRange("rows", from, to, rows);
    return new Tensor(dtype, to - from, cols, rowStride, colStride, at(from * rowStride));
  }

  /** View [cols, rows]. */
  public Tensor transposed() {
    return new Tensor(dtype, cols, rows, colStride, rowStride, place);
  }

  /** Byte offset of element [row, col] in {@link #data}. */
  public long offset(long row, long col) {
    return (row * rowStride + col * colStride) * dtype.bytes();
  }

  /** One element as a double; for summaries and tests, not for loops over activations. */
  public double get(long row, long col) {
    long offset = checkedOffset(row, col);
    return switch (dtype) {
      case F64 -> data().get(F64, offset);
      case F32 -> data().get(F32, offset);
      case F16 -> Float.float16ToFloat(data().get(I16, offset));
      case BF16 -> Float.intBitsToFloat(data().get(I16, offset) << 16);
      case I64 -> data().get(I64, offset);
      case I32 -> data().get(I32, offset);
      case I16 -> data().get(I16, offset);
      case I8 -> data().get(ValueLayout.JAVA_BYTE, offset);
      case U8, BOOL -> data().get(ValueLayout.JAVA_BYTE, offset) & 0xff;
    };
  }

  /** Sets one element, rounding or truncating to the element type. */
  public void set(long row, long col, double value) {
    long offset = checkedOffset(row, col);
    switch (dtype) {
      case F64 -> data().set(F64, offset, value);
      case F32 -> data().set(F32, offset, (float) value);
      case F16 -> data().set(I16, offset, Float.floatToFloat16((float) value));
      case BF16 -> data().set(I16, offset, roundToBf16((float) value));
      case I64 -> data().set(I64, offset, (long) value);
      case I32 -> data().set(I32, offset, (int) value);
      case I16 -> data().set(I16, offset, (short) value);
      case I8, U8, BOOL -> data().set(ValueLayout.JAVA_BYTE, offset, (byte) value);
    }
  }

  /** Reads a row into an array of as many elements: a loop over it costs no checks an element. */
  public void readRow(long row, double[] to) {
    requireRow(row, to);
    MemorySegment data = data();
    if (colStride == 1 && dtype == DType.F64) {
      MemorySegment.copy(data, F64, offset(row, 0), to, 0, to.length);
    } else if (colStride == 1 && dtype == DType.F32) {
      long offset = offset(row, 0);
      for (int i = 0; i < to.length; i++) {
        to[i] = data.get(F32, offset + 4L * i);
      }
    } else if (colStride == 1 && dtype == DType.F16) {
      long offset = offset(row, 0);
      for (int i = 0; i < to.length; i++) {
        to[i] = Float.float16ToFloat(data.get(I16, offset + 2L * i));
      }
    } else if (colStride == 1 && dtype == DType.BF16) {
      long offset = offset(row, 0);
      for (int i = 0; i < to.length; i++) {
        to[i] = Float.intBitsToFloat(data.get(I16, offset + 2L * i) << 16);
      }
    } else {
      for (int i = 0; i < to.length; i++) {
        to[i] = get(row, i);
      }
    }
  }

  /** Writes a row, rounding or truncating to the element type. */
  public void writeRow(long row, double[] from) {
    requireRow(row, from);
    MemorySegment data = data();
    if (colStride == 1 && dtype == DType.F64) {
      MemorySegment.copy(from, 0, data, F64, offset(row, 0), from.length);
    } else if (colStride == 1 && dtype == DType.F32) {
      long offset = offset(row, 0);
      for (int i = 0; i < from.length; i++) {
        data.set(F32, offset + 4L * i, (float) from[i]);
      }
    } else {
      for (int i = 0; i < from.length; i++) {
        set(row, i, from[i]);
      }
    }
  }

  private void requireRow(long row, double[] array) {
    if (row < 0 || row >= rows || array.length != cols) {
      throw new IndexOutOfBoundsException(
          "row " + row + " of " + this + " with an array of " + array.length);
    }
  }

  /** Sets every element. */
  public void fill(double value) {
    for (long r = 0; r < rows; r++) {
      for (long c = 0; c < cols; c++) {
        set(r, c, value);
      }
    }
  }

  /** The elements in row order, on the heap. */
  public double[] toArray() {
    double[] out = new double[Math.toIntExact(size())];
    int i = 0;
    for (long r = 0; r < rows; r++) {
      for (long c = 0; c < cols; c++) {
        out[i++] = get(r, c);
      }
    }
    return out;
  }

  /** Fails unless the shape is [rows, cols]. */
  public void requireShape(String what, long rows, long cols) {
    if (this.rows != rows || this.cols != cols) {
      throw new IllegalArgumentException(
          what + " must be [" + rows + ", " + cols + "] but is " + this);
    }
  }

  @Override
  public String toString() {
    return dtype + "[" + rows + ", " + cols + "]";
  }

  private Place at(long element) {
    return element == 0 ? place : place.plus(element, dtype.bytes());
  }

  private long checkedOffset(long row, long col) {
    if (row < 0 || row >= rows || col < 0 || col >= cols) {
      throw new IndexOutOfBoundsException("[" + row + ", " + col + "] of " + this);
    }
    return offset(row, col);
  }

  private static void checkRange(String what, long from, long to, long size) {
    if (from < 0 || to < from || to > size) {
      throw new IndexOutOfBoundsException(what + " [" + from + ", " + to + ") of " + size);
    }
  }

  private static short roundToBf16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) ((bits >>> 16) | 0x40);
    }
    return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
  }
}
