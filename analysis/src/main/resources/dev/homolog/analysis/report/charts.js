// Charts in plain SVG. Each is a figure with a caption, a drawing with a name for screen readers, and its numbers as a table.

const MARGIN = { top: 10, right: 14, bottom: 40, left: 52 };

/**
 * A figure. `draw(width)` gives the drawing for a width in pixels and is called again when that changes.
 */
function figure({ title, note = null, legend = [], draw, numbers = null }) {
  const stage = el("div", { class: "stage" });
  const body = el(
    "figure",
    {},
    el("figcaption", {}, el("strong", {}, title), note === null ? null : el("span", { class: "note" }, note)),
    legend.length === 0
      ? null
      : el(
          "ul",
          { class: "legend" },
          legend.map(([tone, text]) => el("li", { class: tone }, text)),
        ),
    stage,
    numbers === null ? null : numbersOf(title, numbers),
  );
  let drawn = 0;
  const redraw = () => {
    const width = Math.max(260, Math.min(760, Math.floor(stage.clientWidth)));
    if (stage.clientWidth > 0 && width !== drawn) {
      drawn = width;
      stage.replaceChildren(draw(width));
    }
  };
  new ResizeObserver(redraw).observe(stage);
  return body;
}

/** The numbers of a figure, made when they are asked for. */
function numbersOf(title, { heads, rows }) {
  const details = el("details", {}, el("summary", {}, "Numbers"));
  details.addEventListener("toggle", () => details.append(plainTable(`Numbers: ${title}`, heads, rows())), {
    once: true,
  });
  return details;
}

/** Round steps over a range, about `count` of them. */
function ticks(low, high, count) {
  const rough = (high - low) / Math.max(1, count);
  if (!(rough > 0)) {
    return [low];
  }
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999);
  const found = [];
  const most = 4 * count + 10; // numbers so large that i + 1 is i have no end
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9 && found.length < most; i++) {
    found.push(Number((i * step).toPrecision(12)));
  }
  return found;
}

/** A frame with axes: the drawing, and functions from values to places in it. */
function frame({ width, height, x, y, label, xLabel, yLabel }) {
  const right = width - MARGIN.right;
  const bottom = height - MARGIN.bottom;
  const placeX = (value) => MARGIN.left + ((value - x.low) / (x.high - x.low || 1)) * (right - MARGIN.left);
  const placeY = (value) => bottom - ((value - y.low) / (y.high - y.low || 1)) * (bottom - MARGIN.top);
  const drawing = svg("svg", {
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    role: "img",
    "aria-label": label,
  });
  const yTicks = y.ticks ?? ticks(y.low, y.high, 5);
  for (const value of yTicks) {
    drawing.append(
      svg("line", { class: "grid", x1: MARGIN.left, x2: right, y1: placeY(value), y2: placeY(value) }),
      svg(
        "text",
        { class: "tick", x: MARGIN.left - 6, y: placeY(value) + 4, "text-anchor": "end" },
        (y.text ?? tickText)(value),
      ),
    );
  }
  for (const value of x.ticks ?? ticks(x.low, x.high, width < 420 ? 4 : 8)) {
    drawing.append(
      svg(
        "text",
        { class: "tick", x: placeX(value), y: bottom + 16, "text-anchor": "middle" },
        (x.text ?? tickText)(value),
      ),
    );
  }
  drawing.append(
    svg("line", { class: "axis", x1: MARGIN.left, x2: right, y1: bottom, y2: bottom }),
    svg("text", { class: "label", x: (MARGIN.left + right) / 2, y: height - 6, "text-anchor": "middle" }, xLabel),
    svg(
      "text",
      {
        class: "label",
        x: 0,
        y: 0,
        "text-anchor": "middle",
        transform: `translate(12 ${(MARGIN.top + bottom) / 2}) rotate(-90)`,
      },
      yLabel,
    ),
  );
  return { drawing, placeX, placeY, bottom, right };
}

function tickText(value) {
  const size = Math.abs(value);
  if (size >= 10000) {
    return size >= 1e6 ? `${Number((value / 1e6).toPrecision(3))}M` : `${Number((value / 1e3).toPrecision(3))}k`;
  }
  return String(Number(value.toPrecision(4))).replace("-", "−");
}

/** A shape with what it stands for as a tooltip. */
function titled(shape, text) {
  shape.append(svg("title", {}, text));
  return shape;
}

/** Bars over equal bins, one series filled, others as outlines; counts linear or logarithmic. */
function histogramChart(width, { low, high, series, label, xLabel, yLabel, log = false, height = 260, mark = null }) {
  const scale = log ? (count) => Math.log10(1 + count) : (count) => count;
  const most = Math.max(1, ...series.flatMap(({ counts }) => counts));
  const y = { low: 0, high: scale(most) * 1.04 };
  if (log) {
    const powers = Array.from({ length: Math.floor(Math.log10(most)) + 1 }, (_, i) => 10 ** i);
    y.ticks = powers.filter((_, i) => powers.length <= 6 || i % 2 === 0).map((count) => Math.log10(1 + count));
    y.text = (value) => tickText(Math.round(10 ** value - 1));
  }
  const { drawing, placeX, placeY, bottom } = frame({ width, height, x: { low, high }, y, label, xLabel, yLabel });
  for (const { name, counts, tone, outline = false } of series) {
    const step = (high - low) / counts.length;
    if (outline) {
      let path = `M${placeX(low)} ${bottom}`;
      counts.forEach((count, i) => {
        path += `V${placeY(scale(count))}H${placeX(low + (i + 1) * step)}`;
      });
      drawing.append(svg("path", { class: `outline ${tone}`, d: `${path}V${bottom}` }));
    } else {
      counts.forEach((count, i) => {
        if (count > 0) {
          const left = placeX(low + i * step);
          drawing.append(
            titled(
              svg("rect", {
                class: `bar ${tone}`,
                x: left + 0.5,
                y: placeY(scale(count)),
                width: Math.max(1, placeX(low + (i + 1) * step) - left - 1),
                height: bottom - placeY(scale(count)),
              }),
              `${name}, ${number(low + i * step)} to ${number(low + (i + 1) * step)}: ${whole(count)}`,
            ),
          );
        }
      });
    }
  }
  if (mark !== null && mark > low && mark < high) {
    drawing.append(svg("line", { class: "mark", x1: placeX(mark), x2: placeX(mark), y1: MARGIN.top, y2: bottom }));
  }
  return drawing;
}

/** Upright bars, a group a category. */
function barChart(width, { categories, series, label, xLabel, yLabel, text = whole, height = 240 }) {
  const most = Math.max(...series.flatMap(({ values }) => values.filter((value) => !Number.isNaN(value))), 1e-9);
  const { drawing, placeX, placeY, bottom } = frame({
    width,
    height,
    x: { low: 0, high: categories.length, ticks: [] },
    y: { low: 0, high: most * 1.08 },
    label,
    xLabel,
    yLabel,
  });
  const every = Math.ceil(categories.length / (width / 34));
  categories.forEach((category, i) => {
    if (i % every === 0) {
      drawing.append(
        svg("text", { class: "tick", x: placeX(i + 0.5), y: bottom + 16, "text-anchor": "middle" }, category),
      );
    }
    series.forEach(({ name, values, tone }, s) => {
      if (values[i] > 0) {
        const share = 0.8 / series.length;
        const left = placeX(i + 0.1 + s * share);
        drawing.append(
          titled(
            svg("rect", {
              class: `bar ${tone}`,
              x: left,
              y: placeY(values[i]),
              width: Math.max(1, placeX(i + 0.1 + (s + 1) * share) - left - 1),
              height: bottom - placeY(values[i]),
            }),
            `${name}, ${category}: ${text(values[i])}`,
          ),
        );
      }
    });
  });
  return drawing;
}

/** Lines, each with an optional band around it. */
function lineChart(
  width,
  { x, series, bands = [], label, xLabel, yLabel, height = 260, xTicks, xText, zero = false, log = false },
) {
  const values = [
    ...series.flatMap((line) => line.values),
    ...bands.flatMap((band) => [...band.low, ...band.high]),
  ].filter(Number.isFinite);
  const low = Math.min(...values, zero ? 0 : Infinity);
  const high = Math.max(...values, zero ? 0 : -Infinity);
  const across = log ? x.map(Math.log10) : x;
  const spare = (high - low || 1) * 0.05;
  const { drawing, placeX, placeY } = frame({
    width,
    height,
    x: {
      low: Math.min(...across),
      high: Math.max(...across),
      ticks: log ? across : xTicks,
      text: log ? (value) => (xText ?? tickText)(10 ** value) : xText,
    },
    y: { low: zero && low === 0 ? 0 : low - spare, high: high + spare },
    label,
    xLabel,
    yLabel,
  });
  for (const band of bands) {
    const points = across
      .map((at, i) => [at, band.high[i]])
      .concat(across.map((at, i) => [at, band.low[i]]).reverse())
      .filter(([, value]) => Number.isFinite(value));
    drawing.append(
      svg("polygon", {
        class: `band ${band.tone}`,
        points: points.map(([at, value]) => `${placeX(at)},${placeY(value)}`).join(" "),
      }),
    );
  }
  for (const { name, values: line, tone, dots = true } of series) {
    const points = across.map((at, i) => [at, line[i], x[i]]).filter(([, value]) => Number.isFinite(value));
    drawing.append(
      svg("polyline", {
        class: `line ${tone}`,
        points: points.map(([at, value]) => `${placeX(at)},${placeY(value)}`).join(" "),
      }),
    );
    if (dots) {
      for (const [at, value, shown] of points) {
        drawing.append(
          titled(
            svg("circle", { class: `dot ${tone}`, cx: placeX(at), cy: placeY(value), r: 3.2 }),
            `${name}, ${(xText ?? tickText)(shown)}: ${number(value)}`,
          ),
        );
      }
    }
  }
  return drawing;
}

/** A grid of counts, dark where there are many. */
function heatMap(width, { counts, label, xLabel, yLabel, title }) {
  const rows = counts.length;
  const columns = counts[0].length;
  const cell = Math.max(6, Math.min(34, (width - MARGIN.left - MARGIN.right) / columns));
  const height = rows * cell + MARGIN.top + MARGIN.bottom;
  const wide = columns * cell + MARGIN.left + MARGIN.right;
  const most = Math.max(1, ...counts.flat());
  const drawing = svg("svg", {
    viewBox: `0 0 ${wide} ${height}`,
    width: wide,
    height,
    role: "img",
    "aria-label": label,
  });
  const every = Math.ceil(16 / cell);
  counts.forEach((row, i) => {
    if (i % every === 0) {
      drawing.append(
        svg(
          "text",
          { class: "tick", x: MARGIN.left - 6, y: MARGIN.top + (i + 0.5) * cell + 4, "text-anchor": "end" },
          String(i),
        ),
      );
    }
    row.forEach((count, j) => {
      const square = svg("rect", {
        class: "heat",
        x: MARGIN.left + j * cell,
        y: MARGIN.top + i * cell,
        width: cell - 1,
        height: cell - 1,
      });
      shade(square, `${Math.round(100 * Math.sqrt(count / most))}%`);
      drawing.append(titled(square, title(i, j, count)));
      if (cell >= 26 && count > 0) {
        const strong = count > most * 0.3;
        drawing.append(
          svg(
            "text",
            {
              class: strong ? "inside strong" : "inside",
              x: MARGIN.left + (j + 0.5) * cell - 0.5,
              y: MARGIN.top + (i + 0.5) * cell + 3.5,
              "text-anchor": "middle",
            },
            tickText(count),
          ),
        );
      }
    });
  });
  for (let j = 0; j < columns; j += every) {
    drawing.append(
      svg(
        "text",
        { class: "tick", x: MARGIN.left + (j + 0.5) * cell, y: height - MARGIN.bottom + 15, "text-anchor": "middle" },
        String(j),
      ),
    );
  }
  drawing.append(
    svg(
      "text",
      { class: "label", x: MARGIN.left + (columns * cell) / 2, y: height - 6, "text-anchor": "middle" },
      xLabel,
    ),
    svg(
      "text",
      {
        class: "label",
        x: 0,
        y: 0,
        "text-anchor": "middle",
        transform: `translate(12 ${MARGIN.top + (rows * cell) / 2}) rotate(-90)`,
      },
      yLabel,
    ),
  );
  return drawing;
}

/** Rows with a name, a line of 0 to 100 and marks on it: a span and dots. */
function percentileChart(width, { rows, label }) {
  const left = Math.min(190, width * 0.4);
  const step = 24;
  const height = rows.length * step + 40;
  const place = (share) => left + share * (width - left - 16);
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": label });
  for (const at of [0, 0.25, 0.5, 0.75, 1]) {
    drawing.append(
      svg("line", { class: at === 0.5 ? "axis" : "grid", x1: place(at), x2: place(at), y1: 6, y2: height - 30 }),
      svg("text", { class: "tick", x: place(at), y: height - 14, "text-anchor": "middle" }, String(100 * at)),
    );
  }
  rows.forEach(({ name, span, dots }, i) => {
    const y = 18 + i * step;
    drawing.append(svg("text", { class: "tick", x: left - 8, y: y + 4, "text-anchor": "end" }, name));
    drawing.append(svg("line", { class: "span", x1: place(span[0]), x2: place(span[1]), y1: y, y2: y }));
    for (const { value, tone, title } of dots) {
      drawing.append(titled(svg("circle", { class: `dot ${tone}`, cx: place(value), cy: y, r: 5 }), title));
    }
  });
  return drawing;
}

/** Bars lying on their side about 0, a name each. */
function barsAcross(width, { rows, label }) {
  const left = Math.min(200, width * 0.45);
  const step = 22;
  const height = rows.length * step + 34;
  const values = rows.map(({ value }) => value ?? 0);
  const low = Math.min(0, ...values);
  const high = Math.max(0, ...values);
  const place = (value) => left + ((value - low) / (high - low || 1)) * (width - left - 20);
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": label });
  for (const at of ticks(low, high, width < 500 ? 3 : 5)) {
    drawing.append(
      svg("line", { class: at === 0 ? "axis" : "grid", x1: place(at), x2: place(at), y1: 4, y2: height - 26 }),
      svg("text", { class: "tick", x: place(at), y: height - 10, "text-anchor": "middle" }, tickText(at)),
    );
  }
  rows.forEach(({ name }, i) => {
    const from = Math.min(place(0), place(values[i]));
    drawing.append(
      svg("text", { class: "tick", x: left - 8, y: 18 + i * step, "text-anchor": "end" }, name),
      titled(
        svg("rect", {
          class: "bar tone1",
          x: from,
          y: 7 + i * step,
          width: Math.max(1, Math.abs(place(values[i]) - place(0))),
          height: step - 8,
        }),
        `${name}: ${number(values[i])}`,
      ),
    );
  });
  return drawing;
}
