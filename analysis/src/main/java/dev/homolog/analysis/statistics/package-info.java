/** Statistics of activations: moments, how often neurons fire, and what they do by position. */
package dev.homolog.analysis.statistics;
