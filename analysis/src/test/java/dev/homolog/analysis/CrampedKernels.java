package dev.homolog.analysis;

import dev.homolog.core.kernels.Kernels;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.function.LongPredicate;

/** Kernels of the host in the guise of a device without room for matrices of some heights. */
final class CrampedKernels {
  private CrampedKernels() {}

  /** What such a device says. */
  static final class OutOfMemory extends RuntimeException {
    private static final long serialVersionUID = 1L;

    OutOfMemory() {
      super("empty failed with 1: CUDA out of memory");
    }
  }

  /**
   * @param tooHigh whether there is no room for so many rows
   */
  static Kernels over(Kernels host, LongPredicate tooHigh) {
    return (Kernels)
        Proxy.newProxyInstance(
            Kernels.class.getClassLoader(),
            new Class<?>[] {Kernels.class},
            (_, method, arguments) -> call(host, tooHigh, method, arguments));
  }

  private static Object call(Kernels host, LongPredicate tooHigh, Method method, Object[] arguments)
      throws Throwable {
    if (method.getName().equals("isOutOfDeviceMemory")) {
      return arguments[0] instanceof OutOfMemory;
    }
    if (method.getName().equals("allocate") && tooHigh.test((long) arguments[2])) {
      throw new OutOfMemory();
    }
    try {
      return method.invoke(host, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }
}
