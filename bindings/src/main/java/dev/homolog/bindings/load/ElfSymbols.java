package dev.homolog.bindings.load;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * Says which functions a shared library exports, without loading it: a loaded library cannot be
 * unloaded safely.
 *
 * <p>Reads the 64-bit little-endian ELF format: the dynamic symbol table through its GNU hash
 * table. The mapping belongs to the object; one thread at a time.
 */
final class ElfSymbols implements AutoCloseable {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final int MACHINE_X86_64 = 62;
  private static final int MACHINE_AARCH64 = 183;
  private static final int SECTION_DYNSYM = 11;
  private static final int SECTION_GNU_HASH = 0x6ffffff6;

  private final Arena arena = Arena.ofConfined();
  private final MemorySegment file;
  private MemorySegment symbols;
  private MemorySegment names;
  private MemorySegment hash;

  /**
   * Opens a library; throws IOException, saying what is wrong, if it is not one for this machine.
   */
  ElfSymbols(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      file = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      readSections();
    } catch (IndexOutOfBoundsException e) {
      arena.close();
      throw new IOException("the shared library is cut short", e);
    } catch (IOException | RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  private void readSections() throws IOException {
    if (file.byteSize() < 64 || file.get(INT, 0) != 0x464c457f) {
      throw new IOException("not a shared library");
    }
    int machine = file.get(SHORT, 18);
    int wanted = System.getProperty("os.arch").equals("aarch64") ? MACHINE_AARCH64 : MACHINE_X86_64;
    if (file.get(JAVA_BYTE, 4) != 2 || file.get(JAVA_BYTE, 5) != 1 || machine != wanted) {
      throw new IOException("built for another kind of processor");
    }
    long table = file.get(LONG, 40);
    int entry = file.get(SHORT, 58);
    int count = file.get(SHORT, 60);
    for (int i = 0; i < count; i++) {
      long header = table + (long) i * entry;
      int type = file.get(INT, header + 4);
      if (type == SECTION_DYNSYM) {
        symbols = section(header);
        names = section(table + (long) file.get(INT, header + 40) * entry);
      } else if (type == SECTION_GNU_HASH) {
        hash = section(header);
      }
    }
    if (symbols == null || hash == null) {
      throw new IOException("the shared library has no table of symbols");
    }
  }

  private MemorySegment section(long header) {
    return file.asSlice(file.get(LONG, header + 24), file.get(LONG, header + 32));
  }

  /** Those of the names that the library does not define, in the order given. */
  List<String> missing(Collection<String> wanted) throws IOException {
    try {
      List<String> missing = new ArrayList<>();
      for (String name : wanted) {
        if (!defines(name)) {
          missing.add(name);
        }
      }
      return missing;
    } catch (IndexOutOfBoundsException e) {
      throw new IOException("the shared library's table of symbols is broken", e);
    }
  }

  /** Looks a name up as the dynamic linker does: bucket, then chain. */
  private boolean defines(String name) {
    byte[] text = name.getBytes(StandardCharsets.UTF_8);
    int wanted = 5381;
    for (byte b : text) {
      wanted = wanted * 33 + (b & 0xff);
    }
    int buckets = hash.get(INT, 0);
    int firstSymbol = hash.get(INT, 4);
    int bloomWords = hash.get(INT, 8);
    long bucketTable = 16 + 8L * bloomWords;
    long chainTable = bucketTable + 4L * buckets;
    if (buckets == 0) {
      return false;
    }
    int index = hash.get(INT, bucketTable + 4L * Integer.remainderUnsigned(wanted, buckets));
    if (index < firstSymbol) {
      return false;
    }
    while (true) {
      int found = hash.get(INT, chainTable + 4L * (index - firstSymbol));
      if ((found | 1) == (wanted | 1) && isDefined(index, text)) {
        return true;
      }
      if ((found & 1) != 0) {
        return false;
      }
      index++;
    }
  }

  private boolean isDefined(int index, byte[] name) {
    long symbol = 24L * index;
    if (symbols.get(SHORT, symbol + 6) == 0) {
      return false;
    }
    long start = Integer.toUnsignedLong(symbols.get(INT, symbol));
    for (int i = 0; i < name.length; i++) {
      if (names.get(JAVA_BYTE, start + i) != name[i]) {
        return false;
      }
    }
    return names.get(JAVA_BYTE, start + name.length) == 0;
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
