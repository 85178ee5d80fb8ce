package dev.homolog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.homolog.analysis.run.RunFolder;
import dev.homolog.core.checkpoint.SafetensorsFile;
import dev.homolog.core.checkpoint.SafetensorsWriter;
import dev.homolog.core.checkpoint.StoredTensor;
import dev.homolog.core.memory.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models as programs beside transformers save them: what commands make of them and say of it. */
class SavedFormsTest {
  private static final String END = "<|endoftext|>";

  @TempDir private static Path folder;
  private static Path a;
  private static Path neox;
  private static Path text;

  @BeforeAll
  static void models() throws IOException {
    a = Cli.model(folder.resolve("a"), 5, 1);
    neox = Cli.neox(folder.resolve("neox"), 2);
    text = Cli.text(folder.resolve("text.txt"));
  }

  private static Path copy(Path model, String name) throws IOException {
    Path copy = Files.createDirectories(folder.resolve(name));
    for (String file : Cli.names(model)) {
      Files.copy(model.resolve(file), copy.resolve(file));
    }
    return copy;
  }

  private static void edit(Path file, UnaryOperator<String> change) throws IOException {
    Files.writeString(file, change.apply(Files.readString(file)));
  }

  /** Renames all tensors, leaves those out whose name becomes empty, and adds tensors of ones. */
  private static void rename(Path model, UnaryOperator<String> name, String... more)
      throws IOException {
    Path file = model.resolve("model.safetensors");
    Path old = Files.move(file, model.resolve("old.safetensors"));
    try (SafetensorsFile read = SafetensorsFile.open(old)) {
      SafetensorsWriter writer = new SafetensorsWriter(file);
      for (StoredTensor t : read.tensors().values()) {
        if (!name.apply(t.name()).isEmpty()) {
          writer.tensor(name.apply(t.name()), t.dtype(), t.shape(), t.data());
        }
      }
      for (String added : more) {
        writer.tensor(added, DType.I32, List.of(2L), MemorySegment.ofArray(new int[] {1, 1}));
      }
      writer.write();
    }
    Files.delete(old);
  }

  private static Cli.Outcome run(String command, Path model, String out, String... more) {
    List<String> args = new ArrayList<>(List.of(command, "--model", model + ""));
    args.addAll(List.of("--backend", "vector", "--format", "csv"));
    args.addAll(List.of("--out", folder.resolve(out) + ""));
    return Cli.run(Cli.join(args, more));
  }

  private static void assertDone(Cli.Outcome outcome) {
    assertEquals(0, outcome.code(), outcome.err()::toString);
  }

  private static JsonNode study(String out) {
    return Json.of(RunFolder.open(folder.resolve(out)), "study");
  }

  @Test
  void prefixAndTensorsBesideTheModelAreSaidOnceAndListed() throws IOException {
    Path wrapped = copy(a, "wrapped");
    String[] beside = {"v_head.summary.weight", "score.weight", "optimizer.step", "more.state"};
    rename(wrapped, name -> "_orig_mod.transformer." + name, beside);
    Cli.Outcome outcome = run("weights", wrapped, "wrapped-run");
    assertDone(outcome);
    assertEquals(
        List.of(
            "homolog: model wrapped: the prefix _orig_mod. before the names of its tensors is left"
                + " out",
            "homolog: model wrapped: passed over as no part of the model: v_head.summary.weight,"
                + " score.weight, optimizer.step and 1 more tensors"),
        outcome.err().subList(0, 2));
    assertEquals(3, outcome.err().size(), outcome.err()::toString);
    JsonNode model = study("wrapped-run").get("models").get(0);
    assertEquals("_orig_mod.", model.get("prefix").textValue());
    List<String> listed = new ArrayList<>();
    model.get("passed_over").forEach(name -> listed.add(name.textValue()));
    assertEquals(List.of(beside), listed);
    assertDone(run("weights", a, "plain-run"));
    assertFalse(study("plain-run").get("models").get(0).has("passed_over"));
    for (String table : List.of("neurons.csv", "composition.csv", "vocabulary.csv")) {
      assertEquals(
          Files.readString(folder.resolve("plain-run").resolve(table)),
          Files.readString(folder.resolve("wrapped-run").resolve(table)));
    }
  }

  /** Neither configuration nor tokenizer tells which id begins a row. */
  private static Path withoutBos(String name) throws IOException {
    Path model = copy(a, name);
    edit(
        model.resolve("config.json"),
        json ->
            json.replace("\"bos_token_id\": 0", "\"bos_token_id\": 50256")
                .replace("\"eos_token_id\": 0", "\"eos_token_id\": [5, 6, 50256]"));
    edit(model.resolve("tokenizer.json"), json -> json.replace(END, "<|end|>"));
    return model;
  }

  @Test
  void idsOutsideTheVocabularyCountAsAbsent() throws IOException {
    Path model = withoutBos("outside");
    String note =
        "homolog: model outside: outside the vocabulary, so taken as absent: bos_token_id 50256,"
            + " eos_token_id 50256 (config.json)";
    Cli.Outcome weights = run("weights", model, "outside-weights");
    assertDone(weights);
    assertEquals(note, weights.err().getFirst());
    assertEquals(
        "50256", study("outside-weights").at("/models/0/absent_ids/bos_token_id").textValue());

    Cli.Outcome text =
        run("activations", model, "outside-text", "--text", SavedFormsTest.text + "");
    assertEquals(
        List.of(
            "homolog: "
                + model.resolve("config.json")
                + ": bos_token_id: is 50256, outside the vocabulary of 4096, so no BOS is known; set"
                + " it to the id that began every row in training, or give --tokens with that id in"
                + " front of every row"),
        text.err());
    assertTrue(text.code() != 0);

    // Of 12 positions 2 are BOS, and one each is 5 and 6, which the file names as EOS.
    Path ids = folder.resolve("ids.npy");
    Cli.tokens(ids, new int[][] {{9, 1, 5, 3, 8, 7}, {9, 2, 4, 6, 8, 9}});
    Cli.Outcome tokens =
        run("activations", model, "outside-ids", "--tokens", ids + "", "--neuron", "0.1");
    assertDone(tokens);
    assertEquals(note, tokens.err().getFirst());
    assertEquals(7, study("outside-ids").at("/tokens/kept").intValue());

    Cli.tokens(ids, new int[][] {{9, 1, 5, 3, 8, 7}, {8, 2, 4, 6, 8, 9}});
    Cli.Outcome unequal = run("activations", model, "outside-two", "--tokens", ids + "");
    assertTrue(
        unequal.err().getLast().contains("row 1: begins with 8, not with BOS, which is 9"),
        unequal.err()::toString);
    Cli.tokens(ids, new int[][] {{5000, 1}});
    Cli.Outcome beyond = run("activations", model, "outside-beyond", "--tokens", ids + "");
    assertEquals(
        "homolog: "
            + ids
            + ": row 0: begins with 5000, which is not in the model's vocabulary of 4096; give ids"
            + " of this model's tokenizer",
        beyond.err().getLast());
  }

  /** What one model does not tell, another that reads the same ids may. */
  @Test
  void bosOfTheOtherModelIsThatOfBoth() throws IOException {
    Path silent = withoutBos("silent");
    Path knows = copy(a, "knows");
    edit(knows.resolve("tokenizer.json"), json -> json.replace(END, "<|end|>"));
    Cli.Outcome outcome = correlate(silent, knows, "both");
    assertDone(outcome);
    Path another = copy(knows, "another");
    edit(another.resolve("config.json"), json -> json.replace("id\": 0", "id\": 7"));
    Cli.Outcome refused =
        Cli.run(
            Cli.join(
                List.of("correlate", "--reference", silent + "", "--other", knows + ""),
                another + "",
                "--text",
                text + "",
                "--out",
                folder.resolve("three") + ""));
    assertEquals(
        "homolog: "
            + another.resolve("config.json")
            + ": bos_token_id: BOS is token 7, but it is 0 in "
            + knows
            + "; compare models that read the same tokens",
        refused.err().getLast());
  }

  private static Cli.Outcome correlate(Path reference, Path other, String out) {
    return Cli.run(
        "correlate",
        "--allow-equal",
        "--reference",
        reference + "",
        "--other",
        other + "",
        "--text",
        text + "",
        "--context",
        "16",
        "--backend",
        "vector",
        "--format",
        "csv",
        "--out",
        folder.resolve(out) + "");
  }

  /** The same model with a head of its own, and without any. */
  @Test
  void modelWithoutUnembeddingServesWhatNeedsNone() throws IOException {
    Path whole = copy(neox, "whole");
    Path bare = copy(neox, "bare");
    edit(
        bare.resolve("config.json"),
        json ->
            json.replace("\"tie_word_embeddings\": true", "\"tie_word_embeddings\": false")
                .replaceFirst("\\{", "{\"architectures\": [\"GPTNeoXModel\"],"));
    rename(bare, name -> name.substring("gpt_neox.".length()));
    assertDone(correlate(whole, whole, "whole-run"));
    Cli.Outcome outcome = correlate(bare, whole, "bare-run");
    assertDone(outcome);
    assertEquals(
        "homolog: model bare: has no unembedding, saved as GPTNeoXModel", outcome.err().getFirst());
    assertEquals(
        "has no unembedding, saved as GPTNeoXModel",
        study("bare-run").at("/models/0/head").textValue());
    assertEquals(
        Files.readString(folder.resolve("whole-run/neurons.csv")),
        Files.readString(folder.resolve("bare-run/neurons.csv")));
    assertDone(run("activations", bare, "bare-one", "--text", text + "", "--neuron", "1.3"));

    String line =
        "homolog: "
            + bare
            + ": embed_out.weight: is missing: the model was saved without a head that predicts"
            + " tokens; give the whole model, or use correlate, activations or tokenize, which need"
            + " no such head";
    String input = text + "";
    assertEquals(List.of(line), run("weights", bare, "x1").err());
    assertEquals(List.of(line), run("roles", bare, "x2", "--text", input).err());
    assertEquals(
        List.of(line),
        run("intervene", bare, "x3", "--text", input, "--neuron", "0.1", "--mode", "zero").err());
    List<String> study =
        List.of("study", "--reference", bare + "", "--other", whole + "", "--text", input);
    assertEquals(List.of(line), Cli.run(Cli.join(study, "--out", folder.resolve("x4") + "")).err());
    assertFalse(Files.exists(folder.resolve("x1")));
  }

  @Test
  void textIsTokenisedForAFolderWithoutWeights() throws IOException {
    Path bare = copy(a, "no-weights");
    Files.delete(bare.resolve("model.safetensors"));
    for (Path model : List.of(a, bare)) {
      assertDone(
          Cli.run(
              "tokenize",
              "--model",
              model + "",
              "--text",
              text + "",
              "--out",
              folder.resolve(model.getFileName() + ".npy") + ""));
    }
    assertEquals(-1, Files.mismatch(folder.resolve("a.npy"), folder.resolve("no-weights.npy")));
  }

  /** A link out of a folder, as DVC and git-annex make it, is followed only where that is asked. */
  @Test
  void linksIntoAStoreAreFollowedWhereTheUserSaysSo() throws IOException {
    Path linked = copy(a, "linked");
    Path store = Files.createDirectories(folder.resolve(".dvc/cache/files/md5/ab"));
    for (String name : List.of("model.safetensors", "config.json")) {
      Path stored = Files.move(linked.resolve(name), store.resolve("of-" + name));
      Files.createSymbolicLink(
          linked.resolve(name), Path.of("../.dvc/cache/files/md5/ab/of-" + name));
      List<String> refused = run("weights", linked, "not-linked").err();
      assertEquals(
          List.of(
              "homolog: "
                  + linked
                  + ": "
                  + name
                  + ": is a link to "
                  + stored.toRealPath()
                  + ", outside the folder; put the file itself there, or give the folder that it"
                  + " lies in, or --follow-links if you trust its links"),
          refused);
    }
    assertDone(run("weights", linked, "linked-run", "--follow-links"));
    assertDone(run("weights", a, "not-linked-run"));
    assertEquals(
        Files.readString(folder.resolve("not-linked-run/neurons.csv")),
        Files.readString(folder.resolve("linked-run/neurons.csv")));
    assertTrue(study("linked-run").at("/options/follow_links").booleanValue());
    String input = text + "";
    assertDone(run("activations", linked, "linked-text", "--text", input, "--follow-links"));
    List<String> tokenize =
        List.of("tokenize", "--model", linked + "", "--text", input, "--follow-links");
    assertDone(Cli.run(Cli.join(tokenize, "--out", folder.resolve("linked.npy") + "")));
  }
}
