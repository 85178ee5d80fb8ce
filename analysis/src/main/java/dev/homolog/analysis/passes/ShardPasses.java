package dev.homolog.analysis.passes;

import dev.homolog.analysis.measure.Measurement;
import dev.homolog.analysis.measure.Pass;
import dev.homolog.analysis.measure.Phase;
import dev.homolog.analysis.measure.Setting;
import dev.homolog.analysis.plan.Plan;
import dev.homolog.analysis.plan.Planner;
import dev.homolog.analysis.plan.ReadingPlan;
import dev.homolog.analysis.shard.Shard;
import dev.homolog.analysis.state.CheckpointFolder;
import dev.homolog.analysis.state.Identity;
import dev.homolog.analysis.state.PieceFolder;
import dev.homolog.core.Brief;
import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import dev.homolog.core.model.Site;
import dev.homolog.core.stream.ActivationSink;
import dev.homolog.core.stream.ActivationStream;
import dev.homolog.core.stream.Pilot;
import dev.homolog.core.stream.Preparation;
import dev.homolog.core.stream.ProgressListener;
import dev.homolog.core.stream.Rows;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The passes of a study over one shard of its text. The sums of each piece go to a folder, and
 * nothing is made of them. Pieces that are there already are left out.
 */
public final class ShardPasses {
  private static final String REMEDY = "choose another --out";

  private final Setting setting;
  private final List<Measurement> measurements;
  private final Planner planner;
  private final Shard shard;
  private final List<Shard.Piece> pieces;
  private final PieceFolder folder;
  private final StopRequest stop;

  /**
   * @param where the sums go
   * @param stop is looked for after each batch
   * @throws InputException if the text has fewer batches than there are shards, or the folder holds
   *     the state of a run that is no shard
   */
  public ShardPasses(
      Setting setting,
      List<Measurement> measurements,
      Planner planner,
      Shard shard,
      Path where,
      StopRequest stop) {
    this.setting = setting;
    this.measurements = measurements;
    this.planner = planner;
    this.shard = shard;
    this.pieces = shard.pieces(setting.text(), Pieces.shares(measurements));
    this.folder = new PieceFolder(where, REMEDY);
    this.stop = stop;
    if (!new CheckpointFolder(where).isEmpty()) {
      throw new InputException(
          where,
          "",
          "holds the state of a run that is no shard",
          "leave --shard out, or " + REMEDY);
    }
  }

  /**
   * What was read.
   *
   * @param plan of a pass over the shard
   * @param tokens positions of the shard
   * @param found pieces that an earlier run had saved
   * @param read pieces that this one has
   */
  public record Done(Plan plan, long tokens, int found, int read) {
    @Override
    public String toString() {
      return Brief.of("Done")
          .with("plan", plan)
          .with("tokens", tokens)
          .with("found", found)
          .with("read", read)
          .toString();
    }
  }

  /**
   * Makes the passes.
   *
   * @param identity of the study, without its shards
   * @param preparation of the activations, for sinks that want it
   * @param pilotRows that means and scales are taken from, the same for all shards
   * @param reading what memory reading the text took before
   * @param planned hears the plan before the text is read
   * @throws InputException if a saved piece is of another run
   */
  public Done read(
      Identity identity,
      Preparation preparation,
      Rows pilotRows,
      ReadingPlan reading,
      Consumer<Plan> planned) {
    Plan plan = plan().after(reading);
    List<PieceFolder.Place> left = new ArrayList<>();
    Optional<PieceFolder.Place> found = Optional.empty();
    Identity own = Pieces.identity(identity, plan.rowsAPass(), shard);
    folder.requireAllOf(own);
    for (PieceFolder.Place place : Pieces.places(pieces, plan.passes(), plan.rowsAPass())) {
      if (folder.has(place)) {
        found = Optional.of(place);
      } else {
        left.add(place);
      }
    }
    long bytes = planner.stateBytes(plan);
    DiskRoom.require(
        InputOption.SHARD,
        folder.path(),
        left.size() * bytes,
        "the sums of the shard take up to",
        "make room, or " + REMEDY);
    Plan whole = plan.withDisk((long) pieces.size() * plan.passes() * bytes);
    int all = pieces.size() * plan.passes();
    if (left.isEmpty()) {
      planned.accept(whole);
      return new Done(whole, tokens(), all, 0);
    }
    try (Arena arena = Arena.ofShared()) {
      ActivationStream stream =
          ActivationStream.open(setting.kernels(), arena, setting.models(), setting.text());
      Optional<PieceFolder.Place> one = found;
      Standard standard =
          one.map(place -> saved(stream, whole, place))
              .orElseGet(
                  () -> Standard.measured(setting, planner, stream, whole, pilotRows, pre()));
      Plan timed = standard.plan().withSeconds(standard.plan().seconds() * share());
      planned.accept(timed);
      Pilot prepared = standard.pilots().post().as(preparation);
      stop.during(() -> {
        int saved = all - left.size();
        for (PieceFolder.Place place : left) {
          read(stream, standard.pilots(), prepared, place, plan.passes(), own, saved++ > 0);
        }
      });
      return new Done(timed, tokens(), all - left.size(), left.size());
    }
  }

  /** That of the run that has begun the shard, where one has. */
  private Plan plan() {
    int neurons = setting.reference().neurons();
    return folder.rowsAPass().isPresent() && folder.rowsAPass().getAsInt() <= neurons
        ? planner.plan(folder.rowsAPass().getAsInt())
        : planner.plan();
  }

  private Standard saved(ActivationStream stream, Plan plan, PieceFolder.Place place) {
    try (PieceFolder.Piece piece = folder.open(place)) {
      return new Standard(SavedSums.pilots(piece.numbers(), stream, pre()), plan);
    }
  }

  private boolean pre() {
    return measurements.stream().anyMatch(m -> m.pilotSites().contains(Site.MLP_PRE));
  }

  private long begin() {
    return pieces.getFirst().from();
  }

  private long tokens() {
    return pieces.getLast().to() - begin();
  }

  private double share() {
    return (double) tokens() / setting.text().table().tokens();
  }

  /** Reads one piece and saves its sums. Memory that else stays from pass to pass is its own. */
  private void read(
      ActivationStream stream,
      ActivationStream.Pilots pilots,
      Pilot prepared,
      PieceFolder.Place place,
      int passes,
      Identity identity,
      boolean anySaved) {
    int from = place.pass() * place.rowsAPass();
    int to = Math.min(setting.reference().neurons(), from + place.rowsAPass());
    try (Arena ofPiece = Arena.ofShared()) {
      Pass pass = new Pass(place.pass(), passes, from, to, stream, pilots, ofPiece, ofPiece);
      List<ActivationSink> sinks =
          setting
              .phases()
              .time(
                  Phase.SUMS,
                  () -> measurements.stream().flatMap(m -> m.sinks(pass).stream()).toList());
      ProgressListener all = setting.progress();
      ActivationStream.Reading reading =
          new ActivationStream.Reading(
              Phase.ACTIVATIONS.toString(),
              Rows.all(setting.text().table().rows()),
              place.from(),
              place.to(),
              (phase, done, _) -> all.progress(phase, done - begin(), tokens()),
              _ -> stopIfWanted(anySaved));
      setting
          .phases()
          .run(
              Phase.ACTIVATIONS,
              place.to() - place.from(),
              () -> stream.run(reading, prepared, sinks));
      folder.write(
          setting.kernels(), identity, place, state -> SavedSums.put(state, pilots, sinks));
    }
    stopIfWanted(true);
  }

  private void stopIfWanted(boolean anySaved) {
    if (stop.wanted()) {
      stop.stop(anySaved);
    }
  }
}
