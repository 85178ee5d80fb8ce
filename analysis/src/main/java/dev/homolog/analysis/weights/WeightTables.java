package dev.homolog.analysis.weights;

import dev.homolog.analysis.correlation.Tails;
import dev.homolog.analysis.statistics.RowMoments;
import dev.homolog.analysis.table.NeuronColumns;
import dev.homolog.analysis.table.Table;
import dev.homolog.core.Brief;
import dev.homolog.core.checkpoint.Checkpoint;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.model.NeuronId;
import dev.homolog.core.model.ProcessedWeights;
import dev.homolog.core.model.Processing;
import dev.homolog.core.stream.ProgressListener;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * The tables of a model's weights, made part by part on demand, in the order of the methods here.
 * {@link #neurons} covers all neurons of the model. The tables cover the chosen neurons, in the
 * order chosen. A cosine is the product of two vectors of length 1 in the working type of the
 * kernels. Lengths and sums of many cosines are in double. Used by one thread.
 */
public final class WeightTables implements AutoCloseable {
  private final Kernels kernels;
  private final ModelConfig config;
  private final ProcessedWeights weights;
  private final Request request;
  private final ProgressListener progress;
  private final Arena arena = Arena.ofShared();
  private final NeuronVectors vectors;
  private final Map<Pairing, List<RowMoments>> ofNeighbours = lists(Pairing.class);
  private final Map<TokenSpace, List<RowMoments>> ofTokens = lists(TokenSpace.class);
  private final String[] spellings;
  private NeighbourScan neighbours;
  private VocabularyScan vocabulary;

  /**
   * What is wanted.
   *
   * @param processing of the weights
   * @param chosen flat ids of the neurons that the tables are of
   * @param text of a token id; null where there is no tokenizer
   */
  public record Request(Processing processing, int[] chosen, IntFunction<String> text) {
    /** Tables of all neurons of a model. */
    public static Request all(Processing processing, ModelConfig config, IntFunction<String> text) {
      return new Request(processing, IntStream.range(0, config.neurons()).toArray(), text);
    }

    @Override
    public String toString() {
      return Brief.of("Request")
          .with("processing", processing)
          .with("chosen", chosen)
          .with("text", text)
          .toString();
    }
  }

  /**
   * Reads the vectors of all neurons.
   *
   * @param checkpoint must stay open
   * @throws dev.homolog.core.InputException if a weight is not finite; so the other methods
   */
  public WeightTables(
      Kernels kernels, Checkpoint checkpoint, Request request, ProgressListener progress) {
    this.kernels = kernels;
    this.config = checkpoint.config();
    this.weights = new ProcessedWeights(checkpoint, request.processing);
    this.request = request;
    this.progress = progress;
    this.spellings = new String[config.vocabSize()];
    try {
      this.vectors = NeuronVectors.of(kernels, arena, weights, config);
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  private static <K extends Enum<K>> Map<K, List<RowMoments>> lists(Class<K> keys) {
    Map<K, List<RowMoments>> lists = new EnumMap<>(keys);
    for (K key : keys.getEnumConstants()) {
      lists.put(key, new ArrayList<>());
    }
    return lists;
  }

  // ---- the tables, in this order ----

  /** Of each chosen neuron and pairing the neurons of highest and lowest cosine. */
  public Iterator<Table> neighbours() {
    return neighboursParts();
  }

  Parts<?> neighboursParts() {
    neighbours = new NeighbourScan(kernels, arena, vectors, request.chosen.length);
    return new Parts<>(
        "neighbours",
        request.chosen,
        block -> scanBlock(Pairing.class, block, neighbours::of, ofNeighbours),
        this::neighbourPart,
        progress);
  }

  private Table neighbourPart(
      Map<Pairing, CosineScan.Result> cosines, Block block, int from, int to) {
    Table.Builder table = WeightColumns.NEIGHBOURS.builder();
    NeuronColumns neuron = NeuronColumns.in(table);
    var kind = table.texts("kind");
    var rank = table.ints("rank");
    NeuronColumns other = NeuronColumns.in(table, "other_");
    var cosine = table.doubles("cosine");
    for (int i = from; i < to; i++) {
      NeuronId id = NeuronId.of(block.neurons()[i], config);
      for (Pairing pairing : Pairing.values()) {
        cosines
            .get(pairing)
            .forEnds(
                i,
                (signedRank, match, value) -> {
                  neuron.add(id);
                  kind.add(pairing.toString());
                  rank.add(signedRank);
                  other.add(NeuronId.of(match, config));
                  cosine.add(value);
                });
      }
    }
    return table.build();
  }

  /** Of each chosen neuron and space the tokens of highest and lowest cosine. */
  public Iterator<Table> vocabulary() {
    return vocabularyParts();
  }

  Parts<?> vocabularyParts() {
    openVocabulary();
    return new Parts<>(
        "vocabulary",
        request.chosen,
        block -> scanBlock(TokenSpace.class, block, vocabulary::of, ofTokens),
        this::vocabularyPart,
        progress);
  }

  private void openVocabulary() {
    if (vocabulary == null) {
      vocabulary = new VocabularyScan(kernels, vectors, weights, config);
    }
  }

  private Table vocabularyPart(
      Map<TokenSpace, CosineScan.Result> cosines, Block block, int from, int to) {
    Table.Builder table = WeightColumns.VOCABULARY.builder();
    NeuronColumns neuron = NeuronColumns.in(table);
    var spaceName = table.texts("space");
    var rank = table.ints("rank");
    var token = table.ints("token");
    var text = table.texts("text");
    var cosine = table.doubles("cosine");
    for (int i = from; i < to; i++) {
      NeuronId id = NeuronId.of(block.neurons()[i], config);
      for (TokenSpace space : TokenSpace.values()) {
        cosines
            .get(space)
            .forEnds(
                i,
                (signedRank, match, value) -> {
                  neuron.add(id);
                  spaceName.add(space.toString());
                  rank.add(signedRank);
                  token.add(match);
                  text.add(spelling(match));
                  cosine.add(value);
                });
      }
    }
    return table.build();
  }

  /** Each token is decoded once, since it occurs in the rows of many neurons. */
  private String spelling(int token) {
    if (spellings[token] == null && request.text != null) {
      spellings[token] = request.text.apply(token);
    }
    return spellings[token];
  }

  /** What is known of a block, whose moments are kept for {@link #moments}. */
  private static <K extends Enum<K>> Map<K, CosineScan.Result> scanBlock(
      Class<K> keys, Block block, Scan<K> scan, Map<K, List<RowMoments>> moments) {
    Map<K, CosineScan.Result> results = new EnumMap<>(keys);
    for (K key : keys.getEnumConstants()) {
      CosineScan.Result result = scan.of(key, block.neurons());
      moments.get(key).addAll(result.moments());
      results.put(key, result);
    }
    return results;
  }

  private interface Scan<K> {
    CosineScan.Result of(K key, int[] neurons);
  }

  /** Of all neurons of the model, by flat id. Frees what the tokens took. */
  public List<OfNeuron> neurons() {
    openVocabulary();
    vocabulary.complete(progress);
    List<OfNeuron> neurons = new ArrayList<>(config.neurons());
    for (int n = 0; n < config.neurons(); n++) {
      NeuronVectors.NeuronFacts facts = vectors.facts().get(n);
      neurons.add(
          new OfNeuron(
              facts.inNorm(),
              facts.outNorm(),
              facts.bias(),
              facts.similarity(),
              vocabulary.cosines(n),
              vocabulary.products(n)));
    }
    closeVocabulary();
    return List.copyOf(neurons);
  }

  private void closeVocabulary() {
    if (vocabulary != null) {
      vocabulary.close();
      vocabulary = null;
    }
  }

  /** For each chosen neuron the heads of all layers with the greatest composition. */
  public Iterator<Table> composition() {
    return compositionParts();
  }

  Parts<?> compositionParts() {
    Map<HeadPart, Tails> tails =
        new HeadScan(kernels, vectors, config, request.chosen).run(weights, progress);
    return new Parts<>(
        "composition", request.chosen, _ -> tails, this::compositionPart, ProgressListener.NONE);
  }

  private Table compositionPart(Map<HeadPart, Tails> tails, Block block, int from, int to) {
    Table.Builder table = WeightColumns.COMPOSITION.builder();
    NeuronColumns neuron = NeuronColumns.in(table);
    var kind = table.texts("kind");
    var rank = table.ints("rank");
    var layer = table.ints("head_layer");
    var head = table.ints("head");
    var composition = table.doubles("composition");
    for (int i = from; i < to; i++) {
      NeuronId id = NeuronId.of(block.neurons()[i], config);
      int row = block.first() + i;
      for (HeadPart part : HeadPart.values()) {
        Tails ofPart = tails.get(part);
        for (int place = 0; place < ofPart.k() && ofPart.match(row, place) >= 0; place++) {
          neuron.add(id);
          kind.add(part.toString());
          rank.add(place + 1);
          layer.add(ofPart.match(row, place) / config.heads());
          head.add(ofPart.match(row, place) % config.heads());
          composition.add(Math.min(1, ofPart.value(row, place)));
        }
      }
    }
    return table.build();
  }

  /** Moments of the cosines of each chosen neuron, once the parts of the tables were read. */
  public Iterator<Table> moments() {
    return momentsParts();
  }

  Parts<?> momentsParts() {
    Map<String, List<RowMoments>> momentsByName = new LinkedHashMap<>();
    ofNeighbours.forEach((pairing, list) -> momentsByName.put(pairing.toString(), list));
    ofTokens.forEach((space, list) -> momentsByName.put(space.toString(), list));
    return new Parts<>(
        "moments", request.chosen, _ -> momentsByName, this::momentsPart, ProgressListener.NONE);
  }

  private Table momentsPart(
      Map<String, List<RowMoments>> momentsByName, Block block, int from, int to) {
    Table.Builder table = WeightColumns.MOMENTS.builder();
    NeuronColumns neuron = NeuronColumns.in(table);
    var cosineKind = table.texts("of");
    var count = table.longs("count");
    var mean = table.doubles("mean");
    var variance = table.doubles("var");
    var skew = table.doubles("skew");
    var kurtosis = table.doubles("kurt");
    for (int i = from; i < to; i++) {
      NeuronId id = NeuronId.of(block.neurons()[i], config);
      int row = block.first() + i;
      momentsByName.forEach((name, list) -> {
        RowMoments moments = list.get(row);
        neuron.add(id);
        cosineKind.add(name);
        count.add(moments.count());
        mean.add(moments.mean());
        variance.add(moments.variance());
        skew.add(moments.skew());
        kurtosis.add(moments.kurtosis());
      });
    }
    return table.build();
  }

  /** How many cosines of chosen neurons with others lie where; once the neighbours were read. */
  public Table histograms() {
    Table.Builder table = WeightColumns.HISTOGRAMS.builder();
    var cosineKind = table.texts("what");
    var low = table.doubles("low");
    var high = table.doubles("high");
    var count = table.longs("count");
    for (Pairing pairing : Pairing.values()) {
      long[] bins = neighbours.histogram(pairing);
      for (int bin = 0; bin < bins.length; bin++) {
        cosineKind.add("cosine_" + pairing);
        low.add(-1 + 2.0 * bin / bins.length);
        high.add(-1 + 2.0 * (bin + 1) / bins.length);
        count.add(bins[bin]);
      }
    }
    return table.build();
  }

  @Override
  public void close() {
    closeVocabulary();
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }

  // ---- what it takes ----

  /**
   * Bytes that kernels hold at most, on their device, for tables of {@code chosen} neurons.
   *
   * @param device whether they have a device of their own
   */
  public static long bytes(ModelConfig config, long chosen, DType working, boolean device) {
    long n = config.neurons();
    long vectors = 2 * n * config.dModel() * working.bytes();
    long block = Math.min(CosineScan.ROWS, n) * config.dModel() * working.bytes();
    long neighbours = CosineScan.bytes(chosen, n, working, device);
    long tokens =
        VocabularyScan.bytes(config, working)
            + CosineScan.bytes(n, config.vocabSize(), working, device);
    long heads = HeadScan.bytes(config, working, chosen);
    return vectors + block + neighbours + Math.max(tokens, heads);
  }

  /** Bytes of host memory that weights take in double while they are read. */
  public static long hostBytes(ModelConfig config, DType working) {
    long d = config.dModel();
    long mlp = 2 * d * config.dMlp() * (Double.BYTES + working.bytes());
    long attention = 4 * d * d * (Double.BYTES + working.bytes());
    long tokens = TokenVectors.BLOCK * d * (Double.BYTES + working.bytes());
    return Math.max(mlp, Math.max(attention, tokens));
  }

  /**
   * Bytes on the heap.
   *
   * @param kept whether what is found of chosen neurons is held to the end, and not only of a block
   */
  public static long heapBytes(ModelConfig config, long chosen, boolean kept) {
    long held = kept ? chosen : Math.min(CosineScan.ROWS, chosen);
    long ends = Tails.bytes(held, 8L * NeighbourScan.TOP + 8L * VocabularyScan.TOP);
    long heads = Tails.bytes(chosen, 4L * HeadScan.TOP);
    long tableRows = Math.min(Parts.NEURONS, chosen) * 8L * VocabularyScan.TOP * ROW_BYTES;
    long texts = config.vocabSize() * TEXT_BYTES;
    long moments = chosen * 8 * MOMENTS_BYTES;
    return config.neurons() * NEURON_BYTES + ends + heads + tableRows + texts + moments;
  }

  /** Bytes that DuckDB takes to write the largest of the tables of that many neurons. */
  public static long writtenBytes(long chosen) {
    return chosen * 8L * VocabularyScan.TOP * WRITTEN_BYTES;
  }

  /** Operations: products of neurons with neurons, with tokens and with heads. */
  public static double operations(ModelConfig config, long chosen) {
    double d = config.dModel();
    double n = config.neurons();
    double neighbours = 4.0 * chosen * n;
    double tokens = (3.0 * chosen + n) * config.vocabSize();
    double heads = 4.0 * chosen * d * config.layers();
    return 2 * d * (neighbours + tokens + heads);
  }

  /** A row of a table: numbers, a value and the places of texts. */
  private static final long ROW_BYTES = 40;

  /** A row on its way into Parquet, as measured. */
  private static final long WRITTEN_BYTES = 128;

  /** What is known of a neuron alone, twice over: lengths, and two records of moments. */
  private static final long NEURON_BYTES = 320;

  private static final long MOMENTS_BYTES = 64;

  /** The text of a token. */
  private static final long TEXT_BYTES = 64;
}
