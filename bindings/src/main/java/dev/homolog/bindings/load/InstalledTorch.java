package dev.homolog.bindings.load;

import dev.homolog.bindings.files.Trust;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A PyTorch, or an unpacked libtorch, in a folder; read as files, no Python is run. */
final class InstalledTorch {
  private static final Pattern VERSION = Pattern.compile("(?m)^__version__ = '([^']+)'");
  private static final Pattern CUDA = Pattern.compile("(?m)^cuda\\b[^=\\n]*= '([^']+)'");
  private static final String INSTALL = "install PyTorch " + Version.MINIMUM + " or newer";

  private InstalledTorch() {}

  /**
   * Inspects a folder that may be {@code torch/lib}, {@code torch}, or what contains {@code lib}.
   */
  static TorchFiles inspect(TorchSource source, Path named) throws RefusedException {
    if (!Files.isDirectory(named)) {
      throw new RefusedException(named, "no such folder", "name the folder torch/lib of a PyTorch");
    }
    Path lib = libraries(named);
    Optional<String> text = read(lib.resolveSibling("version.py"));
    String version =
        first(VERSION, text).or(() -> read(lib.resolveSibling("build-version"))).orElse("unknown");
    Optional<Version> parsed = Version.parse(version);
    if (parsed.isPresent() && parsed.get().compareTo(Version.MINIMUM) < 0) {
      throw new RefusedException(
          lib, "libtorch " + version + " is older than " + Version.MINIMUM, INSTALL);
    }
    Path torch = lib.resolve("libtorch_cpu.so");
    requireSymbols(torch, TorchSymbols.cpu(), version);
    Path torchCuda = lib.resolve("libtorch_cuda.so");
    return new TorchFiles(
        source,
        lib,
        version.strip(),
        List.of(torch),
        torch,
        Files.exists(torchCuda) ? torchCuda : null,
        first(CUDA, text).orElse(null));
  }

  private static Path libraries(Path named) throws RefusedException {
    for (Path folder : List.of(named, named.resolve("lib"), named.resolve("torch", "lib"))) {
      if (Files.exists(folder.resolve("libtorch_cpu.so"))) {
        return folder.toAbsolutePath().normalize();
      }
    }
    throw new RefusedException(
        named, "no libtorch_cpu.so in it", "name the folder torch/lib of a PyTorch");
  }

  /** The PyTorch of a Python environment; the first one if it has several Pythons. */
  static TorchFiles inEnvironment(TorchSource source, Path environment) throws RefusedException {
    Path library = environment.resolve("lib");
    if (Files.isDirectory(library)) {
      try (DirectoryStream<Path> pythons = Files.newDirectoryStream(library, "python3*")) {
        for (Path python : pythons) {
          Path torch = python.resolve("site-packages").resolve("torch");
          if (Files.isDirectory(torch.resolve("lib"))) {
            TorchFiles files = inspect(source, torch.resolve("lib"));
            requireTrusted(files, files.folder());
            for (Path file : files.libraries()) {
              requireTrusted(files, file);
            }
            return files;
          }
        }
      } catch (IOException e) {
        throw new RefusedException(library, "cannot be read: " + EmbeddedTorch.describe(e), "");
      }
    }
    throw new RefusedException(
        environment, "no PyTorch is installed in it", "pip install torch, if it is to be used");
  }

  /**
   * Refuses a file of an activated environment that another user could have written. What the user
   * names with a flag or a variable of ours is the user's word.
   */
  static void requireTrusted(TorchFiles torch, Path file) throws RefusedException {
    if (torch.source() != TorchSource.VIRTUAL_ENV && torch.source() != TorchSource.CONDA) {
      return;
    }
    Optional<String> refusal = Trust.refusal(file);
    if (refusal.isPresent()) {
      throw new RefusedException(
          file,
          "not loaded: " + refusal.get(),
          "take away the right to write, or name the folder with --libtorch if you trust it");
    }
  }

  /** Refuses a library that lacks a function, naming the first. */
  static void requireSymbols(Path library, List<String> needed, String version)
      throws RefusedException {
    List<String> missing;
    try (ElfSymbols symbols = new ElfSymbols(library)) {
      missing = symbols.missing(needed);
    } catch (IOException e) {
      throw new RefusedException(library, EmbeddedTorch.describe(e), INSTALL);
    }
    if (!missing.isEmpty()) {
      throw new RefusedException(
          library,
          String.format(
              Locale.ROOT,
              "libtorch %s has no function %s%s",
              version.strip(),
              missing.getFirst(),
              missing.size() == 1 ? "" : " (nor " + (missing.size() - 1) + " more)"),
          INSTALL);
    }
  }

  private static Optional<String> first(Pattern pattern, Optional<String> text) {
    return text.map(pattern::matcher).filter(Matcher::find).map(matcher -> matcher.group(1));
  }

  private static Optional<String> read(Path file) {
    try {
      return Optional.of(Files.readString(file, StandardCharsets.ISO_8859_1));
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
