// One job, live: server-sent events carry the row's newest state; polling takes over where a stream cannot.

const live = document.getElementById("job");
const spoken = document.getElementById("job-spoken");
const SPEAK_EVERY = 5000;
const POLL_EVERY = 2000;
let lastSpoken = 0;
let version = Number(live.dataset.version);

function speak(words, urgent) {
  const now = Date.now();
  if (!urgent && now - lastSpoken < SPEAK_EVERY) return;
  lastSpoken = now;
  if (spoken.textContent !== words) spoken.textContent = words;
}

function show(update) {
  if (update.version < version) return;
  version = update.version;
  const moved = live.dataset.state !== update.state;
  const bar = live.querySelector("progress");
  if (!moved && bar && update.step !== undefined && update.state === "drawing") {
    bar.value = update.step;
    live.querySelector("[data-step]").textContent = update.step;
  } else {
    live.innerHTML = update.html;
    live.dataset.state = update.state;
    if (window.htmx) window.htmx.process(live);
  }
  document.title = update.title;
  speak(update.words, moved);
}

function poll() {
  const timer = setInterval(async () => {
    const answer = await fetch(live.dataset.poll, { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const update = await answer.json();
    show(update);
    if (update.final) clearInterval(timer);
  }, POLL_EVERY);
}

function listen() {
  const stream = new EventSource(live.dataset.events);
  stream.addEventListener("snapshot", (event) => {
    const update = JSON.parse(event.data);
    show(update);
    if (update.final) stream.close();
  });
  stream.addEventListener("error", () => {
    if (stream.readyState === EventSource.CLOSED) poll();
  });
  addEventListener("pagehide", () => stream.close());
}

if (live.dataset.final !== "yes") listen();
