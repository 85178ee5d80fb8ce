package dev.homolog.core.checkpoint;

import dev.homolog.core.InputException;
import dev.homolog.core.json.StrictJson;
import dev.homolog.core.memory.DType;
import dev.homolog.core.model.family.ModelFamily;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Tensors of F64, F32, F16 or BF16 by name, each searched for NaN and infinity the first time it is
 * asked for.
 */
final class FiniteTensors {
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final long BLOCK = 1 << 16;

  private final String where;
  private final Map<String, StoredTensor> tensors;
  private final Set<String> searched = new HashSet<>();

  FiniteTensors(String where, Map<String, StoredTensor> tensors) {
    this.where = where;
    this.tensors = tensors;
  }

  Set<String> names() {
    return Collections.unmodifiableSet(tensors.keySet());
  }

  /**
   * The tensor of that name.
   *
   * @throws InputException if there is none, or if a value is NaN or infinite
   */
  StoredTensor get(String name) {
    StoredTensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new InputException(
          where,
          StrictJson.clip(name),
          "no such tensor",
          "the model has " + tensors.size() + " others");
    }
    if (!searched.contains(name)) {
      long element = firstNotFinite(tensor.dtype(), tensor.data());
      if (element >= 0) {
        throw new InputException(
            where,
            name,
            String.format(
                Locale.ROOT,
                "element %s%s is %s",
                index(tensor.shape(), element),
                layer(name),
                value(tensor, element)),
            "use a checkpoint whose weights are all finite");
      }
      searched.add(name);
    }
    return tensor;
  }

  /**
   * Flat index of the first element whose exponent bits are all ones, or −1.
   *
   * @throws IllegalArgumentException for a dtype other than F64, F32, F16 and BF16
   */
  static long firstNotFinite(DType dtype, MemorySegment data) {
    // Eight bytes at a time. All but the exponents is masked out, and an exponent's lowest bit
    // added.
    // That carries into the sign bit where the exponent is all ones, and never beyond it.
    long exponents =
        switch (dtype) {
          case F64 -> 0x7ff0_0000_0000_0000L;
          case F32 -> 0x7f80_0000_7f80_0000L;
          case F16 -> 0x7c00_7c00_7c00_7c00L;
          case BF16 -> 0x7f80_7f80_7f80_7f80L;
          default -> throw new IllegalArgumentException("not a dtype of weights: " + dtype);
        };
    long signs =
        switch (dtype) {
          case F64 -> 0x8000_0000_0000_0000L;
          case F32 -> 0x8000_0000_8000_0000L;
          default -> 0x8000_8000_8000_8000L;
        };
    long lowest = exponents & ~(exponents << 1);
    long size = data.byteSize();
    for (long begin = 0; begin < size; begin += BLOCK) {
      long end = Math.min(begin + BLOCK, size);
      long words = end - (end - begin) % Long.BYTES;
      long carried = 0;
      for (long offset = begin; offset < words; offset += Long.BYTES) {
        carried |= (data.get(LONG, offset) & exponents) + lowest;
      }
      if ((carried & signs) != 0 || words < end) {
        for (long offset = begin; offset < end; offset += dtype.bytes()) {
          long bits = bits(dtype, data, offset);
          if (((bits & exponents) + lowest & signs) != 0) {
            return offset / dtype.bytes();
          }
        }
      }
    }
    return -1;
  }

  /** One element's bits in the lowest lane; the lanes above are zero and so count as finite. */
  private static long bits(DType dtype, MemorySegment data, long offset) {
    return switch (dtype) {
      case F64 -> data.get(LONG, offset);
      case F32 -> Integer.toUnsignedLong(data.get(INT, offset));
      default -> Short.toUnsignedLong(data.get(SHORT, offset));
    };
  }

  /** " of layer 3" for a tensor of that layer; nothing for one that is of no layer. */
  private static String layer(String name) {
    return ModelFamily.layerOf(name).map(layer -> " of layer " + layer).orElse("");
  }

  private static String value(StoredTensor tensor, long element) {
    DType dtype = tensor.dtype();
    long bits = bits(dtype, tensor.data(), element * dtype.bytes());
    double value =
        switch (dtype) {
          case F64 -> Double.longBitsToDouble(bits);
          case F16 -> Float.float16ToFloat((short) bits);
          case BF16 -> Float.intBitsToFloat((int) bits << 16);
          default -> Float.intBitsToFloat((int) bits);
        };
    return Double.isNaN(value) ? "NaN" : value > 0 ? "infinite" : "minus infinite";
  }

  /** A flat index in C order as one index a dimension. */
  private static List<Long> index(List<Long> shape, long flat) {
    List<Long> index = new ArrayList<>();
    long rest = flat;
    for (long n : shape.reversed()) {
      index.add(rest % n);
      rest /= n;
    }
    return index.reversed();
  }
}
