package dev.homolog.bindings;

/**
 * Element types of tensors, with libtorch's codes; {@link Torch#open} checks that the library
 * agrees.
 */
public enum ScalarType {
  UINT8(0, 1),
  INT32(3, 4),
  INT64(4, 8),
  FLOAT16(5, 2),
  FLOAT32(6, 4),
  FLOAT64(7, 8),
  BOOL(11, 1),
  BFLOAT16(15, 2);

  private static final ScalarType[] BY_CODE = new ScalarType[16];

  static {
    for (ScalarType dtype : values()) {
      BY_CODE[dtype.code] = dtype;
    }
  }

  private final int code;
  private final int bytes;

  ScalarType(int code, int bytes) {
    this.code = code;
    this.bytes = bytes;
  }

  int code() {
    return code;
  }

  /** Size of one element in bytes. */
  public int bytes() {
    return bytes;
  }

  static ScalarType ofCode(int code) {
    ScalarType found = code >= 0 && code < BY_CODE.length ? BY_CODE[code] : null;
    if (found == null) {
      throw new IllegalStateException("libtorch made a tensor of the dtype with code " + code);
    }
    return found;
  }
}
