package dev.homolog.core.tokens;

import com.github.luben.zstd.ZstdCompressCtx;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;

/** Files of text, and the documents that are read of them. */
final class Texts {
  private Texts() {}

  /** A document put together again. */
  record Document(String text, Optional<String> label, long line, long replaced) {}

  static List<Document> read(Path... files) {
    return read(TextFiles.of(List.of(files)));
  }

  static List<Document> read(TextFiles files) {
    List<Document> all = new ArrayList<>();
    try (Documents documents = Documents.of(files, TextBuffer.Cuts.WORDS)) {
      StringBuilder text = new StringBuilder();
      long replaced = 0;
      for (Optional<Piece> p = documents.next(); p.isPresent(); p = documents.next()) {
        Piece piece = p.get();
        text.append(piece.text());
        replaced += piece.replaced();
        if (piece.last()) {
          all.add(new Document(text.toString(), piece.label(), piece.line(), replaced));
          text.setLength(0);
          replaced = 0;
        }
      }
    }
    return all;
  }

  static List<String> texts(Path... files) {
    return read(files).stream().map(Document::text).toList();
  }

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static byte[] join(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }

  static byte[] zstd(byte[] bytes) {
    try (ZstdCompressCtx context = new ZstdCompressCtx()) {
      return context.setChecksum(true).compress(bytes);
    }
  }

  static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (OutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    }
    return out.toByteArray();
  }

  static Path write(Path folder, String name, byte[] bytes) throws IOException {
    return Files.write(folder.resolve(name), bytes);
  }
}
