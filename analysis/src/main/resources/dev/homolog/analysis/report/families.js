// The section on the families of universal neurons and of others.

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

SECTIONS.push({ id: "families", title: "Families", draw: familiesSection });
