/**
 * The state of a run that can go on after a stop: numbers by name, in files that are whole or not
 * there. A measurement says what it saves; this package knows nothing of what the numbers mean.
 */
package dev.homolog.analysis.state;
