package dev.homolog.core.tokens;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * All rows of a run, off-heap: token ids int32 [rows, context], BOS first in each row, every id
 * below the vocabulary's size, and beside them which tokens are kept, which document each token is
 * from, and the subset of that document. It never changes; any thread may read it until it is
 * closed.
 */
public final class TokenTable implements AutoCloseable {
  /** What {@link #subsetOf} says of a token whose document has no label. */
  public static final int NO_SUBSET = DocumentIndex.NO_SUBSET;

  private final Arena arena;
  private final MemorySegment ids;
  private final MemorySegment keep;
  private final long rows;
  private final int context;
  private final long kept;
  private final DocumentIndex documents;
  private final List<String> subsets;
  private final Origin origin;
  private final TokenRules rules;
  private String sha256 = "";

  /**
   * Takes over the arena.
   *
   * @param ids int32, of which the first [rows, context] are the table
   */
  TokenTable(
      Arena arena,
      MemorySegment ids,
      long rows,
      int context,
      TokenRules rules,
      DocumentIndex documents,
      Origin origin) {
    long count = Math.multiplyExact(rows, (long) context);
    MemorySegment mask = TokenTableBuilder.allocate(arena, count);
    this.arena = arena;
    this.ids = ids.asSlice(0, count * Integer.BYTES).asReadOnly();
    this.kept = rules.keepMask(this.ids, count, mask);
    this.keep = mask.asReadOnly();
    this.rows = rows;
    this.context = context;
    this.documents = documents;
    this.subsets = List.copyOf(documents.subsets());
    this.origin = origin;
    this.rules = rules;
  }

  /** As the method below, of all documents and without reports on the way. */
  public static TokenTable fromText(
      List<Path> files, Tokenizer tokenizer, TokenRules rules, int context, long maxTokens) {
    return fromText(files, Share.ALL, tokenizer, rules, context, maxTokens, _ -> {});
  }

  /**
   * Checks, before long work, that all files of text are there and of a kind that is read.
   *
   * @throws dev.homolog.core.InputException if not
   */
  public static void requireFiles(List<Path> files) {
    Documents.requireFiles(files);
  }

  /**
   * As the method below, of files that are read as usual.
   *
   * @param files none of them a table
   */
  public static TokenTable fromText(
      List<Path> files,
      Share share,
      Tokenizer tokenizer,
      TokenRules rules,
      int context,
      long maxTokens,
      LongConsumer progress) {
    return fromText(
        TextFiles.of(files).withShare(share), tokenizer, rules, context, maxTokens, progress);
  }

  /**
   * Tokenises documents, joins them with one BOS between two, and cuts the stream into rows of
   * {@code context - 1} tokens with BOS in front of each. What does not fill a last row is dropped
   * and counted. Documents and lines may be of any length, as long as there is a place to cut them
   * every million characters: white space, or a digit beside a letter. Other tokenizers than
   * byte-level pair encodings as GPT-2's read documents of at most 67 million characters.
   *
   * @param text the files, and how they are read
   * @param context width of a row, at least 2
   * @param maxTokens the most positions, BOS included; cut to whole rows; reading stops there
   * @param progress called now and then with the number of positions so far
   * @throws dev.homolog.core.InputException if a file cannot be read, holds an id that the model
   *     does not have, or if there is not a single row
   */
  public static TokenTable fromText(
      TextFiles text,
      Tokenizer tokenizer,
      TokenRules rules,
      int context,
      long maxTokens,
      LongConsumer progress) {
    return TokenTableBuilder.fromText(
        text, tokenizer, rules, new Size(context, maxTokens), progress);
  }

  /** As the method below, of a matrix in a {@code .npy} file. */
  public static TokenTable fromNpy(
      Path file, Tokenizer tokenizer, TokenRules rules, long maxTokens) {
    return fromTokens(TokenFile.of(file), tokenizer, rules, maxTokens);
  }

  /**
   * Reads token ids. A matrix [rows, context] is taken as it is; its width is the context. A flat
   * stream [tokens] is cut into rows of {@code context - 1} tokens with BOS in front of each; a
   * document begins after each BOS or EOS of the stream. Beside a matrix that {@link TokenCache}
   * wrote lies what is known of its documents; without that, each row counts as one document
   * without subset.
   *
   * @param tokenizer of the model; a cache made with another is refused
   * @param maxTokens the most positions; cut to whole rows
   * @throws dev.homolog.core.InputException if it is neither, if a row does not begin with BOS, if
   *     an id is not in the vocabulary, or if what lies beside it does not belong to it
   */
  public static TokenTable fromTokens(
      TokenFile file, Tokenizer tokenizer, TokenRules rules, long maxTokens) {
    return TokenTableBuilder.fromTokens(file, tokenizer, rules, maxTokens);
  }

  /** The width of a row and the most positions. */
  record Size(int context, long maxTokens) {}

  /**
   * How the table was read from text.
   *
   * @param droppedTail tokens at the end of the text that did not fill a row
   * @param share which documents were read
   * @param leftOut how many documents were not, as far as the text was read
   * @param fields where text and subsets stood
   * @param subsetsDropped whether there were so many labels that none counts
   */
  record Origin(
      long droppedTail, Share share, long leftOut, TextFields fields, boolean subsetsDropped) {
    /** Of ids of which no more is known. */
    static Origin ofIds(long droppedTail) {
      return new Origin(droppedTail, Share.ALL, 0, TextFields.DEFAULT, false);
    }
  }

  /** By which tokens are kept and rows begin. */
  public TokenRules rules() {
    return rules;
  }

  public long rows() {
    return rows;
  }

  /** Width of a row, BOS included. */
  public int context() {
    return context;
  }

  /** Positions of the table, BOS included: rows times context. */
  public long tokens() {
    return rows * context;
  }

  /** How many tokens of the table are kept. */
  public long kept() {
    return kept;
  }

  /**
   * Tokens at the end of the text that did not fill a row; 0 where reading stopped before the end.
   */
  public long droppedTail() {
    return origin.droppedTail();
  }

  /** Malformed parts that were replaced by U+FFFD, in the documents of the table. */
  public long replacedCharacters() {
    return documents.replaced();
  }

  /** Which documents of the text were read. */
  public Share share() {
    return origin.share();
  }

  /** Documents that the share left out, as far as the text was read. */
  public long leftOut() {
    return origin.leftOut();
  }

  /** Where text and subsets stood in the documents. */
  TextFields fields() {
    return origin.fields();
  }

  /** Documents of the table that name no subset, but could: those of {@code .txt} cannot. */
  public long unlabelled() {
    return documents.unlabelled();
  }

  /**
   * Whether the documents named more than 1,024 subsets, so that what they named counts as no
   * subset.
   */
  public boolean subsetsDropped() {
    return origin.subsetsDropped();
  }

  public int id(long row, int position) {
    return ids.getAtIndex(ValueLayout.JAVA_INT, index(row, position));
  }

  /** Ids of consecutive rows, int32 [rowCount, context], not copied, read-only. */
  public MemorySegment ids(long rowFrom, long rowCount) {
    return slice(ids, rowFrom, rowCount, Integer.BYTES);
  }

  /**
   * Which tokens of consecutive rows are kept, uint8 [rowCount, context], not copied, read-only.
   */
  public MemorySegment keep(long rowFrom, long rowCount) {
    return slice(keep, rowFrom, rowCount, 1);
  }

  /** Consecutive rows with what a run needs to know of them. */
  public TokenBatch batch(long rowFrom, int rowCount) {
    MemorySegment mask = keep(rowFrom, rowCount);
    long count = 0;
    for (long i = 0; i < mask.byteSize(); i++) {
      count += mask.get(ValueLayout.JAVA_BYTE, i);
    }
    return new TokenBatch(this, rowFrom, rowCount, ids(rowFrom, rowCount), mask, count);
  }

  DocumentIndex index() {
    return documents;
  }

  /** How many documents have a token in the table. */
  public int documents() {
    return documents.size();
  }

  /**
   * The number of the document that holds a token. BOS in front of a row counts with the token
   * after it, the separator between two documents with the first.
   */
  public int documentOf(long row, int position) {
    index(row, position);
    return documents.at(row * (context - 1) + Math.max(0, position - 1));
  }

  /** Where a document came from. */
  public Source document(int document) {
    Objects.checkIndex(document, documents.size());
    int subset = documents.subset(document);
    return new Source(
        documents.file(document),
        documents.line(document),
        subset == NO_SUBSET ? Optional.empty() : Optional.of(subsets.get(subset)));
  }

  /** Index in {@link #subsets} of the subset of a token's document, or {@link #NO_SUBSET}. */
  public int subsetOf(long row, int position) {
    return documents.subset(documentOf(row, position));
  }

  /**
   * Writes {@link #subsetOf} of every position of consecutive rows.
   *
   * @param into int32 [rowCount, context]
   */
  public void subsets(long rowFrom, int rowCount, MemorySegment into) {
    Objects.checkFromIndexSize(rowFrom, rowCount, rows);
    long at = 0;
    int document = rowCount == 0 ? 0 : documentOf(rowFrom, 0);
    for (long row = rowFrom; row < rowFrom + rowCount; row++) {
      for (int position = 0; position < context; position++) {
        long offset = row * (context - 1) + Math.max(0, position - 1);
        while (document + 1 < documents.size() && documents.start(document + 1) <= offset) {
          document++;
        }
        into.setAtIndex(ValueLayout.JAVA_INT, at++, documents.subset(document));
      }
    }
  }

  /** The labels that occur, in the order of their first document. */
  public List<String> subsets() {
    return subsets;
  }

  /**
   * SHA-256 (hex) of the labels that occur, and of where each document begins and which of them it
   * has. Tables of equal ids may differ in these.
   */
  public String documentsSha256() {
    MessageDigest digest = TokenizerEngine.sha256();
    ByteBuffer number = ByteBuffer.allocate(Long.BYTES + Integer.BYTES);
    for (String subset : subsets) {
      byte[] label = subset.getBytes(StandardCharsets.UTF_8);
      digest.update(number.clear().putLong(label.length).putInt(0).flip());
      digest.update(label);
    }
    for (int document = 0; document < documents.size(); document++) {
      int subset = documents.subset(document);
      digest.update(number.clear().putLong(documents.start(document)).putInt(subset).flip());
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /**
   * SHA-256 (hex) of all ids as little-endian int32, row after row: the identity of the data set.
   */
  public synchronized String sha256() {
    if (sha256.isEmpty()) {
      MessageDigest digest = TokenizerEngine.sha256();
      long piece = 1L << 24;
      for (long at = 0; at < ids.byteSize(); at += piece) {
        digest.update(ids.asSlice(at, Math.min(piece, ids.byteSize() - at)).asByteBuffer());
      }
      sha256 = HexFormat.of().formatHex(digest.digest());
    }
    return sha256;
  }

  @Override
  public synchronized void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }

  private MemorySegment slice(MemorySegment whole, long rowFrom, long rowCount, int bytes) {
    Objects.checkFromIndexSize(rowFrom, rowCount, rows);
    return whole.asSlice(rowFrom * context * bytes, rowCount * context * bytes);
  }

  private long index(long row, int position) {
    Objects.checkIndex(row, rows);
    return row * context + Objects.checkIndex(position, context);
  }

  /**
   * Where a document came from.
   *
   * @param file the file
   * @param number its line in a {@code .jsonl} file counted from 1, its place among the documents
   *     of a {@code .json} file counted from 1, 1 for a {@code .txt} file, its row in a table or a
   *     file of ids counted from 0
   * @param subset its label, if it has one
   */
  public record Source(Path file, long number, Optional<String> subset) {
    /** For messages: the file, and the line or row of it unless a file is one document. */
    @Override
    public String toString() {
      Optional<TextKind> kind = TextKind.find(file);
      String place = kind.map(found -> found.place(number)).orElse("row " + number);
      boolean whole = kind.isPresent() && !kind.get().fields();
      return whole ? file.toString() : place + " of " + file;
    }
  }
}
