// What the page holds, unpacked.

/** A part of the page's data: JSON, compressed with gzip, in base64, so that no text in it can end its element. */
async function unpack(id) {
  const binary = atob(document.getElementById(id).textContent.trim());
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = binary.charCodeAt(i);
  }
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

/** An array of numbers by index; a loop, since Float64Array.from takes several times as long. */
function columnOf(size, value) {
  const numbers = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    numbers[i] = value(i);
  }
  return numbers;
}

/** The neurons of the reference, a typed array a column; a neuron is its flat id, layer · width + neuron. */
class Neurons {
  constructor({ layers, width, columns }) {
    this.layers = layers;
    this.width = width;
    this.count = layers * width;
    this.numbers = new Map();
    this.flags = new Map();
    this.texts = new Map();
    this.sorted = new Map();
    this.numbers.set(
      "layer",
      columnOf(this.count, (id) => this.layer(id)),
    );
    this.numbers.set(
      "neuron",
      columnOf(this.count, (id) => id % this.width),
    );
    for (const { name, kind, values, codes } of columns) {
      if (kind === "number") {
        this.numbers.set(
          name,
          columnOf(values.length, (id) => values[id] ?? NaN),
        );
      } else if (kind === "flag") {
        this.flags.set(name, Uint8Array.from(values));
      } else {
        this.texts.set(name, { dictionary: values, codes: Int32Array.from(codes) });
      }
    }
  }

  layer(id) {
    return Math.floor(id / this.width);
  }

  name(id) {
    return `L${this.layer(id)}.${id % this.width}`;
  }

  address(id) {
    return `#L${this.layer(id)}.N${id % this.width}`;
  }

  /** The flat id that a name such as L3.N117, L3.117 or 3.117 has, or −1. */
  find(name) {
    const parts = /^L?(\d{1,6})\.N?(\d{1,9})$/i.exec(name.trim());
    const layer = parts ? Number(parts[1]) : -1;
    const neuron = parts ? Number(parts[2]) : -1;
    return layer >= 0 && layer < this.layers && neuron < this.width ? layer * this.width + neuron : -1;
  }

  number(column, id) {
    return this.numbers.has(column) ? this.numbers.get(column)[id] : NaN;
  }

  text(column, id) {
    const texts = this.texts.get(column);
    return texts === undefined || texts.codes[id] < 0 ? null : texts.dictionary[texts.codes[id]];
  }

  /** The share of its layer's neurons that have a smaller value, equal ones counting half; NaN without one. */
  percentile(column, id) {
    return this.percentiles(column, [id])[0] ?? NaN;
  }

  /** The percentiles of some neurons, each in its layer; one without a value has none. */
  percentiles(column, ids) {
    const values = this.numbers.get(column);
    return ids.flatMap((id) => {
      if (Number.isNaN(values[id])) {
        return [];
      }
      const layer = this.inOrder(column, this.layer(id));
      return [(bound(layer, values[id], false) + bound(layer, values[id], true)) / 2 / layer.length];
    });
  }

  /** The values of a layer, sorted; kept, since they are asked for again and again. */
  inOrder(column, layer) {
    const key = `${column} ${layer}`;
    if (!this.sorted.has(key)) {
      const from = layer * this.width;
      this.sorted.set(key, sorted(this.numbers.get(column).subarray(from, from + this.width)));
    }
    return this.sorted.get(key);
  }
}

/** How many of the sorted values are below, or with `equal` not above, a value. */
function bound(sorted, value, equal) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value || (equal && sorted[middle] === value)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/** A quantile of sorted values, between the two nearest. */
function quantile(sorted, share) {
  if (sorted.length === 0) {
    return NaN;
  }
  const place = share * (sorted.length - 1);
  const low = Math.floor(place);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (place - low) * (sorted[high] - sorted[low]);
}

/** The values that are numbers, sorted. */
function sorted(values) {
  return Float64Array.from(values)
    .filter((value) => !Number.isNaN(value))
    .sort();
}

/** A small table that came as columns, as a list of rows. */
function rowsOf(table) {
  const names = Object.keys(table);
  return table[names[0]].map((_, i) => Object.fromEntries(names.map((name) => [name, table[name][i]])));
}

/** The cards, unpacked a block at a time when one of its neurons is looked at. */
class Cards {
  constructor({ ids, block }) {
    this.place = new Map(ids.map((id, i) => [id, i]));
    this.block = block;
    this.blocks = new Map();
  }

  has(id) {
    return this.place.has(id);
  }

  async card(id) {
    const place = this.place.get(id);
    const number = Math.floor(place / this.block);
    if (!this.blocks.has(number)) {
      this.blocks.set(number, unpack(`cards-${number}`));
    }
    const parts = Object.entries(await this.blocks.get(number));
    return Object.fromEntries(parts.map(([name, cards]) => [name, cards[place % this.block]]));
  }
}

/** What the reader chose for all sections: the threshold above which they call a neuron universal. */
class View {
  constructor(neurons, study) {
    this.neurons = neurons;
    const asked = study.options?.threshold;
    this.asked = Number.isFinite(asked) ? Math.min(2, Math.max(-2, asked)) : 0.5;
    this.excess = neurons.numbers.get("excess_corr");
    this.judged = this.excess !== undefined && this.excess.some((value) => !Number.isNaN(value));
    this.threshold = this.judged ? this.first() : this.asked;
    this.listeners = [];
  }

  /** The study's threshold, or a lower one where next to nothing passes it and the charts would be empty. */
  first() {
    let threshold = this.asked;
    const enough = Math.min(20, this.neurons.count / 100);
    while (threshold > 0.05 && this.above(threshold) < enough) {
      threshold = Math.round(20 * threshold - 1) / 20;
    }
    return this.above(threshold) < 1 ? this.asked : threshold;
  }

  above(threshold) {
    let count = 0;
    for (const value of this.excess) {
      count += value > threshold ? 1 : 0;
    }
    return count;
  }

  universal(id) {
    return this.judged && this.excess[id] > this.threshold;
  }

  choose(threshold) {
    this.threshold = threshold;
    this.listeners.forEach((listener) => listener());
  }

  /** Draws now, and again whenever the threshold is another. */
  draw(drawing) {
    this.listeners.push(drawing);
    drawing();
  }
}

/** What two neurons' similarity is called. */
function noun(study) {
  return { cosine: "cosine", jaccard: "Jaccard index" }[study.similarity] ?? "correlation";
}

function neuronLink(neurons, layer, neuron) {
  return neuronLinkOf(neurons, layer * neurons.width + neuron);
}

function neuronLinkOf(neurons, id) {
  return el("a", { href: neurons.address(id) }, neurons.name(id));
}
