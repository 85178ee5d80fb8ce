package dev.homolog.core.model.family;

import java.util.Locale;

/**
 * What {@code config.json} calls the parameters of rotary positions, and their defaults. Read are
 * these keys and the spellings of version 5 of transformers; two in one file must agree.
 *
 * @param share key of the share of a head's dimensions that is rotated
 * @param defaultShare the share where no key is there
 * @param base key of the base of the wavelengths
 * @param defaultBase the base where no key is there
 */
public record RotaryKeys(String share, double defaultShare, String base, double defaultBase) {
  private static final double MAX_BASE = 1e12;

  /** A value, and where it stands. */
  private record Spelling(ConfigFields fields, String key, Object value) {}

  /**
   * The rotary positions of a file.
   *
   * @param dHead dimensions of a head
   * @throws dev.homolog.core.InputException if they are of another type than the default, or if a
   *     value is wrong
   */
  PositionSpec.Rotary read(ConfigFields fields, int dHead) {
    for (String key : new String[] {"rope_scaling", "rope_parameters"}) {
      ConfigFields rope = fields.object(key);
      for (String type : new String[] {"rope_type", "type"}) {
        Object value = rope.getOrDefault(type, "default");
        if (!"default".equals(value)) {
          throw rope.unsupported(type, value, "default");
        }
      }
      rope.requireOnly("rope_type", "type", "rope_theta", "partial_rotary_factor");
    }
    Spelling part = spelling(fields, defaultShare, share, "partial_rotary_factor");
    double rotated = part.fields.number(part.key, part.value, 1);
    Spelling wavelength = spelling(fields, defaultBase, base, "rope_theta");
    int dims = (int) (dHead * rotated);
    checkDims(part, dims, dHead);
    return new PositionSpec.Rotary(
        dims, wavelength.fields.number(wavelength.key, wavelength.value, MAX_BASE));
  }

  /**
   * Checks rotary positions that did not come from a file.
   *
   * @throws dev.homolog.core.InputException naming the key that would hold the wrong value
   */
  public void check(ConfigFields fields, PositionSpec.Rotary rotary, int dHead) {
    fields.number(base, rotary.base(), MAX_BASE);
    checkDims(new Spelling(fields, share, (double) rotary.dims() / dHead), rotary.dims(), dHead);
  }

  /** The value of one of two keys, the second of which may also stand among the rope parameters. */
  private static Spelling spelling(ConfigFields fields, double standard, String key, String other) {
    Spelling first = new Spelling(fields, key, null);
    for (Spelling next :
        new Spelling[] {
          new Spelling(fields, key, fields.get(key)),
          new Spelling(fields, other, fields.get(other)),
          within(fields, "rope_scaling", other),
          within(fields, "rope_parameters", other)
        }) {
      if (next.value != null && first.value == null) {
        first = next;
      } else if (next.value != null && !sameNumber(next.value, first.value)) {
        throw next.fields.wrong(next.key, next.value, "the same as " + first.key);
      }
    }
    return first.value == null ? new Spelling(fields, key, standard) : first;
  }

  private static Spelling within(ConfigFields fields, String object, String key) {
    ConfigFields rope = fields.object(object);
    return new Spelling(rope, key, rope.get(key));
  }

  private static boolean sameNumber(Object a, Object b) {
    return a instanceof Number x && b instanceof Number y && x.doubleValue() == y.doubleValue();
  }

  private static void checkDims(Spelling share, int dims, int dHead) {
    if (dims < 2 || dims % 2 != 0 || dims > dHead) {
      String expected =
          String.format(
              Locale.ROOT,
              "what rotates an even number of a head's %d dimensions, not %d",
              dHead,
              dims);
      throw share.fields.wrong(share.key, share.value, expected);
    }
  }
}
