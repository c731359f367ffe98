// Sends without leaving the page, keeps what is not sent yet, and fetches what we say unasked.
// Without this file everything still works by posting forms; see templates/page.html.

import { record } from "./record.js";
import { shrunk } from "./picture.js";

const LARGEST = 10 * 1024 * 1024; // bytes, as the server takes
const PATIENCE = 20_000; // milliseconds for words; files get more
const LONGEST_REST = 30_000; // milliseconds between tries
const LOOK_EVERY = 60_000; // milliseconds; beside the open line, for whoever is connected to another process

const find = (selector, from = document) => from.querySelector(selector);
const log = find("#log");
const box = find("#text");
const status = find("#status");
const problem = find("#problem");
const token = log.dataset.token;

document.documentElement.classList.add("js");
if (/Android|HarmonyOS/i.test(navigator.userAgent)) document.documentElement.classList.add("android");

// What is not sent yet, oldest first: {id, fields, file, words, element, tries}. Files cannot outlive the page.
const queue = [];
let busy = false;
let timer = 0;

const freshId = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");

function keep(name, value) {
  try {
    if (value) sessionStorage.setItem(name, value);
    else sessionStorage.removeItem(name);
  } catch {
    // Private windows may refuse; then a reload loses the draft, and nothing else.
  }
}

function kept(name) {
  try {
    return sessionStorage.getItem(name);
  } catch {
    return null;
  }
}

const keepQueue = () => {
  const words = queue.filter((item) => !item.file).map(({ id, fields, words }) => ({ id, fields, words }));
  keep("unsent", words.length ? JSON.stringify(words) : "");
};

// Showing

function complain(sentence) {
  problem.textContent = sentence;
  problem.hidden = !sentence;
}

function isAtEnd() {
  return innerHeight + scrollY >= document.documentElement.scrollHeight - 160;
}

// To the end, but never past the beginning of what is new: it is read from its first word on.
function scrollTo(first) {
  const end = document.documentElement.scrollHeight - innerHeight;
  const top = first ? first.getBoundingClientRect().top + scrollY - 8 : end;
  window.scrollTo(0, Math.min(end, top));
}

function lastTurn() {
  const turns = log.querySelectorAll(".turn:not(.waiting)");
  const last = turns[turns.length - 1];
  return last && last.id !== "greeting" ? last.id : "";
}

function show(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  const fresh = [...holder.content.querySelectorAll(".turn")].filter((turn) => !document.getElementById(turn.id));
  if (!fresh.length) return fresh;
  if (fresh.some((turn) => turn.id.startsWith("hello-"))) find("#greeting")?.remove();
  const answered = fresh.some((turn) => "mine" in turn.dataset);
  if (answered) settleQuestions();
  for (const turn of fresh) {
    const done = queue.findIndex((item) => turn.id.includes(item.id));
    if (done >= 0) queue.splice(done, 1)[0].element.remove();
    log.insertBefore(turn, find(".waiting", log));
  }
  keepQueue();
  readyBox();
  return fresh;
}

// The questions before are answered: their buttons stay where they are, to be read.
function settleQuestions() {
  for (const form of log.querySelectorAll(".question:not(.answered)")) {
    form.classList.add("answered");
    for (const button of form.querySelectorAll(".choice")) button.disabled = true;
  }
}

// A phone number is asked for: the telephone may offer its own, and the digits.
function readyBox() {
  const wanted = find(".question[data-contact]:not(.answered)", log) !== null;
  box.setAttribute("autocomplete", wanted ? "tel" : "off");
  box.setAttribute("inputmode", wanted ? "tel" : "text");
}

function waiting(item) {
  const turn = document.createElement("section");
  turn.className = "turn waiting";
  const mine = document.createElement("div");
  mine.className = "mine";
  mine.innerHTML = '<span class="unseen">您说：</span><p></p>';
  find("p", mine).textContent = item.words;
  turn.append(mine);
  log.append(turn);
  return turn;
}

function mark(item, failed) {
  find(".state", item.element)?.remove();
  const state = document.createElement(failed ? "button" : "p");
  state.className = failed ? "state small" : "state";
  state.textContent = failed ? "没发出去，点这里再发" : "正在发送…";
  if (failed) {
    state.type = "button";
    state.addEventListener("click", () => pump(true));
    status.textContent = "没发出去。有了网络会自己再发。";
  }
  item.element.append(state);
}

// Sending: one after the other, so that the order stays

function send(words, fields, file = null) {
  complain("");
  const item = { id: freshId(), fields, file, words, tries: 0 };
  item.element = waiting(item);
  queue.push(item);
  keepQueue();
  mark(item, false);
  scrollTo();
  pump();
}

async function pump(now = false) {
  if (busy || !queue.length) return;
  if (timer && !now) return;
  clearTimeout(timer);
  timer = 0;
  busy = true;
  const item = queue[0];
  for (const one of queue) mark(one, false);
  const outcome = await attempt(item);
  busy = false;
  if (outcome.html !== undefined) {
    status.textContent = "";
    show(outcome.html);
    if (queue[0] === item) drop(item);
    arrived(item);
  } else if (outcome.rest === undefined) {
    drop(item);
    giveBack(item, outcome.sentence);
  } else {
    item.tries += 1;
    for (const one of queue) mark(one, !outcome.soon);
    if (outcome.sentence) complain(outcome.sentence);
    timer = setTimeout(() => pump(true), outcome.rest);
    return;
  }
  pump();
}

function drop(item) {
  const place = queue.indexOf(item);
  if (place >= 0) queue.splice(place, 1);
  item.element.remove();
  keepQueue();
}

// It was not taken, and sending it again would change nothing: the words go back where they can be changed.
function giveBack(item, sentence) {
  complain(sentence);
  if (item.fields.text && !box.value && !item.file) {
    box.value = item.fields.text;
    fit();
  }
}

async function attempt(item) {
  const body = new FormData();
  for (const [name, value] of Object.entries(item.fields)) body.append(name, value);
  if (item.file) body.append("file", item.file, item.file.name || "voice");
  for (const [name, value] of [["id", item.id], ["token", token], ["after", lastTurn()]]) body.append(name, value);
  const rest = Math.min(LONGEST_REST, 2000 * 2 ** Math.min(item.tries, 5));
  try {
    const answer = await post("/chat", body, item.file ? PATIENCE * 6 : PATIENCE);
    if (answer.ok) return await answer.json();
    if (answer.status === 403) {
      // The page is older than its cookie. Opened anew it knows who we are, and what is unsent is sent then.
      if (kept("reopened") !== item.id) {
        keep("reopened", item.id);
        location.reload();
      }
      return { rest, sentence: (await answer.json()).problem };
    }
    if (answer.status === 429) {
      return { rest: 1000 * Number(answer.headers.get("retry-after") || 2), soon: true };
    }
    if (answer.status < 500) return { sentence: (await answer.json()).problem };
    return { rest };
  } catch {
    return { rest };
  }
}

async function post(address, body, patience) {
  const impatience = new AbortController();
  const alarm = setTimeout(() => impatience.abort(), patience);
  try {
    const headers = { Accept: "application/json" };
    return await fetch(address, { method: "POST", body, headers, credentials: "same-origin", signal: impatience.signal });
  } finally {
    clearTimeout(alarm);
  }
}

// Who tapped goes on with the answer; who types stays in the box. The keyboard of a phone must not jump up.
function arrived(item) {
  const turn = [...log.children].find((one) => one.id.includes(item.id));
  if (!turn) return;
  scrollTo(turn);
  const lost = document.activeElement === document.body || document.activeElement?.disabled;
  if (lost) find(".reply", turn)?.focus({ preventScroll: true });
}

// What we say unasked

let looking = false;
let lookAgain = false;

async function look() {
  if (looking) {
    lookAgain = true;
    return;
  }
  looking = true;
  lookAgain = false;
  try {
    const body = new FormData();
    body.append("token", token);
    body.append("after", lastTurn());
    const answer = await post("/chat/news", body, PATIENCE);
    if (answer.ok) {
      const wasAtEnd = isAtEnd();
      const fresh = show((await answer.json()).html);
      if (!fresh.length || busy) return; // the answer that is on its way decides where to look
      if (wasAtEnd) scrollTo(fresh[0]);
      else find("#fresh").hidden = false;
    }
  } catch {
    // No network: the open line notices when it is back, and we look again then.
  } finally {
    looking = false;
    if (lookAgain) look();
  }
}

let line = null;

function listen() {
  line?.close();
  line = new EventSource("/chat/events");
  line.addEventListener("open", () => {
    look();
    pump(true);
  });
  line.addEventListener("news", look);
  line.addEventListener("error", () => {
    if (line.readyState === EventSource.CLOSED) setTimeout(listen, 10_000);
  });
}

addEventListener("online", () => {
  pump(true);
  listen();
});
addEventListener("pageshow", (event) => event.persisted && look());
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && (look(), pump(true)));
setInterval(() => document.visibilityState === "visible" && look(), LOOK_EVERY);
find("#fresh").addEventListener("click", () => scrollTo());
addEventListener("scroll", () => isAtEnd() && (find("#fresh").hidden = true), { passive: true });

// What the person does

function fit() {
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight + 4}px`;
  keep("draft", box.value);
}

box.addEventListener("input", fit);
box.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) {
    event.preventDefault();
    say();
  }
});

function say() {
  const text = box.value.trim();
  if (!text) {
    box.focus();
    return;
  }
  box.value = "";
  fit();
  send(text, { text });
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  const which = form.getAttribute("id"); // form.id would be its field of that name
  const button = event.submitter;
  if (which === "sizes") {
    event.preventDefault();
    resize(button);
    return;
  }
  event.preventDefault();
  if (which === "say") {
    say();
  } else if (which === "start") {
    form.remove();
    send("打开", { payload: form.elements.payload.value });
  } else if (button?.name === "choice") {
    const turn = form.elements.turn.value;
    send(button.lastElementChild.textContent.trim(), turn ? { choice: button.value, turn } : { choice: button.value });
  } else if (button?.name === "text") {
    send(button.value, { text: button.value });
  }
});

function resize(button) {
  const size = Number(button.value);
  const largest = 2;
  document.documentElement.dataset.size = size;
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `hongyan_size=${size}; path=/; max-age=34560000; samesite=lax${secure}`;
  button.value = (size + 1) % (largest + 1);
  button.textContent = size === largest ? "字小些" : "字大些";
  fit();
}

// Files, voice, position

async function sendFile(file, words) {
  let small = file;
  if (file.type.startsWith("image/")) small = await shrunk(file);
  if (small.size > LARGEST) {
    complain("这个文件太大了，最多 10 MB。照片可以先截个图再发。");
    return;
  }
  send(words, {}, small);
}

for (const [selector, words] of [["#camera", "［照片］"], ["#album", "［照片］"], ["#voice-file", "［语音］"]]) {
  const input = find(selector);
  input.addEventListener("change", async () => {
    const files = [...input.files];
    input.value = "";
    for (const file of files) await sendFile(file, words);
  });
}

record({
  button: find("#voice"),
  panel: find("#recording"),
  tools: find("#tools"),
  send: (file) => sendFile(file, "［语音］"),
  otherwise: () => find("#voice-file").click(),
});

log.addEventListener("click", (event) => {
  const button = event.target.closest?.(".share-place");
  if (!button) return;
  if (!navigator.geolocation) {
    withoutPlace();
    return;
  }
  button.disabled = true;
  button.textContent = "正在找您的位置…";
  const again = () => {
    button.disabled = false;
    button.textContent = "把我的位置发过去";
  };
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      again();
      send("［我的位置］", { latitude: coords.latitude, longitude: coords.longitude });
    },
    () => {
      again();
      withoutPlace();
    },
    { enableHighAccuracy: true, timeout: 15_000, maximumAge: 60_000 },
  );
});

function withoutPlace() {
  complain("没找到您的位置，不要紧。把小区名或者路名告诉我就可以。");
  box.focus();
}

// Beginning

function takeUp() {
  const draft = kept("draft");
  if (draft && !box.value) box.value = draft;
  fit();
  let unsent = [];
  try {
    unsent = JSON.parse(kept("unsent") || "[]");
  } catch {
    keep("unsent", "");
  }
  for (const { id, fields, words } of unsent) {
    if ([...log.children].some((turn) => turn.id.includes(id))) continue;
    const item = { id, fields, file: null, words, tries: 0 };
    item.element = waiting(item);
    queue.push(item);
  }
  keepQueue();
}

settleOld();
takeUp();
readyBox();
if (find(".turn[data-mine]", log)) scrollTo(log.lastElementChild);
listen();
pump();
const start = find("#start");
if (start) {
  history.replaceState(null, "", "/chat");
  start.requestSubmit ? start.requestSubmit() : find("button", start).click();
}

// The server already marked what is answered; the smaller ways out go with it.
function settleOld() {
  for (const form of log.querySelectorAll(".question")) {
    const choices = [...form.querySelectorAll(".choice[name]")];
    if (choices.length && choices.every((button) => button.disabled)) form.classList.add("answered");
  }
}
