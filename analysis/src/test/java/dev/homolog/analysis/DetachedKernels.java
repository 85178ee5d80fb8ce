package dev.homolog.analysis;

import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.kernels.LogitAdjustment;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.Arena;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Arrays;

/**
 * Kernels of the host in the guise of a device: what they allocate cannot be touched by Java, so
 * that a measurement that reaches into a tensor, as it could not on a GPU, fails.
 */
public final class DetachedKernels {
  private DetachedKernels() {}

  public static Kernels over(Kernels host) {
    return (Kernels)
        Proxy.newProxyInstance(
            Kernels.class.getClassLoader(),
            new Class<?>[] {Kernels.class},
            (proxy, method, arguments) -> call(host, (Kernels) proxy, method, arguments));
  }

  private static Object call(Kernels host, Kernels proxy, Method method, Object[] arguments)
      throws Throwable {
    if (method.getName().equals("allocate")) {
      return detached((Arena) arguments[0], (DType) arguments[1], arguments);
    }
    if (method.getName().equals("toHost") || method.getName().equals("fromHost")) {
      return java.lang.reflect.InvocationHandler.invokeDefault(proxy, method, arguments);
    }
    Object[] there =
        arguments == null
            ? null
            : Arrays.stream(arguments).map(DetachedKernels::attached).toArray();
    try {
      return method.invoke(host, there);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  private static Tensor detached(Arena arena, DType dtype, Object[] arguments) {
    long rows = (long) arguments[2];
    long cols = (long) arguments[3];
    return Tensor.onDevice(Tensor.allocate(arena, dtype, rows, cols), dtype, rows, cols);
  }

  private static Object attached(Object argument) {
    return switch (argument) {
      case Tensor tensor when !tensor.onHost() -> attached(tensor);
      case Kernels.Columns columns ->
          new Kernels.Columns(attached(columns.mean()), attached(columns.inverse()));
      case LogitAdjustment by ->
          new LogitAdjustment(
              (Tensor) attached((Object) by.scale()),
              (Tensor) attached((Object) by.along()),
              (Tensor) attached((Object) by.direction()));
      case null -> null;
      default -> argument;
    };
  }

  /** The same view of the host tensor that stands for the device's memory. */
  private static Tensor attached(Tensor view) {
    Tensor root = (Tensor) view.root();
    boolean turned = view.colStride() != 1 && view.rowStride() == 1;
    Tensor upright = turned ? view.transposed() : view;
    long row = upright.origin() / root.cols();
    long col = upright.origin() % root.cols();
    Tensor part = root.rows(row, row + upright.rows()).columns(col, col + upright.cols());
    return turned ? part.transposed() : part;
  }
}
