/**
 * Fetches models from Hugging Face's hub into the cache that Python's {@code huggingface_hub}
 * shares: the same folders and names, under the same locks.
 */
package dev.homolog.core.hub;
