/**
 * Finds libtorch and the CUDA libraries, loads one of each for the life of the process, and
 * explains every refusal.
 *
 * <p>libtorch is taken from, in this order: the folder of {@code --libtorch}; the folder that
 * {@code HOMOLOG_LIBTORCH} names; a PyTorch installed in {@code VIRTUAL_ENV} or {@code
 * CONDA_PREFIX} if it has CUDA and there is a GPU; the embedded libtorch of the class path; an
 * installed PyTorch without a GPU. The first two are forced: if they cannot be used, nothing is.
 *
 * <p>A library is inspected as a file (version, needed symbols) before it is loaded, since no
 * library can be unloaded again.
 */
package dev.homolog.bindings.load;
