package dev.homolog.bindings.load;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The libtorch of this process.
 *
 * @param source where it was found
 * @param folder where its libraries are
 * @param version as its maker writes it, {@code 2.13.0-1.5.14} or {@code 2.10.0+cu128}
 * @param abi the version it reports itself
 * @param cuda what it has of CUDA, if that was loaded
 * @param refusals what was looked for and not taken, in order
 */
public record LoadedTorch(
    TorchSource source,
    Path folder,
    String version,
    Version abi,
    Optional<Cuda> cuda,
    List<Refusal> refusals) {

  /**
   * CUDA of this process.
   *
   * @param runtime the file of the CUDA runtime
   * @param gpus how many GPUs it sees, at least 1
   */
  public record Cuda(Path runtime, int gpus) {}

  public LoadedTorch {
    refusals = List.copyOf(refusals);
  }
}
