package dev.homolog.analysis.passes;

import dev.homolog.analysis.measure.Phase;
import dev.homolog.analysis.measure.Setting;
import dev.homolog.analysis.plan.Calibration;
import dev.homolog.analysis.plan.Plan;
import dev.homolog.analysis.plan.Planner;
import dev.homolog.core.stream.ActivationStream;
import dev.homolog.core.stream.Rows;

/** What activations are standardised by, and the plan with its time. */
record Standard(ActivationStream.Pilots pilots, Plan plan) {

  /** Reads some rows for both. */
  static Standard measured(
      Setting setting,
      Planner planner,
      ActivationStream stream,
      Plan bare,
      Rows rows,
      boolean preactivations) {
    Calibration.Listener clock = new Calibration.Listener(setting.progress());
    long tokens = (long) rows.count() * setting.text().table().context();
    ActivationStream.Pilots pilots =
        setting
            .phases()
            .time(Phase.PILOT, tokens, () -> stream.pilots(rows, preactivations, clock));
    Plan plan =
        setting
            .phases()
            .time(
                Phase.CALIBRATION,
                () -> bare.withSeconds(planner.seconds(bare, clock.finish(setting.kernels()))));
    return new Standard(pilots, plan);
  }
}
