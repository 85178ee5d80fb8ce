/**
 * The safe layer over libtorch, cuBLAS and the CUDA runtime: each C function that is called stands
 * once, with the check of its status.
 *
 * <p>Start with {@link dev.homolog.bindings.Torch#open}. Operators are static methods of {@link
 * dev.homolog.bindings.TorchGemm}, {@link dev.homolog.bindings.TorchPointwise} and {@link
 * dev.homolog.bindings.TorchOps}. A {@link dev.homolog.bindings.TorchOperator} calls any other
 * operator of libtorch without a Scalar argument.
 *
 * <p><b>Ownership.</b> A {@link dev.homolog.bindings.TorchTensor} owns its handle and is closed by
 * whoever asked for it; arguments are borrowed. {@link dev.homolog.bindings.Torch#liveHandles}
 * counts what is not closed.
 *
 * <p><b>Threads.</b> All methods may be called on any thread; libtorch runs each call on its own
 * pool. A tensor may be read by several threads at once. Writing or closing one while another
 * thread uses it is the caller's to prevent. A close is seen by every later call, not by one that
 * is under way.
 *
 * <p><b>Running.</b> {@code --enable-native-access=dev.homolog.bindings} on the module path, {@code
 * ALL-UNNAMED} on the class path; {@code -Djextract.trace.downcalls=true} prints every native call.
 */
package dev.homolog.bindings;
