package dev.homolog.core.checkpoint;

import static dev.homolog.core.checkpoint.Pickles.CLOSE;
import static dev.homolog.core.checkpoint.Pickles.HOOKS;
import static dev.homolog.core.checkpoint.Pickles.OPEN;
import static dev.homolog.core.checkpoint.Pickles.archive;
import static dev.homolog.core.checkpoint.Pickles.dict;
import static dev.homolog.core.checkpoint.Pickles.little;
import static dev.homolog.core.checkpoint.Pickles.number;
import static dev.homolog.core.checkpoint.Pickles.storage;
import static dev.homolog.core.checkpoint.Pickles.string;
import static dev.homolog.core.checkpoint.Pickles.tensor;
import static dev.homolog.core.checkpoint.Pickles.tuple;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.core.InputException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The attacks on torch.load and on zip readers that have become known, and some more. */
class HostileTorchFileTest {
  private static final String GOOD = tensor("0", 4, 0, tuple(2, 2), tuple(2, 1));
  private static final String RUN = "X\2\0\0\0id\u0085R.";

  @Test
  void theArchiveThatTheAttacksAreMadeOfIsReadAsItIs() {
    StoredTensor tensor = TorchFile.read("x", segment(archive(dict("w", GOOD)).bytes())).getFirst();
    assertEquals("w", tensor.name());
    assertEquals(16, tensor.data().byteSize());
  }

  /** What a pickle says, and a part of the line that refuses it. */
  static Stream<Arguments> callables() {
    return Stream.of(
        // Callables: the classic, its synonyms, and those that scanners of pickles missed.
        Arguments.of("\u0080\2cos\nsystem\n" + RUN, "names os.system"),
        Arguments.of("\u0080\2cposix\nsystem\n" + RUN, "names posix.system"),
        Arguments.of("\u0080\2cnt\nsystem\n" + RUN, "names nt.system"),
        Arguments.of("\u0080\2c__builtin__\neval\n" + RUN, "names __builtin__.eval"),
        Arguments.of("\u0080\2cbuiltins\nexec\n" + RUN, "names builtins.exec"),
        Arguments.of("\u0080\2cbuiltins\ngetattr\n" + RUN, "names builtins.getattr"),
        Arguments.of("\u0080\2csubprocess\nPopen\n" + RUN, "names subprocess.Popen"),
        Arguments.of("\u0080\2cpip\nmain\n" + RUN, "names pip.main"), // CVE-2025-1716
        Arguments.of(
            "\u0080\2casyncio.unix_events\n_UnixSubprocessTransport._start\n" + RUN,
            "names asyncio.unix_events._UnixSubprocessTransport._start"), // CVE-2025-10157
        Arguments.of("\u0080\2crunpy\n_run_code\n" + RUN, "names runpy._run_code"),
        Arguments.of("\u0080\2ctorch\nload\n" + RUN, "names torch.load"), // CVE-2025-32434
        Arguments.of("\u0080\2ctorch.hub\nload\n" + RUN, "names torch.hub.load"),
        Arguments.of(
            "\u0080\2ctorch.jit.annotations\nparse_type_line\n" + RUN,
            "names torch.jit.annotations.parse_type_line"), // CVE-2022-45907
        Arguments.of(
            "\u0080\2ctorch._utils\n_rebuild_device_tensor_from_numpy\n" + RUN,
            "names torch._utils._rebuild_device_tensor_from_numpy"),
        Arguments.of("\u0080\2ctorch._utils\nos.system\n" + RUN, "names torch._utils.os.system"),
        Arguments.of("\u0080\2ccollections\nos\n" + RUN, "names collections.os"),
        Arguments.of("\u0080\2ccollections\r\nOrderedDict\r\n" + RUN, "which no state dict needs"),
        Arguments.of("\u0080\2ctorch\nComplexFloatStorage\n" + RUN, "names torch.ComplexFloat"),
        Arguments.of(
            "\u0080\4\u008c\2os\u008c\6system\u0093" + RUN, "names os.system, which no state dict"),
        Arguments.of("\u0080\4\u008c\2osK\1\u0093.", "STACK_GLOBAL names \"os\" and 1"),
        Arguments.of("\u0080\2(X\2\0\0\0idios\nsystem\n.", "opcode INST"),
        Arguments.of("\u0080\2(cos\nsystem\nX\2\0\0\0ido.", "names os.system"),
        Arguments.of("\u0080\2(ccollections\nOrderedDict\no.", "opcode OBJ"),
        Arguments.of("\u0080\2ccollections\nOrderedDict\n)\u0081.", "opcode NEWOBJ,"),
        Arguments.of("\u0080\4ccollections\nOrderedDict\n)}\u0092.", "opcode NEWOBJ_EX"),
        Arguments.of("\u0080\2\u0082\1.", "opcode EXT1"),
        Arguments.of("\u0080\2P0\n.", "opcode PERSID"),
        Arguments.of("\u0080\2I1\n.", "opcode INT,"),
        Arguments.of("\u0080\2\u00ff.", "opcode 0xff"),
        // Calls of what is allowed, in ways that it is not.
        Arguments.of("\u0080\2ctorch\nFloatStorage\n)R.", "calls torch.FloatStorage in a way"),
        Arguments.of("\u0080\2" + "X\2\0\0\0id)R.", "calls \"id\" with a tuple"),
        Arguments.of("\u0080\2ccollections\nOrderedDict\nK\1R.", "with 1 (byte"),
        Arguments.of("\u0080\2ccollections\nOrderedDict\nK\1\u0085R.", "calls collections.Ordered"),
        Arguments.of("\u0080\2ctorch._utils\n_rebuild_tensor_v2\n)R.", "calls torch._utils"),
        Arguments.of("\u0080\2ctorch._utils\n_rebuild_parameter\n)R.", "calls torch._utils"));
  }

  /** The same, of storages and of places in them. */
  static Stream<Arguments> storages() {
    return Stream.of(
        // CVE-2026-24747: items set on what is no dict, storages said to be larger than they are.
        Arguments.of("\u0080\2)X\1\0\0\0aK\1s.", "sets items of a tuple"),
        Arguments.of("\u0080\2" + GOOD + "X\1\0\0\0aK\1s.", "sets items of a tensor"),
        Arguments.of("\u0080\2" + GOOD + "(X\1\0\0\0aK\1u.", "sets items of a tensor"),
        Arguments.of(
            dict("w", tensor("0", 5, 0, tuple(2, 2), tuple(2, 1))),
            "w: its storage is said to be 5 elements of F32, but data/0 has 16 bytes"),
        Arguments.of(
            dict("w", tensor("0", 1L << 62, 0, tuple(2, 2), tuple(2, 1))), "is said to be 4611686"),
        Arguments.of(
            dict("w", GOOD.replace("FloatStorage", "DoubleStorage")), "is said to be 4 elements"),
        Arguments.of(
            dict("w", tensor("1", 4, 0, tuple(2, 2), tuple(2, 1))), "storage data/1 is missing"),
        Arguments.of(
            dict("w", tensor("../version", 4, 0, tuple(4), tuple(1))),
            "storage data/../version is missing"),
        Arguments.of(
            dict("w", tensor("/etc/passwd", 4, 0, tuple(4), tuple(1))),
            "storage data//etc/passwd is missing"),
        // Places in a storage.
        Arguments.of(dict("w", tensor("0", 4, 1, tuple(4), tuple(1))), "goes beyond its storage"),
        Arguments.of(dict("w", tensor("0", 4, 5, tuple(0), tuple(1))), "goes beyond its storage"),
        Arguments.of(dict("w", tensor("0", 4, 0, tuple(2), tuple(4))), "goes beyond its storage"),
        Arguments.of(dict("w", tensor("0", 4, 0, tuple(5), tuple(0))), "strides [0], not in C"),
        Arguments.of(
            dict("w", tensor("0", 4, 0, tuple(1L << 62), tuple(0))), "strides [0], not in C"),
        Arguments.of(
            dict("w", tensor("0", 4, 0, tuple(1L << 32, 1L << 32), tuple(0, 0))),
            "is too large to count"),
        Arguments.of(
            dict("w", tensor("0", 4, Long.MAX_VALUE, tuple(4), tuple(1))), "is too large to count"),
        Arguments.of(
            dict("w", tensor("0", 4, 0, tuple(3), tuple(Long.MAX_VALUE))), "is too large to count"),
        Arguments.of(dict("w", tensor("0", 4, -1, tuple(4), tuple(1))), "in a way that no state"),
        Arguments.of(dict("w", tensor("0", 4, 0, tuple(-4), tuple(1))), "in a way that no state"),
        Arguments.of(dict("w", tensor("0", 4, 3, tuple(4), tuple(-1))), "in a way that no state"),
        Arguments.of(dict("w", tensor("0", -4, 0, tuple(4), tuple(1))), "that is no storage"),
        Arguments.of(dict("w", tensor("0", 4, 0, tuple(4), tuple())), "in a way that no state"),
        Arguments.of(
            dict("w", tensor("0", 4, 0, tuple(new long[65]), tuple(new long[65]))),
            "in a way that no state"),
        Arguments.of(
            dict("w", GOOD.replace(HOOKS, "}X\1\0\0\0aK\1s")), "calls torch._utils._rebuild"),
        Arguments.of(dict("w", storage("ctorch\nFloatStorage\n", "0", 4)), "w: is a storage"),
        Arguments.of(
            dict("w", storage("ccollections\nOrderedDict\n", "0", 4)),
            "outside that is no storage"),
        Arguments.of("\u0080\2K\1Q.", "outside that is no storage"));
  }

  /** The same, of sizes, keys and ends. */
  static Stream<Arguments> sizes() {
    return Stream.of(
        // Memory: sizes that are not there, memo, nesting, and things that double.
        Arguments.of("\u0080\2X\u00ff\u00ff\u00ff\u00ff.", "a string of 4294967295 bytes"),
        Arguments.of("\u0080\2X\0\1\0\0.", "breaks off"),
        Arguments.of("\u0080\2\u008a\u00ff.", "a number of 255 bytes"),
        Arguments.of("\u0080\2\u008b" + little(1 << 30, 4), "opcode LONG4"),
        Arguments.of("\u0080\4B" + little(-1, 4), "opcode BINBYTES"),
        Arguments.of("\u0080\4\u0096" + little(-1, 8), "opcode BYTEARRAY8"),
        Arguments.of("\u0080\4\u0095" + little(-1, 8), "a frame of 18446744073709551615 bytes"),
        Arguments.of("\u0080\2K\1r\u00ff\u00ff\u00ff\u00ff.", "memo index 4294967295, at most"),
        Arguments.of("\u0080\2h\7.", "memo index 7, where nothing is"),
        Arguments.of("\u0080\2j\u00ff\u00ff\u00ff\u00ff.", "memo index 4294967295, where"),
        Arguments.of("\u0080\2" + "(".repeat(10_000) + ".", "nested more than 16 levels"),
        Arguments.of("\u0080\2)" + "\u0085".repeat(10_000) + ".", "nested more than 16 levels"),
        Arguments.of("\u0080\2)" + "q\0h\0\u0086".repeat(40) + ".", "nested more than 16 levels"),
        Arguments.of("\u0080\2" + "}".repeat(20_000) + ".", "more than 10000 values"),
        Arguments.of("\u0080\2K\1" + "q\0".repeat(250_000) + ".", "more than 250000 opcodes"),
        Arguments.of("\u0080\2]q\0h\0a.", "opcode EMPTY_LIST"),
        Arguments.of("\u0080\2}q\0X\1\0\0\0ah\0s.", "a: is a dict, expected a tensor"),
        Arguments.of("\u0080\2K\0002.", "opcode DUP"),
        // Keys: no hash of anything but a string is ever taken.
        Arguments.of(OPEN + ")" + GOOD + CLOSE, "has a tuple as a key"),
        Arguments.of(OPEN + "K\1" + GOOD + CLOSE, "has 1 as a key"),
        Arguments.of(
            OPEN + string("w") + GOOD + string("w") + GOOD + CLOSE, "key \"w\" is there twice"),
        Arguments.of(OPEN + string("w") + CLOSE, "an item that has no value"),
        Arguments.of(
            OPEN + string("w") + GOOD + "u}X\1\0\0\0aK\1sb.", "sets attributes of a dict other"),
        Arguments.of(
            "\u0080\2" + GOOD + "}X\11\0\0\0_metadata}sb.", "attributes of a tensor other"),
        // Stack and end.
        Arguments.of("", "breaks off"),
        Arguments.of("\u0080\2", "breaks off"),
        Arguments.of("}.", "does not begin as a pickle"),
        Arguments.of("\u0080\1}.", "has protocol 1"),
        Arguments.of("\u0080\5}.", "has protocol 5"),
        Arguments.of("\u0080\2\u0080\2}.", "opcode PROTO"),
        Arguments.of("\u0080\2.", "ends with 0 values and 0 marks"),
        Arguments.of("\u0080\2}}.", "ends with 2 values and 0 marks"),
        Arguments.of("\u0080\2}(.", "ends with 1 values and 1 marks"),
        Arguments.of("\u0080\2}.cos\nsystem\n)R.", "goes on for 14 bytes after its end"),
        Arguments.of("\u0080\2t.", "a mark that is not there"),
        Arguments.of("\u0080\2R.", "takes more values"),
        Arguments.of("\u0080\2}(s.", "takes more values"),
        Arguments.of("\u0080\2q\0.", "takes more values"),
        Arguments.of("\u0080\2K\1.", "holds 1, expected a dict"),
        Arguments.of("\u0080\2N.", "holds None, expected a dict"),
        Arguments.of("\u0080\2X\1\0\0\0\u00ff.", "a string that is not UTF-8"),
        Arguments.of("\u0080\2cos\nsystem", "breaks off"),
        Arguments.of(dict("a\n\u001b[31m", number(1)), "a\ufffd\ufffd[31m: is 1"));
  }

  @ParameterizedTest(name = "{1}")
  @MethodSource({"callables", "storages", "sizes"})
  void hostilePickleIsRefusedByName(String pickle, String problem) {
    assertRefused(archive(pickle).bytes(), problem);
  }

  /** What becomes of the zip file around a good pickle. */
  static Stream<Arguments> zips() {
    return Stream.of(
        zip("does not end as a zip file does", z -> z.comment = new byte[3]),
        zip("version: no local header at byte", z -> z.begin = 0, b -> flip(b, "PK\3\4", 3, 1)),
        zip("is not a zip file", z -> z.begin = 7),
        zip("between it and the next entry are no description", z -> z.hole = new byte[9]),
        zip("central directory: 999 entries in", z -> z.count = 999),
        zip("from byte 5 on are not what lies before", z -> z.directory = 5),
        zip("data/0: is there twice", z -> z.add("archive/data/0", new byte[16])),
        zip("data.pkl: is there twice", z -> z.add("archive/data.pkl", new byte[16])),
        zip("is a second data.pkl", z -> z.add("other/data.pkl", new byte[16])),
        zip("../x: does not lie in archive/ with", z -> z.add("../x", new byte[1])),
        zip("is a TorchScript program", z -> z.add("archive/constants.pkl", new byte[1])),
        zip(
            "a: has another name in its local header", // CVE-2025-1944
            z -> z.add("archive/a", new byte[1]).localName = "archive/b"),
        zip("a: is encrypted", z -> z.add("archive/a", new byte[1]).flags = 1), // CVE-2025-1945
        zip("a: is encrypted", z -> z.add("archive/a", new byte[1]).flags = 0x2000),
        zip(
            "a: its local header and the central",
            z -> z.add("archive/a", new byte[1]).localFlags = 1),
        zip("a: is compressed (method 8)", z -> z.add("archive/a", new byte[1]).method = 8),
        zip("a: is compressed (method 99)", z -> z.add("archive/a", new byte[1]).method = 99),
        zip(
            "a: is stored, but 1 bytes are said to be 4294967294",
            z -> z.add("archive/a", new byte[1]).size = 0xffff_fffeL),
        zip("a: 100 bytes from byte", z -> size(z.add("archive/a", new byte[1]), 100)),
        zip("a: 2147483648 bytes from byte", z -> size(z.add("archive/a", new byte[1]), 1L << 31)),
        zip(
            "a: a size or place is said to be in zip64, but is not",
            z -> size(z.add("archive/a", new byte[1]), 0xffff_ffffL)),
        zip("a: 9223372036854775807 bytes from", z -> large(z, Long.MAX_VALUE)),
        zip("a: 18446744073709551615 bytes from", z -> large(z, -1)),
        zip(
            "a: its local header and the central",
            z -> z.add("archive/a", new byte[3]).localSize = 2),
        zip(
            "a: the 3 bytes between it and the next",
            z -> size(z.add("archive/a", new byte[3]), 0)),
        zip(
            "its header is said to be at byte 0, expected from 30 to", // one content, many names
            z -> z.add("archive/a", new byte[1]).local = 0),
        zip(
            "its header is said to be at byte 1, expected from 30 to",
            z -> z.add("archive/a", new byte[1]).local = 1),
        zip(
            "its header is said to be at byte 4294967294, expected",
            z -> z.add("archive/a", new byte[1]).local = 0xffff_fffeL),
        zip("has a name of 2000 bytes", z -> z.add("archive/" + "a".repeat(1992), new byte[1])));
  }

  private static void size(StoredZip.Entry entry, long size) {
    entry.size = size;
    entry.compressed = size;
    entry.localSize = size;
  }

  private static void large(StoredZip zip, long size) {
    StoredZip.Entry entry = zip.add("archive/a", new byte[1]);
    size(entry, 0xffff_ffffL);
    ByteBuffer extra = ByteBuffer.allocate(20).order(ByteOrder.LITTLE_ENDIAN);
    entry.extra =
        extra.putShort((short) 1).putShort((short) 16).putLong(size).putLong(size).array();
  }

  private static Arguments zip(String problem, Consumer<StoredZip> change) {
    return zip(problem, change, bytes -> {});
  }

  private static Arguments zip(String problem, Consumer<StoredZip> change, Consumer<byte[]> then) {
    StoredZip zip = archive(dict("w", GOOD));
    change.accept(zip);
    byte[] bytes = zip.bytes();
    then.accept(bytes);
    return Arguments.of(bytes, problem);
  }

  /** Changes a byte near the last place where the mark lies. */
  private static void flip(byte[] bytes, String mark, int offset, int bits) {
    int at = new String(bytes, StandardCharsets.ISO_8859_1).lastIndexOf(mark);
    bytes[at + offset] ^= (byte) bits;
  }

  @ParameterizedTest(name = "{1}")
  @MethodSource("zips")
  void hostileZipIsRefusedByName(byte[] bytes, String problem) {
    assertRefused(bytes, problem);
  }

  /** The archive's own parts. */
  static Stream<Arguments> archives() {
    return Stream.of(
        Arguments.of(parts("archive/byteorder", "little"), "data.pkl: is missing"),
        Arguments.of(parts("data.pkl", dict("w", GOOD)), "data.pkl: is missing"),
        Arguments.of(parts("/data.pkl", dict("w", GOOD)), "data.pkl: is missing"),
        Arguments.of(parts("a/b/data.pkl", dict("w", GOOD)), "data.pkl: is missing"),
        Arguments.of(new StoredZip().bytes(), "is not a zip file"),
        Arguments.of(
            parts("a/data.pkl", dict("w", GOOD), "a/byteorder", "big"), "byteorder: is not little"),
        Arguments.of(
            parts("a/data.pkl", "\u0080\2" + "0".repeat(4 << 20)),
            "is 4194306 bytes long, at most"),
        Arguments.of(new byte[0], "is empty"),
        Arguments.of(Pickles.bytes("7z\u00bc\u00af\u0027\u001c"), "is not a zip file"), // nullifAI
        Arguments.of(Pickles.bytes("version https://git-lfs.github.com/spec/v1\n"), "Git LFS"),
        Arguments.of(tar(), "has the format of PyTorch before 1.6"), // CVE-2025-32434
        Arguments.of(Pickles.bytes("\u0080\2cos\nsystem\n" + RUN), "is not a zip file"));
  }

  private static byte[] parts(String... namesAndContents) {
    StoredZip zip = new StoredZip();
    for (int i = 0; i < namesAndContents.length; i += 2) {
      zip.add(namesAndContents[i], Pickles.bytes(namesAndContents[i + 1]));
    }
    return zip.bytes();
  }

  private static byte[] tar() {
    byte[] tar = new byte[1024];
    System.arraycopy(Pickles.bytes("ustar"), 0, tar, 257, 5);
    return tar;
  }

  @ParameterizedTest(name = "{1}")
  @MethodSource("archives")
  void whatIsNoArchiveOfTorchIsRefused(byte[] bytes, String problem) {
    assertRefused(bytes, problem);
  }

  @Test
  void everyTruncationAndEveryTailOfARealFileIsRefused() throws IOException {
    byte[] whole = Files.readAllBytes(TestFiles.family().resolve("torch/f16.bin"));
    for (int length = 0; length < whole.length; length += 1 + length / 100) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertThrows(InputException.class, () -> TorchFile.read("x", segment(cut)));
    }
    byte[] tail = Arrays.copyOf(whole, whole.length + 1);
    assertRefused(tail, "does not end as a zip file does");
  }

  private static MemorySegment segment(byte[] bytes) {
    return MemorySegment.ofArray(bytes).asReadOnly();
  }

  private static void assertRefused(byte[] bytes, String problem) {
    InputException e =
        assertThrows(InputException.class, () -> TorchFile.read("x.bin", segment(bytes)));
    assertTrue(e.getMessage().startsWith("x.bin: "), e.getMessage());
    assertTrue(e.getMessage().contains(problem), e.getMessage());
    assertEquals(1, e.getMessage().lines().count());
  }
}
