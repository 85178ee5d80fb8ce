/**
 * The choice of kernels: {@link dev.homolog.core.backend.Backend} opens them by name or takes the
 * best that this machine has. {@link dev.homolog.core.backend.Finding} says what there is.
 */
package dev.homolog.core.backend;
