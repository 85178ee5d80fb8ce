package dev.homolog.analysis;

import dev.homolog.analysis.correlation.Convergence;
import dev.homolog.analysis.correlation.CorrelationSummary;
import dev.homolog.analysis.correlation.GaussianLaw;
import dev.homolog.analysis.correlation.Homologs;
import dev.homolog.analysis.correlation.PairMatches;
import dev.homolog.analysis.correlation.Similarity;
import dev.homolog.analysis.correlation.Strip;
import dev.homolog.analysis.correlation.Universality;
import dev.homolog.analysis.explanation.Explanations;
import dev.homolog.analysis.explanation.FeatureSet;
import dev.homolog.core.checkpoint.HubCache;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.stream.ActivationStream;
import dev.homolog.core.stream.ModelNeurons;
import dev.homolog.core.stream.ProgressListener;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** Puts together what the passes of a study find; each pass adds the neurons that it was for. */
final class Findings {
  private final StudyOptions options;
  private final List<ModelNeurons> models;
  private final List<String> subsetNames;
  private final CorrelationSummary.Builder summary;
  private final Convergence.Builder convergence;
  private final List<double[][]> draws = new ArrayList<>();
  private final List<Subset> subsets = new ArrayList<>();
  private final Explanations.Builder explanations;
  private List<NeuronMoments> moments;
  private List<Integer> constants;
  private final long tokens;
  private long kept;

  /** Of one subset, for all neurons of the reference. */
  private record Subset(long tokens, double[][] best, List<double[][]> draws) {}

  /**
   * @param arena must outlive the findings
   * @param features to explain neurons by, or null
   */
  Findings(
      StudyOptions options,
      Kernels kernels,
      Arena arena,
      ActivationStream stream,
      ActivationStream.Text text,
      FeatureSet features) {
    this.options = options;
    this.models = stream.models();
    this.explanations =
        features == null ? null : new Explanations.Builder(features, models.getFirst().count());
    this.subsetNames = text.table().subsets();
    this.tokens = text.table().tokens();
    Comparison comparison = options.comparison();
    this.summary =
        new CorrelationSummary.Builder(
            kernels, arena, models, comparison.top(), comparison.allPairs());
    this.convergence =
        options.extent() == StudyOptions.Extent.EVERYTHING
            ? new Convergence.Builder(text.table().tokens())
            : null;
  }

  /** Progress of a pass that also follows its best correlations, where these are wanted. */
  ProgressListener following(StudyPass pass, Strip strip, ProgressListener progress) {
    if (convergence == null) {
      return progress;
    }
    convergence.pass();
    List<Strip> chunks = Convergence.chunks(strip, models.getFirst().count());
    return (phase, done, total) -> {
      progress.progress(phase, done, total);
      // The end is taken from the results.
      if (done > 0 && done < total && convergence.wanted(done)) {
        double[][] best = pass.best(chunks);
        convergence.add(done, best, pass.baseline(chunks, best, 1, ProgressListener.NONE));
      }
    };
  }

  /** Takes what a finished pass found for its strip of the reference. */
  void add(StudyPass pass, Strip strip, Phases phases, ProgressListener progress) {
    if (moments == null) {
      moments = NeuronMoments.of(pass.moments(), models.getFirst());
      constants = NeuronMoments.constants(pass.moments(), models);
      kept = pass.moments().n();
    }
    phases.time("correlations", 0, () -> summary.add(pass.sink(), pass.measure(), progress));
    if (explanations != null) {
      phases.time("explanations", 0, () -> explanations.add(pass.explanations(), strip.from()));
    }
    double[][] best = greatest();
    List<Strip> whole = List.of(strip);
    List<double[][]> found =
        phases.time(
            "baseline",
            0,
            () -> pass.baseline(whole, chosen(best, whole), Integer.MAX_VALUE, progress));
    for (int draw = 0; draw < found.size(); draw++) {
      if (draws.size() == draw) {
        draws.add(empty());
      }
      put(found.get(draw), draws.get(draw), strip);
    }
    if (convergence != null) {
      List<Strip> chunks = Convergence.chunks(strip, models.getFirst().count());
      convergence.add(
          tokens,
          chosen(best, chunks),
          draws.stream().limit(1).map(draw -> chosen(draw, chunks)).toList());
    }
    if (options.comparison().bySubset()) {
      phases.time("subsets", 0, () -> addSubsets(pass, strip, progress));
    }
  }

  private void addSubsets(StudyPass pass, Strip strip, ProgressListener progress) {
    for (int i = 0; i < subsetNames.size(); i++) {
      progress.progress("subsets", i, subsetNames.size());
      StudyPass.SubsetPart part = pass.subset(i, ProgressListener.NONE);
      if (subsets.size() == i) {
        List<double[][]> none = part.draws().stream().map(_ -> empty()).toList();
        subsets.add(new Subset(part.tokens(), empty(), none));
      }
      put(part.best(), subsets.get(i).best, strip);
      for (int draw = 0; draw < part.draws().size(); draw++) {
        put(part.draws().get(draw), subsets.get(i).draws.get(draw), strip);
      }
    }
    progress.progress("subsets", subsetNames.size(), subsetNames.size());
  }

  /** Greatest correlation by other model and reference neuron, NaN where no pass has been yet. */
  private double[][] greatest() {
    double[][] greatest = empty();
    for (int other = 0; other < greatest.length; other++) {
      int number = other;
      Arrays.setAll(greatest[other], i -> summary.greatest(number, i));
    }
    return greatest;
  }

  /** The neurons of chunks, in order. */
  private static double[][] chosen(double[][] all, List<Strip> chunks) {
    return Arrays.stream(all)
        .map(of ->
            chunks.stream()
                .flatMapToDouble(chunk -> Arrays.stream(of, chunk.from(), chunk.to()))
                .toArray())
        .toArray(double[][]::new);
  }

  private double[][] empty() {
    return new double[models.size() - 1][models.getFirst().count()];
  }

  private static void put(double[][] part, double[][] all, Strip strip) {
    for (int other = 0; other < all.length; other++) {
      System.arraycopy(part[other], 0, all[other], strip.from(), strip.rows());
    }
  }

  // ---- what is asked at the end ----

  List<NeuronMoments> moments() {
    return moments;
  }

  List<Integer> constants() {
    return constants;
  }

  /** What explains the reference's neurons, or null. */
  Explanations explanations() {
    return explanations == null ? null : explanations.build();
  }

  StudyComparisons comparisons() {
    CorrelationSummary all = summary.build();
    double threshold = options.comparison().threshold();
    boolean everything = options.extent() == StudyOptions.Extent.EVERYTHING;
    List<StudyComparisons.OfSubset> bySubset = new ArrayList<>();
    for (int i = 0; i < subsets.size(); i++) {
      Subset of = subsets.get(i);
      bySubset.add(
          new StudyComparisons.OfSubset(
              subsetNames.get(i), of.tokens, Universality.of(of.best, of.draws)));
    }
    return new StudyComparisons(
        all,
        Universality.of(greatest(), draws),
        everything ? Homologs.of(all, threshold) : List.of(),
        everything ? convergence.build(threshold) : null,
        List.copyOf(bySubset),
        laws(all),
        byOther(all),
        everything ? allButOne() : List.of());
  }

  /** Of three models and more: what is missing in the one other model is in none. */
  private List<StudyComparisons.AllButOne> allButOne() {
    double[][] best = greatest();
    List<StudyComparisons.AllButOne> found = new ArrayList<>();
    for (int i = 0; best.length > 1 && !draws.isEmpty() && i < best[0].length; i++) {
      int missing = -1;
      int below = 0;
      double there = Double.NaN;
      double least = Double.POSITIVE_INFINITY;
      for (int other = 0; other < best.length; other++) {
        double excess = best[other][i] - meanOfDraws(other, i);
        if (excess > options.comparison().threshold()) {
          least = Math.min(least, excess);
        } else {
          below++;
          missing = other;
          there = excess;
        }
      }
      if (below == 1) {
        found.add(new StudyComparisons.AllButOne(i, missing, there, least));
      }
    }
    return List.copyOf(found);
  }

  private double meanOfDraws(int other, int neuron) {
    double sum = 0;
    for (double[][] draw : draws) {
      sum += draw[other][neuron];
    }
    return sum / draws.size();
  }

  /** A universality of one other model at a time. */
  private List<StudyComparisons.OfOther> byOther(CorrelationSummary all) {
    double threshold = options.comparison().threshold();
    double[][] best = greatest();
    List<StudyComparisons.OfOther> found = new ArrayList<>();
    for (int other = 0; other < best.length; other++) {
      int number = other;
      Universality alone =
          Universality.of(
              new double[][] {best[other]},
              draws.stream().map(draw -> new double[][] {draw[number]}).toList());
      double[] sorted = Arrays.stream(best[other]).filter(r -> !Double.isNaN(r)).sorted().toArray();
      double[] baseline =
          alone.neurons().stream()
              .mapToDouble(Universality.Neuron::meanBaseline)
              .filter(r -> !Double.isNaN(r))
              .toArray();
      PairMatches pair = all.pairs().get(other);
      Optional<TrainingStep> step = step(other);
      found.add(
          new StudyComparisons.OfOther(
              pair.other().name(),
              step.map(TrainingStep::series).orElse(""),
              step.map(s -> OptionalLong.of(s.step())).orElse(OptionalLong.empty()),
              sorted.length,
              alone.count(threshold),
              Arrays.stream(sorted).average().orElse(Double.NaN),
              median(sorted),
              Arrays.stream(baseline).average().orElse(Double.NaN),
              Homologs.count(pair, threshold)));
    }
    return List.copyOf(found);
  }

  /**
   * By a name on the hub, of which the last step may have that of the main branch too, or by the
   * whole path, since folders of two trainings may be called alike.
   */
  private Optional<TrainingStep> step(int other) {
    Path folder = options.others().get(other);
    List<String> names = HubCache.names(folder);
    if (names.isEmpty()) {
      names = List.of(folder.toAbsolutePath().normalize().toString().replace('\\', '/'));
    }
    return names.stream().map(TrainingStep::of).flatMap(Optional::stream).findFirst();
  }

  private static double median(double[] sorted) {
    int half = sorted.length / 2;
    return sorted.length == 0
        ? Double.NaN
        : sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  }

  private List<StudyComparisons.OfChance> laws(CorrelationSummary all) {
    if (options.comparison().similarity() == Similarity.JACCARD) {
      return List.of();
    }
    List<StudyComparisons.OfChance> laws = new ArrayList<>();
    for (PairMatches pair : all.pairs()) {
      GaussianLaw law =
          GaussianLaw.of(options.comparison().similarity(), kept, pair.other().count());
      double upper = law.upper();
      int above = 0;
      for (int i = 0; i < pair.highest().rows(); i++) {
        above += pair.highest().value(i, 0) > upper ? 1 : 0;
      }
      laws.add(new StudyComparisons.OfChance(pair.other().name(), law.median(), upper, above));
    }
    return List.copyOf(laws);
  }
}
