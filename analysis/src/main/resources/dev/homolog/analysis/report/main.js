// Puts the page together.

/** The colours: as the system has them, light, dark, and round again. */
function themeButton() {
  const button = document.getElementById("theme");
  const themes = ["system", "light", "dark"];
  let current = 0;
  button.addEventListener("click", () => {
    current = (current + 1) % themes.length;
    const root = document.documentElement;
    if (current === 0) {
      delete root.dataset.theme;
    } else {
      root.dataset.theme = themes[current];
    }
    button.textContent = `Colours: ${themes[current]}`;
  });
}

async function open() {
  themeButton();
  const overview = await unpack("overview");
  Object.assign(declared, overview.declared);
  const neurons = new Neurons(overview.neurons);
  const data = {
    study: overview.study,
    tables: overview.tables,
    others: overview.others,
    neurons,
    cards: new Cards(overview.cards),
    topTokens: new Map(overview.top_tokens),
  };
  const reference = data.study.models?.[0]?.name ?? "a model";
  document.title = `Homolog: ${visible(reference)}`;
  document
    .getElementById("title")
    .replaceChildren("Neurons of ", el("bdi", {}, visible(reference)), " and their counterparts");
  const main = document.getElementById("main");
  const view = new View(neurons, data.study);
  for (const { id, title, draw } of SECTIONS) {
    section(main, id, title, (place) => draw(place, data, view));
    await new Promise((done) => setTimeout(done)); // so that what is drawn can be seen already
  }
  const browser = new Browser(data);
  section(main, "neurons", "All neurons", (place) => browser.render(place));
  const place = el("section", { id: "neuron", class: "chapter", "aria-labelledby": "neuron-name", hidden: true });
  main.append(place);
  const card = new CardView(data, place, browser);
  const follow = () => {
    const id = neurons.find(location.hash.slice(1));
    if (id >= 0) {
      return card.show(id);
    }
    const target = document.getElementById(location.hash.slice(1));
    target?.scrollIntoView();
    return undefined;
  };
  document.getElementById("colophon").textContent =
    `Made by Homolog ${data.study.homolog ?? ""}. Numbers here are rounded to three digits, activations beside text to a fortieth of the window's highest; the run's tables have them whole, and some columns more, and docs/definitions.md says what each means.`;
  document.getElementById("opening").remove();
  addEventListener("hashchange", follow);
  await follow();
  performance.mark("drawn");
  document.documentElement.dataset.ready = "yes";
}

open().catch((problem) => {
  document.getElementById("opening").textContent =
    `This page cannot be opened here: ${problem.message}. It needs a browser of 2023 or later.`;
  throw problem;
});
