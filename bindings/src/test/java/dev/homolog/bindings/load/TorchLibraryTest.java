package dev.homolog.bindings.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.bindings.Torch;
import dev.homolog.bindings.gen.cudart.CudartC;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.JarURLConnection;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Loading in processes of their own, as a user would meet it: what is taken, and how each refusal
 * reads.
 */
class TorchLibraryTest {
  private static final Path CACHE =
      Path.of(System.getProperty("homolog.testCache", "target/cache"));
  private static final String NATIVE = "--enable-native-access=ALL-UNNAMED";

  @TempDir Path folder;

  /** One run of LoadMain. */
  private final class Run {
    private final List<String> options = new ArrayList<>(List.of("-Xmx256m", NATIVE));
    private final List<String> arguments = new ArrayList<>();
    private final Map<String, String> environment = new java.util.HashMap<>();
    private boolean embedded = true;

    Run() {
      environment.put("HOMOLOG_CACHE", CACHE.toAbsolutePath().toString());
    }

    Run with(String variable, Object value) {
      environment.put(variable, value.toString());
      return this;
    }

    Run arguments(Object... values) {
      Stream.of(values).map(Object::toString).forEach(arguments::add);
      return this;
    }

    Run withoutNativeAccess() {
      options.remove(NATIVE);
      options.add("--illegal-native-access=deny");
      return this;
    }

    Run withoutEmbedded() {
      embedded = false;
      return this;
    }

    Process start() throws IOException {
      List<String> command = new ArrayList<>();
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.addAll(options);
      command.addAll(List.of("-cp", classPath(embedded), LoadMain.class.getName()));
      command.addAll(arguments);
      ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
      for (String variable : List.of("HOMOLOG_LIBTORCH", "VIRTUAL_ENV", "CONDA_PREFIX")) {
        builder.environment().remove(variable);
      }
      builder.environment().putAll(environment);
      return builder.start();
    }

    List<String> output() throws IOException {
      return finish(start());
    }
  }

  private static List<String> finish(Process process) throws IOException {
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      assertEquals(0, process.waitFor(), text);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    return text.lines().toList();
  }

  private static String classPath(boolean embedded) throws IOException {
    try {
      List<String> parts = new ArrayList<>();
      parts.add(System.getProperty("homolog.testClasses", "target/test-classes"));
      parts.add(
          Path.of(TorchLibrary.class.getProtectionDomain().getCodeSource().getLocation().toURI())
              .toString());
      if (embedded) {
        for (String library :
            List.of("pytorch/linux-x86_64/libc10.so", "openblas/linux-x86_64/libopenblas.so.0")) {
          JarURLConnection connection =
              (JarURLConnection)
                  TorchLibrary.class
                      .getClassLoader()
                      .getResource("org/bytedeco/" + library)
                      .openConnection();
          parts.add(Path.of(connection.getJarFileURL().toURI()).toString());
        }
      }
      return String.join(":", parts);
    } catch (URISyntaxException e) {
      throw new IOException(e);
    }
  }

  private static void assertOne(List<String> output, String expected) {
    assertEquals(List.of(expected), output);
  }

  /** The environment of a PyTorch that has all functions and needs a library that is not there. */
  private Path brokenInstall(String version) throws IOException {
    Path torch = folder.resolve("venv/lib/python3.11/site-packages/torch");
    Files.createDirectories(torch.resolve("lib"));
    Files.writeString(torch.resolve("version.py"), "__version__ = '" + version + "'\n");
    FakeLibrary.writeNeeding(
        torch.resolve("lib/libtorch_cpu.so"), TorchSymbols.cpu(), "libnot-there.so.7");
    return folder.resolve("venv");
  }

  @Test
  void embeddedIsTheDefault() throws IOException {
    List<String> output = new Run().output();
    assertTrue(
        output.getFirst().startsWith("opened EMBEDDED " + CACHE.toAbsolutePath()),
        String.join("\n", output));
    assertEquals("handles 1 of float32[2]", output.getLast());
    assertEquals(2, output.size());
  }

  @Test
  void withoutEmbeddedAndWithoutPyTorch() throws IOException {
    assertOne(
        new Run().withoutEmbedded().output(),
        "unavailable embedded libtorch: not part of this Homolog (no libquadmath.so.0 on the class"
            + " path); use the flavour of Homolog that brings libtorch, or name an installed"
            + " PyTorch with --libtorch");
  }

  @Test
  void withoutNativeAccess() throws IOException {
    assertOne(
        new Run().withoutNativeAccess().output(),
        "unavailable native access: not granted to the class path; run java with"
            + " --enable-native-access=ALL-UNNAMED");
  }

  @Test
  void forcedFolderIsUsedOrTheRunStops() throws IOException {
    assertOne(
        new Run().arguments(folder.resolve("none")).output(),
        "unavailable --libtorch ("
            + folder.resolve("none")
            + "): no such folder; name the folder"
            + " torch/lib of a PyTorch");
    assertOne(
        new Run().with("HOMOLOG_LIBTORCH", folder).output(),
        "unavailable HOMOLOG_LIBTORCH ("
            + folder
            + "): no libtorch_cpu.so in it; name the folder"
            + " torch/lib of a PyTorch");
  }

  @Test
  void theDynamicLinkersWordsAreKept() throws IOException {
    Path torch = brokenInstall("2.10.0").resolve("lib/python3.11/site-packages/torch");
    List<String> output = new Run().arguments(torch).output();
    assertTrue(
        output
            .getLast()
            .contains(
                "cannot be loaded: libnot-there.so.7: cannot open shared object file: No such file"
                    + " or directory"),
        String.join("\n", output));
  }

  @Test
  void installedWithoutAGpuGivesWayToTheEmbedded() throws IOException {
    List<String> output = new Run().with("VIRTUAL_ENV", brokenInstall("2.10.0")).output();
    assertTrue(output.getFirst().startsWith("opened EMBEDDED"), String.join("\n", output));
    assertTrue(
        output.get(1).startsWith("refused VIRTUAL_ENV, CUDA (")
            && output
                .get(1)
                .endsWith("built without CUDA; install a PyTorch with CUDA to use a GPU"),
        output.get(1));
  }

  @Test
  void installedOfAnOldVersionIsRefused() throws IOException {
    List<String> output = new Run().with("CONDA_PREFIX", brokenInstall("2.8.0")).output();
    assertTrue(output.getFirst().startsWith("opened EMBEDDED"), String.join("\n", output));
    assertTrue(output.get(1).contains("libtorch 2.8.0 is older than 2.10"), output.get(1));
  }

  /** A PyTorch with CUDA whose runtime answers the question for GPUs with a status and no count. */
  private Path cudaInstall(int status) throws IOException {
    Path packages = folder.resolve("venv/lib/python3.11/site-packages");
    Path torch = packages.resolve("torch");
    Path runtime = packages.resolve("nvidia/cuda_runtime/lib");
    Files.createDirectories(torch.resolve("lib"));
    Files.createDirectories(runtime);
    Files.writeString(
        torch.resolve("version.py"), "__version__ = '2.11.0+cu128'\ncuda: str = '12.8'\n");
    FakeLibrary.write(torch.resolve("lib/libtorch_cpu.so"), TorchSymbols.cpu());
    FakeLibrary.write(torch.resolve("lib/libtorch_cuda.so"), TorchSymbols.cuda());
    List<String> functions =
        Stream.of(CudartC.class.getDeclaredClasses()).map(Class::getSimpleName).toList();
    FakeLibrary.writeReturning(
        runtime.resolve("libcudart.so.12"), functions, Map.of("cudaGetDeviceCount", status));
    return folder.resolve("venv");
  }

  /** A run on a machine that has the driver's library. */
  private Run withDriver() throws IOException {
    Path driver = Files.createDirectories(folder.resolve("driver"));
    Files.write(driver.resolve("libcuda.so.1"), new byte[0]);
    return new Run().with("LD_LIBRARY_PATH", driver);
  }

  /** The planted runtime would answer 35; that it is not asked shows that it is not loaded. */
  @Test
  void withoutADriverNoLibraryOfCudaIsLoaded() throws IOException {
    Assumptions.assumeFalse(CudaDriver.isThere(withEnvironment(Map.of())));
    List<String> output = new Run().with("VIRTUAL_ENV", cudaInstall(35)).output();
    assertTrue(output.getFirst().startsWith("opened EMBEDDED"), String.join("\n", output));
    assertTrue(output.get(1).contains("no GPU: there is no NVIDIA driver"), output.get(1));
  }

  @ParameterizedTest
  @CsvSource({
    "lib/python3.11/site-packages/nvidia/cuda_runtime/lib/libcudart.so.12",
    "lib/python3.11/site-packages/nvidia/cuda_runtime/lib",
    "lib/python3.11/site-packages/torch/lib/libtorch_cuda.so",
    "lib/python3.11/site-packages/torch/lib",
    "lib"
  })
  void whatOthersMayWriteToIsNotLoaded(String written) throws IOException {
    Path venv = cudaInstall(35);
    Files.setPosixFilePermissions(
        venv.resolve(written), PosixFilePermissions.fromString("rwxrwxrwx"));
    List<String> output = withDriver().with("CONDA_PREFIX", venv).output();
    assertTrue(output.getFirst().startsWith("opened EMBEDDED"), String.join("\n", output));
    assertTrue(
        output.get(1).contains("not loaded: others may write to " + venv.resolve(written)),
        output.get(1));
  }

  @Test
  void noDriverAndNoGpu() throws IOException {
    List<String> noDriver = withDriver().with("VIRTUAL_ENV", cudaInstall(35)).output();
    assertTrue(noDriver.getFirst().startsWith("opened EMBEDDED"), String.join("\n", noDriver));
    assertTrue(
        noDriver.get(1).contains("libcudart.so.12): no GPU: CUDA error 35, no text; to use a GPU"),
        noDriver.get(1));
    assertOne(
        withDriver()
            .arguments("gpu")
            .with("HOMOLOG_LIBTORCH", cudaInstall(0).resolve("lib/python3.11/site-packages/torch"))
            .output(),
        "unavailable HOMOLOG_LIBTORCH, CUDA ("
            + folder.resolve("venv/lib/python3.11/site-packages")
            + "/nvidia/cuda_runtime/lib/libcudart.so.12): no GPU: the CUDA runtime sees none; to"
            + " use a GPU, its driver must be installed and visible to this process");
  }

  @Test
  void cudaRuntimeThatIsNotThere() throws IOException {
    Path venv = cudaInstall(0);
    Files.delete(
        venv.resolve("lib/python3.11/site-packages/nvidia/cuda_runtime/lib/libcudart.so.12"));
    List<String> output = withDriver().with("VIRTUAL_ENV", venv).output();
    assertTrue(
        output.get(1).contains("no CUDA runtime (libcudart) beside this PyTorch"), output.get(1));
  }

  @Test
  void gpuAskedForAndNotThere() throws IOException {
    assertOne(
        new Run().arguments("gpu").output(),
        "unavailable embedded libtorch: has no CUDA; install PyTorch with CUDA and name it with"
            + " --libtorch");
  }

  @Test
  void cacheThatCannotBeWritten() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));
    List<String> output = new Run().with("HOMOLOG_CACHE", file.resolve("cache")).output();
    assertEquals(1, output.size());
    assertTrue(
        output
            .getFirst()
            .startsWith(
                "unavailable embedded libtorch ("
                    + file.resolve("cache")
                    + "): cannot unpack it: "),
        output.getFirst());
    assertTrue(
        output.getFirst().contains("set HOMOLOG_CACHE to a folder that can be written"),
        output.getFirst());
  }

  private static LoadOptions withEnvironment(Map<String, String> variables) {
    return new LoadOptions(Optional.empty(), variables, GpuUse.IF_PRESENT);
  }

  @Test
  void cacheFolderFollowsTheEnvironment() {
    LoadOptions none = withEnvironment(Map.of("HOME", "/home/ann"));
    assertEquals(Path.of("/home/ann/.cache/homolog"), EmbeddedTorch.cacheFolder(none));
    assertEquals(
        Path.of("/x/homolog"),
        EmbeddedTorch.cacheFolder(
            withEnvironment(Map.of("HOME", "/home/ann", "XDG_CACHE_HOME", "/x"))));
    assertEquals(
        Path.of("/y"),
        EmbeddedTorch.cacheFolder(
            withEnvironment(Map.of("HOMOLOG_CACHE", "/y", "XDG_CACHE_HOME", "/x"))));
  }

  @Test
  void twoProcessesUnpackAtOnceAndABrokenCacheIsMended() throws IOException {
    Path cache = folder.resolve("cache");
    Process first = new Run().with("HOMOLOG_CACHE", cache).start();
    Process second = new Run().with("HOMOLOG_CACHE", cache).start();
    for (Process process : List.of(first, second)) {
      List<String> output = finish(process);
      assertTrue(output.getFirst().startsWith("opened EMBEDDED"), String.join("\n", output));
    }
    Path library;
    try (Stream<Path> found = Files.walk(cache)) {
      library = found.filter(path -> path.endsWith("libtorch_cpu.so")).toList().getFirst();
    }
    try (Stream<Path> found = Files.list(cache)) {
      assertEquals(2, found.count(), "one folder and its lock");
    }
    try (RandomAccessFile file = new RandomAccessFile(library.toFile(), "rw")) {
      file.setLength(file.length() / 2); // to load it would end the process by a SIGBUS
    }
    List<String> output = new Run().with("HOMOLOG_CACHE", cache).output();
    assertTrue(output.getFirst().startsWith("opened EMBEDDED"), String.join("\n", output));
  }

  @Test
  void aProcessHasOneLibtorch() {
    LoadOptions options =
        new LoadOptions(Optional.empty(), Map.of("HOMOLOG_CACHE", CACHE.toString()), GpuUse.NEVER);
    LoadedTorch loaded = Torch.open(options).library();
    assertEquals(loaded, TorchLibrary.load(options));
    assertEquals(new Version(2, 13), loaded.abi());
    NativeUnavailableException other =
        assertThrows(
            NativeUnavailableException.class,
            () -> TorchLibrary.load(options.withLibtorch(folder)));
    assertTrue(
        other.getMessage().contains("this process has already loaded the libtorch of"),
        other.getMessage());
    NativeUnavailableException gpu =
        assertThrows(
            NativeUnavailableException.class,
            () -> TorchLibrary.load(options.withGpu(GpuUse.REQUIRED)));
    assertEquals("CUDA", gpu.refusals().getFirst().what());
  }
}
