package dev.homolog.core.tokens;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.homolog.core.InputException;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Token ids as other tools write them; BOS is 0 and the vocabulary has 4,096 tokens. */
class TokenFileTest {
  private static final long ALL = Long.MAX_VALUE;
  private static final OptionalInt NO_CONTEXT = OptionalInt.empty();

  private final Tokenizer tokenizer = Golden.tokenizer();

  @TempDir Path folder;

  private static byte[] ids(TokenType type, long... ids) {
    ByteBuffer bytes = ByteBuffer.allocate(ids.length * type.bytes());
    bytes.order(ByteOrder.LITTLE_ENDIAN);
    for (long id : ids) {
      switch (type) {
        case UINT16 -> bytes.putShort((short) id);
        case UINT32, INT32 -> bytes.putInt((int) id);
        case INT64 -> bytes.putLong(id);
      }
    }
    return bytes.array();
  }

  private Path npy(TokenType type, String shape, long... ids) throws IOException {
    String descr =
        switch (type) {
          case UINT16 -> "<u2";
          case UINT32 -> "<u4";
          case INT32 -> "<i4";
          case INT64 -> "<i8";
        };
    String header =
        "{'descr': '" + descr + "', 'fortran_order': False, 'shape': (" + shape + "), }\n";
    byte[] magic = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (byte) header.length(), 0};
    byte[] bytes = Texts.join(magic, Texts.utf8(header), ids(type, ids));
    return Texts.write(folder, type + ".npy", bytes);
  }

  private TokenTable read(Path file, Optional<TokenType> type, OptionalInt context, long most) {
    return TokenTable.fromTokens(
        new TokenFile(file, type, context), tokenizer, Golden.rules(), most);
  }

  private void refused(Path file, Optional<TokenType> type, OptionalInt context, String message) {
    InputException e =
        assertThrows(InputException.class, () -> read(file, type, context, ALL).close());
    assertEquals(message.replace("FILE", file.toString()), e.getMessage());
  }

  @Test
  void matricesOfEveryType() throws IOException {
    for (TokenType type : TokenType.values()) {
      Path file = npy(type, "2, 3", 0, 5, 4095, 0, 199, 7);
      try (TokenTable table = read(file, Optional.empty(), NO_CONTEXT, ALL)) {
        assertArrayEquals(
            new int[] {0, 5, 4095, 0, 199, 7}, table.ids(0, 2).toArray(ValueLayout.JAVA_INT));
        assertEquals(2, table.documents());
      }
    }
  }

  /** An id is never negative where the type has no sign. */
  @Test
  void idsBeyondTheVocabulary() throws IOException {
    String belongs =
        " is not in the model's vocabulary of 4096; use the tokenizer that belongs to"
            + " the model";
    Path two = npy(TokenType.UINT16, "1, 2", 0, 0xFFFF);
    refused(two, Optional.empty(), NO_CONTEXT, "FILE: row 0, position 1: token id 65535" + belongs);
    Path four = npy(TokenType.UINT32, "1, 2", 0, 0xFFFF_FFFFL);
    refused(
        four,
        Optional.empty(),
        NO_CONTEXT,
        "FILE: row 0, position 1: token id 4294967295" + belongs);
    Path flat = npy(TokenType.INT32, "4,", 1, 2, -1, 3);
    refused(flat, Optional.empty(), OptionalInt.of(3), "FILE: token 2: token id -1" + belongs);
  }

  /** A stream of 11 tokens in rows of 4: three tokens each, and two that fill none. */
  @Test
  void flatStreams() throws IOException {
    long[] stream = {11, 12, 0, 13, 14, 15, 0, 0, 16, 17, 18};
    int[] rows = {0, 11, 12, 0, 0, 13, 14, 15, 0, 0, 0, 16};
    for (TokenType type : TokenType.values()) {
      Path npy = npy(type, "11,", stream);
      Path bin = Texts.write(folder, type + ".bin", ids(type, stream));
      Path bare = Texts.write(folder, type + "-raw.npy", ids(type, stream));
      for (Path file : new Path[] {npy, bin, bare}) {
        Optional<TokenType> said = file.equals(npy) ? Optional.empty() : Optional.of(type);
        try (TokenTable table = read(file, said, OptionalInt.of(4), ALL)) {
          assertArrayEquals(rows, table.ids(0, 3).toArray(ValueLayout.JAVA_INT));
          assertEquals(3, table.rows());
          assertEquals(2, table.droppedTail());
          assertEquals(3, table.documents());
          assertArrayEquals(
              new int[] {0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 2},
              IntStream.range(0, 12).map(i -> table.documentOf(i / 4, i % 4)).toArray());
          assertEquals("row 1 of " + file, table.document(1).toString());
          assertEquals("row 2 of " + file, table.document(2).toString());
          assertEquals(0, table.unlabelled());
        }
        try (TokenTable table = read(file, said, OptionalInt.of(4), 9)) {
          assertEquals(2, table.rows());
          assertEquals(0, table.droppedTail());
          assertEquals(2, table.documents());
        }
      }
    }
  }

  /** A stream that begins with the separator, and ends with two. */
  @Test
  void separatorsAtTheEnds() throws IOException {
    Path file = Texts.write(folder, "a.bin", ids(TokenType.UINT16, 0, 5, 6, 0, 7, 0, 0));
    try (TokenTable table = read(file, Optional.of(TokenType.UINT16), OptionalInt.of(8), ALL)) {
      assertArrayEquals(
          new int[] {0, 0, 5, 6, 0, 7, 0, 0}, table.ids(0, 1).toArray(ValueLayout.JAVA_INT));
      assertEquals(2, table.documents());
      assertEquals(0, table.documentOf(0, 4));
      assertEquals(1, table.documentOf(0, 5));
    }
  }

  @Test
  void refusals() throws IOException {
    Optional<TokenType> none = Optional.empty();
    Optional<TokenType> u2 = Optional.of(TokenType.UINT16);
    Path bin = Texts.write(folder, "a.bin", ids(TokenType.UINT16, 1, 2, 3));
    refused(
        bin,
        none,
        OptionalInt.of(2),
        "FILE: ids without a header, which does not say their type; give --dtype uint16, as nanoGPT"
            + " writes, or uint32");
    refused(
        bin,
        u2,
        NO_CONTEXT,
        "FILE: shape: [3] is a flat stream of tokens, not [rows, context]; say with --context how"
            + " long the rows are that it is cut into");
    refused(
        bin,
        u2,
        OptionalInt.of(10),
        "FILE: 3 tokens do not fill one row of 9; lower --context or give more text");
    refused(
        bin,
        Optional.of(TokenType.UINT32),
        OptionalInt.of(2),
        "FILE: 6 bytes are no ids of 4 bytes each; check --dtype, and that the file is whole");
    refused(
        npy(TokenType.INT32, "1, 2", 0, 1),
        u2,
        NO_CONTEXT,
        "--dtype: FILE says itself of which type it is; leave it out");
    refused(
        Texts.write(folder, "llmc.bin", ids(TokenType.UINT32, 20240520, 1, 100)),
        u2,
        OptionalInt.of(2),
        "FILE: begins with the header of llm.c; cut it off with tail -c +1025");
    assertEquals(
        "--dtype: int8 is no type of token ids; give uint16, uint32, int32, int64",
        assertThrows(InputException.class, () -> TokenType.parse("int8")).getMessage());
  }

  @Test
  void otherFilesAreNamed() throws IOException {
    Optional<TokenType> none = Optional.empty();
    Optional<TokenType> u2 = Optional.of(TokenType.UINT16);
    Path pointer =
        Texts.write(
            folder,
            "lfs.npy",
            Texts.utf8("version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 1\n"));
    String lfs =
        "FILE: holds a Git LFS pointer, not the file itself; fetch the file with git lfs pull";
    refused(pointer, none, NO_CONTEXT, lfs);
    refused(pointer, u2, OptionalInt.of(4), lfs);
    refused(
        Texts.write(folder, "page.npy", Texts.utf8("<html><body>Log in</body></html>")),
        none,
        NO_CONTEXT,
        "FILE: holds a page of HTML, not the file itself; download the file that the page links"
            + " to");
    refused(
        Texts.write(folder, "gz.npy", Texts.gzip(new byte[10])),
        none,
        NO_CONTEXT,
        "FILE: holds data compressed by gzip; decompress it with gunzip");
    refused(
        Texts.write(folder, "text.npy", Texts.utf8("1 2 3")),
        none,
        NO_CONTEXT,
        "FILE: not a .npy file; write it with numpy.save");
  }
}
