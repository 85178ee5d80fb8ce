package dev.homolog.core.model.family;

/**
 * How the MLP of a block is made: one matrix in, a non-linearity, one matrix out, with biases.
 *
 * @param activation the non-linearity, between the sites MLP_PRE and MLP_POST
 */
public record MlpSpec(Activation activation) {}
