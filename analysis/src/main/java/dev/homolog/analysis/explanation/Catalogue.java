package dev.homolog.analysis.explanation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/** A catalogue of token classes in the making. */
final class Catalogue {
  final List<TokenClass> classes = new ArrayList<>();

  void add(String name, Predicate<String> holds) {
    classes.add(new TokenClass(name, false, ofText(holds)));
  }

  void alphabet(String name, Predicate<String> holds) {
    classes.add(new TokenClass(name, true, ofText(holds)));
  }

  /** What stands for no text is in no other class, however it is spelt. */
  private static Predicate<String> ofText(Predicate<String> holds) {
    return text -> !TokenClasses.isSpecial(text) && holds.test(text);
  }

  /** Tokens that contain one of the strings. */
  void has(String name, String... parts) {
    add(name, text -> Arrays.stream(parts).anyMatch(text::contains));
  }

  /** Tokens that are one of the words, which are separated by spaces. */
  void words(String name, String... lists) {
    Set<String> words = new HashSet<>(List.of(String.join(" ", lists).split(" ")));
    add(name, TokenClasses.bare(text -> words.contains(TokenClasses.lower(text))));
  }
}
