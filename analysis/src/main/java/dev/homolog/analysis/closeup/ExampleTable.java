package dev.homolog.analysis.closeup;

import dev.homolog.analysis.table.Appender;
import dev.homolog.analysis.table.NeuronColumns;
import dev.homolog.analysis.table.Table;
import dev.homolog.core.model.NeuronId;
import dev.homolog.core.stream.ModelNeurons;
import dev.homolog.core.tokens.TokenTable;
import dev.homolog.core.tokens.Tokenizer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The examples of a sink as the table {@code examples} of a run folder. */
final class ExampleTable {
  /** Peaks of which the other models' activations are listed too. */
  static final int SIDE_BY_SIDE = 5;

  /** On the heap: three lists of a window and what names them. */
  private static final long ROW_BYTES = 60 + ExamplesSink.WINDOW * 16L + 3 * 24;

  private final ExamplesSink sink;
  private final List<ModelNeurons> models;
  private final TokenTable tokens;
  private final Tokenizer tokenizer;
  private final Map<Integer, String> documents = new HashMap<>();
  private final Map<Integer, String> texts = new HashMap<>();

  ExampleTable(
      ExamplesSink sink, List<ModelNeurons> models, TokenTable tokens, Tokenizer tokenizer) {
    this.sink = sink;
    this.models = models;
    this.tokens = tokens;
    this.tokenizer = tokenizer;
  }

  static long bytes(long chosen, long models) {
    return chosen * (ExamplesSink.TOP + SIDE_BY_SIDE * (models - 1)) * ROW_BYTES;
  }

  /** A row a chosen neuron, peak and model. */
  Table table(List<CloseUp.Subject> subjects) {
    Table.Builder table = ExampleColumns.EXAMPLES.builder();
    NeuronColumns neuron = NeuronColumns.in(table);
    Appender.Ints rank = table.ints("rank");
    Appender.Texts model = table.texts("model");
    NeuronColumns modelNeuron = NeuronColumns.in(table, "model_");
    Appender.Texts document = table.texts("document");
    Appender.Longs row = table.longs("row");
    Appender.Ints position = table.ints("position");
    Appender.Ints first = table.ints("first");
    Appender.Lists<int[]> ids = table.intLists("tokens");
    Appender.Lists<String[]> words = table.textLists("texts");
    Appender.Lists<double[]> activations = table.doubleLists("activations");
    int context = tokens.context();
    ModelNeurons reference = models.getFirst();
    for (int j = 0; j < subjects.size(); j++) {
      List<Integer> ranked = sink.ranked(j);
      for (int place = 0; place < ranked.size(); place++) {
        long peakPlace = sink.place(j, ranked.get(place));
        int modelCount = place < SIDE_BY_SIDE ? models.size() : 1;
        for (int m = 0; m < modelCount; m++) {
          int id = subjects.get(j).neuronOf(m);
          if (id < 0) {
            continue;
          }
          int peak = (int) (peakPlace % context);
          int from = Math.max(0, peak - ExamplesSink.REACH);
          int length = Math.min(context - 1, peak + ExamplesSink.REACH) - from + 1;
          int skipped = from - (peak - ExamplesSink.REACH);
          int slot = ranked.get(place);
          neuron.add(id(subjects.get(j).neuron(), reference));
          rank.add(place + 1);
          model.add(models.get(m).name());
          modelNeuron.add(id(id, models.get(m)));
          document.add(documentOf(peakPlace / context, peak));
          row.add(peakPlace / context);
          position.add(peak);
          first.add(from);
          int[] window = new int[length];
          double[] values = new double[length];
          String[] text = new String[length];
          for (int w = 0; w < length; w++) {
            window[w] = tokens.id(peakPlace / context, from + w);
            values[w] = sink.value(j, slot, m, skipped + w);
            text[w] = texts.computeIfAbsent(window[w], tokenizer::tokenText);
          }
          ids.add(window);
          words.add(text);
          activations.add(values);
        }
      }
    }
    return table.build();
  }

  private static NeuronId id(int flat, ModelNeurons model) {
    return new NeuronId(flat / model.dMlp(), flat % model.dMlp());
  }

  private String documentOf(long row, int position) {
    return documents.computeIfAbsent(
        tokens.documentOf(row, position), document -> tokens.document(document).toString());
  }
}
