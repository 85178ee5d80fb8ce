package dev.homolog.core.tokens;

import dev.homolog.core.HomologException;
import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
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
  private static final int LEAST_BATCH_CHARS = 1 << 14;
  private static final int BATCH_PIECES = 256;

  /** A guess at what a token takes of the text; a poor one makes more batches, or longer ones. */
  private static final int CHARS_PER_TOKEN = 4;

  /** So many characters of a document are read for its label when its tokens are there. */
  private static final long MOST_BEYOND = 1L << 26;

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
  private long charsBeyond; // of the document that is being read, after the table was full

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
      TextFiles text,
      Tokenizer tokenizer,
      TokenRules rules,
      TokenTable.Size size,
      LongConsumer progress) {
    // Components of the tokenizer may make a text longer before it is encoded.
    TextFiles bounded = text.withRoom(text.room() / tokenizer.growth());
    try (Documents source = Documents.of(bounded, tokenizer.cuts());
        TokenTableBuilder builder = new TokenTableBuilder(rules, size, text.files())) {
      Share.Decision decision = text.share().new Decision();
      List<Piece> batch = builder.nextBatch(source);
      while (!batch.isEmpty() && builder.wants(batch.getFirst(), source, text.share())) {
        int[][] encoded =
            builder.full()
                ? new int[batch.size()][0]
                : tokenizer.encode(batch.stream().map(Piece::text).toList());
        for (int i = 0; i < encoded.length; i++) {
          Piece piece = batch.get(i);
          if (builder.wants(piece, source, text.share())) {
            decision.add(piece.text());
            builder.add(piece, encoded[i], source, tokenizer);
            if (piece.last()) {
              builder.end(piece, decision.taken(), text);
            }
          }
        }
        progress.accept(builder.written);
        batch = builder.done(batch, source, text) ? List.of() : builder.nextBatch(source);
      }
      return builder.finish(text);
    }
  }

  /**
   * Whether nothing more has to be read. When the table is full, so much of a document is read to
   * find its label, and no more.
   */
  private boolean done(List<Piece> batch, Documents source, TextFiles text) {
    if (!full()) {
      return false;
    }
    if (mark == null) {
      return true;
    }
    batch.forEach(piece -> charsBeyond += piece.text().length());
    if (charsBeyond <= MOST_BEYOND) {
      return false;
    }
    if (!text.share().all()) {
      Piece last = batch.getLast();
      throw new InputException(
          text.files().get(last.file()),
          source.place(last),
          "goes on for more than " + MOST_BEYOND + " characters, whose hash decides over a share",
          "leave --share out, or split the document");
    }
    return true;
  }

  /**
   * Up to a million chars of documents, and little more than the rows still need. When the table is
   * full, only to the end of the document that has begun.
   */
  private List<Piece> nextBatch(Documents source) {
    List<Piece> batch = new ArrayList<>();
    boolean rest = full();
    long missing = Math.min(wantedRows * context - written, BATCH_CHARS);
    long most =
        rest ? BATCH_CHARS : Math.clamp(missing * CHARS_PER_TOKEN, LEAST_BATCH_CHARS, BATCH_CHARS);
    long chars = 0;
    boolean ended = false;
    while (chars < most && batch.size() < BATCH_PIECES && !ended) {
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

  private void add(Piece piece, int[] encoded, Documents source, Tokenizer tokenizer) {
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
            documents.files().get(piece.file()),
            source.place(piece),
            "token id "
                + id
                + " ("
                + Vocabulary.quoted(tokenizer.tokenText(id))
                + ") is not in the model's vocabulary of "
                + rules.vocabSize(),
            WRONG_TOKENIZER);
      }
      append(id);
    }
  }

  private void end(Piece piece, boolean taken, TextFiles text) {
    if (!taken) {
      written = mark.written;
      stream = mark.stream;
      documents.shrink(mark.documents);
      leftOut++;
    } else if (documents.size() > mark.documents) {
      documents.label(piece.label());
      if (documents.tooManySubsets() && text.fields().subset().isPresent()) {
        throw InputException.ofValue(
            InputOption.SUBSET_KEY,
            text.fields().subset().get(),
            "documents have more than " + DocumentIndex.MOST_SUBSETS + " values of it",
            "name a key of fewer values");
      }
    }
    mark = null;
    charsBeyond = 0;
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

  private TokenTable finish(TextFiles text) {
    long used = complete(text.files(), InputOption.TEXT);
    boolean dropped = documents.tooManySubsets();
    return table(
        written / context,
        new TokenTable.Origin(stream - used, text.share(), leftOut, text.fields(), dropped));
  }

  /** Forgets what does not fill a row; returns how much of the stream is left. */
  private long complete(List<Path> files, InputOption option) {
    long rows = written / context;
    if (rows == 0) {
      String problem = stream + " tokens do not fill one row of " + (context - 1);
      String remedy = "lower --context or give more text";
      throw files.size() == 1
          ? new InputException(files.getFirst(), "", problem, remedy)
          : new InputException(option, problem, remedy);
    }
    long used = rows * (context - 1);
    documents.cut(used);
    return used;
  }

  private TokenTable table(long rows, TokenTable.Origin origin) {
    TokenTable table = new TokenTable(arena, ids, rows, context, rules, documents, origin);
    handedOver = true;
    return table;
  }

  static TokenTable fromTokens(
      TokenFile tokens, Tokenizer tokenizer, TokenRules rules, long maxTokens) {
    Path file = tokens.file();
    try (TokenFile.Ids ids = tokens.open()) {
      List<Long> shape = ids.shape();
      if (shape.size() == 1 && shape.get(0) > 0) {
        if (tokens.context().isEmpty()) {
          throw new InputException(
              file,
              "shape",
              shape + " is a flat stream of tokens, not [rows, context]",
              "say with --context how long the rows are that it is cut into");
        }
        return flat(tokens, ids, rules, maxTokens);
      }
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
      Optional<TokenCache> cache = TokenCache.beside(file, shape, tokenizer);
      TokenTable.Size size =
          new TokenTable.Size(shape.get(1).intValue(), Math.min(maxTokens, ids.elements()));
      List<Path> files = cache.map(TokenCache::files).orElse(List.of(file));
      try (TokenTableBuilder builder = new TokenTableBuilder(rules, size, files)) {
        for (long row = 0; row < builder.wantedRows; row++) {
          builder.copyRow(file, ids, row);
        }
        return cache.isPresent()
            ? builder.cached(cache.get(), shape.get(0), maxTokens > ids.elements())
            : builder.documentsAreRows();
      }
    }
  }

  private TokenTable documentsAreRows() {
    for (long row = 0; row < wantedRows; row++) {
      documents.add(row * (context - 1), 0, row);
    }
    return table(wantedRows, TokenTable.Origin.ofIds(0));
  }

  /**
   * The table of rows that were copied from a cache.
   *
   * @param rows that the cache has
   * @param more whether more was wanted than it has
   */
  private TokenTable cached(TokenCache cache, long rows, boolean more) {
    cache.documents(documents, stream);
    TokenTable.Origin whole = cache.origin();
    boolean all = wantedRows == rows;
    // Text of which no more is wanted is not read to its end, and has no tail.
    long tail = all && more ? whole.droppedTail() : 0;
    TokenTable table =
        table(
            wantedRows,
            new TokenTable.Origin(
                tail, whole.share(), whole.leftOut(), whole.fields(), whole.subsetsDropped()));
    try {
      cache.requireSame(table, all);
    } catch (InputException e) {
      table.close();
      throw e;
    }
    return table;
  }

  /** Cuts a stream into rows; BOS and EOS stand between its documents. */
  private static TokenTable flat(
      TokenFile tokens, TokenFile.Ids ids, TokenRules rules, long maxTokens) {
    TokenTable.Size size = new TokenTable.Size(tokens.context().getAsInt(), maxTokens);
    List<Path> files = List.of(tokens.file());
    try (TokenTableBuilder builder = new TokenTableBuilder(rules, size, files)) {
      builder.documents.add(0, 0, 0);
      boolean within = false; // after a token that is no separator
      boolean ended = false; // after a separator that ends a document
      for (long i = 0; i < ids.elements() && !builder.full(); i++) {
        long id = ids.at(i);
        builder.requireId(tokens.file(), "token " + i, id);
        boolean separator = id == rules.bosId() || id == rules.eosId().orElse(rules.bosId());
        if (!separator && ended) {
          builder.documents.add(builder.stream, 0, builder.stream / (builder.context - 1));
        }
        ended = separator && (within || ended);
        within = !separator;
        builder.append((int) id);
      }
      boolean full = builder.full();
      long used = builder.complete(files, InputOption.TOKENS);
      return builder.table(
          builder.written / builder.context,
          TokenTable.Origin.ofIds(full ? 0 : builder.stream - used));
    }
  }

  private void copyRow(Path file, TokenFile.Ids ids, long row) {
    for (int position = 0; position < context; position++) {
      long id = ids.at(row * context + position);
      if (position == 0 && id != rules.bosId()) {
        throw new InputException(
            file,
            "row " + row,
            "begins with " + id + ", not with BOS, which is " + rules.bosId(),
            "put BOS in front of every row");
      }
      requireId(file, "row " + row + ", position " + position, id);
      write((int) id);
    }
    stream += context - 1;
  }

  private void requireId(Path file, String place, long id) {
    if (id < 0 || id >= rules.vocabSize()) {
      throw new InputException(
          file,
          place,
          "token id " + id + " is not in the model's vocabulary of " + rules.vocabSize(),
          WRONG_TOKENIZER);
    }
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
