"use strict";
(() => {
  const $ = id => document.getElementById(id);
  const data = JSON.parse($("data").textContent);
  const count = data.names.length, stage = $("stage"), sprites = $("sprites");
  const base = $("base"), over = $("over"), base2d = base.getContext("2d"), over2d = over.getContext("2d");
  const calm = matchMedia("(prefers-reduced-motion: reduce)"), night = matchMedia("(prefers-color-scheme: dark)");
  const state = {
    view: 0, scale: 1, x: 0, y: 0, hover: -1, pinned: -1, shown: new Set(data.legend.map(row => row.number)),
    pictures: false, kept: false, from: null, progress: 1,
  };
  let width = 1, height = 1, colors = {}, markers = new Map(), places = [];

  // ---- where things are -------------------------------------------------------------------------------------------
  const view = () => data.views[state.view];
  const reach = [0, 1].map(axis => Math.max(.05, ...data.views.map(one => one.reach[axis])));
  const unit = () => Math.min((width - 44) / 2 / reach[0], (height - 44) / 2 / reach[1]) * state.scale;
  const toScreen = (x, y) => [width / 2 + (x - state.x) * unit(), height / 2 + (y - state.y) * unit()];
  const visible = i => state.shown.has(data.classes[i]);
  const spot = i => {
    const now = view().points, j = 2 * i;
    if (!state.from) return [now[j], now[j + 1]];
    const t = state.progress, before = state.from;
    return [before[j] + (now[j] - before[j]) * t, before[j + 1] + (now[j + 1] - before[j + 1]) * t];
  };
  const radius = () => Math.max(2, Math.min(7, 2.1 * Math.sqrt(unit() / 300) * Math.sqrt(2200 / Math.max(count, 150)) + 0.8));
  const tileSize = () => Math.min(data.tile, Math.max(30, .6 * Math.sqrt(width * height / count)) + 8 * Math.log2(Math.max(1, state.scale)));
  const wanted = () => state.hover >= 0 ? state.hover : state.pinned;

  // ---- colors -----------------------------------------------------------------------------------------------------
  const mixed = (hex, amount) => {
    const to = amount < 0 ? 0 : 255, part = Math.abs(amount);
    return "rgb(" + [1, 3, 5].map(k => Math.round(parseInt(hex.slice(k, k + 2), 16) * (1 - part) + to * part)).join(" ") + ")";
  };
  const ramp = ["#c2410c", "#e9b872", "#9fb8d8", "#1f5fae"];
  const keptColor = share => {
    const at = share * (ramp.length - 1), k = Math.min(ramp.length - 2, Math.floor(at)), t = at - k;
    return "rgb(" + [1, 3, 5].map(c => Math.round(parseInt(ramp[k].slice(c, c + 2), 16) * (1 - t) + parseInt(ramp[k + 1].slice(c, c + 2), 16) * t)).join(" ") + ")";
  };
  function readColors() {
    const style = getComputedStyle(document.documentElement), value = name => style.getPropertyValue(name).trim();
    const dark = night.matches;
    colors = { ink: value("--ink"), paper: value("--paper"), accent: value("--accent"), torn: value("--torn"), dark };
    markers = new Map();
  }
  function trace(context, marker, x, y, r) {
    context.beginPath();
    if (marker === "square") context.rect(x - r * .88, y - r * .88, r * 1.76, r * 1.76);
    else if (marker === "triangle") { context.moveTo(x, y - r * 1.15); context.lineTo(x + r * 1.1, y + r * .85); context.lineTo(x - r * 1.1, y + r * .85); context.closePath(); }
    else if (marker === "diamond") { context.moveTo(x, y - r * 1.25); context.lineTo(x + r * 1.25, y); context.lineTo(x, y + r * 1.25); context.lineTo(x - r * 1.25, y); context.closePath(); }
    else context.arc(x, y, r, 0, 2 * Math.PI);
  }
  const look = i => data.looks[data.classes[i]];
  const fill = i => state.kept ? keptColor(view().kept[i] / data.k) : colorOf(data.classes[i]);
  const colorOf = number => mixed(data.looks[number].color, colors.dark ? 0.2 : 0);
  function stamp(color, marker) { // each look is drawn once, then copied: thousands of points stay quick
    const key = color + marker, r = radius(), ratio = devicePixelRatio || 1;
    let found = markers.get(key);
    if (!found) {
      found = document.createElement("canvas");
      found.width = found.height = Math.ceil((r * 2.6 + 3) * ratio);
      const context = found.getContext("2d"), middle = found.width / 2;
      trace(context, marker, middle, middle, r * ratio);
      context.fillStyle = color;
      context.fill();
      context.lineWidth = .7 * ratio;
      context.strokeStyle = colors.dark ? "rgb(10 14 20 / .7)" : "rgb(0 0 0 / .28)";
      context.stroke();
      markers.set(key, found);
    }
    return found;
  }

  // ---- drawing ----------------------------------------------------------------------------------------------------
  function resize() {
    const ratio = devicePixelRatio || 1;
    width = stage.clientWidth;
    height = stage.clientHeight;
    if (!width || !height) return; // not shown: on paper
    for (const canvas of [base, over]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
    }
    markers.clear();
    draw();
  }
  function tile(context, i, x, y, side) {
    const t = data.tile;
    context.drawImage(sprites, (i % data.columns) * t, Math.floor(i / data.columns) * t, t, t, x, y, side, side);
  }
  function draw() {
    base2d.clearRect(0, 0, width, height);
    places = new Float32Array(2 * count);
    for (let i = 0; i < count; i++) {
      const [x, y] = toScreen(...spot(i));
      places[2 * i] = x;
      places[2 * i + 1] = y;
    }
    const inside = i => visible(i) && places[2 * i] > -40 && places[2 * i] < width + 40 && places[2 * i + 1] > -40 && places[2 * i + 1] < height + 40;
    for (const i of data.order) {
      if (!inside(i)) continue;
      const mark = stamp(fill(i), look(i).marker), side = mark.width / (devicePixelRatio || 1);
      base2d.drawImage(mark, places[2 * i] - side / 2, places[2 * i + 1] - side / 2, side, side);
    }
    if (state.pictures && sprites.complete) drawPictures(inside);
    if (!state.pictures && state.progress === 1) drawNames();
    drawOver();
  }
  function drawPictures(inside) { // greedy, from left to right: no image covers another
    const side = tileSize(), cell = side + 2, taken = new Map(), frame = 2;
    const order = [...Array(count).keys()].filter(inside).sort((a, b) => places[2 * a] - places[2 * b]);
    for (const i of order) {
      const x = places[2 * i], y = places[2 * i + 1], column = Math.floor(x / cell), row = Math.floor(y / cell);
      let free = true;
      for (let dx = -1; dx <= 1 && free; dx++) for (let dy = -1; dy <= 1; dy++) {
        const j = taken.get((column + dx) * 65536 + row + dy);
        if (j !== undefined && Math.abs(places[2 * j] - x) < cell && Math.abs(places[2 * j + 1] - y) < cell) { free = false; break; }
      }
      if (!free) continue;
      taken.set(column * 65536 + row, i);
      base2d.fillStyle = fill(i);
      base2d.fillRect(x - side / 2, y - side / 2, side, side);
      tile(base2d, i, x - side / 2 + frame, y - side / 2 + frame, side - 2 * frame);
    }
  }
  function label(context, text, x, y, color, size) {
    context.font = "600 " + size + "px Inter, 'Segoe UI', 'DejaVu Sans', Arial, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    context.lineWidth = 4;
    context.strokeStyle = colors.paper;
    context.strokeText(text, x, y);
    context.fillStyle = color;
    context.fillText(text, x, y);
  }
  function drawNames() {
    const size = Math.max(12, Math.min(17, width / 55)), taken = [];
    for (const [number, x0, y0] of view().anchors) {
      if (!state.shown.has(number)) continue;
      const text = short(data.classNames[number], 26), [x, y] = toScreen(x0, y0);
      base2d.font = "600 " + size + "px sans-serif";
      const half = base2d.measureText(text).width / 2 + 3;
      const box = [x - half, y - size * .7, x + half, y + size * .7];
      if (box[0] < 0 || box[2] > width || taken.some(o => o[0] < box[2] && box[0] < o[2] && o[1] < box[3] && box[1] < o[3])) continue;
      taken.push(box);
      label(base2d, text, x, y, state.kept ? colors.ink : mixed(data.looks[number].color, colors.dark ? .5 : -.42), size);
    }
  }
  const short = (text, most) => text.length > most ? text.slice(0, most - 1) + "…" : text;
  function drawOver() {
    over2d.clearRect(0, 0, width, height);
    const i = wanted();
    if (i < 0 || state.progress < 1) return;
    over2d.fillStyle = colors.paper;
    over2d.globalAlpha = .62;
    over2d.fillRect(0, 0, width, height);
    over2d.globalAlpha = 1;
    const x = places[2 * i], y = places[2 * i + 1];
    const near = neighbors(i);
    for (const { index, torn } of near) {
      over2d.beginPath();
      over2d.moveTo(x, y);
      over2d.lineTo(places[2 * index], places[2 * index + 1]);
      over2d.setLineDash(torn ? [7, 5] : []);
      over2d.lineWidth = torn ? 1.8 : 2.2;
      over2d.strokeStyle = torn ? colors.torn : colors.accent;
      over2d.stroke();
    }
    over2d.setLineDash([]);
    const r = radius();
    for (const { index } of near) point(index, r + 1.5);
    point(i, r + 3);
    const side = Math.min(88, Math.max(44, width / 9));
    const [left, top] = clearCorner(x, y, side, near.map(one => one.index));
    over2d.fillStyle = fill(i);
    over2d.fillRect(left - 3, top - 3, side + 6, side + 6);
    if (sprites.complete) tile(over2d, i, left, top, side);
  }
  function clearCorner(x, y, side, others) { // beside the point, where it covers the fewest of the others
    const gap = radius() + 10, corners = [[gap, -gap - side], [gap, gap], [-gap - side, -gap - side], [-gap - side, gap]];
    let best = [0, 0], least = Infinity;
    corners.forEach(([dx, dy], place) => {
      const left = Math.min(Math.max(x + dx, 5), width - side - 5), top = Math.min(Math.max(y + dy, 5), height - side - 5);
      const over = others.filter(j => places[2 * j] > left - 6 && places[2 * j] < left + side + 6 && places[2 * j + 1] > top - 6 && places[2 * j + 1] < top + side + 6).length;
      const moved = Math.hypot(left - x - dx, top - y - dy), cost = over + (moved > gap ? 3 : 0) + place / 10;
      if (cost < least) { least = cost; best = [left, top]; }
    });
    return best;
  }
  function point(i, r) {
    trace(over2d, look(i).marker, places[2 * i], places[2 * i + 1], r);
    over2d.fillStyle = fill(i);
    over2d.fill();
    over2d.lineWidth = 1.6;
    over2d.strokeStyle = colors.ink;
    over2d.stroke();
  }

  // ---- neighbors --------------------------------------------------------------------------------------------------
  function neighbors(i) { // of the features; torn: not among the nearest of the map
    const points = view().points, near = data.near[view().near], k = data.k, found = [];
    const sqdist = j => (points[2 * j] - points[2 * i]) ** 2 + (points[2 * j + 1] - points[2 * i + 1]) ** 2;
    for (let c = 0; c < k; c++) found.push({ index: near[i * k + c], sqdist: sqdist(near[i * k + c]), rank: 0 });
    for (let j = 0; j < count; j++) if (j !== i) {
      const here = sqdist(j);
      for (const one of found) if (here < one.sqdist) one.rank++;
    }
    for (const one of found) one.torn = one.rank >= data.far;
    return found;
  }
  const className = i => data.classes[i] < 0 ? data.legend.length > 1 ? data.noClass : "" : data.classNames[data.classes[i]];
  function showCard() {
    const i = wanted();
    $("hint").hidden = i >= 0;
    $("chosen").hidden = i < 0;
    if (i < 0) { $("said").textContent = ""; return; }
    const near = neighbors(i), torn = near.filter(one => one.torn).length;
    $("name").textContent = data.names[i];
    $("kind").textContent = className(i);
    $("verdict").textContent = torn ? torn + " of its " + data.k + " nearest " + (torn === 1 ? "is" : "are") + " torn away" : "all " + data.k + " nearest are near in the map";
    paint($("large"), i);
    $("large").setAttribute("aria-label", data.names[i]);
    const strip = $("strip");
    while (strip.children.length < data.k) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(document.createElement("canvas"));
      button.addEventListener("click", () => pin(Number(button.dataset.index)));
      strip.append(button);
    }
    near.forEach((one, place) => {
      const button = strip.children[place];
      button.dataset.index = one.index;
      button.className = one.torn ? "torn" : "";
      button.title = data.names[one.index] + ", " + className(one.index) + (one.torn ? ": torn away" : "");
      button.setAttribute("aria-label", button.title);
      paint(button.firstChild, one.index);
    });
    if (state.hover < 0) $("said").textContent = data.names[i] + ", " + className(i) + ". " + $("verdict").textContent;
  }
  function paint(canvas, i) {
    if (canvas.width !== data.tile) canvas.width = canvas.height = data.tile;
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, data.tile, data.tile);
    if (sprites.complete) tile(context, i, 0, 0, data.tile);
  }
  function nearestTo(x, y, reach) {
    let best = -1, least = reach * reach;
    for (let i = 0; i < count; i++) if (visible(i)) {
      const d = (places[2 * i] - x) ** 2 + (places[2 * i + 1] - y) ** 2;
      if (d < least) { least = d; best = i; }
    }
    return best;
  }
  function hover(i) {
    if (i === state.hover) return;
    state.hover = i;
    drawOver();
    showCard();
  }
  function pin(i) {
    state.pinned = i;
    state.hover = -1;
    drawOver();
    showCard();
  }

  // ---- moving -----------------------------------------------------------------------------------------------------
  let queued = false;
  function later() { // many movements of a finger or wheel, one drawing
    if (queued) return;
    queued = true;
    requestAnimationFrame(() => { queued = false; draw(); });
  }
  function zoom(factor, x = width / 2, y = height / 2, redraw = draw) {
    const before = unit(), scale = Math.max(.6, Math.min(60, state.scale * factor));
    state.scale = scale;
    const after = unit();
    state.x += (x - width / 2) * (1 / before - 1 / after);
    state.y += (y - height / 2) * (1 / before - 1 / after);
    markers.clear();
    redraw();
  }
  function fitAll() { state.scale = 1; state.x = state.y = 0; markers.clear(); draw(); }
  function reveal(i) {
    const [x, y] = toScreen(...spot(i));
    if (x < 20 || y < 20 || x > width - 20 || y > height - 20) { [state.x, state.y] = spot(i); draw(); }
  }
  const local = event => { const box = stage.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
  const fingers = new Map();
  let moved = 0;
  stage.addEventListener("pointerdown", event => {
    if (event.button) return;
    stage.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, local(event));
    moved = 0;
  });
  stage.addEventListener("pointermove", event => {
    const now = local(event), before = fingers.get(event.pointerId);
    if (!before) { if (event.pointerType !== "touch") hover(nearestTo(...now, 26)); return; }
    moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
    if (fingers.size === 2) {
      const other = [...fingers].find(([id]) => id !== event.pointerId)[1];
      const was = Math.hypot(before[0] - other[0], before[1] - other[1]), is = Math.hypot(now[0] - other[0], now[1] - other[1]);
      fingers.set(event.pointerId, now);
      if (was > 0) zoom(is / was, (now[0] + other[0]) / 2, (now[1] + other[1]) / 2, later);
      return;
    }
    fingers.set(event.pointerId, now);
    if (moved < 5) return;
    stage.classList.add("moving");
    state.hover = -1;
    state.x -= (now[0] - before[0]) / unit();
    state.y -= (now[1] - before[1]) / unit();
    later();
  });
  const lift = event => {
    if (fingers.delete(event.pointerId) && event.type === "pointerup" && moved < 5) pin(nearestTo(...local(event), event.pointerType === "touch" ? 40 : 26));
    stage.classList.remove("moving");
  };
  stage.addEventListener("pointerup", lift);
  stage.addEventListener("pointercancel", lift);
  stage.addEventListener("pointerleave", () => hover(-1));
  stage.addEventListener("wheel", event => { event.preventDefault(); zoom(Math.exp(-event.deltaY * (event.deltaMode ? .05 : .0016)), ...local(event), later); }, { passive: false });
  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  stage.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = steps[event.key];
    if (step) walk(...step);
    else if (event.key === "+" || event.key === "=") zoom(1.4);
    else if (event.key === "-") zoom(1 / 1.4);
    else if (event.key === "0") fitAll();
    else if (event.key === "Escape") pin(-1);
    else return;
    event.preventDefault();
  });
  function walk(dx, dy) { // to the nearest point that lies in this direction
    const i = wanted();
    if (i < 0) { pin(nearestTo(width / 2, height / 2, Infinity)); return; }
    let best = -1, least = Infinity;
    for (let j = 0; j < count; j++) if (j !== i && visible(j)) {
      const x = places[2 * j] - places[2 * i], y = places[2 * j + 1] - places[2 * i + 1];
      const along = x * dx + y * dy, aside = Math.abs(x * dy) + Math.abs(y * dx);
      if (along > 0 && aside <= along && along + 2 * aside < least) { least = along + 2 * aside; best = j; }
    }
    if (best >= 0) { reveal(best); pin(best); }
  }
  $("in").addEventListener("click", () => zoom(1.5));
  $("out").addEventListener("click", () => zoom(1 / 1.5));
  $("fit").addEventListener("click", fitAll);
  $("pictures").addEventListener("change", event => { state.pictures = event.target.checked; draw(); });
  $("coloring").addEventListener("change", event => {
    state.kept = event.target.value === "kept";
    $("scale").hidden = !state.kept;
    markers.clear();
    draw();
    showCard();
  });

  // ---- maps and classes -------------------------------------------------------------------------------------------
  for (const tab of document.querySelectorAll(".tabs button")) tab.addEventListener("click", () => choose(Number(tab.dataset.view)));
  function choose(number) {
    if (number === state.view) return;
    const before = view().points;
    for (const tab of document.querySelectorAll(".tabs button")) tab.setAttribute("aria-pressed", Number(tab.dataset.view) === number);
    for (const facts of document.querySelectorAll(".facts")) facts.hidden = Number(facts.dataset.view) !== number;
    state.view = number;
    state.hover = -1;
    state.from = before;
    const begin = performance.now(), long = calm.matches || document.hidden ? 0 : 900;
    const frame = now => {
      const t = long ? Math.min(1, Math.max(0, (now - begin) / long)) : 1;
      state.progress = t * t * (3 - 2 * t);
      if (t === 1) { state.from = null; state.progress = 1; }
      draw();
      if (t < 1 && state.view === number) requestAnimationFrame(frame);
    };
    frame(begin);
    showCard();
  }
  const chips = [...document.querySelectorAll("#legend .chip")];
  function refresh() {
    for (const chip of chips) chip.setAttribute("aria-pressed", state.shown.has(Number(chip.dataset.class)));
    if (state.pinned >= 0 && !visible(state.pinned)) pin(-1);
    draw();
  }
  for (const chip of chips) {
    const number = Number(chip.dataset.class);
    chip.addEventListener("click", () => { if (!state.shown.delete(number)) state.shown.add(number); refresh(); });
    chip.addEventListener("dblclick", () => { state.shown = new Set([number]); refresh(); });
  }
  if ($("everything")) $("everything").addEventListener("click", () => { state.shown = new Set(data.legend.map(row => row.number)); refresh(); });

  // ---- the same as a list -----------------------------------------------------------------------------------------
  const MOST = 120;
  function list() {
    const words = $("search").value.trim().toLowerCase(), rows = [];
    let fits = 0;
    for (let i = 0; i < count; i++) if ((data.names[i] + " " + className(i)).toLowerCase().includes(words) && ++fits <= MOST) rows.push(i);
    $("found").textContent = fits + (fits === 1 ? " image" : " images") + (fits > MOST ? ", the first " + MOST + " are shown" : "");
    $("list").replaceChildren(...rows.map(i => {
      const row = document.createElement("li"), button = document.createElement("button"), picture = document.createElement("canvas");
      const text = document.createElement("span"), small = document.createElement("small");
      button.type = "button";
      paint(picture, i);
      text.textContent = data.names[i];
      small.textContent = className(i);
      text.append(small);
      button.append(picture, text);
      button.addEventListener("click", () => {
        state.shown.add(data.classes[i]);
        refresh();
        reveal(i);
        pin(i);
        stage.scrollIntoView({ block: "nearest" });
        stage.focus({ preventScroll: true });
      });
      row.append(button);
      return row;
    }));
  }
  $("listing").addEventListener("toggle", () => { if ($("listing").open) list(); });
  $("search").addEventListener("input", list);

  // ---- beginning --------------------------------------------------------------------------------------------------
  const again = () => { readColors(); draw(); };
  night.addEventListener("change", again);
  sprites.addEventListener("load", () => { draw(); showCard(); });
  new ResizeObserver(resize).observe(stage);
  readColors();
  resize();
})();
