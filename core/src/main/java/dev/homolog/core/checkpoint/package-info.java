/**
 * Models as they lie in files or in memory: configuration, names, shapes and values of the weights.
 * Files may come from strangers, so everything in them is checked before it is used. {@link
 * dev.homolog.core.checkpoint.Checkpoint} is the interface that the rest of the program reads.
 */
package dev.homolog.core.checkpoint;
