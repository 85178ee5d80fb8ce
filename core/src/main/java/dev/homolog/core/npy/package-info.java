/**
 * NumPy's {@code .npy} files: one array each, mapped for reading and written whole or not at all.
 */
package dev.homolog.core.npy;
