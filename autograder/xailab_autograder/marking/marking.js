"use strict";
// Keys, saving without a new page, and drafts. Everything works without this script too, only slower.
const one = (selector) => document.querySelector(selector);
const form = one("#mark"), status_ = one("#status"), trouble = one("#trouble"), help = one("#help");
const number = one("#number"), comment = one("#comment");
const store = {  // sessionStorage may be forbidden: then nothing is kept, and nothing breaks
  get: (key) => { try { return sessionStorage.getItem(key); } catch { return null; } },
  set: (key, value) => { try { sessionStorage.setItem(key, value); } catch { /* forbidden or full */ } },
  drop: (key) => { try { sessionStorage.removeItem(key); } catch { /* forbidden */ } },
};
document.documentElement.classList.add("scripting");

// What is in the live region when a page arrives is not read out: put it there a moment later.
const flash = store.get("flash");
store.drop("flash");
const said = flash || (status_ ? status_.textContent.trim() : "");
if (status_ && said) { status_.textContent = ""; setTimeout(() => say(said), 150); }
function say(text) { if (status_) status_.textContent = text; }
function complain(text) { if (trouble) { trouble.hidden = !text; trouble.textContent = text; } }

// ---- points
function chosen() {
  const radio = form.querySelector("input[name=points]:checked");
  return !radio ? number.value.trim() : radio.value === "other" ? number.value.trim() : radio.value;
}
function choose(value) {
  const radios = [...form.querySelectorAll("input[name=points]")];
  const same = radios.find((each) => each.value !== "other" && Number(each.value) === Number(value));
  radios.forEach((each) => { each.checked = false; });
  if (value !== "") (same || radios.at(-1)).checked = true;
  number.value = same || value === "" ? "" : value;
  keep();
}
const most = () => Math.max(...[...form.querySelectorAll("input[name=points]")].map((each) => Number(each.value) || 0));
let typed = "", typedAt = 0;
function digit(key) {  // "1" is 1, "1." is 1.5, "12" is 12 where there are so many points
  const now = Date.now();
  typed = now - typedAt < 900 ? typed + key : key;
  typedAt = now;
  let value = Number(typed.endsWith(".") ? typed + "5" : typed);
  if (!(value <= most())) { typed = key; value = Number(key === "." ? "0.5" : key); }
  if (value <= most()) choose(String(value)); else say(`At most ${most()} points`);
}

// ---- drafts: what is typed and not saved outlives a reload, a full database and a closed lid
const key = form && `draft:${form.dataset.draft}`;
const content = () => JSON.stringify([chosen(), comment.value]);
let saved = form && trouble.hidden ? content() : "";  // after a refusal the form holds what is not saved
function keep() { if (content() === saved) store.drop(key); else store.set(key, content()); }
function fill([points, words]) { comment.value = words; choose(points); }
if (form) {
  const draft = store.get(key);
  if (!trouble.hidden) keep();
  else if (draft && draft !== saved) {
    fill(JSON.parse(draft));
    one("#draft").hidden = false;
  }
  one("#discard").addEventListener("click", () => {
    fill(JSON.parse(saved));
    store.drop(key);
    one("#draft").hidden = true;
    say("Discarded");
  });
  form.addEventListener("input", keep);
  form.addEventListener("change", (event) => {
    if (event.target.name === "points" && event.target.value !== "other") { number.value = ""; keep(); }
    if (event.target.value === "other") number.focus();
  });
  number.addEventListener("input", () => {
    form.querySelectorAll("input[name=points]").forEach((each) => { each.checked = each.value === "other"; });
    keep();
  });
  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (button && button.name === "use") { event.preventDefault(); reuse(button.dataset.comment); return; }
    event.preventDefault();
    save(button ? button.value : "next");
  });
}
document.querySelectorAll("[data-forget]").forEach((button) =>
  button.addEventListener("click", () => store.drop(`draft:${button.dataset.forget}`)));

function reuse(text) {
  const before = comment.value.trimEnd();
  comment.value = before ? `${before}\n${text}` : text;
  keep();
  comment.focus();
  say("Comment added");
}

// ---- saving
let busy = false;
async function save(wish) {
  if (busy) return;
  busy = true;
  complain("");
  say("Saving …");
  form.setAttribute("aria-busy", "true");
  const sent = content();
  const data = new URLSearchParams(new FormData(form));
  data.set("do", wish);
  const slow = setTimeout(() => say("The gradebook is slow to answer; still trying …"), 2500);
  try {
    const answer = await fetch(form.action, {
      method: "POST", body: data, signal: AbortSignal.timeout(30000), redirect: "error",
      headers: { "Accept": "application/json", "X-Xailab-Csrf": document.body.dataset.csrf },
    });
    const told = await answer.json();
    if (told.choose) { native(wish); return; }
    if (!told.saved) { say(""); complain(told.says); return; }
    done(told, wish, sent);
  } catch {
    say("");
    complain("Not saved: the server does not answer. Is it still running? What you typed is kept; save again.");
  } finally {
    clearTimeout(slow);
    busy = false;
    form.removeAttribute("aria-busy");
  }
}
function native(wish) {  // let the server show the page on which to choose
  const field = document.createElement("input");
  field.type = "hidden"; field.name = "do"; field.value = wish;
  form.append(field);
  form.submit();
}
function done(told, wish, sent) {
  if (wish === "next") {
    store.drop(key);
    store.set("flash", told.says);
    location.assign(told.next);
    return;
  }
  form.elements.shown.value = told.shown;
  one("#stored").textContent = told.stored;
  if (one("#marked")) { one("#marked").textContent = told.marked; one("#bar").value = told.value; }
  one("#remove").hidden = !told.has_mark;
  one("#undo").hidden = !told.undo;
  one("#undoes").textContent = told.undo;
  if (!told.has_mark) fill(["", ""]);
  if (content() === sent || !told.has_mark) one("#draft").hidden = true;
  saved = told.has_mark ? sent : content();
  keep();
  document.querySelectorAll(".callout.again").forEach((each) => { each.hidden = true; });
  say(told.says);
}

// ---- keys
const follow = (selector) => { const link = one(selector); if (link) link.click(); else say("There is no further one"); };
const KEYS = {
  j: () => follow("#next"), k: () => follow("#previous"), n: () => follow("#waiting, .start"), l: () => follow("#list"),
  ArrowRight: () => follow("#next"), ArrowLeft: () => follow("#previous"),
  u: () => { const undo = one("#undo"); if (undo && !undo.hidden) undo.requestSubmit(); else say("There is nothing to undo"); },
  c: () => comment && comment.focus(),
  s: () => form && save("save"),
  "/": () => one("#search").focus(),
  "?": () => help.showModal(),
};
document.addEventListener("keydown", (event) => {
  if (event.isComposing || (help && help.open)) return;
  const field = event.target.closest("input, textarea, select");
  const writing = field && !["radio", "checkbox", "hidden"].includes(field.type);
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && form) {
    event.preventDefault();
    save("next");
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && writing) { field.blur(); return; }
  if (writing || (field && event.key.startsWith("Arrow"))) return;
  if (event.key.startsWith("Arrow") && event.target.closest("pre, .text")) return;  // these scroll
  if (form && /^[0-9.,]$/.test(event.key)) { event.preventDefault(); digit(event.key.replace(",", ".")); return; }
  const act = KEYS[event.key];
  if (act) { event.preventDefault(); act(); }
});
