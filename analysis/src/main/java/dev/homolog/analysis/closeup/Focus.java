package dev.homolog.analysis.closeup;

import dev.homolog.core.Brief;
import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import dev.homolog.core.model.NeuronId;
import dev.homolog.core.model.Site;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The neurons that get a closer look.
 *
 * @param neurons of the reference; none for the best that a study finds
 * @param cache where the activations of these neurons are written, if anywhere
 */
public record Focus(List<NeuronId> neurons, Optional<Cache> cache) {
  /** The best that a study finds. */
  public static final Focus BEST = new Focus(List.of(), Optional.empty());

  /** The most neurons that can be chosen. */
  public static final int MOST = 3000;

  /**
   * A file of activations: float32 [positions, neurons] in {@code .npy}, or with the token ids
   * beside them in {@code .safetensors}.
   */
  public record Cache(Path file, Site site) {
    /**
     * @throws InputException if the name says no format that is written, or a file is there
     */
    public Cache {
      String name = file.toString();
      if (!name.endsWith(".npy") && !name.endsWith(".safetensors")) {
        throw new InputException(
            InputOption.CACHE, name + " says no format", "give a name in .npy or .safetensors");
      }
      if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
        throw new InputException(
            InputOption.CACHE, name + " is there already", "give another name");
      }
      Path folder = file.toAbsolutePath().getParent();
      if (folder == null || !Files.isDirectory(folder)) {
        throw new InputException(InputOption.CACHE, folder + " is no folder", "make it first");
      }
    }
  }

  /**
   * @throws InputException if a neuron is named twice, there are too many, or a cache has none
   */
  public Focus {
    neurons = List.copyOf(neurons);
    Set<NeuronId> distinct = new HashSet<>();
    for (NeuronId neuron : neurons) {
      if (!distinct.add(neuron)) {
        throw new InputException(
            InputOption.NEURON, neuron.plain() + " is named twice", "leave one out");
      }
    }
    if (neurons.size() > MOST) {
      throw new InputException(
          InputOption.NEURON, neurons.size() + " neurons", "name at most " + MOST + " at once");
    }
    if (cache.isPresent() && neurons.isEmpty()) {
      throw new InputException(
          InputOption.CACHE, "no neuron is named to cache", "add --neuron L.N");
    }
  }

  @Override
  public String toString() {
    return Brief.of("Focus").with("neurons", neurons).with("cache", cache).toString();
  }
}
