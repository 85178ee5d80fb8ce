package dev.homolog.analysis.passes;

import dev.homolog.analysis.measure.Measurement;
import dev.homolog.analysis.measure.Pass;
import dev.homolog.analysis.measure.Phase;
import dev.homolog.analysis.measure.Setting;
import dev.homolog.analysis.plan.Plan;
import dev.homolog.analysis.plan.Planner;
import dev.homolog.analysis.plan.ReadingPlan;
import dev.homolog.analysis.shard.Shard;
import dev.homolog.analysis.shard.ShardFile;
import dev.homolog.analysis.shard.ShardSet;
import dev.homolog.analysis.state.Identity;
import dev.homolog.analysis.state.PieceFolder;
import dev.homolog.core.InputException;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.Site;
import dev.homolog.core.stream.ActivationSink;
import dev.homolog.core.stream.ActivationStream;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** The passes of a study whose text was read in shards: their sums are added up, piece by piece. */
public final class MergedPasses {
  private static final String REMEDY =
      "restore models and text, name backend and precision of the shards, or read all anew";

  private final Setting setting;
  private final List<Measurement> measurements;
  private final Planner planner;
  private final ShardSet shards;
  private final List<Saved> pieces = new ArrayList<>();

  /** A piece of the text, of whichever pass. */
  private record Saved(PieceFolder folder, Shard.Piece piece) {
    PieceFolder.Place place(int pass, int rowsAPass) {
      return new PieceFolder.Place(pass, rowsAPass, piece.from(), piece.to());
    }
  }

  /**
   * Finds that all pieces of all shards are there and whole; reads all of them.
   *
   * @param identity of the study as its inputs are now
   * @throws InputException a piece is missing, damaged, or of another run, or models, text or
   *     backend are not those that the shards had
   */
  public MergedPasses(
      Setting setting,
      List<Measurement> measurements,
      Planner planner,
      ShardSet shards,
      Identity identity) {
    this.setting = setting;
    this.measurements = measurements;
    this.planner = planner;
    this.shards = shards;
    int neurons = setting.reference().neurons();
    int rowsAPass = shards.rowsAPass();
    for (ShardFile shard : shards.shards()) {
      identity
          .difference(shard.identity())
          .ifPresent(difference -> {
            throw new InputException(
                shard.folder(), "", "is of another run: " + difference, REMEDY);
          });
      if (rowsAPass > neurons) {
        throw new InputException(
            shard.folder(), "", rowsAPass + " neurons a pass of " + neurons, REMEDY);
      }
    }
    int passes = Math.ceilDiv(neurons, rowsAPass);
    for (ShardFile shard : shards.shards()) {
      PieceFolder folder = shard.pieces();
      Identity own = Pieces.identity(identity, rowsAPass, shard.shard());
      List<Shard.Piece> ofShard = shard.shard().pieces(setting.text(), Pieces.shares(measurements));
      for (PieceFolder.Place place : Pieces.places(ofShard, passes, rowsAPass)) {
        folder.require(place, own);
      }
      ofShard.forEach(piece -> pieces.add(new Saved(folder, piece)));
    }
    requireEqualPilots(passes, rowsAPass);
  }

  /** Sums about other means and scales do not add up. */
  private void requireEqualPilots(int passes, int rowsAPass) {
    Saved first = pieces.getFirst();
    try (PieceFolder.Piece one = first.folder.open(first.place(0, rowsAPass))) {
      Map<String, Tensor> expected = SavedSums.pilots(one.numbers()).tensors();
      for (Saved saved : pieces) {
        for (int pass = 0; pass < passes; pass++) {
          try (PieceFolder.Piece piece = saved.folder.open(saved.place(pass, rowsAPass))) {
            if (!equal(expected, SavedSums.pilots(piece.numbers()).tensors())) {
              throw piece
                  .numbers()
                  .refused("pilots", "other means and scales than in " + one.file().path());
            }
          }
        }
      }
    }
  }

  private static boolean equal(Map<String, Tensor> one, Map<String, Tensor> other) {
    return one.keySet().equals(other.keySet())
        && one.entrySet().stream()
            .allMatch(e -> e.getValue().data().mismatch(other.get(e.getKey()).data()) < 0);
  }

  /**
   * Makes the passes out of the saved sums, and then lets the measurements take their closer look.
   *
   * @param reading what memory reading the text took before
   * @param planned hears the plan before
   */
  public Plan merge(ReadingPlan reading, Consumer<Plan> planned) {
    Plan plan = planner.plan(shards.rowsAPass()).after(reading);
    planned.accept(plan);
    try (Arena arena = Arena.ofShared()) {
      ActivationStream stream =
          ActivationStream.open(setting.kernels(), arena, setting.models(), setting.text());
      ActivationStream.Pilots pilots = pilots(stream);
      try (Arena stays = Arena.ofShared()) {
        for (int number = 0; number < plan.passes(); number++) {
          int from = number * plan.rowsAPass();
          int to = Math.min(setting.reference().neurons(), from + plan.rowsAPass());
          try (Arena ofPass = Arena.ofShared()) {
            merge(new Pass(number, plan.passes(), from, to, stream, pilots, ofPass, stays));
          }
        }
        measurements.forEach(Measurement::conclude);
      }
      if (measurements.stream().anyMatch(Measurement::looksCloser)) {
        new CloserLook(setting, measurements, Optional.empty()).take(stream);
      }
      return plan;
    }
  }

  private ActivationStream.Pilots pilots(ActivationStream stream) {
    boolean pre = measurements.stream().anyMatch(m -> m.pilotSites().contains(Site.MLP_PRE));
    Saved first = pieces.getFirst();
    try (PieceFolder.Piece piece = first.folder.open(first.place(0, shards.rowsAPass()))) {
      return SavedSums.pilots(piece.numbers(), stream, pre);
    }
  }

  private void merge(Pass pass) {
    setting
        .phases()
        .run(
            Phase.MERGE,
            setting.text().table().tokens(),
            () -> {
              List<ActivationSink> sinks =
                  measurements.stream().flatMap(m -> m.sinks(pass).stream()).toList();
              for (int i = 0; i < pieces.size(); i++) {
                setting.progress().progress(Phase.MERGE.toString(), i, pieces.size());
                Saved saved = pieces.get(i);
                try (PieceFolder.Piece piece =
                    saved.folder.open(saved.place(pass.number(), shards.rowsAPass()))) {
                  SavedSums.merge(piece.numbers(), sinks);
                }
                measurements.forEach(m -> m.batch(pass, saved.piece.to()));
              }
              setting.progress().progress(Phase.MERGE.toString(), pieces.size(), pieces.size());
            });
    measurements.forEach(measurement -> measurement.reduce(pass));
  }
}
