// Where a subject may be: a rectangle is drawn on a board, and its sides stand in four fields that keyboards reach.

const percent = (value) => Math.round(Math.min(1, Math.max(0, value)) * 100);
const sides = (place) => Object.fromEntries([...place.querySelectorAll("[data-side]")].map((field) => [field.dataset.side, field]));

function show(place) {
  const box = place.querySelector("[data-box]");
  const [left, top, right, bottom] = ["left", "top", "right", "bottom"].map((side) => sides(place)[side].value);
  const whole = [left, top, right, bottom].every((value) => value !== "") && Number(left) < Number(right) && Number(top) < Number(bottom);
  box.hidden = !whole;
  if (!whole) return;
  Object.assign(box.style, { left: `${left}%`, top: `${top}%`, width: `${right - left}%`, height: `${bottom - top}%` });
}

function write(place, values) {
  for (const [side, field] of Object.entries(sides(place))) field.value = values[side] ?? "";
  show(place);
}

const told = (place) => place.querySelector("[data-side]").dispatchEvent(new Event("change", { bubbles: true }));

function at(board, event) {
  const { left, top, width, height } = board.getBoundingClientRect();
  return { x: percent((event.clientX - left) / width), y: percent((event.clientY - top) / height) };
}

function draw(event) {
  const board = event.target.closest("[data-board]");
  if (!board || event.button !== 0) return;
  event.preventDefault();
  const place = board.closest("[data-place]");
  const start = at(board, event);
  const move = (moved) => {
    const now = at(board, moved);
    write(place, { left: Math.min(start.x, now.x), top: Math.min(start.y, now.y), right: Math.max(start.x, now.x), bottom: Math.max(start.y, now.y) });
  };
  const end = (ended) => {
    board.removeEventListener("pointermove", move);
    const now = at(board, ended);
    if (ended.type === "pointercancel" || now.x === start.x || now.y === start.y) write(place, {}); // a click takes it away
    told(place);
  };
  board.setPointerCapture(event.pointerId);
  board.addEventListener("pointermove", move);
  board.addEventListener("pointerup", end, { once: true });
  board.addEventListener("pointercancel", end, { once: true });
}

document.addEventListener("pointerdown", draw);

document.addEventListener("input", (event) => {
  if (event.target.matches("[data-side]")) show(event.target.closest("[data-place]"));
});

document.addEventListener("click", (event) => {
  const place = event.target.closest("[data-anywhere]")?.closest("[data-place]");
  if (!place) return;
  write(place, {});
  told(place);
});

// What was opened stays open when another choice brings the panels anew.
const opened = new Set([...document.querySelectorAll("#refine details[open]")].map((panel) => panel.id));
const noted = (panel) => (panel.open ? opened.add(panel.id) : opened.delete(panel.id));
document.addEventListener("toggle", (event) => event.target.matches("#refine details") && noted(event.target), true);

function showAll() {
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
  document.querySelectorAll("[data-place]").forEach(show);
}

document.addEventListener("htmx:afterSettle", showAll);
showAll();
