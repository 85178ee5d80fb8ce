package dev.homolog.analysis.input;

import dev.homolog.analysis.measure.Phase;
import dev.homolog.analysis.measure.Phases;
import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import dev.homolog.core.checkpoint.Checkpoint;
import dev.homolog.core.checkpoint.HuggingFaceCheckpoint;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.stream.ActivationStream;
import dev.homolog.core.stream.ProgressListener;
import dev.homolog.core.tokens.TokenRules;
import dev.homolog.core.tokens.TokenTable;
import dev.homolog.core.tokens.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Open models and the text that they will read. Opening makes the quick checks: configurations,
 * headers, tokenizers, and whether the text exists. {@link #read} does the rest.
 */
public final class Inputs implements AutoCloseable {
  /** The file of a model's folder that names its tokens. */
  public static final String TOKENIZER = "tokenizer.json";

  private static final String SAME_TOKENS = "compare models that read the same tokens";

  private final TokenInput input;
  private final List<ActivationStream.Model> models;
  private final Tokenizer tokenizer;
  private final Limits limits;

  private Inputs(
      TokenInput input, List<ActivationStream.Model> models, Tokenizer tokenizer, Limits limits) {
    this.input = input;
    this.models = List.copyOf(models);
    this.tokenizer = tokenizer;
    this.limits = limits;
  }

  /**
   * Opens models, finds that they go together, and looks for the text.
   *
   * @param folders of the models, the reference first
   * @throws InputException if a model, a tokenizer or the text cannot be used
   */
  public static Inputs open(List<Path> folders, TokenInput input) {
    List<String> names = ModelNames.of(folders);
    List<ActivationStream.Model> models = new ArrayList<>();
    try {
      for (int i = 0; i < folders.size(); i++) {
        models.add(
            new ActivationStream.Model(names.get(i), HuggingFaceCheckpoint.open(folders.get(i))));
      }
      SharedTokens tokens = SharedTokens.of(folders, input.tokens() != null);
      TokenRules rules = TokenRules.of(models.getFirst().checkpoint().config(), tokens.of(0));
      for (int i = 1; i < models.size(); i++) {
        requireBos(tokens.of(0), rules.bosId(), models.get(i), tokens.of(i));
      }
      Limits limits = Limits.of(models, rules);
      if (input.tokens() == null) {
        limits = limits.below(tokens.shared());
        limits.requireContext(limits.context(input));
        TokenTable.requireFiles(input.text());
      }
      return new Inputs(input, models, tokens.all(), limits);
    } catch (RuntimeException | Error e) {
      models.forEach(model -> model.checkpoint().close());
      throw e;
    }
  }

  /** The reference first, each with its name. */
  public List<ActivationStream.Model> models() {
    return models;
  }

  /** The shape of the reference, or of the one model. */
  public ModelConfig reference() {
    return models.getFirst().checkpoint().config();
  }

  /** By which text becomes ids and ids are shown; the models' are the same as far as they go. */
  public Tokenizer tokenizer() {
    return tokenizer;
  }

  /**
   * Looks at all weights, and lays out the text as rows of tokens, which the caller closes.
   *
   * @throws InputException if a weight or the text cannot be used, or too little text is kept
   */
  public TokenTable read(ProgressListener progress, Phases phases) {
    // Cheap checks come before long ones: ids, weights, then text.
    boolean ids = input.tokens() != null;
    TokenTable table =
        ids ? phases.time(Phase.TOKENS, () -> limits.matrix(input, tokenizer)) : null;
    try {
      models.forEach(model -> readWeights(model.checkpoint()));
      if (!ids) {
        table = phases.time(Phase.TOKENS, () -> limits.text(input, tokenizer, progress));
      }
      requireKept(table);
      return table;
    } catch (RuntimeException | Error e) {
      if (table != null) {
        table.close();
      }
      throw e;
    }
  }

  private void requireKept(TokenTable table) {
    if (table.kept() < 2) {
      String problem = table.kept() + " tokens are kept of " + table.tokens();
      String remedy = "give text that is more than line breaks and separators";
      throw input.tokens() == null
          ? new InputException(InputOption.TEXT, problem, remedy)
          : new InputException(input.tokens(), "", problem, remedy);
    }
  }

  /**
   * Hashes a model's files and looks at all its weights before the text is read, which may take
   * long. The hashes are of the files as they are read; a later change of a file cannot spoil a
   * finished study.
   */
  private static void readWeights(Checkpoint checkpoint) {
    checkpoint.hashes();
    checkpoint.names().forEach(checkpoint::tensor);
  }

  /** Whether a model reads rows that begin with the reference's BOS. */
  private static void requireBos(
      Tokenizer reference, int bos, ActivationStream.Model model, Tokenizer tokenizer) {
    int otherBosId = TokenRules.of(model.checkpoint().config(), tokenizer).bosId();
    if (otherBosId != bos) {
      throw new InputException(
          tokenizer.file().resolveSibling("config.json"),
          "bos_token_id",
          "BOS is token "
              + otherBosId
              + ", but it is "
              + bos
              + " in "
              + reference.file().getParent(),
          SAME_TOKENS);
    }
  }

  @Override
  public void close() {
    models.forEach(model -> model.checkpoint().close());
  }
}
