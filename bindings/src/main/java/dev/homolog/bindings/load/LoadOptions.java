package dev.homolog.bindings.load;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * What to load.
 *
 * @param libtorch the folder of {@code --libtorch}, if given
 * @param environment the environment variables that are read
 * @param gpu what to do about GPUs
 */
public record LoadOptions(Optional<Path> libtorch, Map<String, String> environment, GpuUse gpu) {
  public LoadOptions {
    environment = Map.copyOf(environment);
  }

  /** The process's environment, and a GPU where there is one. */
  public static LoadOptions standard() {
    return new LoadOptions(Optional.empty(), System.getenv(), GpuUse.IF_PRESENT);
  }

  /** The same with another folder. */
  public LoadOptions withLibtorch(Path folder) {
    return new LoadOptions(Optional.of(folder), environment, gpu);
  }

  /** The same with another use of GPUs. */
  public LoadOptions withGpu(GpuUse use) {
    return new LoadOptions(libtorch, environment, use);
  }

  /** The value of a variable, absent if unset or empty. */
  Optional<String> variable(String name) {
    return Optional.ofNullable(environment.get(name)).filter(value -> !value.isBlank());
  }
}
