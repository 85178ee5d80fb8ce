package dev.homolog.core.tokens;

import java.util.Optional;

/** A table, of which each row is a document. */
final class TableReader implements DocumentReader {
  private final TextTables.Rows rows;
  private long number = -1;
  private TextTables.Row row = new TextTables.Row("", Optional.empty());
  private int at;

  /**
   * @param rows owned by this
   */
  TableReader(TextTables.Rows rows) {
    this.rows = rows;
  }

  @Override
  public boolean begin() {
    number++;
    at = 0;
    Optional<TextTables.Row> next = rows.next();
    next.ifPresent(found -> row = found);
    return next.isPresent();
  }

  @Override
  public long number() {
    return number;
  }

  @Override
  public String place() {
    return "row " + number;
  }

  @Override
  public boolean read(TextBuffer buffer) {
    String text = row.text();
    while (!buffer.full() && !buffer.over() && at < text.length()) {
      buffer.add(text.charAt(at++));
    }
    return at == text.length() && !buffer.over();
  }

  @Override
  public Optional<String> finish() {
    return row.label();
  }

  @Override
  public long replaced() {
    return 0;
  }

  @Override
  public void close() {
    rows.close();
  }
}
