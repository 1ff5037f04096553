/* The page around the viewer's C: pixels, glyphs, events, address and storage. What a value is, how it is rounded, and
 * where everything stands on screen is the C's alone. */

const el = id => document.getElementById(id);
const view = el("view"), keys = el("keys"), pen = view.getContext("2d", { alpha: false });
let c, memory; /* the C's exports and its memory */
let broken = false;

/* --- Strings --- */

const encoder = new TextEncoder(), decoder = new TextDecoder();

/* TEXT in the C's memory, for web_free. */
function give(text) {
  const data = encoder.encode(text), at = c.web_buffer(data.length + 1);
  bytes().set(data, at);
  bytes()[at + data.length] = 0;
  return at;
}

function take(at) {
  const all = bytes();
  return decoder.decode(all.subarray(at, all.indexOf(0, at)));
}

/* Calls F with TEXTS in C's memory. */
function call(f, ...texts) {
  const at = texts.map(give);
  try { return f(...at); } finally { at.forEach(p => c.web_free(p)); }
}

/* A message of the C's, or null. */
const answer = at => at ? take(at) : null;

/* New memory of the C's, as text. */
function taken(at) {
  const text = take(at);
  c.web_free(at);
  return text;
}

/* --- Drawing --- */

let asked = false, settling = 0;

function show(x, y, w, h, pixels) {
  pen.putImageData(new ImageData(new Uint8ClampedArray(memory.buffer, pixels, 4 * w * h), w, h), x, y);
}

function draw() {
  asked = false;
  if (broken) return;
  c.web_draw();
  clearTimeout(settling);
  settling = setTimeout(settle, 120);
}

/* Draws once a frame at most. */
function changed() {
  if (!asked) requestAnimationFrame(draw);
  asked = true;
}

/* What may wait until the user pauses. */
function settle() {
  if (broken) return;
  const state = state_now();
  reflect();
  keep_address(state);
  keep_settings(state);
  keep_theme(state);
}

/* The canvas has the display's own pixels. Where the browser counts them they are exact to one; emulated ones it does
 * not count. */
function fit(entry) {
  const exact = entry && entry.devicePixelContentBoxSize && entry.devicePixelContentBoxSize[0];
  const size = (css, counted) => {
    const pixels = Math.round(css * devicePixelRatio);
    return Math.max(160, counted && Math.abs(counted - pixels) < 2 ? counted : pixels);
  };
  const w = size(view.clientWidth, exact && exact.inlineSize), h = size(view.clientHeight, exact && exact.blockSize);
  if (view.width === w && view.height === h) return false;
  view.width = w; /* which blanks it */
  view.height = h;
  return true;
}

const COLORS = ["page", "panel", "edge", "ink", "button", "accent", "on-accent"];
let theme = "";

function keep_theme(state) {
  if (theme === state.theme) return;
  theme = state.theme;
  COLORS.forEach((name, i) =>
    document.documentElement.style.setProperty("--" + name, "#" + c.web_color(i).toString(16).padStart(6, "0")));
  document.documentElement.style.colorScheme = theme === "dark" ? "dark" : "light";
}

/* --- State in the address and in storage --- */

/* What a link holds, in the order that it has them, and in that in which they are set. */
const PAGES = ["op", "b", "block", "rule", "values", "codes", "model", "context", "batch", "kv", "train", "device"];
const WRITTEN = ["value", "from", "rows", "select", "round", "saturate", "page", ...PAGES];
const LINKED = ["theme", "rows", "round", "saturate", "from", "value", "select", ...PAGES, "page"];
const KEPT = ["theme", "zoom", "rows"];

function state_now() {
  return Object.fromEntries(taken(c.web_state()).split("\n").filter(line => line).map(line => {
    const tab = line.indexOf("\t");
    return [line.slice(0, tab), line.slice(tab + 1)];
  }));
}

/* Messages of the parts that are wrong. */
function set_state(parts, names) {
  const wrong = [];
  parts = Object(parts);
  call(c.web_set, "from", "");
  for (const name of names) {
    const why = name in parts && answer(call(c.web_set, name, parts[name]));
    if (why) wrong.push(why);
  }
  return wrong;
}

/* "#value=1&rows=fp32", or a bare value. */
function read_fragment(hash) {
  const text = hash.replace(/^#/, ""), parts = { __proto__: null };
  const plain = s => { try { return decodeURIComponent(s); } catch { return s; } };
  if (text && !/^[a-z]+=/.test(text)) return { value: plain(text) };
  for (const part of text.split("&").filter(part => part)) {
    const [name, ...value] = part.split("=");
    parts[name] = plain(value.join("="));
  }
  return parts;
}

/* The state that the address asks for. WRONG: messages so far; all are said. */
function open_link(wrong) {
  const parts = read_fragment(location.hash);
  wrong.push(...set_state(parts, LINKED));
  for (const name in parts)
    if (!LINKED.includes(name)) wrong.push(`'${name}' is no part of a link: ${WRITTEN.join(", ")}, theme`);
  if (wrong.length) say(wrong.join("; "), 1);
}

function fragment(state) {
  return "#" + WRITTEN.filter(name => name in state && (["value", "rows"].includes(name) || state[name] !== usual[name]))
    .map(name => name + "=" + encodeURIComponent(state[name]).replace(/%2C/g, ",").replace(/%3A/g, ":")).join("&");
}

let usual = {}; /* the state that the viewer begins with */
let fragment_shown = null, fragment_told = "";

/* The address follows the state; a page that nobody touched keeps the address that it came by. */
function keep_address(state) {
  const now = fragment(state);
  if (fragment_shown !== null && now !== fragment_shown) {
    try {
      history.replaceState(null, "", now);
    } catch {
      location.replace(now);
    }
    fragment_told = location.hash;
  }
  fragment_shown = now;
}

function read_settings() {
  try {
    return JSON.parse(localStorage.getItem("halfulp")) || {};
  } catch {
    return {}; /* a browser may have no storage for a file */
  }
}

let settings_text = null;

function keep_settings(state) {
  const text = JSON.stringify(Object.fromEntries(KEPT.map(name => [name, state[name]])));
  if (settings_text !== null && text !== settings_text)
    try {
      localStorage.setItem("halfulp", text);
    } catch { /* the same */ }
  settings_text = text;
}

/* Where the viewer says what it has to say. */
function say(text, error) {
  call(at => c.web_say(at, error), text);
  changed();
}

/* --- The mirror: the items as elements, for screen readers and for find-in-page --- */

/* ARIA's role for each of describe()'s. */
const ROLES = { panel: "group", heading: "heading", textbox: "textbox", button: "button", tab: "button", checkbox: "checkbox", bit: "switch",
  menu: "group", option: "button", graphic: "img" };
const mirrored = []; /* elements, and what was last written to each */

function words(item) {
  if (item.role === "bit") return `${item.name.split(".")[0]} bit ${item.index}, ${item.field}, ${item.text}`;
  const name = item.name.replace(/\./g, " "), text = item.text.replace(/ ▾$/, "");
  if (item.role === "textbox") return `${name}: ${text}`;
  return /[\p{L}\p{N}]/u.test(text) ? text : item.description || name; /* no sign alone */
}

function reflect_item(at, item, ratio) {
  const has = name => item.state.includes(name);
  const [x, y, w, h] = item.rect.map(v => v / ratio);
  const role = ROLES[item.role] || "";
  const text = has("elided") && role !== "textbox" ? item.description || item.text : item.text;
  const key = JSON.stringify([item.name, role, text, item.description, item.state, x, y, w, h]);
  if (!mirrored[at]) mirrored[at] = { element: el("mirror").appendChild(document.createElement("div")), key: "" };
  const { element } = mirrored[at];
  if (mirrored[at].key === key) return;
  mirrored[at].key = key;
  element.dataset.name = item.name;
  element.textContent = text;
  element.title = item.description || "";
  const set = (name, value) => value === null ? element.removeAttribute(name) : element.setAttribute(name, value);
  set("role", role || null);
  set("aria-label", role ? words(item) : null);
  set("aria-level", role === "heading" ? "2" : null);
  set("aria-checked", /switch|checkbox/.test(role) ? String(item.role === "bit" ? item.text === "1" : has("checked")) : null);
  set("aria-pressed", /tab|option/.test(item.role) || has("selected") ? String(has("selected") || has("checked")) : null);
  set("aria-haspopup", / ▾$/.test(item.text) ? "true" : null);
  set("aria-disabled", has("disabled") ? "true" : null);
  set("aria-invalid", has("invalid") ? "true" : null);
  Object.assign(element.style, { left: x + "px", top: y + "px", width: w + "px", height: h + "px",
    lineHeight: h + "px", fontSize: Math.min(Math.max(h * 0.7, 6), 16) + "px" });
}

let said = "";

function reflect() {
  const state = described(), ratio = view.width / view.clientWidth;
  const items = state.items.filter(i => i.role !== "scrollbar" && !i.state.includes("offscreen"));
  items.forEach((item, i) => reflect_item(i, item, ratio));
  for (const extra of mirrored.splice(items.length)) extra.element.remove();
  const focus = state.items.find(i => i.name === state.focus);
  const now = state.message || (focus ? words(focus) : "");
  if (now !== said && (state.message || document.activeElement === keys)) el("said").textContent = now;
  said = now;
  keys.setAttribute("aria-label", focus ? words(focus) : "halfulp");
}

/* --- Text: keyboards, soft ones too, and input methods --- */

/* There is always something for a soft keyboard's Backspace to delete. */
const FLOOR = "\u200b";
let typed = FLOOR; /* what of the text area's text the C has seen */

function reset_keys() {
  keys.value = typed = FLOOR;
}

/* Where text goes, so that an input method's window is beside it and a soft keyboard comes for fields alone. */
function place_keys() {
  const at = c.web_buffer(16), field = c.web_focus(at), [x, y, , h] = new Int32Array(memory.buffer, at, 4);
  c.web_free(at);
  const ratio = view.width / view.clientWidth;
  keys.style.left = Math.max(0, Math.min(x / ratio, view.clientWidth - 8)) + "px";
  keys.style.top = Math.max(0, Math.min(y / ratio, view.clientHeight - h / ratio)) + "px";
  const mode = field ? "text" : "none";
  if (keys.inputMode !== mode) {
    keys.inputMode = mode;
    if (document.activeElement === keys && coarse) {
      keys.blur();
      keys.focus({ preventScroll: true });
    }
  }
  return field;
}

/* The difference between what was there and what is, as key presses. */
function on_input(e) {
  const field = place_keys(), now = keys.value;
  if (e.isComposing && !field) return;
  let same = 0;
  while (same < typed.length && same < now.length && typed[same] === now[same]) same++;
  for (let i = same; i < typed.length; i++) call(c.web_key, "Backspace");
  if (same < now.length) call(c.web_text, now.slice(same).replace(FLOOR, ""));
  typed = now;
  if (!e.isComposing) reset_keys();
  changed();
}

const NAMED = /^(Arrow(Left|Right|Up|Down)|Home|End|Page(Up|Down)|Enter|Escape|Backspace|Delete|F1)$/;
let big_endian = false, left = false;

function chord_of(e) {
  const names = { " ": "Space", "+": "Plus", "-": "Minus" };
  return (e.ctrlKey || e.metaKey ? "Ctrl+" : "") + (e.shiftKey ? "Shift+" : "") + (e.altKey ? "Alt+" : "") +
    (names[e.key] || e.key.replace("Arrow", ""));
}

/* Whether the page takes the chord. Copy, cut and paste come as events of their own; what the browser has a use for is
 * its own unless Alt is held too. */
function is_ours(e) {
  const key = e.key.toLowerCase(), ctrl = e.ctrlKey || e.metaKey;
  if (!ctrl) return !e.altKey && NAMED.test(e.key);
  if (key === "c") return e.shiftKey || e.altKey;
  return e.altKey ? /^[t0-4+=-]$/.test(key) : /^[azy]$/.test(key);
}

function on_keydown(e) {
  if (e.isComposing || e.getModifierState("AltGraph")) return;
  if (e.key === "Tab" && !e.ctrlKey && !e.altKey && !e.metaKey) {
    left = !c.web_tab(e.shiftKey ? -1 : 1);
    if (!left) e.preventDefault();
  } else if (is_ours(e)) {
    e.preventDefault();
    call(c.web_key, chord_of(e));
    reset_keys();
  } else {
    big_endian = e.key.toLowerCase() === "v" && e.shiftKey;
    return;
  }
  place_keys();
  changed();
}

/* --- The clipboard --- */

let copying = false, copied = null, playing = false;

/* The C's: outside a copy event the browser is asked, which may want a gesture or a secure page. */
function copy(at) {
  copied = take(at);
  if (!copying && !playing) put_on_clipboard(copied);
}

function put_on_clipboard(text) {
  copied = text;
  const old_way = () => {
    copying = true;
    document.execCommand("copy");
    copying = false;
  };
  if (navigator.clipboard) navigator.clipboard.writeText(text).catch(old_way);
  else old_way();
}

function on_copy(e) {
  if (document.activeElement !== keys && !copying) return;
  if (!copying) {
    copying = true;
    copied = null;
    call(c.web_key, e.type === "cut" ? "Ctrl+X" : "Ctrl+C");
    copying = false;
  }
  if (copied === null) return;
  e.clipboardData.setData("text/plain", copied);
  e.preventDefault();
  changed();
}

function on_paste(e) {
  if (document.activeElement !== keys) return;
  e.preventDefault();
  if (e.clipboardData.files.length) {
    open_files(e.clipboardData.files);
    return;
  }
  call(c.web_clipboard, e.clipboardData.getData("text/plain"));
  call(c.web_key, big_endian ? "Ctrl+Shift+V" : "Ctrl+V");
  big_endian = false;
  changed();
}

/* --- Pointers --- */

const coarse = matchMedia("(pointer: coarse)").matches;
const SLACK = 8; /* CSS pixels that a finger may tremble */
let finger = null; /* { id, x, y, last, mode: "tap", "drag" or "scroll" } in the canvas's pixels */

const ratio = () => view.width / view.clientWidth;
const place = e => [Math.floor(e.offsetX * ratio()), Math.floor(e.offsetY * ratio())];

/* A finger paints along a row and scrolls across rows: which of them shows when it moves. */
function finger_down(e) {
  const [x, y] = place(e);
  if (finger) return;
  finger = { id: e.pointerId, x, y, last: y, mode: "tap" };
}

function finger_move(e) {
  const [x, y] = place(e), dx = Math.abs(x - finger.x), dy = Math.abs(y - finger.y);
  if (finger.mode === "tap" && Math.max(dx, dy) > SLACK * ratio()) {
    const drags = c.web_drags(finger.x, finger.y);
    finger.mode = drags === 2 || (drags === 1 && dx >= dy) ? "drag" : "scroll";
    if (finger.mode === "drag") c.web_press(finger.x, finger.y, 0);
  }
  if (finger.mode === "drag") c.web_move(x, y);
  if (finger.mode === "scroll") c.web_scroll(finger.last - y);
  finger.last = y;
}

function finger_up(e) {
  const [x, y] = place(e);
  if (finger.mode === "tap") c.web_press(finger.x, finger.y, 0);
  if (finger.mode !== "scroll") c.web_release(...(finger.mode === "tap" ? [finger.x, finger.y] : [x, y]));
  c.web_leave();
  finger = null;
}

function on_pointer(e) {
  const touch = e.pointerType === "touch", mine = finger && finger.id === e.pointerId;
  if (e.type === "pointerdown") {
    if (e.button) return;
    view.setPointerCapture(e.pointerId);
    keys.focus({ preventScroll: true });
    if (touch) finger_down(e);
    else c.web_press(...place(e), e.shiftKey ? 1 : 0);
  } else if (e.type === "pointermove") {
    if (mine) finger_move(e);
    else if (!touch) c.web_move(...place(e));
  } else if (e.type === "pointerup") {
    if (mine) finger_up(e);
    else if (!touch && !e.button) c.web_release(...place(e));
    place_keys();
    reset_keys();
  } else if (e.type === "pointercancel" && mine) {
    if (finger.mode === "drag") c.web_release(finger.x, finger.y);
    finger = null;
  } else if (e.type === "pointerleave" && !touch) {
    c.web_leave();
  }
  changed();
}

/* With Ctrl the wheel is the browser's zoom. */
function on_wheel(e) {
  if (e.ctrlKey) return;
  e.preventDefault();
  c.web_wheel(-e.deltaY / [100, 3, 1][e.deltaMode]);
  changed();
}

/* --- Models --- */

const HEADER_MOST = 256 * 1024 * 1024; /* the longest header that is read of any file */

/* What of several files names the model. */
function chief(list) {
  const by = pattern => list.find(f => pattern.test(f.name));
  return by(/\.index\.json$/) || by(/^config\.json$/) || by(/\.(gguf|safetensors)$/) || list[0];
}

async function open_files(dropped) {
  const list = [...dropped], first = chief(list);
  if (!first) return;
  let unread = "";
  files.clear();
  for (const f of list)
    try {
      files.set(f.name, { bytes: new Uint8Array(await f.slice(0, HEADER_MOST).arrayBuffer()), size: f.size });
    } catch (e) { /* a folder, or a file that went away */
      unread = `${f.name} cannot be read: ${e.message}`;
    }
  call(c.web_size, first.name);
  if (unread) say(unread, 1);
  keys.focus({ preventScroll: true });
  changed();
}

function on_drop(e) {
  e.preventDefault();
  const text = e.dataTransfer.getData("text/plain");
  if (e.dataTransfer.files.length) open_files(e.dataTransfer.files);
  else if (text) {
    call(c.web_clipboard, text);
    call(c.web_key, "Ctrl+V");
    changed();
  }
}

/* --- The bar, the notices, the report --- */

function show_notices() {
  el("notices").showModal();
}

function copy_link() {
  const address = location.href.replace(/#.*/, "") + fragment(state_now());
  put_on_clipboard(address);
  say("the link is on the clipboard", 0);
}

function broke(error) {
  if (broken) return;
  broken = true;
  const lines = [`halfulp ${el("version").textContent}`, String(error && error.message || error), error && error.stack || "",
    console_text, location.href, navigator.userAgent, `${view.width}x${view.height} at ${devicePixelRatio}`];
  el("report").textContent = lines.filter(line => line).join("\n");
  el("broken").hidden = false;
  el("report-copy").focus();
}

/* --- Beginning --- */

function listen() {
  const safely = f => e => { if (!broken) f(e); };
  const on = (target, names, f, options) => names.split(" ").forEach(name => target.addEventListener(name, safely(f), options));
  on(view, "pointerdown pointermove pointerup pointercancel pointerleave", on_pointer);
  on(view, "mousedown", e => e.preventDefault()); /* the focus stays where the text goes */
  on(view, "contextmenu", e => { if (coarse) e.preventDefault(); });
  on(view, "wheel", on_wheel, { passive: false });
  on(keys, "keydown", on_keydown);
  on(keys, "input", on_input);
  on(keys, "compositionend", e => on_input({ isComposing: false, data: e.data }));
  on(keys, "focus", e => {
    reset_keys();
    if (left) c.web_enter(e.relatedTarget && el("bar").contains(e.relatedTarget) ? -1 : 1);
    left = false;
    changed();
  });
  on(document, "copy cut", on_copy);
  on(document, "paste", on_paste);
  on(document, "dragover", e => e.preventDefault());
  on(document, "drop", on_drop);
  on(el("mirror"), "click", e => { /* a screen reader's press */
    const name = e.target.dataset.name;
    if (name) call(c.web_script, "click " + name);
    keys.focus({ preventScroll: true });
    place_keys();
    changed();
  });
  on(window, "hashchange", () => {
    if (location.hash === fragment_told) return;
    open_link([]);
    changed();
  });
  on(el("link"), "click", copy_link);
  on(el("open"), "click", () => el("files").click());
  on(el("files"), "change", e => { open_files(e.target.files); });
  on(el("about"), "click", show_notices);
  el("report-copy").addEventListener("click", () => put_on_clipboard(el("report").textContent));
  el("again").addEventListener("click", () => { location.hash = ""; location.reload(); });
  const resized = new ResizeObserver(entries => {
    if (broken) return;
    if (!fit(entries[0])) return;
    c.web_resize(view.width, view.height, devicePixelRatio);
    draw();
  });
  try {
    resized.observe(view, { box: "device-pixel-content-box" });
  } catch {
    resized.observe(view);
  }
}

function described() {
  return JSON.parse(taken(c.web_describe()));
}

/* What --script takes. Null, or what is wrong with which line. */
function script(text) {
  let number = 0, why = null;
  playing = true;
  for (const line of String(text).split(/\r?\n/)) {
    number++;
    why = answer(call(c.web_script, line));
    if (why) break;
  }
  playing = false;
  draw();
  return why && `line ${number}: ${why}`;
}

async function begin() {
  const page = { show, copy, face_open, glyph_render, glyph_take };
  el("texts").textContent = decoder.decode(packed.notices);
  const { instance } = await WebAssembly.instantiate(packed.code, { page, wasi_snapshot_preview1 });
  c = instance.exports;
  memory = c.memory;
  c._initialize();
  el("version").textContent = take(c.web_version());
  fit();
  c.web_begin(view.width, view.height, devicePixelRatio, matchMedia("(prefers-color-scheme: dark)").matches ? 1 : 0);
  usual = state_now();
  open_link(set_state(read_settings(), KEPT));
  c.web_start();
  draw();
  settle();
  performance.mark("halfulp: first frame");
  listen();
  reset_keys();
  keys.focus({ preventScroll: true });
}

window.addEventListener("error", e => broke(e.error || e.message));
window.addEventListener("unhandledrejection", e => broke(e.reason));
const ready = begin();
window.halfulp = { ready, describe: described, script };
