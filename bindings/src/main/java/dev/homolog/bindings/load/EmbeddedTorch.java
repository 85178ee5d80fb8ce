package dev.homolog.bindings.load;

import dev.homolog.bindings.files.CacheFolder;
import dev.homolog.bindings.files.UserFolders;
import java.io.IOException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.zip.CRC32;

/**
 * The libtorch of Maven Central, found as resources of the class path and unpacked into the user's
 * cache.
 *
 * <p>It has no CUDA. Its libraries do not find one another, so they are loaded one by one, each
 * after those it needs.
 */
final class EmbeddedTorch {
  private static final String PLATFORM = "linux-x86_64";
  private static final String TORCH = "org/bytedeco/pytorch/" + PLATFORM + "/";
  private static final String BLAS = "org/bytedeco/openblas/" + PLATFORM + "/";

  /** In the order of loading. */
  private static final List<String> LIBRARIES =
      List.of(
          BLAS + "libquadmath.so.0",
          BLAS + "libgfortran.so.5",
          BLAS + "libopenblas.so.0",
          TORCH + "libc10.so",
          TORCH + "libgomp.so.1",
          TORCH + "libtorch_cpu.so");

  private static final String POM = "META-INF/maven/org.bytedeco/pytorch/pom.properties";
  private static final String ADVICE =
      "use the flavour of Homolog that brings libtorch, or name an installed PyTorch with"
          + " --libtorch";

  private EmbeddedTorch() {}

  /** Unpacks if needed and gives the libraries in the order of loading. */
  static TorchFiles find(LoadOptions options, ClassLoader loader) throws RefusedException {
    String os = System.getProperty("os.name");
    String arch = System.getProperty("os.arch");
    if (!os.equals("Linux") || !(arch.equals("amd64") || arch.equals("x86_64"))) {
      throw new RefusedException("", "none for " + os + " on " + arch, ADVICE);
    }
    List<LibraryCache.Entry> entries = new ArrayList<>();
    CRC32 all = new CRC32();
    for (String library : LIBRARIES) {
      LibraryCache.Entry entry = entry(library, loader);
      all.update((entry.name() + entry.crc()).getBytes(StandardCharsets.UTF_8));
      entries.add(entry);
    }
    String version = version(loader);
    Path cache = cacheFolder(options);
    Path folder;
    try {
      String name =
          String.format(Locale.ROOT, "libtorch-%s-%s-%08x", version, PLATFORM, all.getValue());
      Path made = CacheFolder.named(user(options), temporary());
      folder = new LibraryCache(made).provide(name, entries);
    } catch (IOException e) {
      throw new RefusedException(
          cache,
          "cannot unpack it: " + describe(e),
          "set HOMOLOG_CACHE to a folder that can be written and has 450 MB free, or name an"
              + " installed PyTorch with --libtorch");
    }
    List<Path> libraries = entries.stream().map(entry -> folder.resolve(entry.name())).toList();
    return new TorchFiles(
        TorchSource.EMBEDDED, folder, version, libraries, libraries.getLast(), null, null);
  }

  /** The folder that {@link CacheFolder} makes. */
  static Path cacheFolder(LoadOptions options) {
    return user(options).homologCache().orElseGet(EmbeddedTorch::temporary);
  }

  private static UserFolders user(LoadOptions options) {
    return new UserFolders(options.environment(), System.getProperty("user.home", ""));
  }

  private static Path temporary() {
    return Path.of(System.getProperty("java.io.tmpdir"));
  }

  private static LibraryCache.Entry entry(String resource, ClassLoader loader)
      throws RefusedException {
    URL url = loader.getResource(resource);
    if (url == null) {
      throw new RefusedException(
          "",
          "not part of this Homolog (no "
              + resource.substring(resource.lastIndexOf('/') + 1)
              + " on the class path)",
          ADVICE);
    }
    String name = resource.substring(resource.lastIndexOf('/') + 1);
    try {
      return LibraryCache.Entry.of(name, url)
          .orElseThrow(() -> new RefusedException(url.toString(), "is not in a jar", ADVICE));
    } catch (IOException e) {
      throw new RefusedException(url.toString(), "cannot be read: " + describe(e), ADVICE);
    }
  }

  private static String version(ClassLoader loader) throws RefusedException {
    URL url = loader.getResource(POM);
    try (var in = url == null ? null : url.openStream()) {
      if (in != null) {
        Properties properties = new Properties();
        properties.load(in);
        return properties.getProperty("version", "unknown");
      }
    } catch (IOException e) {
      throw new RefusedException(url.toString(), "cannot be read: " + describe(e), ADVICE);
    }
    throw new RefusedException("", "its jar does not say its version", ADVICE);
  }

  /** One line: the file system's exceptions say only a path. */
  static String describe(IOException e) {
    return CacheFolder.describe(e);
  }
}
