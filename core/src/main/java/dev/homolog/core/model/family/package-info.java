/**
 * The kinds of models that can be read, a file each, and the values that say what a model is made
 * of. {@link dev.homolog.core.model.family.ModelFamily} lists the families. Readers of checkpoints,
 * the forward pass and the processing of weights read these values and ask for no family by name.
 */
package dev.homolog.core.model.family;
