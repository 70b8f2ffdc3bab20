// The signature dialog: it asks only after what is signed was seen to its end, and a refusal keeps what was typed.
import { $, $$, refusal, request, say, show } from "./dialogs.js";

export function enliven(root) {
  for (const box of $$("dialog[data-signature]", root)) start(box, null, location.href);
  for (const part of $$("[data-must-read]", root)) if (!part.closest("dialog[data-signature]")) mustRead(part);
}

function mustRead(part) {
  const button = $("[data-sign], button.primary", part.closest("form") || part.parentElement);
  if (!button || part.dataset.read || part.scrollHeight <= part.clientHeight + 4) return;
  const told = document.createElement("p");
  told.className = "read-on";
  told.id = "read-on";
  told.textContent = "Read to the end of what you sign; then the button opens.";
  part.after(told);
  part.tabIndex = 0;
  button.disabled = true;
  const look = () => {
    if (part.scrollTop + part.clientHeight < part.scrollHeight - 8) return;
    part.dataset.read = "1";
    button.disabled = false;
    told.remove();
    part.removeEventListener("scroll", look);
  };
  part.addEventListener("scroll", look, { passive: true });
}

export function start(box, from, url) {
  box.removeAttribute("open");
  show(box, from);
  wire(box, url);
}

function wire(box, url) {
  for (const close of $$("[data-close]", box)) {
    close.addEventListener("click", (event) => { if (!close.href || box.dataset.opened) { event.preventDefault(); box.close(); } });
  }
  box.dataset.opened = "1";
  for (const part of $$("[data-must-read]", box)) mustRead(part);
  const form = $("form", box);
  form?.addEventListener("submit", (event) => { event.preventDefault(); send(box, form, event.submitter, url); });
  const passkey = $("[data-use-passkey]", box);
  if (passkey) passkey.hidden = !window.PublicKeyCredential?.parseRequestOptionsFromJSON || !(passkey.dataset.usePasskey || form.dataset.options);
  passkey?.addEventListener("click", () => sign(box, form, passkey));
  ($("[role=alert], [aria-invalid=true]", box) || $("input:not([type=hidden]), textarea", box))?.focus();
}

async function sign(box, form, button) {
  try {
    const told = await (await request(button.dataset.usePasskey || form.dataset.options, { headers: { Accept: "application/json" } })).json();
    const options = told.request_options || told;
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options.publicKey || options);
    $("[name=signing_passkey]", form).value = JSON.stringify((await navigator.credentials.get({ publicKey })).toJSON());
    form.noValidate = true;
    form.requestSubmit();
  } catch (error) {
    say(`The device gave no passkey (${error.name}). Try again, or type the password.`, "bad");
  }
}

async function send(box, form, submitter, url) {
  const body = new FormData(form, submitter), button = $("[data-sign], button.primary", form);
  box.setAttribute("aria-busy", "true");
  if (button) button.disabled = true;
  const answer = await request(form.action || url, { method: "POST", body, headers: { Accept: "text/html, application/json" } }).catch(() => null);
  box.removeAttribute("aria-busy");
  if (button) button.disabled = false;
  if (!answer) { say("The server does not answer. Nothing was signed; try again.", "bad"); return; }
  const isPage = (answer.headers.get("Content-Type") || "").includes("text/html");
  if (answer.ok && (answer.redirected || !isPage)) {
    const told = isPage ? {} : await answer.json().catch(() => ({}));
    location.assign(told.url || (answer.redirected ? answer.url : location.href));
    return;
  }
  if (!isPage) { refuse(form, (await refusal(answer)).text); return; }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const found = $("dialog[data-signature]", page);
  if (!found) { if (answer.ok) location.assign(answer.url); else refuse(form, $("h1", page)?.textContent || "That was not accepted."); return; }
  again(box, found, form, url);
}

// The server drew the dialog again with what is wrong: take its words, keep what was typed and that it was read.
function again(box, found, form, url) {
  const typed = new Map([...form.elements].filter((f) => f.name && f.type !== "hidden").map((f) => [f.name, f.value]));
  const read = $$("[data-must-read]", box).map((part) => part.dataset.read);
  box.replaceChildren(...[...found.childNodes].map((node) => document.importNode(node, true)));
  for (const field of $("form", box).elements) {
    if (field.type !== "hidden" && typed.has(field.name) && !field.matches("[aria-invalid=true]")) field.value = typed.get(field.name);
  }
  $$("[data-must-read]", box).forEach((part, i) => { if (read[i]) part.dataset.read = read[i]; });
  wire(box, url);
}

function refuse(form, text) {
  let place = $("[role=alert]", form);
  if (!place) {
    place = document.createElement("div");
    place.className = "error-summary";
    place.setAttribute("role", "alert");
    place.tabIndex = -1;
    $("header", form)?.after(place);
  }
  place.innerHTML = "<h3>There is a problem</h3><p></p>";
  $("p", place).textContent = text;
  place.focus();
}
