"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const $ = id => document.getElementById(id);
  const cards = [...document.querySelectorAll(".card")];
  const main = data.rules[0], state = { rule: main, control: "", unit: 0, example: 0 };

  // The pictures by the main rule stand in the page; the others in the data.
  cards.forEach((card, u) => {
    card.querySelectorAll(".tile img").forEach((image, n) => { data.units[u].examples[n].tiles[main] = image.src; });
    card.querySelectorAll(".patches img").forEach((image, n) => { data.units[u].examples[n].patch = image.src; });
  });

  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  function refresh() {
    for (const button of document.querySelectorAll("[data-rule]")) button.setAttribute("aria-pressed", button.dataset.rule === state.rule);
    const pressed = document.querySelector(`[data-rule="${state.rule}"]`);
    if (pressed) $("rule").textContent = pressed.title;
    cards.forEach((card, u) => {
      const examples = data.units[u].examples, against = card.querySelector(".against");
      card.querySelectorAll(".tile img").forEach((image, n) => { image.src = examples[n].tiles[state.rule]; });
      if (!against) return;
      const there = state.control && examples.length && examples[0].controls[state.control];
      against.hidden = !there;
      if (!there) return against.replaceChildren();
      against.replaceChildren(...examples.map((one, n) => {
        const image = make("img", { src: one.controls[state.control][state.rule], alt: "", title: state.control });
        image.dataset.n = n;
        return image;
      }));
    });
  }

  function place(element, box) {
    ["left", "top", "width", "height"].forEach((side, i) => { element.style[side] = box[i] + "%"; });
  }

  function comparison(one) {
    const rows = [["this unit", one.tiles], ...Object.entries(one.controls)];
    const head = make("tr", {}, make("th"), ...data.rules.map(rule => make("th", { textContent: rule, className: rule === state.rule ? "now" : "", scope: "col" })));
    return [head, ...rows.map(([name, by]) => make("tr", {}, make("th", { textContent: name, scope: "row" }),
      ...data.rules.map(rule => make("td", {}, make("img", { src: by[rule], alt: `${name}, ${rule}` }), (one.alike[name] || {})[rule] || ""))))];
  }

  function steps(one) {
    const items = one.steps.map(step => {
      const numbers = `${step.shape}; ${step.nonzero} not 0` + (step.cut === null ? "" : `; the rule cut ${step.cut}`);
      return make("li", {}, make("img", { src: step.picture, alt: "" }), make("b", { textContent: step.name }), step.doing + ". ", numbers + ".");
    });
    if (one.leftOut) items.push(make("li", { textContent: `${one.leftOut} steps in between are left out.` }));
    return items;
  }

  function open(unit, example) {
    Object.assign(state, { unit, example });
    const { unit: number, examples } = data.units[unit], one = examples[example];
    $("what").textContent = `unit ${number}, example ${example + 1} of ${examples.length}`;
    $("where").textContent = `${one.name}: activation ${one.value} at ${one.place} of the map. The unit can see ${one.sees} pixels of this image.`;
    $("whole").src = one.whole;
    $("full").src = one.full[state.rule];
    $("fullis").textContent = `the whole projection, rule ${state.rule}`;
    $("heat").src = one.heat[state.rule];
    place($("field"), one.box);
    place($("part"), one.part);
    $("compare").replaceChildren(...comparison(one));
    $("steps").replaceChildren(...steps(one));
    $("steps").scrollLeft = 0;
    if (!$("opened").open) $("opened").showModal();
    $("what").focus({ preventScroll: true });
  }

  function step(by) {
    const all = data.units.flatMap((unit, u) => cards[u].hidden ? [] : unit.examples.map((_, n) => [u, n]));
    const now = all.findIndex(([u, n]) => u === state.unit && n === state.example);
    const then = all[now + by];
    if (then) open(...then);
  }

  document.addEventListener("click", event => {
    const tile = event.target.closest(".tile, .patches img, .against img");
    if (tile) open(Number(tile.closest(".card").dataset.unit), Number(tile.dataset.n));
  });
  for (const kind of ["mouseover", "focusin", "mouseout", "focusout"]) {
    document.addEventListener(kind, event => {
      for (const old of document.querySelectorAll(".pointed")) old.classList.remove("pointed");
      const tile = event.target.closest && event.target.closest(".square [data-n]");
      if (!tile || kind.endsWith("out")) return;
      for (const twin of tile.closest(".card").querySelectorAll(`[data-n="${tile.dataset.n}"]`)) twin.classList.add("pointed");
    });
  }
  const dialog = $("opened");
  dialog.addEventListener("click", event => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("close", () => {
    const tile = cards[state.unit].querySelectorAll(".tile")[state.example];
    if (tile) tile.focus();
  });
  $("close").addEventListener("click", () => dialog.close());
  $("back").addEventListener("click", () => step(-1));
  $("next").addEventListener("click", () => step(1));
  document.addEventListener("keydown", event => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by && dialog.open && event.target.id !== "steps") { step(by); event.preventDefault(); }
    if (event.target.matches("select, input")) return;
    const rule = data.rules[Number(event.key) - 1];
    if (rule) choose(rule);
  });
  function choose(rule) {
    state.rule = rule;
    refresh();
    if (dialog.open) open(state.unit, state.example);
  }
  for (const button of document.querySelectorAll("[data-rule]")) button.addEventListener("click", () => choose(button.dataset.rule));
  if ($("control")) $("control").addEventListener("change", () => { state.control = $("control").value; refresh(); });
  if ($("jump")) $("jump").addEventListener("change", () => {
    cards.forEach((card, u) => { card.hidden = $("jump").value !== "" && String(data.units[u].unit) !== $("jump").value; });
  });
  $("bar").hidden = false;
})();
