package dev.homolog.analysis.run;

import dev.homolog.analysis.table.ColumnType;
import dev.homolog.analysis.table.Table;
import java.util.Iterator;
import java.util.List;
import java.util.SequencedMap;

/** Parts, of which the first is known ahead and the others are checked against it. */
final class TableParts implements Iterator<Table> {
  private final Iterator<Table> remaining;
  private final String name;
  private final SequencedMap<String, ColumnType> schema;
  private Table first; // null once it is given, so that it is not kept

  TableParts(Iterator<Table> parts) {
    remaining = parts;
    first = parts.next();
    name = first.name();
    schema = first.schema();
  }

  /** The name of the table. */
  String name() {
    return name;
  }

  @Override
  public boolean hasNext() {
    return first != null || remaining.hasNext();
  }

  @Override
  public Table next() {
    if (first != null) {
      Table given = first;
      first = null;
      return given;
    }
    Table nextPart = remaining.next();
    if (!nextPart.name().equals(name) || !inOrder(nextPart.schema()).equals(inOrder(schema))) {
      throw new IllegalArgumentException(
          "not a part of table " + name + " with columns " + schema + ": " + nextPart);
    }
    return nextPart;
  }

  private static List<?> inOrder(SequencedMap<String, ColumnType> schema) {
    return List.copyOf(schema.entrySet());
  }
}
