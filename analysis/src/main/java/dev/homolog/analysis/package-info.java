/**
 * Studies. {@link dev.homolog.analysis.Study} compares the neurons of a reference model with those
 * of other models; {@link dev.homolog.analysis.RoleStudy}, {@link
 * dev.homolog.analysis.InterventionStudy} and {@link dev.homolog.analysis.WeightStudy} look at one
 * model. Each is opened with its options and run once with kernels.
 */
package dev.homolog.analysis;
