package dev.homolog.bindings.load;

import dev.homolog.bindings.gen.cudart.CudartC;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Finds the CUDA runtime that belongs to a PyTorch, loads it, and counts the GPUs it sees. */
final class CudaProbe {
  /** The CUDA runtime and what it sees. */
  record Gpus(Path runtime, int count) {}

  private static final String DRIVER =
      "to use a GPU, its driver must be installed and visible to this process";

  private CudaProbe() {}

  /** Never returns zero GPUs: having none is a refusal with its reason. */
  static Gpus probe(TorchFiles torch, LoadOptions options) throws RefusedException {
    if (!CudaDriver.isThere(options)) {
      throw new RefusedException(
          torch.folder(),
          "no GPU: there is no NVIDIA driver, so no CUDA library is loaded",
          DRIVER);
    }
    Path runtime = find("libcudart.so", torch, options);
    if (runtime == null) {
      throw new RefusedException(
          torch.folder(),
          "no CUDA runtime (libcudart) beside this PyTorch or on the system",
          "install the nvidia-cuda-runtime package of this PyTorch");
    }
    List<String> functions =
        Arrays.stream(CudartC.class.getDeclaredClasses()).map(Class::getSimpleName).toList();
    InstalledTorch.requireSymbols(runtime, functions, torch.version());
    requireTrusted(torch, runtime);
    TorchLibrary.loadFile(runtime);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment count = arena.allocate(ValueLayout.JAVA_INT);
      int status = CudartC.cudaGetDeviceCount(count);
      if (status != 0) {
        MemorySegment words = CudartC.cudaGetErrorString(status);
        String text = words.address() == 0 ? "no text" : words.reinterpret(4096).getString(0);
        throw new RefusedException(
            runtime, String.format(Locale.ROOT, "no GPU: CUDA error %d, %s", status, text), DRIVER);
      }
      int gpus = count.get(ValueLayout.JAVA_INT, 0);
      if (gpus == 0) {
        throw new RefusedException(runtime, "no GPU: the CUDA runtime sees none", DRIVER);
      }
      return new Gpus(runtime, gpus);
    }
  }

  /**
   * Of an activated environment nothing is loaded that someone else could have written: the user
   * has not named the files. What PyTorch's CUDA library loads lies beside it or in {@code nvidia}.
   */
  private static void requireTrusted(TorchFiles torch, Path runtime) throws RefusedException {
    InstalledTorch.requireTrusted(torch, runtime);
    InstalledTorch.requireTrusted(torch, torch.torchCuda());
    for (Path vendor : list(torch.folder().resolve("../../nvidia").normalize(), "*")) {
      for (Path library : list(vendor.resolve("lib"), "*.so*")) {
        InstalledTorch.requireTrusted(torch, library);
      }
    }
  }

  /** A CUDA library of the major version that this PyTorch was built for; null if there is none. */
  static Path find(String stem, TorchFiles torch, LoadOptions options) {
    String version = torch.cudaVersion();
    String glob =
        version == null ? stem + ".[0-9]*" : stem + "." + version.replaceFirst("\\..*", "");
    for (Path folder : folders(torch, options)) {
      Path best = null;
      for (Path file : list(folder, glob)) {
        if (best == null || file.compareTo(best) > 0) {
          best = file;
        }
      }
      if (best != null) {
        return best;
      }
    }
    return null;
  }

  /** Where pip, conda and the system put CUDA's libraries, the nearest to this PyTorch first. */
  private static Set<Path> folders(TorchFiles torch, LoadOptions options) {
    Set<Path> folders = new LinkedHashSet<>();
    Path lib = torch.folder();
    folders.add(lib);
    Path packages = lib.resolve("../..").normalize();
    for (Path vendor : list(packages.resolve("nvidia"), "*")) {
      folders.add(vendor.resolve("lib"));
    }
    folders.add(packages.resolve("../..").normalize());
    for (String variable : List.of("CUDA_HOME", "CUDA_PATH")) {
      options.variable(variable).ifPresent(home -> folders.add(Path.of(home, "lib64")));
    }
    options
        .variable("LD_LIBRARY_PATH")
        .ifPresent(path ->
            Arrays.stream(path.split(":", -1))
                .filter(part -> !part.isBlank())
                .forEach(part -> folders.add(Path.of(part))));
    folders.add(Path.of("/usr/local/cuda/lib64"));
    folders.add(Path.of("/usr/lib/x86_64-linux-gnu"));
    folders.add(Path.of("/usr/lib64"));
    return folders;
  }

  private static List<Path> list(Path folder, String glob) {
    List<Path> found = new ArrayList<>();
    if (Files.isDirectory(folder)) {
      try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, glob)) {
        files.forEach(found::add);
      } catch (IOException e) {
        // A folder that cannot be listed holds nothing for us.
        return List.of();
      }
      found.sort(null);
    }
    return found;
  }
}
