// Elements. Text reaches the page through text nodes and attributes alone: nothing here parses markup.

const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes (a function is a listener) and children (nodes, texts; null is left out). */
function el(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** The same for SVG. */
function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function fill(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") {
      element.addEventListener(key, value);
    } else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(key, value === true ? "" : value);
    }
  }
  return add(element, ...children);
}

/** Appends children as above: lists are flattened, null is left out. */
function add(parent, ...children) {
  parent.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return parent;
}

/** Puts children in the place of those that are there. */
function refill(parent, ...children) {
  parent.replaceChildren();
  return add(parent, ...children);
}

/** Characters that have no shape of their own, or that move or hide their neighbours. */
const UNSEEN =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb]|[\u{e0000}-\u{e0fff}]/gu;

/** Text of the corpus as it may be shown: what cannot be seen is written out. */
function visible(text) {
  return text
    .replace(UNSEEN, (c) => `\\u${c.codePointAt(0).toString(16).padStart(4, "0")}`)
    .replaceAll("\r", "\\r")
    .replaceAll("\n", "⏎")
    .replaceAll("\t", "⇥");
}

/** A token on its own, where white space at its edges would be lost. */
function tokenChip(text) {
  const shown = text === null ? "?" : visible(text).replaceAll(" ", "·");
  return el("bdi", { class: "token" }, shown === "" ? "(empty)" : shown);
}

/** A number for people: its digits by its size. */
function number(value, digits = 3) {
  if (value === null || value === undefined || Number.isNaN(value)) {
    return "–";
  }
  if (!Number.isFinite(value)) {
    return value > 0 ? "∞" : "−∞";
  }
  if (Number.isInteger(value)) {
    return whole(value);
  }
  const size = Math.abs(value);
  const text =
    size !== 0 && (size < 0.001 || size >= 1e6)
      ? value.toExponential(2)
      : value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : digits);
  return text.replace("-", "−");
}

function whole(value) {
  return value.toLocaleString("en-US").replace("-", "−");
}

function percent(part, digits = 1) {
  return Number.isNaN(part) ? "–" : `${(100 * part).toFixed(digits)} %`;
}

function plural(count, one, many = `${one}s`) {
  return `${whole(count)} ${count === 1 ? one : many}`;
}

/** A table that scrolls sideways where it must; cells are nodes or texts, numbers are set right. */
function plainTable(label, heads, rows, numeric = heads.map((_, i) => i > 0)) {
  const side = (i) => (numeric[i] ? "number" : "text");
  return scroller(
    label,
    el(
      "table",
      {},
      el("caption", { class: "unseen" }, label),
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          heads.map((head, i) => el("th", { scope: "col", class: side(i) }, head)),
        ),
      ),
      el(
        "tbody",
        {},
        rows.map((row) =>
          el(
            "tr",
            {},
            row.map((cell, i) =>
              i === 0
                ? el("th", { scope: "row", class: side(i) }, cell)
                : el("td", { class: side(i) }, typeof cell === "number" || cell === null ? number(cell) : cell),
            ),
          ),
        ),
      ),
    ),
  );
}

/** What is wider than the screen scrolls in a place of its own, which the keyboard reaches. */
function scroller(label, content) {
  return el("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": label }, content);
}

/** Sets a custom property of one element, which the policy of the page allows, where a style attribute is refused. */
function shade(element, value) {
  element.style.setProperty("--value", value);
  return element;
}
