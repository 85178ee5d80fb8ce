/**
 * Bulk operations on the tensors of one device, as interfaces and the values that they take. {@link
 * dev.homolog.core.kernels.Kernels} joins memory, the forward pass and statistics. The backends are
 * in packages of their own, which are not exported: {@code dev.homolog.core.backend} opens them.
 */
package dev.homolog.core.kernels;
