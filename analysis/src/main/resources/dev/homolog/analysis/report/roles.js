// What neurons do to the output: the vocabulary they write to, and the roles that interventions confirm.

function rolesSection(section, data, view) {
  const { neurons } = data;
  const weights = ["vocab_kurt", "vocab_skew"].filter((name) => neurons.numbers.has(name));
  if (weights.length === 0) {
    section.append(absent("No vocabulary statistics.", "The run has no weight tables; homolog study makes them, homolog correlate does not."));
  } else {
    const place = el("div", { class: "charts" });
    section.append(
      el("p", {}, "A neuron writes to the vocabulary through the cosines of its output weights with the unembedding. High kurtosis: it moves few tokens. With skew above 0 it predicts them, below 0 it suppresses them."),
      place,
    );
    view.draw(() => place.replaceChildren(...weights.map((name) => layerQuantiles(name, neurons, view))));
  }
}

/** Quantiles of a column in each layer, of all neurons and of the universal ones. */
function layerQuantiles(name, neurons, view) {
  const values = neurons.numbers.get(name);
  const of = (keep) =>
    Array.from({ length: neurons.layers }, (_, layer) => {
      const found = [];
      for (let id = layer * neurons.width; id < (layer + 1) * neurons.width; id++) {
        if (keep(id)) {
          found.push(values[id]);
        }
      }
      return sorted(found);
    });
  const all = of(() => true);
  const universal = of((id) => view.universal(id));
  const line = (layers, share) => layers.map((found) => quantile(found, share));
  return figure({
    title: `${capital(columnLabel(name))} by layer`,
    note: `band: 5 % to 95 % of all neurons; universal above an excess of ${view.threshold.toFixed(2)}`,
    legend: [["tone4", "all, median"], ["tone1", "universal, median"], ["tone2", "universal, 95 %"]],
    draw: (width) =>
      lineChart(width, {
        x: all.map((_, layer) => layer),
        xTicks: all.map((_, layer) => layer).filter((layer) => layer % Math.ceil(all.length / 12) === 0),
        bands: [{ tone: "tone4", low: line(all, 0.05), high: line(all, 0.95) }],
        series: [
          { name: "all, median", values: line(all, 0.5), tone: "tone4" },
          { name: "universal, median", values: line(universal, 0.5), tone: "tone1" },
          { name: "universal, 95 %", values: line(universal, 0.95), tone: "tone2" },
        ],
        label: `${columnLabel(name)} by layer: medians of all neurons ${line(all, 0.5).map((value) => number(value, 2)).join(", ")}`,
        xLabel: "layer",
        yLabel: columnLabel(name),
      }),
    numbers: {
      heads: ["layer", "all: 5 %", "median", "95 %", "universal: median", "95 %"],
      rows: () => all.map((_, layer) => [`L${layer}`, quantile(all[layer], 0.05), quantile(all[layer], 0.5), quantile(all[layer], 0.95), quantile(universal[layer], 0.5), quantile(universal[layer], 0.95)]),
    },
  });
}

function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
