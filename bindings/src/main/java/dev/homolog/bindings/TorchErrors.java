package dev.homolog.bindings;

import dev.homolog.bindings.gen.torch.TorchC;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.ref.Reference;
import java.util.Arrays;
import java.util.StringJoiner;

/** Makes exceptions of libtorch's status codes, with its own text or the best substitute. */
final class TorchErrors {
  /**
   * Whether the library keeps the text of the last exception: torch 2.13 and newer. Tests switch it
   * off.
   */
  static volatile boolean hasText =
      SymbolLookup.loaderLookup().find("torch_exception_get_what_without_backtrace").isPresent();

  private TorchErrors() {}

  static void check(int status, String function) {
    check(status, function, null, null, null, null);
  }

  static void check(int status, String function, TorchTensor a) {
    check(status, function, a, null, null, null);
  }

  static void check(int status, String function, TorchTensor a, TorchTensor b) {
    check(status, function, a, b, null, null);
  }

  static void check(int status, String function, TorchTensor a, TorchTensor b, TorchTensor c) {
    check(status, function, a, b, c, null);
  }

  /**
   * Throws if the status is not 0. Called right after the native call with all tensors that it was
   * given: it also keeps them, and the memory they share, reachable until here.
   */
  static void check(
      int status, String function, TorchTensor a, TorchTensor b, TorchTensor c, TorchTensor d) {
    try {
      if (status != 0) {
        throw failure(status, function, a, b, c, d);
      }
    } finally {
      Reference.reachabilityFence(a);
      Reference.reachabilityFence(b);
      Reference.reachabilityFence(c);
      Reference.reachabilityFence(d);
    }
  }

  static NativeException failure(int status, String function, TorchTensor... tensors) {
    String text = text();
    return new NativeException(function, status, text != null ? text : substitute(tensors));
  }

  /** The text of the thread's last exception in one line; null if the library does not keep it. */
  static String text() {
    if (!hasText) {
      return null;
    }
    MemorySegment text = TorchC.torch_exception_get_what_without_backtrace();
    return text.address() == 0
        ? null
        : NativeText.read(text).strip().replaceAll("\\s*\\n\\s*", " ");
  }

  private static String substitute(TorchTensor... tensors) {
    StringJoiner arguments = new StringJoiner(", ");
    Arrays.stream(tensors)
        .filter(tensor -> tensor != null)
        .forEach(tensor -> arguments.add(tensor.toString()));
    return "libtorch before 2.13 writes the reason to stderr only"
        + (arguments.length() == 0 ? "" : "; arguments: " + arguments);
  }
}
