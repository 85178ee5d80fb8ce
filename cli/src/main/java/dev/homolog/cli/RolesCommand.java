package dev.homolog.cli;

import dev.homolog.analysis.Roles;
import dev.homolog.analysis.RolesOptions;
import dev.homolog.analysis.RolesResult;
import dev.homolog.analysis.roles.AttentionRole;
import dev.homolog.analysis.roles.EntropyRole;
import dev.homolog.analysis.roles.PredictionRole;
import dev.homolog.analysis.table.TableFormat;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
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
              + " context where that is no longer)")
  private Integer after;

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
                    after == null ? OptionalInt.empty() : OptionalInt.of(after),
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
      long confirmed = of.stream().filter(PredictionRole.Neuron::confirmed).count();
      to.printf(
          Locale.ROOT,
          "%n%s: %,d neurons, %,d confirmed of %,d that were raised%n",
          title(kind.name()),
          of.size(),
          confirmed,
          of.stream().filter(PredictionRole.Neuron::watched).count());
      for (PredictionRole.Neuron n : of.stream().limit(PRINTED).toList()) {
        to.printf(
            Locale.ROOT,
            "  L%s  variance %.4f, kurtosis %.1f  %s, %d tokens (%.0f %%), p %.4f to %.4f%n",
            n.id(),
            n.variance(),
            n.kurtosis(),
            n.set().isEmpty() ? "no set" : n.set(),
            n.setSize(),
            100 * n.varianceReduction(),
            n.probability(),
            n.raisedProbability());
      }
    }
  }

  private static void entropy(PrintWriter to, EntropyRole role) {
    to.printf(
        Locale.ROOT,
        "%nEntropy: %d of %d candidates; token frequency: %d (null space of %d directions)%n",
        role.neurons().stream().filter(role::setsEntropy).count(),
        role.neurons().size() - role.controls().size(),
        role.neurons().stream().filter(role::setsFrequency).count(),
        role.unembedding().nullity());
    for (EntropyRole.Neuron n : role.neurons().stream().limit(PRINTED).toList()) {
      to.printf(
          Locale.ROOT,
          "  L%s  score %.2f  entropy %+.4f, of which %+.4f with the scale frozen%n",
          n.id(),
          n.score(),
          n.entropyEffect(),
          n.directEntropyEffect());
    }
    double control =
        role.controls().stream().mapToDouble(n -> Math.abs(n.entropyEffect())).max().orElse(0);
    to.printf(
        Locale.ROOT,
        "  %d random neurons of the same layers change it by at most %.4f%n",
        role.controls().size(),
        control);
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
        "%nAttention: %,d neurons change a later head's attention on BOS by %.2f or more%n",
        neurons,
        AttentionRole.LEAST_CHANGE);
    role.pairs().stream()
        .sorted(
            Comparator.comparingDouble((AttentionRole.Pair p) -> -Math.abs(p.bosAttentionChange())))
        .limit(PRINTED)
        .forEach(p ->
            to.printf(
                Locale.ROOT,
                "  L%s on %s  effect %+.3f  attention on BOS %.3f, %+.4f without the neuron%n",
                p.neuron(),
                p.head(),
                p.bosEffect(),
                p.bosAttention(),
                p.bosAttentionChange()));
  }

  private static String title(String name) {
    return name.charAt(0) + name.substring(1).toLowerCase(Locale.ROOT);
  }

  @Override
  public boolean verbose() {
    return run.verbose();
  }
}
