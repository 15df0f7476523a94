// Reviewing by keys. Every key is also a button; keys are off in inputs, while composing Japanese, and on key repeat.

const page = document.getElementById("review");
const stage = document.getElementById("stage");
const KEYS_OFF = "review-keys-off";

const button = (name) => page.querySelector(`[data-key="${name}"]:not([aria-disabled="true"])`);
const press = (name) => button(name)?.click();
const typing = (target) => target.closest("input:not([type=radio]), textarea, select, [contenteditable]") !== null;
const composing = (event) => event.isComposing || event.keyCode === 229;
const held = (event) => event.ctrlKey || event.metaKey || event.altKey;
const keysOff = () => localStorage.getItem(KEYS_OFF) === "yes";

function setView(view) {
  stage.dataset.view = view;
  button("compare")?.setAttribute("aria-pressed", String(view === "slider"));
}

function peek(on) {
  stage?.toggleAttribute("data-peek", on); // a quarantined picture has no stage
}

function toggle(name) {
  const opener = button(name);
  const shown = document.getElementById(opener.getAttribute("aria-controls"));
  shown.hidden = !shown.hidden;
  opener.setAttribute("aria-expanded", String(!shown.hidden));
}

const KEYS = {
  j: () => press("next"),
  ArrowRight: () => press("next"),
  k: () => press("previous"),
  ArrowLeft: () => press("previous"),
  a: () => press("approve"),
  p: () => press("approve"),
  x: () => press("reject"),
  r: () => press("request_changes"),
  u: () => document.querySelector("[data-undo]")?.click(),
  c: () => press("compare"),
  m: () => press("mask"),
  w: () => press("words"),
  "?": () => press("help"),
};

document.addEventListener("keydown", (event) => {
  if (composing(event) || held(event) || keysOff() || typing(event.target)) return;
  if (event.key === " " && !event.target.closest("button, a, summary, input")) {
    event.preventDefault();
    return peek(true);
  }
  if (event.repeat) return;
  const dialog = document.querySelector("dialog[open]");
  if (dialog) return pickReason(dialog, event.key);
  const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

document.addEventListener("keyup", (event) => event.key === " " && peek(false));
addEventListener("blur", () => peek(false));

function pickReason(dialog, key) {
  const reason = dialog.querySelectorAll("input[name=reason]")[Number(key) - 1];
  if (reason) reason.checked = true;
}

// Ctrl+Enter sends what is being written; Enter alone never does.
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !composing(event)) event.target.form?.requestSubmit();
});

page.addEventListener("click", (event) => {
  const name = event.target.closest("[data-key]")?.dataset.key;
  if (name === "compare") setView(stage.dataset.view === "slider" ? "side" : "slider");
  if (name === "mask" || name === "words") toggle(name);
});

const slider = document.getElementById("slider");
slider?.addEventListener("input", () => stage.style.setProperty("--cut", `${slider.value}%`));

const peekButton = page.querySelector("[data-key=peek]");
for (const start of ["pointerdown", "keydown"]) {
  peekButton?.addEventListener(start, (event) => {
    if (event.type === "pointerdown" || event.key === " " || event.key === "Enter") peek(true);
  });
}
for (const end of ["pointerup", "pointerleave", "keyup", "blur"]) peekButton?.addEventListener(end, () => peek(false));

const keySwitch = document.getElementById("keys-on");
keySwitch.checked = !keysOff();
keySwitch.addEventListener("change", () => localStorage.setItem(KEYS_OFF, keySwitch.checked ? "no" : "yes"));
