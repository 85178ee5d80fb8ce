package dev.homolog.bindings.load;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Looks for the driver of an NVIDIA GPU as files. Without one no CUDA library is loaded. */
final class CudaDriver {
  private static final List<String> DEVICES =
      List.of("/dev/nvidiactl", "/dev/nvidia0", "/dev/dxg", "/proc/driver/nvidia/version");
  private static final List<String> FOLDERS =
      List.of(
          "/usr/lib/x86_64-linux-gnu",
          "/usr/lib/aarch64-linux-gnu",
          "/usr/lib64",
          "/usr/lib",
          "/usr/lib/wsl/lib",
          "/usr/local/nvidia/lib64",
          "/run/opengl-driver/lib");

  private CudaDriver() {}

  /** Whether there are its devices, or its library where the system looks for it. */
  static boolean isThere(LoadOptions options) {
    List<String> folders = new ArrayList<>(FOLDERS);
    options
        .variable("LD_LIBRARY_PATH")
        .ifPresent(path -> folders.addAll(Arrays.asList(path.split(":", -1))));
    return DEVICES.stream().anyMatch(file -> Files.exists(Path.of(file)))
        || folders.stream()
            .filter(folder -> !folder.isBlank())
            .anyMatch(folder -> Files.exists(Path.of(folder, "libcuda.so.1")));
  }
}
