package dev.homolog.analysis.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/** The cards of the chosen neurons, a block of them at a time. */
final class Cards {
  /** Cards that are packed, and unpacked, together. */
  static final int BLOCK = 32;

  private final Chosen chosen;
  private final List<CardPart> parts;

  private Cards(Chosen chosen, List<CardPart> parts) {
    this.chosen = chosen;
    this.parts = parts;
  }

  /**
   * Reads what the cards need.
   *
   * @param model the reference's name
   * @param others the other models' names, in the page's order
   */
  static Cards read(CardTables tables, String model, List<String> others, Chosen chosen) {
    List<CardPart> parts = new ArrayList<>();
    parts.addAll(MatchParts.read(tables, others));
    parts.addAll(ActivationParts.read(tables));
    parts.addAll(WeightParts.read(tables));
    parts.addAll(Examples.read(tables, model));
    return new Cards(chosen, parts);
  }

  int blocks() {
    return Math.ceilDiv(chosen.ids().length, BLOCK);
  }

  /**
   * A block as an object of parts. Each part is an array by card in the order of the chosen
   * neurons, with null where a neuron has none. Values of one part stand together, which compresses
   * better.
   */
  JsonNode block(int number) {
    ObjectNode block = JsonNodeFactory.instance.objectNode();
    int end = Math.min((number + 1) * BLOCK, chosen.ids().length);
    for (CardPart part : parts) {
      ArrayNode cards = block.putArray(part.name());
      for (int i = number * BLOCK; i < end; i++) {
        List<Integer> rows = part.rows().of(chosen.ids()[i]);
        if (rows.isEmpty()) {
          cards.addNull();
        } else {
          cards.add(part.content().apply(rows));
        }
      }
    }
    return block;
  }
}
