package dev.homolog.analysis.correlation;

import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.Site;
import dev.homolog.core.stream.ActivationBlock;
import dev.homolog.core.stream.ActivationSink;
import dev.homolog.core.stream.ModelNeurons;
import dev.homolog.core.stream.MomentsSink;
import dev.homolog.core.stream.Pilot;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The sums of {@link CorrelationSink} for the tokens of each subset of the text on their own. The
 * rows of a subset are gathered from each block, so all subsets together cost no more products than
 * the whole text.
 */
final class SubsetSink implements ActivationSink {
  private final Kernels kernels;
  private final List<ModelNeurons> models;
  private final List<CorrelationSink> sums = new ArrayList<>();
  private final List<MomentsSink> moments = new ArrayList<>();
  private final Tensor places;
  private final Tensor placesOnDevice;
  private final Tensor ones;
  private final Tensor gathered;

  /**
   * An empty sink.
   *
   * @param strip of the reference
   * @param withinLayers as for {@link CorrelationSink}
   * @param subsets how many there are
   * @param tokens the most tokens of a block
   */
  public SubsetSink(
      SumMemory memory,
      List<ModelNeurons> models,
      Strip strip,
      boolean withinLayers,
      int subsets,
      long tokens) {
    Arena arena = memory.arena();
    this.kernels = memory.kernels();
    this.models = models;
    long neurons = models.getLast().offset() + models.getLast().count();
    Pilot identity = Pilot.identity(kernels, arena, neurons);
    for (int subset = 0; subset < subsets; subset++) {
      sums.add(new CorrelationSink(memory, models, List.of(strip), withinLayers));
      moments.add(new MomentsSink(kernels, arena, identity, neurons));
    }
    this.places = Tensor.allocate(arena, DType.I32, tokens, 1);
    this.placesOnDevice = kernels.allocate(arena, DType.I32, tokens, 1);
    Tensor ones = Tensor.allocate(arena, DType.U8, tokens, 1);
    ones.fill(1);
    this.ones = kernels.fromHost(arena, ones);
    this.gathered = kernels.allocate(arena, kernels.working(), tokens, neurons);
  }

  @Override
  public Set<Site> sites() {
    return Set.of(Site.MLP_POST);
  }

  @Override
  public Values values() {
    return Values.PREPARED;
  }

  @Override
  public void accept(ActivationBlock block) {
    Tensor z = block.site(Site.MLP_POST);
    try (Arena scratch = Arena.ofConfined()) {
      Tensor keep = kernels.toHost(scratch, block.keep());
      for (int subset = 0; subset < sums.size(); subset++) {
        long n = 0;
        for (long t = 0; t < z.rows(); t++) {
          if (keep.get(t, 0) != 0 && block.subsets().get(t, 0) == subset) {
            places.set(n++, 0, t);
          }
        }
        if (n > 0) {
          kernels.copy(places.rows(0, n), placesOnDevice.rows(0, n));
          kernels.gatherRows(z, placesOnDevice.rows(0, n), gathered.rows(0, n));
          add(subset, n);
        }
      }
    }
  }

  private void add(int subset, long n) {
    ActivationBlock subsetBlock =
        new ActivationBlock(
            kernels, models, null, null, ones.rows(0, n), n, null, null, gathered.rows(0, n));
    moments.get(subset).accept(subsetBlock);
    sums.get(subset).accept(subsetBlock);
  }

  /** The sums of one subset. */
  public CorrelationSink sums(int subset) {
    return sums.get(subset);
  }

  /** The measure that computes similarities from a subset's sums. */
  public Measure measure(int subset, Similarity similarity, Pilot pilot) {
    return new Measure(kernels, similarity, moments.get(subset).moments(), pilot);
  }

  @Override
  public Map<String, Tensor> state() {
    Map<String, Tensor> state = new LinkedHashMap<>();
    for (int i = 0; i < sums.size(); i++) {
      String prefix = "subset." + i + ".";
      sums.get(i).state().forEach((name, sum) -> state.put(prefix + name, sum));
      moments.get(i).state().forEach((name, sum) -> state.put(prefix + name, sum));
    }
    return state;
  }

  @Override
  public void merge(Map<String, Tensor> other) {
    for (int i = 0; i < sums.size(); i++) {
      String prefix = "subset." + i + ".";
      Map<String, Tensor> ownState = new LinkedHashMap<>();
      other.forEach((name, sum) -> {
        if (name.startsWith(prefix)) {
          ownState.put(name.substring(prefix.length()), sum);
        }
      });
      sums.get(i).merge(ownState);
      moments.get(i).merge(ownState);
    }
  }
}
