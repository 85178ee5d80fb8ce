package dev.homolog.core.tokens;

import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** How a token id is stored in a file, little-endian. */
public enum TokenType {
  /** Two bytes without sign, which hold the ids of GPT-2. */
  UINT16(2),
  /** Four bytes without sign. */
  UINT32(4),
  /** Four bytes. */
  INT32(4),
  /** Eight bytes. */
  INT64(8);

  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final int bytes;

  TokenType(int bytes) {
    this.bytes = bytes;
  }

  /** Bytes of an id. */
  public int bytes() {
    return bytes;
  }

  /**
   * The type of that name, such as {@code uint16}.
   *
   * @throws InputException if there is none
   */
  public static TokenType parse(String name) {
    for (TokenType type : values()) {
      if (type.toString().equals(name)) {
        return type;
      }
    }
    throw new InputException(
        InputOption.DTYPE,
        name + " is no type of token ids",
        "give "
            + Arrays.stream(values()).map(TokenType::toString).collect(Collectors.joining(", ")));
  }

  /** The id at a place that is counted in ids. */
  long at(MemorySegment data, long index) {
    long offset = index * bytes;
    return switch (this) {
      case UINT16 -> data.get(SHORT, offset) & 0xFFFF;
      case UINT32 -> data.get(INT, offset) & 0xFFFF_FFFFL;
      case INT32 -> data.get(INT, offset);
      case INT64 -> data.get(LONG, offset);
    };
  }

  /** The name in NumPy. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
