"use strict";
for (const tab of document.querySelectorAll(".tabs button")) {
  tab.addEventListener("click", () => {
    for (const other of document.querySelectorAll(".tabs button")) other.setAttribute("aria-pressed", other === tab);
    for (const layer of document.querySelectorAll("section.layer")) layer.hidden = layer.id !== tab.dataset.layer;
  });
}
for (const layer of document.querySelectorAll("section.layer")) {
  const cards = [...layer.querySelectorAll(".card")], chips = [...layer.querySelectorAll("button.chip")];
  const search = layer.querySelector("input[type=search]"), all = layer.querySelector("input.all"), count = layer.querySelector("output");
  const refresh = () => {
    const chosen = chips.filter(c => c.getAttribute("aria-pressed") === "true").map(c => c.dataset.category);
    const words = search.value.trim().toLowerCase();
    let shown = 0;
    for (const card of cards) {
      const fits = (all.checked || !card.classList.contains("below")) && (!chosen.length || chosen.includes(card.dataset.category)) && card.dataset.words.includes(words);
      card.hidden = !fits;
      shown += fits;
    }
    count.textContent = shown + (shown === 1 ? " unit" : " units");
  };
  for (const chip of chips) chip.addEventListener("click", () => {
    chip.setAttribute("aria-pressed", chip.getAttribute("aria-pressed") !== "true");
    refresh();
  });
  search.addEventListener("input", refresh);
  all.addEventListener("change", refresh);
  refresh();
}
const dialog = document.querySelector("dialog");
document.addEventListener("click", event => {
  const picture = event.target.closest(".strip img, .best img");
  if (!picture) return;
  dialog.querySelector("img").src = picture.src;
  const card = picture.closest(".card");
  const unit = card ? card.querySelector(".name").textContent + ", " + card.querySelector(".unit").textContent + ": " : "";
  dialog.querySelector("p").textContent = unit + (picture.title || picture.alt);
  dialog.showModal();
});
dialog.addEventListener("click", () => dialog.close());
