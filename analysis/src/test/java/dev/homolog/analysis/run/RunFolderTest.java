package dev.homolog.analysis.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.homolog.analysis.file.JsonFile;
import dev.homolog.analysis.table.Table;
import dev.homolog.analysis.table.TableFormat;
import dev.homolog.analysis.table.Tables;
import dev.homolog.core.HomologException;
import dev.homolog.core.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RunFolderTest {
  private static final ObjectNode STUDY = new ObjectMapper().createObjectNode().put("seed", 0);

  @TempDir Path folder;

  @Test
  void aRunIsWrittenFinishedAndRead() throws IOException {
    Path out = folder.resolve("runs/deep/one");
    var run = RunFolder.create(out);
    Table table = Table.builder("neurons").ints("layer", new int[] {1, 2}).build();
    run.write(table, TableFormat.CSV);
    run.writeJson("intervention", List.of(1.5));
    assertFalse(RunFolder.isFinished(out));
    run.finish(STUDY);
    assertTrue(RunFolder.isFinished(out));
    run.writeText("report.html", "<p>ü");
    assertEquals(
        List.of("intervention.json", "neurons.csv", "report.html", "study.json"),
        Runs.list(folder));

    var read = RunFolder.open(out);
    assertEquals(out, read.path());
    assertTrue(read.has("neurons"));
    assertFalse(read.has("matches"));
    assertArrayEquals(new int[] {1, 2}, read.read("neurons").ints("layer").toArray());
    assertEquals(STUDY, JsonFile.read(read.json("study")));
    assertEquals("<p>ü", Files.readString(out.resolve("report.html")));
    assertEquals(
        out + ": has no table matches; run the command that writes it",
        assertThrows(InputException.class, () -> read.read("matches")).getMessage());
    assertEquals(
        out
            + "/other.json: cannot be read: no such file or folder"
            + "; restore the file or run the study again",
        assertThrows(InputException.class, () -> JsonFile.read(read.json("other"))).getMessage());
  }

  @Test
  void aFinishedRunTakesNoMoreData() {
    var run = RunFolder.create(folder.resolve("run"));
    run.finish(STUDY);
    Table table = Table.builder("t").ints("a", new int[0]).build();
    for (RunFolder finished : List.of(run, RunFolder.open(run.path()))) {
      assertThrows(IllegalStateException.class, () -> finished.write(table, TableFormat.CSV));
      assertThrows(IllegalStateException.class, () -> finished.writeJson("x", 1));
      assertThrows(IllegalStateException.class, () -> finished.finish(STUDY));
    }
    assertEquals(List.of("study.json"), Runs.list(folder));
  }

  @Test
  void anOutThatIsTakenIsRefusedAndLeftAlone() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "x");
    Runs.assertRefused(file, "is a file; choose another --out");
    Path used = Files.createDirectory(folder.resolve("used"));
    Files.writeString(used.resolve("notes.txt"), "x");
    Runs.assertRefused(used, "already holds files; choose another --out");
    Files.writeString(used.resolve("study.json"), "{}");
    Runs.assertRefused(used, "already holds a run; choose another --out");
    assertEquals(List.of("file", "notes.txt", "study.json"), Runs.list(folder));
  }

  /** Links, dots and relative paths: the folder is the same, and DuckDB may touch it. */
  @ParameterizedTest
  @EnumSource
  void anyPathToAFolderServes(TableFormat format) throws IOException {
    Path real = Files.createDirectories(folder.resolve("real"));
    Path link = Files.createSymbolicLink(folder.resolve("link"), real);
    Path here = Path.of("").toAbsolutePath();
    Table table = Table.builder("t").ints("a", new int[] {1}).build();
    for (Path out :
        List.of(
            link,
            link.resolve("one"),
            real.resolve("../two"),
            here.relativize(folder.resolve("three")),
            here.relativize(folder.resolve("four/.")))) {
      RunFolder.create(out).write(table, format);
      assertEquals(1, Table.read(out.resolve("t." + format.extension())).rows(), out.toString());
      Files.delete(out.resolve("t." + format.extension()));
    }
    assertEquals(List.of(), Runs.list(folder));
  }

  @Test
  void anEmptyFolderIsTaken() throws IOException {
    Path empty = Files.createDirectory(folder.resolve("empty"));
    assertEquals(empty, RunFolder.create(empty).path());
    assertEquals(List.of(), Runs.list(folder));
  }

  /** Root may write anywhere, so a file stands where a folder is needed. */
  @Test
  void anOutThatCannotBeMadeIsRefusedBeforeAnyWork() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "x");
    Path out = file.resolve("run");
    var e = assertThrows(InputException.class, () -> RunFolder.create(out));
    assertEquals(out.toString(), e.where());
    assertTrue(e.problem().startsWith("cannot be written: "), e.getMessage());
    assertEquals("choose another --out", e.remedy());
  }

  @Test
  void aFolderBelongsToOneRunUntilThatEnds() throws IOException {
    Path out = folder.resolve("deep/run");
    try (var run = RunFolder.create(out)) {
      run.write(Table.builder("t").ints("a", new int[1]).build(), TableFormat.CSV);
      Runs.assertRefused(out, "is being written by another run; choose another --out");
      run.finish(STUDY);
    }
    assertEquals(List.of("study.json", "t.csv"), Runs.list(folder));
    assertFalse(Files.exists(out.resolve(Claim.FILE)));
    Runs.assertRefused(out, "already holds a run; choose another --out");
  }

  @Test
  void aRunThatFailsBeforeItWritesLeavesNothing() throws IOException {
    RunFolder.create(folder.resolve("deep/run")).close();
    assertFalse(Files.exists(folder.resolve("deep")));
    Path mine = Files.createDirectory(folder.resolve("mine"));
    RunFolder.create(mine).close();
    try (var files = Files.list(mine)) {
      assertEquals(0, files.count());
    }
  }

  /** As after a full disk: the same command can be given again. */
  @Test
  void aRunThatFailsLaterTakesWhatItWroteWithIt() throws IOException {
    Path mine = Files.createDirectory(folder.resolve("mine"));
    try (var run = RunFolder.create(mine)) {
      run.write(Table.builder("t").ints("a", new int[1]).build(), TableFormat.CSV);
      run.writeJson("intervention", List.of(1));
      assertEquals(List.of("intervention.json", "t.csv"), Runs.list(folder));
    }
    assertFalse(RunFolder.isFinished(mine));
    assertEquals(List.of(), Runs.list(folder));
    try (var run = RunFolder.create(mine)) {
      run.finish(STUDY);
    }
    assertEquals(List.of("study.json"), Runs.list(folder));
  }

  /** What a process leaves that is killed: the hidden file, without the lock. */
  @Test
  void aKilledRunKeepsNobodyOut() throws IOException {
    Path out = Files.createDirectory(folder.resolve("run"));
    Files.writeString(out.resolve(Claim.FILE), "process 1");
    try (var run = RunFolder.create(out)) {
      run.finish(STUDY);
    }
    assertEquals(List.of("study.json"), Runs.list(folder));
    assertFalse(Files.exists(out.resolve(Claim.FILE)));
  }

  @Test
  void aLinkInPlaceOfTheHiddenFileIsNotFollowed() throws IOException {
    Path mine = Files.writeString(folder.resolve("mine"), "x");
    Path out = Files.createDirectory(folder.resolve("run"));
    Files.createSymbolicLink(out.resolve(Claim.FILE), mine);
    var e = assertThrows(InputException.class, () -> RunFolder.create(out));
    assertTrue(e.problem().startsWith("cannot be written: "), e.getMessage());
    assertEquals("x", Files.readString(mine));
  }

  @Test
  void ofManyRunsAtOnceOneTakesTheFolder() throws Exception {
    Path out = folder.resolve("deep/run");
    for (int round = 0; round < 20; round++) {
      try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
        var claims = new ArrayList<Callable<RunFolder>>();
        for (int i = 0; i < 8; i++) {
          claims.add(() -> RunFolder.create(out));
        }
        List<RunFolder> taken = new ArrayList<>();
        for (var claim : threads.invokeAll(claims)) {
          try {
            taken.add(claim.get());
          } catch (ExecutionException e) {
            assertEquals(
                out + ": is being written by another run; choose another --out",
                e.getCause().getMessage());
          }
        }
        assertEquals(1, taken.size());
        taken.getFirst().close();
      }
    }
  }

  @Test
  void aFolderWithoutAFinishedRunIsNotOpened() throws IOException {
    String remedy = "; name the folder of a finished run";
    Path absent = folder.resolve("absent");
    assertEquals(
        absent + ": does not exist" + remedy,
        assertThrows(InputException.class, () -> RunFolder.open(absent)).getMessage());
    Path file = Files.writeString(folder.resolve("file"), "x");
    assertEquals(
        file + ": is not a folder" + remedy,
        assertThrows(InputException.class, () -> RunFolder.open(file)).getMessage());
    Path run = RunFolder.create(folder.resolve("run")).path();
    assertEquals(
        run + ": holds no finished run (no study.json)" + remedy,
        assertThrows(InputException.class, () -> RunFolder.open(run)).getMessage());
  }

  @ParameterizedTest
  @EnumSource
  void aFailureMidwayLeavesNoFileAndWhatWasWritten(TableFormat format) {
    var run = RunFolder.create(folder.resolve("run"));
    Table table = Tables.hard(100);
    run.write(Table.builder("first").ints("a", new int[1]).build(), format);
    var failure = new IllegalStateException("injected");
    Iterator<Table> parts =
        Stream.of(1, 2, 3)
            .map(part -> {
              if (part == 3) {
                throw failure;
              }
              return table;
            })
            .iterator();
    assertSame(failure, assertThrows(IllegalStateException.class, () -> run.write(parts, format)));
    assertEquals(List.of("first." + format.extension()), Runs.list(folder));
  }

  @ParameterizedTest
  @EnumSource
  void aFailureOfTheDiskLeavesNoFile(TableFormat format) throws IOException {
    var run = RunFolder.create(folder.resolve("run"));
    // A folder that is not empty stands where the table goes: writing works, renaming fails.
    Path target = run.path().resolve("hard." + format.extension());
    Files.createFile(Files.createDirectory(target).resolve("x"));
    String message =
        assertThrows(HomologException.class, () -> run.write(Tables.hard(9), format)).getMessage();
    assertTrue(message.startsWith("cannot write " + target + ": "), message);
    assertTrue(message.endsWith("; make room for it or choose another --out"), message);
    assertEquals(List.of("x"), Runs.list(folder));
  }

  /** Where somebody has put a link in place of a file, what it leads to stays as it was. */
  @ParameterizedTest
  @EnumSource
  void aLinkIsNeverFollowed(TableFormat format) throws IOException {
    Path mine = Files.writeString(folder.resolve("mine"), "x");
    var run = RunFolder.create(folder.resolve("run"));
    Path table = run.path().resolve("t." + format.extension());
    Path dangling = folder.resolve("nowhere");
    for (String name : List.of("t." + format.extension(), "report.html", "study.json")) {
      for (Path target : List.of(mine, dangling)) {
        Files.createSymbolicLink(run.path().resolve(name), target);
        Files.createSymbolicLink(run.path().resolve("." + name + ".tmp"), target);
        String message =
            assertThrows(
                    HomologException.class,
                    () -> {
                      if (name.equals("report.html")) {
                        run.writeText(name, "page");
                      } else if (name.equals("study.json")) {
                        run.finish(STUDY);
                      } else {
                        run.write(Table.builder("t").ints("a", new int[1]).build(), format);
                      }
                    })
                .getMessage();
        assertTrue(message.contains(name + ": is a link, which is not replaced"), message);
        assertEquals("x", Files.readString(mine));
        assertFalse(Files.exists(dangling));
        Files.delete(run.path().resolve(name));
        Files.delete(run.path().resolve("." + name + ".tmp"));
      }
    }
    // The links beside it do not matter to a file whose name is free.
    Files.createSymbolicLink(run.path().resolve(".t." + format.extension() + ".tmp"), mine);
    run.write(Table.builder("t").ints("a", new int[1]).build(), format);
    assertTrue(Files.isRegularFile(table));
    assertEquals("x", Files.readString(mine));
  }

  @ParameterizedTest
  @EnumSource
  void aFileIsReplacedWholeOrNotAtAll(TableFormat format) {
    var run = RunFolder.create(folder.resolve("run"));
    Table old = Table.builder("t").ints("a", new int[] {1}).build();
    run.write(old, format);
    Iterator<Table> failing =
        IntStream.range(0, 2).mapToObj(part -> part == 0 ? old : (Table) null).iterator();
    assertThrows(NullPointerException.class, () -> run.write(failing, format));
    assertEquals(1, run.read("t").rows());
    run.write(List.of(old, old).iterator(), format);
    assertEquals(2, run.read("t").rows());
    assertEquals(List.of("t." + format.extension()), Runs.list(folder));
  }

  @ParameterizedTest
  @EnumSource
  void partsOfAnotherShapeAreRefused(TableFormat format) {
    var run = RunFolder.create(folder.resolve("run"));
    var ab = Table.builder("t").ints("a", new int[1]).ints("b", new int[1]).build();
    var ba = Table.builder("t").ints("b", new int[1]).ints("a", new int[1]).build();
    var other = Table.builder("u").ints("a", new int[1]).ints("b", new int[1]).build();
    for (Table part : List.of(ba, other)) {
      assertThrows(
          IllegalArgumentException.class, () -> run.write(List.of(ab, part).iterator(), format));
    }
    assertEquals(List.of(), Runs.list(folder));
  }

  @Test
  void jsonIsIndentedOrderedAndFinite() throws IOException {
    var node = new ObjectMapper().createObjectNode();
    node.put("zeta", Double.NaN).put("alpha", 0.1f).put("n", Long.MAX_VALUE).put("t", "ü\"\n");
    node.putArray("list").add(1).add(Double.NEGATIVE_INFINITY).add(0.1);
    node.putObject("empty");
    var map = new LinkedHashMap<String, Object>();
    map.put("z", new double[] {1, Double.NaN});
    map.put("y", List.of(Float.NaN, 2));
    map.put("x", node);
    Path file = RunFolder.create(folder.resolve("run")).writeJson("intervention", map);
    assertEquals(
        """
        {
          "z" : [
            1.0,
            null
          ],
          "y" : [
            null,
            2
          ],
          "x" : {
            "zeta" : null,
            "alpha" : 0.1,
            "n" : 9223372036854775807,
            "t" : "ü\\"\\n",
            "list" : [
              1,
              null,
              0.1
            ],
            "empty" : { }
          }
        }
        """,
        Files.readString(file));
  }

  @Test
  void jsonThatCannotBeWrittenLeavesNoFile() {
    var run = RunFolder.create(folder.resolve("run"));
    var map = new LinkedHashMap<String, Object>();
    map.put("a", 1);
    map.put("b", new Object());
    assertThrows(HomologException.class, () -> run.writeJson("x", map));
    assertThrows(IllegalArgumentException.class, () -> run.writeJson("study", map));
    assertThrows(IllegalArgumentException.class, () -> run.writeJson("../x", map));
    assertThrows(IllegalArgumentException.class, () -> run.writeText("../x.html", ""));
    assertEquals(List.of(), Runs.list(folder));
  }

  @Test
  void malformedJsonIsRefused() throws IOException {
    var run = RunFolder.create(folder.resolve("run"));
    for (String text : List.of("{", "{\"a\":1,\"a\":2}", "{} {}", "[1,]")) {
      Path file = Files.writeString(run.path().resolve("x.json"), text);
      String message =
          assertThrows(InputException.class, () -> JsonFile.read(run.json("x")), text).getMessage();
      assertTrue(message.startsWith(file + ": line 1: is not JSON ("), message);
    }
  }
}
