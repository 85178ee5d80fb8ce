package dev.homolog.cli;

import dev.homolog.analysis.RoleStudy;
import dev.homolog.analysis.roles.AttentionRole;
import dev.homolog.analysis.roles.EntropyRole;
import dev.homolog.analysis.roles.PredictionRole;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The summary of a study of roles, for standard output.
 *
 * @param out folder of the run
 */
record RolesSummary(RoleStudy.Result result, Path out, PrintWriter to) {
  /** Neurons of each role that are printed. */
  private static final int PRINTED = 5;

  void print() {
    print("Model %s%n", result.facts().models().getFirst().name());
    TextNotes.print(result.facts().tokens(), to);
    prediction(result.roles().prediction());
    EntropyRole role = result.roles().entropy();
    List<EntropyRole.Neuron> tried =
        role.neurons().stream().filter(n -> n.kind() != EntropyRole.Kind.CONTROL).toList();
    entropy(role, tried);
    frequency(role, tried);
    attention(result.roles().attention());
    print("%nWritten to %s%n", out);
    to.flush();
  }

  private void prediction(PredictionRole role) {
    for (PredictionRole.Kind kind : PredictionRole.Kind.values()) {
      if (kind != PredictionRole.Kind.NONE) {
        prediction(role, kind);
      }
    }
    role.suppressesFrom()
        .ifPresent(
            layer -> print("%nFrom layer %d on more neurons suppress than predict.%n", layer));
  }

  private void prediction(PredictionRole role, PredictionRole.Kind kind) {
    List<PredictionRole.Neuron> neurons =
        role.neurons().stream()
            .filter(n -> n.kind() == kind)
            .sorted(
                Comparator.comparingDouble((PredictionRole.Neuron n) ->
                    kind == PredictionRole.Kind.PARTITION ? -n.variance() : -n.kurtosis()))
            .toList();
    print(
        "%n%s: %s by the weights%s%n",
        title(kind.name()),
        count(neurons.size(), "neuron"),
        neurons.isEmpty() ? "" : " (" + layers(role.byLayer(kind)) + ")");
    long watched = neurons.stream().filter(PredictionRole.Neuron::watched).count();
    if (watched > 0) {
      print(
          "  %d were set to %.0f: %d move their set's probability as the weights say, and more"
              + " than random neurons do%n",
          watched,
          PredictionRole.RAISED_TO,
          neurons.stream().filter(PredictionRole.Neuron::confirmed).count());
    }
    neurons.stream().limit(PRINTED).forEach(this::prediction);
  }

  private void prediction(PredictionRole.Neuron neuron) {
    print(
        "  %s  variance %.4f, kurtosis %.1f  ", neuron.id(), neuron.variance(), neuron.kurtosis());
    if (neuron.set().isEmpty()) {
      print("no class of tokens names its set%n");
      return;
    }
    print(
        "%s: %,d tokens, %.0f %% of the variance",
        neuron.set(), neuron.setSize(), 100 * neuron.varianceReduction());
    if (neuron.watched()) {
      print(
          "; their probability %.4f, raised %.4f, %s",
          neuron.probability(),
          neuron.raisedProbability(),
          neuron.confirmed() ? "confirmed" : "not confirmed");
    }
    print("%n");
  }

  private void entropy(EntropyRole role, List<EntropyRole.Neuron> tried) {
    int unheard = role.unembedding().nullity();
    print(
        "%nEntropy: %s of %d tried (set from 0 to 6; change of the entropy in nats; %s)%n",
        count(tried.stream().filter(role::setsEntropy).count(), "neuron"),
        tried.size(),
        unheard > 1
            ? unheard + " directions are heard by next to no token"
            : "W_U has no unheard direction but LayerNorm's own");
    tried.stream()
        .filter(n -> n.kind() == EntropyRole.Kind.ENTROPY)
        .limit(PRINTED)
        .forEach(n ->
            print(
                "  %s  |w_out| over vocabulary's deviation %.2f medians of its layer; entropy"
                    + " %+.4f, of which %+.4f by the last LayerNorm%s%n",
                n.id(),
                n.score(),
                n.entropyEffect(),
                n.mediatedEntropyEffect(),
                role.setsEntropy(n) ? "  entropy neuron" : ""));
    controls(role, role.most(EntropyRole.Neuron::mediatedEntropyEffect));
  }

  private void frequency(EntropyRole role, List<EntropyRole.Neuron> tried) {
    print(
        "%nToken frequency: %s of %d tried (change of the divergence from the text's frequencies;"
            + " %,d tokens counted, %.0f %% of the vocabulary unseen)%n",
        count(tried.stream().filter(role::setsFrequency).count(), "neuron"),
        tried.size(),
        role.frequencies().tokens(),
        100 * role.frequencies().unseen());
    tried.stream()
        .filter(n -> n.kind() == EntropyRole.Kind.FREQUENCY)
        .limit(PRINTED)
        .forEach(n ->
            print(
                "  %s  cosine %+.3f, %.2f medians of its layer; divergence %+.4f, of which %+.4f"
                    + " along the frequencies%s%n",
                n.id(),
                n.frequencyCosine(),
                n.cosineRatio(),
                n.divergenceEffect(),
                n.frequencyEffect(),
                role.setsFrequency(n) ? "  frequency neuron" : ""));
    controls(role, role.most(EntropyRole.Neuron::frequencyEffect));
  }

  /** The greatest effect of random neurons, which those above have to exceed. */
  private void controls(EntropyRole role, double greatest) {
    if (Double.isFinite(greatest)) {
      print(
          "  %d random neurons of the same layers: at most %.4f of that%n",
          role.controls().size(), greatest);
    } else {
      print(
          "  cannot be judged: fewer than %d random neurons change anything%n",
          EntropyRole.LEAST_CONTROLS);
    }
  }

  private void attention(AttentionRole role) {
    long neurons =
        role.pairs().stream()
            .filter(AttentionRole.Pair::found)
            .map(AttentionRole.Pair::neuron)
            .distinct()
            .count();
    print(
        "%nAttention: %s of which a later head's mean attention on BOS hangs by %.2f or more%n"
            + "Strongest pairs, over %,d positions%s:%n",
        count(neurons, "neuron"),
        AttentionRole.LEAST_CHANGE,
        role.pairs().isEmpty() ? 0 : role.pairs().getFirst().positions(),
        neurons == 0 ? ", none of which passes" : "");
    role.pairs().stream()
        .sorted(
            Comparator.comparingDouble((AttentionRole.Pair p) -> -Math.abs(p.bosAttentionChange())))
        .limit(PRINTED)
        .forEach(p ->
            print(
                "  %s on %s  score of BOS %+.3f a unit of activation; attention on BOS %.3f, %+.4f"
                    + " without the neuron%n",
                p.neuron(), p.head(), p.bosEffect(), p.bosAttention(), p.bosAttentionChange()));
  }

  private static String count(long n, String thing) {
    return String.format(Locale.ROOT, "%,d %s%s", n, thing, n == 1 ? "" : "s");
  }

  private static String layers(int[] counts) {
    return IntStream.range(0, counts.length)
        .mapToObj(layer -> "L" + layer + " " + counts[layer])
        .collect(Collectors.joining(", "));
  }

  private static String title(String name) {
    return name.charAt(0) + name.substring(1).toLowerCase(Locale.ROOT);
  }

  private void print(String format, Object... values) {
    to.printf(Locale.ROOT, format, values);
  }
}
