// The table of all neurons: searched, filtered, sorted, shown a page at a time.

const PAGE_SIZES = [25, 100, 500];

class Browser {
  constructor({ neurons, cards, topTokens }, open) {
    this.neurons = neurons;
    this.cards = cards;
    this.open = open;
    this.topTokens = topTokens;
    this.columns = [...neurons.numbers.keys(), ...neurons.texts.keys()].filter(
      (name) => name !== "layer" && name !== "neuron",
    );
    this.shown = columnsThatAre("FIRST").filter((name) => this.columns.includes(name));
    this.sort = ["excess_corr", "mean_corr"].find((column) => this.any(column)) ?? "name";
    this.descending = this.sort !== "name";
    this.page = 0;
    this.size = PAGE_SIZES[0];
    this.haystacks = new Array(neurons.count);
    this.order = [];
  }

  any(column) {
    return this.neurons.numbers.get(column)?.some((value) => !Number.isNaN(value)) ?? false;
  }

  render(section) {
    this.search = el("input", {
      type: "search",
      id: "search",
      autocomplete: "off",
      spellcheck: "false",
      input: () => this.renew(),
    });
    this.layer = this.select("layer", "Layer", [
      ["", "all"],
      ...Array.from({ length: this.neurons.layers }, (_, i) => [String(i), `L${i}`]),
    ]);
    this.universal = el("input", { type: "checkbox", id: "only-universal", change: () => this.renew() });
    this.carded = el("input", { type: "checkbox", id: "only-carded", change: () => this.renew() });
    this.family = this.neurons.texts.has("family")
      ? this.select("family", "Family", [
          ["", "all"],
          ...this.neurons.texts.get("family").dictionary.map((family) => [family, family]),
        ])
      : null;
    this.status = el("p", { role: "status", class: "status" });
    this.head = el("thead");
    this.body = el("tbody");
    this.table = el(
      "table",
      { id: "neuron-table" },
      el("caption", { class: "unseen" }, "Neurons of the reference"),
      this.head,
      this.body,
    );
    this.previous = el("button", { type: "button", click: () => this.move(-1) }, "Previous page");
    this.next = el("button", { type: "button", click: () => this.move(1) }, "Next page");
    const size = el(
      "select",
      {
        id: "page-size",
        change: () => {
          this.size = Number(size.value);
          this.page = 0;
          this.draw();
        },
      },
      PAGE_SIZES.map((rows) => el("option", { value: rows }, String(rows))),
    );
    add(
      section,
      el(
        "form",
        { class: "control", role: "search", "aria-label": "Neurons", submit: (event) => event.preventDefault() },
        el("label", { for: "search" }, "Search"),
        this.search,
        this.layer,
        this.family,
        this.neurons.flags.has("universal")
          ? el("label", {}, this.universal, " universal at the study's threshold")
          : null,
        el("label", {}, this.carded, " with a full card"),
      ),
      el(
        "p",
        { class: "hint" },
        "Words are looked for in names, families, features and the tokens a neuron fires on; conditions such as ",
        el("code", {}, "excess_corr>0.3"),
        " ",
        el("code", {}, "layer=2"),
        " ",
        el("code", {}, "kurt<4"),
        " hold all at once. Column names are those of the table neurons.",
      ),
      this.chooser(),
      this.status,
      scroller("Table of neurons", this.table),
      el("div", { class: "control pages" }, this.previous, this.next, el("label", {}, "Rows a page ", size)),
    );
    this.renew();
  }

  select(id, label, options) {
    const box = el(
      "select",
      { id: `filter-${id}`, change: () => this.renew() },
      options.map(([value, text]) => el("option", { value }, visible(text))),
    );
    return el("label", {}, `${label} `, box);
  }

  chooser() {
    const boxes = this.columns.map((name) => {
      const box = el("input", { type: "checkbox", checked: this.shown.includes(name) });
      box.addEventListener("change", () => {
        this.shown = box.checked ? [...this.shown, name] : this.shown.filter((each) => each !== name);
        this.draw();
      });
      return el("label", { title: columnMeaning(name) }, box, ` ${columnLabel(name)}`);
    });
    return el("details", { class: "chooser" }, el("summary", {}, "Columns"), el("div", { class: "boxes" }, boxes));
  }

  value(column, id) {
    return column === "name"
      ? id
      : this.neurons.numbers.has(column)
        ? this.neurons.numbers.get(column)[id]
        : this.neurons.text(column, id);
  }

  haystack(id) {
    this.haystacks[id] ??= [
      this.neurons.name(id),
      this.neurons.address(id).slice(1),
      ...[...this.neurons.texts.keys()].map((column) => this.neurons.text(column, id) ?? ""),
      ...(this.topTokens.get(id) ?? []),
    ]
      .join("\n")
      .toLowerCase();
    return this.haystacks[id];
  }

  /** What the search box asks: conditions on columns, and words. */
  asked() {
    const conditions = [];
    const words = [];
    const wrong = [];
    for (const part of this.search.value.toLowerCase().split(/\s+/).filter(Boolean)) {
      const condition = /^([a-z_0-9]+)(<=|>=|<|>|=)(-?[0-9.]+(?:e-?[0-9]+)?)$/.exec(part);
      if (condition === null) {
        words.push(part);
      } else if (!this.neurons.numbers.has(condition[1])) {
        wrong.push(condition[1]);
      } else {
        conditions.push([this.neurons.numbers.get(condition[1]), condition[2], Number(condition[3])]);
      }
    }
    return { conditions, words, wrong };
  }

  renew() {
    const { conditions, words, wrong } = this.asked();
    const layer = this.layer.querySelector("select").value;
    const family = this.family === null ? "" : this.family.querySelector("select").value;
    const universal = this.neurons.flags.get("universal");
    const exact = words.length === 1 ? this.neurons.find(words[0]) : -1;
    const kept = [];
    for (let id = 0; id < this.neurons.count; id++) {
      if (
        (exact < 0 || id === exact) &&
        (layer === "" || this.neurons.layer(id) === Number(layer)) &&
        (family === "" || this.neurons.text("family", id) === family) &&
        (!this.universal.checked || universal[id] === 1) &&
        (!this.carded.checked || this.cards.has(id)) &&
        conditions.every(([values, sign, bound]) => holds(values[id], sign, bound)) &&
        (exact >= 0 || words.every((word) => this.haystack(id).includes(word)))
      ) {
        kept.push(id);
      }
    }
    this.order = kept;
    this.wrong = wrong;
    this.page = 0;
    this.arrange();
  }

  /** Sorts; what has no value comes last either way, equal values by name. */
  arrange() {
    const values = this.order.map((id) => this.value(this.sort, id));
    const places = this.order.map((_, i) => i);
    const none = (value) => value === null || Number.isNaN(value);
    const sign = this.descending ? -1 : 1;
    places.sort((a, b) => {
      const [x, y] = [values[a], values[b]];
      if (none(x) || none(y)) {
        return none(x) - none(y) || a - b;
      }
      return x < y ? -sign : x > y ? sign : this.order[a] - this.order[b];
    });
    this.order = places.map((i) => this.order[i]);
    this.draw();
  }

  sortBy(column) {
    this.descending = this.sort === column ? !this.descending : column !== "name" && !this.neurons.texts.has(column);
    this.sort = column;
    this.page = 0;
    this.arrange();
    this.head.querySelector(`[data-column="${column}"]`).focus();
  }

  move(by) {
    this.page += by;
    this.draw();
  }

  draw() {
    const pages = Math.max(1, Math.ceil(this.order.length / this.size));
    const from = this.page * this.size;
    const ids = this.order.slice(from, from + this.size);
    this.status.textContent =
      (this.wrong.length > 0 ? `There is no column ${this.wrong.join(", ")} of numbers. ` : "") +
      (ids.length === 0
        ? "No neuron is like that."
        : `${plural(this.order.length, "neuron")}, ${from + 1} to ${from + ids.length}`);
    const heads = ["name", ...this.shown];
    refill(
      this.head,
      el(
        "tr",
        {},
        heads.map((column) => {
          const sorted = this.sort === column;
          return el(
            "th",
            {
              scope: "col",
              class: this.neurons.numbers.has(column) ? "number" : "text",
              "aria-sort": sorted ? (this.descending ? "descending" : "ascending") : null,
            },
            el(
              "button",
              {
                type: "button",
                "data-column": column,
                title: column === "name" ? "layer and neuron" : columnMeaning(column),
                click: () => this.sortBy(column),
              },
              column === "name" ? "neuron" : columnLabel(column),
              sorted ? el("span", { "aria-hidden": "true" }, this.descending ? " ▼" : " ▲") : null,
            ),
          );
        }),
        el("th", { scope: "col", class: "text" }, "fires most on"),
      ),
    );
    const universal = this.neurons.flags.get("universal");
    refill(
      this.body,
      ids.map((id) =>
        el(
          "tr",
          { class: universal?.[id] === 1 ? "universal" : null },
          el("th", { scope: "row", class: "text" }, el("a", { href: this.neurons.address(id) }, this.neurons.name(id))),
          this.shown.map((column) =>
            this.neurons.numbers.has(column)
              ? el("td", { class: "number" }, number(this.neurons.number(column, id)))
              : el("td", { class: "text" }, el("bdi", {}, visible(this.neurons.text(column, id) ?? "–"))),
          ),
          el(
            "td",
            { class: "text tokens" },
            (this.topTokens.get(id) ?? []).flatMap((text) => [tokenChip(text), " "]),
          ),
        ),
      ),
    );
    this.previous.disabled = this.page === 0;
    this.next.disabled = this.page >= pages - 1;
  }

  /** The neuron before or after one in the order of the table, or −1. */
  beside(id, by) {
    const place = this.order.indexOf(id);
    return place < 0 ? -1 : (this.order[place + by] ?? -1);
  }
}

function holds(value, sign, bound) {
  switch (sign) {
    case "<":
      return value < bound;
    case ">":
      return value > bound;
    case "<=":
      return value <= bound;
    case ">=":
      return value >= bound;
    default:
      return value === bound;
  }
}
