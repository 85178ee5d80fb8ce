/**
 * Whether models of a study descend from each other. Neurons of such models match because they are
 * the same neurons.
 */
package dev.homolog.analysis.lineage;
