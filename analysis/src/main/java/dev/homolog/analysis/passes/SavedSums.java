package dev.homolog.analysis.passes;

import dev.homolog.analysis.state.StateReader;
import dev.homolog.analysis.state.StateWriter;
import dev.homolog.core.stream.ActivationSink;
import dev.homolog.core.stream.ActivationStream;
import java.util.List;

/** Sums of a pass, and what their activations were standardised by, as they are saved. */
final class SavedSums {
  private static final String SINK = "sink";
  private static final String PILOTS = "pilots";

  private SavedSums() {}

  static void put(StateWriter state, ActivationStream.Pilots pilots, List<ActivationSink> sinks) {
    state.in(PILOTS).put(pilots.state());
    for (int i = 0; i < sinks.size(); i++) {
      state.in(SINK + i).put(sinks.get(i).state());
    }
  }

  /** Adds saved sums to those of sinks of the same pass. */
  static void merge(StateReader saved, List<ActivationSink> sinks) {
    for (int i = 0; i < sinks.size(); i++) {
      ActivationSink sink = sinks.get(i);
      sink.merge(saved.in(SINK + i).tensors(sink.state()));
    }
  }

  /** The means and scales by which the run that saved them has standardised. */
  static ActivationStream.Pilots pilots(
      StateReader saved, ActivationStream stream, boolean preactivations) {
    try {
      return stream.pilots(pilots(saved).tensors(), preactivations);
    } catch (IllegalArgumentException e) {
      throw saved.refused(PILOTS, e.getMessage());
    }
  }

  /** The numbers of {@link #pilots}. */
  static StateReader pilots(StateReader saved) {
    return saved.in(PILOTS);
  }
}
