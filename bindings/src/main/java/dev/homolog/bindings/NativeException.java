package dev.homolog.bindings;

/** A native function said that it failed. */
public final class NativeException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String function;
  private final int code;
  private final String text;

  /**
   * @param function the C function, or the operator for one that was called through the dispatcher
   * @param code what it returned
   * @param text the library's own words, or the best substitute there is
   */
  public NativeException(String function, int code, String text) {
    super(function + " failed with " + code + ": " + text);
    this.function = function;
    this.code = code;
    this.text = text;
  }

  public String function() {
    return function;
  }

  public int code() {
    return code;
  }

  public String text() {
    return text;
  }

  /**
   * Whether memory was what it lacked, by the words of libtorch's allocators, of the CUDA runtime
   * and of cuBLAS. A libtorch before 2.13 keeps no words, so that nobody knows.
   */
  public boolean isOutOfMemory() {
    return text.contains("out of memory")
        || text.contains("can't allocate memory")
        || text.contains("CUBLAS_STATUS_ALLOC_FAILED");
  }
}
