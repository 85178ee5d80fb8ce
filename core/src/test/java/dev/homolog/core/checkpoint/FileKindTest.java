package dev.homolog.core.checkpoint;

import static dev.homolog.core.checkpoint.TestFiles.assertRefused;
import static dev.homolog.core.checkpoint.TestFiles.ones;
import static dev.homolog.core.checkpoint.TestFiles.tinyTensors;
import static dev.homolog.core.checkpoint.TestFiles.write;
import static dev.homolog.core.checkpoint.TestFiles.writeModel;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What stands in a model's folder in place of its files, and the command that mends it. */
class FileKindTest {
  private static final String LFS =
      "version https://git-lfs.github.com/spec/v1\noid sha256:" + "ab".repeat(32) + "\nsize 5\n";

  @TempDir Path folder;

  private void put(String name, String latin) {
    write(folder.resolve(name), latin.getBytes(StandardCharsets.ISO_8859_1));
  }

  private void assertOpenRefused(String message) {
    assertRefused(folder + message, () -> HuggingFaceCheckpoint.open(folder).close());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "config.json",
        "model.safetensors",
        "model.safetensors.index.json",
        "pytorch_model.bin",
        "pytorch_model.bin.index.json"
      })
  void whatWasNotFetchedIsNamed(String name) {
    put("config.json", TestFiles.TINY_JSON);
    put(name, LFS);
    assertOpenRefused(
        "/" + name + ": is a pointer of Git LFS, not the file itself; fetch it: git lfs pull");
    put(name, "/annex/objects/SHA256E-s1--ab.bin\n");
    assertOpenRefused(
        "/" + name + ": is a pointer of git-annex, not the file itself; fetch it: git annex get .");
    for (String page : List.of("<!DOCTYPE html>\n<html>", "\n <HTML lang=en>", "<?xml ?><Error>")) {
      put(name, page + "x".repeat(500));
      assertOpenRefused(
          "/"
              + name
              + ": is a web page, not the file itself; fetch it again: hf download ORG/NAME, or from"
              + " an address of the file itself");
    }
    put(name, "Entry not found");
    assertOpenRefused(
        "/"
            + name
            + ": holds only the text \"Entry not found\"; fetch it again: hf download ORG/NAME");
  }

  @ParameterizedTest
  @CsvSource({
    "gzip, .gz, 1f8b0800, gzip -d ",
    "zstd, .zst, 28b52ffd, zstd -d --rm ",
    "bzip2, .bz2, 425a6839, bzip2 -d ",
    "xz, .xz, fd377a585a00, xz -d ",
    "lz4, .lz4, 04224d18, lz4 -d --rm "
  })
  void packedFilesAreNamedWithWhatUnpacksThem(
      String kind, String extension, String magic, String unpack) {
    byte[] bytes = java.util.HexFormat.of().parseHex(magic + "00".repeat(20));
    for (String name : List.of("config.json", "model.safetensors", "pytorch_model.bin")) {
      put("config.json", TestFiles.TINY_JSON);
      write(folder.resolve(name), bytes);
      String command = name + extension + " && " + unpack.strip() + " " + name + extension;
      assertOpenRefused(
          "/" + name + ": is compressed with " + kind + "; unpack it: mv " + name + " " + command);
      folder.resolve(name).toFile().delete();
      write(folder.resolve(name + extension), bytes);
      assertOpenRefused(
          ": "
              + name
              + ": is missing, but "
              + name
              + extension
              + " is there; unpack it: "
              + unpack.strip()
              + " "
              + name
              + extension);
      folder.resolve(name + extension).toFile().delete();
    }
  }

  @Test
  void filesUnderTheNameOfAnotherFormatAreNamed() throws IOException {
    put("config.json", TestFiles.TINY_JSON);
    Path torch = TestFiles.family().resolve("torch");
    Files.copy(torch.resolve("f32.bin"), folder.resolve("model.safetensors"));
    assertOpenRefused(
        "/model.safetensors: is a file of torch.save, not safetensors; rename it: mv"
            + " model.safetensors pytorch_model.bin");
    write(folder.resolve("model.safetensors"), Files.readAllBytes(torch.resolve("legacy.bin")));
    assertOpenRefused(
        "/model.safetensors: is a file of torch.save, not safetensors; rename it: mv"
            + " model.safetensors pytorch_model.bin");
    StoredZip zip = new StoredZip();
    zip.add("model.safetensors", new byte[9]);
    write(folder.resolve("model.safetensors"), zip.bytes());
    assertOpenRefused(
        "/model.safetensors: is a zip archive, not safetensors; unpack it: unzip"
            + " model.safetensors");
    put("model.safetensors", "GGUF\3\0\0\0");
    assertOpenRefused(
        "/model.safetensors: is a GGUF file, as llama.cpp reads; give the model that it was made"
            + " from");
    Files.delete(folder.resolve("model.safetensors"));
    writeModel(folder, TestFiles.TINY_JSON, tinyTensors());
    Files.move(folder.resolve("model.safetensors"), folder.resolve("pytorch_model.bin"));
    assertOpenRefused(
        "/pytorch_model.bin: is safetensors, not a file of torch.save; rename it: mv"
            + " pytorch_model.bin model.safetensors");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "adapter_model.safetensors | : an adapter, no model; merge it: peft's merge_and_unload(),"
            + " then save_pretrained(folder)",
        "zero_to_fp32.py | : parts of DeepSpeed; gather them: python zero_to_fp32.py . .",
        "model.pt | ; rename it: mv model.pt pytorch_model.bin",
        "ckpt.pt | , as nanoGPT writes; save its state dict:"
            + " torch.save(torch.load(\"ckpt.pt\")[\"model\"], \"pytorch_model.bin\")",
      })
  void whatIsThereInPlaceOfWeightsIsNamed(String name, String message) {
    put("config.json", TestFiles.TINY_JSON);
    put(name, "x");
    // The leading space of a cell is cut, so a message begins where its sentence goes on.
    assertOpenRefused(": model.safetensors: is missing, but " + name + " is there" + message);
  }

  @Test
  void adapterWithoutAModelIsNamed() {
    put("adapter_config.json", "{}");
    assertOpenRefused(
        ": config.json: is missing, but adapter_config.json is there: an adapter, no model; merge"
            + " it: peft's merge_and_unload(), then save_pretrained(folder)");
  }

  @Test
  void emptyPartsOfZero3AreNamed() {
    Map<String, StoredTensor> tensors = tinyTensors();
    tensors.replaceAll((name, t) -> t.shape().size() == 2 ? ones(name, List.of(0L)) : t);
    writeModel(folder, TestFiles.TINY_JSON, tensors);
    assertOpenRefused(
        "/model.safetensors: wte.weight: is empty, expected shape [5, 4]: DeepSpeed saved the parts"
            + " of ZeRO-3 without gathering them; gather them: python zero_to_fp32.py"
            + " CHECKPOINT_FOLDER MODEL_FOLDER");
  }

  @Test
  void matricesThatAreAllTransposedAreNamed() {
    Map<String, StoredTensor> tensors = tinyTensors();
    tensors.replaceAll((name, t) -> name.contains("h.0") ? ones(name, t.shape().reversed()) : t);
    writeModel(folder, TestFiles.TINY_JSON, tensors);
    assertOpenRefused(
        "/model.safetensors: h.0.attn.c_attn.weight: has shape [12, 4], expected [4, 12]: the"
            + " matrices of all blocks are transposed, as nanoGPT stores them; python -c \"from"
            + " safetensors.torch import load_file, save_file; f = '"
            + folder
            + "/model.safetensors'; save_file({k: v.T.contiguous() if v.dim() == 2 and 'h.' in k"
            + " else v for k, v in load_file(f).items()}, f)\"");
  }

  @Test
  void modelWithoutAnyBiasIsNamed() {
    Map<String, StoredTensor> tensors = tinyTensors();
    tensors.keySet().removeIf(name -> name.endsWith(".bias"));
    writeModel(folder, TestFiles.TINY_JSON, tensors);
    assertOpenRefused(
        "/model.safetensors: h.0.ln_1.bias: is missing (and 6 more), expected shape [4]: no part has"
            + " a bias, as in a model trained without them; put zeros for them into the file");
  }
}
