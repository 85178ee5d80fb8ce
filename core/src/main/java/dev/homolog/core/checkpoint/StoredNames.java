package dev.homolog.core.checkpoint;

import dev.homolog.core.InputException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Names of a file's tensors. Programs that wrap a model put a prefix before all of them, such as
 * {@code _orig_mod.} or {@code module.}; some also name their wrappers within.
 *
 * @param prefix before all names; empty where there is none
 */
record StoredNames(ModelLayout layout, String prefix) {
  /** Wrappers that may stand anywhere in a name: of torch.compile, FSDP and checkpointing. */
  private static final Pattern WRAPPERS =
      Pattern.compile("(?<=^|\\.)(_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)\\.");

  /** Copies of the weights that an optimiser keeps have names of the same endings. */
  private static final Pattern OPTIMISER =
      Pattern.compile(
          "(^|.*\\.)(optimizer|optimizers|optim|optimizer_state|exp_avg|exp_avg_sq|max_exp_avg_sq"
              + "|momentum_buffer|master_params|master_weights|grad|grads)\\..*");

  /**
   * Finds the prefix under which most of the layout's tensors stand.
   *
   * @throws InputException if two prefixes have equally many
   */
  static StoredNames of(ModelLayout layout, String where, Collection<StoredTensor> stored) {
    Map<String, Integer> counts = new LinkedHashMap<>();
    for (StoredTensor tensor : stored) {
      prefixOf(layout, tensor.name())
          .filter(prefix -> !OPTIMISER.matcher(prefix).matches())
          .ifPresent(prefix -> counts.merge(prefix, 1, Integer::sum));
    }
    String best = "";
    for (Map.Entry<String, Integer> count : counts.entrySet()) {
      int ahead = Integer.compare(count.getValue(), counts.getOrDefault(best, 0));
      if (ahead > 0) {
        best = count.getKey();
      }
    }
    for (Map.Entry<String, Integer> count : counts.entrySet()) {
      String other = count.getKey();
      boolean equal = count.getValue().equals(counts.get(best)) && !other.equals(best);
      if (equal && other.isEmpty()) {
        best = other;
      } else if (equal && !best.isEmpty()) {
        throw new InputException(
            where,
            "",
            "holds two models, under " + best + " and under " + other,
            "save one of the two alone");
      }
    }
    return new StoredNames(layout, best);
  }

  /** What stands before the longest end of a name that is a tensor of the layout. */
  private static Optional<String> prefixOf(ModelLayout layout, String name) {
    if (name.length() > UnknownTensors.LONGEST) {
      return Optional.empty();
    }
    int start = 0;
    do {
      String rest = name.substring(start);
      if (!WRAPPERS.matcher(rest).lookingAt() && layout.isKnown(plain(layout, rest))) {
        return Optional.of(name.substring(0, start));
      }
      start = name.indexOf('.', start) + 1;
    } while (start > 0);
    return Optional.empty();
  }

  private static String plain(ModelLayout layout, String name) {
    return layout.names().plain(WRAPPERS.matcher(name).replaceAll(""));
  }

  /** The name of a stored tensor within the model; empty for one beside it. */
  Optional<String> within(String stored) {
    return stored.startsWith(prefix)
        ? Optional.of(plain(layout, stored.substring(prefix.length())))
        : Optional.empty();
  }

  /** Whether a tensor without the prefix is the unembedding. */
  boolean isUnembeddingBeside(String stored) {
    return !prefix.isEmpty() && plain(layout, stored).equals(layout.names().unembedding());
  }
}
