package dev.homolog.analysis.report;

import dev.homolog.core.InputException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A neuron of the reference, layer and neuron counted from 0. */
public record NeuronName(int layer, int neuron) {
  private static final Pattern NAME = Pattern.compile("[lL]?(\\d{1,6})\\.[nN]?(\\d{1,9})");

  /**
   * Names with commas between them, each like {@code 3.117}, {@code L3.117} or {@code L3.N117}.
   *
   * @param flag that they were given with
   * @throws InputException one is none
   */
  public static List<NeuronName> parse(String flag, String names) {
    List<NeuronName> parsed = new ArrayList<>();
    for (String name : names.split(",", -1)) {
      Matcher matcher = NAME.matcher(name.strip());
      if (!matcher.matches()) {
        throw new InputException(
            flag, "", name + " is no neuron", "give layer and neuron, such as 3.117,3.118");
      }
      parsed.add(
          new NeuronName(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2))));
    }
    return List.copyOf(parsed);
  }

  @Override
  public String toString() {
    return layer + "." + neuron;
  }
}
