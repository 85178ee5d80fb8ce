package dev.homolog.bindings.load;

import dev.homolog.bindings.gen.torch.TorchC;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * The functions of libtorch that must be there.
 *
 * <p>jextract makes one nested class a function: their names are the list, read without
 * initialising any of them.
 */
public final class TorchSymbols {
  /** Newer than {@link Version#MINIMUM}; the safe layer has a substitute for each. */
  private static final Set<String> OPTIONAL =
      Set.of(
          "torch_exception_get_what_without_backtrace",
          "torch_new_stable_ivalue",
          "torch_delete_stable_ivalue");

  private static final List<String> ALL =
      Arrays.stream(TorchC.class.getDeclaredClasses()).map(Class::getSimpleName).sorted().toList();

  private TorchSymbols() {}

  /** Needed of libtorch_cpu. */
  public static List<String> cpu() {
    return ALL.stream().filter(name -> !OPTIONAL.contains(name) && !isCuda(name)).toList();
  }

  /** Needed of libtorch_cuda. */
  public static List<String> cuda() {
    return ALL.stream().filter(TorchSymbols::isCuda).toList();
  }

  private static boolean isCuda(String name) {
    return name.contains("cuda") && !name.equals("aoti_torch_device_type_cuda");
  }
}
