/**
 * The forward pass of a model, whole or in parts, and its weights as tables of weights need them.
 * {@link dev.homolog.core.model.Transformer} is one page for all architectures. What differs
 * between them are the values of {@link dev.homolog.core.model.family.Architecture}.
 */
package dev.homolog.core.model;
