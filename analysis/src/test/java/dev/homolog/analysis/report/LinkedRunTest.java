package dev.homolog.analysis.report;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.homolog.analysis.run.RunFolder;
import dev.homolog.analysis.table.TableFormat;
import dev.homolog.core.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Folders of runs in which files are links, pipes or devices. */
class LinkedRunTest {
  private static final List<String> FILES =
      List.of("study.json", "neurons.csv", "matches.csv", "homologs.parquet");

  @TempDir Path folder;
  private Path run;
  private Path outside;
  private byte[] page;

  @BeforeEach
  void make() throws IOException {
    run = folder.resolve("run");
    PlantedRun.small().everything(run, TableFormat.CSV);
    // One table in the other format, which another reader reads.
    RunFolder other = PlantedRun.small().everything(folder.resolve("other"), TableFormat.PARQUET);
    Files.delete(run.resolve("homologs.csv"));
    Files.move(other.file("homologs"), run.resolve("homologs.parquet"));
    page = report(false);
    outside = Files.createDirectory(folder.resolve("outside"));
  }

  private byte[] report(boolean followLinks) throws IOException {
    return Files.readAllBytes(Report.write(RunFolder.open(run, followLinks)));
  }

  private void refused(String message) {
    assertEquals(message, assertThrows(InputException.class, () -> report(false)).getMessage());
  }

  @Test
  void aLinkWithinTheFolderIsRead() throws IOException {
    for (String name : FILES) {
      Path other = Files.createDirectories(run.resolve("kept")).resolve(name + ".1");
      Files.move(run.resolve(name), other);
      Files.createSymbolicLink(run.resolve(name), Path.of("kept").resolve(name + ".1"));
    }
    assertArrayEquals(page, report(false));
  }

  @Test
  void aLinkOutOfTheFolderIsReadOnlyIfToldSo() throws IOException {
    for (String name : FILES) {
      Path other = Files.move(run.resolve(name), outside.resolve(name));
      Files.createSymbolicLink(run.resolve(name), other);
      refused(
          run
              + ": "
              + name
              + ": is a link to "
              + other.toRealPath()
              + ", outside the folder; put the file itself there, or give the folder that it lies"
              + " in, or --follow-links if you trust its links");
      assertArrayEquals(page, report(true));
      Files.delete(run.resolve(name));
      Files.move(other, run.resolve(name));
    }
  }

  @Test
  void aLinkThatLeadsNowhereIsRefused() throws IOException {
    for (String name : FILES) {
      Path other = Files.move(run.resolve(name), outside.resolve(name));
      Files.createSymbolicLink(run.resolve(name), Path.of("none"));
      refused(
          run
              + ": "
              + name
              + ": is a link to none, which is not there; restore the file or run the study again");
      Files.move(other, run.resolve(name), StandardCopyOption.REPLACE_EXISTING);
    }
  }

  /** Whoever opens a pipe without a writer waits for ever. */
  @Test
  void pipesAndDevicesAreNeverOpened() throws Exception {
    for (String name : FILES) {
      Path file = run.resolve(name);
      Path kept = Files.move(file, outside.resolve(name));
      assertEquals(0, new ProcessBuilder("mkfifo", file.toString()).start().waitFor());
      String problem = file + ": is not a file; restore the file or run the study again";
      refused(problem);
      Files.delete(file);
      Files.createSymbolicLink(file, Path.of("/dev/zero"));
      assertEquals(problem, assertThrows(InputException.class, () -> report(true)).getMessage());
      Files.delete(file);
      Files.createDirectory(file);
      refused(problem);
      Files.delete(file);
      Files.move(kept, file);
    }
    assertArrayEquals(page, report(false));
  }
}
