package dev.homolog.core.tokens;

import dev.homolog.core.HomologException;
import dev.homolog.core.InputException;
import dev.homolog.core.memory.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;

/** Packs documents, or copies a matrix, into the rows of a {@link TokenTable}. One thread. */
final class TokenTableBuilder implements AutoCloseable {
  private static final int BATCH_CHARS = 1 << 20;
  private static final int BATCH_DOCUMENTS = 256;
  private static final String WRONG_TOKENIZER = "use the tokenizer that belongs to the model";

  private final TokenRules rules;
  private final int context;
  private final long wantedRows;
  private final DocumentIndex documents;
  private Arena arena;
  private MemorySegment ids;
  private long capacity;
  private long written;
  private long stream;
  private long replaced;
  private boolean handedOver;

  /**
   * @param context width of a row, at least 2
   * @param maxTokens the most positions, BOS included
   */
  @SuppressWarnings("MustBeClosedChecker") // closed by close, or with the table
  private TokenTableBuilder(TokenRules rules, int context, long maxTokens, List<Path> files) {
    if (context < 2) {
      throw new InputException(
          "--context", "", context + " leaves no room for a token after BOS", "give at least 2");
    }
    this.wantedRows = maxTokens / context;
    if (wantedRows < 1) {
      throw new InputException(
          "--max-tokens",
          "",
          maxTokens + " is less than one row of " + context + " positions",
          "raise it or lower --context");
    }
    this.rules = rules;
    this.context = context;
    this.documents = new DocumentIndex(files);
    this.capacity = Math.min(1 << 20, wantedRows * context);
    this.arena = Arena.ofShared();
    this.ids = allocate(arena, capacity * Integer.BYTES);
  }

  static TokenTable fromText(
      List<Path> files,
      Tokenizer tokenizer,
      TokenRules rules,
      int context,
      long maxTokens,
      LongConsumer progress) {
    try (Documents source = Documents.of(files);
        TokenTableBuilder builder = new TokenTableBuilder(rules, context, maxTokens, files)) {
      List<Document> batch = nextBatch(source);
      while (!batch.isEmpty() && !builder.full()) {
        int[][] encoded = tokenizer.encode(batch.stream().map(Document::text).toList());
        for (int i = 0; i < encoded.length && !builder.full(); i++) {
          builder.add(batch.get(i), encoded[i], files, tokenizer);
        }
        progress.accept(builder.written);
        batch = builder.full() ? List.of() : nextBatch(source);
      }
      return builder.finish(files);
    }
  }

  /** Up to a million chars of documents; a longer document comes alone. */
  private static List<Document> nextBatch(Documents source) {
    List<Document> batch = new ArrayList<>();
    long chars = 0;
    while (chars < BATCH_CHARS && batch.size() < BATCH_DOCUMENTS) {
      Optional<Document> document = source.next();
      if (document.isEmpty()) {
        break;
      }
      batch.add(document.get());
      chars += document.get().text().length();
    }
    return batch;
  }

  private boolean full() {
    return written == wantedRows * context;
  }

  private void add(Document document, int[] encoded, List<Path> files, Tokenizer tokenizer) {
    if (documents.size() > 0) {
      append(rules.bosId());
      if (full()) {
        return;
      }
    }
    documents.add(stream, document.file(), document.line(), document.label());
    replaced = Math.addExact(replaced, document.replaced());
    for (int i = 0; i < encoded.length && !full(); i++) {
      int id = encoded[i];
      if (id < 0 || id >= rules.vocabSize()) {
        throw new InputException(
            files.get(document.file()),
            "line " + document.line(),
            "token id %d (%s) is not in the model's vocabulary of %d"
                .formatted(id, Vocabulary.quoted(tokenizer.tokenText(id)), rules.vocabSize()),
            WRONG_TOKENIZER);
      }
      append(id);
    }
  }

  /** One token of the stream, and BOS before it where a row begins. */
  private void append(int id) {
    if (written % context == 0) {
      write(rules.bosId());
    }
    write(id);
    stream++;
  }

  private void write(int id) {
    if (written == capacity) {
      grow();
    }
    ids.setAtIndex(ValueLayout.JAVA_INT, written++, id);
  }

  @SuppressWarnings("MustBeClosedChecker") // takes the place of the arena that is closed here
  private void grow() {
    long larger = Math.min(Math.addExact(capacity, capacity / 2), wantedRows * context);
    Arena next = Arena.ofShared();
    try {
      MemorySegment copy = allocate(next, Math.multiplyExact(larger, (long) Integer.BYTES));
      copy.copyFrom(ids);
      ids = copy;
      capacity = larger;
    } catch (RuntimeException e) {
      next.close();
      throw e;
    }
    arena.close();
    arena = next;
  }

  private TokenTable finish(List<Path> files) {
    long rows = written / context;
    if (rows == 0) {
      String where = files.size() == 1 ? files.getFirst().toString() : "--text";
      throw new InputException(
          where,
          "",
          stream + " tokens do not fill one row of " + (context - 1),
          "lower --context or give more text");
    }
    long used = rows * (context - 1);
    documents.cut(used);
    return table(rows, stream - used);
  }

  private TokenTable table(long rows, long droppedTail) {
    TokenTable table =
        new TokenTable(arena, ids, rows, context, rules, documents, droppedTail, replaced);
    handedOver = true;
    return table;
  }

  static TokenTable fromNpy(Path file, TokenRules rules, long maxTokens) {
    try (NpyFile npy = NpyFile.open(file)) {
      if (npy.dtype() != DType.I32 && npy.dtype() != DType.I64) {
        throw new InputException(
            file, "", "elements are " + npy.dtype() + ", not token ids", "give int32 or int64");
      }
      List<Long> shape = npy.shape();
      if (shape.size() != 2
          || shape.get(0) < 1
          || shape.get(1) < 2
          || shape.get(1) > Integer.MAX_VALUE) {
        throw new InputException(
            file,
            "shape",
            shape + " is not [rows, context]",
            "give at least one row of BOS and a token");
      }
      int context = shape.get(1).intValue();
      long wanted = Math.min(maxTokens, npy.elements());
      try (TokenTableBuilder builder =
          new TokenTableBuilder(rules, context, wanted, List.of(file))) {
        for (long row = 0; row < builder.wantedRows; row++) {
          builder.copyRow(npy, row);
        }
        return builder.table(builder.wantedRows, 0);
      }
    }
  }

  private void copyRow(NpyFile npy, long row) {
    documents.add(stream, 0, row, Optional.empty());
    for (int position = 0; position < context; position++) {
      long at = row * context + position;
      long id =
          npy.dtype() == DType.I32
              ? npy.data().get(ValueLayout.JAVA_INT_UNALIGNED, at * Integer.BYTES)
              : npy.data().get(ValueLayout.JAVA_LONG_UNALIGNED, at * Long.BYTES);
      if (position == 0 && id != rules.bosId()) {
        throw new InputException(
            npy.file(),
            "row " + row,
            "begins with " + id + ", not with BOS, which is " + rules.bosId(),
            "put BOS in front of every row");
      }
      if (id < 0 || id >= rules.vocabSize()) {
        throw new InputException(
            npy.file(),
            "row " + row + ", position " + position,
            "token id " + id + " is not in the model's vocabulary of " + rules.vocabSize(),
            WRONG_TOKENIZER);
      }
      write((int) id);
    }
    stream += context - 1;
  }

  /** Off-heap memory; a refusal says what to do. */
  static MemorySegment allocate(Arena arena, long bytes) {
    try {
      return arena.allocate(bytes, 64);
    } catch (OutOfMemoryError e) {
      throw new HomologException(
          "the tokens need another "
              + bytes
              + " bytes outside the heap; lower --max-tokens or raise -XX:MaxDirectMemorySize",
          e);
    }
  }

  @Override
  public void close() {
    if (!handedOver) {
      arena.close();
    }
  }
}
