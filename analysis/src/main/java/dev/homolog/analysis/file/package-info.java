/** Files that are written whole or not at all, and JSON. Not exported. */
package dev.homolog.analysis.file;
