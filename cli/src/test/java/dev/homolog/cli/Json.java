package dev.homolog.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.homolog.analysis.run.RunFolder;
import java.io.IOException;
import java.io.UncheckedIOException;

/** The JSON files of a run folder. */
final class Json {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private Json() {}

  static JsonNode of(RunFolder run, String name) {
    try {
      return MAPPER.readTree(run.json(name).toFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
