"use strict";
// Sorts and filters the table of students. Without it the table is all there, in the order of the ids.
(() => {
  const table = document.getElementById("table"), body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells], rows = [...body.rows];
  const filter = document.getElementById("filter"), count = document.getElementById("count");
  const order = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const tasks = heads.map(head => head.dataset.task);
  let sorted = "";

  const value = (row, column, number) => {
    const cell = row.cells[column];
    return number ? (cell.dataset.value === "" ? null : Number(cell.dataset.value)) : cell.textContent.trim();
  };

  // What a row can be found by: its first columns, its mistakes, and "task:how it went".
  const words = rows.map(row => {
    const found = [row.dataset.words || ""];
    [...row.cells].forEach((cell, column) => {
      found.push(tasks[column] ? `${tasks[column]}:${cell.classList[1]}` : cell.textContent.trim());
    });
    return found.join("\n").toLowerCase();
  });

  // A word of the notes column means that note, not a name that holds it.
  const flags = rows.map(row => new Set((row.dataset.flags || "").split(" ").filter(Boolean)));
  const known = new Set(["nothing", "excused", "problem", "ungraded", "outdated", "error", "waiting", "unknown", "late"]);
  const fits = (word, place) => known.has(word) ? flags[place].has(word) : words[place].includes(word);

  const say = () => {
    const shown = rows.filter(row => !row.hidden).length;
    count.textContent = `${shown} of ${rows.length} students${sorted}`;
  };

  const sort = column => {
    const head = heads[column], number = head.dataset.sort === "number";
    const down = head.getAttribute("aria-sort") === "ascending";
    heads.forEach(other => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const keyed = rows.map((row, place) => ({ row, place, key: value(row, column, number) }));
    const empty = key => key === null || key === "";
    keyed.sort((a, b) => {
      if (empty(a.key) || empty(b.key)) return empty(a.key) - empty(b.key) || a.place - b.place; // always last
      const way = number ? a.key - b.key : order.compare(a.key, b.key);
      return (down ? -way : way) || a.place - b.place;
    });
    body.append(...keyed.map(one => one.row));
    sorted = `, by ${head.textContent.trim()}, ${down ? "greatest" : "smallest"} first`;
    say();
  };

  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sort(column));
  });

  filter.addEventListener("input", () => {
    const wanted = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    rows.forEach((row, place) => { row.hidden = !wanted.every(word => fits(word, place)); });
    say();
  });

  // A link to a list opens it.
  const open = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target instanceof HTMLDetailsElement) target.open = true;
  };
  addEventListener("hashchange", open);
  open();

  document.querySelector(".tools").hidden = false;
  say();
})();
