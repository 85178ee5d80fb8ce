package dev.homolog.analysis.file;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.JsonGeneratorDelegate;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.homolog.core.InputException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * JSON as a run folder holds it: UTF-8, indented by two spaces, with lines that end in LF. Keys are
 * in the order given; null stands for NaN and the infinities. Stateless.
 */
public final class JsonFile {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  /** A hundred times what a large study writes; in memory it is twenty times as much. */
  private static final int LARGEST = 1 << 24;

  private static final String REMEDY = "restore the file or run the study again";

  private JsonFile() {}

  /** Writes a file; the value is maps, lists, arrays, texts and numbers. */
  public static void write(Path file, Object value) throws IOException {
    Files.write(file, bytes(value));
  }

  /** What {@link #write} writes. */
  public static byte[] bytes(Object value) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (var out = new OutputStreamWriter(bytes, StandardCharsets.UTF_8);
        var json = new FiniteGenerator(MAPPER.createGenerator(out))) {
      var indenter = new DefaultIndenter("  ", "\n");
      json.setPrettyPrinter(
          new DefaultPrettyPrinter().withObjectIndenter(indenter).withArrayIndenter(indenter));
      MAPPER.writeValue(json, value);
      json.writeRaw('\n');
    }
    return bytes.toByteArray();
  }

  /**
   * Reads a file.
   *
   * @throws InputException it is not there or not JSON, names a key twice, or goes on after its end
   */
  public static JsonNode read(Path file) {
    if (Files.exists(file) && !Files.isRegularFile(file)) { // a pipe would block
      throw new InputException(file, "", "is not a file", REMEDY);
    }
    try (var in = Files.newInputStream(file, StandardOpenOption.READ)) {
      if (Files.size(file) > LARGEST) {
        throw new InputException(
            file, "", "is longer than " + LARGEST + " bytes, the most that is read", REMEDY);
      }
      return MAPPER.readTree(in);
    } catch (JsonProcessingException e) {
      var location = e.getLocation();
      throw new InputException(
          file.toString(),
          location == null ? "" : "line " + location.getLineNr(),
          "is not JSON (" + e.getOriginalMessage() + ")",
          REMEDY,
          e);
    } catch (IOException e) {
      throw new InputException(
          file.toString(), "", "cannot be read: " + AtomicFile.reason(e), REMEDY, e);
    }
  }

  /** Writes null where JSON has no number. */
  private static final class FiniteGenerator extends JsonGeneratorDelegate {
    FiniteGenerator(JsonGenerator json) {
      super(json, false);
    }

    @Override
    public void writeNumber(double value) throws IOException {
      if (Double.isFinite(value)) {
        super.writeNumber(value);
      } else {
        writeNull();
      }
    }

    @Override
    public void writeNumber(float value) throws IOException {
      if (Float.isFinite(value)) {
        super.writeNumber(value);
      } else {
        writeNull();
      }
    }

    @Override
    public void writeArray(double[] values, int from, int count) throws IOException {
      writeStartArray(values, count);
      for (int i = from; i < from + count; i++) {
        writeNumber(values[i]);
      }
      writeEndArray();
    }
  }
}
