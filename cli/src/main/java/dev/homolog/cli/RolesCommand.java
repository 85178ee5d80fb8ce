package dev.homolog.cli;

import dev.homolog.analysis.Roles;
import dev.homolog.analysis.RolesOptions;
import dev.homolog.analysis.RolesResult;
import dev.homolog.analysis.roles.AttentionRole;
import dev.homolog.analysis.roles.EntropyRole;
import dev.homolog.analysis.roles.PredictionRole;
import dev.homolog.analysis.table.TableFormat;
import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import dev.homolog.core.intervention.Positions;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What the neurons of one model do. */
@Command(
    name = "roles",
    mixinStandardHelpOptions = true,
    description =
        "Looks for neurons that predict or suppress sets of tokens, set the entropy of predictions,"
            + " or turn attention heads on and off.")
final class RolesCommand implements Callable<Integer>, Main.Verbose {
  /** Neurons of each role that are printed. */
  private static final int PRINTED = 5;

  @Spec private CommandSpec spec;
  @Mixin private ModelFlags model;

  @Option(
      names = "--after",
      paramLabel = "P",
      description =
          "first position whose queries neurons are taken out of (default: 64, or a quarter of the"
              + " context where that is shorter)")
  private Integer after;

  @Option(
      names = "--position",
      paramLabel = "P",
      description = "the one position whose query neurons are taken out of, in place of --after")
  private Integer position;

  @Mixin private ProcessingFlag processing = new ProcessingFlag();
  @Mixin private RunFlags run;

  @Override
  public Integer call() {
    TableFormat format = StudyRun.checked(spec, run::format);
    RolesOptions options =
        StudyRun.checked(
            spec,
            () ->
                new RolesOptions(
                    model.model(),
                    model.input(run),
                    queries(),
                    processing.processing(),
                    run.resources(),
                    run.seed()));
    var done =
        new FolderRun(spec, run, format)
            .run(
                options::requireInputs,
                (kernels, progress) -> Roles.run(options, kernels, progress),
                RolesResult::write);
    print(done.result(), done.out());
    return 0;
  }

  private void print(RolesResult result, Path out) {
    PrintWriter to = spec.commandLine().getOut();
    to.printf("Model %s%n", result.run().model().name());
    prediction(to, result.roles().prediction());
    entropy(to, result.roles().entropy());
    attention(to, result.roles().attention());
    to.printf("%nWritten to %s%n", out);
    to.flush();
  }

  private Optional<Positions> queries() {
    if (after != null && position != null) {
      throw new InputException(
          InputOption.POSITION, "given beside --after", "leave one of them out");
    }
    if (after != null) {
      return Optional.of(Positions.from(position(InputOption.AFTER, after)));
    }
    return position == null
        ? Optional.empty()
        : Optional.of(Positions.at(position(InputOption.POSITION, position)));
  }

  private static int position(InputOption option, int value) {
    if (value < 0) {
      throw new InputException(option, value + "", "give a position from 0 on");
    }
    return value;
  }

  private static void prediction(PrintWriter to, PredictionRole role) {
    for (PredictionRole.Kind kind : PredictionRole.Kind.values()) {
      if (kind == PredictionRole.Kind.NONE) {
        continue;
      }
      List<PredictionRole.Neuron> of =
          role.neurons().stream()
              .filter(n -> n.kind() == kind)
              .sorted(
                  Comparator.comparingDouble((PredictionRole.Neuron n) ->
                      kind == PredictionRole.Kind.PARTITION ? -n.variance() : -n.kurtosis()))
              .toList();
      to.printf(
          Locale.ROOT,
          "%n%s: %s by the weights%s%n",
          title(kind.name()),
          count(of.size(), "neuron"),
          of.isEmpty() ? "" : " (" + layers(role.byLayer(kind)) + ")");
      long watched = of.stream().filter(PredictionRole.Neuron::watched).count();
      if (watched > 0) {
        to.printf(
            Locale.ROOT,
            "  %d were set to %.0f: %d move their set's probability as the weights say, and more"
                + " than random neurons do%n",
            watched,
            PredictionRole.RAISED_TO,
            of.stream().filter(PredictionRole.Neuron::confirmed).count());
      }
      of.stream().limit(PRINTED).forEach(n -> line(to, n));
    }
    role.turnsToSuppression()
        .ifPresent(layer ->
            to.printf(
                Locale.ROOT, "%nFrom layer %d on more neurons suppress than predict.%n", layer));
  }

  private static void line(PrintWriter to, PredictionRole.Neuron n) {
    to.printf(
        Locale.ROOT, "  L%s  variance %.4f, kurtosis %.1f  ", n.id(), n.variance(), n.kurtosis());
    if (n.set().isEmpty()) {
      to.printf("no class of tokens names its set%n");
      return;
    }
    to.printf(
        Locale.ROOT,
        "%s: %,d tokens, %.0f %% of the variance",
        n.set(),
        n.setSize(),
        100 * n.varianceReduction());
    if (n.watched()) {
      to.printf(
          Locale.ROOT,
          "; their probability %.4f, raised %.4f, %s",
          n.probability(),
          n.raisedProbability(),
          n.confirmed() ? "confirmed" : "not confirmed");
    }
    to.printf("%n");
  }

  private static void entropy(PrintWriter to, EntropyRole role) {
    List<EntropyRole.Neuron> tried =
        role.neurons().stream().filter(n -> n.kind() != EntropyRole.Kind.CONTROL).toList();
    int unheard = role.unembedding().nullity();
    to.printf(
        Locale.ROOT,
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
            to.printf(
                Locale.ROOT,
                "  L%s  |w_out| over vocabulary's deviation %.2f medians of its layer; entropy"
                    + " %+.4f, of which %+.4f by the last LayerNorm%s%n",
                n.id(),
                n.score(),
                n.entropyEffect(),
                n.mediatedEntropyEffect(),
                role.setsEntropy(n) ? "  entropy neuron" : ""));
    beside(to, role, role.most(EntropyRole.Neuron::mediatedEntropyEffect));
    to.printf(
        Locale.ROOT,
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
            to.printf(
                Locale.ROOT,
                "  L%s  cosine %+.3f, %.2f medians of its layer; divergence %+.4f, of which %+.4f"
                    + " along the frequencies%s%n",
                n.id(),
                n.frequencyCosine(),
                n.cosineRatio(),
                n.divergenceEffect(),
                n.frequencyEffect(),
                role.setsFrequency(n) ? "  frequency neuron" : ""));
    beside(to, role, role.most(EntropyRole.Neuron::frequencyEffect));
  }

  private static void beside(PrintWriter to, EntropyRole role, double most) {
    if (Double.isFinite(most)) {
      to.printf(
          Locale.ROOT,
          "  %d random neurons of the same layers: at most %.4f of that%n",
          role.controls().size(),
          most);
    } else {
      to.printf(
          Locale.ROOT,
          "  cannot be judged: fewer than %d random neurons change anything%n",
          EntropyRole.LEAST_CONTROLS);
    }
  }

  private static void attention(PrintWriter to, AttentionRole role) {
    long neurons =
        role.pairs().stream()
            .filter(AttentionRole.Pair::found)
            .map(AttentionRole.Pair::neuron)
            .distinct()
            .count();
    to.printf(
        Locale.ROOT,
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
            to.printf(
                Locale.ROOT,
                "  L%s on %s  score of BOS %+.3f a unit of activation; attention on BOS %.3f, %+.4f"
                    + " without the neuron%n",
                p.neuron(),
                p.head(),
                p.bosEffect(),
                p.bosAttention(),
                p.bosAttentionChange()));
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

  @Override
  public boolean verbose() {
    return run.verbose();
  }
}
