/**
 * Finds libtorch and the CUDA libraries, loads one of each for the life of the process, and
 * explains every refusal.
 *
 * <p>libtorch is taken from the first of these places that has one:
 *
 * <ol>
 *   <li>the folder of {@code --libtorch};
 *   <li>the folder that {@code HOMOLOG_LIBTORCH} names;
 *   <li>a PyTorch installed in {@code VIRTUAL_ENV} or {@code CONDA_PREFIX}, if it has CUDA and
 *       there is a GPU;
 *   <li>the embedded libtorch of the class path;
 *   <li>an installed PyTorch without a GPU.
 * </ol>
 *
 * <p>The first two are forced: if they cannot be used, nothing is.
 *
 * <p>A library is inspected as a file (version, needed symbols) before it is loaded, since no
 * library can be unloaded again.
 */
package dev.homolog.bindings.load;
