package dev.homolog.cli;

import dev.homolog.analysis.Tokenization;
import dev.homolog.analysis.input.TokenInput;
import dev.homolog.analysis.run.RunFacts;
import dev.homolog.core.tokens.TokenCache;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Tokenises text once, for the {@code --tokens} of many studies. */
@Command(
    name = "tokenize",
    mixinStandardHelpOptions = true,
    description = "Writes the token ids that a study of a text would read, for --tokens.")
final class TokenizeCommand implements Callable<Integer>, Main.Verbose {
  @Spec private CommandSpec spec;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "MODEL",
      description = "whose tokenizer is used: " + HubFlags.MODEL)
  private String model;

  @Mixin private HubFlags hub = new HubFlags();
  @Mixin private TextFlags text = new TextFlags();
  @Mixin private LengthFlags length = new LengthFlags();
  @Mixin private LinksFlag links = new LinksFlag();

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE.npy",
      description =
          "file of the ids, which must not exist yet; what is known of the documents goes"
              + " beside it")
  private Path out;

  @Option(names = "--verbose", description = "print phases, and stack traces of failures")
  private boolean verbose;

  /** The checked arguments of the command line. */
  private record Request(Path model, TokenInput input) {}

  @Override
  public Integer call() {
    Request request =
        Main.checked(
            spec,
            () -> {
              TokenCache.requireFree(out);
              TokenInput input =
                  new TokenInput(
                      text.text(),
                      null,
                      length.context(),
                      length.maxTokens(),
                      text.share(),
                      text.fields(),
                      Optional.empty());
              input.requireFiles();
              return new Request(hub.folder(model, false, spec.commandLine().getErr()), input);
            });
    RunFacts.TokenFacts tokenFacts;
    try (Interrupt _ = Interrupt.endsTheProcess(Progress.onTerminal(), this::stands);
        Progress progress = Progress.start(verbose, spec.commandLine().getErr())) {
      tokenFacts =
          Tokenization.write(request.model, links.followLinks(), request.input, out, progress);
    }
    PrintWriter to = spec.commandLine().getOut();
    to.printf(
        Locale.ROOT,
        "Wrote %,d rows of %,d tokens (%,d kept) of %,d documents in %,d subsets: %s%n",
        tokenFacts.rows(),
        tokenFacts.context(),
        tokenFacts.kept(),
        tokenFacts.documents(),
        tokenFacts.subsets().size(),
        out);
    TextNotes.print(tokenFacts, to);
    to.flush();
    return 0;
  }

  /** The file of ids comes last. */
  private String stands() {
    return Files.exists(out)
        ? out + " is complete"
        : "no tokens were written; the same command can be given again";
  }

  @Override
  public boolean verbose() {
    return verbose;
  }
}
