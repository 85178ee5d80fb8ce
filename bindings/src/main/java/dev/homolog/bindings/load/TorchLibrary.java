package dev.homolog.bindings.load;

import dev.homolog.bindings.gen.torch.TorchC;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Finds and loads the one libtorch of this process. Any thread. */
public final class TorchLibrary {
  private static LoadedTorch loaded;

  /** What was being loaded when loading failed: parts of it stay in the process. */
  private static Path broken;

  private final LoadOptions options;
  private final List<Refusal> refusals = new ArrayList<>();

  private TorchLibrary(LoadOptions options) {
    this.options = options;
  }

  /**
   * Loads a libtorch, or gives the one that this process has if it serves.
   *
   * @throws NativeUnavailableException with the reason of every refusal, if none can be used
   */
  public static synchronized LoadedTorch load(LoadOptions options) {
    if (loaded != null) {
      requireServes(options);
      return loaded;
    }
    loaded = new TorchLibrary(options).search();
    return loaded;
  }

  private static void requireServes(LoadOptions options) {
    if (options.gpu() == GpuUse.REQUIRED && loaded.cuda().isEmpty()) {
      throw new NativeUnavailableException(
          new Refusal(
              "CUDA",
              loaded.folder().toString(),
              "this process has loaded a libtorch without it",
              ""));
    }
    forced(options)
        .ifPresent(candidate -> {
          Path folder = candidate.folder().toAbsolutePath().normalize();
          if (!loaded.folder().startsWith(folder)) {
            throw new NativeUnavailableException(
                new Refusal(
                    candidate.source().label(),
                    folder.toString(),
                    "this process has already loaded the libtorch of " + loaded.folder(),
                    ""));
          }
        });
  }

  private record Candidate(TorchSource source, Path folder) {}

  private static Optional<Candidate> forced(LoadOptions options) {
    return options
        .libtorch()
        .map(path -> new Candidate(TorchSource.OPTION, path))
        .or(() ->
            options
                .variable("HOMOLOG_LIBTORCH")
                .map(path -> new Candidate(TorchSource.VARIABLE, Path.of(path))));
  }

  private LoadedTorch search() {
    try {
      requireNativeAccess();
    } catch (RefusedException e) {
      throw new NativeUnavailableException(e.of("native access"));
    }
    Optional<Candidate> forced = forced(options);
    Optional<LoadedTorch> found = forced.isPresent() ? take(forced.get()) : choose();
    return found.orElseThrow(() -> new NativeUnavailableException(refusals));
  }

  /** The one that the user named, with CUDA if it can have it. */
  private Optional<LoadedTorch> take(Candidate candidate) {
    try {
      TorchFiles files = InstalledTorch.inspect(candidate.source(), candidate.folder());
      Optional<LoadedTorch> withCuda = loadWithCuda(files);
      if (withCuda.isPresent() || options.gpu() == GpuUse.REQUIRED) {
        return withCuda;
      }
      return Optional.of(loadForCpu(files));
    } catch (RefusedException e) {
      refusals.add(e.of(candidate.source().label()));
      return Optional.empty();
    }
  }

  /** An installed one with a GPU, else the embedded one, else an installed one. */
  private Optional<LoadedTorch> choose() {
    List<TorchFiles> installed = installed();
    for (TorchFiles files : installed) {
      Optional<LoadedTorch> withCuda = loadWithCuda(files);
      if (withCuda.isPresent()) {
        return withCuda;
      }
    }
    if (options.gpu() == GpuUse.REQUIRED) {
      refusals.add(
          new Refusal(
              TorchSource.EMBEDDED.label(),
              "",
              "has no CUDA",
              "install PyTorch with CUDA and name it with --libtorch"));
      return Optional.empty();
    }
    try {
      ClassLoader loader = TorchLibrary.class.getClassLoader();
      return Optional.of(loadForCpu(EmbeddedTorch.find(options, loader)));
    } catch (RefusedException e) {
      refusals.add(e.of(TorchSource.EMBEDDED.label()));
    }
    for (TorchFiles files : installed) {
      try {
        return Optional.of(loadForCpu(files));
      } catch (RefusedException e) {
        refusals.add(e.of(files.source().label()));
      }
    }
    return Optional.empty();
  }

  private List<TorchFiles> installed() {
    List<TorchFiles> installed = new ArrayList<>();
    for (TorchSource source : List.of(TorchSource.VIRTUAL_ENV, TorchSource.CONDA)) {
      Optional<String> environment = options.variable(source.label());
      if (environment.isPresent()) {
        try {
          installed.add(InstalledTorch.inEnvironment(source, Path.of(environment.get())));
        } catch (RefusedException e) {
          refusals.add(e.of(source.label()));
        }
      }
    }
    return installed;
  }

  /** Loads this one with CUDA if it has it and there is a GPU; else notes why not. */
  private Optional<LoadedTorch> loadWithCuda(TorchFiles files) {
    if (options.gpu() == GpuUse.NEVER) {
      return Optional.empty();
    }
    try {
      if (!files.hasCuda()) {
        throw new RefusedException(
            files.folder(), "built without CUDA", "install a PyTorch with CUDA to use a GPU");
      }
      CudaProbe.Gpus gpus = CudaProbe.probe(files, options);
      InstalledTorch.requireSymbols(files.torchCuda(), TorchSymbols.cuda(), files.version());
      loadAll(files, files.torchCuda());
      requireCublas(files);
      return Optional.of(
          verified(files, Optional.of(new LoadedTorch.Cuda(gpus.runtime(), gpus.count()))));
    } catch (RefusedException e) {
      refusals.add(e.of(files.source().label() + ", CUDA"));
      return Optional.empty();
    }
  }

  /** cuBLAS comes with libtorch_cuda, which needs it; where it is linked in, the one beside it. */
  private void requireCublas(TorchFiles files) throws RefusedException {
    if (SymbolLookup.loaderLookup().find("cublasGemmEx").isPresent()) {
      return;
    }
    Path cublas = CudaProbe.find("libcublas.so", files, options);
    if (cublas == null) {
      throw new RefusedException(
          files.folder(),
          "no cuBLAS beside this PyTorch or on the system",
          "install nvidia-cublas");
    }
    loadFile(cublas);
  }

  private LoadedTorch loadForCpu(TorchFiles files) throws RefusedException {
    loadAll(files, null);
    return verified(files, Optional.empty());
  }

  private static void loadAll(TorchFiles files, Path first) throws RefusedException {
    if (broken != null && !broken.equals(files.folder())) {
      throw new RefusedException(
          files.folder(), "parts of the libtorch of " + broken + " are in this process", "");
    }
    if (first != null) {
      // It pulls in libtorch_cpu; if it fails, the dynamic linker takes all of it back.
      loadFile(first);
    }
    for (Path library : files.libraries()) {
      loadFile(library);
      broken = files.folder();
    }
    broken = null;
  }

  /** What must hold before any generated class is used. */
  private LoadedTorch verified(TorchFiles files, Optional<LoadedTorch.Cuda> cuda)
      throws RefusedException {
    broken = files.folder();
    SymbolLookup lookup = SymbolLookup.loaderLookup();
    List<String> needed = new ArrayList<>(TorchSymbols.cpu());
    if (cuda.isPresent()) {
      needed.addAll(TorchSymbols.cuda());
    }
    for (String symbol : needed) {
      if (lookup.find(symbol).isEmpty()) {
        throw new RefusedException(files.folder(), "was loaded but has no function " + symbol, "");
      }
    }
    Version abi = Version.ofAbi(TorchC.aoti_torch_abi_version());
    if (abi.compareTo(Version.MINIMUM) < 0) {
      throw new RefusedException(
          files.folder(),
          "libtorch " + abi + " is older than " + Version.MINIMUM,
          "install PyTorch " + Version.MINIMUM + " or newer");
    }
    broken = null;
    String version = files.version().equals("unknown") ? abi.toString() : files.version();
    return new LoadedTorch(files.source(), files.folder(), version, abi, cuda, refusals);
  }

  private static void requireNativeAccess() throws RefusedException {
    Module module = TorchLibrary.class.getModule();
    if (!module.isNativeAccessEnabled()) {
      String name = module.isNamed() ? module.getName() : "ALL-UNNAMED";
      throw new RefusedException(
          "",
          "not granted to " + (module.isNamed() ? "module " + name : "the class path"),
          "run java with --enable-native-access=" + name);
    }
  }

  /** Loads a library for the life of the process; the dynamic linker's own words if it cannot. */
  static void loadFile(Path library) throws RefusedException {
    try {
      System.load(library.toAbsolutePath().toString());
    } catch (UnsatisfiedLinkError e) {
      String text = String.valueOf(e.getMessage());
      String prefix = library.toAbsolutePath() + ": ";
      throw new RefusedException(
          library,
          "cannot be loaded: " + (text.startsWith(prefix) ? text.substring(prefix.length()) : text),
          "install what it needs beside it, or name another libtorch with --libtorch");
    }
  }
}
