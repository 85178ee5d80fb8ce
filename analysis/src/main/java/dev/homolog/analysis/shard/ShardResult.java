package dev.homolog.analysis.shard;

import dev.homolog.analysis.run.RunFacts;
import dev.homolog.analysis.run.RunFolder;
import dev.homolog.analysis.state.Identity;
import dev.homolog.core.Brief;

/**
 * A shard that is read; its sums are in its folder.
 *
 * @param identity of the study
 * @param facts what it ran on, and what it took
 * @param tokens positions of the shard
 * @param found pieces that an earlier run had saved, of all passes
 * @param read pieces that this run has read
 */
public record ShardResult(
    Shard shard,
    SavedStudy study,
    Identity identity,
    RunFacts facts,
    long tokens,
    int found,
    int read) {

  /** Writes {@code shard.json}, which makes the folder a finished shard. */
  public void write(RunFolder folder) {
    int rowsAPass = facts.plan().rowsAPass();
    folder.finishShard(new ShardFile(folder.path(), shard, rowsAPass, identity, study).asMap());
  }

  @Override
  public String toString() {
    return Brief.of("ShardResult")
        .with("shard", shard)
        .with("study", study)
        .with("tokens", tokens)
        .with("found", found)
        .with("read", read)
        .toString();
  }
}
