package dev.homolog.analysis.run;

import dev.homolog.analysis.input.TokenInput;
import dev.homolog.analysis.measure.Facts;
import dev.homolog.analysis.plan.MemoryBounds;
import dev.homolog.analysis.plan.Resources;
import dev.homolog.core.checkpoint.ModelNotes;
import dev.homolog.core.tokens.TextFields;
import java.lang.module.ModuleDescriptor;
import java.util.function.Consumer;

/**
 * The common part of every run's {@code study.json}: the command, its input and the resources it
 * took. It is made after the tables, whose memory counts too.
 */
public final class Manifest {
  private Manifest() {}

  /**
   * The facts that all runs have.
   *
   * @param options adds the options of the run
   */
  public static Facts of(Invocation invocation, RunFacts facts, Consumer<Facts> options) {
    Facts study = new Facts();
    study.put("homolog", version()).put("command", invocation.command());
    facts.models().forEach(model -> model(model, study.addObject("models")));
    boolean text = facts.tokens().rows() > 0;
    if (text) {
      tokens(study.object("tokens"), facts.tokens());
    }
    study.put("backend", invocation.backendLine()).put("precision", facts.precision());
    if (text) {
      study.put("site", "MLP_POST");
    }
    study
        .object("versions")
        .put("java", Runtime.version().toString())
        .put("os", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    options.accept(study.object("options"));
    invocation(invocation, study.object("options"));
    facts.plan().describe(study.object("plan"));
    study.object("memory").put("peak_bytes", MemoryBounds.peak());
    study.object("result");
    facts
        .resumedFrom()
        .ifPresentOrElse(
            token -> study.put("resumed_from_token", token),
            () -> study.putNull("resumed_from_token"));
    facts.shards().ifPresent(shards -> study.put("joined_from_shards", shards));
    study.list("phases");
    for (RunFacts.PhaseFacts phase : facts.phases()) {
      Facts timed = study.addObject("phases").put("name", phase.phase().toString());
      timed.put("seconds", phase.seconds());
      if (phase.tokens() > 0) {
        timed.put("tokens", phase.tokens()).put("tokens_per_second", phase.tokensPerSecond());
      }
    }
    return study;
  }

  /** Of this program; empty where it runs from class files. */
  public static String version() {
    ModuleDescriptor module = Manifest.class.getModule().getDescriptor();
    return module == null ? "" : module.rawVersion().orElse("");
  }

  private static void model(RunFacts.ModelFacts model, Facts json) {
    json.put("role", model.role()).put("name", model.name()).put("path", model.path());
    json.put("layers", model.layers()).put("d_mlp", model.dMlp());
    json.put("d_model", model.dModel()).put("vocab_size", model.vocabSize());
    model.sha256().forEach(json.object("sha256")::put);
    notes(model.notes(), json);
  }

  /** What is nothing out of the ordinary has no entry. */
  private static void notes(ModelNotes notes, Facts json) {
    if (!notes.prefix().isEmpty()) {
      json.put("prefix", notes.prefix());
    }
    notes.passedOver().forEach(name -> json.add("passed_over", name));
    notes.head().ifPresent(head -> json.put("head", head));
    if (!notes.absentIds().isEmpty()) {
      notes.absentIds().forEach(json.object("absent_ids")::put);
    }
  }

  private static void tokens(Facts text, RunFacts.TokenFacts tokens) {
    text.put("rows", tokens.rows()).put("context", tokens.context());
    text.put("read", tokens.read()).put("kept", tokens.kept());
    text.put("filtered", tokens.read() - tokens.kept());
    text.put("filter", "BOS, EOS and pad ids anywhere, and the single token \"\\n\"");
    text.put("dropped_tail", tokens.droppedTail());
    text.put("replaced_characters", tokens.replacedCharacters());
    text.put("documents", tokens.documents()).put("sha256", tokens.sha256());
    text.put("share", tokens.share().part()).put("held_out", tokens.share().heldOut());
    text.put("documents_left_out", tokens.leftOut());
    text.put("documents_without_subset", tokens.unlabelled());
    text.put("subsets_dropped", tokens.subsetsDropped());
    text.list("subsets");
    tokens.subsets().forEach(subset -> text.add("subsets", subset));
    text.put("pilot", tokens.pilot());
  }

  /** The options of INPUT. */
  public static void input(Facts options, TokenInput input) {
    input.text().forEach(path -> options.add("text", path.toString()));
    if (input.tokens() != null) {
      options.put("tokens", input.tokens().toString());
    }
    input.dtype().ifPresent(type -> options.put("dtype", type.toString()));
    input.fields().subset().ifPresent(key -> options.put("subset_key", key));
    if (!input.fields().text().equals(TextFields.DEFAULT.text())) {
      options.put("text_column", input.fields().text());
    }
    input.context().ifPresent(context -> options.put("context", context));
    input.maxTokens().ifPresent(most -> options.put("max_tokens", most));
    if (!input.share().all()) {
      options.put("share", input.share().part()).put("held_out", input.share().heldOut());
    }
  }

  /** The options that say what a run may use. */
  public static void resources(Facts options, Resources resources, int batchRows) {
    options.put("batch", batchRows);
    resources(options, resources);
  }

  /** The same for a run that reads no text. */
  public static void resources(Facts options, Resources resources) {
    resources.memory().ifPresent(bytes -> options.put("memory", bytes));
    if (resources.followLinks()) {
      options.put("follow_links", true);
    }
  }

  /** What every command has: where it writes and what computes. */
  private static void invocation(Invocation invocation, Facts options) {
    options.put("out", invocation.out().toString());
    options.put("format", invocation.format().extension());
    options.put("backend", invocation.backend()).put("threads", invocation.threads());
    options.put("precision", invocation.precision());
    if (!invocation.libtorch().isEmpty()) {
      options.put("libtorch", invocation.libtorch());
    }
  }
}
