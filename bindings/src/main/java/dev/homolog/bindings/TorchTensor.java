package dev.homolog.bindings;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.Locale;

/**
 * A tensor of libtorch. Owns its native handle; the memory under it is libtorch's, or a {@link
 * MemorySegment} of the caller.
 *
 * <p>Over a caller's segment ({@link #wrap}) nothing is copied. The tensor and all its views keep
 * the segment reachable, and refuse every use once its arena is closed; they cannot keep the arena
 * open. Where the memory is libtorch's, views share it and the last one to close frees it.
 *
 * <p>Any thread may use it, but one over a segment of a confined arena only that arena's. Closing
 * twice is allowed, on any thread; any other use after closing throws IllegalStateException.
 */
public final class TorchTensor implements AutoCloseable {
  private static final VarHandle HANDLE;

  static {
    try {
      HANDLE =
          MethodHandles.lookup().findVarHandle(TorchTensor.class, "handle", MemorySegment.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** Null once closed. */
  private volatile MemorySegment handle;

  /** The caller's segment under this tensor, or null. */
  private final MemorySegment owner;

  private final boolean writable;

  // Read from libtorch on first use; a tensor never changes them.
  private volatile ScalarType dtype;
  private volatile Device device;
  private volatile long[] sizes;
  private volatile long[] strides;

  private TorchTensor(MemorySegment handle, MemorySegment owner, boolean writable) {
    this.handle = handle;
    this.owner = owner;
    this.writable = writable;
    LiveHandles.made();
  }

  /** Takes over a new handle whose memory is libtorch's. */
  static TorchTensor own(MemorySegment handle) {
    return new TorchTensor(handle, null, true);
  }

  /** Takes over a new handle that shares the memory of another tensor. */
  static TorchTensor ownView(MemorySegment handle, TorchTensor base) {
    return new TorchTensor(handle, base.owner, base.writable);
  }

  /** A tensor over native memory of the caller, rows contiguous, without a copy. */
  public static TorchTensor wrap(MemorySegment data, ScalarType dtype, long... sizes) {
    return wrap(data, dtype, sizes, Shapes.contiguous(sizes));
  }

  /**
   * A tensor over native memory of the caller, without a copy.
   *
   * <p>A read-only segment (a mapped file) makes a tensor that cannot be written to.
   *
   * @param data native, aligned for the dtype, at least as long as the shape needs
   * @param strides in elements, none negative
   */
  public static TorchTensor wrap(
      MemorySegment data, ScalarType dtype, long[] sizes, long[] strides) {
    if (!data.isNative()) {
      throw new IllegalArgumentException("the segment is on the Java heap");
    }
    if (data.address() % dtype.bytes() != 0) {
      throw new IllegalArgumentException(
          "the segment is not aligned to " + dtype.bytes() + " bytes");
    }
    long needed = Math.multiplyExact(Shapes.extent(sizes, strides), (long) dtype.bytes());
    if (needed > data.byteSize()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s with strides %s needs %d bytes; the segment has %d",
              Arrays.toString(sizes),
              Arrays.toString(strides),
              needed,
              data.byteSize()));
    }
    MemorySegment handle = TorchCalls.createFromBlob(data, dtype, sizes, strides);
    TorchTensor tensor = new TorchTensor(handle, data, !data.isReadOnly());
    tensor.dtype = dtype;
    tensor.device = Device.CPU;
    return tensor;
  }

  /** The handle for one native call; throws if this tensor or the memory under it is gone. */
  MemorySegment handle() {
    MemorySegment current = handle;
    if (current == null) {
      throw new IllegalStateException("the tensor is closed");
    }
    if (owner != null) {
      if (!owner.scope().isAlive()) {
        throw new IllegalStateException(
            "the memory under the tensor is gone: the arena of its segment is closed");
      }
      if (!owner.isAccessibleBy(Thread.currentThread())) {
        throw new WrongThreadException(
            "the segment under the tensor belongs to another thread: its arena is confined");
      }
    }
    return current;
  }

  /** The handle for a native call that writes to this tensor. */
  MemorySegment writableHandle() {
    if (!writable) {
      throw new IllegalStateException("the tensor cannot be written to: its segment is read-only");
    }
    return handle();
  }

  /** Whether {@link #close} was called. */
  public boolean isClosed() {
    return handle == null;
  }

  public ScalarType dtype() {
    MemorySegment current = handle();
    if (dtype == null) {
      dtype = ScalarType.ofCode(TorchCalls.getDtype(this, current));
    }
    return dtype;
  }

  public Device device() {
    MemorySegment current = handle();
    if (device == null) {
      device =
          Device.of(
              TorchCalls.getDeviceType(this, current), TorchCalls.getDeviceIndex(this, current));
    }
    return device;
  }

  /** Number of dimensions. */
  public int dim() {
    return rawSizes().length;
  }

  /** Size of dimension {@code d}; the last one is -1, the one before it -2. */
  public long size(int d) {
    long[] all = rawSizes();
    return all[d < 0 ? all.length + d : d];
  }

  public long[] sizes() {
    return rawSizes().clone();
  }

  /** In elements. */
  public long[] strides() {
    return rawStrides().clone();
  }

  long[] rawSizes() {
    MemorySegment current = handle();
    if (sizes == null) {
      sizes = TorchCalls.getSizes(this, current);
    }
    return sizes;
  }

  long[] rawStrides() {
    MemorySegment current = handle();
    if (strides == null) {
      strides = TorchCalls.getStrides(this, current);
    }
    return strides;
  }

  /** Number of elements. */
  public long elements() {
    return Shapes.elements(rawSizes());
  }

  /** Whether the elements lie one after the other, the last dimension fastest. */
  public boolean isContiguous() {
    return Shapes.isContiguous(rawSizes(), rawStrides());
  }

  /**
   * Another view of the same memory.
   *
   * @param offset elements from the first element of this tensor
   */
  public TorchTensor view(long[] newSizes, long[] newStrides, long offset) {
    long start = Math.addExact(TorchCalls.getStorageOffset(this), offset);
    long needed =
        Math.multiplyExact(
            Math.addExact(start, Shapes.extent(newSizes, newStrides)), (long) dtype().bytes());
    if (start < 0 || needed > TorchCalls.getStorageSize(this)) {
      throw new IndexOutOfBoundsException(
          String.format(
              Locale.ROOT,
              "view %s with strides %s at %d reaches past the memory of %s",
              Arrays.toString(newSizes),
              Arrays.toString(newStrides),
              offset,
              this));
    }
    return TorchCalls.reinterpret(this, newSizes, newStrides, offset);
  }

  /** Another handle of this very tensor. */
  public TorchTensor view() {
    return view(rawSizes(), rawStrides(), 0);
  }

  /** The indices from (inclusive) to to (exclusive) of one dimension. */
  public TorchTensor slice(int d, long from, long to) {
    long[] newSizes = sizes();
    if (from < 0 || to < from || to > newSizes[d]) {
      throw new IndexOutOfBoundsException(
          String.format(Locale.ROOT, "slice %d to %d of dimension %d of %s", from, to, d, this));
    }
    newSizes[d] = to - from;
    // An empty slice at the end must not point past the memory.
    long offset = to == from ? 0 : from * rawStrides()[d];
    return view(newSizes, rawStrides(), offset);
  }

  /** Rows from (inclusive) to to (exclusive). */
  public TorchTensor rows(long from, long to) {
    return slice(0, from, to);
  }

  /** Columns from (inclusive) to to (exclusive) of a matrix. */
  public TorchTensor columns(long from, long to) {
    return slice(1, from, to);
  }

  /** The two dimensions swapped. */
  public TorchTensor transpose(int a, int b) {
    long[] newSizes = sizes();
    long[] newStrides = strides();
    Shapes.swap(newSizes, a, b);
    Shapes.swap(newStrides, a, b);
    return view(newSizes, newStrides, 0);
  }

  /** A matrix transposed. */
  public TorchTensor t() {
    if (dim() != 2) {
      throw new IllegalArgumentException("not a matrix: " + this);
    }
    return transpose(0, 1);
  }

  /** The same elements in another shape; only of a contiguous tensor, nothing is copied. */
  public TorchTensor reshape(long... newSizes) {
    if (!isContiguous() || Shapes.elements(newSizes) != elements()) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "%s cannot be seen as %s", this, Arrays.toString(newSizes)));
    }
    return view(newSizes, Shapes.contiguous(newSizes), 0);
  }

  /** Repeated along dimensions of size 1, without a copy. */
  public TorchTensor expand(long... newSizes) {
    return view(newSizes, Shapes.expanded(rawSizes(), rawStrides(), newSizes), 0);
  }

  /**
   * Address of the first element, on the device it is on: for cuBLAS. Valid while this tensor is
   * open.
   */
  public MemorySegment address() {
    return TorchCalls.getDataPtr(this);
  }

  /** Copies all elements of a tensor of the same shape, converting dtype and device. */
  public TorchTensor copyFrom(TorchTensor source) {
    TorchCalls.copy(this, source);
    return this;
  }

  public TorchTensor zero() {
    TorchCalls.zero(this);
    return this;
  }

  public TorchTensor fill(double value) {
    TorchCalls.fill(this, value);
    return this;
  }

  /** A contiguous or equally strided copy in memory of its own. */
  public TorchTensor copy() {
    return TorchCalls.cloneTensor(this);
  }

  /** Closes this tensor when the arena closes. */
  public TorchTensor closeWith(Arena arena) {
    MemorySegment.ofAddress(1).reinterpret(arena, _ -> close());
    return this;
  }

  /**
   * Frees the handle. Memory of libtorch goes with the last view; the caller's segment is the
   * caller's.
   */
  @Override
  public void close() {
    MemorySegment last;
    synchronized (this) {
      last = (MemorySegment) HANDLE.getAndSet(this, null);
    }
    if (last != null) {
      LiveHandles.gone();
      TorchCalls.delete(last);
    }
  }

  /** The element type and shape; of a closed tensor, that it is. */
  @Override
  public String toString() {
    if (isClosed() || (owner != null && !owner.scope().isAlive())) {
      return "closed tensor";
    }
    if (owner != null && !owner.isAccessibleBy(Thread.currentThread())) {
      return "tensor of another thread";
    }
    return dtype().name().toLowerCase(Locale.ROOT)
        + Arrays.toString(rawSizes())
        + (device().isCuda() ? " on " + device() : "");
  }
}
