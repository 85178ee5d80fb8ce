package dev.homolog.core.tokens;

import ai.djl.engine.EngineException;
import ai.djl.huggingface.tokenizers.jni.CharSpan;
import ai.djl.huggingface.tokenizers.jni.LibUtils;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import dev.homolog.core.HomologException;
import dev.homolog.core.InputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
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
  private static final String REMEDY = "give a tokenizer.json of Hugging Face's tokenizers";
  private static final Map<String, TokenizerEngine> BY_HASH = new HashMap<>();
  private static boolean loaded;

  private final long handle;
  private final String hash;
  private final Vocabulary vocabulary;
  private final String[] tokens;

  private TokenizerEngine(long handle, String hash, Vocabulary vocabulary) {
    this.handle = handle;
    this.hash = hash;
    this.vocabulary = vocabulary;
    this.tokens = new String[vocabulary.size()];
    vocabulary.ids().forEach((token, id) -> tokens[id] = token);
    vocabulary.added().forEach((token, id) -> tokens[id] = token);
  }

  static TokenizerEngine of(Path file) {
    byte[] bytes = read(file);
    String hash = HexFormat.of().formatHex(sha256().digest(bytes));
    synchronized (BY_HASH) {
      TokenizerEngine engine = BY_HASH.get(hash);
      if (engine == null) {
        engine = load(file, bytes, hash);
        BY_HASH.put(hash, engine);
      }
      return engine;
    }
  }

  private static byte[] read(Path file) {
    PairFiles pairs = PairFiles.beside(file);
    if (!Files.exists(file) && pairs.exist()) {
      return pairs.tokenizerJson();
    }
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      String problem = Files.exists(file) ? "cannot be read: " + e.getMessage() : "no such file";
      throw new InputException(
          file,
          "",
          problem,
          "a model folder needs its tokenizer.json, or GPT-2's vocab.json and merges.txt");
    }
  }

  private static TokenizerEngine load(Path file, byte[] bytes, String hash) {
    Vocabulary vocabulary = Vocabulary.parse(file, bytes);
    loadLibrary();
    try {
      TokenizersLibrary library = TokenizersLibrary.LIB;
      long handle = library.createTokenizerFromString(new String(bytes, StandardCharsets.UTF_8));
      library.disableTruncation(handle);
      library.disablePadding(handle);
      return new TokenizerEngine(handle, hash, vocabulary);
    } catch (RuntimeException e) {
      throw new InputException(
          file.toString(), "", "not a tokenizer: " + e.getMessage(), REMEDY, e);
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
    return tokens.length;
  }

  boolean has(int id) {
    return id >= 0 && id < tokens.length && tokens[id] != null;
  }

  int[] encode(String text) {
    return encode(List.of(text))[0];
  }

  /** The ids of several texts. */
  synchronized int[][] encode(List<String> texts) {
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
      parts[from] = ids(TokenizersLibrary.LIB.encode(handle, chunks.get(from), false));
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

  synchronized Encoded encodeWithSpans(String text) {
    long encoding = TokenizersLibrary.LIB.encode(handle, text, false);
    CharSpan[] spans;
    int[] ids;
    try {
      ids = toInts(TokenizersLibrary.LIB.getTokenIds(encoding));
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

  synchronized String decode(int... ids) {
    return TokenizersLibrary.LIB.decode(handle, Arrays.stream(ids).asLongStream().toArray(), false);
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

  private static int[] ids(long encoding) {
    try {
      return toInts(TokenizersLibrary.LIB.getTokenIds(encoding));
    } finally {
      TokenizersLibrary.LIB.deleteEncoding(encoding);
    }
  }

  private static int[] toInts(long[] values) {
    int[] ints = new int[values.length];
    for (int i = 0; i < ints.length; i++) {
      ints[i] = (int) values[i];
    }
    return ints;
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
