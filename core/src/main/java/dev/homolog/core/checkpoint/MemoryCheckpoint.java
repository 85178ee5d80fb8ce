package dev.homolog.core.checkpoint;

import dev.homolog.core.InputException;
import dev.homolog.core.json.StrictJson;
import dev.homolog.core.memory.DType;
import dev.homolog.core.model.family.TensorNames;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * A checkpoint that is not in a file: weights of one's own, or random ones. They are copied off the
 * heap as F32 and freed by {@link #close()}. One thread at a time.
 */
public final class MemoryCheckpoint implements Checkpoint {
  private static final String WHERE = "weights in memory";
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final long ALIGNMENT = 64;

  private final ModelConfig config;
  private final Arena arena;
  private final FiniteTensors tensors;
  private Map<String, String> hashes;
  private boolean closed;

  private MemoryCheckpoint(ModelConfig config, Arena arena, Map<String, StoredTensor> tensors) {
    this.config = config;
    this.arena = arena;
    this.tensors = new FiniteTensors(WHERE, tensors);
  }

  /** Fills the tensors of a layout; returns those that it has. */
  private interface Filler {
    List<StoredTensor> fill(ModelLayout layout, Arena arena);
  }

  /**
   * A checkpoint of the given weights.
   *
   * @param weights names, without prefix, as {@link TensorNames} has them, to values in C order.
   *     Shapes are those of the family's files. The unembedding may be left out
   * @throws InputException if a tensor is missing, unknown or of another length than its shape, or
   *     if the configuration is out of range
   */
  public static MemoryCheckpoint of(ModelConfig config, Map<String, float[]> weights) {
    return create(
        config,
        (layout, arena) -> {
          List<StoredTensor> tensors = new ArrayList<>();
          weights.forEach((name, values) -> {
            MemorySegment data = allocate(arena, values.length);
            MemorySegment.copy(values, 0, data, FLOAT, 0, values.length);
            tensors.add(
                new StoredTensor(
                    name, DType.F32, shape(layout, name, values.length), data.asReadOnly()));
          });
          return tensors;
        });
  }

  /**
   * A checkpoint of any family, initialised as GPT-2 is. Matrices and embeddings are normal with
   * mean 0 and deviation {@code scale}, 0.02 in GPT-2. Matrices that write into the residual stream
   * have deviation scale / √(2 · layers). Biases are 0, gains of norms 1, and the unembedding is
   * tied. The same seed gives the same weights.
   *
   * @throws InputException if the configuration is out of range
   */
  public static MemoryCheckpoint random(ModelConfig config, long seed, double scale) {
    return create(
        config,
        (layout, arena) -> {
          SplittableRandom seeds = new SplittableRandom(seed);
          List<StoredTensor> tensors = new ArrayList<>();
          layout
              .required()
              .forEach((name, shape) -> {
                long elements = shape.stream().reduce(1L, Math::multiplyExact);
                MemorySegment data = allocate(arena, elements);
                fillRandom(name, config, seeds.split(), scale, data);
                tensors.add(new StoredTensor(name, DType.F32, shape, data.asReadOnly()));
              });
          return tensors;
        });
  }

  @SuppressWarnings("MustBeClosedChecker") // the result owns the arena
  private static MemoryCheckpoint create(ModelConfig config, Filler filler) {
    ModelConfigReader.check(WHERE, config);
    ModelLayout layout = new ModelLayout(config, true);
    Arena arena = Arena.ofShared();
    boolean created = false;
    try {
      MatchedTensors matched =
          LayoutMatch.of(layout, WHERE, filler.fill(layout, arena), ModelLayout.Head.LANGUAGE);
      if (!matched.passedOver().isEmpty()) {
        throw new InputException(
            WHERE,
            StrictJson.clip(matched.passedOver().getFirst()),
            "is no tensor of this " + layout.family().title(),
            "weights and configuration (config.json) must belong together");
      }
      MemoryCheckpoint checkpoint = new MemoryCheckpoint(config, arena, matched.tensors());
      created = true;
      return checkpoint;
    } finally {
      if (!created) {
        arena.close();
      }
    }
  }

  private static MemorySegment allocate(Arena arena, long elements) {
    return arena.allocate(elements * Float.BYTES, ALIGNMENT);
  }

  /**
   * The expected shape where the length fits it; else the length itself, which the layout then
   * refuses.
   */
  private static List<Long> shape(ModelLayout layout, String name, long length) {
    return layout
        .expectedShape(name)
        .filter(expected -> expected.stream().reduce(1L, Math::multiplyExact) == length)
        .orElse(List.of(length));
  }

  private static void fillRandom(
      String name, ModelConfig config, SplittableRandom random, double scale, MemorySegment data) {
    TensorNames names = config.architecture().family().names();
    boolean norm = names.isNorm(name);
    double deviation =
        name.endsWith(".bias") || norm
            ? 0
            : names.isWriter(name) ? scale / Math.sqrt(2.0 * config.layers()) : scale;
    double mean = norm && name.endsWith(".weight") ? 1 : 0;
    for (long offset = 0; offset < data.byteSize(); offset += Float.BYTES) {
      double noise = deviation == 0 ? 0 : deviation * random.nextGaussian();
      data.set(FLOAT, offset, (float) (mean + noise));
    }
  }

  @Override
  public String location() {
    return WHERE;
  }

  @Override
  public ModelConfig config() {
    return config;
  }

  @Override
  public Set<String> names() {
    return tensors.names();
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalStateException after {@link #close()}
   */
  @Override
  public StoredTensor tensor(String name) {
    checkOpen();
    return tensors.get(name);
  }

  /**
   * One entry, {@code memory}: the digest of the configuration and of every tensor's name and
   * bytes.
   *
   * @throws InputException if a value is NaN or infinite
   * @throws IllegalStateException after {@link #close()}
   */
  @Override
  public Map<String, String> hashes() {
    checkOpen();
    if (hashes == null) {
      Sha256 hash = new Sha256().update(config.toString().getBytes(StandardCharsets.UTF_8));
      for (String name : names()) {
        hash.update(name.getBytes(StandardCharsets.UTF_8)).update(tensors.get(name).data());
      }
      hashes = Map.of("memory", hash.hex());
    }
    return hashes;
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException(WHERE + " are closed; make the checkpoint again");
    }
  }

  @Override
  public void close() {
    if (!closed) {
      arena.close();
      closed = true;
    }
  }
}
