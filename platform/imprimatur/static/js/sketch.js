// Where a subject may be, in any shape: painted on a canvas or uploaded, kept by the server, named in a hidden field.

const parts = (sketch) => ({
  canvas: sketch.querySelector("[data-canvas]"),
  name: sketch.querySelector("[data-sketch-id]"),
  said: sketch.querySelector("[data-sketch-said]"),
});
const newest = new WeakMap(); // sketch -> how often it was changed: an answer to an earlier change is too late

function blacken(canvas) {
  const pen = canvas.getContext("2d");
  pen.fillStyle = "black";
  pen.fillRect(0, 0, canvas.width, canvas.height);
}

function show(sketch, address) {
  const { canvas } = parts(sketch);
  const picture = new Image();
  picture.addEventListener("load", () => canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height));
  picture.src = address;
}

function changed(sketch) {
  const turn = (newest.get(sketch) ?? 0) + 1;
  newest.set(sketch, turn);
  return () => newest.get(sketch) === turn;
}

function write(sketch, id, sentence) {
  const { name, said } = parts(sketch);
  name.value = id;
  said.textContent = sentence;
  name.dispatchEvent(new Event("change", { bubbles: true }));
}

async function keep(sketch, file) {
  const isNewest = changed(sketch);
  const form = new FormData();
  form.append("file", file, "sketch.png");
  const headers = { "X-CSRFToken": sketch.closest("form").querySelector("[name=csrfmiddlewaretoken]").value };
  let told = {};
  try {
    const answer = await fetch(sketch.dataset.url, { method: "POST", body: form, headers });
    told = await answer.json();
  } catch {
    // The server is away, or the sign-in has ended: its answer is no JSON.
  }
  if (!isNewest()) return;
  if (told.content) show(sketch, told.content);
  write(sketch, told.id ?? "", told.id ? sketch.dataset.kept : (told.message ?? sketch.dataset.failed));
}

function paint(event) {
  const canvas = event.target.closest("[data-canvas]");
  if (!canvas || event.button !== 0) return;
  event.preventDefault();
  const sketch = canvas.closest("[data-sketch]");
  changed(sketch); // what is still on its way is about a former shape
  const pen = canvas.getContext("2d");
  const at = ({ clientX, clientY }) => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return [((clientX - left) / width) * canvas.width, ((clientY - top) / height) * canvas.height];
  };
  Object.assign(pen, { strokeStyle: "white", lineCap: "round", lineJoin: "round", lineWidth: Number(sketch.querySelector("[data-brush]").value) });
  pen.beginPath();
  pen.moveTo(...at(event));
  const line = (moved) => {
    pen.lineTo(...at(moved));
    pen.stroke();
  };
  const end = (ended) => {
    canvas.removeEventListener("pointermove", line);
    canvas.removeEventListener("pointerup", end);
    canvas.removeEventListener("pointercancel", end);
    if (ended.type === "pointerup") line(ended);
    canvas.toBlob((file) => keep(sketch, file), "image/png");
  };
  canvas.setPointerCapture(event.pointerId);
  canvas.addEventListener("pointermove", line);
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", end);
}

document.addEventListener("pointerdown", paint);

document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-sketch-file]") || !event.target.files.length) return;
  event.stopPropagation();
  keep(event.target.closest("[data-sketch]"), event.target.files[0]);
  event.target.value = "";
}, true);

document.addEventListener("click", (event) => {
  const sketch = event.target.closest("[data-sketch-clear]")?.closest("[data-sketch]");
  if (!sketch) return;
  changed(sketch);
  blacken(parts(sketch).canvas);
  write(sketch, "", "");
});

const begun = new WeakSet();
function begin() {
  for (const sketch of document.querySelectorAll("[data-sketch]")) {
    if (begun.has(sketch)) continue;
    begun.add(sketch);
    const { canvas } = parts(sketch);
    blacken(canvas);
    if (canvas.dataset.shown) show(sketch, canvas.dataset.shown);
  }
}

document.addEventListener("htmx:afterSettle", begin);
begin();
