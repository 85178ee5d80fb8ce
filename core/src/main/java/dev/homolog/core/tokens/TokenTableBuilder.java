package dev.homolog.core.tokens;

import dev.homolog.core.HomologException;
import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import dev.homolog.core.memory.DType;
import dev.homolog.core.npy.NpyFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.LongConsumer;

/** Packs documents, or copies a matrix, into the rows of a {@link TokenTable}. One thread. */
final class TokenTableBuilder implements AutoCloseable {
  private static final int BATCH_CHARS = 1 << 20;
  private static final int BATCH_PIECES = 256;
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
  private boolean handedOver;
  private Mark mark; // where the document that is being read began; null between two
  private long leftOut;

  /** What a document that is left out is undone to. */
  private record Mark(long written, long stream, int documents) {}

  /**
   * @param size width of a row, at least 2, and the most positions, BOS included
   */
  @SuppressWarnings("MustBeClosedChecker") // closed by close, or with the table
  private TokenTableBuilder(TokenRules rules, TokenTable.Size size, List<Path> files) {
    this.context = size.context();
    if (context < 2) {
      throw new InputException(
          InputOption.CONTEXT,
          context + " leaves no room for a token after BOS",
          "give at least 2");
    }
    this.wantedRows = size.maxTokens() / context;
    if (wantedRows < 1) {
      throw new InputException(
          InputOption.MAX_TOKENS,
          size.maxTokens() + " is less than one row of " + context + " positions",
          "raise it or lower --context");
    }
    this.rules = rules;
    this.documents = new DocumentIndex(files);
    this.capacity = Math.min(1 << 20, wantedRows * context);
    this.arena = Arena.ofShared();
    this.ids = allocate(arena, capacity * Integer.BYTES);
  }

  static TokenTable fromText(
      List<Path> files,
      Share share,
      Tokenizer tokenizer,
      TokenRules rules,
      TokenTable.Size size,
      LongConsumer progress) {
    try (Documents source = Documents.of(files, tokenizer.cuttable());
        TokenTableBuilder builder = new TokenTableBuilder(rules, size, files)) {
      Share.Decision decision = share.new Decision();
      List<Piece> batch = nextBatch(source, false);
      while (!batch.isEmpty() && builder.wants(batch.getFirst(), source, share)) {
        int[][] encoded =
            builder.full()
                ? new int[batch.size()][0]
                : tokenizer.encode(batch.stream().map(Piece::text).toList());
        for (int i = 0; i < encoded.length; i++) {
          Piece piece = batch.get(i);
          if (builder.wants(piece, source, share)) {
            decision.add(piece.text());
            builder.add(piece, encoded[i], files, tokenizer);
            if (piece.last()) {
              builder.end(piece, decision.taken());
            }
          }
        }
        progress.accept(builder.written);
        batch = nextBatch(source, builder.full());
      }
      return builder.finish(files, share);
    }
  }

  /**
   * Up to a million chars of documents.
   *
   * @param rest only to the end of the document that has begun
   */
  private static List<Piece> nextBatch(Documents source, boolean rest) {
    List<Piece> batch = new ArrayList<>();
    long chars = 0;
    boolean ended = false;
    while (chars < BATCH_CHARS && batch.size() < BATCH_PIECES && !ended) {
      Optional<Piece> piece = source.next();
      if (piece.isEmpty()) {
        break;
      }
      batch.add(piece.get());
      chars += piece.get().text().length();
      ended = rest && piece.get().last();
    }
    return batch;
  }

  private boolean full() {
    return written == wantedRows * context;
  }

  /**
   * Whether a piece is needed: when the table is full, only the rest of a document whose label or
   * hash is known at its end.
   */
  private boolean wants(Piece piece, Documents source, Share share) {
    return !full() || mark != null && (!share.all() || source.labels(piece.file()));
  }

  private void add(Piece piece, int[] encoded, List<Path> files, Tokenizer tokenizer) {
    if (piece.first()) {
      mark = new Mark(written, stream, documents.size());
      if (documents.size() > 0) {
        append(rules.bosId());
      }
      if (!full()) {
        documents.add(stream, piece.file(), piece.line());
      }
    }
    if (full()) {
      return;
    }
    documents.addReplaced(piece.replaced());
    for (int i = 0; i < encoded.length && !full(); i++) {
      int id = encoded[i];
      if (id < 0 || id >= rules.vocabSize()) {
        throw new InputException(
            files.get(piece.file()),
            "line " + piece.line(),
            String.format(Locale.ROOT, "token id %d (%s) is not in the model's vocabulary of %d", id, Vocabulary.quoted(tokenizer.tokenText(id)), rules.vocabSize()),
            WRONG_TOKENIZER);
      }
      append(id);
    }
  }

  private void end(Piece piece, boolean taken) {
    if (!taken) {
      written = mark.written;
      stream = mark.stream;
      documents.shrink(mark.documents);
      leftOut++;
    } else if (documents.size() > mark.documents) {
      documents.label(piece.label());
    }
    mark = null;
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

  private TokenTable finish(List<Path> files, Share share) {
    long rows = written / context;
    if (rows == 0) {
      String problem = stream + " tokens do not fill one row of " + (context - 1);
      String remedy = "lower --context or give more text";
      throw files.size() == 1
          ? new InputException(files.getFirst(), "", problem, remedy)
          : new InputException(InputOption.TEXT, problem, remedy);
    }
    long used = rows * (context - 1);
    documents.cut(used);
    return table(rows, new TokenTable.Origin(stream - used, share, leftOut));
  }

  private TokenTable table(long rows, TokenTable.Origin origin) {
    TokenTable table = new TokenTable(arena, ids, rows, context, rules, documents, origin);
    handedOver = true;
    return table;
  }

  static TokenTable fromNpy(Path file, Tokenizer tokenizer, TokenRules rules, long maxTokens) {
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
      Optional<TokenCache> cache = TokenCache.beside(npy, tokenizer);
      int context = shape.get(1).intValue();
      TokenTable.Size size = new TokenTable.Size(context, Math.min(maxTokens, npy.elements()));
      List<Path> files = cache.map(TokenCache::files).orElse(List.of(file));
      try (TokenTableBuilder builder = new TokenTableBuilder(rules, size, files)) {
        for (long row = 0; row < builder.wantedRows; row++) {
          builder.copyRow(npy, row);
        }
        if (cache.isEmpty()) {
          for (long row = 0; row < builder.wantedRows; row++) {
            builder.documents.add(row * (context - 1), 0, row);
          }
          return builder.table(builder.wantedRows, new TokenTable.Origin(0, Share.ALL, 0));
        }
        cache.get().documents(builder.documents, builder.stream);
        TokenTable.Origin whole = cache.get().origin();
        boolean all = builder.wantedRows == shape.get(0);
        // Text of which no more is wanted is not read to its end, and has no tail.
        long tail = all && maxTokens > npy.elements() ? whole.droppedTail() : 0;
        TokenTable table =
            builder.table(
                builder.wantedRows, new TokenTable.Origin(tail, whole.share(), whole.leftOut()));
        try {
          cache.get().requireSame(table, all);
        } catch (InputException e) {
          table.close();
          throw e;
        }
        return table;
      }
    }
  }

  private void copyRow(NpyFile npy, long row) {
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
