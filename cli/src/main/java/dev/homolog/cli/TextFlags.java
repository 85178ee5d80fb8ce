package dev.homolog.cli;

import dev.homolog.analysis.input.TokenInput;
import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import dev.homolog.core.tokens.Share;
import dev.homolog.core.tokens.TextFields;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Which text is read. */
final class TextFlags {
  @Option(
      names = "--text",
      arity = "1..*",
      paramLabel = "FILE",
      description =
          "text: .txt, .jsonl, .ndjson or .json, plain, .gz or .zst, or .parquet; a pattern such as"
              + " 'data/**/*.jsonl.zst', in quotes, stands for all files that match, in the order"
              + " of their names")
  private List<String> text = new ArrayList<>();

  @Option(
      names = "--text-column",
      paramLabel = "NAME",
      description = "column of a .parquet, or field of JSON, that holds the text (default: text)")
  private String textColumn;

  @Option(
      names = "--subset-key",
      paramLabel = "KEY",
      description =
          "field or column that names a document's subset; a dot leads into an object (default:"
              + " meta.pile_set_name, else meta.redpajama_set_name, meta.source, source or subset)")
  private String subsetKey;

  @Option(
      names = "--share",
      paramLabel = "S",
      description = "read this share of the documents, chosen by a hash of their text (default: 1)")
  private Double share;

  @Option(
      names = "--held-out",
      description = "read the documents that --share leaves out, instead of those that it takes")
  private boolean heldOut;

  List<Path> text() {
    return TokenInput.files(text);
  }

  TextFields fields() {
    return new TextFields(
        textColumn == null ? TextFields.DEFAULT.text() : textColumn,
        Optional.ofNullable(subsetKey));
  }

  Share share() {
    if (share == null) {
      if (heldOut) {
        throw new InputException(
            InputOption.HELD_OUT, "there is no share to hold out", "add --share");
      }
      return Share.ALL;
    }
    return Share.of(share, heldOut);
  }
}
