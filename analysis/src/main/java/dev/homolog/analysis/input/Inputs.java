package dev.homolog.analysis.input;

import dev.homolog.analysis.measure.Phase;
import dev.homolog.analysis.measure.Phases;
import dev.homolog.analysis.plan.MemoryBounds;
import dev.homolog.analysis.plan.ReadingPlan;
import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import dev.homolog.core.checkpoint.Checkpoint;
import dev.homolog.core.checkpoint.HuggingFaceCheckpoint;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.checkpoint.ModelDescription;
import dev.homolog.core.memory.DType;
import dev.homolog.core.model.DoubleWeights;
import dev.homolog.core.stream.ActivationStream;
import dev.homolog.core.stream.ProgressListener;
import dev.homolog.core.tokens.TokenRules;
import dev.homolog.core.tokens.TokenTable;
import dev.homolog.core.tokens.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * Open models and the text that they will read. Opening makes the quick checks: configurations,
 * headers, tokenizers, and whether the text exists. {@link #read} does the rest.
 */
public final class Inputs implements AutoCloseable {
  /** The file of a model's folder that names its tokens. */
  public static final String TOKENIZER = "tokenizer.json";

  private final TokenInput input;
  private final List<ActivationStream.Model> models;
  private final Tokenizer tokenizer;
  private final Limits limits;
  private ReadingPlan reading = ReadingPlan.SMALL;

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
   * @param followLinks whether links of the folders may lead out of them
   * @throws InputException if a model, a tokenizer or the text cannot be used
   */
  public static Inputs open(List<Path> folders, TokenInput input, boolean followLinks) {
    List<String> names = ModelNames.of(folders);
    List<ActivationStream.Model> models = new ArrayList<>();
    try {
      for (int i = 0; i < folders.size(); i++) {
        models.add(
            new ActivationStream.Model(
                names.get(i), HuggingFaceCheckpoint.open(folders.get(i), followLinks)));
      }
      SharedTokens tokens = SharedTokens.of(folders, input.tokens() != null, followLinks);
      BosRule bos = new BosRule(description(models.getFirst().checkpoint()), tokens.of(0));
      for (int i = 1; i < models.size(); i++) {
        bos.add(description(models.get(i).checkpoint()), tokens.of(i), folders.get(i));
      }
      TokenRules rules = input.tokens() == null ? bos.forText() : bos.forTokens(input.tokenFile());
      Limits limits = Limits.of(models, rules);
      if (input.tokens() == null) {
        limits = limits.below(tokens.shared());
        limits.requireContext(limits.context(input));
        input.requireFiles();
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

  /** The checkpoints of the models, the reference's first. */
  public List<Checkpoint> checkpoints() {
    return models.stream().map(ActivationStream.Model::checkpoint).toList();
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
   * @param memory bytes that the process may hold at most, if that was said
   * @param working what the kernels compute in, which must hold all weights
   * @throws InputException if a weight or the text cannot be used, or too little text is kept
   */
  public TokenTable read(
      OptionalLong memory, DType working, ProgressListener progress, Phases phases) {
    return read(memory, working, progress, phases, () -> {});
  }

  /**
   * The same.
   *
   * @param beforeText done when the weights have been looked at, and before text is read
   */
  public TokenTable read(
      OptionalLong memory,
      DType working,
      ProgressListener progress,
      Phases phases,
      Runnable beforeText) {
    // Cheap checks come before long ones: ids, weights, then text.
    boolean ids = input.tokens() != null;
    TokenTable table =
        ids ? phases.time(Phase.TOKENS, () -> limits.matrix(input, tokenizer)) : null;
    try {
      models.forEach(model -> readWeights(model.checkpoint(), working));
      beforeText.run();
      if (!ids) {
        reading = Limits.reading(input, memory, MemoryBounds.now());
        table = phases.time(Phase.TOKENS, () -> limits.text(input, memory, tokenizer, progress));
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

  /** What reading the text held, once it is read. */
  public ReadingPlan reading() {
    return reading;
  }

  private void requireKept(TokenTable table) {
    // Any two neurons have a correlation of 1 or -1 on two tokens.
    int least = models.size() > 1 ? 3 : 2;
    if (table.kept() < least) {
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
   * finished study. Whether single precision holds weights in double is looked at here as well: the
   * files were just hashed, so the system has them in memory still.
   */
  private static void readWeights(Checkpoint checkpoint, DType working) {
    checkpoint.hashes();
    checkpoint.names().forEach(checkpoint::tensor);
    DoubleWeights.require(checkpoint, working);
  }

  private static ModelDescription description(Checkpoint checkpoint) {
    return new ModelDescription(checkpoint.config(), checkpoint.notes().absentIds());
  }

  /**
   * Refuses a reference that cannot predict tokens.
   *
   * @throws InputException if it has no unembedding
   */
  public void requireUnembedding() {
    models.getFirst().checkpoint().requireUnembedding();
  }

  /** What of the models' files was left out or read in another way than they say, by model. */
  public List<String> notes() {
    return models.stream()
        .flatMap(model -> model.checkpoint().notes().lines("model " + model.name()).stream())
        .toList();
  }

  @Override
  public void close() {
    models.forEach(model -> model.checkpoint().close());
  }
}
