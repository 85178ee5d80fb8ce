package dev.homolog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.homolog.analysis.run.RunFolder;
import dev.homolog.core.memory.DType;
import dev.homolog.core.npy.NpyWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Runs that are stopped by a signal in the middle of their passes. */
@EnabledOnOs(OS.LINUX)
class InterruptTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({"INT, 2, 130, vector", "HUP, 1, 129, scalar", "TERM, 15, 143, torch"})
  void itSaysByWhichAndTheSameCommandCanBeGivenAgain(
      String signal, int number, int code, String backend) throws Exception {
    assumeTrue(isHeard(number), "whoever started the tests ignores SIG" + signal);
    Path temporary = Files.createDirectory(folder.resolve("tmp"));
    Path out = folder.resolve("run");
    Path cache = folder.resolve("acts.safetensors");
    Path err = folder.resolve("err.txt");
    Process process =
        new ProcessBuilder(
                Cli.command(
                    Cli.join(
                        Cli.libtorch(),
                        "-Djava.io.tmpdir=" + temporary,
                        "-Dhomolog.progress=true",
                        "--add-modules=jdk.incubator.vector",
                        // Not where a temporary folder is looked at by the JVM's own tools.
                        "-XX:-UsePerfData"),
                    activations(backend, out, cache)))
            .redirectErrorStream(true)
            .redirectOutput(err.toFile())
            .start();
    try {
      while (process.isAlive() && !Files.readString(err).contains("\ractivations")) {
        Thread.sleep(20);
      }
      assertTrue(process.isAlive(), () -> read(err));
      new ProcessBuilder("kill", "-" + signal, process.pid() + "").start().waitFor();
      assertTrue(process.waitFor(60, TimeUnit.SECONDS), "it goes on");
    } finally {
      process.destroyForcibly().waitFor();
    }
    assertEquals(code, process.exitValue(), () -> read(err));
    assertEquals(
        "homolog: stopped by SIG"
            + signal
            + "; no result was written; give the same command again, with --out "
            + out
            + ", which clears what this run has left there",
        Files.readAllLines(err).getLast());
    assertEquals(List.of(), Cli.names(temporary));
    assertFalse(Files.exists(cache));
    // The next one clears what is left, in the folder and beside the cache.
    RunFolder.create(out).close();
    NpyWriter.create(cache, DType.F32, List.of(0L)).close();
    assertEquals(List.of("a", "err.txt", "run", "t.txt", "tmp"), Cli.names(folder));
    assertEquals(List.of(), Cli.names(out));
  }

  /** Many tokens, of which the process reads a part. */
  private List<String> activations(String backend, Path out, Path cache) throws Exception {
    Path model = folder.resolve("a");
    Path text = folder.resolve("t.txt");
    if (Files.notExists(model)) {
      Cli.model(model, 5, 1);
      Files.writeString(text, "The cat saw the dog and the dog saw the cat.\n".repeat(20_000));
    }
    return List.of(
        "activations",
        "--model",
        model + "",
        "--text",
        text + "",
        "--neuron",
        "0.1",
        "--cache",
        cache + "",
        "--backend",
        backend,
        "--batch",
        "1",
        "--out",
        out + "");
  }

  /** A process inherits which signals are ignored, and the JVM leaves those alone. */
  private static boolean isHeard(int number) throws Exception {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("SigIgn:"))
        .map(line -> Long.parseUnsignedLong(line.substring(7).strip(), 16))
        .allMatch(ignored -> (ignored >> (number - 1) & 1) == 0);
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
