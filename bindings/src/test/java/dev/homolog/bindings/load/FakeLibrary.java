package dev.homolog.bindings.load;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes a shared library of x86-64 Linux that exports given functions, each of which jumps to
 * whatever address a test puts into the data symbol of its name with {@code _target} after it.
 *
 * <p>Layout: header and tables in one segment, code in the next page, targets in the page after it.
 */
public final class FakeLibrary {
  private static final int PAGE = 4096;
  private static final int CODE_BYTES = 16;

  private final List<String> functions;
  private final String needed;

  /** What functions return that jump nowhere. */
  private final Map<String, Integer> constants;

  private FakeLibrary(List<String> functions, String needed, Map<String, Integer> constants) {
    this.functions = functions;
    this.needed = needed;
    this.constants = constants;
  }

  /** A library with these functions. */
  public static void write(Path file, List<String> functions) throws IOException {
    Files.write(file, new FakeLibrary(functions, null, Map.of()).bytes());
  }

  /** A library whose functions return constants: those given, else 0. */
  public static void writeReturning(
      Path file, List<String> functions, Map<String, Integer> constants) throws IOException {
    Map<String, Integer> all = new HashMap<>();
    functions.forEach(function -> all.put(function, constants.getOrDefault(function, 0)));
    Files.write(file, new FakeLibrary(functions, null, all).bytes());
  }

  /** A library that cannot be loaded, because it needs another. */
  public static void writeNeeding(Path file, List<String> functions, String needed)
      throws IOException {
    Files.write(file, new FakeLibrary(functions, needed, Map.of()).bytes());
  }

  private byte[] bytes() {
    List<String> symbols = new ArrayList<>();
    for (String function : functions) {
      symbols.add(function);
      symbols.add(function + "_target");
    }
    ByteArrayOutputStream strings = new ByteArrayOutputStream();
    strings.write(0);
    int[] names = new int[symbols.size()];
    for (int i = 0; i < names.length; i++) {
      names[i] = strings.size();
      strings.writeBytes((symbols.get(i) + "\0").getBytes(StandardCharsets.UTF_8));
    }
    int neededName = strings.size();
    strings.writeBytes((needed == null ? "" : needed + "\0").getBytes(StandardCharsets.UTF_8));

    int symbolTable = 64 + 5 * 56;
    int hashTable = symbolTable + 24 * (symbols.size() + 1);
    int hashBytes = 16 + 8 + 4 + 4 * symbols.size();
    int stringTable = hashTable + hashBytes;
    int dynamic = (stringTable + strings.size() + 15) / 16 * 16;
    int dynamicBytes = 16 * (needed == null ? 6 : 7);
    int sections = dynamic + dynamicBytes;
    int tables = sections + 5 * 64;
    int code = (tables + PAGE - 1) / PAGE * PAGE;
    int codeBytes = CODE_BYTES * functions.size();
    int targets = (code + codeBytes + PAGE - 1) / PAGE * PAGE;
    int targetBytes = 8 * functions.size();
    ByteBuffer out =
        ByteBuffer.allocate(targets + Math.max(8, targetBytes)).order(ByteOrder.LITTLE_ENDIAN);

    header(out, sections);
    // The dynamic linker writes addresses into the dynamic table.
    segment(out, 1, 6, 0, tables);
    segment(out, 1, 5, code, codeBytes);
    segment(out, 1, 6, targets, targetBytes);
    segment(out, 2, 6, dynamic, dynamicBytes);
    // A stack that is not executable.
    segment(out, 0x6474e551, 6, 0, 0);

    out.position(symbolTable + 24);
    symbols(out, names, code, targets);
    out.position(hashTable);
    hashes(out, symbols);
    out.position(stringTable).put(strings.toByteArray());
    out.position(dynamic);
    if (needed != null) {
      out.putLong(1).putLong(neededName);
    }
    out.putLong(0x6ffffef5L).putLong(hashTable).putLong(5).putLong(stringTable);
    out.putLong(6).putLong(symbolTable).putLong(10).putLong(strings.size());
    out.putLong(11).putLong(24).putLong(0).putLong(0);
    section(out, sections, 1, 11, symbolTable, hashTable - symbolTable, 3);
    section(out, sections, 2, 0x6ffffff6, hashTable, hashBytes, 1);
    section(out, sections, 3, 3, stringTable, strings.size(), 0);
    section(out, sections, 4, 6, dynamic, dynamicBytes, 3);

    code(out, code, targets);
    return out.array();
  }

  private static void header(ByteBuffer out, int sections) {
    // Header: 64 bits, little endian, shared object of x86-64.
    out.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1, 0}).position(16);
    out.putShort((short) 3).putShort((short) 62).putInt(1).putLong(0).putLong(64);
    out.putLong(sections).putInt(0);
    out.putShort((short) 64).putShort((short) 56).putShort((short) 5);
    out.putShort((short) 64).putShort((short) 5).putShort((short) 4);
  }

  /** Each function and its target, which is data; the buffer is where the first goes. */
  private static void symbols(ByteBuffer out, int[] names, int code, int targets) {
    for (int i = 0; i < names.length; i++) {
      boolean isFunction = i % 2 == 0;
      out.putInt(names[i]).put((byte) (isFunction ? 0x12 : 0x11)).put((byte) 0);
      out.putShort((short) (isFunction ? 2 : 3));
      out.putLong(isFunction ? code + CODE_BYTES * (i / 2) : targets + 8L * (i / 2));
      out.putLong(isFunction ? CODE_BYTES : 8);
    }
  }

  /** One bucket that holds every symbol; a Bloom filter that lets all through. */
  private static void hashes(ByteBuffer out, List<String> symbols) {
    out.putInt(1).putInt(1).putInt(1).putInt(0).putLong(-1).putInt(symbols.isEmpty() ? 0 : 1);
    for (int i = 0; i < symbols.size(); i++) {
      int hash = 5381;
      for (byte b : symbols.get(i).getBytes(StandardCharsets.UTF_8)) {
        hash = hash * 33 + b;
      }
      out.putInt(i == symbols.size() - 1 ? hash | 1 : hash & ~1);
    }
  }

  private void code(ByteBuffer out, int code, int targets) {
    for (int i = 0; i < functions.size(); i++) {
      int at = code + CODE_BYTES * i;
      Integer constant = constants.get(functions.get(i));
      if (constant != null) {
        // mov eax, constant; ret
        out.position(at).put((byte) 0xb8).putInt(constant).put((byte) 0xc3);
        continue;
      }
      // jmp *[rip + distance to the target]
      out.position(at).put((byte) 0xff).put((byte) 0x25).putInt(targets + 8 * i - (at + 6));
    }
  }

  private static void segment(ByteBuffer out, int type, int flags, long at, long bytes) {
    out.putInt(type).putInt(flags).putLong(at).putLong(at).putLong(at);
    out.putLong(bytes).putLong(bytes).putLong(type == 1 ? PAGE : 8);
  }

  private static void section(
      ByteBuffer out, int sections, int index, int type, long at, long bytes, int link) {
    out.position(sections + 64 * index);
    out.putInt(0).putInt(type).putLong(2).putLong(at).putLong(at).putLong(bytes);
    out.putInt(link).putInt(1).putLong(8).putLong(type == 11 ? 24 : 0);
  }
}
