package dev.homolog.analysis;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.homolog.analysis.closeup.CloseUp;
import dev.homolog.analysis.correlation.CorrelationSummary;
import dev.homolog.analysis.correlation.PairMatches;
import dev.homolog.analysis.correlation.Tails;
import dev.homolog.analysis.correlation.Universality;
import dev.homolog.analysis.table.RunFolder;
import dev.homolog.analysis.table.Table;
import dev.homolog.analysis.table.TableFormat;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** A result as the tables and the manifest of a run folder. */
final class StudyTables {
  private final StudyResult result;

  private StudyTables(StudyResult result) {
    this.result = result;
  }

  static void write(StudyResult result, RunFolder folder, Invocation invocation) {
    TableFormat format = invocation.format();
    StudyTables tables = new StudyTables(result);
    folder.write(tables.neurons(), format);
    folder.write(tables.matches(), format);
    folder.write(tables.histograms(), format);
    if (result.closeUp() != null) {
      folder.write(tables.tokens(), format);
    }
    folder.finish(tables.manifest(invocation));
  }

  Table neurons() {
    int n = result.moments().size();
    int m = result.dMlp();
    int[] layer = new int[n];
    int[] neuron = new int[n];
    double[][] c = new double[16][n];
    boolean[] universal = new boolean[n];
    for (int i = 0; i < n; i++) {
      layer[i] = i / m;
      neuron[i] = i % m;
      NeuronMoments post = result.moments().get(i);
      Universality.Neuron u = result.universality().neurons().get(i);
      CorrelationSummary.RowMoments r = result.summary().rows().get(i);
      double[] row = {
        post.mean(),
        post.variance(),
        post.skew(),
        post.kurtosis(),
        u.maxCorr(),
        u.meanCorr(),
        u.minCorr(),
        u.maxBaseline(),
        u.meanBaseline(),
        u.minBaseline(),
        u.baselineDeviation(),
        u.excessCorr(),
        r.mean(),
        r.variance(),
        r.skew(),
        r.kurtosis()
      };
      for (int k = 0; k < row.length; k++) {
        c[k][i] = row[k];
      }
      universal[i] = u.universal(result.options().threshold());
    }
    return Table.builder("neurons")
        .ints("layer", layer)
        .ints("neuron", neuron)
        .doubles("post_mean", c[0])
        .doubles("post_var", c[1])
        .doubles("post_skew", c[2])
        .doubles("post_kurt", c[3])
        .doubles("max_corr", c[4])
        .doubles("mean_corr", c[5])
        .doubles("min_corr", c[6])
        .doubles("max_baseline", c[7])
        .doubles("mean_baseline", c[8])
        .doubles("min_baseline", c[9])
        .doubles("baseline_sd", c[10])
        .doubles("excess_corr", c[11])
        .booleans("universal", universal)
        .doubles("r_mean", c[12])
        .doubles("r_var", c[13])
        .doubles("r_skew", c[14])
        .doubles("r_kurt", c[15])
        .build();
  }

  Table matches() {
    List<PairMatches> pairs = result.summary().pairs();
    String[] names = pairs.stream().map(pair -> pair.other().name()).toArray(String[]::new);
    int rows =
        pairs.stream()
            .flatMap(p -> Stream.of(p.highest(), p.lowest(), p.highestBack(), p.lowestBack()))
            .mapToInt(tails -> Math.multiplyExact(tails.rows(), tails.k()))
            .reduce(0, Math::addExact);
    MatchRows out = new MatchRows(rows);
    for (int other = 0; other < pairs.size(); other++) {
      PairMatches pair = pairs.get(other);
      int theirs = pair.other().dMlp();
      out.add(other, 0, pair.highest(), result.dMlp(), theirs, 1);
      out.add(other, 0, pair.lowest(), result.dMlp(), theirs, -1);
      out.add(other, 1, pair.highestBack(), theirs, result.dMlp(), 1);
      out.add(other, 1, pair.lowestBack(), theirs, result.dMlp(), -1);
    }
    return Table.builder("matches")
        .ints("layer", out.layer)
        .ints("neuron", out.neuron)
        .texts("other", out.other, names)
        .texts("direction", out.direction, new String[] {"out", "back"})
        .ints("rank", out.rank)
        .ints("other_layer", out.otherLayer)
        .ints("other_neuron", out.otherNeuron)
        .doubles("correlation", out.correlation)
        .build();
  }

  private static final class MatchRows {
    private final int[] layer;
    private final int[] neuron;
    private final int[] other;
    private final int[] direction;
    private final int[] rank;
    private final int[] otherLayer;
    private final int[] otherNeuron;
    private final double[] correlation;
    private int size;

    MatchRows(int rows) {
      layer = new int[rows];
      neuron = new int[rows];
      other = new int[rows];
      direction = new int[rows];
      rank = new int[rows];
      otherLayer = new int[rows];
      otherNeuron = new int[rows];
      correlation = new double[rows];
    }

    /** Where a neuron has fewer matches than ranks, the match is −1, −1 with correlation NaN. */
    void add(int model, int way, Tails tails, int dMlp, int otherDMlp, int sign) {
      for (int i = 0; i < tails.rows(); i++) {
        for (int place = 0; place < tails.k(); place++) {
          int match = tails.match(i, place);
          layer[size] = i / dMlp;
          neuron[size] = i % dMlp;
          other[size] = model;
          direction[size] = way;
          rank[size] = sign * (place + 1);
          otherLayer[size] = match < 0 ? -1 : match / otherDMlp;
          otherNeuron[size] = match < 0 ? -1 : match % otherDMlp;
          correlation[size] = tails.value(i, place);
          size++;
        }
      }
    }
  }

  Table histograms() {
    Table.Builder table = Table.builder("histograms");
    var what = table.texts("what");
    var other = table.texts("other");
    var low = table.doubles("low");
    var high = table.doubles("high");
    var count = table.longs("count");
    for (PairMatches pair : result.summary().pairs()) {
      long[] bins = pair.histogram();
      for (int bin = 0; bin < bins.length; bin++) {
        what.add("correlation");
        other.add(pair.other().name());
        low.add(-1 + 2.0 * bin / bins.length);
        high.add(-1 + 2.0 * (bin + 1) / bins.length);
        count.add(bins[bin]);
      }
    }
    return table.build();
  }

  Table tokens() {
    Table.Builder table = Table.builder("tokens");
    var layer = table.ints("layer");
    var neuron = table.ints("neuron");
    var rank = table.ints("rank");
    var token = table.ints("token");
    var text = table.texts("text");
    var mean = table.doubles("mean");
    var max = table.doubles("max");
    var count = table.longs("count");
    for (CloseUp.NeuronTokens of : result.closeUp().neurons()) {
      int place = 0;
      for (CloseUp.TokenMean seen : of.tokens()) {
        layer.add(of.neuron() / result.dMlp());
        neuron.add(of.neuron() % result.dMlp());
        rank.add(++place);
        token.add(seen.id());
        text.add(result.tokenizer().tokenText(seen.id()));
        mean.add(seen.mean());
        max.add(seen.max());
        count.add(seen.count());
      }
    }
    return table.build();
  }

  private ObjectNode manifest(Invocation invocation) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    StudyOptions options = result.options();
    StudyFacts facts = result.facts();
    json.put("homolog", Study.class.getModule().getDescriptor() == null ? "" : version());
    json.put("command", invocation.command());
    ArrayNode models = json.putArray("models");
    for (int i = 0; i < facts.models().size(); i++) {
      StudyFacts.ModelFacts model = facts.models().get(i);
      ObjectNode node = models.addObject();
      node.put("role", i == 0 ? "reference" : "other");
      node.put("name", model.name()).put("path", model.path());
      node.put("layers", model.layers()).put("d_mlp", model.dMlp());
      node.put("d_model", model.dModel()).put("vocab_size", model.vocabSize());
      node.put("constant_neurons", result.constants().get(i));
      model.sha256().forEach(node.putObject("sha256")::put);
    }
    StudyFacts.TokenFacts tokens = facts.tokens();
    ObjectNode text = json.putObject("tokens");
    text.put("rows", tokens.rows()).put("context", tokens.context());
    text.put("read", tokens.read()).put("kept", tokens.kept());
    text.put("filtered", tokens.read() - tokens.kept());
    text.put("filter", "BOS, EOS and pad ids anywhere, and the single token \"\\n\"");
    text.put("dropped_tail", tokens.droppedTail());
    text.put("replaced_characters", tokens.replacedCharacters());
    text.put("documents", tokens.documents()).put("sha256", tokens.sha256());
    tokens.subsets().forEach(text.putArray("subsets")::add);
    text.put("pilot", tokens.pilot());
    json.put("backend", invocation.backendLine()).put("precision", facts.precision());
    json.put("site", "MLP_POST").put("similarity", "pearson").put("weights", "as stored");
    ObjectNode versions = json.putObject("versions");
    versions.put("java", Runtime.version().toString());
    versions.put("os", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    options(json.putObject("options"), options, invocation);
    ObjectNode found = json.putObject("result");
    found.put("neurons", result.moments().size());
    found.put("universal", result.universal());
    json.putNull("resumed_from_token");
    ArrayNode phases = json.putArray("phases");
    for (StudyFacts.PhaseFacts phase : facts.phases()) {
      ObjectNode node = phases.addObject().put("name", phase.name());
      node.put("seconds", phase.seconds());
      if (phase.tokens() > 0) {
        node.put("tokens", phase.tokens()).put("tokens_per_second", phase.tokensPerSecond());
      }
    }
    return json;
  }

  private static String version() {
    return Study.class.getModule().getDescriptor().rawVersion().orElse("");
  }

  private static void options(ObjectNode json, StudyOptions options, Invocation invocation) {
    json.put("reference", options.reference().toString());
    options.others().forEach(path -> json.withArray("other").add(path.toString()));
    TokenInput input = options.input();
    input.text().forEach(path -> json.withArray("text").add(path.toString()));
    if (input.tokens() != null) {
      json.put("tokens", input.tokens().toString());
    }
    input.context().ifPresent(context -> json.put("context", context));
    input.maxTokens().ifPresent(most -> json.put("max_tokens", most));
    json.put("batch", options.batchRows());
    json.put("baseline", options.baseline().kind().name().toLowerCase(Locale.ROOT));
    json.put("baseline_draws", options.baseline().draws());
    if (options.baseline().rotation() != null) {
      json.put("rotation", options.baseline().rotation().toString());
    }
    json.put("top", options.top()).put("threshold", options.threshold());
    json.put("seed", options.seed());
    json.put("out", invocation.out().toString()).put("format", invocation.format().extension());
    json.put("backend", invocation.backend()).put("threads", invocation.threads());
    json.put("precision", invocation.precision());
    if (!invocation.libtorch().isEmpty()) {
      json.put("libtorch", invocation.libtorch());
    }
  }
}
