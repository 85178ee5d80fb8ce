/**
 * From text or from a matrix of ids to the rows that models read: tokenizer, documents, {@code
 * .npy} files, the table of all rows of a run and its batches. {@link
 * dev.homolog.core.tokens.TokenRules} is the one place that says which tokens are kept.
 */
package dev.homolog.core.tokens;
