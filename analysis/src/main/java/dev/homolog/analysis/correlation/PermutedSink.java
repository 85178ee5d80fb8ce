package dev.homolog.analysis.correlation;

import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.Site;
import dev.homolog.core.stream.ActivationBlock;
import dev.homolog.core.stream.ActivationSink;
import dev.homolog.core.stream.ModelNeurons;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * Sums of products of the reference's prepared activations with those of the other models on other
 * tokens. In each block the kept tokens of all other models are permuted in the same way. The best
 * match of a neuron among them is due to chance.
 */
final class PermutedSink implements ActivationSink {
  /** Kept tokens that a block must have, so that permuting it takes the tokens' meaning away. */
  public static final int LEAST_KEPT = 4096;

  private final Kernels kernels;
  private final List<ModelNeurons> models;
  private final Strip strip;
  private final Draws draws;
  private final Sums sums;
  private final List<Tensor> cross = new ArrayList<>();
  private final Tensor order;
  private final Tensor orderOnDevice;
  private final Tensor permuted;

  /**
   * An empty sink.
   *
   * @param strip of the reference
   * @param draws how many permutations of each block
   * @param tokens the most tokens of a block
   */
  public PermutedSink(
      SumMemory memory, List<ModelNeurons> models, Strip strip, Draws draws, long tokens) {
    Arena arena = memory.arena();
    this.kernels = memory.kernels();
    this.models = models;
    this.strip = strip;
    this.draws = draws;
    this.sums = new Sums(memory);
    long others = others();
    for (int draw = 0; draw < draws.count(); draw++) {
      cross.add(sums.add("permuted." + draw + "." + strip.from(), strip.rows(), others));
    }
    this.order = Tensor.allocate(arena, DType.I32, tokens, 1);
    this.orderOnDevice = kernels.allocate(arena, DType.I32, tokens, 1);
    this.permuted = kernels.allocate(arena, kernels.working(), tokens, others);
  }

  /** How many permutations, and from which seed. */
  public record Draws(int count, long seed) {
    /** Of the block that begins with that row, whatever was read before it. */
    Random random(long firstRow, int draw) {
      long mixed = seed ^ Long.rotateLeft(firstRow, 20) ^ ((long) draw << 52);
      return new Random(new SplittableRandom(mixed).nextLong());
    }
  }

  private long others() {
    ModelNeurons last = models.getLast();
    return last.offset() + last.count() - models.getFirst().count();
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
    long first = models.getFirst().count();
    Tensor left = z.columns(strip.from(), strip.to());
    Tensor right = z.columns(first, first + others());
    Tensor target = permuted.rows(0, z.rows());
    Tensor places = orderOnDevice.rows(0, z.rows());
    try (Arena scratch = Arena.ofConfined()) {
      Tensor keep = kernels.toHost(scratch, block.keep());
      for (int draw = 0; draw < cross.size(); draw++) {
        permute(keep, draws.random(block.rows().get(0), draw));
        kernels.copy(order.rows(0, z.rows()), places);
        kernels.gatherRows(right, places, target);
        kernels.crossProducts(left, target, cross.get(draw));
      }
    }
  }

  /** Kept tokens change places among themselves; the others, which are zero, stay. */
  private void permute(Tensor keep, Random random) {
    int tokens = Math.toIntExact(keep.rows());
    int[] keptTokens = new int[tokens];
    int n = 0;
    for (int t = 0; t < tokens; t++) {
      order.set(t, 0, t);
      if (keep.get(t, 0) != 0) {
        keptTokens[n++] = t;
      }
    }
    int[] shuffled = Arrays.copyOf(keptTokens, n);
    for (int i = n - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int swap = shuffled[i];
      shuffled[i] = shuffled[j];
      shuffled[j] = swap;
    }
    for (int i = 0; i < n; i++) {
      order.set(keptTokens[i], 0, shuffled[i]);
    }
  }

  /** Sums of one draw with the neurons of one other model, [rows of the strip, N_b]. */
  Tensor cross(int draw, ModelNeurons other) {
    long from = other.offset() - models.getFirst().count();
    return cross.get(draw).columns(from, from + other.count());
  }

  @Override
  public Map<String, Tensor> state() {
    return sums.state();
  }

  @Override
  public void merge(Map<String, Tensor> other) {
    sums.merge(other);
  }
}
