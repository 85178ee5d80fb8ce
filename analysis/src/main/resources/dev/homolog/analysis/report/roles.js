// What neurons do to the output: the vocabulary they write to, and the roles that interventions confirm.

function rolesSection(section, data, view) {
  const { neurons } = data;
  const weights = ["vocab_kurt", "vocab_skew"].filter((name) => neurons.numbers.has(name));
  if (weights.length === 0) {
    add(
      section,
      absent(
        "No vocabulary statistics.",
        "The run has no weight tables; homolog study makes them, homolog correlate does not.",
      ),
    );
  } else {
    const place = el("div", { class: "charts" });
    add(
      section,
      el(
        "p",
        {},
        "A neuron writes to the vocabulary through the cosines of its output weights with the unembedding. High kurtosis: it moves few tokens. With skew above 0 it predicts them, below 0 it suppresses them.",
      ),
      place,
    );
    view.draw(() => refill(place, ...weights.map((name) => layerQuantiles(name, neurons, view))));
  }
  add(
    section,
    el("h3", {}, "Prediction, suppression, partition"),
    neurons.texts.has("role") ? predictions(neurons) : absent("Not looked for.", "homolog study --roles does."),
    el("h3", {}, "Entropy"),
    data.tables.entropy?.values
      ? entropySweeps(rowsOf(data.tables.entropy), neurons)
      : absent(
          "No sweeps.",
          "homolog study --roles sets neurons to fixed activations and measures what becomes of the output.",
        ),
    el("h3", {}, "Attention heads that neurons turn on and off"),
    data.tables.attention
      ? switchedHeads(rowsOf(data.tables.attention), neurons)
      : absent(
          "No heads looked at.",
          "homolog study --roles takes neurons out of later heads' queries and measures their attention on the first token.",
        ),
  );
}

/** How many neurons of each layer have a role by their weights, and those whose set of tokens is clearest. */
function predictions(neurons) {
  const kinds = ["prediction", "suppression", "partition"];
  const counts = kinds.map(() => new Array(neurons.layers).fill(0));
  const named = [];
  for (let id = 0; id < neurons.count; id++) {
    const kind = kinds.indexOf(neurons.text("role", id));
    if (kind >= 0) {
      counts[kind][neurons.layer(id)]++;
      if (neurons.text("set", id)) {
        named.push(id);
      }
    }
  }
  const confirmed = neurons.flags.get("confirmed");
  const looked = (id) => (Number.isNaN(neurons.number("set_probability", id)) ? 0 : 1 + (confirmed?.[id] ?? 0));
  named.sort(
    (a, b) =>
      looked(b) - looked(a) || neurons.number("variance_reduction", b) - neurons.number("variance_reduction", a),
  );
  const chart = figure({
    title: "Roles by layer",
    note: "by the moments of the cosines with the vocabulary",
    legend: kinds.map((kind, i) => [`tone${i + 1}`, kind]),
    draw: (width) =>
      barChart(width, {
        categories: counts[0].map((_, layer) => `L${layer}`),
        series: kinds.map((name, i) => ({ name, values: counts[i], tone: `tone${i + 1}` })),
        label: kinds
          .map((kind, i) => `${kind}: ${counts[i].map((count, layer) => `layer ${layer} ${count}`).join(", ")}`)
          .join("; "),
        xLabel: "layer",
        yLabel: "neurons",
      }),
    numbers: {
      heads: ["layer", ...kinds],
      rows: () => counts[0].map((_, layer) => [`L${layer}`, ...counts.map((of) => of[layer])]),
    },
  });
  if (named.length === 0) {
    return el("div", {}, chart);
  }
  return el(
    "div",
    {},
    chart,
    plainTable(
      "Neurons and their sets of tokens",
      [
        columnLabel("neuron"),
        columnLabel("role"),
        "tokens",
        "in the set",
        "variance reduction",
        columnLabel("welch_t"),
        columnLabel("confirmed"),
      ],
      named
        .slice(0, 15)
        .map((id) => [
          neuronLinkOf(neurons, id),
          neurons.text("role", id),
          el("bdi", {}, visible(neurons.text("set", id))),
          neurons.number("set_size", id),
          neurons.number("variance_reduction", id),
          neurons.number("welch_t", id),
          ["not looked at", "no", "yes"][looked(id)],
        ]),
      [false, false, false, true, true, true, false],
    ),
  );
}

/** What becomes of entropy and loss when a neuron is set to a fixed activation, candidates beside neurons drawn at random. */
function entropySweeps(rows, neurons) {
  const kinds = ["entropy", "frequency"];
  const controls = rows.filter((row) => row.candidate === "control");
  const measures = [
    ["entropy", "Entropy", "nats"],
    ["loss", "Loss", "nats"],
    ["scale", "Scale of the last LayerNorm", "scale"],
  ].filter(([name]) => rows[0]?.[name]);
  const change = (row, name) => row[name].map((value) => value - row[name][Math.max(0, row.values.indexOf(0))]);
  const charts = kinds.flatMap((kind) => {
    const effect = kind === "entropy" ? "entropy_effect" : "divergence_effect";
    const strongest = rows
      .filter((row) => row.candidate === kind)
      .sort((a, b) => Math.abs(b[effect]) - Math.abs(a[effect]))
      .slice(0, 3);
    return strongest.length === 0
      ? []
      : measures.map(([name, title, unit]) => {
          const spread = controls.map((row) => change(row, name));
          const band = strongest[0].values.map((_, i) => sorted(spread.map((values) => values[i])));
          return figure({
            title: `${title}, ${kind} candidates`,
            note: `change from the neuron at 0; band: ${plural(controls.length, "random neuron")} of the last layers`,
            legend: strongest.map((row, i) => [`tone${i + 1}`, `L${row.layer}.${row.neuron}`]),
            draw: (width) =>
              lineChart(width, {
                x: strongest[0].values,
                bands:
                  controls.length > 0
                    ? [
                        {
                          tone: "tone4",
                          low: band.map((values) => quantile(values, 0)),
                          high: band.map((values) => quantile(values, 1)),
                        },
                      ]
                    : [],
                series: strongest.map((row, i) => ({
                  name: `L${row.layer}.${row.neuron}`,
                  values: change(row, name),
                  tone: `tone${i + 1}`,
                })),
                height: 220,
                label: `${title} against the activation that a neuron is set to: ${strongest.map((row) => `L${row.layer}.${row.neuron} changes it by ${number(change(row, name).at(-1))} at ${row.values.at(-1)}`).join(", ")}`,
                xLabel: "activation",
                yLabel: unit,
              }),
            numbers: {
              heads: ["activation", ...strongest.map((row) => `L${row.layer}.${row.neuron}`)],
              rows: () =>
                strongest[0].values.map((value, i) => [String(value), ...strongest.map((row) => change(row, name)[i])]),
            },
          });
        });
  });
  return el(
    "div",
    {},
    el(
      "p",
      {},
      `Of ${plural(rows.length - controls.length, "candidate")} that were set to fixed activations, ${plural(rows.filter((row) => row.sets_entropy).length, "neuron")} set the entropy by way of the last LayerNorm, and ${plural(rows.filter((row) => row.sets_frequency).length, "neuron")} how close predictions are to the frequencies of tokens. Beside them ${plural(controls.length, "random neuron")} of the same layers, which ${controls.length === 1 ? "reaches" : "reach"} at most ${number(most(controls, "entropy_effect_mediated"))} and ${number(most(controls, "frequency_effect"))} of these.`,
    ),
    el("div", { class: "charts" }, charts),
    candidates("Candidates for entropy", "entropy", rows, neurons, [
      "w_out_norm",
      "vocab_var",
      "null_share",
      "score",
      "entropy_effect",
      "entropy_effect_mediated",
    ]),
    candidates("Candidates for token frequency", "frequency", rows, neurons, [
      "frequency_cosine",
      "cosine_ratio",
      "divergence_effect",
      "frequency_effect",
    ]),
  );
}

/** The largest size of a column; 0 of no rows. */
function most(rows, name) {
  return Math.max(0, ...rows.map((row) => Math.abs(row[name])));
}

/** Candidates of a kind: what their weights and interventions say. */
function candidates(title, kind, rows, neurons, columns) {
  const table = plainTable(
    title,
    ["neuron", ...columnLabels("entropy", columns), "found"],
    rows
      .filter((row) => row.candidate === kind)
      .slice(0, 20)
      .map((row) => [
        neuronLink(neurons, row.layer, row.neuron),
        ...columns.map((name) => row[name]),
        row.sets_entropy ? "entropy" : row.sets_frequency ? "token frequency" : "no",
      ]),
    [false, ...columns.map(() => true), false],
  );
  return el("div", {}, el("h4", {}, title), table);
}

/** The heads whose attention on BOS hangs on a neuron. */
function switchedHeads(pairs, neurons) {
  const found = pairs
    .filter((pair) => pair.found)
    .sort((a, b) => Math.abs(b.bos_attention_change) - Math.abs(a.bos_attention_change));
  const heads = new Set(found.map((pair) => `${pair.head_layer}.${pair.head}`));
  const shown = (
    found.length > 0
      ? found
      : [...pairs].sort((a, b) => Math.abs(b.bos_attention_change) - Math.abs(a.bos_attention_change))
  ).slice(0, 20);
  const list = shown.slice(0, 12);
  return el(
    "div",
    {},
    el(
      "p",
      {},
      `${found.length === 0 ? "No pair" : plural(found.length, "pair")} of a neuron and a later head in which the head's attention on BOS hangs on the neuron${found.length === 0 ? "" : `, in ${plural(heads.size, "head")}`}.`,
    ),
    figure({
      title: found.length > 0 ? "The strongest pairs" : "The strongest pairs, none of which passes",
      note: "change of the head's mean attention on BOS when the neuron is taken out of its queries",
      draw: (width) =>
        barsAcross(width, {
          rows: list.map((pair) => ({
            name: `L${pair.layer}.${pair.neuron}, head ${pair.head_layer}.${pair.head}`,
            value: pair.bos_attention_change,
          })),
          label: `Change of attention on BOS: ${list.map((pair) => `neuron L${pair.layer}.${pair.neuron}, head ${pair.head_layer}.${pair.head} ${number(pair.bos_attention_change)}`).join(", ")}`,
        }),
    }),
    plainTable(
      "Pairs of neuron and head",
      columnLabels("attention", [
        "neuron",
        "head",
        "bos_effect",
        "bos_attention",
        "bos_attention_change",
        "z_norm_change",
        "bos_attention_spearman",
        "found",
      ]),
      shown.map((pair) => [
        neuronLink(neurons, pair.layer, pair.neuron),
        `L${pair.head_layer} head ${pair.head}`,
        pair.bos_effect,
        pair.bos_attention,
        pair.bos_attention_change,
        pair.z_norm_change,
        pair.bos_attention_spearman,
        pair.found ? "yes" : "no",
      ]),
      [false, false, true, true, true, true, true, false],
    ),
  );
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
    legend: [
      ["tone4", "all, median"],
      ["tone1", "universal, median"],
      ["tone2", "universal, 95 %"],
    ],
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
        label: `${columnLabel(name)} by layer: medians of all neurons ${line(all, 0.5)
          .map((value) => number(value, 2))
          .join(", ")}`,
        xLabel: "layer",
        yLabel: columnLabel(name),
      }),
    numbers: {
      heads: ["layer", "all: 5 %", "median", "95 %", "universal: median", "95 %"],
      rows: () =>
        all.map((_, layer) => [
          `L${layer}`,
          quantile(all[layer], 0.05),
          quantile(all[layer], 0.5),
          quantile(all[layer], 0.95),
          quantile(universal[layer], 0.5),
          quantile(universal[layer], 0.95),
        ]),
    },
  });
}

function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

SECTIONS.push({ id: "roles", title: "Roles", draw: rolesSection });
