package dev.homolog.core.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Files on their way, and those that a killed process has left. */
@DisabledOnOs(OS.WINDOWS)
class NewFileTest {
  @TempDir Path folder;

  @Test
  void whatAKilledProcessHasLeftGoes() throws IOException {
    Path target = folder.resolve("a.npy");
    Path left;
    try (NewFile file = NewFile.beside(target)) {
      left = file.path();
    }
    Files.writeString(left, "half"); // as after a kill: it is there, and nobody has it locked
    Path other = folder.resolve(".homolog-00000000-x.tmp"); // of another target
    Path mine = folder.resolve(left.getFileName() + ".npy"); // no name that is given here
    Files.createFile(other);
    Files.createFile(mine);
    Path linked = Files.writeString(folder.resolve("linked"), "x");
    Path link = Files.createSymbolicLink(folder.resolve(left.getFileName() + "-2.tmp"), linked);
    try (NewFile file = NewFile.beside(target)) {
      assertTrue(Files.notExists(left));
      assertEquals(List.of(other, mine, link, file.path()).stream().sorted().toList(), hidden());
      file.channel().write(ByteBuffer.wrap(new byte[] {7}));
      file.commit();
    }
    assertEquals(1, Files.size(target));
    assertEquals("x", Files.readString(linked));
  }

  @Test
  void whatIsBeingWrittenStays() throws IOException {
    Path target = folder.resolve("a.npy");
    try (NewFile first = NewFile.beside(target);
        NewFile second = NewFile.beside(target)) {
      assertTrue(Files.exists(first.path()));
      second.channel().write(ByteBuffer.wrap(new byte[] {2}));
      second.commit();
      first.channel().write(ByteBuffer.wrap(new byte[] {1}));
      first.commit();
    }
    assertEquals(1, Files.readAllBytes(target)[0]);
    assertEquals(List.of(), hidden());
  }

  private List<Path> hidden() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.getFileName().toString().startsWith(NewFile.PREFIX))
          .sorted()
          .toList();
    }
  }
}
