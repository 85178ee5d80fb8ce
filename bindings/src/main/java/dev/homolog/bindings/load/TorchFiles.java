package dev.homolog.bindings.load;

import java.nio.file.Path;
import java.util.List;

/**
 * A libtorch on disk that was inspected and not loaded yet.
 *
 * @param folder the folder of the libraries
 * @param version as its maker writes it
 * @param libraries what to load for the CPU, in order
 * @param torch the library of these that has the C functions
 * @param torchCuda the library with the CUDA functions, or null
 * @param cudaVersion the CUDA it was built for, or null if it does not say or has none
 */
record TorchFiles(
    TorchSource source,
    Path folder,
    String version,
    List<Path> libraries,
    Path torch,
    Path torchCuda,
    String cudaVersion) {

  boolean hasCuda() {
    return torchCuda != null;
  }
}
