package dev.homolog.analysis.passes;

import dev.homolog.analysis.state.CheckpointFolder;
import dev.homolog.analysis.state.Identity;
import dev.homolog.analysis.state.Position;
import dev.homolog.analysis.state.StateReader;
import dev.homolog.analysis.state.StateWriter;
import dev.homolog.core.InputException;
import dev.homolog.core.kernels.Kernels;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Saves the state of work that comes after the passes, or that needs none, in a part of the run's
 * state. What the passes have left is not written again with it. Used by one thread.
 */
public final class Stage implements AutoCloseable {
  private final Saving saving;
  private final StopRequest stop;
  private final Identity identity;
  private final Kernels kernels;
  private final CheckpointFolder folder;
  private final Optional<CheckpointFolder.Saved> saved;
  private long lastEnd = System.nanoTime();
  private long lastTook;

  /**
   * Finds the state that an earlier run has saved.
   *
   * @param stop is looked for whenever the state is offered
   * @param identity what must be the same for the run to go on
   * @param part of the run's state, by its name in {@link CheckpointFolder}
   * @throws InputException there is one of another run, or a damaged one
   */
  public Stage(Saving saving, StopRequest stop, Identity identity, Kernels kernels, String part) {
    this.saving = saving;
    this.stop = stop;
    this.identity = identity;
    this.kernels = kernels;
    this.folder = new CheckpointFolder(saving.folder()).part(part);
    this.saved = folder.last(identity);
  }

  /** How far the earlier run had come, in the unit of {@link #offer}; 0 where there was none. */
  long done() {
    return saved.map(at -> at.position().seen()).orElse(0L);
  }

  /** What it had put; empty where there was none. */
  Optional<StateReader> numbers() {
    return saved.map(CheckpointFolder.Saved::numbers);
  }

  /** What is wrong with how far it had come. */
  InputException refusedPosition() {
    return refused("position", "is none of this run's");
  }

  /** What is wrong with a number that was put. */
  InputException refused(String name, String problem) {
    return new InputException(folder.path(), name, problem, "remove this folder and begin anew");
  }

  /** Does work on the way of which the state is offered. */
  public void during(Runnable work) {
    stop.during(work);
  }

  /**
   * Saves the state, if that is due or a stop was asked for.
   *
   * @param done how far the work has come
   * @throws dev.homolog.core.HomologException a stop was asked for
   */
  void offer(long done, Consumer<StateWriter> content) {
    boolean last = stop.wanted();
    Duration sinceLast = Duration.ofNanos(System.nanoTime() - lastEnd);
    if (last || saving.due(sinceLast, Duration.ofNanos(lastTook))) {
      save(done, content);
    }
    if (last) {
      stop.stop(true);
    }
  }

  /** Saves the state. */
  void save(long done, Consumer<StateWriter> content) {
    long start = System.nanoTime();
    folder.write(kernels, identity, new Position(1, 1, 0, done, 0), content);
    lastEnd = System.nanoTime();
    lastTook = lastEnd - start;
  }

  /** Lets go of what was saved, once it is taken back. */
  @Override
  public void close() {
    saved.ifPresent(CheckpointFolder.Saved::close);
  }
}
