package dev.homolog.core.tokens;

import ai.djl.engine.EngineException;
import ai.djl.huggingface.tokenizers.jni.CharSpan;
import ai.djl.huggingface.tokenizers.jni.LibUtils;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import dev.homolog.core.InputException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * One native tokenizer for each content of a {@code tokenizer.json}, for the life of the process:
 * it is never closed, since closing one in use crashes the JVM. All methods may be called from any
 * thread; one native call runs at a time.
 *
 * <p>It calls DJL's native methods and not its {@code HuggingFaceTokenizer}, which copies tokens,
 * spans and four more arrays of every text where only ids are wanted, truncates by default, and
 * looks for an address to report to.
 */
final class TokenizerEngine {
  /**
   * Longer texts are cut, where that changes nothing: shorter ones are faster and need less memory.
   */
  static final int CHUNK = 1 << 14;

  /** Native memory is about 100 bytes a token, so that a batch stays below some 100 MB. */
  private static final long BATCH_CHARS = 1 << 20;

  private static final int BATCH_CHUNKS = 512;
  private static final Map<String, TokenizerEngine> BY_HASH = new HashMap<>();
  private static boolean loaded;

  private final long handle;
  private final Path file;
  private final String hash;
  private final Vocabulary vocabulary;
  private final int[] fileIds;
  private final TokenDecoder decoder;
  private final TextBounds bounds;
  private final Map<Integer, String> tokens;
  private final int size;

  private TokenizerEngine(long handle, Path file, String hash, TokenizerSource.Checked source) {
    this.handle = handle;
    this.file = file;
    this.hash = hash;
    this.vocabulary = source.vocabulary();
    this.fileIds = source.fileIds();
    this.decoder = source.decoder();
    this.bounds = source.bounds();
    this.tokens = HashMap.newHashMap(vocabulary.ids().size());
    vocabulary.ids().forEach((token, id) -> tokens.put(id, token));
    vocabulary.added().forEach((token, id) -> tokens.put(id, token));
    this.size = vocabulary.size();
  }

  static TokenizerEngine of(Path file) {
    return of(new TokenizerFiles(file, false));
  }

  static TokenizerEngine of(TokenizerFiles files) {
    TokenizerSource source = TokenizerSource.of(files);
    String hash = source.hash();
    synchronized (BY_HASH) {
      TokenizerEngine engine = BY_HASH.get(hash);
      if (engine == null) {
        engine = load(source, hash);
        BY_HASH.put(hash, engine);
      }
      return engine;
    }
  }

  /** One that is not shared. */
  static TokenizerEngine load(TokenizerSource source, String hash) {
    TokenizerSource.Checked checked = source.check();
    loadLibrary();
    try {
      TokenizersLibrary library = TokenizersLibrary.LIB;
      requireSomethingLeft(source, checked.normalized());
      long handle = library.createTokenizerFromString(checked.json());
      library.disableTruncation(handle);
      library.disablePadding(handle);
      return new TokenizerEngine(handle, source.file(), hash, checked);
    } catch (InputException e) {
      throw e;
    } catch (RuntimeException e) {
      throw new InputException(
          source.file().toString(),
          "",
          "not a tokenizer: " + e.getMessage(),
          TokenizerField.REMEDY,
          e);
    }
  }

  private static void loadLibrary() {
    if (loaded) {
      return;
    }
    NativeAccess.require(TokenizersLibrary.class, "the tokenizer");
    NativeParts.TOKENIZER.provide(TokenizersLibrary.class);
    NativeParts.setIfAbsent("OPT_OUT_TRACKING", "true");
    NativeParts.setIfAbsent("RUST_FLAVOR", "cpu"); // else DJL looks for another where it sees a GPU
    // DJL looks for its own files with the thread's loader, which may know nothing of them.
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(TokenizersLibrary.class.getClassLoader());
    try {
      LibUtils.checkStatus();
    } catch (EngineException | LinkageError | AssertionError e) {
      throw NativeParts.TOKENIZER.failed(e);
    } finally {
      thread.setContextClassLoader(before);
    }
    loaded = true;
  }

  private static void requireSomethingLeft(
      TokenizerSource source, TokenizerSource.Normalized normalized) {
    if (normalized.tokens().isEmpty()) {
      return;
    }
    TokenizersLibrary library = TokenizersLibrary.LIB;
    long probe = library.createTokenizerFromString(normalized.probe());
    try {
      for (String token : normalized.tokens()) {
        long encoding = library.encode(probe, token, false);
        int left = library.getTokenIds(encoding).length;
        library.deleteEncoding(encoding);
        if (left == 0) {
          throw new InputException(
              source.file(),
              "added_tokens",
              "the normalizer leaves nothing of " + Vocabulary.quoted(token),
              TokenizerField.REMEDY);
        }
      }
    } finally {
      library.deleteTokenizer(probe);
    }
  }

  /** Frees the memory of one that is not shared; nothing may use it then. */
  synchronized void delete() {
    TokenizersLibrary.LIB.deleteTokenizer(handle);
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  String hash() {
    return hash;
  }

  Vocabulary vocabulary() {
    return vocabulary;
  }

  /** One more than the largest id. */
  int size() {
    return size;
  }

  boolean has(int id) {
    return tokens.containsKey(id);
  }

  /** How many times as long its components may make a text. */
  int growth() {
    return bounds.growth();
  }

  int[] encode(String text) {
    return encode(List.of(text))[0];
  }

  /** The ids of several texts. */
  synchronized int[][] encode(List<String> texts) {
    texts.forEach(bounds::require);
    List<String> chunks = new ArrayList<>();
    int[] ends = new int[texts.size()];
    for (int i = 0; i < ends.length; i++) {
      chunks.addAll(chunks(texts.get(i), CHUNK));
      ends[i] = chunks.size();
    }
    int[][] parts = new int[chunks.size()][];
    for (int from = 0; from < parts.length; ) {
      int to = vocabulary.byteLevelPairs() ? batchEnd(chunks, from) : from + 1;
      encode(chunks, from, to, parts);
      from = to;
    }
    return IntStream.range(0, ends.length)
        .mapToObj(i -> join(parts, i == 0 ? 0 : ends[i - 1], ends[i]))
        .toArray(int[][]::new);
  }

  private static int batchEnd(List<String> chunks, int from) {
    long chars = 0;
    int to = from;
    while (to < chunks.size() && to - from < BATCH_CHUNKS && chars < BATCH_CHARS) {
      chars += chunks.get(to++).length();
    }
    return to;
  }

  /**
   * Several chunks go at once, on all cores, only where none can be refused: that would end the
   * process.
   */
  private void encode(List<String> chunks, int from, int to, int[][] parts) {
    if (to - from == 1) {
      parts[from] = ids(encoding(chunks.get(from)));
      return;
    }
    String[] batch = chunks.subList(from, to).toArray(String[]::new);
    long[] encodings = TokenizersLibrary.LIB.batchEncode(handle, batch, false);
    int done = 0;
    try {
      while (done < encodings.length) {
        parts[from + done] = ids(encodings[done++]);
      }
    } finally {
      for (; done < encodings.length; done++) { // something failed above
        TokenizersLibrary.LIB.deleteEncoding(encodings[done]);
      }
    }
  }

  /** A native encoding of one text. */
  private long encoding(String text) {
    try {
      return TokenizersLibrary.LIB.encode(handle, text, false);
    } catch (RuntimeException e) {
      throw new InputException(
          file.toString(),
          "model",
          "cannot encode a text: " + e.getMessage(),
          "give a tokenizer with a token for what is unknown to it",
          e);
    }
  }

  synchronized Encoded encodeWithSpans(String text) {
    bounds.require(text);
    long encoding = encoding(text);
    CharSpan[] spans;
    int[] ids;
    try {
      ids = toIds(TokenizersLibrary.LIB.getTokenIds(encoding));
      spans = TokenizersLibrary.LIB.getTokenCharSpans(encoding);
    } finally {
      TokenizersLibrary.LIB.deleteEncoding(encoding);
    }
    int[] chars = charOfCodePoint(text);
    int[] starts = new int[ids.length];
    int[] ends = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      starts[i] = chars[spans[i].getStart()];
      ends[i] = chars[spans[i].getEnd()];
    }
    return new Encoded(ids, starts, ends);
  }

  /** The text of tokens; ids without one count as nothing. */
  String decode(int... ids) {
    return decoder.decode(
        Arrays.stream(ids).mapToObj(tokens::get).filter(Objects::nonNull).toList());
  }

  /**
   * Cuts a long text where {@link TextBuffer#mayCut} says that the ids are those of the whole text.
   */
  List<String> chunks(String text, int size) {
    if (text.length() <= size || !vocabulary.byteLevelPairs()) {
      return List.of(text);
    }
    List<String> chunks = new ArrayList<>();
    int from = 0;
    for (int i = size; i < text.length(); i++) {
      if (TextBuffer.mayCut(text.charAt(i - 1), text.charAt(i))) {
        chunks.add(text.substring(from, i));
        from = i;
        i += size - 1;
      }
    }
    chunks.add(text.substring(from));
    return chunks;
  }

  private int[] ids(long encoding) {
    try {
      return toIds(TokenizersLibrary.LIB.getTokenIds(encoding));
    } finally {
      TokenizersLibrary.LIB.deleteEncoding(encoding);
    }
  }

  /** The files' ids of the library's. */
  private int[] toIds(long[] values) {
    int[] ids = new int[values.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = fileIds.length == 0 ? (int) values[i] : fileIds[(int) values[i]];
    }
    return ids;
  }

  private static int[] join(int[][] parts, int from, int to) {
    if (to - from == 1) {
      return parts[from];
    }
    int length = 0;
    for (int i = from; i < to; i++) {
      length = Math.addExact(length, parts[i].length);
    }
    int[] all = new int[length];
    int at = 0;
    for (int i = from; i < to; i++) {
      System.arraycopy(parts[i], 0, all, at, parts[i].length);
      at += parts[i].length;
    }
    return all;
  }

  /** For each code point, and for the end, the index of its first char. */
  private static int[] charOfCodePoint(String text) {
    int[] chars = new int[text.codePointCount(0, text.length()) + 1];
    int at = 0;
    for (int i = 0; i < chars.length - 1; i++) {
      chars[i] = at;
      at += Character.charCount(text.codePointAt(at));
    }
    chars[chars.length - 1] = at;
    return chars;
  }
}
