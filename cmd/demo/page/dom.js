// What the parts of the page share. All that comes from AWS gets into the page as text.

/** An element with properties, data-* by `data`, and children: nodes, or texts. */
export function el(name, properties = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key === "data") Object.assign(node.dataset, value);
    else if (key in node) node[key] = value;
    else node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

const drawn = new WeakMap();

/** Draws children anew where what they are drawn from has changed, and leaves the focus where it was. */
export function redraw(parent, from, draw) {
  const state = JSON.stringify(from);
  if (drawn.get(parent) === state) return;
  drawn.set(parent, state);
  const focused = parent.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  parent.replaceChildren(...draw());
  if (focused !== undefined) parent.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

const whole = new Intl.NumberFormat("en");
export const count = (n) => whole.format(Math.round(n));

export const plural = (n, noun) => `${count(n)} ${noun}${n === 1 ? "" : "s"}`;

/** A time of day, from Unix milliseconds. */
export function clock(ms, seconds = true) {
  return new Date(ms).toLocaleTimeString("en-GB", seconds ? {} : { hour: "2-digit", minute: "2-digit" });
}

/** A time span in its two largest units. */
export function span(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 48 * 3600) return `${Math.floor(s / 3600)} h`;
  return `${Math.floor(s / 86400)} days`;
}

/** Milliseconds, short. */
export const millis = (ms) =>
  ms >= 1000 ? `${(ms / 1000).toFixed(1)} s` : ms >= 10 || ms === 0 ? `${Math.round(ms)} ms` : `${ms.toFixed(1)} ms`;

export const percent = (p) => `${p >= 10 || p === 0 ? p.toFixed(0) : p.toFixed(1)} %`;

/** What is awaited, since when, and when it is late. */
export function awaited(view, what, within) {
  const since = (view.now - view.began) / 1000;
  const state =
    since <= within
      ? `It takes up to ${within} s; ${Math.round(since)} s are over.`
      : `Awaited for ${span(since * 1000)}, longer than it should take: the terminal may say why.`;
  return el("p", { className: "empty" }, what, el("span", { className: "quiet" }, ` ${state}`));
}
