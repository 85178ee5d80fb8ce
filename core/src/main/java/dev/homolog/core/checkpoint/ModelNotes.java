package dev.homolog.core.checkpoint;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What of a model's files was left out or read in another way than they say, for whoever reads the
 * results.
 *
 * @param prefix stands before the names of all tensors, beyond what the family puts there; empty
 *     where nothing does
 * @param passedOver names, as stored, of tensors beside the model: other heads, states of an
 *     optimiser
 * @param absentIds keys of {@code config.json} whose ids are outside the vocabulary, with what they
 *     hold; such ids count as absent
 * @param head what holds of the unembedding of a model that was saved without one
 */
public record ModelNotes(
    String prefix, List<String> passedOver, Map<String, String> absentIds, Optional<String> head) {
  /** Nothing to say. */
  public static final ModelNotes NONE = new ModelNotes("", List.of(), Map.of(), Optional.empty());

  private static final int NAMED = 3;

  /** A line for each thing, in which the model has that name. */
  public List<String> lines(String model) {
    List<String> lines = new ArrayList<>();
    if (!prefix.isEmpty()) {
      lines.add(model + ": the prefix " + prefix + " before the names of its tensors is left out");
    }
    if (!passedOver.isEmpty()) {
      lines.add(model + ": passed over as no part of the model: " + passedOverInShort());
    }
    head.ifPresent(text -> lines.add(model + ": " + text));
    if (!absentIds.isEmpty()) {
      List<String> ids = new ArrayList<>();
      absentIds.forEach((key, value) -> ids.add(key + " " + value));
      lines.add(
          model
              + ": outside the vocabulary, so taken as absent: "
              + String.join(", ", ids)
              + " (config.json)");
    }
    return lines;
  }

  private String passedOverInShort() {
    String first = String.join(", ", passedOver.stream().limit(NAMED).toList());
    int more = passedOver.size() - NAMED;
    return more > 0 ? first + " and " + more + " more tensors" : first;
  }
}
