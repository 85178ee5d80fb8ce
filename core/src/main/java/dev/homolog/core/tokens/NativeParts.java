package dev.homolog.core.tokens;

import com.github.luben.zstd.util.ZstdVersion;
import dev.homolog.bindings.files.CacheFolder;
import dev.homolog.bindings.files.UserFolders;
import dev.homolog.bindings.load.LibraryCache;
import dev.homolog.core.HomologException;
import java.io.IOException;
import java.net.URL;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The native parts of libraries, unpacked once into Homolog's cache folder with the same care as
 * libtorch. Left to themselves, the libraries unpack into the temporary folder on each run, or load
 * whatever lies in a cache.
 */
enum NativeParts {
  /** Hugging Face's tokenizers, as DJL brings them. */
  TOKENIZER("the tokenizer", "RUST_LIBRARY_PATH") {
    @Override
    Optional<String> resource() {
      return linux("x86_64").map(arch -> "/native/lib/linux-" + arch + "/cpu/libtokenizers.so");
    }
  },

  /** zstd, as zstd-jni brings it. */
  ZSTD("zstd", "ZstdNativePath") {
    @Override
    Optional<String> resource() {
      return linux("amd64")
          .map(arch -> "/linux/" + arch + "/libzstd-jni-" + ZstdVersion.VERSION + ".so");
    }
  };

  private static final String REMEDY =
      "; set HOMOLOG_CACHE to a folder of your own that programs may be run from";

  private final String title;
  private final String property;

  NativeParts(String title, String property) {
    this.title = title;
    this.property = property;
  }

  /** Where the jar has it; empty on systems where the library is left to itself. */
  abstract Optional<String> resource();

  /**
   * Unpacks it and tells the library where it is, unless the user has.
   *
   * @param owner a class of the library; it is not initialised
   * @throws HomologException if it cannot be unpacked
   */
  void provide(Class<?> owner) {
    Optional<URL> source = resource().map(owner::getResource);
    if (System.getProperty(property) != null) {
      return;
    }
    if (source.isEmpty()) {
      leave();
      return;
    }
    String path = source.get().getPath();
    String name = path.substring(path.lastIndexOf('/') + 1);
    try {
      Optional<LibraryCache.Entry> entry = LibraryCache.Entry.of(name, source.get());
      if (entry.isPresent()) {
        Path cache = cache();
        leave();
        String folder = folder(entry.get());
        Path made = new LibraryCache(cache).provide(folder, List.of(entry.get()));
        setIfAbsent(property, made.resolve(name).toString());
      }
    } catch (IOException e) {
      throw unpacking(e);
    }
  }

  private static Path cache() throws IOException {
    return CacheFolder.find(UserFolders.ofProcess(), Path.of(System.getProperty("java.io.tmpdir")));
  }

  /** Whatever DJL writes by itself, on some systems its library, goes to the same folder. */
  private void leave() {
    try {
      if (this == TOKENIZER) {
        setIfAbsent("DJL_CACHE_DIR", cache().toString());
      }
    } catch (IOException e) {
      throw unpacking(e);
    }
  }

  private HomologException unpacking(IOException e) {
    return new HomologException(
        title + "'s native part cannot be unpacked: " + CacheFolder.describe(e) + REMEDY, e);
  }

  private String folder(LibraryCache.Entry entry) {
    return name().toLowerCase(Locale.ROOT) + "-" + Long.toHexString(entry.crc());
  }

  /** What is told of a library that does not load. */
  HomologException failed(Throwable failure) {
    Throwable cause = failure;
    for (Throwable t = failure; t != null; t = t.getCause()) {
      cause = t;
    }
    String missing = String.valueOf(cause.getMessage()).replace('.', '/');
    for (String[] jar :
        new String[][] {{"org/slf4j/", "slf4j-api"}, {"com/google/gson/", "gson"}}) {
      if (missing.startsWith(jar[0])) {
        return new HomologException(
            title + " needs " + jar[1] + ", which is not there; add its jar", failure);
      }
    }
    return new HomologException(
        title + "'s native library does not load: " + cause.getMessage() + REMEDY, failure);
  }

  static void setIfAbsent(String property, String value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, value);
    }
  }

  /** The processor as a jar names it; empty on other systems than Linux. */
  private static Optional<String> linux(String amd64) {
    return switch (System.getProperty("os.name") + " " + System.getProperty("os.arch")) {
      case "Linux amd64", "Linux x86_64" -> Optional.of(amd64);
      case "Linux aarch64" -> Optional.of("aarch64");
      default -> Optional.empty();
    };
  }
}
