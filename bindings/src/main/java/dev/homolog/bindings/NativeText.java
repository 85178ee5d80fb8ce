package dev.homolog.bindings;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/** Strings that native code lends. */
final class NativeText {
  private static final long MAX_BYTES = 1 << 16;

  private NativeText() {}

  /** A string that ends at a zero byte, read no further than that; words for a null pointer. */
  static String read(MemorySegment text) {
    if (text.address() == 0) {
      return "no text";
    }
    MemorySegment bytes = text.reinterpret(MAX_BYTES);
    long length = 0;
    while (length < MAX_BYTES && bytes.get(ValueLayout.JAVA_BYTE, length) != 0) {
      length++;
    }
    byte[] copy = bytes.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
    return new String(copy, StandardCharsets.UTF_8);
  }
}
