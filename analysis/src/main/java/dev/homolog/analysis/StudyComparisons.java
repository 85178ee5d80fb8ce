package dev.homolog.analysis;

import dev.homolog.analysis.correlation.Convergence;
import dev.homolog.analysis.correlation.CorrelationSummary;
import dev.homolog.analysis.correlation.Homologs;
import dev.homolog.analysis.correlation.Universality;
import java.util.List;
import java.util.OptionalLong;

/**
 * What comparing the models found.
 *
 * @param summary correlations with each other model
 * @param universality of each reference neuron
 * @param homologs groups of counterparts; empty where only correlations were asked for
 * @param convergence how best correlations settled; null where only correlations were asked for
 * @param bySubset the same as {@code universality} over the tokens of each subset; empty unless
 *     asked for
 * @param chance what independent normal neurons would reach, by other model; empty where there is
 *     no such law
 * @param byOther what each other model says on its own, in their order
 * @param allButOne neurons that every other model but one has too
 */
public record StudyComparisons(
    CorrelationSummary summary,
    Universality universality,
    List<Homologs.Group> homologs,
    Convergence convergence,
    List<OfSubset> bySubset,
    List<OfChance> chance,
    List<OfOther> byOther,
    List<AllButOne> allButOne) {

  /**
   * A neuron of the reference whose best correlation is above its baseline by more than the
   * threshold in every other model but one.
   *
   * @param neuron flat id
   * @param missing number of that model among the others
   * @param excessThere what its excess is there
   * @param leastElsewhere the least excess in the rest
   */
  public record AllButOne(int neuron, int missing, double excessThere, double leastElsewhere) {}

  /**
   * One subset of the text.
   *
   * @param tokens kept tokens
   */
  public record OfSubset(String name, long tokens, Universality universality) {}

  /**
   * The greatest correlation with as many independent normal neurons as another model has.
   *
   * @param median half of all reference neurons would have more
   * @param upper one in twenty would have more
   * @param above how many have more than {@code upper}
   */
  public record OfChance(String other, double median, double upper, int above) {}

  /**
   * One other model. Means and medians are over the neurons of the reference that have a
   * correlation with it.
   *
   * @param series equal for the training steps of one model; empty where the name says no step
   * @param step that the name says
   * @param neurons of the reference that have a correlation with it
   * @param universal neurons whose best correlation with it is above its baseline by more than the
   *     threshold
   * @param homologs mutual best matches above the threshold
   */
  public record OfOther(
      String other,
      String series,
      OptionalLong step,
      int neurons,
      int universal,
      double mean,
      double median,
      double meanBaseline,
      int homologs) {}
}
