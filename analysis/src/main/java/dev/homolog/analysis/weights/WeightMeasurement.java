package dev.homolog.analysis.weights;

import dev.homolog.analysis.measure.Cost;
import dev.homolog.analysis.measure.Facts;
import dev.homolog.analysis.measure.Measurement;
import dev.homolog.analysis.measure.Phase;
import dev.homolog.analysis.measure.Setting;
import dev.homolog.analysis.measure.Shape;
import dev.homolog.analysis.state.Journal;
import dev.homolog.analysis.table.Table;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.memory.DType;
import dev.homolog.core.model.Processing;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** What the weights of the reference say of all its neurons, and more of chosen ones. */
public final class WeightMeasurement implements Measurement {
  private final Setting setting;
  private final Processing processing;
  private final Supplier<List<Integer>> chosen;
  private final int mostChosen;
  private Optional<WeightFindings> findings = Optional.empty();

  /**
   * @param chosen flat ids of the neurons that the tables are of, known when all passes are done
   * @param mostChosen how many these can be
   */
  public WeightMeasurement(
      Setting setting, Processing processing, Supplier<List<Integer>> chosen, int mostChosen) {
    this.setting = setting;
    this.processing = processing;
    this.chosen = chosen;
    this.mostChosen = mostChosen;
  }

  @Override
  public Cost cost(Shape shape) {
    ModelConfig model = shape.reference();
    DType working = shape.kernels().working();
    long results = WeightTables.heapBytes(model, mostChosen, true);
    long asRead = WeightTables.hostBytes(model, working);
    long tables = WeightTables.bytes(model, mostChosen, working, shape.onDevice());
    return new Cost()
        .afterwards("weight tables", tables + results + (shape.onDevice() ? 0 : asRead))
        .besideDevice("weights as read", asRead)
        .lateResults(results)
        .tables(results)
        .writing(WeightTables.writtenBytes(mostChosen))
        .operations("weight tables", WeightTables.operations(model, mostChosen));
  }

  @Override
  public void afterwards(Journal journal) {
    int[] neurons = chosen.get().stream().mapToInt(Integer::intValue).toArray();
    WeightTables.Request request =
        new WeightTables.Request(processing, neurons, setting.tokenizer()::tokenText);
    findings =
        Optional.of(
            setting
                .phases()
                .time(
                    Phase.WEIGHTS,
                    () ->
                        WeightFindings.of(
                            setting.kernels(),
                            setting.models().getFirst().checkpoint(),
                            request,
                            setting.progress())));
  }

  private WeightFindings findings() {
    return findings.orElseThrow(() -> new IllegalStateException("no weights have been looked at"));
  }

  @Override
  public Optional<Object> result() {
    return Optional.of(findings());
  }

  @Override
  public void addColumns(Table.Builder neurons) {
    WeightColumns.add(neurons, findings().neurons());
  }

  @Override
  public Stream<Iterator<Table>> tables(Table neurons) {
    return findings().tables().stream().map(Iterable::iterator);
  }

  @Override
  public void describe(Facts study) {
    study.put("processing", processing.toString());
    study.object("options").put("processing", processing.toString());
  }
}
