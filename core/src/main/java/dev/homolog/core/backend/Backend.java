package dev.homolog.core.backend;

import dev.homolog.bindings.Torch;
import dev.homolog.bindings.load.GpuUse;
import dev.homolog.bindings.load.LoadOptions;
import dev.homolog.bindings.load.LoadedTorch;
import dev.homolog.bindings.load.NativeUnavailableException;
import dev.homolog.bindings.load.Refusal;
import dev.homolog.bindings.load.TorchSource;
import dev.homolog.core.HomologException;
import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.kernels.Precision;
import dev.homolog.core.kernels.scalar.ScalarKernels;
import dev.homolog.core.kernels.torch.TorchKernels;
import dev.homolog.core.kernels.vector.VectorApi;
import dev.homolog.core.kernels.vector.VectorKernels;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** The kinds of kernels by their names on the command line, and the choice among them. */
public enum Backend {
  /** The best that this machine and this JVM have: the first of the others that can run. */
  AUTO,
  /** libtorch and cuBLAS on the first GPU. */
  CUDA,
  /** libtorch on the CPU. */
  TORCH,
  /** The Vector API on the CPU. */
  VECTOR,
  /** Plain loops in double precision, for checking. */
  SCALAR;

  /**
   * How a backend is to run.
   *
   * @param threads how many threads compute
   * @param libtorch folder of the libtorch to take; if absent, the usual places are looked at
   * @param precision of matrix products
   */
  public record Settings(int threads, Optional<Path> libtorch, Precision precision) {
    /** More than the cores of any machine; each takes memory of its own. */
    public static final int MOST_THREADS = 1024;

    public Settings {
      InputException.requireRange(InputOption.THREADS, threads, 1, MOST_THREADS);
    }
  }

  /**
   * Kernels that are ready to run.
   *
   * @param reason why these, in one line
   */
  public record Choice(Kernels kernels, String reason) {
    /** The line that every run prints. */
    public String line() {
      return kernels.description() + " (" + reason + ")";
    }
  }

  /**
   * The backend of that name.
   *
   * @throws InputException if there is none; the message lists the names
   */
  public static Backend parse(String name) {
    return InputException.requireNamed(InputOption.BACKEND, "backend", values(), name);
  }

  /** As the method below, in single precision with whatever libtorch is found. */
  public Choice open(int threads) {
    return open(new Settings(threads, Optional.empty(), Precision.FP32));
  }

  /**
   * Kernels of this backend. A backend asked for by name is used or refused; only {@link #AUTO}
   * looks further, and says why it took what it took.
   *
   * @throws HomologException if it cannot run here; the message says what to do
   */
  public Choice open(Settings settings) {
    if (settings.libtorch().isPresent() && (this == VECTOR || this == SCALAR)) {
      throw new InputException(
          InputOption.LIBTORCH, "the backend " + this + " has no use for it", "leave it out");
    }
    Choice choice =
        switch (this) {
          case SCALAR -> new Choice(new ScalarKernels(), BY_NAME);
          case VECTOR -> {
            requireVector();
            yield new Choice(new VectorKernels(settings.threads()), BY_NAME);
          }
          case TORCH ->
              new Choice(
                  TorchKernels.cpu(torch(settings, GpuUse.NEVER), settings.threads()), BY_NAME);
          case CUDA -> new Choice(cuda(torch(settings, GpuUse.REQUIRED), settings), BY_NAME);
          case AUTO -> best(settings);
        };
    if (settings.precision() == Precision.BF16 && !choice.kernels().name().equals("cuda")) {
      choice.kernels().close();
      throw new InputException(
          InputOption.PRECISION,
          "bf16 needs a GPU, and the backend is " + choice.kernels().name(),
          "leave it out, or give --backend cuda");
    }
    return choice;
  }

  private static final String BY_NAME = "asked for by name";

  private static Choice best(Settings settings) {
    String without;
    try {
      Torch torch = Torch.open(options(settings, GpuUse.IF_PRESENT));
      if (torch.gpu().isPresent()) {
        return new Choice(cuda(torch, settings), "chosen automatically" + from(torch));
      }
      return new Choice(
          TorchKernels.cpu(torch, settings.threads()),
          "chosen automatically: no GPU was found" + withoutGpu(torch) + from(torch));
    } catch (NativeUnavailableException e) {
      if (settings.libtorch().isPresent()) {
        throw refused(InputOption.LIBTORCH.flag(), e);
      }
      without = "chosen automatically: no libtorch was found, homolog doctor says why";
    }
    if (VectorApi.isPresent()) {
      return new Choice(new VectorKernels(settings.threads()), without);
    }
    return new Choice(
        new ScalarKernels(),
        "slow: the Vector API is missing; start java with --add-modules " + VectorApi.MODULE);
  }

  /** Where native code comes from that neither Homolog brings nor the user names by a flag. */
  private static String from(Torch torch) {
    LoadedTorch library = torch.library();
    if (library.source() == TorchSource.EMBEDDED || library.source() == TorchSource.OPTION) {
      return "";
    }
    String runtime = library.cuda().map(cuda -> ", " + cuda.runtime()).orElse("");
    return "; loaded through " + library.source().label() + ": " + library.folder() + runtime;
  }

  /** What was found in an activated environment and not loaded. */
  private static String withoutGpu(Torch torch) {
    return torch.library().refusals().stream()
        .filter(refusal -> refusal.reason().startsWith("not loaded: "))
        .map(
            refusal -> ", " + (refusal.where() + " is " + refusal.reason()).replaceAll("\\s+", " "))
        .findFirst()
        .orElse("");
  }

  private Torch torch(Settings settings, GpuUse gpu) {
    try {
      return Torch.open(options(settings, gpu));
    } catch (NativeUnavailableException e) {
      throw refused(InputOption.BACKEND.flag() + " " + this, e);
    }
  }

  private static TorchKernels cuda(Torch torch, Settings settings) {
    return TorchKernels.cuda(torch, settings.precision(), settings.threads());
  }

  private static LoadOptions options(Settings settings, GpuUse gpu) {
    LoadOptions options = LoadOptions.standard().withGpu(gpu);
    return settings.libtorch().map(options::withLibtorch).orElse(options);
  }

  /** One line from all reasons. */
  private static HomologException refused(String flag, NativeUnavailableException e) {
    String reasons = e.refusals().stream().map(Refusal::toString).collect(Collectors.joining("; "));
    return new HomologException(flag + ": " + reasons.replace('\n', ' '), e);
  }

  private static void requireVector() {
    if (!VectorApi.isPresent()) {
      throw InputException.ofValue(
          InputOption.BACKEND,
          VECTOR,
          "this JVM does not have the Vector API",
          "start java with --add-modules " + VectorApi.MODULE);
    }
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
