package dev.homolog.core.checkpoint;

import dev.homolog.core.json.StrictJson;
import dev.homolog.core.model.family.ConfigFields;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The ids of {@code config.json} that have a meaning of their own. Each key may hold one id or a
 * list. Ids outside the vocabulary count as absent: training left them at a default, or they were
 * never added to the embedding.
 *
 * @param bos that begins a row; empty where a file names none or several
 * @param eos between documents
 * @param pad for padding
 * @param others further ids of EOS and for padding
 * @param absent keys, and what of them counts as absent
 */
record SpecialIds(
    OptionalInt bos,
    OptionalInt eos,
    OptionalInt pad,
    Set<Integer> others,
    Map<String, String> absent) {

  static final String BOS = "bos_token_id";
  static final String EOS = "eos_token_id";
  static final String PAD = "pad_token_id";

  /**
   * The ids of a file.
   *
   * @throws dev.homolog.core.InputException if a value is no whole number and no list of them
   */
  static SpecialIds read(ConfigFields fields, int vocabulary) {
    Map<String, String> absent = new LinkedHashMap<>();
    List<Integer> bos = ids(fields, BOS, vocabulary, absent);
    List<Integer> eos = ids(fields, EOS, vocabulary, absent);
    List<Integer> pad = ids(fields, PAD, vocabulary, absent);
    if (bos.size() > 1) {
      absent.put(BOS, StrictJson.clip(bos.toString()));
    }
    Set<Integer> others = new LinkedHashSet<>();
    others.addAll(eos.stream().skip(1).toList());
    others.addAll(pad.stream().skip(1).toList());
    return new SpecialIds(
        bos.size() == 1 ? OptionalInt.of(bos.getFirst()) : OptionalInt.empty(),
        first(eos),
        first(pad),
        others,
        absent);
  }

  private static OptionalInt first(List<Integer> ids) {
    return ids.isEmpty() ? OptionalInt.empty() : OptionalInt.of(ids.getFirst());
  }

  /** The ids of a key that are in the vocabulary, each once; the others are noted as absent. */
  private static List<Integer> ids(
      ConfigFields fields, String key, int vocabulary, Map<String, String> absent) {
    Object value = fields.get(key);
    List<?> values =
        value == null ? List.of() : value instanceof List<?> list ? list : List.of(value);
    List<Integer> ids = new ArrayList<>();
    List<Object> outside = new ArrayList<>();
    for (Object id : values) {
      if (!(id instanceof Long || id instanceof BigInteger)) {
        throw fields.wrong(key, id, "a whole number from 0 to " + (vocabulary - 1L));
      }
      if (id instanceof Long number && number >= 0 && number < vocabulary) {
        ids.add(number.intValue());
      } else {
        outside.add(id);
      }
    }
    if (!outside.isEmpty()) {
      absent.put(
          key,
          StrictJson.clip(
              outside.stream().map(StrictJson::describe).collect(Collectors.joining(", "))));
    }
    return ids.stream().distinct().toList();
  }
}
