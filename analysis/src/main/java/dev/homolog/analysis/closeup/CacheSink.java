package dev.homolog.analysis.closeup;

import dev.homolog.core.checkpoint.SafetensorsWriter;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.NeuronId;
import dev.homolog.core.model.Site;
import dev.homolog.core.npy.NpyFile;
import dev.homolog.core.npy.NpyWriter;
import dev.homolog.core.stream.ActivationBlock;
import dev.homolog.core.stream.ActivationSink;
import dev.homolog.core.stream.ModelNeurons;
import dev.homolog.core.tokens.TokenTable;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Writes the activations of some neurons of the first model at every position, in the order of the
 * stream. It has no sums: its state is the file, which cannot be merged.
 */
final class CacheSink implements ActivationSink, AutoCloseable {
  private final Kernels kernels;
  private final Focus.Cache cache;
  private final List<NeuronId> neurons;
  private final TokenTable table;
  private final ModelNeurons model;
  private final Tensor columns;
  private final Tensor gathered;
  private final Tensor transposed;
  private final NpyWriter writer;

  /**
   * Opens the file.
   *
   * @param tokens the most tokens (rows times context) that a batch will have
   */
  CacheSink(
      Kernels kernels,
      Arena arena,
      ModelNeurons model,
      Focus focus,
      TokenTable table,
      long tokens) {
    this.kernels = kernels;
    this.cache = focus.cache().orElseThrow();
    this.neurons = focus.neurons();
    this.table = table;
    this.model = model;
    int k = neurons.size();
    Tensor list = Tensor.allocate(arena, DType.I32, k, 1);
    for (int j = 0; j < k; j++) {
      list.set(j, 0, neurons.get(j).layer() * model.dMlp() + neurons.get(j).neuron());
    }
    this.columns = kernels.fromHost(arena, list);
    this.gathered = kernels.allocate(arena, kernels.working(), k, tokens);
    this.transposed = Tensor.allocate(arena, DType.F32, tokens, k);
    Path file = cache.file().toAbsolutePath();
    this.writer = NpyWriter.create(file, DType.F32, List.of(table.tokens(), (long) k));
  }

  /** Bytes that a sink takes. */
  static long bytes(long neurons, long tokens, int working) {
    return neurons * tokens * (2L * working + Float.BYTES);
  }

  private boolean npy() {
    return cache.file().toString().endsWith(".npy");
  }

  @Override
  public Set<Site> sites() {
    return Set.of(cache.site());
  }

  @Override
  public Values values() {
    return Values.RAW;
  }

  @Override
  public void accept(ActivationBlock block) {
    long tokens = block.ids().rows();
    Tensor x = model.columns(block.site(cache.site()));
    Tensor activations = gathered.columns(0, tokens);
    kernels.gatherRows(x.transposed(), columns, activations);
    try (Arena scratch = Arena.ofShared()) {
      Tensor host = kernels.toHost(scratch, activations);
      double[] line = new double[(int) tokens];
      for (int j = 0; j < neurons.size(); j++) {
        host.readRow(j, line);
        for (int t = 0; t < line.length; t++) {
          transposed.set(t, j, line[t]);
        }
      }
    }
    writer.append(transposed.data().asSlice(0, tokens * neurons.size() * Float.BYTES));
  }

  /** Makes the file appear. */
  void commit() {
    if (npy()) {
      writer.commit();
      return;
    }
    // A safetensors file begins with where everything lies, and holds the tokens too.
    try (NpyFile file = NpyFile.open(writer.written())) {
      long k = neurons.size();
      long context = table.context();
      new SafetensorsWriter(cache.file())
          .metadata("site", cache.site().name())
          .metadata(
              "neurons", neurons.stream().map(NeuronId::plain).collect(Collectors.joining(" ")))
          .tensor("activations", DType.F32, List.of(table.rows(), context, k), file.data())
          .tensor("tokens", DType.I32, List.of(table.rows(), context), table.ids(0, table.rows()))
          .write();
    }
  }

  @Override
  public Map<String, Tensor> state() {
    return Map.of();
  }

  @Override
  public void merge(Map<String, Tensor> other) {
    throw new UnsupportedOperationException("a file of activations is written in one go");
  }

  /** Leaves nothing behind but the file, and that only if it was committed. */
  @Override
  public void close() {
    writer.close();
  }
}
