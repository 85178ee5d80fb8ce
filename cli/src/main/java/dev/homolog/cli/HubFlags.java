package dev.homolog.cli;

import dev.homolog.core.checkpoint.HubCache;
import dev.homolog.core.hub.Hub;
import dev.homolog.core.hub.HubListener;
import dev.homolog.core.hub.HubSettings;
import java.io.PrintWriter;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** How models are found by the names that they are given by. */
final class HubFlags {
  /** What MODEL may be, for the help. */
  static final String MODEL =
      "a Hugging Face folder, or org/name[@revision], which is taken from the cache, else fetched"
          + " from the hub";

  private static final String STANDS =
      "what was fetched stays in the cache, and the same command goes on from there";

  @Option(
      names = "--offline",
      description = "ask no hub: a model that is not in the cache is an error")
  private boolean offline;

  /** How the name of a model becomes a folder. */
  @FunctionalInterface
  interface Folders {
    /** As the name stands: all other flags are checked with it before anything is fetched. */
    Folders UNFETCHED = Path::of;

    Path of(String model);
  }

  /** Folders of models with their weights; what is not there is fetched. */
  Folders fetched(PrintWriter err) {
    return model -> find(model, true, err);
  }

  /** The folder of a model, for a command that hears no signal by itself yet. */
  Path folder(String model, boolean weights, PrintWriter err) {
    try (Interrupt _ = Interrupt.endsTheProcess(Progress.onTerminal(), () -> STANDS)) {
      return find(model, weights, err);
    }
  }

  private Path find(String model, boolean weights, PrintWriter err) {
    if (HubCache.parse(model).isEmpty()) {
      return Path.of(model); // whatever the variables of the hub say
    }
    try (Bar bar = new Bar(Progress.start(false, err), err)) {
      return hub(bar).folder(model, weights);
    }
  }

  /** The folder of a model after the hub was asked for what is new. */
  Path download(String model, PrintWriter err) {
    try (Interrupt _ = Interrupt.endsTheProcess(Progress.onTerminal(), () -> STANDS);
        Bar bar = new Bar(Progress.start(false, err), err)) {
      return hub(bar).download(model);
    }
  }

  private Hub hub(HubListener listener) {
    return new Hub(HubSettings.ofProcess().withOffline(offline), listener);
  }

  /** Shows a download on a terminal. */
  private record Bar(Progress progress, PrintWriter err) implements HubListener, AutoCloseable {
    @Override
    public void progress(long done, long total) {
      progress.progress(Progress.DOWNLOAD, done, total);
    }

    @Override
    public void note(String line) {
      err.println("homolog: " + line);
    }

    @Override
    public void close() {
      progress.close();
    }
  }
}
