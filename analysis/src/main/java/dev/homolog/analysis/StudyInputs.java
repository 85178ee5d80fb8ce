package dev.homolog.analysis;

import dev.homolog.analysis.correlation.Rotation;
import dev.homolog.analysis.explanation.FeatureSet;
import dev.homolog.core.InputException;
import dev.homolog.core.checkpoint.Checkpoint;
import dev.homolog.core.checkpoint.HubCache;
import dev.homolog.core.checkpoint.HuggingFaceCheckpoint;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.stream.ActivationStream;
import dev.homolog.core.stream.ModelNeurons;
import dev.homolog.core.stream.ProgressListener;
import dev.homolog.core.tokens.TokenRules;
import dev.homolog.core.tokens.TokenTable;
import dev.homolog.core.tokens.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The open inputs of a study.
 *
 * @param models the reference first, each with its name
 * @param tokenizer of the reference; the others' are the same
 * @param table the rows of tokens
 * @param features of the text, to explain neurons by; null where only correlations are wanted
 */
record StudyInputs(
    List<ActivationStream.Model> models, Tokenizer tokenizer, TokenTable table, FeatureSet features)
    implements AutoCloseable {

  static final String TOKENIZER = "tokenizer.json";
  private static final String SAME_TOKENS = "compare models that read the same tokens";

  /** Opens all that is quick to open and closes it again. */
  static void check(StudyOptions options) {
    models(options).close();
  }

  /** The same of one model. */
  static ModelConfig check(Path model, TokenInput input) {
    try (Models opened = Models.open(List.of(model), input, null)) {
      return opened.models().getFirst().checkpoint().config();
    }
  }

  static StudyInputs open(StudyOptions options, ProgressListener progress, Phases phases) {
    return open(
        models(options),
        options.input(),
        options.extent() != StudyOptions.Extent.CORRELATIONS,
        progress,
        phases);
  }

  /** One model and its text, where nothing is compared. */
  static StudyInputs open(Path model, TokenInput input, ProgressListener progress, Phases phases) {
    return open(Models.open(List.of(model), input, null), input, false, progress, phases);
  }

  private static Models models(StudyOptions options) {
    List<Path> folders = new ArrayList<>();
    folders.add(options.reference());
    folders.addAll(options.others());
    Models opened = Models.open(folders, options.input(), options.baseline().rotation());
    try {
      ModelConfig reference = opened.models().getFirst().checkpoint().config();
      options.focus().neurons().forEach(name -> name.require("--neuron", reference));
      return opened;
    } catch (RuntimeException e) {
      opened.close();
      throw e;
    }
  }

  private static StudyInputs open(
      Models opened,
      TokenInput input,
      boolean explained,
      ProgressListener progress,
      Phases phases) {
    TokenTable table = null;
    try {
      // What is cheap to find wrong comes before what takes long: ids, weights, then text.
      if (input.tokens() != null) {
        table = phases.time("tokens", 0, () -> opened.limits().matrix(input, opened.tokenizer()));
      }
      opened.models().forEach(model -> read(model.checkpoint()));
      if (table == null) {
        table =
            phases.time(
                "tokens", 0, () -> opened.limits().text(input, opened.tokenizer(), progress));
      }
      if (table.kept() < 2) {
        throw new InputException(
            input.tokens() == null ? "--text" : input.tokens().toString(),
            "",
            table.kept() + " tokens are kept of " + table.tokens(),
            "give text that is more than line breaks and separators");
      }
      return new StudyInputs(
          List.copyOf(opened.models()),
          opened.tokenizer(),
          table,
          explained ? features(opened, table, phases) : null);
    } catch (RuntimeException | Error e) {
      if (table != null) {
        table.close();
      }
      opened.close();
      throw e;
    }
  }

  private static FeatureSet features(Models opened, TokenTable table, Phases phases) {
    int vocabulary = opened.models().getFirst().checkpoint().config().vocabSize();
    return phases.time("features", 0, () -> FeatureSet.of(table, opened.tokenizer(), vocabulary));
  }

  /** The models, found to go together and with the input as far as that is seen at a glance. */
  private record Models(List<ActivationStream.Model> models, Tokenizer tokenizer, Limits limits)
      implements AutoCloseable {

    /** Of folders, the reference's first, and the rotation's file or null. */
    static Models open(List<Path> folders, TokenInput input, Path rotation) {
      List<String> names = names(folders);
      List<ActivationStream.Model> models = new ArrayList<>();
      try {
        for (int i = 0; i < folders.size(); i++) {
          models.add(
              new ActivationStream.Model(names.get(i), HuggingFaceCheckpoint.open(folders.get(i))));
        }
        Tokenizer tokenizer = Tokenizer.of(folders.getFirst().resolve(TOKENIZER));
        ModelConfig reference = models.getFirst().checkpoint().config();
        TokenRules rules = TokenRules.of(reference, tokenizer);
        for (ActivationStream.Model model : models.subList(1, models.size())) {
          requireSame(tokenizer, rules.bosId(), model.checkpoint());
        }
        Limits limits = Limits.of(models, rules);
        if (input.tokens() == null) {
          limits.requirePositions("--context", limits.context(input));
          TokenTable.requireFiles(input.text());
        }
        if (rotation != null) {
          Rotation.requireFits(rotation, others(models));
        }
        return new Models(models, tokenizer, limits);
      } catch (RuntimeException | Error e) {
        models.forEach(model -> model.checkpoint().close());
        throw e;
      }
    }

    private static List<ModelNeurons> others(List<ActivationStream.Model> models) {
      return models.stream()
          .skip(1)
          .map(model -> {
            ModelConfig config = model.checkpoint().config();
            return new ModelNeurons(model.name(), config.layers(), config.dMlp(), 0);
          })
          .toList();
    }

    @Override
    public void close() {
      models.forEach(model -> model.checkpoint().close());
    }
  }

  /** Whether a model reads the reference's token ids, and rows that begin with its BOS. */
  private static void requireSame(Tokenizer reference, int bos, Checkpoint model) {
    Path folder = Path.of(model.location());
    Tokenizer other = Tokenizer.of(folder.resolve(TOKENIZER));
    reference
        .difference(other)
        .ifPresent(difference -> {
          throw new InputException(
              other.file(),
              "",
              "not the tokenizer of " + reference.file() + ": " + difference,
              SAME_TOKENS);
        });
    int theirs = TokenRules.of(model.config(), other).bosId();
    if (theirs != bos) {
      throw new InputException(
          folder.resolve("config.json"),
          "bos_token_id",
          "BOS is token " + theirs + ", but it is " + bos + " in " + reference.file().getParent(),
          SAME_TOKENS);
    }
  }

  /**
   * Hashes a model's files and looks at all its weights before the text is read, which may take
   * long. What is hashed is what is about to be read; a file changed later cannot cost a finished
   * study.
   */
  private static void read(Checkpoint checkpoint) {
    checkpoint.hashes();
    checkpoint.names().forEach(checkpoint::tensor);
  }

  /**
   * What all models together can read.
   *
   * @param rules the reference's, with the smallest vocabulary: an id must be in every model's,
   *     while padding of an embedding may differ
   * @param positions the most that every model has
   * @param narrowest folder of the model that has no more
   */
  record Limits(TokenRules rules, int positions, String narrowest) {

    static Limits of(List<ActivationStream.Model> models, TokenRules own) {
      int vocabulary = own.vocabSize();
      Checkpoint narrowest = models.getFirst().checkpoint();
      for (ActivationStream.Model model : models) {
        Checkpoint checkpoint = model.checkpoint();
        vocabulary = Math.min(vocabulary, checkpoint.config().vocabSize());
        if (checkpoint.config().positions() < narrowest.config().positions()) {
          narrowest = checkpoint;
        }
      }
      TokenRules rules =
          new TokenRules(own.bosId(), own.eosId(), own.padId(), own.newlineId(), vocabulary);
      return new Limits(rules, narrowest.config().positions(), narrowest.location());
    }

    int context(TokenInput input) {
      return input.context().orElse(Math.min(TokenInput.DEFAULT_CONTEXT, positions));
    }

    TokenTable text(TokenInput input, Tokenizer tokenizer, ProgressListener progress) {
      return TokenTable.fromText(
          input.text(),
          input.share(),
          tokenizer,
          rules,
          context(input),
          input.maxTokens().orElse(Long.MAX_VALUE),
          tokens -> progress.progress("tokens", tokens, 0));
    }

    TokenTable matrix(TokenInput input, Tokenizer tokenizer) {
      TokenTable table =
          TokenTable.fromNpy(
              input.tokens(), tokenizer, rules, input.maxTokens().orElse(Long.MAX_VALUE));
      try {
        int width = table.context();
        if (input.context().isPresent() && input.context().getAsInt() != width) {
          throw new InputException(
              "--context",
              "",
              input.context().getAsInt() + ", but " + input.tokens() + " has rows of " + width,
              "leave --context out");
        }
        requirePositions(input.tokens().toString(), width);
        return table;
      } catch (RuntimeException e) {
        table.close();
        throw e;
      }
    }

    void requirePositions(String where, int context) {
      if (context > positions) {
        throw new InputException(
            where,
            "",
            context + " tokens a row, but " + narrowest + " has " + positions + " positions",
            "give at most " + positions);
      }
    }
  }

  /**
   * The name on the hub of a folder in its cache, else the last folder name of each path; the whole
   * path where two would be equal, and a number after it where the same folder is given twice.
   */
  static List<String> names(List<Path> folders) {
    List<String> shorts = folders.stream().map(StudyInputs::shortName).toList();
    List<String> names = new ArrayList<>();
    Set<String> taken = new HashSet<>();
    for (int i = 0; i < folders.size(); i++) {
      String plain = shorts.get(i);
      boolean alone = Collections.frequency(shorts, plain) == 1;
      String name = alone ? plain : folders.get(i).toString();
      int number = 1;
      String distinct = name;
      while (!taken.add(distinct)) {
        distinct = name + " (" + ++number + ")";
      }
      names.add(distinct);
    }
    return names;
  }

  private static String shortName(Path folder) {
    Path last = folder.toAbsolutePath().normalize().getFileName();
    return HubCache.name(folder).orElse(last == null ? folder.toString() : last.toString());
  }

  @Override
  public void close() {
    table.close();
    models.forEach(model -> model.checkpoint().close());
  }
}
