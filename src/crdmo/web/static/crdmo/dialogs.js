// Dialogs and requests: the drawer of a thread, small questions, fragments, messages.
import { renew } from "./session.js";

export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

// What a person has chosen on this device; a browser that keeps nothing is no reason to fail.
export function stored(name, value) {
  try {
    if (value === undefined) return localStorage.getItem(name);
    localStorage.setItem(name, value);
  } catch { /* private mode: the choice lasts as long as the page */ }
  return value ?? null;
}

export function say(text, tone = "") {
  const note = document.createElement("div");
  note.className = `note ${tone}`;
  note.textContent = text;
  $("#status").append(note);
  setTimeout(() => note.remove(), 6000);
}

export const token = () => $("input[name=csrfmiddlewaretoken]")?.value || "";

// A request that finds the log-in ended asks the same person for the password and is then repeated, unchanged.
export async function request(url, options = {}) {
  const send = () => {
    const headers = { "X-Requested-With": "fragment", ...options.headers };
    if (options.method && options.method !== "GET") headers["X-CSRFToken"] = token();
    if (options.body instanceof FormData && options.body.has("csrfmiddlewaretoken")) options.body.set("csrfmiddlewaretoken", token());
    return fetch(url, { credentials: "same-origin", ...options, headers });
  };
  const answer = await send();
  if (answer.status !== 401) return answer;
  return (await renew(await answer.json().catch(() => ({})))) ? send() : null;
}

// What a refusal says, in one text.
export async function refusal(answer) {
  const told = await answer.json().catch(() => ({}));
  return { ...told, text: [told.detail || told.title || "That was not accepted.", ...(told.errors || []).map((e) => e.detail)].filter((t, i, all) => all.indexOf(t) === i).join(" ") };
}

// Times stand in UTC; the reader's own time and zone stand beside them where there is room, else in the title.
export function showLocalTimes(root) {
  const shown = new Intl.DateTimeFormat(undefined, { day: "2-digit", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short" });
  for (const time of $$("time[datetime*='T']", root)) {
    const local = shown.format(new Date(time.dateTime));
    time.title = local;
    if (new Date(time.dateTime).getTimezoneOffset()) time.dataset.local = local;
  }
}

let made = 0;
function build(kind, title) {
  const box = document.createElement("dialog"), head = document.createElement("header"), name = document.createElement("h2"),
    close = document.createElement("button"), body = document.createElement("div");
  box.className = kind;
  name.textContent = title;
  name.id = `dialog-title-${++made}`;
  close.type = "button";
  close.className = "quiet";
  close.textContent = "Close";
  close.addEventListener("click", () => box.close());
  body.className = "body";
  head.append(name, close);
  box.setAttribute("aria-labelledby", name.id);
  box.append(head, body);
  return box;
}

// Show a dialog; when it closes, the focus goes back to where it was opened.
export function show(box, from = document.activeElement) {
  if (!box.isConnected) document.body.append(box);
  box.addEventListener("close", () => { box.remove(); from?.isConnected && from.focus?.(); });
  box.addEventListener("click", (event) => { if (event.target === box && !box.matches(".signature, .firm")) box.close(); });
  box.showModal();
  return box;
}

export function ask(title, html, kind = "") {
  const box = build(kind, title);
  $(".body", box).innerHTML = html; // only called with text of this program
  return show(box);
}

async function fetched(url) {
  const answer = await request(url, { headers: { Accept: "text/html" } });
  if (!answer) return null;
  if (!answer.ok && !(answer.headers.get("Content-Type") || "").includes("text/html")) { say((await refusal(answer)).text, "bad"); return null; }
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

// A page, or its part marked with data-fragment, in a drawer at the right; the link stays a link to the whole page.
export async function openFragment(url, kind, from) {
  from?.setAttribute("aria-busy", "true");
  const page = await fetched(url).catch(() => { location.href = url; });
  from?.removeAttribute("aria-busy");
  if (!page) return;
  for (const open of $$("dialog.drawer")) open.close();
  const box = build(kind, $("h1, [data-title]", page)?.textContent.trim() || "Thread");
  const content = $("[data-fragment]", page) || $("main", page) || page.body;
  $(".body", box).append(...[...content.childNodes].map((node) => document.importNode(node, true)));
  const foot = document.createElement("footer"), whole = document.createElement("a");
  whole.className = "button";
  whole.href = url;
  whole.textContent = "Open as a page";
  foot.append(whole);
  box.append(foot);
  show(box, from);
  showLocalTimes(box);
}

// A dialog that the server draws, such as a signature: it is taken out of the page that holds it.
export async function openDialog(url, from) {
  const page = await fetched(url).catch(() => null);
  const found = page && $("dialog", page);
  if (!found) { if (page) location.href = url; return; }
  const box = document.importNode(found, true);
  box.removeAttribute("open");
  document.body.append(box);
  const { start } = await import("./signing.js");
  start(box, from, url);
}
