package dev.homolog.core.kernels.torch;

import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Rows of a block that fall into different buckets. On a GPU the order of sums varies. Added round
 * by round, no two rows of a call share a bucket, and each bucket has its rows in their order.
 */
final class BucketRound {
  private final Tensor bucketOf;
  private final Tensor signOf;
  private final List<Integer> members = new ArrayList<>();

  private BucketRound(Tensor bucketOf, Tensor signOf) {
    this.bucketOf = bucketOf;
    this.signOf = signOf;
  }

  /**
   * As many as the fullest bucket has rows; together they have each row once.
   *
   * @param buckets I32 [T, 1] on the host
   * @param signs I8 [T, 1] on the host
   */
  static List<BucketRound> of(Tensor buckets, Tensor signs) {
    List<BucketRound> rounds = new ArrayList<>();
    Map<Integer, Integer> rowsOf = new HashMap<>();
    for (int t = 0; t < buckets.rows(); t++) {
      int earlier = rowsOf.merge((int) buckets.get(t, 0), 1, Integer::sum) - 1;
      if (earlier == rounds.size()) {
        rounds.add(new BucketRound(buckets, signs));
      }
      rounds.get(earlier).members.add(t);
    }
    return rounds;
  }

  /** I32 [n, 1] on the host, ascending. */
  Tensor rows(Arena arena) {
    Tensor rows = Tensor.allocate(arena, DType.I32, members.size(), 1);
    for (int i = 0; i < members.size(); i++) {
      rows.set(i, 0, members.get(i));
    }
    return rows;
  }

  /** I32 [n, 1] on the host. */
  Tensor buckets(Arena arena) {
    return taken(arena, bucketOf, DType.I32);
  }

  /** F32 [n, 1] on the host. */
  Tensor signs(Arena arena) {
    return taken(arena, signOf, DType.F32);
  }

  private Tensor taken(Arena arena, Tensor from, DType type) {
    Tensor taken = Tensor.allocate(arena, type, members.size(), 1);
    for (int i = 0; i < members.size(); i++) {
      taken.set(i, 0, from.get(members.get(i), 0));
    }
    return taken;
  }
}
