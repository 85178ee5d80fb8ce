package dev.homolog.core.checkpoint;

import dev.homolog.core.InputException;
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
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Opens damaged checkpoints and reads all that they hold. Each try damages one file of a valid
 * model: its bytes as they lie, or the header or pickle inside it with lengths put right, so that
 * the damage reaches what lies behind the first check. A try is drawn from the seed and its number
 * alone.
 */
final class CheckpointFuzzer {
  /** What may become of a damaged model; anything else is thrown. */
  enum Outcome {
    REFUSED,
    /** Configuration, names, shapes and values are those of the model before. */
    EQUAL,
    /**
     * Another model, as good as the first: the damage hit a weight's value, a number of the
     * configuration, or a name of an element type. The formats have no check sum for these.
     */
    OTHER
  }

  private record Sample(String name, Map<String, byte[]> files) {}

  private record Model(ModelConfig config, Map<String, StoredTensor> tensors) {}

  private final Path folder;
  private final long seed;
  private final List<Sample> samples = new ArrayList<>();
  private final List<byte[]> corpus = new ArrayList<>();
  private final Map<Sample, Model> models = new LinkedHashMap<>();
  private final Map<Outcome, Integer> outcomes = new EnumMap<>(Outcome.class);
  private final Map<String, Integer> lines = new LinkedHashMap<>();
  private long longest;

  /**
   * @param resources test-resources/torch; its sibling models is read too
   * @param folder an empty folder, for the damaged model
   */
  CheckpointFuzzer(Path resources, Path folder, long seed) throws IOException {
    this.folder = folder;
    this.seed = seed;
    for (String bin :
        List.of("f16", "f32", "protocol4", "parameters", "views", "zip64", "old", "torch-1.7")) {
      sample(resources, bin, Map.of("pytorch_model.bin", bin + ".bin"));
    }
    for (String dtype : List.of("f16", "bf16", "f32")) {
      sample(resources, dtype, Map.of("model.safetensors", dtype + ".safetensors"));
    }
    for (String[] kind : new String[][] {{"model", "safetensors"}, {"pytorch_model", "bin"}}) {
      Map<String, String> files = new LinkedHashMap<>();
      for (String file :
          List.of(
              "%s.%s.index.json".formatted(kind[0], kind[1]),
              "%s-00001-of-00002.%s".formatted(kind[0], kind[1]),
              "%s-00002-of-00002.%s".formatted(kind[0], kind[1]))) {
        files.put(file, file);
      }
      sample(resources, "sharded " + kind[1], files);
    }
    Path models = resources.resolveSibling("models");
    add("old GPT-NeoX", models.resolve("neox-old"), "config.json", "pytorch_model.bin");
    add("GPT-NeoX", models.resolve("neox-saved"), "config.json", "model.safetensors");
    for (Sample sample : samples) {
      clear();
      write(sample.files);
      this.models.put(sample, read());
    }
  }

  private void sample(Path resources, String name, Map<String, String> files) throws IOException {
    Map<String, byte[]> bytes = new LinkedHashMap<>();
    bytes.put("config.json", TestFiles.TINY_JSON.getBytes(StandardCharsets.UTF_8));
    for (var file : files.entrySet()) {
      bytes.put(file.getKey(), Files.readAllBytes(resources.resolve(file.getValue())));
    }
    samples.add(new Sample(name, bytes));
    corpus.addAll(bytes.values());
  }

  private void add(String name, Path model, String... files) throws IOException {
    Map<String, byte[]> bytes = new LinkedHashMap<>();
    for (String file : files) {
      bytes.put(file, Files.readAllBytes(model.resolve(file)));
    }
    samples.add(new Sample(name, bytes));
    corpus.addAll(bytes.values());
  }

  /**
   * One try.
   *
   * @throws AssertionError if the model is neither refused in one line nor read
   */
  Outcome attempt(long number) throws IOException {
    SplittableRandom random = new SplittableRandom(seed * 1_000_003 + number);
    Sample sample = samples.get(random.nextInt(samples.size()));
    List<String> names = List.copyOf(sample.files.keySet());
    // The configuration is short and soon exhausted.
    String name = names.get(random.nextInt(8) == 0 ? 0 : 1 + random.nextInt(names.size() - 1));
    byte[] other = corpus.get(random.nextInt(corpus.size()));
    Map<String, byte[]> files = new LinkedHashMap<>(sample.files);
    files.put(name, damage(new Mutator(random), random, name, files.get(name), other));
    clear();
    write(files);
    long start = System.nanoTime();
    Outcome outcome;
    try {
      outcome = same(models.get(sample), read()) ? Outcome.EQUAL : Outcome.OTHER;
    } catch (InputException e) {
      if (e.getMessage().lines().count() != 1 || e.problem().isEmpty() || e.remedy().isEmpty()) {
        throw new AssertionError(describe(number, sample, name) + ": " + e.getMessage(), e);
      }
      lines.merge(e.problem().replaceAll("[^a-z ]+", "#"), 1, Integer::sum);
      outcome = Outcome.REFUSED;
    } catch (RuntimeException | Error e) {
      throw new AssertionError(describe(number, sample, name) + ": " + e, e);
    }
    longest = Math.max(longest, System.nanoTime() - start);
    outcomes.merge(outcome, 1, Integer::sum);
    return outcome;
  }

  private String describe(long number, Sample sample, String file) {
    return "seed %d, try %d: %s of %s".formatted(seed, number, file, sample.name);
  }

  private static byte[] damage(
      Mutator mutator, SplittableRandom random, String name, byte[] bytes, byte[] other) {
    if (random.nextInt(3) == 0 || name.endsWith(".json")) {
      return mutator.mutate(bytes, other);
    }
    if (name.endsWith(".safetensors")) {
      int length = (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
      byte[] header = mutator.mutate(Arrays.copyOfRange(bytes, 8, 8 + length), other);
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      out.writeBytes(TestFiles.prefixed(header.length, header, 0));
      out.write(bytes, 8 + length, bytes.length - 8 - length);
      return out.toByteArray();
    }
    MemorySegment zip = MemorySegment.ofArray(bytes);
    StoredZip again = new StoredZip();
    ZipIndex.read(name, zip)
        .entries()
        .forEach((entry, place) -> {
          byte[] content = zip.asSlice(place.begin(), place.size()).toArray(ValueLayout.JAVA_BYTE);
          boolean pickle = entry.endsWith("/data.pkl");
          again.add(entry, pickle ? mutator.mutate(content, other) : content);
        });
    return again.bytes();
  }

  private void clear() throws IOException {
    try (var files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
  }

  private void write(Map<String, byte[]> files) throws IOException {
    for (var file : files.entrySet()) {
      Files.write(folder.resolve(file.getKey()), file.getValue());
    }
  }

  /** Opens the folder and reads every byte of every tensor; copies, for the mapping ends. */
  private Model read() {
    try (Checkpoint checkpoint = HuggingFaceCheckpoint.open(folder)) {
      Map<String, StoredTensor> tensors = new LinkedHashMap<>();
      for (String name : checkpoint.names()) {
        StoredTensor t = checkpoint.tensor(name);
        if (t.data().byteSize() != Math.multiplyExact(t.elements(), (long) t.dtype().bytes())) {
          throw new AssertionError(name + " has " + t.data().byteSize() + " bytes");
        }
        MemorySegment copy = MemorySegment.ofArray(t.data().toArray(ValueLayout.JAVA_BYTE));
        tensors.put(name, new StoredTensor(t.name(), t.dtype(), t.shape(), copy));
      }
      checkpoint.hashes();
      return new Model(checkpoint.config(), tensors);
    }
  }

  private static boolean same(Model expected, Model found) {
    if (!expected.config.equals(found.config)
        || !expected.tensors.keySet().equals(found.tensors.keySet())) {
      return false;
    }
    return expected.tensors.values().stream()
        .allMatch(t -> {
          StoredTensor other = found.tensors.get(t.name());
          return t.dtype() == other.dtype()
              && t.shape().equals(other.shape())
              && t.data().mismatch(other.data()) == -1;
        });
  }

  int count(Outcome outcome) {
    return outcomes.getOrDefault(outcome, 0);
  }

  /** How many different lines were seen, without their names and numbers. */
  int kindsOfRefusal() {
    return lines.size();
  }

  @Override
  public String toString() {
    return "seed %d: %d tries, %d refused (%d kinds of line), %d equal, %d another model; longest %.3f s"
        .formatted(
            seed,
            outcomes.values().stream().mapToInt(n -> n).sum(),
            count(Outcome.REFUSED),
            kindsOfRefusal(),
            count(Outcome.EQUAL),
            count(Outcome.OTHER),
            longest / 1e9);
  }

  /**
   * Many tries, by hand.
   *
   * @param args test-resources/torch, an empty folder, number of tries, seed
   */
  public static void main(String[] args) throws IOException {
    CheckpointFuzzer fuzzer =
        new CheckpointFuzzer(Path.of(args[0]), Path.of(args[1]), Long.parseLong(args[3]));
    int tries = Integer.parseInt(args[2]);
    for (int i = 0; i < tries; i++) {
      fuzzer.attempt(i);
      if ((i + 1) % 20_000 == 0) {
        System.out.println(fuzzer);
      }
    }
    System.out.println(fuzzer);
    fuzzer.lines.entrySet().stream()
        .sorted(Map.Entry.<String, Integer>comparingByValue().reversed())
        .forEach(line -> System.out.println("%7d  %s".formatted(line.getValue(), line.getKey())));
  }
}
