package dev.homolog.analysis;

import dev.homolog.core.InputException;
import dev.homolog.core.checkpoint.Checkpoint;
import dev.homolog.core.checkpoint.HubCache;
import dev.homolog.core.checkpoint.HuggingFaceCheckpoint;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.stream.ActivationStream;
import dev.homolog.core.stream.ProgressListener;
import dev.homolog.core.tokens.TokenRules;
import dev.homolog.core.tokens.TokenTable;
import dev.homolog.core.tokens.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The open inputs of a study.
 *
 * @param models the reference first, each with its name
 * @param tokenizer of the reference; the others' are the same
 * @param table the rows of tokens
 */
record StudyInputs(List<ActivationStream.Model> models, Tokenizer tokenizer, TokenTable table)
    implements AutoCloseable {

  private static final String TOKENIZER = "tokenizer.json";

  static StudyInputs open(StudyOptions options, ProgressListener progress, Phases phases) {
    List<Path> folders = new ArrayList<>();
    folders.add(options.reference());
    folders.addAll(options.others());
    List<String> names = names(folders);
    List<ActivationStream.Model> models = new ArrayList<>();
    try {
      for (int i = 0; i < folders.size(); i++) {
        models.add(
            new ActivationStream.Model(names.get(i), HuggingFaceCheckpoint.open(folders.get(i))));
      }
      // What is hashed is what is about to be read; a file changed later cannot cost a finished
      // study.
      models.forEach(model -> model.checkpoint().hashes());
      Tokenizer tokenizer = Tokenizer.of(folders.getFirst().resolve(TOKENIZER));
      for (Path folder : folders.subList(1, folders.size())) {
        requireSame(tokenizer, Tokenizer.of(folder.resolve(TOKENIZER)));
      }
      TokenTable table =
          phases.time("tokens", 0, () -> table(options.input(), models, tokenizer, progress));
      if (table.kept() < 2) {
        table.close();
        throw new InputException(
            options.input().tokens() == null ? "--text" : options.input().tokens().toString(),
            "",
            table.kept() + " tokens are kept of " + table.tokens(),
            "give text that is more than line breaks and separators");
      }
      return new StudyInputs(List.copyOf(models), tokenizer, table);
    } catch (RuntimeException | Error e) {
      models.forEach(model -> model.checkpoint().close());
      throw e;
    }
  }

  private static void requireSame(Tokenizer reference, Tokenizer other) {
    reference
        .difference(other)
        .ifPresent(difference -> {
          throw new InputException(
              other.file(),
              "",
              "not the tokenizer of " + reference.file() + ": " + difference,
              "compare models that read the same tokens");
        });
  }

  private static TokenTable table(
      TokenInput input,
      List<ActivationStream.Model> models,
      Tokenizer tokenizer,
      ProgressListener progress) {
    ModelConfig smallest = models.getFirst().checkpoint().config();
    int positions = smallest.positions();
    String narrowest = models.getFirst().checkpoint().location();
    for (ActivationStream.Model model : models) {
      Checkpoint checkpoint = model.checkpoint();
      if (checkpoint.config().vocabSize() < smallest.vocabSize()) {
        smallest = checkpoint.config();
      }
      if (checkpoint.config().positions() < positions) {
        positions = checkpoint.config().positions();
        narrowest = checkpoint.location();
      }
    }
    TokenRules own = TokenRules.of(models.getFirst().checkpoint().config(), tokenizer);
    // An id must be in every model's vocabulary; padding of an embedding may differ.
    TokenRules rules =
        new TokenRules(
            own.bosId(), own.eosId(), own.padId(), own.newlineId(), smallest.vocabSize());
    long most = input.maxTokens().orElse(Long.MAX_VALUE);
    if (input.tokens() != null) {
      TokenTable table = TokenTable.fromNpy(input.tokens(), rules, most);
      try {
        int width = table.context();
        if (input.context().isPresent() && input.context().getAsInt() != width) {
          throw new InputException(
              "--context",
              "",
              input.context().getAsInt() + ", but " + input.tokens() + " has rows of " + width,
              "leave --context out");
        }
        requirePositions(input.tokens().toString(), width, positions, narrowest);
        return table;
      } catch (RuntimeException e) {
        table.close();
        throw e;
      }
    }
    int context = input.context().orElse(Math.min(TokenInput.DEFAULT_CONTEXT, positions));
    requirePositions("--context", context, positions, narrowest);
    return TokenTable.fromText(
        input.text(),
        tokenizer,
        rules,
        context,
        most,
        tokens -> progress.progress("tokens", tokens, 0));
  }

  private static void requirePositions(String where, int context, int positions, String model) {
    if (context > positions) {
      throw new InputException(
          where,
          "",
          context + " tokens a row, but " + model + " has " + positions + " positions",
          "give at most " + positions);
    }
  }

  /**
   * The name on the hub of a folder in its cache, else the last folder name of each path; the whole
   * path where two would be equal.
   */
  static List<String> names(List<Path> folders) {
    Set<String> seen = new HashSet<>();
    Set<String> twice = new HashSet<>();
    List<String> names = new ArrayList<>();
    for (Path folder : folders) {
      Path last = folder.toAbsolutePath().normalize().getFileName();
      String plain = last == null ? folder.toString() : last.toString();
      String name = HubCache.name(folder).orElse(plain);
      names.add(name);
      if (!seen.add(name)) {
        twice.add(name);
      }
    }
    for (int i = 0; i < names.size(); i++) {
      if (twice.contains(names.get(i))) {
        names.set(i, folders.get(i).toString());
      }
    }
    return names;
  }

  @Override
  public void close() {
    table.close();
    models.forEach(model -> model.checkpoint().close());
  }
}
