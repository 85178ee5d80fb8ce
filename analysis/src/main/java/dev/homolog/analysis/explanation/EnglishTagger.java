package dev.homolog.analysis.explanation;

import dev.homolog.core.HomologException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import opennlp.tools.postag.POSModel;
import opennlp.tools.postag.POSTaggerME;
import opennlp.tools.sentdetect.SentenceDetectorME;
import opennlp.tools.sentdetect.SentenceModel;
import opennlp.tools.tokenize.TokenizerME;
import opennlp.tools.tokenize.TokenizerModel;
import opennlp.tools.util.Span;

/**
 * Parts of speech of English text by Apache OpenNLP and its models of the English Web Treebank, in
 * the universal tag set. Text that is not English gets tags too, but they are unreliable. Used by
 * one thread.
 */
final class EnglishTagger {
  /** Universal parts of speech, https://universaldependencies.org/u/pos/. */
  static final List<String> TAGS =
      List.of(
          "ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON",
          "PROPN", "PUNCT", "SCONJ", "SYM", "VERB", "X");

  private static final String VERSION = "1.3-2.5.4";

  private final SentenceDetectorME sentences;
  private final TokenizerME words;
  private final POSTaggerME tagger;

  /**
   * Loads the models, which are resources of the class path.
   *
   * @throws HomologException if one is not there
   */
  EnglishTagger() {
    SentenceModel sentenceModel = load("sentence", SentenceModel::new);
    TokenizerModel tokensModel = load("tokens", TokenizerModel::new);
    POSModel posModel = load("pos", POSModel::new);
    this.sentences = new SentenceDetectorME(sentenceModel);
    this.words = new TokenizerME(tokensModel);
    this.tagger = new POSTaggerME(posModel);
  }

  private interface Loader<T> {
    T load(InputStream in) throws IOException;
  }

  private static <T> T load(String kind, Loader<T> loader) {
    String name = "opennlp-en-ud-ewt-" + kind + "-" + VERSION + ".bin";
    try (InputStream in = open(name)) {
      if (in == null) {
        throw new HomologException(
            name + ": not on the class path; add OpenNLP's jar of English models that holds it");
      }
      return loader.load(in);
    } catch (IOException e) {
      throw new HomologException(name + ": " + e.getMessage(), e);
    }
  }

  /**
   * Own loader first, then the thread's: in notebooks and servers neither is the system's. Null if
   * neither has it.
   */
  private static InputStream open(String name) {
    InputStream in = EnglishTagger.class.getClassLoader().getResourceAsStream(name);
    ClassLoader threads = Thread.currentThread().getContextClassLoader();
    return in != null || threads == null ? in : threads.getResourceAsStream(name);
  }

  /**
   * A word of a text.
   *
   * @param from its first char
   * @param to after its last
   * @param tag place in {@link #TAGS}
   */
  record Word(int from, int to, int tag) {}

  /** The words of a text in order. */
  List<Word> tag(String text) {
    List<Word> tagged = new ArrayList<>();
    for (Span sentence : sentences.sentPosDetect(text)) {
      String part = text.substring(sentence.getStart(), sentence.getEnd());
      Span[] spans = words.tokenizePos(part);
      String[] tags = tagger.tag(Span.spansToStrings(spans, part));
      for (int i = 0; i < spans.length; i++) {
        int from = sentence.getStart();
        tagged.add(new Word(from + spans[i].getStart(), from + spans[i].getEnd(), place(tags[i])));
      }
    }
    return tagged;
  }

  /** Of two words that are written as one, such as "don't" (AUX+PART), the first's. */
  private static int place(String tag) {
    int plus = tag.indexOf('+');
    int place = TAGS.indexOf(plus < 0 ? tag : tag.substring(0, plus));
    return place < 0 ? TAGS.indexOf("X") : place;
  }
}
