// The section on what was run and how sure it is.

function tile(value, text) {
  return el("div", { class: "tile" }, el("span", { class: "value" }, value), el("span", { class: "what" }, text));
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
      study.sketch ? ` Each ${noun(study)} is estimated, ± ${number(study.sketch.standard_error, 4)} at most.` : "",
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
    ...(study.lineage?.notes ?? []).map((note) => el("p", {}, visible(note))),
    el("h3", {}, "How sure"),
    el(
      "ul",
      {},
      sureness(study, neurons).map((line) => el("li", {}, line)),
    ),
    tables.convergence
      ? convergence(tables.convergence)
      : absent(
          "No convergence.",
          study.sketch
            ? "With --method sketch there is no such table."
            : "homolog study writes the table, homolog correlate does not.",
        ),
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
  if (study.sketch) {
    lines.push(
      `They are estimated from a sketch of ${whole(study.sketch.size)}: the standard error of a ${noun(study)} r is at most ${number(study.sketch.standard_error, 4)} times 1 − r², that of an excess at most ${number(2 * study.sketch.standard_error, 4)}.`,
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

SECTIONS.push({ id: "study", title: "The study", draw: studySection });
