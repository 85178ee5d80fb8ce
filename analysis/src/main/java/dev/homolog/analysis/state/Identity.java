package dev.homolog.analysis.state;

import dev.homolog.analysis.file.AtomicFile;
import dev.homolog.core.InputException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What must be the same for a run to go on from a saved state: hashes of its inputs, options,
 * precision, version. Names and values are texts, in the order in which they are compared.
 */
public final class Identity {
  private final Map<String, String> facts = new LinkedHashMap<>();

  /** Of nothing yet. */
  public Identity() {}

  /** Adds a fact; each name once. */
  public Identity put(String name, Object value) {
    if (facts.putIfAbsent(name, String.valueOf(value)) != null) {
      throw new IllegalArgumentException(name + " is there already");
    }
    return this;
  }

  /**
   * The SHA-256 of a file, in hex.
   *
   * @throws InputException it cannot be read
   */
  public static String hash(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      in.transferTo(new DigestOutputStream(OutputStream.nullOutputStream(), digest));
      return HexFormat.of().formatHex(digest.digest());
    } catch (IOException e) {
      throw new InputException(
          file.toString(), "", "cannot be read: " + AtomicFile.reason(e), "check the path", e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** The identity that was saved as such facts. */
  public static Identity of(Map<String, String> facts) {
    Identity identity = new Identity();
    facts.forEach(identity::put);
    return identity;
  }

  /** The facts by name, in their order. */
  public Map<String, String> facts() {
    return Collections.unmodifiableMap(facts);
  }

  /** The first fact in which one that was saved differs, in words; empty if none does. */
  public Optional<String> difference(Identity saved) {
    return difference(saved.facts);
  }

  /** The first fact in which another differs, in words; empty if none does. */
  Optional<String> difference(Map<String, String> other) {
    for (Map.Entry<String, String> fact : facts.entrySet()) {
      String theirs = other.get(fact.getKey());
      if (!fact.getValue().equals(theirs)) {
        return Optional.of(
            fact.getKey()
                + " was "
                + (theirs == null ? "not given" : theirs)
                + " and is "
                + fact.getValue());
      }
    }
    return other.keySet().stream()
        .filter(name -> !facts.containsKey(name))
        .findFirst()
        .map(name -> name + " was " + other.get(name) + " and is not given");
  }
}
