package dev.homolog.bindings;

/**
 * Where a tensor is.
 *
 * @param isCuda a GPU, else the CPU
 * @param index which GPU; -1 for the CPU
 */
public record Device(boolean isCuda, int index) {
  public static final Device CPU = new Device(false, -1);

  private static final int TYPE_CPU = 0;
  private static final int TYPE_CUDA = 1;

  public Device {
    if (isCuda ? index < 0 : index != -1) {
      throw new IllegalArgumentException("no device " + index);
    }
  }

  public static Device cuda(int index) {
    return new Device(true, index);
  }

  int type() {
    return isCuda ? TYPE_CUDA : TYPE_CPU;
  }

  static Device of(int type, int index) {
    if (type != TYPE_CPU && type != TYPE_CUDA) {
      throw new IllegalStateException("libtorch made a tensor on the device with code " + type);
    }
    return type == TYPE_CPU ? CPU : new Device(true, index);
  }

  @Override
  public String toString() {
    return isCuda ? "cuda:" + index : "cpu";
  }
}
