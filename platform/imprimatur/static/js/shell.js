// The frame around every page: theme, menu, dialogs, toasts, copying, file previews. No page depends on another module.

const YEAR = 365 * 24 * 3600;

function toggleTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "ink" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "paper" : "ink";
  document.cookie = `theme=${root.dataset.theme};path=/;max-age=${YEAR};samesite=lax`;
}

function setRail(open) {
  const rail = document.getElementById("rail");
  const opener = document.querySelector("[data-rail-open]");
  rail.toggleAttribute("data-open", open);
  document.getElementById("rail-scrim").hidden = !open;
  opener.setAttribute("aria-expanded", String(open));
  if (open) rail.querySelector("[data-rail-close]").focus();
  else opener.focus();
}

async function copy(button) {
  await navigator.clipboard.writeText(button.dataset.copy);
  const word = button.querySelector("[data-copy-word]");
  if (word) word.textContent = button.dataset.copied;
}

const ACTIONS = [
  ["[data-theme-toggle]", toggleTheme],
  ["[data-rail-open]", () => setRail(true)],
  ["[data-rail-close], #rail-scrim", () => setRail(false)],
  ["[data-dismiss]", (el) => el.closest("[data-toast]").remove()],
  ["[data-dialog]", (el) => document.getElementById(el.dataset.dialog).showModal()],
  ["[data-dialog-close]", (el) => el.closest("dialog").close()],
  ["[data-copy]", copy],
];

document.addEventListener("click", (event) => {
  const refused = event.target.closest("[aria-disabled='true']");
  if (refused) return event.preventDefault();
  for (const [selector, act] of ACTIONS) {
    const found = event.target.closest(selector);
    if (found) act(found);
  }
  if (event.target instanceof HTMLDialogElement) event.target.close();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && document.querySelector("#rail[data-open]")) setRail(false);
});

// A typed confirmation opens its button only when the text is the one asked for.
document.addEventListener("input", (event) => {
  const wanted = event.target.dataset?.confirm;
  if (wanted === undefined) return;
  const same = event.target.value.normalize("NFKC").trim() === wanted.normalize("NFKC");
  event.target.form.querySelector("[data-confirmed]").disabled = !same;
});

// A chosen or dropped picture is shown before it is sent; it leaves this browser only with the form.
function preview(input) {
  const zone = input.closest("[data-drop]");
  const file = input.files[0];
  const shown = zone.querySelector("[data-preview]");
  shown.hidden = !file;
  if (!file) return;
  if (shown.src) URL.revokeObjectURL(shown.src);
  shown.src = URL.createObjectURL(file);
  zone.querySelector("[data-file-name]").textContent = file.name;
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-drop] input[type=file]")) preview(event.target);
  if (event.target.matches("[data-submit-on-change]")) event.target.form.requestSubmit();
});

for (const zone of document.querySelectorAll("[data-drop]")) {
  const chosen = zone.querySelector("input[type=file]");
  if (chosen.files.length) preview(chosen); // before this module had come
  const lit = (on) => zone.toggleAttribute("data-over", on);
  zone.addEventListener("dragover", (event) => (event.preventDefault(), lit(true)));
  zone.addEventListener("dragleave", () => lit(false));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    lit(false);
    const input = zone.querySelector("input[type=file]");
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

// A range says its value in words beside it.
document.addEventListener("input", (event) => {
  const output = event.target.type === "range" && document.querySelector(`output[for="${event.target.id}"]`);
  if (output) output.value = event.target.value + (output.dataset.unit ?? "");
});

// A form is sent once: a second press while it is on its way does nothing.
document.addEventListener("submit", (event) => {
  if (event.target.method !== "post" || event.target.hasAttribute("hx-post")) return;
  if (event.target.dataset.sent) return event.preventDefault();
  event.target.dataset.sent = "yes";
  setTimeout(() => delete event.target.dataset.sent, 4000);
});

const LINGER = 10_000;
for (const toast of document.querySelectorAll("[data-toast]")) setTimeout(() => toast.remove(), LINGER);
