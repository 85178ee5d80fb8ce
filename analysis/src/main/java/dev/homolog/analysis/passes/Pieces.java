package dev.homolog.analysis.passes;

import dev.homolog.analysis.measure.Measurement;
import dev.homolog.analysis.shard.Shard;
import dev.homolog.analysis.state.Identity;
import dev.homolog.analysis.state.PieceFolder;
import java.util.ArrayList;
import java.util.List;

/** What shards and their merger must agree on: which pieces there are, and what they are named. */
final class Pieces {
  private Pieces() {}

  /** Shares of the text after which sums are looked at, so that pieces end there. */
  static List<Double> shares(List<Measurement> measurements) {
    return measurements.stream().flatMap(m -> m.heardAt().stream()).distinct().toList();
  }

  /** The pieces of all passes, in their order. */
  static List<PieceFolder.Place> places(List<Shard.Piece> pieces, int passes, int rowsAPass) {
    List<PieceFolder.Place> places = new ArrayList<>();
    for (int pass = 0; pass < passes; pass++) {
      for (Shard.Piece piece : pieces) {
        places.add(new PieceFolder.Place(pass, rowsAPass, piece.from(), piece.to()));
      }
    }
    return places;
  }

  /** What the pieces of a shard say that they are of. */
  static Identity identity(Identity study, int rowsAPass, Shard shard) {
    return Identity.of(study.facts()).put("neurons a pass", rowsAPass).put("--shard", shard);
  }
}
