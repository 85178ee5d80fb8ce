package dev.homolog.analysis.roles;

import dev.homolog.analysis.measure.Cost;
import dev.homolog.analysis.measure.Facts;
import dev.homolog.analysis.measure.Measurement;
import dev.homolog.analysis.measure.Phase;
import dev.homolog.analysis.measure.Setting;
import dev.homolog.analysis.measure.Shape;
import dev.homolog.analysis.state.Journal;
import dev.homolog.analysis.table.Table;
import dev.homolog.core.checkpoint.Checkpoint;
import dev.homolog.core.intervention.Sweep;
import dev.homolog.core.model.Transformer;
import dev.homolog.core.stream.Rows;
import dev.homolog.core.tokens.TokenTable;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Roles of the reference's neurons: prediction, entropy, attention heads. */
public final class RoleMeasurement implements Measurement {
  private final Setting setting;
  private final NeuronRoles.Options options;
  private Optional<NeuronRoles> found = Optional.empty();

  public RoleMeasurement(Setting setting, NeuronRoles.Options options) {
    this.setting = setting;
    this.options = options;
  }

  /** The reference's weights again, and what looking for roles takes. */
  @Override
  public Cost cost(Shape shape) {
    Checkpoint checkpoint = setting.models().getFirst().checkpoint();
    return new Cost()
        .afterwards(
            "roles",
            Transformer.copiedWeights(checkpoint, shape.kernels())
                + NeuronRoles.bytes(checkpoint.config(), shape.kernels(), shape.batchTokens()));
  }

  @Override
  public boolean keepsJournal() {
    return true;
  }

  @Override
  public void afterwards(Journal journal) {
    Checkpoint checkpoint = setting.models().getFirst().checkpoint();
    TokenTable table = setting.text().table();
    Sweep.Text text =
        new Sweep.Text(table, table.rules(), Rows.all(table.rows()), setting.text().rows());
    found =
        Optional.of(
            setting
                .phases()
                .time(
                    Phase.ROLES,
                    () ->
                        NeuronRoles.of(
                            checkpoint,
                            setting.kernels(),
                            text,
                            TokenSets.of(setting.tokenizer(), checkpoint.config().vocabSize()),
                            options,
                            new NeuronRoles.Watch(journal, setting.progress()))));
  }

  /** What was found, after {@link #afterwards}. */
  public NeuronRoles found() {
    return found.orElseThrow(() -> new IllegalStateException("no roles have been looked for"));
  }

  @Override
  public Optional<Object> result() {
    return Optional.of(found());
  }

  @Override
  public Stream<Iterator<Table>> tables(Table neurons) {
    return found().tables().map(table -> List.of(table).iterator());
  }

  @Override
  public void describe(Facts study) {
    found().describe(study.object("roles"));
  }
}
