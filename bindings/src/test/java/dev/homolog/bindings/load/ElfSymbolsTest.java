package dev.homolog.bindings.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reading a library's functions, and every kind of file that is not one. */
class ElfSymbolsTest {
  @TempDir Path folder;

  @Test
  void findsWhatIsThere() throws IOException {
    Path file = folder.resolve("libfake.so");
    FakeLibrary.write(file, List.of("alpha", "beta"));
    try (ElfSymbols symbols = new ElfSymbols(file)) {
      assertEquals(
          List.of("gamma", "alph"),
          symbols.missing(List.of("alpha", "gamma", "beta", "alph", "beta_target")));
    }
  }

  @Test
  void readsTheSystemsLibrary() throws IOException {
    Path library =
        Path.of(System.getProperty("java.home"), "lib", "server", "libjvm.so").toRealPath();
    try (ElfSymbols symbols = new ElfSymbols(library)) {
      // Used but not defined by it: malloc is the C library's.
      assertEquals(
          List.of("malloc", "no_such_function"),
          symbols.missing(List.of("JNI_CreateJavaVM", "malloc", "no_such_function")));
    }
  }

  private String failure(byte[] content) throws IOException {
    Path file = folder.resolve("broken.so");
    Files.write(file, content);
    return assertThrows(IOException.class, () -> new ElfSymbols(file).close()).getMessage();
  }

  @Test
  void saysWhatIsWrong() throws IOException {
    Path file = folder.resolve("libfake.so");
    FakeLibrary.write(file, List.of("alpha"));
    byte[] good = Files.readAllBytes(file);
    assertEquals("not a shared library", failure(new byte[0]));
    assertEquals(
        "not a shared library",
        failure("hello, this is a text".repeat(9).getBytes(StandardCharsets.UTF_8)));
    assertEquals("the shared library is cut short", failure(Arrays.copyOf(good, 400)));
    byte[] other = good.clone();
    other[18] = 40;
    assertEquals("built for another kind of processor", failure(other));
    byte[] stripped = good.clone();
    stripped[60] = 0;
    assertEquals("the shared library has no table of symbols", failure(stripped));
  }

  @Test
  void damageIsAnExceptionAndNotACrash() throws IOException {
    Path file = folder.resolve("libfake.so");
    FakeLibrary.write(file, List.of("alpha", "beta", "gamma"));
    byte[] good = Files.readAllBytes(file);
    Random random = new Random(5);
    for (int i = 0; i < 500; i++) {
      byte[] bad = good.clone();
      for (int j = 0; j < 4; j++) {
        bad[random.nextInt(1400)] = (byte) random.nextInt();
      }
      Files.write(file, bad);
      try (ElfSymbols symbols = new ElfSymbols(file)) {
        symbols.missing(List.of("alpha", "delta"));
      } catch (IOException expected) {
        // Refused.
      }
    }
  }
}
