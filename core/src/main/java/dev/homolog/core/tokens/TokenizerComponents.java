package dev.homolog.core.tokens;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.homolog.core.InputException;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The normalizer and the pre-tokenizer of a file, written anew from what is known of them. What the
 * native library would not survive is refused, and so is what is not known: ids could differ.
 */
final class TokenizerComponents {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  private static final int MOST_IN_SEQUENCE = 32;
  private static final int DEEPEST = 4;
  private static final int LONGEST_TEXT = 256;
  private static final int LONGEST_CHARSMAP = 2 << 20;
  private static final Set<String> BEHAVIOURS =
      Set.of("Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous");
  private static final Set<String> SCHEMES = Set.of("first", "never", "always");

  private final TokenizerBudget budget = new TokenizerBudget();

  /** What all components together ask of a text. */
  TokenizerBudget budget() {
    return budget;
  }

  /** The normalizer, where there is one. */
  Optional<ObjectNode> normalizer(TokenizerField field) {
    return field.absent() ? Optional.empty() : Optional.of(normalizer(field, 0));
  }

  private ObjectNode normalizer(TokenizerField field, int depth) {
    budget.component(field);
    String type = field.type();
    ObjectNode made = NODES.objectNode().put("type", type);
    switch (type) {
      case "Sequence" -> {
        field.only("normalizers");
        List<TokenizerField> parts = parts(field.child("normalizers"), depth);
        var array = made.putArray("normalizers");
        parts.forEach(part -> array.add(normalizer(part, depth + 1)));
      }
      case "BertNormalizer" -> {
        field.only("clean_text", "handle_chinese_chars", "strip_accents", "lowercase");
        made.put("clean_text", field.child("clean_text").bool());
        made.put("handle_chinese_chars", field.child("handle_chinese_chars").bool());
        TokenizerField strip = field.child("strip_accents");
        made.set(
            "strip_accents", strip.absent() ? NODES.nullNode() : NODES.booleanNode(strip.bool()));
        made.put("lowercase", field.child("lowercase").bool());
        budget.grow(field, 3); // spaces around Chinese characters
      }
      case "NFC", "NFD", "NFKC", "NFKD", "Lowercase", "Nmt", "StripAccents" -> field.only();
      case "ByteLevel" -> {
        field.only();
        budget.byteLevel(field);
      }
      case "Strip" -> {
        field.only("strip_left", "strip_right");
        made.put("strip_left", field.child("strip_left").bool());
        made.put("strip_right", field.child("strip_right").bool());
      }
      case "Prepend" -> {
        field.only("prepend");
        String prepend = field.child("prepend").text(LONGEST_TEXT);
        made.put("prepend", prepend);
        budget.grow(field.child("prepend"), 1L + prepend.length());
      }
      case "Replace" -> replace(field, made);
      case "Precompiled" -> precompiled(field, made);
      default -> throw unknown(field, type);
    }
    return made;
  }

  private void replace(TokenizerField field, ObjectNode made) {
    field.only("pattern", "content");
    String content = field.child("content").string(LONGEST_TEXT);
    int least = pattern(field.child("pattern"), made.putObject("pattern"));
    made.put("content", content);
    budget.grow(field.child("content"), (content.length() + least - 1L) / least);
  }

  private void precompiled(TokenizerField field, ObjectNode made) {
    field.only("precompiled_charsmap");
    TokenizerField map = field.child("precompiled_charsmap");
    byte[] bytes;
    try {
      bytes = Base64.getDecoder().decode(map.text(LONGEST_CHARSMAP));
    } catch (IllegalArgumentException e) {
      throw map.refuse("is not base64");
    }
    budget.grow(map, CharacterMap.check(map, bytes));
    made.put("precompiled_charsmap", Base64.getEncoder().encodeToString(bytes));
  }

  /** The pre-tokenizer, where there is one. */
  Optional<ObjectNode> preTokenizer(TokenizerField field) {
    return field.absent() ? Optional.empty() : Optional.of(preTokenizer(field, 0));
  }

  private ObjectNode preTokenizer(TokenizerField field, int depth) {
    budget.component(field);
    String type = field.type();
    ObjectNode made = NODES.objectNode().put("type", type);
    switch (type) {
      case "Sequence" -> {
        field.only("pretokenizers");
        List<TokenizerField> parts = parts(field.child("pretokenizers"), depth);
        var array = made.putArray("pretokenizers");
        parts.forEach(part -> array.add(preTokenizer(part, depth + 1)));
      }
      case "ByteLevel" -> byteLevel(field, made);
      case "Metaspace" -> metaspace(field, made);
      case "BertPreTokenizer", "Whitespace", "WhitespaceSplit", "UnicodeScripts" -> field.only();
      case "CharDelimiterSplit" -> {
        field.only("delimiter");
        made.put("delimiter", character(field.child("delimiter")));
      }
      case "Punctuation" -> {
        field.only("behavior");
        TokenizerField behaviour = field.child("behavior");
        made.put("behavior", behaviour.absent() ? "Isolated" : behaviour.choice(BEHAVIOURS));
      }
      case "Digits" -> {
        field.only("individual_digits");
        made.put("individual_digits", field.child("individual_digits").bool(false));
      }
      case "FixedLength" -> {
        field.only("length");
        TokenizerField length = field.child("length");
        made.put("length", length.absent() ? 5 : length.integer(1, 1 << 20));
      }
      case "Split" -> {
        field.only("pattern", "behavior", "invert");
        pattern(field.child("pattern"), made.putObject("pattern"));
        made.put("behavior", field.child("behavior").choice(BEHAVIOURS));
        made.put("invert", field.child("invert").bool());
      }
      default -> throw unknown(field, type);
    }
    return made;
  }

  private void byteLevel(TokenizerField field, ObjectNode made) {
    field.only("add_prefix_space", "trim_offsets", "use_regex");
    boolean prefix = field.child("add_prefix_space").bool();
    made.put("add_prefix_space", prefix);
    made.put("trim_offsets", field.child("trim_offsets").bool());
    made.put("use_regex", field.child("use_regex").bool(true));
    budget.byteLevel(field);
    if (prefix) {
      budget.grow(field, 2);
    }
  }

  /** Older files say only whether there is a space in front. */
  private void metaspace(TokenizerField field, ObjectNode made) {
    field.only("replacement", "prepend_scheme", "add_prefix_space", "split", "str_rep");
    TokenizerField scheme = field.child("prepend_scheme");
    TokenizerField prefix = field.child("add_prefix_space");
    boolean none = !prefix.bool(true);
    String name = !scheme.absent() ? scheme.choice(SCHEMES) : none ? "never" : "always";
    if (none && !name.equals("never")) {
      throw scheme.refuse("is \"" + name + "\", but add_prefix_space is false");
    }
    made.put("replacement", character(field.child("replacement")));
    made.put("prepend_scheme", name);
    made.put("split", field.child("split").bool(true));
    if (!name.equals("never")) {
      budget.grow(field, 2);
    }
  }

  /** Writes a text or a regular expression; how many characters it takes at least. */
  private int pattern(TokenizerField field, ObjectNode made) {
    field.only("String", "Regex");
    TokenizerField text = field.child("String");
    TokenizerField regex = field.child("Regex");
    if (text.absent() == regex.absent()) {
      throw field.refuse("is neither a text nor a regular expression");
    }
    if (!text.absent()) {
      String plain = text.text(LONGEST_TEXT);
      made.put("String", plain);
      return plain.length();
    }
    budget.pattern(regex, TokenizerPattern.check(regex));
    made.put("Regex", regex.node().textValue());
    return 1;
  }

  private static String character(TokenizerField field) {
    String text = field.text(2);
    if (text.codePointCount(0, text.length()) != 1) {
      throw field.refuse("is more than one character");
    }
    return text;
  }

  private static List<TokenizerField> parts(TokenizerField field, int depth) {
    if (depth >= DEEPEST) {
      throw field.refuse("is nested too deep");
    }
    return field.list(MOST_IN_SEQUENCE);
  }

  private static InputException unknown(TokenizerField field, String type) {
    return field.child("type").refuse("is " + Vocabulary.quoted(type) + ", which is not known");
  }
}
