package dev.homolog.core.kernels.vector;

/** Whether this JVM has the Vector API; the other classes of this package load only where it is. */
public final class VectorApi {
  /** Its module, which a JVM has only when told so. */
  public static final String MODULE = "jdk.incubator.vector";

  private VectorApi() {}

  /** Whether the module is there. */
  public static boolean isPresent() {
    return ModuleLayer.boot().findModule(MODULE).isPresent();
  }
}
