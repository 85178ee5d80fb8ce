package dev.homolog.analysis.report;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;

/**
 * JSON, compressed with gzip, in base64: a tenth of its size. No text in it can be read as markup.
 */
final class Packed {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Writes the JSON. */
  interface Content {
    void writeTo(JsonGenerator json) throws IOException;
  }

  private Packed() {}

  static String of(JsonNode node) {
    return of(json -> JSON.writeTree(json, node));
  }

  static String of(Content content) {
    var bytes = new ByteArrayOutputStream();
    // Through a writer, which puts a question mark for half a surrogate pair, where a stream
    // refuses.
    try (var text = new OutputStreamWriter(smallest(bytes), StandardCharsets.UTF_8);
        var json = new JsonFactory().createGenerator(text)) {
      content.writeTo(json);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // a stream in memory does not fail
    }
    return Base64.getEncoder().encodeToString(bytes.toByteArray());
  }

  private static OutputStream smallest(OutputStream to) throws IOException {
    return new GZIPOutputStream(to, 1 << 16) {
      {
        def.setLevel(Deflater.BEST_COMPRESSION);
      }
    };
  }

  /** Writes a number as it was rounded, or null. */
  static void number(JsonGenerator json, BigDecimal rounded) throws IOException {
    if (rounded == null) {
      json.writeNull();
    } else {
      json.writeNumber(rounded);
    }
  }
}
