package dev.homolog.bindings.load;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Major and minor of a libtorch version. */
public record Version(int major, int minor) implements Comparable<Version> {
  /** The oldest libtorch that has all required functions. */
  public static final Version MINIMUM = new Version(2, 10);

  private static final Pattern TEXT = Pattern.compile("(\\d{1,4})\\.(\\d{1,4})(?:\\D.*)?");

  /** Reads texts like {@code 2.10.0+cu128}; empty for any other. */
  public static Optional<Version> parse(String text) {
    Matcher matcher = TEXT.matcher(text.strip());
    return matcher.matches()
        ? Optional.of(
            new Version(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2))))
        : Optional.empty();
  }

  /** Reads libtorch's own encoding: the major in the highest byte, the minor in the next. */
  public static Version ofAbi(long abi) {
    return new Version((int) (abi >>> 56), (int) (abi >>> 48) & 0xff);
  }

  /** libtorch's own encoding. */
  public long abi() {
    return (long) major << 56 | (long) minor << 48;
  }

  @Override
  public int compareTo(Version other) {
    return major != other.major
        ? Integer.compare(major, other.major)
        : Integer.compare(minor, other.minor);
  }

  @Override
  public String toString() {
    return major + "." + minor;
  }
}
