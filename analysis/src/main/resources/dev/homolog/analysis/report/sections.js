// Sections. Each is a file that ends by adding itself here; the order of the files is that of the page.

/** Every section: its address, its title, and draw(place, data, view), which fills it. */
const SECTIONS = [];

/** A section that is there and says why it is empty. */
function absent(what, remedy) {
  return el("p", { class: "absent" }, el("strong", {}, what), " ", remedy);
}

/** Draws a section; a fault in one leaves the others whole and is said in its place. */
function section(main, id, title, draw) {
  const place = el(
    "section",
    { id, class: "chapter", "aria-labelledby": `${id}-title`, tabindex: "-1" },
    el("h2", { id: `${id}-title` }, title),
  );
  main.append(place);
  document.getElementById("contents").append(el("li", {}, el("a", { href: `#${id}` }, title)));
  try {
    draw(place);
  } catch (problem) {
    place.append(absent("This section cannot be drawn:", problem.message));
    console.error(problem);
  }
}
