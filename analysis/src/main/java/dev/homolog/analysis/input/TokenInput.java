package dev.homolog.analysis.input;

import dev.homolog.core.Brief;
import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import dev.homolog.core.tokens.Share;
import dev.homolog.core.tokens.TextFields;
import dev.homolog.core.tokens.TextFiles;
import dev.homolog.core.tokens.TokenFile;
import dev.homolog.core.tokens.TokenTable;
import dev.homolog.core.tokens.TokenType;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;

/**
 * The text of a study: files of text, or one file of token ids.
 *
 * @param text text files, tokenised by the reference's tokenizer; empty where {@code tokens} is
 *     given
 * @param tokens [rows, context], each row beginning with BOS, or a flat stream [tokens]; {@link
 *     TokenFile} says of which types; null where {@code text} is given
 * @param context tokens a row, BOS included; if absent, the smaller of 256 and the models'
 *     positions, or the width of {@code tokens}; a flat stream needs it
 * @param maxTokens the most positions read, BOS included, cut to whole rows
 * @param share which documents of {@code text} are read
 * @param fields where text and subset stand in the documents of {@code text}
 * @param dtype the type of the ids in {@code tokens}, where the file does not say it
 */
public record TokenInput(
    List<Path> text,
    Path tokens,
    OptionalInt context,
    OptionalLong maxTokens,
    Share share,
    TextFields fields,
    Optional<TokenType> dtype) {
  static final int DEFAULT_CONTEXT = 256;

  /** The most tokens a row: more positions than any model has. */
  public static final int MOST_CONTEXT = 1 << 20;

  /** The most positions: more than there is text. */
  public static final long MOST_TOKENS = 1_000_000_000_000_000L;

  /**
   * @throws InputException if a value is out of range, or not exactly one of text and tokens is
   *     given; {@code where()} is the flag of the command
   */
  public TokenInput {
    text = List.copyOf(text);
    if (text.isEmpty() == (tokens == null)) {
      throw new InputException(
          List.of(InputOption.TEXT, InputOption.TOKENS),
          tokens == null ? "neither is given" : "both are given",
          "give one of the two");
    }
    Set<Path> seen = new HashSet<>();
    for (Path file : text) {
      if (!seen.add(file.toAbsolutePath().normalize())) {
        throw new InputException(InputOption.TEXT, file + " is given twice", "leave one out");
      }
    }
    if (tokens != null && !share.all()) {
      throw new InputException(
          InputOption.SHARE,
          "documents are chosen by their text, and --tokens has none",
          "give --text");
    }
    requireUsed(tokens != null, fields, dtype);
    if (tokens == null) {
      TextFiles.of(text).withFields(fields); // refuses fields that no file has
    }
    if (context.isPresent()) {
      InputException.requireRange(InputOption.CONTEXT, context.getAsInt(), 2, MOST_CONTEXT);
    }
    if (maxTokens.isPresent()) {
      InputException.requireRange(InputOption.MAX_TOKENS, maxTokens.getAsLong(), 1, MOST_TOKENS);
    }
  }

  /** Documents with the usual fields, or ids whose file says their type. */
  public TokenInput(
      List<Path> text, Path tokens, OptionalInt context, OptionalLong maxTokens, Share share) {
    this(text, tokens, context, maxTokens, share, TextFields.DEFAULT, Optional.empty());
  }

  private static void requireUsed(boolean ids, TextFields fields, Optional<TokenType> dtype) {
    String remedy = "give --text";
    if (ids && fields.subset().isPresent()) {
      throw new InputException(InputOption.SUBSET_KEY, "--tokens holds no documents", remedy);
    }
    if (ids && !fields.equals(TextFields.DEFAULT)) {
      throw new InputException(InputOption.TEXT_COLUMN, "--tokens holds no documents", remedy);
    }
    if (!ids && dtype.isPresent()) {
      throw new InputException(
          InputOption.DTYPE, "it is the type of token ids, and there are none", "give --tokens");
    }
  }

  public static TokenInput text(Path... files) {
    return text(List.of(files));
  }

  public static TokenInput text(List<Path> files) {
    return new TokenInput(files, null, OptionalInt.empty(), OptionalLong.empty(), Share.ALL);
  }

  /**
   * The files that names and patterns stand for, as in a shell. A file of exactly that name wins.
   * {@code *}, {@code ?}, {@code [a-z]} and {@code {a,b}} stand for parts of a name, {@code **} for
   * any number of folders, none included. Names that begin with a dot match only a part that begins
   * with one. The matches of a pattern are sorted by name.
   *
   * @throws InputException if a pattern matches no file
   */
  public static List<Path> files(List<String> patterns) {
    return patterns.stream().flatMap(pattern -> TextGlob.files(pattern).stream()).toList();
  }

  public static TokenInput tokens(Path npy) {
    return new TokenInput(List.of(), npy, OptionalInt.empty(), OptionalLong.empty(), Share.ALL);
  }

  public TokenInput withContext(int context) {
    return new TokenInput(text, tokens, OptionalInt.of(context), maxTokens, share, fields, dtype);
  }

  public TokenInput withMaxTokens(long maxTokens) {
    return new TokenInput(text, tokens, context, OptionalLong.of(maxTokens), share, fields, dtype);
  }

  public TokenInput withShare(Share share) {
    return new TokenInput(text, tokens, context, maxTokens, share, fields, dtype);
  }

  /** The same with other fields of its documents. */
  public TokenInput withFields(TextFields fields) {
    return new TokenInput(text, tokens, context, maxTokens, share, fields, dtype);
  }

  /** The same with token ids of that type. */
  public TokenInput withDtype(TokenType type) {
    return new TokenInput(text, tokens, context, maxTokens, share, fields, Optional.of(type));
  }

  /**
   * Checks that the files of text or of tokens are there and of a kind that is read.
   *
   * @throws InputException if one is not
   */
  public void requireFiles() {
    TokenTable.requireFiles(text);
    if (tokens != null) {
      tokenFile().firstId(); // reads how it begins
    }
  }

  /** The file of token ids, and what is said of it. */
  TokenFile tokenFile() {
    return new TokenFile(tokens, dtype, context);
  }

  @Override
  public String toString() {
    return Brief.of("TokenInput")
        .with("text", text)
        .with("tokens", tokens)
        .with("context", context)
        .with("maxTokens", maxTokens)
        .with("share", share)
        .with("fields", fields)
        .with("dtype", dtype)
        .toString();
  }
}
