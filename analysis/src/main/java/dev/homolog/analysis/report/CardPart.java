package dev.homolog.analysis.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.function.Function;

/**
 * A part of a card.
 *
 * @param name of it in the card's JSON
 * @param rows where it comes from
 * @param content what it holds, from the neuron's rows
 */
record CardPart(String name, ByNeuron rows, Function<List<Integer>, JsonNode> content) {}
