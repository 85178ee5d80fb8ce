package dev.homolog.cli;

import dev.homolog.analysis.input.TokenInput;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** A model that is damaged in one way in each case; the other is sound. */
final class DamagedModels {
  private static final String DAMAGED =
      "the file is damaged or not safetensors: fetch or save it again";
  private static final String BELONG =
      "weights and configuration (config.json) must belong together";
  private static final String CONFIG = "correct config.json or fetch it again";
  private static final String SAME = "compare models that read the same tokens";
  private static final String SINGLE =
      "use a checkpoint that stays within single precision on this text";
  private static final String TOKENIZER = "give a tokenizer.json of Hugging Face's tokenizers";

  private final Refusals with;
  private final Path folder;
  private final Path a;
  private final Path b;
  private final Path text;
  private final Path tokens;

  /** A change that can fail. */
  interface Damage {
    void to(Path file) throws IOException;
  }

  DamagedModels(Refusals with) {
    this.with = with;
    this.folder = with.folder;
    this.a = with.a;
    this.b = with.b;
    this.text = with.text;
    this.tokens = with.tokens;
  }

  void add() throws IOException {
    headers();
    places();
    weights();
    activations();
    folders();
    configurations();
    tokenizers();
  }

  // Weight files

  private void headers() throws IOException {
    header("empty", new byte[0], "", "is empty");
    header(
        "header of 2^40 bytes",
        file(1L << 40, "{}", 0),
        "header length",
        "is 1099511627776 bytes, the format allows 100000000");
    header(
        "header of negative length",
        file(-1, "{}", 0),
        "header length",
        "is 18446744073709551615 bytes, the format allows 100000000");
    header(
        "truncated header", file(100, "{}", 0), "header length", "is 100 bytes, but only 2 follow");
    header("header not JSON", file("{hello}", 0), "header", "is not JSON (at line 1, column 2)");
    byte[] latin = file("{\"?\":1}", 0);
    latin[10] = (byte) 0xff;
    header("header not UTF-8", latin, "header", "is not UTF-8");
    header(
        "deep JSON",
        file("{\"a\":" + "[".repeat(1_000_000), 0),
        "header",
        "is nested more than 3 levels deep");
    header(
        "key twice",
        file("{" + tensor("a", "[4]", 0, 4) + "," + tensor("a", "[4]", 4, 8) + "}", 8),
        "header",
        "key \"a\" is there twice");
  }

  private void places() throws IOException {
    header(
        "overlap",
        file("{" + tensor("a", "[4]", 0, 4) + "," + tensor("b", "[4]", 2, 6) + "}", 6),
        "b",
        "begins at byte 2 of the data, where the tensors before it end at 4 (an overlap)");
    header(
        "gap",
        file("{" + tensor("a", "[4]", 0, 4) + "," + tensor("b", "[4]", 6, 10) + "}", 10),
        "b",
        "begins at byte 6 of the data, where the tensors before it end at 4 (a hole)");
    header(
        "oversized tensor",
        file("{" + tensor("a", "[99]", 0, 99) + "}", 4),
        "a",
        "data_offsets [0, 99] go beyond the file's 4 bytes of data");
    header(
        "trailing bytes",
        file("{" + tensor("a", "[4]", 0, 4) + "}", 7),
        "data",
        "3 bytes follow the last tensor");
    header(
        "shape overflow",
        file("{" + tensor("a", "[4294967296,4294967296]", 0, 0) + "}", 0),
        "a",
        "shape [4294967296, 4294967296] is too large to count in bytes");
    model(
        "unknown dtype",
        "model.safetensors",
        path ->
            Files.write(
                path, file("{" + tensor("a", "[1]", 0, 1).replace("U8", "F8_E4M3") + "}", 1)),
        "a",
        "dtype is \"F8_E4M3\","
            + " expected one of F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL",
        "save the tensors in one of these");
  }

  private void header(String name, byte[] file, String field, String problem) throws IOException {
    model(name, "model.safetensors", path -> Files.write(path, file), field, problem, DAMAGED);
  }

  private void weights() throws IOException {
    model(
        "truncated weights",
        "model.safetensors",
        path -> {
          byte[] bytes = Files.readAllBytes(path);
          Files.write(path, Arrays.copyOf(bytes, bytes.length - 1));
        },
        "ln_f.bias",
        // 4128 rows of embeddings of 8, 413 numbers a layer, 16 of the last LayerNorm, in F32
        "data_offsets [135432, 135464] go beyond the file's 135463 bytes of data",
        DAMAGED);
    model(
        "misnamed tensor",
        "model.safetensors",
        path -> edit(path, text -> text.replace("h.1.mlp.c_fc.weight", "h.1.mlp.c_fx.weight")),
        "h.1.mlp.c_fc.weight",
        "is missing, expected shape [8, 5]",
        BELONG);
    model(
        "mis-shaped tensor",
        "model.safetensors",
        path ->
            edit(
                path,
                text -> {
                  int at = text.indexOf("[8,5]", text.indexOf("\"h.1.mlp.c_fc.weight\""));
                  return text.substring(0, at) + "[5,8]" + text.substring(at + 5);
                }),
        "h.1.mlp.c_fc.weight",
        "has shape [5, 8], expected [8, 5]",
        BELONG);
    model(
        "NaN weight",
        "model.safetensors",
        path ->
            Cli.weights(
                path.getParent(),
                "h.1.mlp.c_fc.weight",
                data -> data.setAtIndex(ValueLayout.JAVA_FLOAT, 3 * 5 + 4, Float.NaN)),
        "h.1.mlp.c_fc.weight",
        "element [3, 4] of layer 1 is NaN",
        "use a checkpoint whose weights are all finite");
  }

  // Finite weights whose products are not

  private void activations() throws IOException {
    Path everywhere = Cli.model(folder.resolve("everywhere"), 5, 3);
    fill(everywhere, "h.1.ln_2.weight", 0);
    fill(everywhere, "h.1.ln_2.bias", 1e30f);
    fill(everywhere, "h.1.mlp.c_fc.weight", 1e30f);
    with.add(
        "activations that overflow on every token",
        Cli.join(with.pair(everywhere), "--tokens", tokens + ""),
        () -> with.options(everywhere, TokenInput.tokens(tokens)),
        1,
        false,
        everywhere + "",
        "layer 1, row 1",
        "neuron 0 is infinite at position 0, in row 1 of " + tokens,
        SINGLE);

    Path lines = folder.resolve("lines.jsonl");
    List<String> documents = new ArrayList<>();
    for (int line = 1; line <= 200; line++) {
      documents.add("{\"text\": \"" + (line == 120 ? "d" : "a b c") + "\"}");
    }
    Files.write(lines, documents);
    // Ids as tokenizer.json has them: "d" begins a text, so that it is not " d".
    Path one = planted("one", 0, 68);
    // Documents are "a b c" and BOS, 4 tokens; line 120 begins at token 476 of the stream.
    long row = 476 / 7;
    long position = 476 % 7 + 1;
    with.add(
        "activation that overflows on one token",
        Cli.join(with.pair(one), "--text", lines + "", "--context", "8", "--batch", "4"),
        () -> with.options(one, TokenInput.text(lines).withContext(8)).withBatchRows(4),
        1,
        false,
        one + "",
        "layer 0, row " + row,
        "neuron 0 is infinite at position " + position + ", in line 120 of " + lines,
        SINGLE);

    // Nothing reads the last layer's output, so that no kept token shows it.
    Path bos = planted("bos", 1, 0);
    with.add(
        "activation that overflows on BOS alone",
        Cli.join(with.pair(bos), "--text", text + "", "--context", "8"),
        () -> with.options(bos, TokenInput.text(text).withContext(8)),
        1,
        false,
        bos + "",
        "layer 1, row " + pilotRow(text, 8),
        "neuron 0 is infinite at position 0, in " + text,
        SINGLE);
  }

  /** The text is 20 lines of 12 tokens, newline included: the first of the rows of the pilot. */
  private static long pilotRow(Path text, int context) throws IOException {
    long rows = Files.readAllLines(text).size() * 12L / (context - 1);
    long pilot = Math.clamp(rows / 16, 1, 32);
    return rows / (2 * pilot);
  }

  /** A model in which neuron 0 of a layer overflows just on one token. */
  private Path planted(String name, int layer, int id) throws IOException {
    Path model = Cli.model(folder.resolve(name), 5, 3);
    // Dimension 0 of the residual stream is the token's alone.
    for (int at = 0; at < 2; at++) {
      column(model, "h." + at + ".attn.c_proj.weight", 8, 0, 0);
      column(model, "h." + at + ".mlp.c_proj.weight", 8, 0, 0);
      fill(model, "h." + at + ".attn.c_proj.bias", 0);
      fill(model, "h." + at + ".mlp.c_proj.bias", 0);
    }
    column(model, "wpe.weight", 8, 0, 0);
    column(model, "wte.weight", 8, 0, 0);
    Cli.weights(
        model, "wte.weight", data -> data.setAtIndex(ValueLayout.JAVA_FLOAT, id * 8L, 1000));
    // LayerNorm makes it √7 of its gain there, and at most 1 elsewhere.
    String mlp = "h." + layer + ".";
    fill(model, mlp + "ln_2.weight", 0.5f);
    fill(model, mlp + "ln_2.bias", 0);
    column(model, mlp + "mlp.c_fc.weight", 5, 0, 0);
    Cli.weights(model, mlp + "mlp.c_proj.weight", data -> data.asSlice(0, 8 * 4).fill((byte) 0));
    Cli.weights(
        model, mlp + "mlp.c_fc.weight", data -> data.setAtIndex(ValueLayout.JAVA_FLOAT, 0, 3e38f));
    return model;
  }

  private static void fill(Path model, String tensor, float value) throws IOException {
    Cli.weights(
        model,
        tensor,
        data -> {
          for (long i = 0; i < data.byteSize() / Float.BYTES; i++) {
            data.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
          }
        });
  }

  private static void column(Path model, String tensor, int width, int column, float value)
      throws IOException {
    Consumer<MemorySegment> change =
        data -> {
          for (long i = column; i < data.byteSize() / Float.BYTES; i += width) {
            data.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
          }
        };
    Cli.weights(model, tensor, change);
  }

  // Folders and configurations

  private void folders() throws IOException {
    Path nowhere = folder.resolve("nowhere");
    with.add(
        "missing folder",
        Cli.join(with.pair(nowhere), "--text", text + ""),
        () -> with.options(nowhere, TokenInput.text(text)),
        1,
        false,
        nowhere + "",
        "",
        "no such folder",
        "give the folder that holds config.json and the weights");
    with.add(
        "file for a folder",
        Cli.join(with.pair(text), "--text", text + ""),
        () -> with.options(text, TokenInput.text(text)),
        1,
        false,
        text + "",
        "",
        "is not a folder",
        "give the folder that holds config.json and the weights");
    model(
        "no config.json",
        "",
        path -> Files.delete(path.resolve("config.json")),
        "config.json",
        "is missing",
        "give a complete Hugging Face folder of a GPT-2 or GPT-NeoX model");
    model(
        "no weights",
        "",
        path -> Files.delete(path.resolve("model.safetensors")),
        "model.safetensors",
        "is missing",
        "give a folder that holds one of: model.safetensors, model.safetensors.index.json,"
            + " pytorch_model.bin, pytorch_model.bin.index.json");
  }

  private void configurations() throws IOException {
    config("config.json not JSON", json -> "{hello}", "", "is not JSON (at line 1, column 2)");
    config(
        "deep config.json",
        json -> "{\"a\":" + "[".repeat(100_000),
        "",
        "is nested more than 32 levels deep");
    config(
        "key of config.json twice",
        json -> json.replace("{", "{\"n_embd\": 8, "),
        "",
        "key \"n_embd\" is there twice");
    config(
        "size that is no number",
        json -> json.replace("\"n_layer\": 2", "\"n_layer\": \"two\""),
        "n_layer",
        "is \"two\", expected a whole number from 1 to 1024");
    model(
        "another BOS",
        "config.json",
        path -> Files.writeString(path, replaced(path, "bos_token_id\": 0", "bos_token_id\": 7")),
        "bos_token_id",
        "BOS is token 7, but it is 0 in " + a,
        SAME);
  }

  private void config(String name, UnaryOperator<String> change, String field, String problem)
      throws IOException {
    model(
        name,
        "config.json",
        path -> Files.writeString(path, change.apply(Files.readString(path))),
        field,
        problem,
        CONFIG);
  }

  // Tokenizers

  private void tokenizers() throws IOException {
    String differs = "not the tokenizer of " + a.resolve("tokenizer.json") + ": ";
    model(
        "no tokenizer",
        "tokenizer.json",
        Files::delete,
        "",
        "no such file",
        "a model folder needs its tokenizer.json, or GPT-2's vocab.json and merges.txt");
    tokenizer("tokenizer not JSON", path -> "{hello}", "not JSON: " + HELLO, TOKENIZER);
    tokenizer(
        "deep tokenizer",
        path -> "{\"a\":" + "[".repeat(100_000),
        "not JSON that a tokenizer needs: nested too deep, or a text or list is too long",
        TOKENIZER);
    tokenizer(
        "key of the tokenizer twice",
        path -> replaced(path, "\"truncation\": null,", "\"truncation\": 1, \"truncation\": 2,"),
        "not JSON: Duplicate field 'truncation'",
        TOKENIZER);
    tokenizer(
        "another token for an id",
        path -> replaced(path, "\"#\": 3,\n      \"$\": 4", "\"$\": 3,\n      \"#\": 4"),
        differs + "token id 3 is \"#\" here and \"$\" there",
        SAME);
    tokenizer(
        "a token more",
        path -> replaced(path, "\"aron\": 4095", "\"aron\": 4095, \"more\": 4096"),
        differs + "token id 4096 is \"more\" there and unused here",
        SAME);
    tokenizer(
        "another added token",
        path ->
            replaced(
                path,
                "\"added_tokens\": [",
                "\"added_tokens\": [{\"id\": 1, \"content\": \"!\", \"single_word\": false,"
                    + " \"lstrip\": false, \"rstrip\": false, \"normalized\": false,"
                    + " \"special\": true},"),
        differs + "\"!\" is an added token there, not here",
        SAME);
    tokenizer(
        "merges in another order",
        path -> replaced(path, "\"Ġw icked\",\n      \"ar on\"", "\"ar on\",\n      \"Ġw icked\""),
        differs + "merge 3837 is \"Ġw icked\" here and \"ar on\" there",
        SAME);
    tokenizer(
        "a merge less",
        path -> replaced(path, ",\n      \"ar on\"", ""),
        differs + "3839 merges here and 3838 there",
        SAME);
  }

  private static final String HELLO =
      "Unexpected character ('h' (code 104)): was expecting double-quote to start field name";

  /** What a file's text becomes. */
  interface Edit {
    String of(Path file) throws IOException;
  }

  private void tokenizer(String name, Edit change, String problem, String remedy)
      throws IOException {
    model(
        name,
        "tokenizer.json",
        path -> Files.writeString(path, change.of(path)),
        "",
        problem,
        remedy);
  }

  /** Model b with a file of it, or its folder, damaged. */
  private void model(
      String name, String file, Damage damage, String field, String problem, String remedy)
      throws IOException {
    Path model = Files.createDirectory(folder.resolve(name.replace(' ', '-')));
    for (String part : Cli.names(b)) {
      Files.copy(b.resolve(part), model.resolve(part));
    }
    Path where = file.isEmpty() ? model : model.resolve(file);
    damage.to(where);
    with.add(
        name,
        Cli.join(with.pair(model), "--text", text + ""),
        () -> with.options(model, TokenInput.text(text)),
        1,
        false,
        where + "",
        field,
        problem,
        remedy);
  }

  /** Fails where there is nothing to replace: the case would be none. */
  private static String replaced(Path file, String from, String to) throws IOException {
    String before = Files.readString(file);
    String after = before.replace(from, to);
    if (after.equals(before)) {
      throw new AssertionError(file + " has no " + from);
    }
    return after;
  }

  /** As {@link #replaced}, of a file's bytes. */
  private static void edit(Path file, UnaryOperator<String> change) throws IOException {
    String before = Files.readString(file, StandardCharsets.ISO_8859_1);
    String after = change.apply(before);
    if (after.equals(before)) {
      throw new AssertionError(file + " is as it was");
    }
    Files.writeString(file, after, StandardCharsets.ISO_8859_1);
  }

  private static String tensor(String name, String shape, long begin, long end) {
    return "\"%s\":{\"dtype\":\"U8\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
        .formatted(name, shape, begin, end);
  }

  private static byte[] file(String header, int data) {
    return file(header.length(), header, data);
  }

  private static byte[] file(long length, String header, int data) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(length).array());
    bytes.writeBytes(header.getBytes(StandardCharsets.UTF_8));
    bytes.writeBytes(new byte[data]);
    return bytes.toByteArray();
  }
}
