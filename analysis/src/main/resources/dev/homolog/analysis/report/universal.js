// Sections that ask what universal neurons are like, and that follow the reader's threshold.

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

function familiesSection(section, { neurons }, view) {
  const families = neurons.texts.get("family");
  if (families === undefined) {
    add(
      section,
      absent(
        "No families.",
        "The run has no explanations: homolog study of text finds them, homolog correlate does not.",
      ),
    );
    return;
  }
  const place = el("div", {});
  add(
    section,
    el(
      "p",
      {},
      "A neuron's family is the kind of the feature that explains most of its variance, where that is enough; none is an answer too.",
    ),
    place,
  );
  view.draw(() => {
    const rows = new Map();
    let universals = 0;
    for (let id = 0; id < neurons.count; id++) {
      const family = neurons.text("family", id) || "none";
      const row = rows.get(family) ?? { family, all: 0, universal: 0, scores: [], agreement: [] };
      rows.set(family, row);
      row.all++;
      row.universal += view.universal(id) ? 1 : 0;
      universals += view.universal(id) ? 1 : 0;
      row.scores.push(neurons.number("family_score", id));
      row.agreement.push(neurons.number("agreement", id));
    }
    const list = [...rows.values()].sort((a, b) => b.all - a.all);
    const others = neurons.count - universals;
    const series = [
      {
        name: "universal",
        values: list.map((row) => (universals > 0 ? row.universal / universals : 0)),
        tone: "tone1",
      },
      { name: "others", values: list.map((row) => (row.all - row.universal) / Math.max(1, others)), tone: "tone4" },
    ];
    refill(
      place,
      figure({
        title: "Families of universal neurons and of others",
        note: `share of ${plural(universals, "universal neuron")} and of ${whole(others)} others, excess above ${view.threshold.toFixed(2)}`,
        legend: [
          ["tone1", "universal"],
          ["tone4", "others"],
        ],
        draw: (width) =>
          barChart(width, {
            categories: list.map((row) => visible(row.family)),
            series,
            text: percent,
            label: `Families: ${list.map((row, i) => `${row.family} ${percent(series[0].values[i])} of universal, ${percent(series[1].values[i])} of other neurons`).join("; ")}`,
            xLabel: "family",
            yLabel: "share",
          }),
      }),
      plainTable(
        "Families",
        ["family", "neurons", "universal", "share universal", "median explained", "homologs of the same family, mean"],
        list.map((row) => [
          el("bdi", {}, visible(row.family)),
          row.all,
          row.universal,
          percent(row.universal / row.all),
          quantile(sorted(row.scores), 0.5),
          percent(meanOf(sorted(row.agreement)), 0),
        ]),
      ),
    );
  });
}

function meanOf(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function percentilesSection(section, { neurons, tables }, view) {
  if (!view.judged) {
    add(
      section,
      absent(
        "Nothing to compare.",
        "The run had no baseline, so no neuron is universal; --baseline rotation gives one.",
      ),
    );
    return;
  }
  const columns = [...neurons.numbers.keys()].filter((name) => !columnIs("NOT_COMPARED", name));
  const place = el("div", {});
  add(
    section,
    el(
      "p",
      {},
      "The percentile of a neuron is its rank among the neurons of its layer. Others lie about 50 by construction; where universal neurons lie elsewhere, they are different.",
    ),
    place,
  );
  view.draw(() => {
    const ids = [];
    for (let id = 0; id < neurons.count; id++) {
      if (view.universal(id)) {
        ids.push(id);
      }
    }
    const rows = columns.map((name) => {
      const universal = sorted(neurons.percentiles(name, ids));
      const sum = universal.reduce((all, value) => all + value, 0);
      const known = neurons.numbers.get(name).reduce((count, value) => count + (Number.isNaN(value) ? 0 : 1), 0);
      return {
        name,
        universal: sum / universal.length,
        others: (known / 2 - sum) / (known - universal.length), // all percentiles of a layer have the mean 1/2
        span: [quantile(universal, 0.25), quantile(universal, 0.75)],
      };
    });
    const shown = rows.filter((row) => !Number.isNaN(row.universal)).sort((a, b) => b.universal - a.universal);
    if (shown.length === 0) {
      refill(
        place,
        absent("No neuron passes the threshold.", "Move the threshold in the section on universal neurons."),
      );
      return;
    }
    refill(
      place,
      figure({
        title: "Where universal neurons lie among the neurons of their layer",
        note: `excess above ${view.threshold.toFixed(2)}; the line holds their middle half`,
        legend: [
          ["tone1", "universal, mean percentile"],
          ["tone4", "others, mean percentile"],
        ],
        draw: (width) =>
          percentileChart(width, {
            label: `Mean percentiles of universal neurons: ${shown.map((row) => `${columnLabel(row.name)} ${number(100 * row.universal, 0)}`).join(", ")}`,
            rows: shown.map((row) => ({
              name: columnLabel(row.name),
              span: row.span,
              dots: [
                {
                  value: row.others,
                  tone: "tone4",
                  title: `others, ${columnLabel(row.name)}: ${number(100 * row.others, 1)}`,
                },
                {
                  value: row.universal,
                  tone: "tone1",
                  title: `universal, ${columnLabel(row.name)}: ${number(100 * row.universal, 1)}`,
                },
              ],
            })),
          }),
        numbers: {
          heads: ["column", "universal, mean", "a quarter below", "three quarters below", "others, mean"],
          rows: () =>
            shown.map((row) => [
              columnLabel(row.name),
              ...[row.universal, row.span[0], row.span[1], row.others].map((value) => number(100 * value, 1)),
            ]),
        },
      }),
      tables.comparison?.statistic ? comparison(tables.comparison, view) : null,
    );
  });
}

/** The run's own comparison, at its own threshold, with effect and test. */
function comparison(table, view) {
  return el(
    "details",
    {},
    el("summary", {}, `Effect sizes and tests at the study's threshold of ${view.asked}`),
    el(
      "p",
      { class: "hint" },
      "Effect: Cohen's d within layers. Chance of more: that a universal neuron has more than another of its layer. p: rank sum test stratified by layer, two sides.",
    ),
    plainTable(
      "Effect sizes and tests",
      columnLabels("comparison", [
        "statistic",
        "universal",
        "universal_mean",
        "others",
        "other_mean",
        "percentile_q25",
        "percentile_q50",
        "percentile_q75",
        "effect",
        "chance_of_more",
        "p",
      ]),
      rowsOf(table).map((row) => [
        columnLabel(row.statistic),
        row.universal,
        row.universal_mean,
        row.others,
        row.other_mean,
        ...[row.percentile_q25, row.percentile_q50, row.percentile_q75].map((share) =>
          number(share === null ? NaN : 100 * share, 1),
        ),
        row.effect,
        row.chance_of_more,
        row.p,
      ]),
    ),
  );
}
