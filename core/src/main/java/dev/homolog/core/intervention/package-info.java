/**
 * Interventions in the forward pass: neurons are set to other values, and what becomes of the
 * model's predictions is measured. Nothing before the neuron's layer is computed again.
 */
package dev.homolog.core.intervention;
