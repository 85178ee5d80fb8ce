/**
 * Finds and loads libtorch, cuBLAS and the CUDA runtime, and wraps each in one thin safe layer.
 *
 * <p>The packages {@code dev.homolog.bindings.gen.*} are made by jextract ({@code
 * native/regenerate.sh}), committed, never edited and never exported. This is the only module of
 * Homolog that needs native access: {@code --enable-native-access=dev.homolog.bindings}.
 */
module dev.homolog.bindings {
  exports dev.homolog.bindings;
  exports dev.homolog.bindings.files;
  exports dev.homolog.bindings.load;
}
