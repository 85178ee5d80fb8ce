// The section on universal neurons, with the threshold that the sections after it follow.

function universalSection(section, { study, neurons, others, tables }, view) {
  if (!view.judged) {
    add(section, absent("No neuron is called universal.", "The run had no baseline; --baseline rotation gives one."));
    return;
  }
  const slider = el("input", {
    type: "range",
    id: "threshold",
    min: "0",
    max: "1",
    step: "0.01",
    value: view.threshold,
  });
  const said = el("output", { for: "threshold" });
  slider.addEventListener("input", () => view.choose(Number(slider.value)));
  const charts = el("div", { class: "charts" });
  add(
    section,
    el(
      "div",
      { class: "control" },
      el(
        "label",
        { for: "threshold" },
        "Excess over the baseline above which a neuron counts as universal, here and in the sections below",
      ),
      slider,
      said,
      el(
        "button",
        {
          type: "button",
          click: () => {
            slider.value = view.asked;
            view.choose(view.asked);
          },
        },
        `The study's: ${view.asked}`,
      ),
    ),
    charts,
  );
  view.draw(() => {
    const count = view.above(view.threshold);
    said.textContent =
      `${view.threshold.toFixed(2)}: ${plural(count, "neuron")}, ${percent(count / neurons.count, 2)}` +
      (view.threshold === view.asked
        ? ""
        : `. Not the study's threshold: above ${view.asked} ${view.above(view.asked) === 1 ? "lies 1 neuron" : `lie ${whole(view.above(view.asked))}`}`);
    refill(charts, byLayer(neurons, view), ...others.map((other) => matchMap(other, neurons, view, study)));
  });
  if (tables.all_but_one) {
    add(section, butOne(tables.all_but_one, neurons, view));
  }
}

/** Neurons that exceed the study's threshold in every other model but one. */
function butOne(table, neurons, view) {
  const rows = rowsOf(table).sort((a, b) => b.least_excess_elsewhere - a.least_excess_elsewhere);
  const missing = new Map();
  rows.forEach((row) => missing.set(row.missing, (missing.get(row.missing) ?? 0) + 1));
  const counted = [...missing]
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${visible(name)} ${whole(count)}`)
    .join(", ");
  return [
    el("h3", {}, "In every other model but one"),
    el(
      "p",
      {},
      rows.length === 0
        ? `No neuron exceeds its baseline by more than ${view.asked} in all other models but one.`
        : `${plural(rows.length, "neuron exceeds its baseline", "neurons exceed their baseline")} by more than ${view.asked} in all other models but one; missing are ${counted}.`,
    ),
    rows.length === 0
      ? null
      : plainTable(
          "In every other model but one",
          columnLabels("all_but_one", ["neuron", "missing", "excess_there", "least_excess_elsewhere"]),
          rows
            .slice(0, 10)
            .map((row) => [
              neuronLink(neurons, row.layer, row.neuron),
              el("bdi", {}, visible(row.missing)),
              row.excess_there,
              row.least_excess_elsewhere,
            ]),
          [false, false, true, true],
        ),
  ];
}

function byLayer(neurons, view) {
  const counts = new Array(neurons.layers).fill(0);
  for (let id = 0; id < neurons.count; id++) {
    counts[neurons.layer(id)] += view.universal(id) ? 1 : 0;
  }
  return figure({
    title: "Universal neurons by layer",
    note: `of ${whole(neurons.width)} in each`,
    draw: (width) =>
      barChart(width, {
        categories: counts.map((_, layer) => `L${layer}`),
        series: [{ name: "universal", values: counts, tone: "tone1" }],
        label: `Universal neurons by layer: ${counts.map((count, layer) => `layer ${layer} ${count}`).join(", ")}`,
        xLabel: "layer",
        yLabel: "neurons",
      }),
    numbers: {
      heads: ["layer", "universal", "share"],
      rows: () => counts.map((count, layer) => [`L${layer}`, count, percent(count / neurons.width, 2)]),
    },
  });
}

function matchMap(other, neurons, view, study) {
  const layers = Math.max(
    1,
    (study.models ?? []).find((model) => model.name === other.name)?.layers ?? 0,
    ...other.layer.map((layer) => layer + 1),
  );
  const counts = Array.from({ length: neurons.layers }, () => new Array(layers).fill(0));
  let all = 0;
  for (let id = 0; id < neurons.count; id++) {
    if (view.universal(id) && other.layer[id] >= 0) {
      counts[neurons.layer(id)][other.layer[id]]++;
      all++;
    }
  }
  const name = visible(other.name);
  const same = counts.reduce((sum, row, layer) => sum + (row[layer] ?? 0), 0);
  return figure({
    title: `Where their best matches lie in ${name}`,
    note: all === 0 ? "no neuron passes the threshold" : `${percent(same / all, 0)} in the layer of the same number`,
    draw: (width) =>
      heatMap(width, {
        counts,
        label: `Layers of universal neurons against the layers of their best matches in ${name}: ${same} of ${all} in the layer of the same number`,
        xLabel: `layer of the match in ${name}`,
        yLabel: "layer",
        title: (i, j, count) => `layer ${i}, match in layer ${j}: ${plural(count, "neuron")}`,
      }),
    numbers: {
      heads: ["layer", ...counts[0].map((_, j) => `${j}`)],
      rows: () => counts.map((row, i) => [`L${i}`, ...row]),
    },
  });
}

SECTIONS.push({ id: "universal", title: "Universal neurons", draw: universalSection });
