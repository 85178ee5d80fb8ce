package dev.homolog.bindings;

import dev.homolog.bindings.load.FakeLibrary;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Puts methods of a test class in the place of a native library: generated code calls them through
 * the linker as it would C.
 */
final class FakeCuda {
  private FakeCuda() {}

  /** Loads a library with every function of a generated class. */
  static void load(Path file, Class<?> generated) throws IOException {
    FakeLibrary.write(
        file,
        Arrays.stream(generated.getDeclaredClasses()).map(Class::getSimpleName).sorted().toList());
    System.load(file.toAbsolutePath().toString());
  }

  /**
   * Makes each static method of a class that is named like a function answer for it, by the
   * generated descriptor.
   */
  static void answer(Class<?> generated, Class<?> answers, MethodHandles.Lookup lookup)
      throws ReflectiveOperationException {
    for (Method method : answers.getDeclaredMethods()) {
      boolean isFunction =
          Arrays.stream(generated.getDeclaredClasses())
              .anyMatch(function -> function.getSimpleName().equals(method.getName()));
      if (!isFunction) {
        continue;
      }
      FunctionDescriptor descriptor =
          (FunctionDescriptor) generated.getMethod(method.getName() + "$descriptor").invoke(null);
      MethodHandle handle = lookup.unreflect(method);
      MemorySegment stub = Linker.nativeLinker().upcallStub(handle, descriptor, Arena.global());
      SymbolLookup.loaderLookup()
          .findOrThrow(method.getName() + "_target")
          .reinterpret(ValueLayout.ADDRESS.byteSize())
          .set(ValueLayout.ADDRESS, 0, stub);
    }
  }

  /** A string for the life of the process. */
  static MemorySegment text(String text) {
    return Arena.global().allocateFrom(text);
  }
}
