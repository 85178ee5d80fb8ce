package dev.homolog.analysis.shard;

import com.fasterxml.jackson.databind.JsonNode;
import dev.homolog.analysis.file.JsonFile;
import dev.homolog.analysis.run.RunFolder;
import dev.homolog.analysis.state.Identity;
import dev.homolog.analysis.state.PieceFolder;
import dev.homolog.core.Brief;
import dev.homolog.core.InputException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * {@code shard.json}, which makes a folder a finished shard.
 *
 * @param folder that it lies in
 * @param rowsAPass neurons of the reference a pass
 * @param identity of the study, which all its shards have in common
 */
public record ShardFile(
    Path folder, Shard shard, int rowsAPass, Identity identity, SavedStudy study) {
  private static final int FORMAT = 1;

  /** As maps, lists, texts and numbers. */
  public Map<String, Object> asMap() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("format", FORMAT);
    json.put("shard", shard.number());
    json.put("of", shard.of());
    json.put("rows_a_pass", rowsAPass);
    json.put("study", SavedStudyJson.write(study));
    json.put("identity", identity.facts());
    return json;
  }

  /**
   * Reads that of a folder.
   *
   * @throws InputException the folder holds no finished shard, or the file is none that a shard
   *     writes
   */
  public static ShardFile read(Path folder) {
    Path file = RunFolder.shardFile(folder);
    JsonFields json = new JsonFields(file, "", JsonFile.read(file));
    if (json.number("format") != FORMAT) {
      throw json.refused("format", "is not " + FORMAT);
    }
    int number = json.number("shard");
    int of = json.number("of");
    if (of < 1 || of > Shard.MOST || number < 1 || number > of) {
      throw json.refused("shard", number + " of " + of + " is none");
    }
    int rowsAPass = json.number("rows_a_pass");
    if (rowsAPass < 1) {
      throw json.refused("rows_a_pass", "is below 1");
    }
    Map<String, String> facts = new LinkedHashMap<>();
    JsonFields identity = json.in("identity");
    for (Map.Entry<String, JsonNode> fact : identity.object().properties()) {
      facts.put(fact.getKey(), identity.text(fact.getKey()));
    }
    return new ShardFile(
        folder,
        new Shard(number, of),
        rowsAPass,
        Identity.of(facts),
        SavedStudyJson.read(json.in("study")));
  }

  /**
   * Options made of the study's.
   *
   * @throws InputException they do not go together; it names this file
   */
  public <T> T madeOf(Function<SavedStudy, T> options) {
    try {
      return options.apply(study);
    } catch (InputException e) {
      throw new InputException(
          RunFolder.shardFile(folder), "study", e.where() + ": " + e.problem(), JsonFields.REMEDY);
    }
  }

  /** Whether its study has such options; where its models lie does not count. */
  public boolean isOf(SavedStudy options) {
    return withoutModels(study).equals(withoutModels(options));
  }

  private static Map<String, Object> withoutModels(SavedStudy study) {
    Map<String, Object> json = SavedStudyJson.write(study);
    json.keySet().removeAll(List.of("reference", "other"));
    return json;
  }

  /** Its sums. */
  public PieceFolder pieces() {
    return new PieceFolder(
        RunFolder.state(folder), "remove " + folder + " and read shard " + shard + " anew");
  }

  @Override
  public String toString() {
    return Brief.of("ShardFile").with("folder", folder).with("shard", shard).toString();
  }
}
