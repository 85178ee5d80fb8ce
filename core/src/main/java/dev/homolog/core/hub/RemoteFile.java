package dev.homolog.core.hub;

import java.net.URI;
import java.util.OptionalLong;

/**
 * A file of a model, as the hub describes it.
 *
 * @param name its plain name
 * @param commit the commit that it is of
 * @param hash of its bytes, which also names it in the cache
 * @param size in bytes, if the hub says it
 * @param address at this commit
 */
record RemoteFile(String name, String commit, FileHash hash, OptionalLong size, URI address) {}
