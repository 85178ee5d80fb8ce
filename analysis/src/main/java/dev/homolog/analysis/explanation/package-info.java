/**
 * Which features of the text explain a neuron (Gurnee et al. 2024, section 4.3): tokens and their
 * classes, the token before, the position, the subset, and parts of speech.
 */
package dev.homolog.analysis.explanation;
