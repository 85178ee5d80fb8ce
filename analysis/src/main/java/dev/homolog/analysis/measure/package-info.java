/**
 * What a study is made of: {@link dev.homolog.analysis.measure.Measurement}s. Each says what it
 * costs, what it sums while the text is read, what becomes of the sums, and how that is written. A
 * new measurement implements the interface and is added to the study's list.
 */
package dev.homolog.analysis.measure;
