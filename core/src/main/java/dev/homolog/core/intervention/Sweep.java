package dev.homolog.core.intervention;

import dev.homolog.core.Brief;
import dev.homolog.core.InputException;
import dev.homolog.core.checkpoint.Checkpoint;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.BlockTaps;
import dev.homolog.core.model.ForwardCost;
import dev.homolog.core.model.NeuronId;
import dev.homolog.core.model.Transformer;
import dev.homolog.core.stream.ProgressListener;
import dev.homolog.core.stream.Rows;
import dev.homolog.core.tokens.TokenRules;
import dev.homolog.core.tokens.TokenTable;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Many interventions on the same text. Each batch of tokens runs through the model once as it is.
 * The residual stream after the layers where variants begin is kept, and every variant resumes from
 * there. All passes have the shape of the first, so that a variant that changes nothing gives its
 * metrics to the last bit. Belongs to one thread and to the arena and kernels it was made with.
 */
public final class Sweep {
  private final Kernels kernels;
  private final Transformer model;
  private final String location;
  private final Options options;
  private final List<List<LayerEdit>> variants = new ArrayList<>();
  private final Readout readout;
  private final Tensor residual; // [T, d_model]
  private final Tensor pre; // [T, d_mlp], or null
  private final Map<Integer, Start> starts = new TreeMap<>();
  private final Map<Integer, Tensor> frozenZ = new TreeMap<>(); // [T, d_model] a layer

  /**
   * Vectors over the vocabulary.
   *
   * @param weights of the expectation among the metrics, or null
   * @param direction of logits for {@link Reading#FROZEN_DIRECTION}, of any length, or null
   */
  public record Vocabulary(double[] weights, double[] direction) {
    public static final Vocabulary NONE = new Vocabulary(null, null);

    @Override
    public String toString() {
      return Brief.of("Vocabulary")
          .with("weights", weights)
          .with("direction", direction)
          .toString();
    }
  }

  /**
   * How variants are computed and read.
   *
   * @param frozenAttention whether later layers' attention (keys, values and pattern) is that of
   *     the pass without intervention
   * @param readings each variant's, in order
   */
  public record Options(boolean frozenAttention, List<Reading> readings, Vocabulary vocabulary) {
    /** Nothing frozen. */
    public static final Options PLAIN = new Options(false, List.of(Reading.TOTAL), Vocabulary.NONE);

    public Options {
      readings = List.copyOf(readings);
      if (readings.contains(Reading.FROZEN_DIRECTION) && vocabulary.direction() == null) {
        throw new IllegalArgumentException("no direction to hold");
      }
    }

    @Override
    public String toString() {
      return Brief.of("Options")
          .with("frozenAttention", frozenAttention)
          .with("readings", readings)
          .with("vocabulary", vocabulary)
          .toString();
    }
  }

  /** What is kept of a layer in which variants begin. */
  private static final class Start {
    private Tensor residual; // [T, d_model] after the layer
    private int[] neurons = {};
    private NeuronActivations activations;
  }

  /**
   * A sweep's averages.
   *
   * @param positions over how many
   * @param nominal without intervention
   * @param variants for each variant, by reading
   * @param operations floating-point operations of the passes; a block with frozen attention counts
   *     as a whole one
   * @param naiveOperations of a whole forward pass a variant and one without intervention
   */
  public record Result(
      long positions,
      Metrics nominal,
      List<Map<Reading, Metrics>> variants,
      double operations,
      double naiveOperations) {
    @Override
    public String toString() {
      return Brief.of("Result")
          .with("positions", positions)
          .with("nominal", nominal)
          .with("variants", variants)
          .with("operations", operations)
          .with("naiveOperations", naiveOperations)
          .toString();
    }
  }

  /**
   * Prepares a sweep.
   *
   * @param checkpoint must stay open
   * @param maxTokens the most tokens (rows times context) of a batch
   * @param variants each a list of interventions that are made together
   * @throws InputException if a weight is missing or not finite
   * @throws IllegalArgumentException if a neuron is not in the model
   */
  public Sweep(
      Checkpoint checkpoint,
      Kernels kernels,
      Arena arena,
      long maxTokens,
      List<List<Intervention>> variants,
      Options options) {
    this.kernels = kernels;
    this.location = checkpoint.location();
    this.options = options;
    this.model = Transformer.of(checkpoint, kernels, arena, maxTokens);
    ModelConfig config = model.config();
    DType dtype = kernels.working();
    this.readout = new Readout(model, kernels, arena, maxTokens, options);
    this.residual = kernels.allocate(arena, dtype, maxTokens, config.dModel());
    boolean readsPre = false;
    for (List<Intervention> variant : variants) {
      requireNeurons(variant, config);
      List<LayerEdit> edits = LayerEdit.of(variant, model, arena);
      this.variants.add(edits);
      readsPre |= edits.stream().anyMatch(LayerEdit::readsPre);
      if (!edits.isEmpty()) {
        starts.computeIfAbsent(edits.getFirst().layer(), _ -> new Start());
      }
    }
    this.pre = readsPre ? kernels.allocate(arena, dtype, maxTokens, config.dMlp()) : null;
    starts.forEach((layer, start) -> {
      start.residual = kernels.allocate(arena, dtype, maxTokens, config.dModel());
      start.neurons = neurons(layer);
    });
    if (options.frozenAttention() && !starts.isEmpty()) {
      int first = starts.keySet().iterator().next();
      for (int layer = first + 1; layer < config.layers(); layer++) {
        frozenZ.put(layer, kernels.allocate(arena, dtype, maxTokens, config.dModel()));
      }
    }
  }

  /** Bytes that a sweep takes besides weights, for batches of that many tokens. */
  public static long bytes(
      ModelConfig config, Kernels kernels, long tokens, List<List<Intervention>> variants) {
    long starts =
        variants.stream()
            .filter(variant -> !variant.isEmpty())
            .mapToInt(Sweep::firstLayer)
            .distinct()
            .count();
    // The residual stream, and at most as much again a layer with frozen attention.
    long streams = (1 + starts + config.layers()) * config.dModel() + config.dMlp();
    return Transformer.scratchBytes(config, kernels.working(), tokens)
        + Readout.bytes(config, kernels, tokens)
        + streams * tokens * kernels.working().bytes();
  }

  private static int firstLayer(List<Intervention> variant) {
    return variant.stream().mapToInt(Intervention::firstLayer).min().orElseThrow();
  }

  private static void requireNeurons(List<Intervention> variant, ModelConfig config) {
    for (Intervention intervention : variant) {
      for (NeuronId id : intervention.neurons()) {
        if (id.layer() >= config.layers() || id.neuron() >= config.dMlp()) {
          throw new IllegalArgumentException("there is no neuron " + id);
        }
      }
    }
  }

  /** Those of a layer that a variant begins with. */
  private int[] neurons(int layer) {
    return variants.stream()
        .filter(edits -> !edits.isEmpty() && edits.getFirst().layer() == layer)
        .flatMapToInt(edits -> Arrays.stream(edits.getFirst().neurons()))
        .distinct()
        .toArray();
  }

  /**
   * The text of a run.
   *
   * @param rules say which tokens are BOS and EOS
   * @param rows which rows are read
   * @param batchRows rows a batch
   */
  public record Text(TokenTable table, TokenRules rules, Rows rows, int batchRows) {}

  /** As below, from the beginning. */
  public Result run(Text text, ProgressListener progress, Consumer<PositionMetrics> listener) {
    return run(text, progress, listener, SweepMemory.NONE);
  }

  /**
   * Runs all variants over the text, or over what of it a sweep that stopped has left.
   *
   * @param listener gets the metrics of every position that is read now, batch by batch
   * @param memory keeps the sums after each batch, and has those of the sweep that stopped
   * @throws InputException if a prediction without intervention is not finite
   */
  public Result run(
      Text text,
      ProgressListener progress,
      Consumer<PositionMetrics> listener,
      SweepMemory memory) {
    int context = text.table().context();
    ForwardCost cost = ForwardCost.of(model.config(), context);
    SweepSums sums = SweepSums.of(variants.size(), options.readings(), text, memory);
    int count = text.rows().count();
    long total = (long) count * context;
    progress.progress("interventions", (long) sums.rows() * context, total);
    for (int from = sums.rows(); from < count; from += text.batchRows()) {
      int to = Math.min(count, from + text.batchRows());
      sums.batch(to, batch(text, from, to, cost, sums, listener));
      memory.keep(sums.state());
      progress.progress("interventions", (long) to * context, total);
    }
    if (sums.nominal().count() == 0) {
      throw new InputException(
          "text",
          "",
          "in rows of " + context + " no token is followed by one that counts (BOS and EOS do not)",
          "give a longer --context, or more text");
    }
    return new Result(
        sums.nominal().count(),
        sums.nominal().mean(),
        sums.means(),
        sums.operations(),
        total * (1.0 + variants.size()) * cost.whole());
  }

  /** Adds a batch to the sums; returns its operations. */
  private double batch(
      Text text,
      int from,
      int to,
      ForwardCost cost,
      SweepSums sums,
      Consumer<PositionMetrics> listener) {
    double operations = 0;
    try (Arena scratch = Arena.ofShared()) {
      Batch batch = Batch.of(text, from, to, kernels, scratch);
      long T = batch.tokens();
      operations += T * nominalPass(batch, cost);
      Tensor values = readout.nominal(residual.rows(0, T), batch.targets());
      sums.nominal().add(values, batch.counted());
      requireFinite(sums.nominal(), text, from);
      listener.accept(new PositionMetrics(-1, Reading.TOTAL, from, values));
      for (int v = 0; v < variants.size(); v++) {
        operations += T * resume(variants.get(v), batch, cost);
        Map<Reading, Tensor> read = readout.read(residual.rows(0, T), batch.targets());
        operations += T * cost.unembedding();
        for (Reading reading : options.readings()) {
          values = read.get(reading);
          SweepSums.Totals ofReading = sums.variant(v, reading);
          ofReading.add(values, batch.counted());
          requireFinite(ofReading, v, text, from);
          listener.accept(new PositionMetrics(v, reading, from, values));
        }
      }
    }
    return operations;
  }

  /** The pass without intervention, up to the residual stream after the last layer. */
  private double nominalPass(Batch batch, ForwardCost cost) {
    long T = batch.tokens();
    Tensor x = residual.rows(0, T);
    model.embed(batch.ids(), batch.context(), x);
    for (int layer = 0; layer < model.config().layers(); layer++) {
      Start start = starts.get(layer);
      Tensor layerPre = start != null && pre != null ? pre.rows(0, T) : null;
      Tensor z = frozenZ.containsKey(layer) ? frozenZ.get(layer).rows(0, T) : null;
      Tensor post =
          model.activate(layer, batch.context(), x, new BlockTaps(layerPre, null, z, null));
      if (start != null) {
        start.activations = new NeuronActivations();
        start.activations.take(kernels, start.neurons, layerPre, post);
      }
      model.write(layer, post, x);
      if (start != null) {
        kernels.copy(x, start.residual.rows(0, T));
      }
    }
    return cost.whole();
  }

  /** A variant, from where it begins to the residual stream after the last layer. */
  private double resume(List<LayerEdit> edits, Batch batch, ForwardCost cost) {
    long T = batch.tokens();
    Tensor x = residual.rows(0, T);
    if (edits.isEmpty()) { // nothing to change: as it was
      return nominalPass(batch, cost) - cost.unembedding();
    }
    int first = edits.getFirst().layer();
    Start start = starts.get(first);
    kernels.copy(start.residual.rows(0, T), x);
    edits
        .getFirst()
        .apply(
            kernels,
            model.config().architecture().mlp().activation(),
            start.activations,
            batch.context(),
            x);
    double operations = 0;
    int next = 1;
    for (int layer = first + 1; layer < model.config().layers(); layer++) {
      boolean edited = next < edits.size() && edits.get(next).layer() == layer;
      LayerEdit edit = edited ? edits.get(next++) : null;
      Tensor layerPre = edit != null && edit.readsPre() ? pre.rows(0, T) : null;
      Tensor z = frozenZ.containsKey(layer) ? frozenZ.get(layer).rows(0, T) : null;
      Tensor post =
          model.activate(layer, batch.context(), x, new BlockTaps(layerPre, null, null, z));
      NeuronActivations seen = new NeuronActivations();
      if (edit != null) {
        seen.take(kernels, edit.neurons(), layerPre, post);
      }
      model.write(layer, post, x);
      if (edit != null) {
        edit.apply(
            kernels, model.config().architecture().mlp().activation(), seen, batch.context(), x);
      }
      operations += cost.block();
    }
    return operations;
  }

  private void requireFinite(SweepSums.Totals changed, int variant, Text text, int from) {
    if (!changed.isFinite()) {
      int[] neurons = variants.get(variant).getFirst().neurons();
      throw new InputException(
          location,
          "neuron " + new NeuronId(variants.get(variant).getFirst().layer(), neurons[0]).plain(),
          "with its activation changed, a prediction is not finite in rows from "
              + text.rows().get(from)
              + " on in "
              + kernels.precision(),
          "give a smaller value, or --backend scalar, which computes in double");
    }
  }

  private void requireFinite(SweepSums.Totals nominal, Text text, int from) {
    if (!nominal.isFinite()) {
      throw new InputException(
          location,
          "",
          "a prediction is not finite in rows from "
              + text.rows().get(from)
              + " on in "
              + kernels.precision(),
          "check the model, or give --backend scalar, which computes in double");
    }
  }

  /**
   * Rows of tokens with what follows each.
   *
   * @param ids I32 [T, 1] on the kernels' device
   * @param targets I32 [T, 1] there: the next token of the row, −1 at its end
   * @param counted whether a position is part of averages
   */
  record Batch(int context, Tensor ids, Tensor targets, boolean[] counted) {
    static Batch of(Text text, int from, int to, Kernels kernels, Arena arena) {
      int context = text.table().context();
      int tokens = (to - from) * context;
      Tensor ids = Tensor.allocate(arena, DType.I32, tokens, 1);
      Tensor targets = Tensor.allocate(arena, DType.I32, tokens, 1);
      boolean[] counted = new boolean[tokens];
      int bos = text.rules().bosId();
      int eos = text.rules().eosId().orElse(bos);
      for (int row = from; row < to; row++) {
        var rowIds = text.table().ids(text.rows().get(row), 1);
        for (int p = 0; p < context; p++) {
          int t = (row - from) * context + p;
          int id = rowIds.getAtIndex(ValueLayout.JAVA_INT, p);
          boolean last = p == context - 1;
          ids.set(t, 0, id);
          targets.set(t, 0, last ? -1 : rowIds.getAtIndex(ValueLayout.JAVA_INT, p + 1L));
          counted[t] = !last && id != bos && id != eos;
        }
      }
      return new Batch(
          context, kernels.fromHost(arena, ids), kernels.fromHost(arena, targets), counted);
    }

    long tokens() {
      return counted.length;
    }
  }
}
