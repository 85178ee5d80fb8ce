package dev.homolog.analysis.correlation;

import dev.homolog.core.Brief;
import dev.homolog.core.model.NeuronId;
import java.util.ArrayList;
import java.util.List;

/**
 * Groups of neurons of different models that are each other's counterparts. A neuron of the
 * reference and a neuron of another model are counterparts if they are mutual nearest neighbours.
 * Their correlation must also be above a threshold.
 *
 * @param groups in the order of the reference's neurons
 */
public record Homologs(List<Group> groups) {

  /**
   * A group. Its edges are the mutual best matches above the threshold between its members. They
   * join the reference's neuron with other members. Where best matches among the other models are
   * known, they also join those members.
   *
   * @param cohesion mean correlation of its edges
   * @param members the reference's neuron first, then one of each model that has one, in order
   */
  public record Group(double cohesion, List<Member> members) {
    @Override
    public String toString() {
      return Brief.of("Group").with("cohesion", cohesion).with("members", members).toString();
    }
  }

  /**
   * A neuron of a group.
   *
   * @param model number of its model, 0 the reference
   * @param neuron of that model
   * @param meanCorrelation mean correlation of its edges
   */
  public record Member(int model, NeuronId neuron, double meanCorrelation) {}

  private record Edge(int firstModel, int secondModel, double correlation) {}

  /**
   * All groups of two neurons and more, in the order of the reference's neurons.
   *
   * @param threshold of the correlation of an edge
   */
  public static Homologs of(CorrelationSummary summary, double threshold) {
    List<Group> groups = new ArrayList<>();
    int neurons = summary.pairs().getFirst().highest().rows();
    for (int neuron = 0; neuron < neurons; neuron++) {
      int[] members = members(summary, neuron, threshold);
      List<Edge> edges = edges(summary, members, threshold);
      if (!edges.isEmpty()) {
        groups.add(group(summary, members, edges));
      }
    }
    return new Homologs(List.copyOf(groups));
  }

  /** How many neurons of one model have their mutual best match in the other above a threshold. */
  public static int count(PairMatches pair, double threshold) {
    int count = 0;
    for (int neuron = 0; neuron < pair.highest().rows(); neuron++) {
      count += match(pair, neuron, threshold) >= 0 ? 1 : 0;
    }
    return count;
  }

  /** The mutual best match above the threshold, −1 where there is none. */
  public static int match(PairMatches pair, int neuron, double threshold) {
    int match = pair.highest().match(neuron, 0);
    boolean homolog =
        match >= 0 && pair.mutual(neuron, match) && pair.highest().value(neuron, 0) > threshold;
    return homolog ? match : -1;
  }

  /** By model, −1 where it has none. */
  private static int[] members(CorrelationSummary summary, int neuron, double threshold) {
    int[] members = new int[summary.pairs().size() + 1];
    members[0] = neuron;
    for (int i = 0; i < summary.pairs().size(); i++) {
      members[i + 1] = match(summary.pairs().get(i), neuron, threshold);
    }
    return members;
  }

  private static List<Edge> edges(CorrelationSummary summary, int[] members, double threshold) {
    List<Edge> edges = new ArrayList<>();
    for (int i = 1; i < members.length; i++) {
      addEdge(edges, summary.pairs().get(i - 1), members, new int[] {0, i}, threshold);
    }
    int next = 0;
    for (int i = 1; i < members.length && !summary.amongOthers().isEmpty(); i++) {
      for (int j = i + 1; j < members.length; j++) {
        addEdge(edges, summary.amongOthers().get(next++), members, new int[] {i, j}, threshold);
      }
    }
    return edges;
  }

  private static void addEdge(
      List<Edge> edges, PairMatches pair, int[] members, int[] models, double threshold) {
    int firstNeuron = members[models[0]];
    int secondNeuron = members[models[1]];
    if (firstNeuron >= 0 && secondNeuron >= 0 && pair.mutual(firstNeuron, secondNeuron)) {
      double correlation = pair.highest().value(firstNeuron, 0);
      if (correlation > threshold) {
        edges.add(new Edge(models[0], models[1], correlation));
      }
    }
  }

  private static Group group(CorrelationSummary summary, int[] members, List<Edge> edges) {
    List<Member> groupMembers = new ArrayList<>();
    for (int model = 0; model < members.length; model++) {
      if (members[model] >= 0) {
        int number = model;
        double mean =
            edges.stream()
                .filter(edge -> edge.firstModel == number || edge.secondModel == number)
                .mapToDouble(Edge::correlation)
                .average()
                .orElse(Double.NaN);
        groupMembers.add(
            new Member(model, NeuronId.of(members[model], dMlp(summary, model)), mean));
      }
    }
    double cohesion = edges.stream().mapToDouble(Edge::correlation).average().orElse(Double.NaN);
    return new Group(cohesion, List.copyOf(groupMembers));
  }

  /** Neurons a layer of a model, 0 the reference. */
  private static int dMlp(CorrelationSummary summary, int model) {
    return model == 0
        ? summary.pairs().getFirst().one().dMlp()
        : summary.pairs().get(model - 1).other().dMlp();
  }

  @Override
  public String toString() {
    return Brief.of("Homologs").with("groups", groups).toString();
  }
}
