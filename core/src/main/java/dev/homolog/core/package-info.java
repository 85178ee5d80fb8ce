/**
 * The exceptions of the whole program. {@link dev.homolog.core.InputException} names what the user
 * gave and what to do about it.
 */
package dev.homolog.core;
