package dev.homolog.core.tokens;

import dev.homolog.core.HomologException;

/**
 * Asks, before a library loads its native code, whether the JVM was started with leave to do so.
 */
final class NativeAccess {
  private NativeAccess() {}

  /**
   * @param user a class of the library; it is not initialised
   * @param purpose what the library is wanted for, as the message begins
   * @throws HomologException with the flag to start Java with
   */
  static void require(Class<?> user, String purpose) {
    Module module = user.getModule();
    if (!module.isNativeAccessEnabled()) {
      throw new HomologException(refusal(module, purpose));
    }
  }

  static String refusal(Module module, String purpose) {
    String name = module.isNamed() ? module.getName() : "ALL-UNNAMED";
    return purpose + " needs native code: start Java with --enable-native-access=" + name;
  }
}
