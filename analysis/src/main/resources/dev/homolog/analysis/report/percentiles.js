// The section on where universal neurons lie among the others.

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

SECTIONS.push({ id: "percentiles", title: "Universal against others", draw: percentilesSection });
