// Small helpers that build and update the document. Text goes in as text only:
// nothing here, and nothing that uses it, writes markup.

/** make creates an element with properties and children (elements or text). */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "label") element.dataset.label = value;
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

/** say sets an element's text if it differs, so that selections survive a poll. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** mark sets an element's class names if they differ. */
export function mark(element, names) {
  if (element.className !== names) element.className = names;
}

/**
 * keep makes parent's children match items, in order. An item's element is made
 * once by create(item), kept by key(item), and updated by update(element, item).
 */
export function keep(parent, items, key, create, update) {
  const old = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const name = key(item);
    let element = old.get(name);
    old.delete(name);
    if (!element) {
      element = create(item);
      element.dataset.key = name;
    }
    update(element, item);
    if (element === place) place = place.nextElementSibling;
    else parent.insertBefore(element, place);
  }
  for (const gone of old.values()) gone.remove();
}

/** count is a number for people: 1,234,567. */
export const count = (n) => n.toLocaleString("en");

/** span is a duration in seconds for people: 0.4 s, 12 s, 3 min, 5 h, 2 d. */
export function span(seconds) {
  if (seconds < 10) return `${Math.max(seconds, 0).toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} d`;
}

/** ago is how long a time of the API lies back: "3 min", or "" for none. */
export function ago(time) {
  return time ? span((Date.now() - Date.parse(time)) / 1000) : "";
}
