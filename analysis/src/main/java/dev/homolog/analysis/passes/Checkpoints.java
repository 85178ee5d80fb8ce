package dev.homolog.analysis.passes;

import dev.homolog.analysis.measure.Measurement;
import dev.homolog.analysis.measure.Pass;
import dev.homolog.analysis.measure.Phase;
import dev.homolog.analysis.measure.Setting;
import dev.homolog.analysis.plan.Plan;
import dev.homolog.analysis.state.CheckpointFolder;
import dev.homolog.analysis.state.Identity;
import dev.homolog.analysis.state.Position;
import dev.homolog.analysis.state.StateReader;
import dev.homolog.analysis.state.StateWriter;
import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import dev.homolog.core.stream.ActivationSink;
import dev.homolog.core.stream.ActivationStream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Saves the state of a study between batches, and takes it back where an earlier run of the same
 * study has stopped. Sums go on as they would have without a stop, to the last bit. Used by one
 * thread.
 */
public final class Checkpoints implements AutoCloseable {
  private static final String MEASUREMENT = "measurement";

  /** What a disk is thought to take before the first state is written. */
  private static final double DISK_BYTES_A_SECOND = 500e6;

  private final Saving saving;
  private final StopRequest stop;
  private final CheckpointFolder folder;
  private final Identity identity;
  private final Setting setting;
  private final List<Measurement> measurements;
  private final Optional<CheckpointFolder.Saved> saved;
  private long lastEnd = System.nanoTime();
  private long lastTook;

  private Checkpoints(
      Saving saving,
      StopRequest stop,
      Identity identity,
      Setting setting,
      List<Measurement> measurements) {
    this.saving = saving;
    this.stop = stop;
    this.folder = new CheckpointFolder(saving.folder());
    this.identity = identity;
    this.setting = setting;
    this.measurements = measurements;
    this.saved = folder.last(identity);
  }

  /**
   * Finds the state that an earlier run has saved.
   *
   * @param stop is looked for after each batch
   * @param identity what must be the same for the run to go on
   * @throws InputException there is one of another run, or a damaged one
   */
  public static Checkpoints open(
      Saving saving,
      StopRequest stop,
      Identity identity,
      Setting setting,
      List<Measurement> measurements) {
    saving.requireNoOther(identity);
    Checkpoints checkpoints = new Checkpoints(saving, stop, identity, setting, measurements);
    try {
      checkpoints.start().ifPresent(checkpoints::requireKnown);
      return checkpoints;
    } catch (InputException e) {
      checkpoints.close();
      throw e;
    }
  }

  /** A position that no plan and no text has would fail late. */
  private void requireKnown(Position at) {
    int neurons = setting.reference().neurons();
    boolean passes =
        at.rowsAPass() > 0
            && at.rowsAPass() <= neurons
            && at.passes() == Math.ceilDiv(neurons, at.rowsAPass());
    boolean pass =
        at.pass() >= 0 && at.pass() <= at.passes() && (!at.passesDone() || at.seen() == 0);
    if (!passes || !pass || !ActivationStream.isBetweenBatches(setting.text(), at.seen())) {
      throw new InputException(
          folder.path(), "position", "is none of this run's", "remove this folder and begin anew");
    }
  }

  /**
   * Finds whether the disk has room.
   *
   * @param bytes the most that one state takes
   * @return the most that all take
   * @throws InputException it has not
   */
  public long requireRoom(long bytes) {
    long needed = saved.isPresent() ? bytes : 2 * bytes; // of two there is one already
    DiskRoom.require(
        InputOption.CHECKPOINT_EVERY,
        saving.folder(),
        needed,
        "the state of the run takes up to",
        "make room, choose another --out, or give 0 to save none");
    lastTook = (long) (bytes / DISK_BYTES_A_SECOND * 1e9);
    return 2 * bytes;
  }

  /** Reads text, after each batch of which the state may be saved. */
  void during(Runnable reading) {
    stop.during(reading);
  }

  /** Where the run goes on; empty where it begins. */
  public Optional<Position> start() {
    return saved.map(CheckpointFolder.Saved::position);
  }

  private StateReader numbers() {
    return saved.orElseThrow().numbers();
  }

  /** The means and scales by which the run that goes on has standardised. */
  public ActivationStream.Pilots pilots(ActivationStream stream, boolean preactivations) {
    return SavedSums.pilots(numbers(), stream, preactivations);
  }

  /** Gives all measurements back what they had of earlier passes. */
  public void restore(Pass next) {
    for (int i = 0; i < measurements.size(); i++) {
      measurements.get(i).restore(numbers().in(MEASUREMENT + i), next);
    }
  }

  /**
   * Gives the sinks of the pass that goes on back what they had summed.
   *
   * @return positions that they have seen
   */
  public long restore(Pass pass, List<ActivationSink> sinks) {
    long seen = start().filter(at -> at.pass() == pass.number()).map(Position::seen).orElse(0L);
    if (seen > 0) {
      SavedSums.merge(numbers(), sinks);
    }
    return seen;
  }

  /**
   * Saves the state, if that is due or a stop was asked for.
   *
   * @param pass the pass under way, or the one that comes
   * @param seen positions that the sinks have seen
   * @param sinks of the pass under way
   * @throws dev.homolog.core.HomologException a stop was asked for
   */
  public void offer(Plan plan, Pass pass, long seen, List<ActivationSink> sinks) {
    long start = System.nanoTime();
    boolean last = stop.wanted();
    if (last || saving.due(Duration.ofNanos(start - lastEnd), Duration.ofNanos(lastTook))) {
      write(plan, pass, seen, sinks);
    }
    if (last) {
      stop.stop(true);
    }
  }

  /**
   * Saves the state after the last pass.
   *
   * @throws dev.homolog.core.HomologException a stop was asked for
   */
  void save(Plan plan, Pass after) {
    write(plan, after, 0, List.of());
    if (stop.wanted()) {
      stop.stop(true);
    }
  }

  private void write(Plan plan, Pass pass, long seen, List<ActivationSink> sinks) {
    long start = System.nanoTime();
    Position position =
        new Position(plan.passes(), plan.rowsAPass(), pass.number(), seen, plan.seconds());
    setting
        .phases()
        .time(
            Phase.CHECKPOINTS,
            () ->
                folder.write(
                    setting.kernels(), identity, position, state -> put(state, pass, sinks)));
    lastEnd = System.nanoTime();
    lastTook = lastEnd - start;
  }

  /** Where the reading of the closer look saves its state. */
  Stage closeUp() {
    return new Stage(saving, stop, identity, setting.kernels(), CheckpointFolder.CLOSE_UP);
  }

  /** Where what needs no stream keeps what it has found. */
  public SavedJournal journal() {
    return new SavedJournal(saving, stop, identity, setting.kernels());
  }

  private void put(StateWriter state, Pass pass, List<ActivationSink> sinks) {
    SavedSums.put(state, pass.pilots(), sinks);
    for (int i = 0; i < measurements.size(); i++) {
      measurements.get(i).save(state.in(MEASUREMENT + i), pass);
    }
  }

  /** Lets go of what was saved, once it is taken back: until then its file stays on the disk. */
  @Override
  public void close() {
    saved.ifPresent(CheckpointFolder.Saved::close);
  }
}
