/** A closer look at chosen neurons: the tokens and the text on which they are most active. */
package dev.homolog.analysis.closeup;
