package dev.homolog.analysis.shard;

import dev.homolog.core.Brief;
import dev.homolog.core.InputException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/**
 * All shards of one study.
 *
 * @param shards in the order of the text
 */
public record ShardSet(List<ShardFile> shards) {
  private static final String ONE_STUDY = "name the shards of one study";

  /** The most numbers of missing shards that a line names. */
  private static final int NAMED = 8;

  /**
   * Finds that they are all shards of one study, each once.
   *
   * @throws InputException one is given twice, is missing, or is of another study
   */
  public ShardSet {
    shards = shards.stream().sorted(Comparator.comparingInt(s -> s.shard().number())).toList();
    if (shards.isEmpty()) {
      throw new IllegalArgumentException("no shards");
    }
    ShardFile first = shards.getFirst();
    for (int i = 1; i < shards.size(); i++) {
      ShardFile shard = shards.get(i);
      requireSameStudy(first, shard);
      if (shard.shard().number() == shards.get(i - 1).shard().number()) {
        throw new InputException(
            shard.folder(),
            "",
            "is shard " + shard.shard() + ", and so is " + shards.get(i - 1).folder(),
            "leave one of the two out");
      }
    }
    List<Integer> missing = missing(shards, first.shard().of());
    if (!missing.isEmpty()) {
      throw new InputException(
          first.folder(),
          "",
          (missing.size() == 1 ? "shard " : "shards ")
              + missing.stream().limit(NAMED).map(n -> n + "").collect(Collectors.joining(", "))
              + (missing.size() > NAMED ? " and more" : "")
              + " of "
              + first.shard().of()
              + (missing.size() == 1 ? " is" : " are")
              + " missing beside it",
          "name the folders of all shards");
    }
  }

  private static void requireSameStudy(ShardFile first, ShardFile shard) {
    if (shard.shard().of() != first.shard().of()) {
      throw other(
          shard,
          "is shard " + shard.shard() + ", and " + first.folder() + " is shard " + first.shard());
    }
    shard
        .identity()
        .difference(first.identity())
        .ifPresent(difference -> {
          throw other(shard, "is of another study than " + first.folder() + ": " + difference);
        });
    if (shard.rowsAPass() != first.rowsAPass()) {
      throw new InputException(
          shard.folder(),
          "",
          "has "
              + shard.rowsAPass()
              + " neurons a pass, and "
              + first.folder()
              + " has "
              + first.rowsAPass(),
          "read it anew with the same --memory");
    }
  }

  private static InputException other(ShardFile shard, String problem) {
    return new InputException(shard.folder(), "", problem, ONE_STUDY);
  }

  private static List<Integer> missing(List<ShardFile> shards, int of) {
    List<Integer> there = shards.stream().map(shard -> shard.shard().number()).toList();
    List<Integer> missing = new ArrayList<>();
    for (int number = 1; number <= of; number++) {
      if (!there.contains(number)) {
        missing.add(number);
      }
    }
    return missing;
  }

  /**
   * Reads the folders of all shards, in any order.
   *
   * @throws InputException one holds no finished shard, or they are not all shards of one study
   */
  public static ShardSet read(List<Path> folders) {
    return new ShardSet(folders.stream().map(ShardFile::read).toList());
  }

  /** The options of the study. */
  public SavedStudy study() {
    return shards.getFirst().study();
  }

  /** Neurons of the reference a pass. */
  public int rowsAPass() {
    return shards.getFirst().rowsAPass();
  }

  @Override
  public String toString() {
    return Brief.of("ShardSet").with("shards", shards).toString();
  }
}
