package dev.homolog.core.hub;

import dev.homolog.core.HomologException;
import dev.homolog.core.InputException;
import dev.homolog.core.checkpoint.HubCache;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Finds models by the names that users give: a folder, or a model of the hub, which is taken from
 * the cache and fetched into it if it is not there. Only the files that are read are fetched.
 */
public final class Hub {
  private final HubSettings settings;
  private final HubCache cache;
  private final HubListener listener;

  /** Fetches by these settings. */
  public Hub(HubSettings settings, HubListener listener) {
    this.settings = settings;
    this.cache = new HubCache(settings.cache());
    this.listener = listener;
  }

  /**
   * The folder of a model.
   *
   * @param model a path, or {@code org/name} or {@code org/name@revision}. A revision is a branch,
   *     a tag or a whole commit hash; without one it is {@code main}. A folder of that path wins.
   * @param weights whether the weights are wanted too
   * @throws InputException if it is neither a path nor in the cache, and cannot be fetched
   */
  public Path folder(String model, boolean weights) {
    Optional<HubCache.Name> name = HubCache.parse(model);
    if (name.isEmpty()) {
      return Path.of(model);
    }
    Optional<Path> found = cache.find(name.get());
    if (found.isPresent() && (settings.offline() || isComplete(found.get(), weights))) {
      return found.get();
    }
    if (settings.offline()) {
      return cache.snapshot(model, name.get());
    }
    try {
      return fetch(name.get(), weights);
    } catch (UnreachableException e) {
      return known(found, weights, e.refusal());
    } catch (InputException e) {
      return known(found, weights, e);
    }
  }

  /**
   * Fetches what is missing of a model's newest commit of that name. Where the hub cannot be
   * reached, what is whole in the cache serves.
   *
   * @param model as above
   * @throws InputException if it is no model of the hub, or cannot be fetched
   */
  public Path download(String model) {
    HubCache.Name name =
        HubCache.parse(model)
            .orElseThrow(() ->
                new InputException(
                    model, "", "is no name of a model on the hub", "give org/name[@revision]"));
    if (settings.offline()) {
      return cache.snapshot(model, name);
    }
    Optional<Path> found = cache.find(name).filter(folder -> isComplete(folder, true));
    try {
      return found.isPresent() && name.isCommit() ? found.get() : fetch(name, true);
    } catch (UnreachableException e) {
      if (found.isEmpty()) {
        throw e.refusal();
      }
      listener.note(model + ": the hub cannot be reached; the cache has it");
      return found.get();
    }
  }

  /** What the cache has serves without a tokenizer too, which not all that is done needs. */
  private Path known(Optional<Path> found, boolean weights, InputException refusal) {
    if (found.isEmpty() || !snapshot(found.get()).hasModel(weights)) {
      throw refusal;
    }
    listener.note(refusal.getMessage() + "; what the cache has is taken");
    return found.get();
  }

  private static boolean isComplete(Path folder, boolean weights) {
    return snapshot(folder).isComplete(weights);
  }

  private static Snapshot snapshot(Path folder) {
    return new Snapshot(folder.getParent().getParent(), folder.getFileName().toString());
  }

  private Path fetch(HubCache.Name name, boolean weights) {
    try {
      return ModelFetch.run(settings, name, weights, listener);
    } catch (IOException e) {
      throw new InputException(
          settings.cache().toString(),
          "",
          "cannot be written: " + HubFailure.describe(e),
          "free space, or set HF_HUB_CACHE to a folder that can be written",
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new HomologException("the download of " + name.model() + " was interrupted", e);
    }
  }
}
