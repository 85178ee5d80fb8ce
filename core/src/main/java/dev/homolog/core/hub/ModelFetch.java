package dev.homolog.core.hub;

import dev.homolog.core.InputException;
import dev.homolog.core.checkpoint.HubCache;
import dev.homolog.core.checkpoint.ModelFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Fetches one model: its configuration first, so that a model of an unknown kind is refused before
 * its weights are fetched; then the tokenizer and the weights that will be read, several at once.
 * Which files there are is asked one by one, as {@code transformers} does; no list of the hub is
 * trusted.
 */
final class ModelFetch {
  private static final int AT_ONCE = 4;
  private static final List<String> TOKENIZER_EXTRAS =
      List.of("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json");

  private final HubSettings settings;
  private final HubCache.Name name;
  private final HubClient client;
  private final Snapshot snapshot;
  private final BlobDownload blobs;
  private final HubListener listener;

  private ModelFetch(
      HubSettings settings,
      HubCache.Name name,
      HubClient client,
      Snapshot snapshot,
      HubListener listener) {
    this.settings = settings;
    this.name = name;
    this.client = client;
    this.snapshot = snapshot;
    this.listener = listener;
    this.blobs =
        new BlobDownload(
            client,
            settings.timing(),
            snapshot.blobs(),
            settings.cache().resolve(".locks").resolve(HubCache.folderName(name)),
            listener);
  }

  /**
   * Fetches what is missing of the commit that the name is now.
   *
   * @param weights whether the weights are wanted too
   * @return the folder of the model
   * @throws InputException if the hub refuses, or a file does not come as it is described
   * @throws UnreachableException if the hub cannot be reached
   * @throws IOException if the cache cannot be written
   */
  static Path run(HubSettings settings, HubCache.Name name, boolean weights, HubListener listener)
      throws IOException, InterruptedException {
    try (HubClient client = new HubClient(settings, name)) {
      RemoteFile config =
          look(settings, client, name, name.revision(), ModelFiles.CONFIG)
              .orElseThrow(() ->
                  new InputException(
                      name.model(),
                      ModelFiles.CONFIG,
                      "no such folder, not in the cache, and the hub has no such file of a model",
                      "check the name and the revision on " + settings.page(name)));
      if (name.isCommit() && !config.commit().equals(name.revision())) {
        throw new InputException(
            name.model(),
            "",
            "the hub gives commit " + config.commit() + " for " + name.revision(),
            "check HF_ENDPOINT and the proxy");
      }
      Path model = new HubCache(settings.cache()).model(name);
      Snapshot snapshot = new Snapshot(model, config.commit());
      new ModelFetch(settings, name, client, snapshot, listener).fetch(config, weights);
      return snapshot.folder();
    }
  }

  private void fetch(RemoteFile config, boolean weights) throws IOException, InterruptedException {
    download(List.of(config), HubListener.SILENT);
    if (weights) {
      ModelFiles.requireKnown(snapshot.folder());
    }
    List<RemoteFile> wanted = new ArrayList<>(tokenizer());
    if (weights) {
      wanted.addAll(weights());
    }
    requireRoom(wanted);
    download(wanted, listener);
    snapshot.note(name);
  }

  private List<RemoteFile> tokenizer() throws IOException, InterruptedException {
    List<RemoteFile> files = new ArrayList<>();
    Optional<RemoteFile> whole = look(Snapshot.TOKENIZER);
    whole.ifPresent(files::add);
    if (whole.isEmpty()) {
      for (String pair : Snapshot.PAIRS) {
        look(pair).ifPresent(files::add);
      }
    }
    for (String extra : TOKENIZER_EXTRAS) {
      look(extra).ifPresent(files::add);
    }
    return files;
  }

  private List<RemoteFile> weights() throws IOException, InterruptedException {
    for (String choice : ModelFiles.weights()) {
      Optional<RemoteFile> file = look(choice);
      if (file.isPresent()) {
        return ModelFiles.isIndex(choice) ? shards(file.get()) : List.of(file.get());
      }
    }
    throw new InputException(
        name.model(),
        ModelFiles.weights().getFirst(),
        "the hub has no weights of it that can be read",
        "it must hold one of: " + String.join(", ", ModelFiles.weights()));
  }

  private List<RemoteFile> shards(RemoteFile index) throws IOException, InterruptedException {
    download(List.of(index), HubListener.SILENT);
    Path file = snapshot.folder().resolve(index.name());
    Set<String> names = ModelFiles.shards(file);
    List<Callable<RemoteFile>> tasks = new ArrayList<>();
    for (String shard : names) {
      tasks.add(() ->
          look(shard)
              .orElseThrow(() ->
                  new InputException(
                      file, shard, "is not on the hub", "tell the model's authors")));
    }
    return together(tasks, () -> {});
  }

  private Optional<RemoteFile> look(String file) throws IOException, InterruptedException {
    Optional<RemoteFile> found = look(settings, client, name, snapshot.commit(), file);
    if (found.isEmpty()) {
      snapshot.noteAbsent(file);
    } else if (!found.get().commit().equals(snapshot.commit())) {
      throw new InputException(
          found.get().address().toString(),
          "",
          "is of another commit than was asked for, " + snapshot.commit(),
          "check HF_ENDPOINT and the proxy");
    }
    return found;
  }

  private static Optional<RemoteFile> look(
      HubSettings settings, HubClient client, HubCache.Name name, String revision, String file)
      throws InterruptedException {
    try {
      return client.look(revision, file);
    } catch (IOException e) {
      throw new UnreachableException(
          new InputException(
              name.model(),
              "",
              "no such folder, not whole in the cache, and "
                  + settings.endpoint()
                  + " cannot be reached ("
                  + HubFailure.describe(e)
                  + ")",
              "check the network and HF_ENDPOINT, or give the folder of a model",
              e));
    }
  }

  /** What is not there yet must fit onto the disk. */
  private void requireRoom(List<RemoteFile> wanted) throws IOException {
    long needed = 0;
    for (RemoteFile file : wanted) {
      Path blob = snapshot.blobs().resolve(file.hash().hex());
      Path part = snapshot.blobs().resolve(file.hash().hex() + ".incomplete");
      if (!Files.exists(blob)) {
        long begun = Files.exists(part) ? Files.size(part) : 0;
        needed += Math.max(0, file.size().orElse(0) - begun);
      }
    }
    long free = Math.max(0, Files.getFileStore(snapshot.blobs()).getUsableSpace());
    if (needed > free) {
      throw new InputException(
          settings.cache(),
          "",
          name.model() + " needs " + needed + " bytes more, and " + free + " are free",
          "free space, or set HF_HUB_CACHE to a folder on a larger disk");
    }
  }

  private void download(List<RemoteFile> files, HubListener hears)
      throws IOException, InterruptedException {
    List<AtomicLong> there = files.stream().map(_ -> new AtomicLong()).toList();
    List<Callable<Boolean>> tasks = new ArrayList<>();
    for (int i = 0; i < files.size(); i++) {
      RemoteFile file = files.get(i);
      AtomicLong bytes = there.get(i);
      tasks.add(() -> {
        blobs.fetch(file, bytes);
        snapshot.link(file);
        return true;
      });
    }
    together(
        tasks,
        () -> {
          long done = there.stream().mapToLong(AtomicLong::get).sum();
          long known = files.stream().mapToLong(file -> file.size().orElse(0)).sum();
          hears.progress(done, Math.max(done, known));
        });
  }

  /** Runs tasks, several at once; the first that fails ends the others. */
  private static <T> List<T> together(List<Callable<T>> tasks, Runnable tick)
      throws IOException, InterruptedException {
    List<T> results = new ArrayList<>();
    ExecutorService threads =
        Executors.newFixedThreadPool(AT_ONCE, Thread.ofVirtual().name("hub").factory());
    try {
      List<Future<T>> futures = tasks.stream().map(threads::submit).toList();
      while (!futures.stream().allMatch(Future::isDone)
          && futures.stream().noneMatch(f -> f.state() == Future.State.FAILED)) {
        tick.run();
        waitForAny(futures);
      }
      for (Future<T> future : futures) {
        if (future.state() == Future.State.FAILED) {
          future.get();
        }
      }
      tick.run();
      for (Future<T> future : futures) {
        results.add(future.get());
      }
      return results;
    } catch (ExecutionException e) {
      throw cause(e);
    } finally {
      threads.shutdownNow();
      threads.close();
    }
  }

  private static IOException cause(ExecutionException e) {
    switch (e.getCause()) {
      case RuntimeException refused -> throw refused;
      case Error failed -> throw failed;
      case IOException failed -> {
        return failed;
      }
      default -> {
        return new IOException("a download was interrupted", e);
      }
    }
  }

  private static <T> void waitForAny(List<Future<T>> futures) throws InterruptedException {
    for (Future<T> future : futures) {
      if (!future.isDone()) {
        try {
          future.get(100, TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException e) {
          return; // looked at by the caller
        }
        return;
      }
    }
  }
}
