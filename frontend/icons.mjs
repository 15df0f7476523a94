// Compiles the icons we use into one sprite: no icon is fetched alone, none is inlined twice.
import { readFileSync, writeFileSync } from "node:fs";

const ICONS = `alert-triangle arrow-back-up arrow-left arrow-right ban bell brush building certificate check checks
  chevron-down chevron-right circle-check circle-dashed circle-plus circle-x clipboard-check clock clock-exclamation copy
  download droplet external-link eye file-certificate file-text gavel hand-grab help history home hourglass info-circle
  key keyboard language layers-intersect link list-details lock logout menu-2 message message-2 minus moon photo
  photo-check photo-search photo-up player-pause player-play plus refresh rosette-discount-check rubber-stamp selector send settings
  shield-check shield-exclamation shield-x sparkles sun sun-moon template trash upload user user-question users versions x
  zoom-check`.split(/\s+/);
const FROM = "node_modules/@tabler/icons/icons/outline";
const TO = "../platform/imprimatur/static/icons.svg";

const symbol = (name) => {
  const svg = readFileSync(`${FROM}/${name}.svg`, "utf8");
  const paths = [...svg.matchAll(/<path d="[^"]+" \/>/g)].map((m) => m[0]).join("");
  return `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round">${paths}</symbol>`;
};

writeFileSync(
  TO,
  `<!-- Tabler Icons, MIT licence, (c) Pawel Kuna. Built by frontend/icons.mjs. -->\n` +
    `<svg xmlns="http://www.w3.org/2000/svg">\n${ICONS.map(symbol).join("\n")}\n</svg>\n`,
);
