package dev.homolog.core.backend;

import dev.homolog.bindings.Torch;
import dev.homolog.bindings.load.LoadOptions;
import dev.homolog.bindings.load.LoadedTorch;
import dev.homolog.bindings.load.NativeUnavailableException;
import dev.homolog.bindings.load.Refusal;
import dev.homolog.core.kernels.vector.VectorApi;
import java.util.ArrayList;
import java.util.List;

/**
 * Something that kernels could run on, and what was found of it.
 *
 * @param good whether it can be used
 * @param what its name, such as "vector" or "libtorch"
 * @param text what was found; or why it cannot be used, and what to do
 */
public record Finding(boolean good, String what, String text) {

  /** All that this machine and this JVM have or lack, the best first. Loads libtorch if it can. */
  public static List<Finding> all(int threads) {
    List<Finding> findings = new ArrayList<>(libtorch());
    findings.add(vector(threads));
    findings.add(new Finding(true, "scalar", "always there; for checking"));
    try (var chosen = Backend.AUTO.open(threads).kernels()) {
      findings.add(new Finding(true, "auto", "takes " + chosen.name()));
    }
    return findings;
  }

  private static List<Finding> libtorch() {
    List<Finding> findings = new ArrayList<>();
    try {
      Torch torch = Torch.open(LoadOptions.standard());
      LoadedTorch library = torch.library();
      findings.add(
          new Finding(
              true,
              "torch",
              "libtorch "
                  + library.version()
                  + " ("
                  + library.source().label()
                  + ") in "
                  + library.folder()));
      library
          .cuda()
          .ifPresentOrElse(
              cuda ->
                  findings.add(
                      new Finding(
                          true, "cuda", cuda.gpus() + " GPU(s), runtime " + cuda.runtime())),
              () -> findings.add(new Finding(false, "cuda", withoutGpu(library))));
      library.refusals().forEach(refusal -> findings.add(refused(refusal)));
    } catch (NativeUnavailableException e) {
      findings.add(new Finding(false, "torch", "no libtorch can be used; see below"));
      e.refusals().forEach(refusal -> findings.add(refused(refusal)));
    }
    return findings;
  }

  private static String withoutGpu(LoadedTorch library) {
    return library.refusals().isEmpty()
        ? "this libtorch has no CUDA; for a GPU, name an installed PyTorch 2.10 or later that has it"
            + " with --libtorch or HOMOLOG_LIBTORCH"
        : "no GPU is used; see below";
  }

  private static Finding refused(Refusal refusal) {
    return new Finding(false, "", refusal.toString().replaceAll("\\s+", " "));
  }

  private static Finding vector(int threads) {
    if (!VectorApi.isPresent()) {
      return new Finding(
          false, "vector", "not there; start java with --add-modules " + VectorApi.MODULE);
    }
    try (var kernels = Backend.VECTOR.open(threads).kernels()) {
      return new Finding(true, "vector", kernels.description());
    }
  }
}
