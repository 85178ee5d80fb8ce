/**
 * Matrices of one element type in off-heap memory or on a device: {@link
 * dev.homolog.core.memory.Tensor}.
 */
package dev.homolog.core.memory;
