// One neuron: everything the run knows of it.

/** Activations beside text come as characters: this one is 0, and so many steps lead to the highest. */
const LEVEL_ZERO = "P".charCodeAt(0);
const LEVELS = 40;

const PAIRINGS = {
  in_in: "reads alike",
  in_out: "writes what it reads",
  out_in: "reads what it writes",
  out_out: "writes alike",
};

const COMPOSITIONS = {
  q: "its output in a head's queries",
  k: "its output in a head's keys",
  v: "its output in a head's values",
  o: "a head's output in its input",
};

class CardView {
  constructor({ neurons, cards, others, study, tables }, place, browser) {
    this.tables = tables;
    this.neurons = neurons;
    this.cards = cards;
    this.others = others;
    this.reference = study.models?.[0]?.name ?? "reference";
    this.place = place;
    this.browser = browser;
  }

  /** Shows a neuron; what its block does not hold, says so. */
  async show(id) {
    this.current = id;
    const card = this.cards.has(id) ? await this.cards.card(id) : null;
    if (this.current !== id) {
      return; // another was asked for meanwhile
    }
    const heading = el("h2", { id: "neuron-name", tabindex: "-1" }, `Neuron ${this.neurons.name(id)}`);
    refill(
      this.place,
      el(
        "div",
        { class: "control" },
        this.step(id, -1, "Previous in the table"),
        this.step(id, 1, "Next in the table"),
        el("a", { href: "#neurons" }, "Back to the table"),
      ),
      heading,
      this.badges(id),
      card === null
        ? absent(
            "Only its row of the table is known here.",
            `A full card: homolog report RUN --neurons ${this.neurons.name(id).slice(1)}`,
          )
        : "",
      card?.windows
        ? this.examples(card.windows, card.strips)
        : card === null
          ? ""
          : absent(
              "No examples.",
              "The run kept no windows of text around the most active tokens; homolog study of text does.",
            ),
      el(
        "div",
        { class: "parts" },
        this.statistics(id),
        this.counterparts(id, card),
        card?.histogram ? this.histogram(card.histogram) : null,
        card?.explanations ? this.explanations(card.explanations) : null,
        card?.tokens ? this.tokens(card.tokens) : null,
        card?.tokens_U_out
          ? this.ends(
              "Vocabulary it writes to",
              "Promoted when it fires",
              "Suppressed when it fires",
              card.tokens_U_out,
            )
          : null,
        card?.tokens_E_in ? this.ends("Tokens it reads", "Excite it", "Inhibit it", card.tokens_E_in) : null,
        card?.positions ? this.positions(card.positions) : null,
        card?.subsets ? this.subsets(card.subsets) : null,
        card?.neighbours ? this.neighbours(card.neighbours) : null,
        card?.composition ? this.composition(card.composition) : null,
      ),
    );
    this.place.hidden = false;
    heading.focus({ preventScroll: true });
    this.place.scrollIntoView({ block: "start" });
  }

  step(id, by, text) {
    const to = this.browser.beside(id, by);
    return el(
      "button",
      {
        type: "button",
        disabled: to < 0,
        click: () => {
          location.hash = this.neurons.address(to);
        },
      },
      text,
    );
  }

  badges(id) {
    const badge = (text, tone = "") => el("li", { class: `badge ${tone}` }, el("bdi", {}, visible(text)));
    const family = this.neurons.text("family", id);
    const feature = this.neurons.text("family_feature", id);
    const models = this.neurons.number("homolog_models", id);
    return el(
      "ul",
      { class: "badges", "aria-label": "What it is" },
      this.neurons.flags.get("universal")?.[id] === 1 ? badge("universal", "tone1") : badge("not universal"),
      models > 0 ? badge(`homologs in ${models} of ${this.others.length} models`) : null,
      family && family !== "none" ? badge(feature ? `${family}: ${feature}` : family) : null,
      this.roles(id).map((role) => badge(role, "tone2")),
    );
  }

  /** What weights and interventions say that it does. */
  roles(id) {
    const [layer, neuron] = [this.neurons.layer(id), id % this.neurons.width];
    const its = (row) => row.layer === layer && row.neuron === neuron;
    const role = this.neurons.text("role", id);
    const set = this.neurons.text("set", id);
    const entropy = this.tables.entropy ? rowsOf(this.tables.entropy).filter(its) : [];
    const heads = this.tables.attention ? rowsOf(this.tables.attention).filter((row) => its(row) && row.found) : [];
    return [
      ...(role && role !== "none" ? [set ? `${role} of ${set}` : role] : []),
      ...(entropy.some((row) => row.sets_entropy) ? ["sets the entropy"] : []),
      ...(entropy.some((row) => row.sets_frequency) ? ["moves logits by frequency"] : []),
      ...heads
        .slice(0, 3)
        .map((row) => `turns head ${row.head_layer}.${row.head} ${row.bos_attention_change > 0 ? "on" : "off"}`),
    ];
  }

  part(title, ...content) {
    return el("section", { class: "part", "aria-label": title }, el("h3", {}, title), content);
  }

  statistics(id) {
    const rows = columnsThatAre("CARD").filter((name) => this.neurons.numbers.has(name)).map((name) => {
      const place = this.neurons.percentile(name, id);
      const gauge = Number.isNaN(place)
        ? null
        : shade(el("span", { class: "gauge", "aria-hidden": "true" }), `${(100 * place).toFixed(1)}%`);
      return [
        el("span", { title: columnMeaning(name) }, columnLabel(name)),
        this.neurons.number(name, id),
        el("span", { class: "ranked" }, gauge, Number.isNaN(place) ? "–" : (100 * place).toFixed(1)),
      ];
    });
    return this.part(
      "Against its layer",
      plainTable("Statistics against its layer", ["statistic", "value", "percentile"], rows),
    );
  }

  counterparts(id, card) {
    const rows = this.others.flatMap(({ name, layer, neuron, r, mutual }, i) => {
      const first = [
        el("bdi", {}, visible(name)),
        layer[id] < 0 ? "–" : `L${layer[id]}.${neuron[id]}`,
        r[id] ?? NaN,
        layer[id] < 0 ? "" : mutual[id] === 1 ? "1., mutual" : "1.",
      ];
      const more = card?.matches?.[i] ?? [];
      return [
        first,
        ...more.map(([rank, ofLayer, ofNeuron, correlation]) => [
          "",
          `L${ofLayer}.${ofNeuron}`,
          correlation,
          rank < 0 ? "lowest" : `${rank}.`,
        ]),
      ];
    });
    return this.part(
      "Counterparts in each other model",
      plainTable(
        "Counterparts in each other model",
        columnLabels("matches", ["other", "other_neuron", "correlation", "rank"]),
        rows,
        [false, false, true, false],
      ),
    );
  }

  histogram({ low, step, counts }) {
    const all = counts.reduce((sum, count) => sum + count, 0);
    const high = low + step * counts.length;
    return this.part(
      "Activations",
      figure({
        title: "Before the non-linearity",
        note: `${whole(all)} positions; the count is logarithmic`,
        draw: (width) =>
          histogramChart(width, {
            low,
            high,
            series: [{ name: "positions", counts, tone: "tone1" }],
            log: true,
            height: 200,
            mark: 0,
            label: `Histogram of its pre-activations from ${number(low, 1)} to ${number(high, 1)}`,
            xLabel: "pre-activation",
            yLabel: "positions",
          }),
        numbers: {
          heads: columnLabels("neuron_histograms", ["low", "high", "count"]),
          rows: () => counts.map((count, i) => [number(low + i * step), number(low + (i + 1) * step), count]),
        },
      }),
    );
  }

  explanations(rows) {
    return this.part(
      "Explanation",
      plainTable(
        "Features that explain it",
        columnLabels("explanations", [
          "feature",
          "kind",
          "variance_explained",
          "share",
          "mean_with",
          "mean_without",
        ]),
        rows.map(([kind, feature, explained, share, withIt, without]) => [
          tokenChip(feature),
          kind,
          bar(explained, 1),
          percent(share, 2),
          withIt,
          without,
        ]),
        [false, false, true, true, true, true],
      ),
    );
  }

  tokens(rows) {
    const most = Math.max(...rows.map(([, mean]) => mean));
    return this.part(
      "Tokens it fires on",
      plainTable(
        "Tokens it fires on",
        columnLabels("tokens", ["text", "mean", "max", "count"]),
        rows.map(([text, mean, max, count]) => [tokenChip(text), bar(mean, most), max, count]),
      ),
    );
  }

  /** Tokens at both ends of an order. */
  ends(title, up, down, { top, bottom }) {
    const list = (rows) =>
      el(
        "ol",
        {},
        rows.map(([text, cosine]) => el("li", {}, tokenChip(text), ` ${number(cosine)}`)),
      );
    return this.part(
      title,
      el(
        "div",
        { class: "pair" },
        el("div", {}, el("h4", {}, up), list(top)),
        el("div", {}, el("h4", {}, down), list(bottom)),
      ),
    );
  }

  positions({ at, mean }) {
    return this.part(
      "Position in the row",
      figure({
        title: "Mean activation by position",
        draw: (width) =>
          lineChart(width, {
            x: at,
            series: [{ name: "mean", values: mean, tone: "tone1", dots: false }],
            height: 180,
            label: `Mean activation by position, from ${number(mean[0])} at the beginning to ${number(mean.at(-1))} at the end`,
            xLabel: "position",
            yLabel: "activation",
          }),
        numbers: {
          heads: ["from position", "mean"],
          rows: () => at.map((position, i) => [position, mean[i]]),
        },
      }),
    );
  }

  subsets(rows) {
    const most = Math.max(...rows.map(([, mean]) => mean));
    return this.part(
      "Subsets of the text",
      plainTable(
        "Mean activation by subset",
        columnLabels("subsets", ["subset", "mean", "max", "count"]),
        rows.map(([name, mean, max, count]) => [
          el("bdi", {}, visible(name || "(no subset)")),
          bar(mean, most),
          max,
          count,
        ]),
      ),
    );
  }

  neighbours(kinds) {
    const link = (layer, neuron) => {
      const id = layer * this.neurons.width + neuron;
      return el("a", { href: this.neurons.address(id) }, this.neurons.name(id));
    };
    const rows = Object.entries(kinds).flatMap(([kind, list]) =>
      list.map(([layer, neuron, cosine], i) => [i === 0 ? (PAIRINGS[kind] ?? kind) : "", link(layer, neuron), cosine]),
    );
    return this.part(
      "Nearest neighbours by weight",
      plainTable(
        "Nearest neighbours by weight",
        columnLabels("neighbours", ["kind", "other_neuron", "cosine"]),
        rows,
        [false, false, true],
      ),
    );
  }

  composition(kinds) {
    const rows = Object.entries(kinds).flatMap(([kind, list]) =>
      list.map(([layer, head, score], i) => [
        i === 0 ? (COMPOSITIONS[kind] ?? kind) : "",
        `L${layer} head ${head}`,
        score,
      ]),
    );
    return this.part(
      "Attention heads it works with",
      plainTable(
        "Attention heads it works with",
        columnLabels("composition", ["kind", "head", "composition"]),
        rows,
        [false, false, true],
      ),
    );
  }

  examples(texts, strips) {
    const values = el("input", { type: "checkbox", id: "values" });
    const windows = el(
      "div",
      { class: "windows" },
      texts.map((text, i) => this.example(text, strips, i)),
    );
    values.addEventListener("change", () => windows.classList.toggle("valued", values.checked));
    return el(
      "section",
      { class: "part wide", "aria-label": "Examples" },
      el("h3", {}, "Where it is most active"),
      el(
        "p",
        { class: "hint" },
        "The stronger the colour, the higher the activation; the most active token is underlined. Below it the same text, coloured by its best match in each other model, each on its own scale.",
      ),
      el("label", {}, values, " write the activations"),
      windows,
    );
  }

  example({ document: source, row, position, first, texts }, { models, scales, levels }, place) {
    const peak = position - first;
    return el(
      "div",
      { class: "window" },
      el(
        "h4",
        {},
        `${place + 1}. `,
        el("bdi", {}, visible(withoutFolders(source ?? ""))),
        `, row ${whole(row)}, position ${position}`,
      ),
      levels[place].map((of, i) =>
        el(
          "div",
          { class: "strip" },
          el("span", { class: "who" }, el("bdi", {}, visible(models[i][0])), ` L${models[i][1]}.${models[i][2]}`),
          el(
            "p",
            { class: "text" },
            texts.map((text, at) =>
              activeToken(text, of.charCodeAt(at) - LEVEL_ZERO, scales[place][i], i === 0 && at === peak),
            ),
          ),
        ),
      ),
    );
  }
}

/** A token of a window, coloured by its activation, a whole number of fortieths of the strip's highest. */
function activeToken(text, level, scale, peak) {
  const value = number(level * scale, 2);
  const token = el(
    peak ? "strong" : "span",
    { class: "active", title: `${visible(text ?? "?")}: ${value}` },
    el("bdi", {}, text === null ? "?" : visible(text)),
    el("span", { class: "amount" }, value),
  );
  return shade(token, `${Math.max(0, (100 * level) / LEVELS)}%`);
}

/** Where a document is from, with the file's name alone. */
function withoutFolders(source) {
  return source.replaceAll(/\S*\//g, "");
}

/** A number with a bar behind it. */
function bar(value, most) {
  return shade(
    el("span", { class: "measure" }, number(value)),
    `${most > 0 && value > 0 ? Math.min(100, (100 * value) / most).toFixed(1) : 0}%`,
  );
}
