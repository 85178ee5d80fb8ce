package dev.homolog.analysis.lineage;

import dev.homolog.analysis.measure.Cost;
import dev.homolog.analysis.measure.Facts;
import dev.homolog.analysis.measure.Measurement;
import dev.homolog.analysis.measure.Shape;
import dev.homolog.core.stream.ActivationStream;
import dev.homolog.core.stream.ProgressListener;
import java.util.List;
import java.util.Optional;

/** How the models of a study are related. It is found before the text is read. */
public final class LineageMeasurement implements Measurement {
  private final boolean allowEqual;
  private Optional<Lineage> lineage = Optional.empty();
  private double seconds;

  /**
   * @param allowEqual whether models with the same weights may be compared
   */
  public LineageMeasurement(boolean allowEqual) {
    this.allowEqual = allowEqual;
  }

  /**
   * Compares the weights.
   *
   * @param models the reference first
   * @param seed of permutations
   * @param threads that compute
   * @throws dev.homolog.core.InputException if two are equal and may not be
   */
  public void compare(
      List<ActivationStream.Model> models, long seed, int threads, ProgressListener progress) {
    long start = System.nanoTime();
    Lineage found = Lineage.of(models, seed, threads, progress);
    seconds = (System.nanoTime() - start) / 1e9;
    if (!allowEqual) {
      found.requireDifferent();
    }
    lineage = Optional.of(found);
  }

  /**
   * Operations and time. Its memory, some rows of weights on the heap, is free again before the
   * text is read; what the heap has grown by is held before, which the planner counts.
   */
  @Override
  public Cost cost(Shape shape) {
    Cost cost = new Cost();
    lineage.ifPresent(found -> cost.done("lineage", found.operations(), seconds));
    return cost;
  }

  @Override
  public Optional<Object> result() {
    return lineage.map(found -> found);
  }

  @Override
  public void describe(Facts study) {
    study.object("options").put("allow_equal", allowEqual);
    Facts facts = study.object("lineage");
    facts.list("notes").list("pairs");
    lineage.ifPresent(found -> {
      found.notes().forEach(note -> facts.add("notes", note));
      found.pairs().forEach(pair -> describe(pair, facts.addObject("pairs")));
    });
  }

  private static void describe(Lineage.Pair pair, Facts facts) {
    facts.put("model", pair.model()).put("other", pair.other());
    facts.put("relation", pair.relation().toString()).put("training_steps", pair.steps());
    facts.put("equal_files", pair.equalFiles()).put("equal_tensors", pair.equalTensors());
    facts.put("distance", pair.distance());
    facts.put("same_index_cosine", pair.cosines().sameIndex());
    facts.put("permuted_cosine", pair.cosines().permuted());
    facts.put("permuted_cosine_sd", pair.cosines().deviation());
  }
}
