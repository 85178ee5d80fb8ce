package dev.homolog.analysis.passes;

import dev.homolog.analysis.measure.Measurement;
import dev.homolog.analysis.measure.Pass;
import dev.homolog.analysis.measure.Phase;
import dev.homolog.analysis.measure.Setting;
import dev.homolog.analysis.plan.Plan;
import dev.homolog.analysis.plan.Planner;
import dev.homolog.analysis.plan.ReadingPlan;
import dev.homolog.analysis.state.Position;
import dev.homolog.core.model.Site;
import dev.homolog.core.stream.ActivationSink;
import dev.homolog.core.stream.ActivationStream;
import dev.homolog.core.stream.Pilot;
import dev.homolog.core.stream.Preparation;
import dev.homolog.core.stream.Rows;
import dev.homolog.core.tokens.TokenTable;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;

/** The passes of a study over its text, from the first, or from where an earlier run stopped. */
public final class Passes {
  private final Setting setting;
  private final List<Measurement> measurements;
  private final Planner planner;
  private final Optional<Checkpoints> checkpoints;
  private final Optional<Position> start;

  /**
   * @param measurements in the order in which they are asked
   * @param checkpoints where the state is saved and taken back, if it is
   */
  public Passes(
      Setting setting,
      List<Measurement> measurements,
      Planner planner,
      Optional<Checkpoints> checkpoints) {
    this.setting = setting;
    this.measurements = measurements;
    this.planner = planner;
    this.checkpoints = checkpoints;
    this.start = checkpoints.flatMap(Checkpoints::start);
  }

  /** Positions, of all passes together, that an earlier run had read; empty where it began. */
  public OptionalLong resumedFrom() {
    return start
        .map(at -> OptionalLong.of(at.pass() * setting.text().table().tokens() + at.seen()))
        .orElse(OptionalLong.empty());
  }

  /**
   * Makes the passes, and then lets the measurements take their closer look.
   *
   * @param preparation of the activations, for sinks that want it
   * @param pilotRows that means and scales are taken from
   * @param reading what memory reading the text took before
   * @param planned hears the plan before the text is read
   */
  public Plan read(
      Preparation preparation, Rows pilotRows, ReadingPlan reading, Consumer<Plan> planned) {
    Plan bare = plan().after(reading);
    try (Arena arena = Arena.ofShared()) {
      ActivationStream stream =
          ActivationStream.open(setting.kernels(), arena, setting.models(), setting.text());
      Plan plan;
      try (Arena stays = Arena.ofShared()) {
        // Only pilot and passes read it, so that it is gone in the close look.
        stream.place(Site.MLP_PRE, stays);
        Standard standard =
            start
                .map(at -> goOn(stream, bare, at))
                .orElseGet(() ->
                    Standard.measured(setting, planner, stream, bare, pilotRows, preactivations()));
        plan = standard.plan();
        planned.accept(plan);
        readAll(stream, standard, preparation, stays);
        measurements.forEach(Measurement::conclude);
        stream.release(Site.MLP_PRE);
      }
      if (measurements.stream().anyMatch(Measurement::looksCloser)) {
        new CloserLook(setting, measurements, checkpoints.map(Checkpoints::closeUp)).take(stream);
      }
      return plan;
    }
  }

  /** The plan without its time; that of an earlier run where this one goes on from it. */
  private Plan plan() {
    Plan plan = start.map(at -> planner.plan(at.rowsAPass())).orElseGet(planner::plan);
    return checkpoints
        .map(folder -> plan.withDisk(folder.requireRoom(planner.stateBytes(plan))))
        .orElse(plan);
  }

  private Standard goOn(ActivationStream stream, Plan bare, Position at) {
    ActivationStream.Pilots pilots = checkpoints.orElseThrow().pilots(stream, preactivations());
    return new Standard(pilots, bare.withSeconds(at.seconds()));
  }

  private boolean preactivations() {
    return measurements.stream().anyMatch(m -> m.pilotSites().contains(Site.MLP_PRE));
  }

  private void readAll(
      ActivationStream stream, Standard standard, Preparation preparation, Arena stays) {
    Plan plan = standard.plan();
    Pilot prepared = standard.pilots().post().as(preparation);
    int neurons = setting.reference().neurons();
    int first = start.map(Position::pass).orElse(0);
    if (first == plan.passes()) {
      Pass after =
          new Pass(first, first, neurons, neurons, stream, standard.pilots(), stays, stays);
      checkpoints.orElseThrow().restore(after);
      checkpoints.orElseThrow().close();
    }
    for (int number = first; number < plan.passes(); number++) {
      int from = number * plan.rowsAPass();
      int to = Math.min(neurons, from + plan.rowsAPass());
      Pass next;
      try (Arena ofPass = Arena.ofShared()) {
        Pass pass =
            new Pass(number, plan.passes(), from, to, stream, standard.pilots(), ofPass, stays);
        if (start.isPresent() && number == first) {
          checkpoints.orElseThrow().restore(pass);
        }
        read(pass, plan, prepared);
        next = pass.next();
      }
      checkpoints.ifPresent(folder -> offer(folder, plan, next));
    }
  }

  /** What comes after the passes saves its own state alone, so that theirs must be there. */
  private void offer(Checkpoints folder, Plan plan, Pass next) {
    boolean more = measurements.stream().anyMatch(m -> m.looksCloser() || m.keepsJournal());
    if (next.after() && more) {
      folder.save(plan, next);
    } else {
      folder.offer(plan, next, 0, List.of());
    }
  }

  private void read(Pass pass, Plan plan, Pilot prepared) {
    // Gigabytes: where they are the arena's own, their first touch takes time here.
    List<ActivationSink> sinks =
        setting
            .phases()
            .time(
                Phase.SUMS,
                () -> measurements.stream().flatMap(m -> m.sinks(pass).stream()).toList());
    long seen = checkpoints.map(folder -> folder.restore(pass, sinks)).orElse(0L);
    checkpoints.ifPresent(Checkpoints::close);
    TokenTable table = setting.text().table();
    ActivationStream.Reading reading =
        new ActivationStream.Reading(
            Phase.ACTIVATIONS.toString(),
            Rows.all(table.rows()),
            seen,
            setting.progress(),
            done -> {
              measurements.forEach(measurement -> measurement.batch(pass, done));
              checkpoints.ifPresent(folder -> folder.offer(plan, pass, done, sinks));
            });
    setting
        .phases()
        .run(
            Phase.ACTIVATIONS,
            table.tokens() - seen,
            () -> {
              Runnable batches = () -> pass.stream().run(reading, prepared, sinks);
              checkpoints.ifPresentOrElse(folder -> folder.during(batches), batches);
            });
    measurements.forEach(measurement -> measurement.reduce(pass));
  }
}
