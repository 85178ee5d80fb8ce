package dev.homolog.core.checkpoint;

import dev.homolog.core.memory.DType;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Everything that a pickle may name: three callables and the types of storages. None of them is
 * Python's; each stands for what {@link PickleReader} does itself.
 */
enum PickleGlobal {
  ORDERED_DICT("collections OrderedDict", null),
  REBUILD_TENSOR("torch._utils _rebuild_tensor_v2", null),
  REBUILD_PARAMETER("torch._utils _rebuild_parameter", null),
  DOUBLE("torch DoubleStorage", DType.F64),
  FLOAT("torch FloatStorage", DType.F32),
  HALF("torch HalfStorage", DType.F16),
  BFLOAT16("torch BFloat16Storage", DType.BF16),
  LONG("torch LongStorage", DType.I64),
  INT("torch IntStorage", DType.I32),
  SHORT("torch ShortStorage", DType.I16),
  CHAR("torch CharStorage", DType.I8),
  BYTE("torch ByteStorage", DType.U8),
  BOOL("torch BoolStorage", DType.BOOL);

  private static final Map<String, PickleGlobal> BY_NAME =
      Arrays.stream(values()).collect(Collectors.toMap(g -> g.qualified, Function.identity()));

  private final String qualified;
  private final DType storage;

  PickleGlobal(String qualified, DType storage) {
    this.qualified = qualified;
    this.storage = storage;
  }

  static Optional<PickleGlobal> of(String module, String name) {
    return Optional.ofNullable(BY_NAME.get(module + " " + name));
  }

  /** The elements' type where this is the type of a storage. */
  Optional<DType> storage() {
    return Optional.ofNullable(storage);
  }

  @Override
  public String toString() {
    return qualified.replace(' ', '.');
  }
}
