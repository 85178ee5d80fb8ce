package dev.homolog.analysis.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.homolog.analysis.table.Table;
import dev.homolog.analysis.table.TableFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a run leaves that is killed, and who may clear it. */
class KilledRunTest {
  private static final ObjectNode STUDY = new ObjectMapper().createObjectNode().put("seed", 0);

  @TempDir Path folder;

  /** A process of its own holds the folder, then is killed. */
  @Test
  void anotherProcessKeepsTheFolderUntilItDies() throws Exception {
    Path out = folder.resolve("run");
    killed(out, "nothing");
    assertTrue(Files.exists(out.resolve(Claim.FILE)));
    RunFolder.create(out).close();
  }

  /** What it had written goes, and so does what it was writing. */
  @Test
  void aRunThatWasKilledAmongItsTablesIsTakenOver() throws Exception {
    Path out = folder.resolve("run");
    killed(out, "tables");
    Files.createFile(out.resolve(".homolog-0.tmp"));
    Files.createFile(Files.createDirectory(out.resolve(".homolog-1.spill")).resolve("x"));
    assertEquals(List.of(".homolog-0.tmp", "first.csv", "second.parquet", "x"), Runs.list(folder));
    try (var run = RunFolder.create(out)) {
      assertEquals(List.of(), Runs.list(folder));
      run.finish(STUDY);
    }
    assertEquals(List.of("study.json"), Runs.list(folder));
  }

  /** Then nothing is touched, not even the note of what the killed run had written. */
  @Test
  void whatAKilledRunDidNotWriteKeepsTheFolder() throws Exception {
    Path out = folder.resolve("run");
    killed(out, "tables");
    Path notes = Files.writeString(out.resolve("notes.csv"), "mine");
    List<String> all = Runs.list(folder);
    Runs.assertRefused(out, "already holds files; choose another --out");
    Runs.assertRefused(out, "already holds files; choose another --out");
    assertEquals(all, Runs.list(folder));
    Files.delete(notes);
    // A link or a folder in place of a table is not what the run wrote.
    Files.delete(out.resolve("first.csv"));
    Path mine = Files.writeString(folder.resolve("mine"), "x");
    Files.createSymbolicLink(out.resolve("first.csv"), mine);
    Runs.assertRefused(out, "already holds files; choose another --out");
    Files.delete(out.resolve("first.csv"));
    RunFolder.create(out).close();
    assertEquals("x", Files.readString(mine));
  }

  /** A run that was killed in the moment between finishing and giving the folder free. */
  @Test
  void aFinishedRunIsNeverTakenOver() throws Exception {
    Path out = folder.resolve("run");
    killed(out, "tables");
    Files.writeString(out.resolve("study.json"), "{}");
    List<String> all = Runs.list(folder);
    Runs.assertRefused(out, "already holds a run; choose another --out");
    assertEquals(all, Runs.list(folder));
  }

  private static void killed(Path out, String what) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "-cp",
            System.getProperty("jdk.module.path") + ":" + System.getProperty("java.class.path"),
            Holder.class.getName(),
            out.toString(),
            what));
    Process holder =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    try (var lines = holder.inputReader()) {
      assertEquals("taken", lines.readLine());
      Runs.assertRefused(out, "is being written by another run; choose another --out");
      assertTrue(holder.isAlive());
    } finally {
      holder.destroyForcibly().waitFor();
    }
  }

  static final class Holder {
    public static void main(String[] args) throws IOException {
      RunFolder run = RunFolder.create(Path.of(args[0]));
      if (args[1].equals("tables")) {
        run.write(Table.builder("first").ints("a", new int[1]).build(), TableFormat.CSV);
        run.write(Table.builder("second").ints("a", new int[1]).build(), TableFormat.PARQUET);
      }
      System.out.println("taken");
      System.in.read();
    }
  }
}
