package dev.homolog.analysis.explanation;

import java.lang.Character.UnicodeScript;
import java.util.List;
import java.util.Locale;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * The catalogue of token classes, after that of Gurnee et al. 2024 (section 4 and appendix). A
 * class depends on the text of a token alone. The text is the token as printed: a space for Ġ of
 * GPT-2's vocabulary, a line break for Ċ. A part of a character is U+FFFD.
 *
 * <p>"Bare" is the text without white space at its ends. Words are compared without regard to case
 * and to the space in front; prefixes, suffixes and first letters without regard to case.
 */
final class TokenClasses {
  private TokenClasses() {}

  /** All classes, in the order in which results that are equal name them. */
  static final List<TokenClass> ALL = all();

  private static List<TokenClass> all() {
    Catalogue c = new Catalogue();
    kinds(c);
    whiteSpace(c);
    symbols(c);
    numbers(c);
    pronouns(c);
    functionWords(c);
    wordGroups(c);
    prefixes(c);
    suffixes(c);
    letters(c);
    scripts(c);
    code(c);
    return List.copyOf(c.classes);
  }

  // ---- what a token is made of ----

  private static void kinds(Catalogue c) {
    c.classes.add(new TokenClass("special token", false, TokenClasses::isSpecial));
    c.add("part of a character", text -> text.indexOf('\uFFFD') >= 0);
    c.add("letters only", bare(text -> allCharacters(text, Character::isLetter)));
    c.add("lower case", bare(text -> allCharacters(text, Character::isLowerCase)));
    c.add("Capitalised", bare(TokenClasses::isCapitalised));
    c.add(
        "ALL CAPITALS",
        bare(text -> text.length() > 1 && allCharacters(text, Character::isUpperCase)));
    c.add(
        "one letter", bare(text -> text.length() == 1 && allCharacters(text, Character::isLetter)));
    c.add(
        "one capital",
        bare(text -> text.length() == 1 && allCharacters(text, Character::isUpperCase)));
    c.add("begins with a capital", bare(text -> Character.isUpperCase(text.codePointAt(0))));
    c.add("letters and digits", bare(TokenClasses::isMixed));
    c.add("symbols only", bare(text -> allCharacters(text, TokenClasses::isSymbol)));
    c.add("has a symbol", bare(text -> any(text, TokenClasses::isSymbol)));
    c.add(
        "several symbols",
        bare(text -> text.length() > 1 && allCharacters(text, TokenClasses::isSymbol)));
    c.add("a symbol repeated", bare(TokenClasses::isRepeatedSymbol));
    c.add("symbol, then letters", bare(text -> isSymbol(text.charAt(0)) && hasLetter(text)));
    c.add("begins with a space", text -> text.startsWith(" ") && !text.isBlank());
    c.add("space, then a letter", text -> text.startsWith(" ") && letterAt(text, 1));
    c.add("space, then a capital", text -> text.startsWith(" ") && capitalAt(text, 1));
    c.add("goes on with a letter", text -> letterAt(text, 0));
    c.add("goes on with a small letter", text -> letterAt(text, 0) && !capitalAt(text, 0));
    c.add("begins with a capital, no space", text -> capitalAt(text, 0));
    c.add("one character", bare(text -> text.codePointCount(0, text.length()) == 1));
    c.add("two characters", bare(text -> text.codePointCount(0, text.length()) == 2));
    c.add("three characters", bare(text -> text.codePointCount(0, text.length()) == 3));
    c.add("four characters", bare(text -> text.codePointCount(0, text.length()) == 4));
    c.add("eight characters or more", bare(text -> text.codePointCount(0, text.length()) >= 8));
  }

  private static void whiteSpace(Catalogue c) {
    c.add("white space only", text -> !text.isEmpty() && text.isBlank());
    c.add("spaces only", text -> !text.isEmpty() && allCharacters(text, ch -> ch == ' '));
    c.add("two spaces or more", text -> text.contains("  "));
    c.add("has a line break", text -> text.indexOf('\n') >= 0);
    c.add("one line break", text -> text.equals("\n") || text.equals("\r\n"));
    c.add("several line breaks", text -> count(text, '\n') > 1);
    c.add("line break and indent", like("\\R+[ \\t]+"));
    c.add("has a tab", text -> text.indexOf('\t') >= 0);
  }

  private static void symbols(Catalogue c) {
    c.has("full stop", ".");
    c.has("comma", ",");
    c.has("exclamation mark", "!", "¡");
    c.has("question mark", "?", "¿");
    c.has("semicolon", ";");
    c.has("colon", ":");
    c.has("hyphen", "-");
    c.has("long dash", "–", "—", "--");
    c.has("slash", "/");
    c.has("backslash", "\\");
    c.has("underscore", "_");
    c.has("caret", "^");
    c.has("apostrophe", "'", "’");
    c.has("double quote", "\"");
    c.has("curly quote", "“", "”", "‘", "’", "«", "»");
    c.has("any quote", "\"", "'", "`", "“", "”", "‘", "’", "«", "»");
    c.has("backtick", "`");
    c.has("at sign", "@");
    c.has("hash sign", "#");
    c.has("per cent sign", "%");
    c.has("ampersand", "&");
    c.has("asterisk", "*");
    c.has("plus sign", "+");
    c.has("equals sign", "=");
    c.has("less-than sign", "<");
    c.has("greater-than sign", ">");
    c.has("vertical bar", "|");
    c.has("tilde", "~");
    c.has("dollar sign", "$");
    c.has("currency sign", "$", "€", "£", "¥", "¢");
    c.has("ellipsis", "...", "…");
    c.has("bullet", "•", "·", "●", "▪", "■");
    c.has("arithmetic sign", "+", "-", "*", "/", "=", "<", ">", "×", "÷", "±");
    c.has("opening parenthesis", "(");
    c.has("closing parenthesis", ")");
    c.has("opening square bracket", "[");
    c.has("closing square bracket", "]");
    c.has("opening brace", "{");
    c.has("closing brace", "}");
    c.has("opening bracket", "(", "[", "{", "<");
    c.has("closing bracket", ")", "]", "}", ">");
    c.add("ends a sentence", bare(like("[.!?…]+[\"'”’)]*")));
    c.add("ends a clause", bare(like("[,;:]+")));
    c.add("contraction", bare(like("['’](?i:s|t|re|ve|m|ll|d)")));
  }

  private static void numbers(Catalogue c) {
    c.add("has a digit", text -> any(text, Character::isDigit));
    c.add("digits only", bare(text -> allCharacters(text, Character::isDigit)));
    for (int length = 1; length <= 4; length++) {
      int digits = length;
      String[] names = {"one digit", "two digits", "three digits", "four digits"};
      c.add(
          names[length - 1],
          bare(text -> text.length() == digits && allCharacters(text, ASCII_DIGIT)));
    }
    c.add("space, then a digit", like(" \\d.*"));
    c.add("goes on with a digit", like("\\d.*"));
    c.add("zeros", bare(like("0+")));
    c.add("year", bare(like("1[5-9]\\d\\d|20\\d\\d")));
    c.add("day of a month", bare(like("0?[1-9]|[12]\\d|3[01]")));
    c.add("hexadecimal", bare(like("0x.*|(?=.*\\d)[0-9a-fA-F]{2,}")));
    c.add("Roman numeral", bare(like("[IVXLCDM]{2,}|I|V|X")));
    c.words(
        "ordinal", "first second third fourth fifth sixth seventh eighth ninth tenth 1st 2nd 3rd");
    c.words(
        "number word",
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
            + " fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy"
            + " eighty ninety hundred hundreds thousand thousands million millions billion billions"
            + " trillion dozen dozens");
  }

  private static final IntPredicate ASCII_DIGIT = ch -> ch >= '0' && ch <= '9';

  // ---- words ----

  private static final String FIRST_SINGULAR = "i me my mine myself";
  private static final String FIRST_PLURAL = "we us our ours ourselves";
  private static final String SECOND = "you your yours yourself yourselves";
  private static final String MALE = "he him his himself";
  private static final String FEMALE = "she her hers herself";
  private static final String NEUTER = "it its itself";
  private static final String THIRD_PLURAL = "they them their theirs themself themselves";
  private static final String OLD = "thou thee thy thine ye";

  private static void pronouns(Catalogue c) {
    c.words("pronoun, first person singular", FIRST_SINGULAR);
    c.words("pronoun, first person plural", FIRST_PLURAL);
    c.words("pronoun, first person", FIRST_SINGULAR, FIRST_PLURAL);
    c.words("pronoun, second person", SECOND);
    c.words("pronoun, second person, old", OLD);
    c.words("pronoun, male", MALE);
    c.words("pronoun, female", FEMALE);
    c.words("pronoun, neuter", NEUTER);
    c.words("pronoun, third person plural", THIRD_PLURAL);
    c.words("pronoun, third person", MALE, FEMALE, NEUTER, THIRD_PLURAL);
    c.words("pronoun, plural", FIRST_PLURAL, THIRD_PLURAL);
    c.words(
        "pronoun, personal",
        FIRST_SINGULAR,
        FIRST_PLURAL,
        SECOND,
        OLD,
        MALE,
        FEMALE,
        NEUTER,
        THIRD_PLURAL);
    c.words("pronoun, subject", "i we you he she it they thou ye");
    c.words("pronoun, object", "me us you him her it them thee");
    c.words(
        "pronoun, possessive",
        "my mine our ours your yours his her hers its their theirs thy thine");
    c.words(
        "pronoun, reflexive",
        "myself ourselves yourself yourselves himself herself itself themself themselves");
    c.words("pronoun, demonstrative", "this that these those");
    c.words("pronoun, interrogative", "who whom whose which what");
    c.words(
        "pronoun, indefinite",
        "anybody anyone anything each either everybody everyone everything neither nobody nothing one"
            + " somebody someone something both few many several all any most none some such");
  }

  private static final String PREPOSITIONS =
      "of in to for on with at by from into about as after over through between under against during"
          + " without before among upon unto within toward towards above below behind beside beyond"
          + " near off onto out up down across along around per via";
  private static final String COORDINATING = "and or but nor yet so";
  private static final String SUBORDINATING =
      "if because although though while when where whereas since unless until that whether once lest";
  private static final String AUXILIARIES =
      "am is are was were be been being have has had having do does did hath doth";
  private static final String MODALS = "can could may might must shall should will would cannot";

  private static void functionWords(Catalogue c) {
    c.words("definite article", "the");
    c.words("indefinite article", "a an");
    c.words("article", "the a an");
    c.words("preposition", PREPOSITIONS);
    c.words("conjunction, coordinating", COORDINATING);
    c.words("conjunction, subordinating", SUBORDINATING);
    c.words("conjunction", COORDINATING, SUBORDINATING);
    c.words("contrast", "but however nonetheless yet nevertheless although though whereas despite");
    c.words("form of to be", "am is are was were be been being 's 're 'm");
    c.words("form of to have", "have has had having hath 've");
    c.words("auxiliary verb", AUXILIARIES);
    c.words("modal verb", MODALS, "'ll 'd");
    c.words("negation", "not no never none nothing nor neither cannot n't 't without");
    c.words("question word", "who whom whose which what when where why how");
    c.words(
        "quantity", "all some any many much few more most less least several each every both half");
    c.words("degree", "very too so quite rather almost only just even still also more most");
    c.words("place", "here there where everywhere somewhere nowhere hither thither");
    c.words(
        "function word",
        "the a an",
        PREPOSITIONS,
        COORDINATING,
        SUBORDINATING,
        AUXILIARIES,
        MODALS,
        FIRST_SINGULAR,
        FIRST_PLURAL,
        SECOND,
        OLD,
        MALE,
        FEMALE,
        NEUTER,
        THIRD_PLURAL,
        "this that these those who whom whose which what not no");
  }

  private static void wordGroups(Catalogue c) {
    c.words(
        "month",
        "january february march april may june july august september october november december jan"
            + " feb mar apr jun jul aug sep sept oct nov dec");
    c.words(
        "day of the week",
        "monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri"
            + " sat sun");
    c.words(
        "unit of time",
        "second seconds minute minutes hour hours day days night week weeks month months year years"
            + " decade century centuries time times");
    c.words(
        "unit of measure",
        "meter meters metre metres inch inches foot feet yard yards mile miles km cm mm kg gram grams"
            + " pound pounds ounce liter litre degree degrees byte bytes bit bits mb kb gb px");
    c.words("money", "dollar dollars euro euros pound pounds cent cents money price cost usd");
    c.words("title", "mr mrs ms dr sir lord king queen president professor prof captain saint st");
    c.words(
        "kin",
        "father mother son sons daughter daughters brother brothers sister sisters husband wife wives"
            + " child children uncle aunt cousin parents parent");
    c.words("colour", "red green blue yellow white black brown grey gray orange purple pink");
    c.words(
        "body", "hand hands head eye eyes heart face foot feet mouth arm arms body blood ear ears");
    c.words(
        "country or people",
        "america american england english france french germany german spain spanish italy italian"
            + " china chinese japan japanese russia russian india indian greek roman israel egypt"
            + " europe european african british canada australia");
    c.words(
        "state of the USA",
        "alabama alaska arizona arkansas california colorado connecticut delaware florida georgia"
            + " hawaii idaho illinois indiana iowa kansas kentucky louisiana maine maryland"
            + " massachusetts michigan minnesota mississippi missouri montana nebraska nevada ohio"
            + " oklahoma oregon pennsylvania tennessee texas utah vermont virginia washington"
            + " wisconsin wyoming carolina dakota");
    c.words(
        "saying", "say says said saying saith speak spoke told tell asked answered spake called");
    c.words(
        "French function word",
        "le la les de des du un une et est pour dans sur que qui au aux en");
    c.words(
        "German function word",
        "der die das den dem des und ist ein eine einer nicht mit auf von zu");
    c.words(
        "Spanish function word",
        "el la los las de del un una y es en que por para con se su al lo");
  }

  // ---- parts of words ----

  private static void prefixes(Catalogue c) {
    for (String prefix :
        ("un re in im dis en non over mis sub pre inter fore de trans super semi anti mid under"
                + " multi ex micro auto tele post pro con com per counter ultra bio")
            .split(" ")) {
      c.add(
          "begins with " + prefix + "-",
          bare(text -> lower(text).startsWith(prefix) && text.length() > prefix.length()));
    }
  }

  private static void suffixes(Catalogue c) {
    for (String suffix :
        ("ness ment tion sion ance ence er or ist ism hood ship age able ible al ial ish ive less ful"
                + " ous ic ly ward wise ize ise en ify dom logy graphy y cy ty ant ent ary ery ing ed"
                + " s es est th")
            .split(" ")) {
      c.add(
          "ends with -" + suffix,
          bare(text ->
              lower(text).endsWith(suffix)
                  && text.length() > suffix.length()
                  && allCharacters(text, Character::isLetter)));
    }
  }

  private static void letters(Catalogue c) {
    for (char letter = 'a'; letter <= 'z'; letter++) {
      char first = letter;
      c.alphabet("first letter " + first, bare(text -> lower(text).charAt(0) == first));
      c.alphabet(
          "space, then " + first,
          text ->
              text.startsWith(" ") && lower(text).length() > 1 && lower(text).charAt(1) == first);
      c.alphabet(
          "no space, then " + first, text -> !text.isEmpty() && lower(text).charAt(0) == first);
      c.alphabet("the letter " + first, bare(text -> lower(text).equals(String.valueOf(first))));
    }
    c.alphabet("first letter a vowel", bare(text -> "aeiou".indexOf(lower(text).charAt(0)) >= 0));
    c.alphabet(
        "first letter a consonant",
        bare(text -> "bcdfghjklmnpqrstvwxyz".indexOf(lower(text).charAt(0)) >= 0));
  }

  // ---- scripts and programs ----

  private static void scripts(Catalogue c) {
    c.add("not ASCII", text -> any(text, ch -> ch > 127 && ch != 0xFFFD));
    c.add(
        "Latin letter with an accent",
        text -> any(text, ch -> ch > 127 && isOf(ch, UnicodeScript.LATIN)));
    c.add("Greek", text -> any(text, ch -> isOf(ch, UnicodeScript.GREEK)));
    c.add("Cyrillic", text -> any(text, ch -> isOf(ch, UnicodeScript.CYRILLIC)));
    c.add("Hebrew", text -> any(text, ch -> isOf(ch, UnicodeScript.HEBREW)));
    c.add("Arabic", text -> any(text, ch -> isOf(ch, UnicodeScript.ARABIC)));
    c.add(
        "Chinese, Japanese or Korean",
        text ->
            any(
                text,
                ch ->
                    isOf(ch, UnicodeScript.HAN)
                        || isOf(ch, UnicodeScript.HIRAGANA)
                        || isOf(ch, UnicodeScript.KATAKANA)
                        || isOf(ch, UnicodeScript.HANGUL)));
  }

  private static void code(Catalogue c) {
    c.add("camelCase", bare(like(".*\\p{Ll}\\p{Lu}.*")));
    c.add("name with an underscore", bare(like("(?=.*_)\\w*[a-zA-Z]\\w*")));
    c.words(
        "word of a program",
        "def class return import self none true false null void int char const static struct public"
            + " private function var let new elif else for while if try except raise lambda print"
            + " switch case break continue typedef sizeof include define");
    c.has("call or index", "()", "(", "[]", ");", "))");
    c.has("arrow", "->", "=>", "<-", "→");
    c.has("comparison", "==", "!=", "<=", ">=");
    c.has("comment", "//", "/*", "*/", "#", "<!--", "-->");
    c.has("tag", "</", "/>", "<!", "\">");
    c.has("double colon", "::");
    c.has("end of a statement", ";", "{", "}");
    c.words("part of an address", "http https www com org net edu gov html htm php index co uk");
    c.words("file type", "txt py c h js html css xml json pdf png jpg gif zip gz rst md csv sql");
    c.add("rule of symbols", bare(like("[-=*#_~+]{4,}")));
  }

  // ---- what the above is written with ----

  /** A predicate of the bare text, which white space alone never fulfils. */
  static Predicate<String> bare(Predicate<String> holds) {
    return text -> {
      String bare = text.strip();
      return !bare.isEmpty() && holds.test(bare);
    };
  }

  private static Predicate<String> like(String regularExpression) {
    return Pattern.compile(regularExpression, Pattern.DOTALL).asMatchPredicate();
  }

  /** Whether a token is spelt as those that stand for no text, such as BOS. */
  static boolean isSpecial(String text) {
    return text.startsWith("<|") && text.endsWith("|>");
  }

  /** The word that a token spells: its bare text in lower case. */
  static String word(String text) {
    return lower(text.strip());
  }

  static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }

  private static boolean allCharacters(String text, IntPredicate holds) {
    return text.codePoints().allMatch(holds);
  }

  private static boolean any(String text, IntPredicate holds) {
    return text.codePoints().anyMatch(holds);
  }

  private static long count(String text, int wanted) {
    return text.chars().filter(ch -> ch == wanted).count();
  }

  private static boolean isSymbol(int ch) {
    return !Character.isLetterOrDigit(ch) && !Character.isWhitespace(ch) && ch != 0xFFFD;
  }

  private static boolean isCapitalised(String text) {
    return text.length() > 1
        && Character.isUpperCase(text.charAt(0))
        && allCharacters(text.substring(1), Character::isLowerCase);
  }

  private static boolean isMixed(String text) {
    return hasLetter(text) && any(text, Character::isDigit);
  }

  private static boolean hasLetter(String text) {
    return any(text, Character::isLetter);
  }

  private static boolean isRepeatedSymbol(String text) {
    return text.length() > 1
        && isSymbol(text.charAt(0))
        && allCharacters(text, ch -> ch == text.charAt(0));
  }

  private static boolean letterAt(String text, int at) {
    return text.length() > at && Character.isLetter(text.codePointAt(at));
  }

  private static boolean capitalAt(String text, int at) {
    return text.length() > at && Character.isUpperCase(text.codePointAt(at));
  }

  private static boolean isOf(int ch, UnicodeScript script) {
    return UnicodeScript.of(ch) == script;
  }
}
