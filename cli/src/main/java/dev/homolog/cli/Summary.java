package dev.homolog.cli;

import dev.homolog.analysis.StudyResult;
import dev.homolog.analysis.closeup.CloseUp;
import dev.homolog.analysis.correlation.Baseline;
import dev.homolog.analysis.correlation.Correlations;
import dev.homolog.analysis.correlation.Homologs;
import dev.homolog.analysis.correlation.Method;
import dev.homolog.analysis.correlation.PairMatches;
import dev.homolog.analysis.correlation.Universality;
import dev.homolog.analysis.lineage.Lineage;
import dev.homolog.analysis.measure.Phase;
import dev.homolog.analysis.report.Report;
import dev.homolog.analysis.run.RunFacts;
import dev.homolog.analysis.statistics.StudyStatistics;
import dev.homolog.core.model.NeuronId;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.stream.Collectors;

/** What a person wants to know at the end of a study, on standard output. */
final class Summary {
  private static final int BEST = 10;
  private static final int TOKENS = 6;

  private final StudyResult result;
  private final OptionalDouble alsoAt;
  private final Path out;
  private final PrintWriter to;

  Summary(StudyResult result, OptionalDouble alsoAt, Path out, PrintWriter to) {
    this.result = result;
    this.alsoAt = alsoAt;
    this.out = out;
    this.to = to;
  }

  void print() {
    study();
    if (result.find(Correlations.class).isEmpty()) {
      named();
    } else {
      counts();
      steps();
      best();
    }
    to.println();
    to.println("Tables and study.json: " + out);
    to.println("To look at: " + out.resolve(Report.FILE));
    to.flush();
  }

  private void study() {
    List<RunFacts.ModelFacts> models = result.facts().models();
    RunFacts.ModelFacts reference = models.getFirst();
    String otherNames =
        models.subList(1, models.size()).stream()
            .map(RunFacts.ModelFacts::name)
            .collect(Collectors.joining(", "));
    line(
        "Model %s: %,d neurons in %d layers%s",
        reference.name(),
        reference.neurons(),
        reference.layers(),
        otherNames.isEmpty() ? "" : ", compared with " + otherNames);
    RunFacts.TokenFacts tokens = result.facts().tokens();
    line(
        "Read %,d tokens (%,d kept) of %,d %s %s; %.0f s in all",
        tokens.read(),
        tokens.kept(),
        tokens.documents(),
        tokens.documents() == 1 ? "document" : "documents",
        how(otherNames.isEmpty()),
        result.facts().seconds());
    TextNotes.print(tokens, to);
    int constant = result.constants().getFirst();
    if (constant > 0) {
      line("Constant neurons, which have no correlation: %,d", constant);
    }
    estimated();
    result.find(Lineage.class).map(Lineage::notes).orElse(List.of()).forEach(to::println);
    to.println();
  }

  private void estimated() {
    Method method = result.options().comparison().method();
    if (method.isSketch()) {
      line(
          "Each %s is estimated, ± %.4f at most (standard error of a sketch of %,d)",
          noun(), method.standardError(), method.size());
    }
  }

  /** At which speed the text was read; that of shards was theirs. */
  private String how(boolean oneModel) {
    OptionalInt shards = result.facts().shards();
    if (shards.isPresent()) {
      return "in " + shards.getAsInt() + (shards.getAsInt() == 1 ? " shard" : " shards");
    }
    return String.format(
        Locale.ROOT,
        "at %,.0f tokens/s through %s",
        1 / result.facts().secondsAToken(Phase.ACTIVATIONS),
        oneModel ? "the model" : "all models");
  }

  private void counts() {
    double threshold = result.options().comparison().threshold();
    if (result.options().baseline().kind() == Baseline.Kind.NONE) {
      line("No baseline was asked for, so no neuron is called universal.");
      return;
    }
    line("Universal: the mean over the other models of a neuron's best %s exceeds what", noun());
    line("%s by more than a threshold.", reach(result.options().baseline().kind()));
    to.println();
    line("  excess over   neurons    share   by layer");
    row(threshold);
    alsoAt.ifPresent(this::row);
    homologs();
  }

  /** What came when, where other models are training steps of one. */
  private void steps() {
    Map<String, List<Correlations.OfOther>> trainings =
        result.correlations().byOther().stream()
            .filter(of -> of.step().isPresent())
            .collect(
                Collectors.groupingBy(
                    Correlations.OfOther::series, LinkedHashMap::new, Collectors.toList()));
    boolean judged = result.options().baseline().kind() != Baseline.Kind.NONE;
    for (List<Correlations.OfOther> training : trainings.values()) {
      if (training.size() > 1) {
        to.println();
        line(
            "Training steps, each compared alone: neurons that exceed its baseline by more than %s,",
            result.options().comparison().threshold());
        line("mutual best matches above that, and the median best %s.", noun());
        to.println();
        line("  %14s   neurons    share  homologs  median  model", "step");
        training.stream()
            .sorted(Comparator.comparingLong(of -> of.step().getAsLong()))
            .forEach(ofOther ->
                line(
                    "  %,14d %9s  %7s %9d  %6s  %s",
                    ofOther.step().getAsLong(),
                    judged ? ofOther.universal() : "-",
                    judged ? percent(ofOther.universal()) : "-",
                    ofOther.homologs(),
                    number(ofOther.median()),
                    ofOther.other()));
      }
    }
  }

  private String percent(int neurons) {
    return String.format(Locale.ROOT, "%.2f%%", 100.0 * neurons / result.moments().size());
  }

  private void homologs() {
    List<Homologs.Group> groups =
        result.find(Homologs.class).map(Homologs::groups).orElse(List.of());
    if (!groups.isEmpty()) {
      int models = result.facts().models().size();
      long everywhere = groups.stream().filter(group -> group.members().size() == models).count();
      to.println();
      line(
          "Homologs: %,d neurons are mutual best matches above %s with one in another model,",
          groups.size(), result.options().comparison().threshold());
      line("%,d of them in every other model.", everywhere);
    }
  }

  private String noun() {
    return switch (result.options().comparison().similarity()) {
      case PEARSON -> "correlation";
      case COSINE -> "cosine";
      case JACCARD -> "overlap (Jaccard)";
    };
  }

  private static String reach(Baseline.Kind kind) {
    return switch (kind) {
      case ROTATION -> "randomly rotated layers reach";
      case GAUSSIAN -> "as many independent normal neurons reach";
      case PERMUTATION -> "permuted tokens reach";
      case NONE -> throw new IllegalArgumentException("no baseline");
    };
  }

  private void row(double threshold) {
    int m = result.dMlp();
    int layers = result.moments().size() / m;
    int[] byLayer = new int[layers];
    List<Universality.Neuron> neurons = result.universality().neurons();
    for (int i = 0; i < neurons.size(); i++) {
      if (neurons.get(i).universal(threshold)) {
        byLayer[i / m]++;
      }
    }
    int count = result.universality().count(threshold);
    StringBuilder list = new StringBuilder();
    for (int layer = 0; layer < layers; layer++) {
      list.append(layer == 0 ? "" : "  ")
          .append("L")
          .append(layer)
          .append(' ')
          .append(byLayer[layer]);
    }
    line("  %-11s %9d  %6.2f%%   %s", threshold, count, 100.0 * count / neurons.size(), list);
  }

  private void best() {
    List<NeuronId> ranking = result.universality().ranking();
    int bestCount = Math.min(BEST, ranking.size());
    if (bestCount == 0) {
      return;
    }
    Map<NeuronId, CloseUp.NeuronTokens> tokens =
        result.find(CloseUp.class).map(CloseUp::neurons).orElse(List.of()).stream()
            .collect(Collectors.toMap(CloseUp.NeuronTokens::neuron, Function.identity()));
    to.println();
    line("The %d best, with their match in each other model:", bestCount);
    to.println();
    List<String> names =
        result.summary().pairs().stream().map(pair -> pair.other().name()).toList();
    StringBuilder head = new StringBuilder("  neuron    excess   mean r  ");
    int width = Math.max(15, names.stream().mapToInt(String::length).max().orElse(0) + 2);
    names.forEach(name -> head.append(pad(name, width)));
    head.append(tokens.isEmpty() ? "" : "fires most on");
    line("%s", head.toString().stripTrailing());
    for (NeuronId id : ranking.subList(0, bestCount)) {
      Universality.Neuron neuron = result.universality().neuron(id);
      int flat = id.flat(result.dMlp());
      StringBuilder row = new StringBuilder();
      row.append(
          String.format(
              Locale.ROOT,
              "  %-9s %6s   %6s  ",
              id,
              number(neuron.excessCorr()),
              number(neuron.meanCorr())));
      for (PairMatches pair : result.summary().pairs()) {
        int match = pair.highest().match(flat, 0);
        String text =
            match < 0
                ? "-"
                : NeuronId.of(match, pair.other().dMlp())
                    + " "
                    + number(pair.highest().value(flat, 0));
        row.append(pad(text, width));
      }
      if (tokens.containsKey(id)) {
        row.append(words(tokens.get(id)));
      }
      line("%s", row.toString().stripTrailing());
    }
  }

  /** The neurons that the command line named. */
  private void named() {
    if (result.closeUp().neurons().isEmpty()) {
      return;
    }
    line("  neuron       fires      mean  variance  fires most on");
    for (CloseUp.NeuronTokens neuron : result.closeUp().neurons()) {
      int flat = neuron.neuron().flat(result.dMlp());
      StudyStatistics.OfNeuron statistics = result.statistics().neurons().get(flat);
      line(
          "  %-9s %7.2f%%  %8.3f  %8.3f  %s",
          neuron.neuron(),
          100 * statistics.sparsity(),
          statistics.mean(),
          statistics.variance(),
          words(neuron));
    }
  }

  private String words(CloseUp.NeuronTokens neuron) {
    List<String> words = new ArrayList<>();
    for (CloseUp.TokenMean token : neuron.tokens()) {
      if (words.size() < TOKENS && token.mean() > 0) {
        words.add("'" + printable(result.tokenizer().tokenText(token.id())) + "'");
      }
    }
    return String.join(" ", words);
  }

  /** Line breaks and control characters of a token as escapes, so that it stays on its line. */
  static String printable(String token) {
    StringBuilder text = new StringBuilder();
    token
        .codePoints()
        .forEach(c -> {
          switch (c) {
            case '\n' -> text.append("\\n");
            case '\t' -> text.append("\\t");
            case '\r' -> text.append("\\r");
            default -> {
              boolean odd = Character.isISOControl(c) || Character.getType(c) == Character.FORMAT;
              text.append(odd ? String.format(Locale.ROOT, "\\u%04x", c) : Character.toString(c));
            }
          }
        });
    return text.toString();
  }

  private static String number(double value) {
    return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%.3f", value);
  }

  private static String pad(String text, int width) {
    return text + " ".repeat(Math.max(1, width - text.length()));
  }

  private void line(String format, Object... values) {
    to.println(String.format(Locale.ROOT, format, values));
  }
}
