package dev.homolog.analysis.contrast;

import dev.homolog.analysis.closeup.CloseUp;
import dev.homolog.analysis.correlation.Homologs;
import dev.homolog.analysis.explanation.Explanations;
import java.util.Optional;

/**
 * What the members of homolog groups respond to.
 *
 * @param reference explanations of the reference's neurons
 * @param dMlp neurons a layer of the reference
 * @param closeUp which has explained members in the other models
 */
record MemberFamilies(Explanations reference, int dMlp, CloseUp closeUp) {

  /** The name of a member's family; empty where nobody looked. */
  Optional<String> name(Homologs.Member member) {
    if (member.model() == 0) {
      return Optional.of(reference.family(member.neuron().flat(dMlp)).family().toString());
    }
    Explanations.OfFamily family = closeUp.families().get(member.model() - 1).get(member.neuron());
    return Optional.ofNullable(family).map(known -> known.family().toString());
  }

  /** The share of the other members, as far as known, that are of the reference's family. */
  double agreement(Homologs.Group group) {
    Optional<String> referenceFamily = name(group.members().getFirst());
    int explained = 0;
    int agreeing = 0;
    for (Homologs.Member member : group.members().subList(1, group.members().size())) {
      Optional<String> family = name(member);
      explained += family.isPresent() ? 1 : 0;
      agreeing += referenceFamily.equals(family) ? 1 : 0;
    }
    return explained == 0 ? Double.NaN : (double) agreeing / explained;
  }
}
