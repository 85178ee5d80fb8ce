/**
 * Correlations of a reference model with other models (Gurnee et al. 2024, section 4.1): sums of
 * products, best matches, baselines, universality, and groups of homologs.
 */
package dev.homolog.analysis.correlation;
