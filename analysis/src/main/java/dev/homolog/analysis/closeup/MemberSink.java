package dev.homolog.analysis.closeup;

import dev.homolog.analysis.explanation.ExplanationSink;
import dev.homolog.analysis.explanation.Explanations;
import dev.homolog.analysis.explanation.FeatureSet;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.NeuronId;
import dev.homolog.core.model.Site;
import dev.homolog.core.stream.ActivationBlock;
import dev.homolog.core.stream.ActivationSink;
import dev.homolog.core.stream.ModelNeurons;
import dev.homolog.core.stream.Pilot;
import java.lang.foreign.Arena;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What explains some neurons of another model: members of groups of homologs. */
final class MemberSink implements ActivationSink {
  private final Kernels kernels;
  private final ModelNeurons model;
  private final List<Integer> members;
  private final FeatureSet features;
  private final Tensor columns;
  private final Tensor gathered;
  private final Tensor byToken;
  private final ExplanationSink sums;

  /**
   * An empty sink.
   *
   * @param members flat ids of the model's neurons
   * @param tokens the most tokens (rows times context) that a batch will have
   */
  MemberSink(
      Kernels kernels,
      Arena arena,
      FeatureSet features,
      ModelNeurons model,
      List<Integer> members,
      long tokens) {
    this.kernels = kernels;
    this.model = model;
    this.members = List.copyOf(members);
    this.features = features;
    int k = members.size();
    Tensor list = Tensor.allocate(arena, DType.I32, k, 1);
    for (int j = 0; j < k; j++) {
      list.set(j, 0, members.get(j));
    }
    this.columns = kernels.fromHost(arena, list);
    this.gathered = kernels.allocate(arena, kernels.working(), k, tokens);
    this.byToken = kernels.allocate(arena, kernels.working(), tokens, k);
    this.sums =
        new ExplanationSink(
            kernels,
            arena,
            features,
            Pilot.identity(kernels, arena, k),
            new ExplanationSink.Columns(0, k),
            tokens);
  }

  /** Bytes that a sink of that many members takes. */
  static long bytes(FeatureSet features, long members, long tokens, int working) {
    return ExplanationSink.bytes(features, members, tokens)
        + members * (2 * tokens + 2) * working
        + Explanations.bytes(features, members);
  }

  @Override
  public Set<Site> sites() {
    return Set.of(Site.MLP_POST);
  }

  @Override
  public Values values() {
    return Values.RAW;
  }

  @Override
  public void accept(ActivationBlock block) {
    long tokens = block.ids().rows();
    Tensor transposed = gathered.columns(0, tokens);
    Tensor activations = byToken.rows(0, tokens);
    kernels.gatherRows(model.columns(block.site(Site.MLP_POST)).transposed(), columns, transposed);
    kernels.copy(transposed.transposed(), activations);
    sums.accept(
        new ActivationBlock(
            kernels,
            block.models(),
            block.rows(),
            block.ids(),
            block.keep(),
            block.kept(),
            block.subsets(),
            null,
            activations));
  }

  /** The family of each member. */
  Map<NeuronId, Explanations.OfFamily> families() {
    Explanations.Builder builder = new Explanations.Builder(features, members.size());
    builder.add(sums, 0);
    Explanations explanations = builder.build();
    Map<NeuronId, Explanations.OfFamily> families = new HashMap<>();
    for (int j = 0; j < members.size(); j++) {
      families.put(NeuronId.of(members.get(j), model.dMlp()), explanations.family(j));
    }
    return families;
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
