package dev.homolog.core.tokens;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.homolog.core.HomologException;
import dev.homolog.core.InputException;
import dev.homolog.core.memory.DType;
import dev.homolog.core.npy.NpyFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is written and read back is the same table, and nothing else is taken for it. */
class TokenCacheTest {
  private static final long ALL = Long.MAX_VALUE;
  private static final String AGAIN = "; write the cache again with homolog tokenize";

  private final Tokenizer tokenizer = Golden.tokenizer();
  private final TokenRules rules = Golden.rules();

  @TempDir Path folder;

  private TokenTable text(long most, Share share) throws IOException {
    Path broken = folder.resolve("broken.txt");
    Files.write(broken, new byte[] {'a', (byte) 0xFF, ' ', 'b', (byte) 0xE2, (byte) 0x82});
    return TokenTable.fromText(
        List.of(broken, Golden.VALIDATION), share, tokenizer, rules, 64, most, _ -> {});
  }

  private static void assertSame(TokenTable expected, TokenTable actual) {
    assertEquals(expected.rows(), actual.rows());
    assertEquals(expected.context(), actual.context());
    assertEquals(expected.sha256(), actual.sha256());
    assertEquals(expected.kept(), actual.kept());
    assertEquals(expected.droppedTail(), actual.droppedTail());
    assertEquals(expected.replacedCharacters(), actual.replacedCharacters());
    assertEquals(expected.share(), actual.share());
    assertEquals(expected.subsets(), actual.subsets());
    assertEquals(expected.documents(), actual.documents());
    for (int i = 0; i < expected.documents(); i++) {
      assertEquals(expected.document(i), actual.document(i));
    }
    for (long row = 0; row < expected.rows(); row++) {
      for (int position = 0; position < expected.context(); position += 9) {
        assertEquals(expected.documentOf(row, position), actual.documentOf(row, position));
        assertEquals(expected.subsetOf(row, position), actual.subsetOf(row, position));
      }
    }
  }

  private static final String LEFT =
      ": is there already; remove it if a killed run has left it, or choose another --out";

  @Test
  void readsWhatItWrote() throws IOException {
    for (Share share : List.of(Share.ALL, Share.of(0.5, true))) {
      Path file = folder.resolve("c" + share.part() + ".npy");
      try (TokenTable table = text(ALL, share)) {
        assertEquals(share.all() ? 2 : 0, table.replacedCharacters());
        TokenCache.write(file, table, tokenizer);
        try (TokenTable read = TokenTable.fromNpy(file, tokenizer, rules, ALL)) {
          assertSame(table, read);
          assertEquals(table.leftOut(), read.leftOut());
        }
      }
      // Part of a cache is what that part of the text would have been.
      for (long most : new long[] {64, 6400, 6463}) {
        try (TokenTable table = text(most, share);
            TokenTable read = TokenTable.fromNpy(file, tokenizer, rules, most)) {
          assertSame(table, read);
        }
      }
    }
  }

  /** The files as NumPy would have them. */
  @Test
  void documentsAreAMatrix() throws IOException {
    Path file = folder.resolve("c.npy");
    try (TokenTable table = text(6400, Share.ALL)) {
      TokenCache.write(file, table, tokenizer);
      try (NpyFile npy = NpyFile.open(folder.resolve("c.npy.documents.npy"))) {
        assertEquals(DType.I64, npy.dtype());
        assertEquals(List.of((long) table.documents(), 5L), npy.shape());
        long[] first = npy.data().asSlice(0, 80).toArray(ValueLayout.JAVA_LONG_UNALIGNED);
        long second = tokenizer.encode("a\uFFFD b\uFFFD").length + 1L;
        assertEquals("[0, 0, -1, 1, 2, " + second + ", 1, 0, 1, 0]", Arrays.toString(first));
      }
    }
  }

  private Path cache() throws IOException {
    Path file = folder.resolve("c.npy");
    try (TokenTable table = text(640, Share.ALL)) {
      TokenCache.write(file, table, tokenizer);
    }
    return file;
  }

  private void refused(Path file, String message) {
    assertEquals(
        message,
        assertThrows(
                InputException.class, () -> TokenTable.fromNpy(file, tokenizer, rules, ALL).close())
            .getMessage());
  }

  @Test
  void anotherTokenizerIsRefused() throws IOException {
    Path file = cache();
    String json = Files.readString(Golden.FAMILY.resolve("a/tokenizer.json"));
    // The same tokenizer in other words is the same.
    Path spaced = Files.createDirectory(folder.resolve("spaced")).resolve("tokenizer.json");
    Files.writeString(spaced, json + " \n");
    TokenTable.fromNpy(file, Tokenizer.of(spaced), rules, ALL).close();
    Path other = Files.createDirectory(folder.resolve("other")).resolve("tokenizer.json");
    ObjectMapper mapper = new ObjectMapper();
    JsonNode root = mapper.readTree(json);
    ArrayNode pairs = (ArrayNode) root.at("/model/merges");
    pairs.remove(pairs.size() - 1);
    mapper.writeValue(other.toFile(), root);
    Tokenizer merges = Tokenizer.of(other);
    assertTrue(tokenizer.difference(merges).isPresent());
    assertEquals(
        file
            + ": made with another tokenizer than "
            + other
            + "; tokenize the text again with homolog tokenize --model "
            + other.getParent(),
        assertThrows(
                InputException.class, () -> TokenTable.fromNpy(file, merges, rules, ALL).close())
            .getMessage());
  }

  @Test
  void whatDoesNotBelongIsRefused() throws IOException {
    Path file = cache();
    Path json = folder.resolve("c.npy.json");
    String good = Files.readString(json);
    Files.writeString(json, "[]");
    refused(file, json + ": not a JSON object" + AGAIN);
    Files.writeString(json, "{}");
    refused(file, json + ": tokenizer: is not a string" + AGAIN);
    Files.writeString(json, good.replace("\"rows\" : 10", "\"rows\" : 11"));
    refused(file, json + ": rows: [11, 64] is not the shape of the ids, [10, 64]" + AGAIN);
    Files.writeString(json, good.replace("\"share\" : 1.0", "\"share\" : 7"));
    refused(file, json + ": share: 7.0 is no share" + AGAIN);
    Files.writeString(json, good.replace("\"dropped_tail\" : 0", "\"dropped_tail\" : -1"));
    refused(file, json + ": dropped_tail: is not a number from 0" + AGAIN);
    Files.writeString(json, good.replaceAll("\"sha256\" : \"..", "\"sha256\" : \"xx"));
    refused(file, json + ": sha256: is not that of the ids in " + file + AGAIN);
    Files.delete(json);
    refused(file, json + ": no such file" + AGAIN);
    Files.writeString(json, good);

    Path documents = folder.resolve("c.npy.documents.npy");
    matrix(documents, 0, 0, -1, 1, 0, 0, 1, 0, 1, 0);
    refused(file, documents + ": row 1: a document begins at 0 after 0" + AGAIN);
    matrix(documents, 1, 0, -1, 1, 0);
    refused(file, documents + ": row 0: a document begins at 1 after -1" + AGAIN);
    matrix(documents, 0, 2, -1, 1, 0);
    refused(file, documents + ": row 0: file 2 or subset -1 is unknown" + AGAIN);
    matrix(documents, 0, 0, 99, 1, 0);
    refused(file, documents + ": row 0: file 0 or subset 99 is unknown" + AGAIN);
    NpyFile.write(documents, DType.I32, List.of(1L, 5L), MemorySegment.ofArray(new int[5]));
    refused(file, documents + ": shape: I32 [1, 5] is not I64 [documents, 5]" + AGAIN);
    Files.delete(documents);
    refused(file, documents + ": no such file; give the path of a .npy file");
  }

  private static void matrix(Path file, long... values) {
    NpyFile.write(file, DType.I64, List.of(values.length / 5L, 5L), MemorySegment.ofArray(values));
  }

  /** Where one of the three cannot be written, none is there, and the next try begins anew. */
  @Test
  void allThreeFilesOrNone() throws IOException {
    Path file = folder.resolve("c.npy");
    for (String ending : List.of("", ".json", ".documents.npy")) {
      Path blocked = Files.createDirectory(folder.resolve("c.npy" + ending));
      try (TokenTable table = text(640, Share.ALL)) {
        assertThrows(HomologException.class, () -> TokenCache.write(file, table, tokenizer));
      }
      Files.delete(blocked);
      try (var left = Files.list(folder)) {
        assertEquals(
            List.of("broken.txt"), left.map(path -> path.getFileName().toString()).toList());
      }
      TokenCache.requireFree(file);
    }
    Files.createSymbolicLink(folder.resolve("c.npy.json"), folder.resolve("nowhere"));
    free(file, ".json" + LEFT);
  }

  @Test
  void whereItMayBeWritten() throws IOException {
    Path file = cache();
    free(folder.resolve("c.txt"), ": is no name of a .npy file; give one that ends in .npy");
    free(file, ": is there already; choose another --out");
    Files.delete(file);
    free(file, ".documents.npy" + LEFT);
    free(folder.resolve("no/c.npy"), ": its folder is not there; make the folder first");
    TokenCache.requireFree(folder.resolve("d.npy"));
  }

  private static void free(Path file, String message) {
    assertEquals(
        file + message,
        assertThrows(InputException.class, () -> TokenCache.requireFree(file)).getMessage());
  }
}
