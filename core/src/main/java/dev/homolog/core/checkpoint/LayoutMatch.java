package dev.homolog.core.checkpoint;

import dev.homolog.core.InputException;
import dev.homolog.core.json.StrictJson;
import dev.homolog.core.model.family.TensorNames;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Finds the tensors of a layout among those of a file, whatever stands before and beside them. */
final class LayoutMatch {
  private static final String BELONG =
      "weights and configuration (config.json) must belong together";

  private final ModelLayout layout;
  private final String where;
  private final Map<String, StoredTensor> byName = new LinkedHashMap<>();
  private final List<String> inside = new ArrayList<>();
  private final List<String> beside = new ArrayList<>();
  private String prefix = "";

  private LayoutMatch(ModelLayout layout, String where) {
    this.layout = layout;
    this.where = where;
  }

  /**
   * The model's tensors.
   *
   * @param where the file, for messages
   * @param stored the file's tensors, under the names that it has
   * @param head what is known of the model's head
   * @throws InputException if a tensor is missing, unknown within a block, there twice, of another
   *     shape, or of a type that is not read
   */
  static MatchedTensors of(
      ModelLayout layout, String where, Collection<StoredTensor> stored, ModelLayout.Head head) {
    LayoutMatch match = new LayoutMatch(layout, where);
    match.sort(stored);
    return match.tensors(head);
  }

  private void sort(Collection<StoredTensor> stored) {
    StoredNames names = StoredNames.of(layout, where, stored);
    prefix = names.prefix();
    List<StoredTensor> heads = new ArrayList<>();
    for (StoredTensor tensor : stored) {
      String name = names.within(tensor.name()).orElse("");
      if (layout.isKnown(name)) {
        add(name, tensor);
      } else if (names.isUnembeddingBeside(tensor.name())) {
        heads.add(tensor);
      } else {
        unknown(tensor.name(), name);
      }
    }
    heads.forEach(head -> add(layout.names().unembedding(), head));
  }

  private void add(String name, StoredTensor tensor) {
    if (byName.put(name, tensor) != null) {
      throw new InputException(
          where, name, "is there twice, " + spellings(name), "leave one of them out");
    }
  }

  private void unknown(String stored, String name) {
    UnknownTensors.cause(stored)
        .ifPresent(cause -> {
          throw new InputException(where, StrictJson.clip(stored), cause.problem(), cause.remedy());
        });
    String within = name.isEmpty() ? stored : name;
    boolean ofBody = stored.startsWith(prefix + layout.names().prefix());
    (ofBody || UnknownTensors.isInside(within) ? inside : beside).add(stored);
  }

  private MatchedTensors tensors(ModelLayout.Head head) {
    TensorNames names = layout.names();
    StoredTensor unembedding = byName.get(names.unembedding());
    if (layout.tied() && unembedding != null) {
      // Of a tied pair a file may keep either.
      byName.putIfAbsent(names.embedding(), unembedding);
    }
    boolean headless =
        !layout.tied()
            && unembedding == null
            && (head == ModelLayout.Head.OTHER
                || head == ModelLayout.Head.UNKNOWN
                    && beside.stream().anyMatch(UnknownTensors::isOtherHead));
    List<String> missing =
        layout.required().keySet().stream()
            .filter(name -> !byName.containsKey(name))
            .filter(name -> !headless || !name.equals(names.unembedding()))
            .toList();
    if (!missing.isEmpty()) {
      throw missing(missing);
    }
    if (!inside.isEmpty()) {
      throw new InputException(
          where,
          StrictJson.clip(inside.getFirst()),
          "is no tensor of this " + layout.family().title() + others(inside),
          BELONG);
    }
    layout.requireNotTransposed(where, byName);
    Map<String, StoredTensor> matched = new LinkedHashMap<>();
    for (String name : layout.required().keySet()) {
      if (byName.containsKey(name)) {
        matched.put(name, layout.checked(where, name, byName.get(name)));
      }
    }
    // A .bin of a tied model names the embedding twice; kept apart, it would be converted twice.
    boolean shared =
        unembedding != null && unembedding.data().equals(byName.get(names.embedding()).data());
    if (unembedding != null && !shared) {
      matched.put(names.unembedding(), layout.checked(where, names.unembedding(), unembedding));
    }
    return new MatchedTensors(matched, prefix, List.copyOf(beside), !headless);
  }

  private InputException missing(List<String> missing) {
    String name = missing.getFirst();
    String problem =
        "is missing" + others(missing) + ", expected shape " + layout.required().get(name);
    return layout.lacksAllBiases(missing)
        ? new InputException(
            where,
            name,
            problem + ": no part has a bias, as in a model trained without them",
            "put zeros for them into the file")
        : new InputException(where, name, problem, BELONG);
  }

  private String spellings(String name) {
    TensorNames names = layout.names();
    return name.equals(names.unembedding()) && !name.equals(TensorNames.NEW_UNEMBEDDING)
        ? "also as " + TensorNames.NEW_UNEMBEDDING
        : "with and without " + (prefix.isEmpty() ? names.prefix() : prefix);
  }

  private static String others(List<String> names) {
    return names.size() == 1 ? "" : " (and " + (names.size() - 1) + " more)";
  }
}
