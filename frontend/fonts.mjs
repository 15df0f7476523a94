// Brings the Latin typeface (Geist, SIL Open Font License) beside the other static files. Japanese uses the system's own.
import { copyFileSync, mkdirSync } from "node:fs";

const FROM = "node_modules/@fontsource-variable/geist";
const TO = "../platform/imprimatur/static/fonts";

mkdirSync(TO, { recursive: true });
copyFileSync(`${FROM}/files/geist-latin-wght-normal.woff2`, `${TO}/geist.woff2`);
copyFileSync(`${FROM}/LICENSE`, `${TO}/geist-LICENSE.txt`);
