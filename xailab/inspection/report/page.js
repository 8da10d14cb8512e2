"use strict";
for (const tab of document.querySelectorAll(".tabs button")) {
  tab.addEventListener("click", () => {
    for (const other of document.querySelectorAll(".tabs button")) other.setAttribute("aria-pressed", other === tab);
    for (const layer of document.querySelectorAll("section.layer")) layer.hidden = layer.id !== tab.dataset.layer;
  });
}
for (const layer of document.querySelectorAll("section.layer")) {
  const box = layer.querySelector(".cards"), cards = [...box.children];
  const search = layer.querySelector("input[type=search]"), order = layer.querySelector("select"), count = layer.querySelector("output");
  const refresh = () => {
    const words = search.value.trim().toLowerCase();
    let shown = 0;
    for (const card of cards) {
      const own = card.dataset.words.split(" ");
      const fits = !words || (/^\d+$/.test(words) ? own[0] === words : card.dataset.words.includes(words));
      card.hidden = !fits;
      shown += fits;
    }
    count.textContent = shown + (shown === 1 ? " unit" : " units");
  };
  search.addEventListener("input", refresh);
  order.addEventListener("change", () => {
    cards.sort((a, b) => b.dataset[order.value] - a.dataset[order.value]);
    box.append(...cards);
  });
  refresh();
}
const dialog = document.querySelector("dialog"), large = dialog.querySelector(".large"), note = dialog.querySelector("p");
let sheet = null, column = 0;
const show = next => {
  const rows = +sheet.dataset.rows, columns = +sheet.dataset.columns;
  const notes = JSON.parse(sheet.dataset.notes), names = JSON.parse(sheet.dataset.names);
  column = (next + notes.length) % notes.length;
  large.replaceChildren(...names.map((name, row) => {
    const figure = document.createElement("figure"), tile = document.createElement("div"), caption = document.createElement("figcaption");
    tile.className = "tile";
    tile.style.backgroundImage = `url(${sheet.querySelector("img").src})`;
    tile.style.backgroundSize = `${100 * columns}% ${100 * rows}%`;
    tile.style.backgroundPosition = `${columns > 1 ? 100 * column / (columns - 1) : 0}% ${rows > 1 ? 100 * row / (rows - 1) : 0}%`;
    caption.textContent = name;
    figure.append(tile, caption);
    return figure;
  }));
  const heading = sheet.closest(".card").querySelector("h3").firstChild.textContent.trim();
  note.textContent = `${heading}, ${column + 1} of ${notes.length}: ${notes[column]}`;
};
document.addEventListener("click", event => {
  const found = event.target.closest(".sheet");
  if (!found) return;
  sheet = found;
  const area = found.getBoundingClientRect();
  // A click of the keyboard has no place; it begins with the first.
  const at = event.detail ? Math.floor((event.clientX - area.left) / area.width * found.dataset.columns) : 0;
  show(Math.min(Math.max(at, 0), JSON.parse(found.dataset.notes).length - 1));
  if (!dialog.open) dialog.showModal();
});
dialog.querySelector(".before").addEventListener("click", () => show(column - 1));
dialog.querySelector(".after").addEventListener("click", () => show(column + 1));
dialog.addEventListener("click", event => { if (event.target === dialog) dialog.close(); });
dialog.addEventListener("keydown", event => {
  if (event.key === "ArrowLeft") show(column - 1);
  if (event.key === "ArrowRight") show(column + 1);
});
