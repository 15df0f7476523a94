// The choices of a template are edited as fields and travel as JSON in one hidden input.

const store = document.querySelector("input[name=variables]");
const list = document.getElementById("variables");
const wording = document.querySelector("[name=text]");
const preview = document.getElementById("prompt-preview");
const field = (root, name) => root.querySelector(`[data-field="${name}"]`);
const fresh = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);

function addOption(box, option = { token: "", label: {} }) {
  const row = fresh("option-template");
  field(row, "token").value = option.token;
  field(row, "en").value = option.label.en ?? "";
  field(row, "ja").value = option.label.ja ?? "";
  const tagged = option.contexts ?? [];
  for (const context of row.querySelectorAll("[data-context]")) context.checked = tagged.includes(context.value);
  row.querySelector("details").open = tagged.length > 0;
  box.querySelector("[data-options]").append(row);
  return row;
}

function addVariable(variable = { name: "", label: {}, options: [] }) {
  const box = fresh("variable-template");
  field(box, "name").value = variable.name;
  field(box, "en").value = variable.label.en ?? "";
  field(box, "ja").value = variable.label.ja ?? "";
  list.append(box);
  for (const option of variable.options) addOption(box, option);
  if (!variable.options.length) addOption(box);
  return box;
}

const readOption = (row) => ({
  token: field(row, "token").value.trim(),
  label: { en: field(row, "en").value.trim(), ja: field(row, "ja").value.trim() },
  contexts: [...row.querySelectorAll("[data-context]:checked")].map((context) => context.value),
});

const readVariable = (box) => ({
  name: field(box, "name").value.trim(),
  label: { en: field(box, "en").value.trim(), ja: field(box, "ja").value.trim() },
  options: [...box.querySelectorAll("[data-option]")].map(readOption).filter((option) => option.token),
});

function keep() {
  const variables = [...list.children].map(readVariable);
  store.value = JSON.stringify(variables);
  const words = Object.fromEntries(variables.map((v) => [v.name, v.options[0]?.token ?? `{${v.name}}`]));
  const examples = preview.dataset.subjects.split(" ");
  const subject = (name) => examples[name === "subject" ? 0 : Number(/^subject([2-4])$/.exec(name)?.[1]) - 1];
  preview.textContent = wording.value.replace(/\{(\w+)\}/g, (all, name) => words[name] ?? subject(name) ?? all);
}

document.addEventListener("click", (event) => {
  const at = (selector) => event.target.closest(selector);
  if (at("[data-add-variable]")) field(addVariable(), "name").focus();
  else if (at("[data-add-option]")) field(addOption(at("[data-variable]")), "token").focus();
  else if (at("[data-remove]")) (at("[data-option]") ?? at("[data-variable]")).remove();
  else return;
  keep();
});

document.addEventListener("input", keep);
for (const variable of JSON.parse(store.value || "[]")) addVariable(variable);
keep();
