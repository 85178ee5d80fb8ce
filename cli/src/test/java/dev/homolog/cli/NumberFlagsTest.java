package dev.homolog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Numbers that nothing can be done with are refused in a line, before a file is opened. */
class NumberFlagsTest {
  @TempDir Path folder;

  private void refused(List<String> command, String flag, String value, String remedy) {
    Path out = folder.resolve("out.npy");
    List<String> args = Cli.join(command, flag, value, "--out", out + "");
    Cli.Outcome outcome = Cli.run(args);
    String line = "homolog: " + flag + ": " + value + remedy;
    assertEquals(1, outcome.err().size(), () -> flag + " " + outcome.err());
    String said = outcome.err().getFirst();
    assertTrue(said.startsWith(line), () -> said + "\nexpected " + line);
    assertEquals(2, outcome.code(), flag);
    assertFalse(Files.exists(out), flag);
  }

  /** The models have no files: whatever opened one would say so. */
  @Test
  void beyondAnyUse() throws IOException {
    String a = Files.createDirectory(folder.resolve("a")) + "";
    String b = Files.createDirectory(folder.resolve("b")) + "";
    String text = Files.writeString(folder.resolve("text.txt"), "") + "";
    List<String> input = List.of("--text", text);
    List<String> study = Cli.join(List.of("study", "--reference", a, "--other", b), input);
    List<String> activations = Cli.join(List.of("activations", "--model", a), input);
    List<String> roles = Cli.join(List.of("roles", "--model", a), input);
    List<String> intervene =
        Cli.join(List.of("intervene", "--model", a, "--neuron", "0.1", "--mode", "fix"), input);
    List<String> tokenize = Cli.join(List.of("tokenize", "--model", a), input);
    for (List<String> command : List.of(study, activations, roles)) {
      refused(command, "--threads", "100000", "; give at most 1024");
      refused(command, "--batch", "1000000000", "; give at most 65536");
      refused(command, "--context", "1000000000", "; give at most 1048576");
      refused(command, "--max-tokens", "9000000000000000000", "; give at most 1000000000000000");
      refused(command, "--memory", "999999999999999g", " is more than any machine has");
      refused(command, "--memory", "999999999999g", " is more than any machine has");
    }
    refused(List.of("weights", "--model", a), "--threads", "100000", "; give at most 1024");
    refused(List.of("weights", "--model", a), "--memory", "2000000g", " is more than any");
    refused(study, "--top", "1000000000", "; give at most 65536");
    refused(study, "--baseline-draws", "1000000000", "; give at most 1000");
    refused(study, "--threshold", "1.0E7", "; give a number in [-2, 2]");
    refused(tokenize, "--context", "1000000000", "; give at most 1048576");
    refused(tokenize, "--max-tokens", "9000000000000000000", "; give at most 1000000000000000");
    refused(roles, "--after", "2147483647", "; give at most 1048575");
    refused(roles, "--position", "2147483647", "; give at most 1048575");
    refused(intervene, "--value", "Infinity", "; give a finite number");
    refused(Cli.join(intervene, "--value", "1"), "--positions", "999999999", " is no range");
  }

  /** Standard output that is closed, or on a full disk. */
  @Test
  void whatCannotBePrintedIsNotDone() {
    Writer full =
        new Writer() {
          @Override
          public void write(char[] text, int from, int length) throws IOException {
            throw new IOException("No space left on device");
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    StringWriter err = new StringWriter();
    int code = Main.execute(new PrintWriter(full, true), new PrintWriter(err, true), "--version");
    assertEquals(1, code);
    assertEquals(
        List.of(
            "homolog: standard output cannot be written, so what was to be printed is lost;"
                + " open it or give room to it"),
        err.toString().lines().toList());
  }
}
