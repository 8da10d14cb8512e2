"use strict";
// j and k go through the entries, o opens and closes one; buttons open and close all. Without the script the page is complete.
(() => {
  const entries = [...document.querySelectorAll("details.entry")];
  const focused = () => entries.findIndex((entry) => entry.contains(document.activeElement));
  const go = (number) => {
    const entry = entries[Math.max(0, Math.min(entries.length - 1, number))];
    if (entry) { entry.querySelector("summary").focus(); entry.scrollIntoView({ block: "start" }); }
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const at = focused();
    if (event.key === "j") go(at + 1);
    else if (event.key === "k") go(at < 0 ? 0 : at - 1);
    else if (event.key === "o" && at >= 0) entries[at].open = !entries[at].open;
    else return;
    event.preventDefault();
  });
  for (const button of document.querySelectorAll("button[data-open]")) {
    button.hidden = false;
    button.addEventListener("click", () => entries.forEach((entry) => { entry.open = button.dataset.open === "yes"; }));
  }
  // A passage under the pointer, or clicked, shows its twin.
  const light = (mark, on) => {
    const table = mark.closest(".task");
    for (const twin of table.querySelectorAll(`mark[data-p="${mark.dataset.p}"]`)) twin.classList.toggle("lit", on);
  };
  document.addEventListener("mouseover", (event) => { const mark = event.target.closest("mark"); if (mark) light(mark, true); });
  document.addEventListener("mouseout", (event) => { const mark = event.target.closest("mark"); if (mark) light(mark, false); });
})();
