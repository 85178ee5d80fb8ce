package dev.homolog.analysis.passes;

import dev.homolog.analysis.state.CheckpointFolder;
import dev.homolog.analysis.state.Identity;
import dev.homolog.analysis.state.Journal;
import dev.homolog.core.kernels.Kernels;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Whether and where a run of one model saves its state, and who asks it to stop. */
public final class KeptRun {
  private final StopRequest stop = new StopRequest();
  private Optional<Saving> saving = Optional.empty();

  /** Of a run that saves nothing yet. */
  public KeptRun() {}

  /** Saves the state there; the run goes on from one that is there already. */
  public void savingTo(Saving where) {
    saving = Optional.of(where);
  }

  /** Asks the run to save its state and end; whether it has. Any thread. */
  public boolean stop(Duration patience) {
    return saving.isPresent() && stop.save(patience);
  }

  /** Whether there is a state to go on from. */
  public boolean hasState() {
    return saving.isPresent() && !new CheckpointFolder(saving.get().folder()).isEmpty();
  }

  /**
   * Does work that keeps what it finds, with what a run that stopped has found.
   *
   * @param identity what must be the same for the run to go on
   * @throws dev.homolog.core.InputException the folder holds the state of another run
   */
  public void during(Kernels kernels, Supplier<Identity> identity, Consumer<Journal> work) {
    if (saving.isEmpty()) {
      work.accept(Journal.NONE);
    } else {
      Identity own = identity.get();
      SavedJournal journal = SavedJournal.open(saving.get(), stop, own, kernels);
      journal.during(() -> work.accept(journal));
    }
  }
}
