package dev.homolog.core.checkpoint;

import java.util.Map;

/**
 * What {@code config.json} says of a model.
 *
 * @param config sizes, architecture, and the ids that are in the vocabulary
 * @param absentIds keys whose ids are outside the vocabulary, with what they hold; such ids count
 *     as absent
 */
public record ModelDescription(ModelConfig config, Map<String, String> absentIds) {}
