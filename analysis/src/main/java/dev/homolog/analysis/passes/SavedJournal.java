package dev.homolog.analysis.passes;

import dev.homolog.analysis.state.CheckpointFolder;
import dev.homolog.analysis.state.Identity;
import dev.homolog.analysis.state.Journal;
import dev.homolog.analysis.state.StateReader;
import dev.homolog.core.InputException;
import dev.homolog.core.kernels.Kernels;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** A journal in the folder of a run's state. Used by one thread. */
public final class SavedJournal implements Journal {
  private static final String STEP = "step";

  private final Stage stage;
  private final Map<String, double[]> steps = new TreeMap<>();

  /**
   * With what an earlier run has put.
   *
   * @param stop is looked for whenever something is put
   * @param identity what must be the same for the run to go on
   * @throws InputException there is a journal of another run, or a damaged one
   */
  SavedJournal(Saving saving, StopRequest stop, Identity identity, Kernels kernels) {
    this.stage = new Stage(saving, stop, identity, kernels, CheckpointFolder.JOURNAL);
    try {
      stage.numbers().ifPresent(numbers -> read(numbers.in(STEP)));
    } finally {
      stage.close();
    }
  }

  /**
   * As above, of a run that saves nothing but its journal.
   *
   * @throws InputException the folder holds the state of another run, or a damaged journal
   */
  public static SavedJournal open(
      Saving saving, StopRequest stop, Identity identity, Kernels kernels) {
    saving.requireNoOther(identity);
    return new SavedJournal(saving, stop, identity, kernels);
  }

  private void read(StateReader numbers) {
    numbers
        .tensors()
        .forEach((step, tensor) -> {
          double[] list = new double[Math.toIntExact(tensor.cols())];
          numbers.read(step, list);
          steps.put(step, list);
        });
  }

  /** Does work that puts what it finds; a stop waits for it. */
  public void during(Runnable work) {
    stage.during(work);
  }

  @Override
  public Optional<double[]> find(String step) {
    return Optional.ofNullable(steps.get(step)).map(double[]::clone);
  }

  @Override
  public void put(String step, double[] numbers) {
    steps.put(step, numbers.clone());
    stage.offer(0, state -> steps.forEach((name, list) -> state.in(STEP).put(name, list)));
  }

  @Override
  public InputException refused(String step, String problem) {
    return stage.refused(STEP + "." + step, problem);
  }
}
