package dev.homolog.bindings;

import dev.homolog.bindings.gen.torch.TorchC;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * An operator of libtorch called through its dispatcher: any one without a Scalar argument, on any
 * device.
 *
 * <pre>{@code
 * static final TorchOperator GELU = new TorchOperator("aten::gelu", "");
 * try (TorchOperator.Call call = GELU.call()) {
 *   return call.tensor(x).string("tanh").one();
 * }
 * }</pre>
 *
 * <p>All arguments of the schema are given, in its order, those with defaults too. What the
 * dispatcher consumes is made here and freed here if the call does not take place: tensors that are
 * passed stay the caller's.
 */
public final class TorchOperator {
  /** The schemas that our arguments follow: libtorch adapts calls made for an older version. */
  private static final long BUILT_FOR = dev.homolog.bindings.load.Version.MINIMUM.abi();

  private static final Map<String, MemorySegment> STRINGS = new ConcurrentHashMap<>();

  private final String name;
  private final MemorySegment nativeName;
  private final MemorySegment nativeOverload;

  /**
   * Whether a call has succeeded, so that a later failure is known to have consumed its arguments.
   */
  private volatile boolean proven;

  /**
   * @param name with its namespace, {@code aten::gelu}
   * @param overload empty for the one without a name
   */
  public TorchOperator(String name, String overload) {
    this.name = overload.isEmpty() ? name : name + "." + overload;
    nativeName = string(name);
    nativeOverload = string(overload);
  }

  private static MemorySegment string(String text) {
    return STRINGS.computeIfAbsent(text, key -> Arena.global().allocateFrom(key));
  }

  /**
   * Starts a call. One at a time on a thread: finish it before an argument of another is computed.
   */
  public Call call() {
    return Scratch.get().call.start(this);
  }

  @Override
  public String toString() {
    return name;
  }

  /** The arguments of one call, then its results. Belongs to a thread, which has one. */
  public static final class Call implements AutoCloseable {
    private static final byte PLAIN = 0;
    private static final byte TENSOR = 1;
    private static final byte LIST = 2;
    private static final byte STRING = 3;
    private static final byte OPTIONAL = 4;
    private static final int INNER = 4 * Scratch.STACK;

    private final Scratch scratch;
    private final byte[] kinds = new byte[Scratch.STACK];

    /** What lists and optionals hold: to be freed with them if the call does not take place. */
    private final long[] inner = new long[INNER];

    private final byte[] innerKinds = new byte[INNER];

    /** The tensors of this call: for its error text, and kept reachable until it is over. */
    private final TorchTensor[] given = new TorchTensor[Scratch.STACK + INNER];

    private TorchOperator operator;
    private int count;
    private int innerCount;
    private int givenCount;

    Call(Scratch scratch) {
      this.scratch = scratch;
    }

    private Call start(TorchOperator next) {
      if (operator != null) {
        throw new IllegalStateException(
            "the call of " + next + " began before that of " + operator + " was made");
      }
      operator = next;
      return this;
    }

    private Call push(byte kind, long value) {
      if (count == Scratch.STACK) {
        throw new IllegalStateException(operator + ": more than " + count + " arguments");
      }
      scratch.stack.setAtIndex(ValueLayout.JAVA_LONG, count, value);
      kinds[count++] = kind;
      return this;
    }

    private void remember(TorchTensor tensor) {
      given[givenCount++] = tensor;
    }

    /** A tensor that is only read. */
    public Call tensor(TorchTensor tensor) {
      long handle = TorchCalls.newHandle(tensor).address();
      LiveHandles.made();
      remember(tensor);
      return push(TENSOR, handle);
    }

    /** A tensor that the operator writes to. */
    public Call output(TorchTensor tensor) {
      tensor.writableHandle();
      return tensor(tensor);
    }

    /** A tensor, or none if null. */
    public Call optional(TorchTensor tensor) {
      if (tensor == null) {
        return none();
      }
      long handle = TorchCalls.newHandle(tensor).address();
      LiveHandles.made();
      remember(tensor);
      hold(TENSOR, handle);
      return pushOptional(handle);
    }

    /** An optional argument left out. */
    public Call none() {
      return push(PLAIN, 0);
    }

    public Call integer(long value) {
      return push(PLAIN, value);
    }

    public Call real(double value) {
      return push(PLAIN, Double.doubleToRawLongBits(value));
    }

    /** A number where the schema has {@code float?}. */
    public Call optionalReal(double value) {
      return pushOptional(Double.doubleToRawLongBits(value));
    }

    public Call bool(boolean value) {
      return push(PLAIN, value ? 1 : 0);
    }

    public Call dtype(ScalarType value) {
      return push(PLAIN, value.code());
    }

    /** A dtype where the schema has {@code ScalarType?}; none if null. */
    public Call optionalDtype(ScalarType value) {
      return value == null ? none() : pushOptional(value.code());
    }

    public Call string(String value) {
      long length = value.getBytes(StandardCharsets.UTF_8).length;
      TorchErrors.check(
          TorchC.torch_new_string_handle(TorchOperator.string(value), length, scratch.out0),
          "torch_new_string_handle");
      LiveHandles.made();
      return push(STRING, scratch.long0());
    }

    public Call integers(long... values) {
      MemorySegment list = newList(values.length);
      for (long value : values) {
        pushToList(list, value);
      }
      return push(LIST, list.address());
    }

    /** Integers where the schema has {@code int[]?}. */
    public Call optionalIntegers(long... values) {
      MemorySegment list = newList(values.length);
      hold(LIST, list.address());
      for (long value : values) {
        pushToList(list, value);
      }
      return pushOptional(list.address());
    }

    public Call tensors(TorchTensor... tensors) {
      if (innerCount + tensors.length > inner.length) {
        throw new IllegalArgumentException(operator + ": a list of " + tensors.length + " tensors");
      }
      MemorySegment list = newList(tensors.length);
      push(LIST, list.address());
      for (TorchTensor tensor : tensors) {
        long handle = TorchCalls.newHandle(tensor).address();
        LiveHandles.made();
        remember(tensor);
        hold(TENSOR, handle);
        pushToList(list, handle);
      }
      return this;
    }

    private MemorySegment newList(int size) {
      TorchErrors.check(
          TorchC.torch_new_list_reserve_size(size, scratch.out0), "torch_new_list_reserve_size");
      LiveHandles.made();
      return scratch.pointer0();
    }

    private static void pushToList(MemorySegment list, long value) {
      TorchErrors.check(TorchC.torch_list_push_back(list, value), "torch_list_push_back");
    }

    private void hold(byte kind, long value) {
      innerKinds[innerCount] = kind;
      inner[innerCount++] = value;
    }

    private Call pushOptional(long value) {
      MemorySegment cell = OptionalCells.make(scratch);
      LiveHandles.made();
      cell.set(ValueLayout.JAVA_LONG, 0, value);
      return push(OPTIONAL, cell.address());
    }

    /** Makes the call and takes its one result. */
    public TorchTensor one() {
      invoke();
      return result(0);
    }

    /**
     * Makes the call of an operator that writes to its first or last argument and returns it:
     * nothing is left to close.
     */
    public void inPlace() {
      invoke();
      TorchCalls.delete(pointer(0));
    }

    /** Makes the call of an operator that returns nothing. */
    public void nothing() {
      invoke();
    }

    private TorchTensor result(int index) {
      return TorchTensor.own(pointer(index));
    }

    private MemorySegment pointer(int index) {
      return MemorySegment.ofAddress(scratch.stack.getAtIndex(ValueLayout.JAVA_LONG, index));
    }

    private void invoke() {
      TorchOperator called = operator;
      int status =
          TorchC.torch_call_dispatcher(
              called.nativeName, called.nativeOverload, scratch.stack, BUILT_FOR);
      if (status != 0) {
        NativeException failure =
            TorchErrors.failure(status, called.name, Arrays.copyOf(given, givenCount));
        // An operator that does not exist consumes nothing. Where that cannot be told from a
        // failure that has consumed all,
        // the arguments are left alone. Losing a few bytes once is better than freeing them twice.
        if (called.proven || !failure.text().startsWith("Could not find schema")) {
          forgetAll();
        }
        throw failure;
      }
      called.proven = true;
      forgetAll();
    }

    /** The dispatcher has consumed what was on the stack. */
    private void forgetAll() {
      for (int i = 0; i < count; i++) {
        if (kinds[i] != PLAIN) {
          LiveHandles.gone();
        }
      }
      for (int i = 0; i < innerCount; i++) {
        LiveHandles.gone();
      }
      count = 0;
      innerCount = 0;
    }

    /** Ends the call; frees the arguments if it was not made. */
    @Override
    public void close() {
      for (int i = 0; i < count; i++) {
        long value = scratch.stack.getAtIndex(ValueLayout.JAVA_LONG, i);
        free(kinds[i], value);
      }
      for (int i = 0; i < innerCount; i++) {
        free(innerKinds[i], inner[i]);
      }
      count = 0;
      innerCount = 0;
      for (int i = 0; i < givenCount; i++) {
        given[i] = null;
      }
      givenCount = 0;
      operator = null;
    }

    private static void free(byte kind, long value) {
      MemorySegment handle = MemorySegment.ofAddress(value);
      switch (kind) {
        case TENSOR -> TorchCalls.delete(handle);
        case LIST -> TorchErrors.check(TorchC.torch_delete_list(handle), "torch_delete_list");
        case STRING -> TorchErrors.check(TorchC.torch_delete_string(handle), "torch_delete_string");
        case OPTIONAL -> OptionalCells.free(handle);
        default -> {
          return;
        }
      }
      LiveHandles.gone();
    }
  }

  /**
   * The 8 bytes that hold the value of an optional argument, freed by the dispatcher with C++'s
   * delete.
   *
   * <p>torch 2.13 and newer has functions for them; before, C++'s own new and delete are called, by
   * the names that libstdc++ gives them.
   */
  static final class OptionalCells {
    /** Tests switch it off. */
    static volatile boolean hasFunctions =
        SymbolLookup.loaderLookup().find("torch_new_stable_ivalue").isPresent()
            && SymbolLookup.loaderLookup().find("torch_delete_stable_ivalue").isPresent();

    private OptionalCells() {}

    static MemorySegment make(Scratch scratch) {
      MemorySegment cell;
      if (hasFunctions) {
        TorchErrors.check(TorchC.torch_new_stable_ivalue(scratch.out0), "torch_new_stable_ivalue");
        cell = scratch.pointer0();
      } else {
        cell = Cxx.make(Long.BYTES);
      }
      return cell.reinterpret(Long.BYTES);
    }

    static void free(MemorySegment cell) {
      if (hasFunctions) {
        TorchErrors.check(TorchC.torch_delete_stable_ivalue(cell), "torch_delete_stable_ivalue");
      } else {
        Cxx.free(cell);
      }
    }

    /** operator new(size_t) and operator delete(void*). */
    private static final class Cxx {
      private static final SymbolLookup LIBRARY =
          SymbolLookup.libraryLookup("libstdc++.so.6", Arena.global());
      private static final MethodHandle NEW =
          Linker.nativeLinker()
              .downcallHandle(
                  LIBRARY.findOrThrow("_Znwm"),
                  FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_LONG));
      private static final MethodHandle DELETE =
          Linker.nativeLinker()
              .downcallHandle(
                  LIBRARY.findOrThrow("_ZdlPv"), FunctionDescriptor.ofVoid(ValueLayout.ADDRESS));

      static MemorySegment make(long bytes) {
        try {
          return (MemorySegment) NEW.invokeExact(bytes);
        } catch (Throwable e) {
          throw new AssertionError("a native call cannot throw", e);
        }
      }

      static void free(MemorySegment cell) {
        try {
          DELETE.invokeExact(cell);
        } catch (Throwable e) {
          throw new AssertionError("a native call cannot throw", e);
        }
      }
    }
  }
}
