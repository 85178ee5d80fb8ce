// The first sections: what was run and how sure it is, the correlations, the universal neurons.

/** A section that is there and says why it is empty. */
function absent(what, remedy) {
  return el("p", { class: "absent" }, el("strong", {}, what), " ", remedy);
}

function tile(value, text) {
  return el("div", { class: "tile" }, el("span", { class: "value" }, value), el("span", { class: "what" }, text));
}

function noun(study) {
  return { cosine: "cosine", jaccard: "Jaccard index" }[study.similarity] ?? "correlation";
}

const BASELINES = {
  rotation: "what randomly rotated layers of them reach",
  permutation: "what the same neurons reach on permuted tokens",
  gaussian: "what as many independent normal neurons would reach",
};

function studySection(section, { study, neurons, tables }, view) {
  const [reference, ...others] = study.models ?? [];
  const tokens = study.tokens ?? {};
  const seconds = (study.phases ?? []).reduce((sum, phase) => sum + phase.seconds, 0);
  const found = view.judged ? view.above(view.asked) : null;
  const baseline = study.options?.baseline;
  add(
    section,
    el(
      "p",
      { class: "lead" },
      others.length === 0
        ? `The ${plural(neurons.count, "neuron")} of model ${reference?.name}, looked at alone.`
        : found === null
          ? `The ${plural(neurons.count, "neuron")} of model ${reference?.name} compared with ${listed(others)}; without a baseline none is called universal.`
          : `${plural(found, "neuron")} of ${whole(neurons.count)} in model ${reference?.name} (${percent(found / neurons.count, 2)}) ${found === 1 ? "is" : "are"} universal: ` +
            `the mean over ${listed(others)} of the best ${noun(study)} exceeds ${BASELINES[baseline] ?? "the baseline"} by more than ${view.asked}.`,
    ),
    el(
      "div",
      { class: "tiles" },
      tile(whole(neurons.count), `neurons in ${plural(neurons.layers, "layer")}`),
      found === null ? null : tile(whole(found), `universal, excess above ${view.asked}`),
      study.result?.homologs > 0 || tables.by_other
        ? tile(whole(study.result?.homologs ?? 0), "groups of homologs")
        : null,
      tokens.read ? tile(whole(tokens.read), "tokens read") : null,
      tokens.documents ? tile(whole(tokens.documents), tokens.documents === 1 ? "document" : "documents") : null,
      seconds > 0 ? tile(duration(seconds), "of computing") : null,
    ),
    el("h3", {}, "Models"),
    plainTable(
      "Models",
      ["model", "role", "layers", "neurons a layer", "width", "vocabulary", "constant neurons", "weights, SHA-256"],
      (study.models ?? []).map((model) => [
        el("bdi", {}, visible(model.name)),
        model.role,
        model.layers,
        model.d_mlp,
        model.d_model,
        model.vocab_size,
        model.constant_neurons,
        hashes(model.sha256),
      ]),
      [false, false, true, true, true, true, true, false],
    ),
    el("h3", {}, "How sure"),
    el(
      "ul",
      {},
      sureness(study, neurons).map((line) => el("li", {}, line)),
    ),
    tables.convergence
      ? convergence(tables.convergence)
      : absent("No convergence.", "homolog study writes the table, homolog correlate does not."),
    el("h3", {}, "What was run"),
    facts(study),
  );
}

function listed(models) {
  const names = models.map((model) => model.name);
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

function duration(seconds) {
  return seconds < 100
    ? `${seconds.toFixed(0)} s`
    : seconds < 6000
      ? `${(seconds / 60).toFixed(0)} min`
      : `${(seconds / 3600).toFixed(1)} h`;
}

/** The first characters are enough to tell; the whole is the element's title and in study.json. */
function hashes(sha256) {
  const weights = Object.entries(sha256 ?? {}).filter(([file]) => !file.endsWith(".json"));
  return el(
    "span",
    {},
    weights.map(([file, hash]) => el("code", { title: `${file}: ${hash}` }, `${String(hash).slice(0, 12)}… `)),
  );
}

function sureness(study, neurons) {
  const lines = [];
  const tokens = study.tokens ?? {};
  if (tokens.kept) {
    lines.push(
      `Correlations are over ${whole(tokens.kept)} kept tokens of ${whole(tokens.read)} read (left out: ${tokens.filter}); sums are held in ${study.precision}.`,
    );
  }
  for (const { models, median, upper, above } of chances(study.chance ?? [])) {
    lines.push(
      `By chance alone (independent normal neurons), the best neuron of ${models} would reach ${number(median)}, for one neuron of twenty ${number(upper)}; ${whole(above)} of ${whole(neurons.count)} exceed the latter.`,
    );
  }
  const sd = neurons.numbers.get("baseline_sd");
  const draws = study.options?.baseline_draws ?? 1;
  if (sd?.some((value) => !Number.isNaN(value))) {
    lines.push(
      `Over its ${draws} draws a neuron's baseline has a deviation of ${number(quantile(sorted(sd), 0.5), 4)} in the median, ${number(quantile(sorted(sd), 1), 4)} at most.`,
    );
  } else if (["rotation", "permutation"].includes(study.options?.baseline)) {
    lines.push("The baseline is one draw; with --baseline-draws N its own spread would be known.");
  }
  const error = neurons.numbers.get("excess_se");
  if (error?.some((value) => !Number.isNaN(value))) {
    lines.push(`The standard error of the excess is ${number(quantile(sorted(error), 0.5), 4)} in the median.`);
  }
  const constant = study.models?.[0]?.constant_neurons ?? 0;
  if (constant > 0) {
    lines.push(`${plural(constant, "neuron is", "neurons are")} constant and have no correlation.`);
  }
  return lines;
}

/** Models for which chance would reach the same, and as many neurons exceed it, are told of together. */
function chances(chance) {
  const groups = new Map();
  for (const { other, median, upper_5_percent: upper, neurons_above: above } of chance) {
    const key = `${number(median)} ${number(upper)} ${above}`;
    const group = groups.get(key) ?? { names: [], median, upper, above };
    group.names.push({ name: visible(other) });
    groups.set(key, group);
  }
  return [...groups.values()].map((group) => ({
    ...group,
    models: listed(group.names).replace(/ and (?=[^ ]*$)/, " or "),
  }));
}

function convergence(table) {
  const rows = rowsOf(table).filter((row) => row.share < 1);
  const last = table.universal.at(-1);
  return figure({
    title: "How far best correlations still were from those at the end",
    note: `by the share of the text that was read; ${plural(table.neurons.at(-1), "neuron")} followed`,
    legend: [
      ["tone1", "median"],
      ["tone2", "90 % of neurons are below"],
      ["tone3", "99 %"],
    ],
    draw: (width) =>
      lineChart(width, {
        x: rows.map((row) => 100 * row.share),
        log: true,
        xText: (value) => `${Number(value.toPrecision(2))} %`,
        zero: true,
        series: [
          { name: "median", values: rows.map((row) => row.change_q50), tone: "tone1" },
          { name: "90 %", values: rows.map((row) => row.change_q90), tone: "tone2" },
          { name: "99 %", values: rows.map((row) => row.change_q99), tone: "tone3" },
        ],
        label: `Change of best correlations to the end of the text: median ${number(rows.at(-1)?.change_q50)}, 99 % below ${number(rows.at(-1)?.change_q99)} with ${percent(rows.at(-1)?.share ?? NaN, 0)} read`,
        xLabel: "share of the text read",
        yLabel: "distance of best r",
      }),
    numbers: {
      heads: columnLabels("convergence", [
        "share",
        "tokens",
        "change_q50",
        "change_q90",
        "change_q99",
        "change_max",
        "universal",
      ]),
      rows: () =>
        rowsOf(table).map((row) => [
          percent(row.share, 0),
          row.tokens,
          row.change_q50,
          row.change_q90,
          row.change_q99,
          row.change_max,
          last < 0 ? "–" : row.universal,
        ]),
    },
  });
}

function facts(study) {
  const list = el("dl", { class: "facts" });
  const fact = (name, value) => {
    if (value !== undefined && value !== null && value !== "") {
      list.append(el("dt", {}, name), el("dd", {}, el("bdi", {}, visible(String(value)))));
    }
  };
  fact("command", `homolog ${study.command ?? ""} (Homolog ${study.homolog || "of unknown version"})`);
  fact("backend", study.backend);
  fact("similarity", study.similarity);
  fact("text", (study.options?.text ?? [study.options?.tokens]).filter(Boolean).join(", "));
  fact("subsets", (study.tokens?.subsets ?? []).join(", "));
  fact("rows of tokens", study.tokens?.rows ? `${whole(study.tokens.rows)} of ${whole(study.tokens.context)}` : "");
  fact("tokens, SHA-256", study.tokens?.sha256);
  fact("Java", study.versions?.java);
  fact("system", study.versions?.os);
  const options = Object.entries(study.options ?? {}).filter(
    ([name]) => !["text", "tokens", "reference", "other"].includes(name),
  );
  fact(
    "options",
    options.map(([name, value]) => `${name} ${Array.isArray(value) ? value.join(" ") : value}`).join(" · "),
  );
  return list;
}

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
