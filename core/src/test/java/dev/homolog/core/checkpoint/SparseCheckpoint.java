package dev.homolog.core.checkpoint;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Checkpoints of GPT-2 XL's shape in F32 with its masks, 6.4 GB of zeros that take no room on disk:
 * sharded safetensors, and one {@code .bin} that needs zip64.
 */
final class SparseCheckpoint {
  static final String CONFIG =
      """
      {"model_type": "gpt2", "vocab_size": 50257, "n_positions": 1024, "n_embd": 1600,
       "n_layer": 48, "n_head": 25}
      """;

  private static final long SHARD = 1L << 31;

  private SparseCheckpoint() {}

  /** Name to shape, as the published file has them. */
  static Map<String, List<Long>> shapes() {
    ModelConfig config =
        ModelConfigReader.read("config", CONFIG.getBytes(StandardCharsets.UTF_8)).config();
    Map<String, List<Long>> shapes = new LinkedHashMap<>(new ModelLayout(config, true).required());
    for (int layer = 0; layer < config.layers(); layer++) {
      shapes.put("h.%d.attn.bias".formatted(layer), List.of(1L, 1L, 1024L, 1024L));
    }
    return shapes;
  }

  private static long bytes(List<Long> shape) {
    return shape.stream().reduce(4L, Math::multiplyExact);
  }

  /** Shards of up to 2 GiB, and their index. */
  static void writeShardedSafetensors(Path folder) throws IOException {
    Files.writeString(folder.resolve("config.json"), CONFIG);
    List<Map<String, List<Long>>> shards = new ArrayList<>();
    long filled = SHARD;
    for (var tensor : shapes().entrySet()) {
      if (filled + bytes(tensor.getValue()) > SHARD) {
        shards.add(new LinkedHashMap<>());
        filled = 0;
      }
      shards.getLast().put(tensor.getKey(), tensor.getValue());
      filled += bytes(tensor.getValue());
    }
    StringBuilder index = new StringBuilder();
    for (int i = 0; i < shards.size(); i++) {
      String file = "model-%05d-of-%05d.safetensors".formatted(i + 1, shards.size());
      StringBuilder header = new StringBuilder();
      long end = 0;
      for (var tensor : shards.get(i).entrySet()) {
        long begin = end;
        end += bytes(tensor.getValue());
        header.append(
            "%s\"%s\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
                .formatted(begin == 0 ? "{" : ",", tensor.getKey(), tensor.getValue(), begin, end));
        index.append(
            "%s\"%s\":\"%s\"".formatted(index.isEmpty() ? "" : ",", tensor.getKey(), file));
      }
      byte[] head = TestFiles.safetensors(header + "}", 0);
      try (RandomAccessFile out = new RandomAccessFile(folder.resolve(file).toFile(), "rw")) {
        out.write(head);
        out.setLength(head.length + end);
      }
    }
    Files.writeString(
        folder.resolve("model.safetensors.index.json"),
        "{\"metadata\":{},\"weight_map\":{" + index + "}}");
  }

  /** One file as torch.save lays it out, each tensor in a storage of its own. */
  static void writeBin(Path folder) throws IOException {
    Files.writeString(folder.resolve("config.json"), CONFIG);
    StringBuilder pickle = new StringBuilder("\u0080\2}");
    Map<String, Long> entries = new LinkedHashMap<>();
    shapes()
        .forEach((name, shape) -> {
          String key = Integer.toString(entries.size());
          long[] sizes = shape.stream().mapToLong(n -> n).toArray();
          long[] strides = new long[sizes.length];
          long elements = 1;
          for (int i = sizes.length - 1; i >= 0; i--) {
            strides[i] = elements;
            elements *= sizes[i];
          }
          String tensor =
              Pickles.tensor(key, elements, 0, Pickles.tuple(sizes), Pickles.tuple(strides));
          pickle.append(Pickles.string(name)).append(tensor).append('s');
          entries.put("archive/data/" + key, 4 * elements);
        });
    byte[] program = Pickles.bytes(pickle + ".");
    Path file = folder.resolve("pytorch_model.bin");
    try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
      List<byte[]> directory = new ArrayList<>();
      directory.add(entry(out, "archive/data.pkl", program.length, program));
      directory.add(entry(out, "archive/version", 2, Pickles.bytes("3\n")));
      for (var entry : entries.entrySet()) {
        directory.add(entry(out, entry.getKey(), entry.getValue(), new byte[0]));
      }
      end(out, directory);
    }
  }

  /** Writes a local header, leaves room for the content, and gives the central header. */
  private static byte[] entry(RandomAccessFile out, String name, long size, byte[] content)
      throws IOException {
    long place = out.getFilePointer();
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    ByteBuffer local = little(30 + bytes.length).putInt(0x04034b50).putInt(0x800 << 16);
    local.putShort(14 + 4, (short) size).putInt(18, (int) size).putInt(22, (int) size);
    local.putShort(26, (short) bytes.length).put(30, bytes);
    out.write(bytes(local));
    out.write(content);
    out.seek(place + 30 + bytes.length + size);
    ByteBuffer central = little(46 + bytes.length + 12).putInt(0x02014b50);
    central.putShort(8, (short) 0x800).putInt(20, (int) size).putInt(24, (int) size);
    central.putShort(28, (short) bytes.length).putShort(30, (short) 12).putInt(42, -1);
    central.put(46, bytes).putShort(46 + bytes.length, (short) 1);
    central.putShort(48 + bytes.length, (short) 8).putLong(50 + bytes.length, place);
    return bytes(central);
  }

  private static void end(RandomAccessFile out, List<byte[]> directory) throws IOException {
    long begin = out.getFilePointer();
    for (byte[] entry : directory) {
      out.write(entry);
    }
    long end = out.getFilePointer();
    int count = directory.size();
    out.write(
        bytes(
            little(56 + 20 + 22)
                .putInt(0x06064b50)
                .putLong(44)
                .putInt(0)
                .putLong(0)
                .putLong(count)
                .putLong(count)
                .putLong(end - begin)
                .putLong(begin)
                .putInt(0x07064b50)
                .putInt(0)
                .putLong(end)
                .putInt(1)
                .putInt(0x06054b50)
                .putInt(0)
                .putShort((short) count)
                .putShort((short) count)
                .putInt((int) (end - begin))
                .putInt(-1)));
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.capacity()];
    buffer.get(0, bytes);
    return bytes;
  }

  private static ByteBuffer little(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Writes both into a folder and says how long opening takes, and what is on the heap after it.
   *
   * @param args a folder
   */
  public static void main(String[] args) throws IOException {
    Path sharded = Files.createDirectories(Path.of(args[0], "safetensors"));
    Path bin = Files.createDirectories(Path.of(args[0], "bin"));
    writeShardedSafetensors(sharded);
    writeBin(bin);
    for (Path folder : List.of(sharded, bin, sharded, bin)) {
      long start = System.nanoTime();
      try (Checkpoint checkpoint = HuggingFaceCheckpoint.open(folder)) {
        long opened = System.nanoTime() - start;
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        System.out.printf(
            "%s: %d tensors, opened in %.3f s, %.1f MiB of heap%n",
            folder,
            checkpoint.names().size(),
            opened / 1e9,
            (runtime.totalMemory() - runtime.freeMemory()) / 1048576.0);
      }
    }
  }
}
