package dev.homolog.core.checkpoint;

import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Pickles by hand. A character is a byte; of the opcodes, {@code X} strings and {@code J} numbers
 * have methods of their own, the others are written as they are.
 */
final class Pickles {
  static final String OPEN = "\u0080\2}(";
  static final String CLOSE = "u.";
  static final String HOOKS = "ccollections\nOrderedDict\n)R";

  private Pickles() {}

  static byte[] bytes(String pickle) {
    return pickle.getBytes(StandardCharsets.ISO_8859_1);
  }

  static String string(String text) {
    String utf8 = new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    return "X" + little(utf8.length(), 4) + utf8;
  }

  /** LONG1 of 8 bytes. */
  static String number(long value) {
    return "\u008a\10" + little(value, 8);
  }

  static String tuple(long... values) {
    StringBuilder result = new StringBuilder("(");
    for (long value : values) {
      result.append(number(value));
    }
    return result + "t";
  }

  /** A tensor of F32 over storage {@code key}. */
  static String tensor(String key, long elements, long offset, String shape, String strides) {
    return "ctorch._utils\n_rebuild_tensor_v2\n("
        + storage("ctorch\nFloatStorage\n", key, elements)
        + number(offset)
        + shape
        + strides
        + "\u0089"
        + HOOKS
        + "tR";
  }

  static String storage(String type, String key, long elements) {
    return "(" + string("storage") + type + string(key) + string("cpu") + number(elements) + "tQ";
  }

  /** A state dict with one entry. */
  static String dict(String name, String value) {
    return OPEN + string(name) + value + CLOSE;
  }

  static String little(long value, int bytes) {
    StringBuilder result = new StringBuilder();
    for (int i = 0; i < bytes; i++) {
      result.append((char) (value >>> 8 * i & 0xff));
    }
    return result.toString();
  }

  /** The file of a state dict of tensors in F32, as torch.save writes it. */
  static byte[] stateDict(Map<String, StoredTensor> tensors) {
    StringBuilder pickle = new StringBuilder(OPEN);
    StoredZip zip = new StoredZip();
    List<byte[]> contents = new ArrayList<>();
    tensors.forEach((name, tensor) -> {
      long[] shape = tensor.shape().stream().mapToLong(Long::longValue).toArray();
      long[] strides = new long[shape.length];
      long step = 1;
      for (int i = shape.length - 1; i >= 0; i--) {
        strides[i] = step;
        step *= shape[i];
      }
      String key = contents.size() + "";
      pickle.append(string(name));
      pickle.append(tensor(key, tensor.elements(), 0, tuple(shape), tuple(strides)));
      contents.add(tensor.data().toArray(ValueLayout.JAVA_BYTE));
    });
    zip.add("archive/data.pkl", bytes(pickle + CLOSE));
    zip.add("archive/byteorder", bytes("little"));
    for (int i = 0; i < contents.size(); i++) {
      zip.add("archive/data/" + i, contents.get(i));
    }
    zip.add("archive/version", bytes("3\n"));
    return zip.bytes();
  }

  /** The file that torch.save would write around a pickle, with storage 0 of 16 bytes. */
  static StoredZip archive(String pickle) {
    StoredZip zip = new StoredZip();
    zip.add("archive/data.pkl", bytes(pickle));
    zip.add("archive/byteorder", bytes("little"));
    zip.add("archive/data/0", new byte[16]);
    zip.add("archive/version", bytes("3\n"));
    return zip;
  }
}
