package dev.homolog.core.stream;

import dev.homolog.core.checkpoint.Checkpoint;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.Activations;
import dev.homolog.core.model.Site;
import dev.homolog.core.model.Transformer;
import dev.homolog.core.tokens.TokenTable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongConsumer;
import java.util.stream.LongStream;

/**
 * Runs several models over the same rows of tokens, batch by batch, each model once a batch, and
 * shows every batch to all sinks. Belongs to one thread and to the arena it was opened with.
 */
public final class ActivationStream {
  private static final int PILOT_BATCHES = 8;

  private final Kernels kernels;
  private final Arena arena;
  private final List<ModelNeurons> models;
  private final List<Transformer> transformers;
  private final List<Checkpoint> checkpoints;
  private final TokenTable table;
  private final int batchRows;
  private final Tensor ids;
  private final Tensor keep;
  private final Tensor subsets;
  private final Tensor idsOnDevice;
  private final Tensor keepOnDevice;
  private final Map<Site, Tensor> sites = new EnumMap<>(Site.class);
  private final Map<Site, Arena> places = new EnumMap<>(Site.class);

  private ActivationStream(
      Kernels kernels,
      Arena arena,
      List<ModelNeurons> models,
      List<Transformer> transformers,
      List<Checkpoint> checkpoints,
      Text text) {
    this.kernels = kernels;
    this.arena = arena;
    this.models = models;
    this.transformers = transformers;
    this.checkpoints = checkpoints;
    this.table = text.table;
    this.batchRows = text.rows();
    long tokens = text.tokens();
    this.ids = Tensor.allocate(arena, DType.I32, tokens, 1);
    this.keep = Tensor.allocate(arena, DType.U8, tokens, 1);
    this.subsets = Tensor.allocate(arena, DType.I32, tokens, 1);
    this.idsOnDevice = kernels.fromHost(arena, ids);
    this.keepOnDevice = kernels.fromHost(arena, keep);
  }

  /**
   * The text that a stream reads.
   *
   * @param batchRows rows of the table a batch
   */
  public record Text(TokenTable table, int batchRows) {
    /** Rows a batch; never more than there are. */
    public int rows() {
      return (int) Math.min(batchRows, table.rows());
    }

    /** The most tokens a batch: rows times context. */
    public long tokens() {
      return (long) rows() * table.context();
    }
  }

  /** A model and the name by which its columns are known. */
  public record Model(String name, Checkpoint checkpoint) {}

  /** Opens a stream over the models, the reference first; their checkpoints must stay open. */
  public static ActivationStream open(Kernels kernels, Arena arena, List<Model> models, Text text) {
    List<Transformer> transformers = new ArrayList<>();
    for (Model model : models) {
      transformers.add(Transformer.of(model.checkpoint(), kernels, arena, text.tokens()));
    }
    List<Checkpoint> checkpoints = models.stream().map(Model::checkpoint).toList();
    return new ActivationStream(kernels, arena, columns(models), transformers, checkpoints, text);
  }

  /** The columns that models have in a block, in their order. */
  public static List<ModelNeurons> columns(List<Model> models) {
    List<ModelNeurons> columns = new ArrayList<>();
    long offset = 0;
    for (Model model : models) {
      var config = model.checkpoint().config();
      columns.add(new ModelNeurons(model.name(), config.layers(), config.dMlp(), offset));
      offset += config.neurons();
    }
    return List.copyOf(columns);
  }

  /** The models' columns, in the order they were given. */
  public List<ModelNeurons> models() {
    return models;
  }

  /** Number of neurons of all models together. */
  public long neurons() {
    ModelNeurons last = models.getLast();
    return last.offset() + last.count();
  }

  /**
   * Pilots of the two sites.
   *
   * @param post all neurons' MLP_POST
   * @param pre MLP_PRE of the first model, or null
   */
  public record Pilots(Pilot post, Pilot pre) {
    private static final String POST = "post.";
    private static final String PRE = "pre.";

    /** Means and scales, by name. */
    public Map<String, Tensor> state() {
      Map<String, Tensor> state = new LinkedHashMap<>();
      post.state().forEach((name, tensor) -> state.put(POST + name, tensor));
      if (pre != null) {
        pre.state().forEach((name, tensor) -> state.put(PRE + name, tensor));
      }
      return state;
    }
  }

  /**
   * Pilots of which the {@link Pilots#state} was saved.
   *
   * @param state on the host
   * @param preactivations whether that of MLP_PRE is among them
   * @throws IllegalArgumentException a tensor is missing or has another shape
   */
  public Pilots pilots(Map<String, Tensor> state, boolean preactivations) {
    Pilot pre =
        preactivations
            ? Pilot.restored(kernels, arena, part(state, Pilots.PRE), models.getFirst().count())
            : null;
    return new Pilots(Pilot.restored(kernels, arena, part(state, Pilots.POST), neurons()), pre);
  }

  private static Map<String, Tensor> part(Map<String, Tensor> state, String prefix) {
    Map<String, Tensor> part = new LinkedHashMap<>();
    state.forEach((name, tensor) -> {
      if (name.startsWith(prefix)) {
        part.put(name.substring(prefix.length()), tensor);
      }
    });
    return part;
  }

  /** As below, of MLP_POST alone. */
  public Pilot pilot(Rows rows, ProgressListener progress) {
    return pilots(rows, false, progress).post();
  }

  /**
   * Mean and deviation of every neuron on some rows, to standardise by. Looks at every position of
   * them, as BOS in front of a row is the same in all rows. Where a neuron all but stands still on
   * them, all rows of the table are read for the moments of such neurons.
   *
   * @param preactivations whether MLP_PRE is wanted too
   * @throws dev.homolog.core.InputException if an activation is not finite
   */
  public Pilots pilots(Rows rows, boolean preactivations, ProgressListener progress) {
    Pilot identity = Pilot.identity(kernels, arena, neurons());
    MomentsSink post = new MomentsSink(kernels, arena, identity, neurons());
    // Small batches: the time between the last two tells how fast this machine is when warm.
    int batch = Math.clamp(rows.count() / PILOT_BATCHES, 1, batchRows);
    try (Arena scratch = Arena.ofShared()) {
      List<ActivationSink> sinks = new ArrayList<>();
      sinks.add(post);
      sinks.add(new FiniteSink(kernels, scratch, keep.rows(), neurons()));
      MomentsSink pre = null;
      if (preactivations) {
        int neurons = models.getFirst().count();
        Pilot none = Pilot.identity(kernels, scratch, neurons);
        pre = MomentsSink.ofPreactivations(kernels, scratch, none, neurons, keep.rows());
        sinks.add(pre);
      }
      run(new Reading("pilot", rows, 0, progress, _ -> {}), batch, identity, sinks);
      Moments seen = post.moments();
      return new Pilots(
          seen.isExtreme()
              ? Pilot.of(kernels, arena, seen, ofAllRows(scratch, progress))
              : seen.pilot(kernels, arena),
          pre == null ? null : pre.moments().pilot(kernels, arena));
    }
  }

  private Moments ofAllRows(Arena scratch, ProgressListener progress) {
    Pilot identity = Pilot.identity(kernels, scratch, neurons());
    MomentsSink all = new MomentsSink(kernels, scratch, identity, neurons());
    run("pilot", Rows.all(table.rows()), identity, List.of(new Unasked(all)), progress);
    return all.moments();
  }

  /** Sums that are not asked whether all is finite: the passes ask, and say where. */
  private record Unasked(MomentsSink sums) implements ActivationSink {
    @Override
    public Set<Site> sites() {
      return sums.sites();
    }

    @Override
    public Values values() {
      return sums.values();
    }

    @Override
    public void accept(ActivationBlock block) {
      sums.accept(block);
    }

    @Override
    public Map<String, Tensor> state() {
      return sums.state();
    }

    @Override
    public void merge(Map<String, Tensor> other) {
      sums.merge(other);
    }
  }

  /**
   * Has the buffer of a site in another arena, for a time in which it is read.
   *
   * @param place closes after {@link #release}
   */
  public void place(Site site, Arena place) {
    places.put(site, place);
  }

  /** Lets go of the buffer of a site, before the arena that it was placed in closes. */
  public void release(Site site) {
    places.remove(site);
    sites.remove(site);
  }

  /**
   * Shows the rows to the sinks.
   *
   * @param phase what to call it in progress
   * @param pilot for sinks that read prepared values
   * @throws dev.homolog.core.InputException if a sink sees that an activation is not finite; names
   *     the model's folder, the layer, the row and the document
   */
  public void run(
      String phase,
      Rows rows,
      Pilot pilot,
      List<? extends ActivationSink> sinks,
      ProgressListener progress) {
    run(new Reading(phase, rows, 0, progress, _ -> {}), pilot, sinks);
  }

  /**
   * How rows are read.
   *
   * @param phase what to call it in progress
   * @param seen positions that the sinks have seen in an earlier reading of the same rows; its
   *     batches ended there
   * @param end positions after which the reading ends; a batch ends there
   * @param progress hears of each batch
   * @param batchDone hears, after each batch, how many positions all sinks have seen
   */
  public record Reading(
      String phase,
      Rows rows,
      long seen,
      long end,
      ProgressListener progress,
      LongConsumer batchDone) {

    /** Of all that is left of the rows. */
    public Reading(
        String phase, Rows rows, long seen, ProgressListener progress, LongConsumer batchDone) {
      this(phase, rows, seen, Long.MAX_VALUE, progress, batchDone);
    }
  }

  /** As above; a part of the rows, such as the rest of an earlier reading. */
  public void run(Reading reading, Pilot pilot, List<? extends ActivationSink> sinks) {
    run(reading, batchRows, pilot, sinks);
  }

  /** In batches of nearly equal size, so that the last is no small remainder. */
  private void run(Reading reading, int batch, Pilot pilot, List<? extends ActivationSink> sinks) {
    Set<Site> read = EnumSet.noneOf(Site.class);
    sinks.forEach(sink -> read.addAll(sink.sites()));
    read.forEach(this::buffer);
    Rows rows = reading.rows;
    long total = (long) rows.count() * table.context();
    long batches = batches(rows.count(), batch);
    reading.progress.progress(reading.phase, reading.seen, total);
    int from = 0;
    for (long i = 1; i <= batches; i++) {
      int to = (int) (i * rows.count() / batches);
      long done = (long) to * table.context();
      if (done > reading.seen && done <= reading.end) {
        ActivationBlock block = forward(rows, from, to, read);
        showRaw(block, sinks);
        showPrepared(block, pilot, sinks);
        reading.progress.progress(reading.phase, done, total);
        reading.batchDone.accept(done);
      }
      from = to;
    }
  }

  /** Whether a reading of all rows has a batch that ends after so many positions, or begins so. */
  public static boolean isBetweenBatches(Text text, long seen) {
    return isBetweenBatches(text, text.table().rows(), seen);
  }

  /** As above, of a reading of that many rows. */
  public static boolean isBetweenBatches(Text text, long rows, long seen) {
    return seen == 0 || LongStream.of(batchEnds(text, rows)).anyMatch(end -> end == seen);
  }

  /** Positions after which the batches of a reading of all rows end; the last is all of them. */
  public static long[] batchEnds(Text text) {
    return batchEnds(text, text.table().rows());
  }

  private static long[] batchEnds(Text text, long rows) {
    long batches = batches(rows, text.rows());
    return LongStream.rangeClosed(1, batches)
        .map(i -> i * rows / batches * text.table().context())
        .toArray();
  }

  private static long batches(long rows, int batch) {
    return (rows + batch - 1) / batch;
  }

  /** The fewest kept tokens of a batch, when all rows of a table are read. */
  public static long leastKept(Text text) {
    TokenTable table = text.table();
    long batches = batches(table.rows(), text.rows());
    long least = Long.MAX_VALUE;
    long from = 0;
    for (long i = 1; i <= batches; i++) {
      long to = i * table.rows() / batches;
      least = Math.min(least, table.batch(from, Math.toIntExact(to - from)).kept());
      from = to;
    }
    return least;
  }

  private List<String> locations() {
    return checkpoints.stream().map(Checkpoint::location).toList();
  }

  private ActivationBlock forward(Rows rows, int from, int to, Set<Site> read) {
    // Weights may be read where they are mapped, and others may write to their files.
    checkpoints.forEach(Checkpoint::requireUnchanged);
    int context = table.context();
    long tokens = (long) (to - from) * context;
    long rowBytes = (long) context * Integer.BYTES;
    for (int i = from; i < to; i++) {
      long offset = (long) (i - from) * context;
      MemorySegment.copy(
          table.ids(rows.get(i), 1), 0, ids.data(), offset * Integer.BYTES, rowBytes);
      MemorySegment.copy(table.keep(rows.get(i), 1), 0, keep.data(), offset, context);
      table.subsets(rows.get(i), 1, subsets.data().asSlice(offset * Integer.BYTES, rowBytes));
    }
    long kept = 0;
    for (long t = 0; t < tokens; t++) {
      kept += keep.data().get(ValueLayout.JAVA_BYTE, t);
    }
    Tensor batchIds = idsOnDevice.rows(0, tokens);
    Tensor batchKeep = keepOnDevice.rows(0, tokens);
    kernels.copy(ids.rows(0, tokens), batchIds);
    kernels.copy(keep.rows(0, tokens), batchKeep);
    Tensor pre = rowsOf(Site.MLP_PRE, read, tokens);
    Tensor post = rowsOf(Site.MLP_POST, read, tokens);
    for (int i = 0; i < models.size(); i++) {
      ModelNeurons model = models.get(i);
      Activations out =
          Activations.sites(i == 0 ? pre : null, post == null ? null : model.columns(post));
      transformers.get(i).forward(batchIds, context, out);
    }
    return new ActivationBlock(
        kernels,
        models,
        rows.part(from, to),
        batchIds,
        batchKeep,
        kept,
        subsets.rows(0, tokens),
        pre,
        post);
  }

  private void showRaw(ActivationBlock block, List<? extends ActivationSink> sinks) {
    for (ActivationSink sink : sinks) {
      if (sink.values() == ActivationSink.Values.RAW) {
        sink.accept(block);
        if (!sink.isFinite()) {
          throw new NotFinite(kernels, table, locations()).find(block);
        }
      }
    }
  }

  /** After the raw readers: the block is prepared in place, which needs no second buffer. */
  private void showPrepared(
      ActivationBlock block, Pilot pilot, List<? extends ActivationSink> sinks) {
    boolean prepared = false;
    for (ActivationSink sink : sinks) {
      if (sink.values() == ActivationSink.Values.PREPARED) {
        if (!prepared) {
          pilot.prepare(block.site(Site.MLP_POST), block.keep());
          prepared = true;
        }
        sink.accept(block);
      }
    }
  }

  private void buffer(Site site) {
    long columns = site == Site.MLP_PRE ? models.getFirst().count() : neurons();
    sites.computeIfAbsent(
        site,
        _ ->
            kernels.allocate(
                places.getOrDefault(site, arena), kernels.working(), keep.rows(), columns));
  }

  /** Null where no sink of this run reads the site, though one of another run may have. */
  private Tensor rowsOf(Site site, Set<Site> read, long tokens) {
    return read.contains(site) ? sites.get(site).rows(0, tokens) : null;
  }
}
