// The section on the best correlations, of all other models and of each.

function correlationsSection(section, { study, neurons, tables, others }) {
  const best = sorted(neurons.numbers.get("mean_corr") ?? []);
  if (best.length === 0) {
    add(
      section,
      absent("No correlations.", "The run compared no models, or no neuron of it has one; homolog study does."),
    );
    return;
  }
  add(
    section,
    el(
      "div",
      { class: "charts" },
      bestCorrelations(study, neurons, best),
      tables.histograms ? allCorrelations(study, tables.histograms) : null,
    ),
    el("h3", {}, "Each other model on its own"),
    tables.by_other
      ? plainTable(
          "Each other model on its own",
          columnLabels("by_other", [
            "other",
            "neurons",
            "universal",
            "mean_corr",
            "median_corr",
            "mean_baseline",
            "homologs",
          ]),
          rowsOf(tables.by_other).map((row) => [
            el("bdi", {}, visible(row.other)),
            row.neurons,
            row.universal < 0 ? "–" : row.universal,
            row.mean_corr,
            row.median_corr,
            row.mean_baseline,
            row.homologs,
          ]),
        )
      : ownMatches(others),
    tables.by_other ? trainings(tables.by_other) : null,
  );
}

/** The neurons' best correlations beside those that the baseline reaches. */
function bestCorrelations(study, neurons, best) {
  const baseline = sorted(neurons.numbers.get("mean_baseline") ?? []);
  const judged = baseline.length > 0;
  const low = Math.min(0, best[0], baseline[0] ?? 0);
  const counts = (values) => binned(values, low, 1, 50);
  const median = (values) => number(quantile(values, 0.5));
  const told = (values) => `median ${median(values)}, highest ${number(values.at(-1))}`;
  return figure({
    title: `Best ${noun(study)} of each neuron, mean over the other models`,
    note: judged
      ? `median ${median(best)}; baseline ${median(baseline)}`
      : `median ${median(best)}; no baseline was asked for`,
    legend: [["tone1", "neurons"], ...(judged ? [["tone2", "the same, against the baseline"]] : [])],
    draw: (width) =>
      histogramChart(width, {
        low,
        high: 1,
        series: [
          { name: "neurons", counts: counts(best), tone: "tone1" },
          ...(judged ? [{ name: "baseline", counts: counts(baseline), tone: "tone2", outline: true }] : []),
        ],
        label: `Histogram of the best ${noun(study)} of ${whole(best.length)} neurons: ${told(best)}${judged ? `; of the baseline: ${told(baseline)}` : ""}`,
        xLabel: `mean best ${noun(study)}`,
        yLabel: "neurons",
      }),
    numbers: {
      heads: ["quantile", "neurons", "baseline", "excess"],
      rows: () => {
        const excess = sorted(neurons.numbers.get("excess_corr") ?? []);
        return [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1].map((share) => [
          percent(share, 0),
          quantile(best, share),
          quantile(baseline, share),
          quantile(excess, share),
        ]);
      },
    },
  });
}

/** Without the table of the other models, what their best matches say. */
function ownMatches(others) {
  return plainTable(
    "Each other model on its own",
    columnLabels("by_other", ["other", "neurons", "mean_corr", "median_corr"]),
    others.map(({ name, r }) => {
      const values = sorted(r.map((value) => value ?? NaN));
      return [
        el("bdi", {}, visible(name)),
        values.length,
        values.reduce((sum, value) => sum + value, 0) / values.length,
        quantile(values, 0.5),
      ];
    }),
  );
}

function binned(values, low, high, bins) {
  const counts = new Array(bins).fill(0);
  for (const value of values) {
    counts[Math.min(bins - 1, Math.max(0, Math.floor(((value - low) / (high - low)) * bins)))]++;
  }
  return counts;
}

/** All products of neurons, not the best alone, summed over the other models. */
function allCorrelations(study, table) {
  const rows = rowsOf(table).filter((row) => row.what === "correlation");
  const lows = [...new Set(rows.map((row) => row.low))].sort((a, b) => a - b);
  const counts = lows.map(() => 0);
  const place = new Map(lows.map((value, i) => [value, i]));
  rows.forEach((row) => {
    counts[place.get(row.low)] += row.count;
  });
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (all === 0) {
    return null;
  }
  return figure({
    title: `All ${whole(all)} pairs of neurons`,
    note: "the count is logarithmic",
    draw: (width) =>
      histogramChart(width, {
        low: lows[0],
        high: Math.max(...rows.map((row) => row.high)),
        series: [{ name: "pairs", counts, tone: "tone1" }],
        log: true,
        label: `Histogram of the ${noun(study)} of all ${whole(all)} pairs of neurons`,
        xLabel: noun(study),
        yLabel: "pairs",
      }),
    numbers: {
      heads: columnLabels("histograms", ["low", "high", "count"]),
      rows: () =>
        lows.map((value, i) => [number(value), number(lows[i + 1] ?? 1), counts[i]]).filter((row) => row[2] > 0),
    },
  });
}

/** Where the other models are steps of one training, what came when. */
function trainings(table) {
  const series = new Map();
  for (const row of rowsOf(table).filter((each) => each.step >= 0)) {
    const name = row.other.replace(/\d+$/, "");
    series.set(name, [...(series.get(name) ?? []), row]);
  }
  return [...series]
    .filter(([, rows]) => rows.length > 1)
    .map(([name, rows]) => {
      rows.sort((a, b) => a.step - b.step);
      return figure({
        title: `Training steps of ${visible(name)}`,
        legend: [
          ["tone1", "above the baseline"],
          ["tone2", "homologs"],
        ],
        draw: (width) =>
          lineChart(width, {
            x: rows.map((row) => row.step),
            series: [
              {
                name: "above the baseline",
                values: rows.map((row) => (row.universal < 0 ? NaN : row.universal)),
                tone: "tone1",
              },
              { name: "homologs", values: rows.map((row) => row.homologs), tone: "tone2" },
            ],
            zero: true,
            label: `Neurons found in each training step, from ${rows[0].homologs} homologs at step ${rows[0].step} to ${rows.at(-1).homologs} at step ${rows.at(-1).step}`,
            xLabel: "step",
            yLabel: "neurons",
          }),
        numbers: {
          heads: ["step", "above the baseline", "homologs", "median best r"],
          rows: () => rows.map((row) => [row.step, row.universal, row.homologs, row.median_corr]),
        },
      });
    });
}

SECTIONS.push({ id: "correlations", title: "Best correlations", draw: correlationsSection });
