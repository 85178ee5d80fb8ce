package dev.homolog.bindings;

import dev.homolog.bindings.gen.torch.TorchC;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A thread's memory for the arguments and results of one native call, so that calls allocate
 * nothing.
 *
 * <p>Each call reads its results out before the next one is made. libtorch's grad mode is a
 * thread's too: it is switched off when a thread makes its first call.
 */
final class Scratch {
  static final int STACK = 32;
  static final int MAX_DIM = 16;

  private static final ThreadLocal<Scratch> LOCAL = ThreadLocal.withInitial(Scratch::new);

  /** Pointer- or 8-byte-sized results. */
  final MemorySegment out0;

  final MemorySegment out1;
  final MemorySegment sizes;
  final MemorySegment strides;
  final MemorySegment stack;
  final TorchOperator.Call call;

  private Scratch() {
    TorchC.aoti_torch_grad_mode_set_enabled(false);
    // Freed when the thread is gone.
    MemorySegment block =
        Arena.ofAuto().allocate(8L * (2 + 2 * MAX_DIM + STACK), ValueLayout.JAVA_LONG.byteSize());
    out0 = block.asSlice(0, 8);
    out1 = block.asSlice(8, 8);
    sizes = block.asSlice(16, 8L * MAX_DIM);
    strides = block.asSlice(16 + 8L * MAX_DIM, 8L * MAX_DIM);
    stack = block.asSlice(16 + 16L * MAX_DIM, 8L * STACK);
    call = new TorchOperator.Call(this);
  }

  static Scratch get() {
    return LOCAL.get();
  }

  MemorySegment sizes(long[] values) {
    return fill(sizes, values);
  }

  MemorySegment strides(long[] values) {
    return fill(strides, values);
  }

  private static MemorySegment fill(MemorySegment target, long[] values) {
    if (values.length > MAX_DIM) {
      throw new IllegalArgumentException(
          values.length + " dimensions; at most " + MAX_DIM + " are supported");
    }
    for (int i = 0; i < values.length; i++) {
      target.setAtIndex(ValueLayout.JAVA_LONG, i, values[i]);
    }
    return target;
  }

  MemorySegment pointer0() {
    return out0.get(ValueLayout.ADDRESS, 0);
  }

  MemorySegment pointer1() {
    return out1.get(ValueLayout.ADDRESS, 0);
  }

  long long0() {
    return out0.get(ValueLayout.JAVA_LONG, 0);
  }

  int int0() {
    return out0.get(ValueLayout.JAVA_INT, 0);
  }
}
