const PATIENCE = 15_000; // milliseconds in which the host page must give a token

/**
 * The page around the frame. The browser loads the frame only in pages that the business has listed. This class checks each
 * message against the same list, and sends only to that page's origin.
 */
export class HostPage {
  #origins;
  #handlers;
  #origin = null;
  #waiting = []; // calls that wait for a token
  isIdentified = false;
  isShown = false;
  theme = "light";
  page = null; // `{url, title}` of where the widget was opened
  kept = {}; // by name, data that the page keeps if the browser forbids the frame storage

  /** `handlers`: a function for each type of message. */
  constructor(origins, handlers) {
    this.#origins = origins;
    this.#handlers = handlers;
    window.addEventListener("message", (event) => this.#hear(event));
  }

  tell(message) {
    if (this.#origin) window.parent.postMessage({ businessChat: 1, ...message }, this.#origin);
  }

  keep(name, text) {
    this.kept = { ...this.kept, [name]: text };
    this.tell({ type: "keep", name, text });
  }

  /** A token of the host's server for its visitor, or null if nobody is signed in there. */
  askToken() {
    return new Promise((resolve, reject) => {
      const late = Object.assign(new Error("The page gave no token."), { code: "unreachable" });
      const timer = setTimeout(() => reject(late), PATIENCE);
      this.#waiting.push((token) => {
        clearTimeout(timer);
        resolve(token);
      });
      this.tell({ type: "want-token" });
    });
  }

  #hear({ origin, source, data }) {
    if (source !== window.parent || !this.#origins.some((pattern) => covers(pattern, origin))) return;
    if (data?.businessChat !== 1 || typeof data.type !== "string") return;
    if (data.type !== "hello" && origin !== this.#origin) return;
    this.#origin = origin;
    this.#take(data);
    if (Object.hasOwn(this.#handlers, data.type)) this.#handlers[data.type](data);
  }

  #take(data) {
    if ("identified" in data) this.isIdentified = data.identified === true;
    if ("theme" in data) this.theme = data.theme === "dark" ? "dark" : "light";
    if (data.type === "hello") {
      this.isShown = data.visible === true;
      this.kept = { ...data.kept };
    }
    if (data.type === "show" || data.type === "hide") this.isShown = data.type === "show";
    if (data.type === "show") this.page = pageOf(data);
    if (data.type === "logout") this.isIdentified = false;
    if (data.type === "token") {
      for (const give of this.#waiting.splice(0)) give(typeof data.token === "string" ? data.token : null);
    }
  }
}

function pageOf({ page }) {
  return typeof page?.url === "string" ? { url: page.url, title: String(page.title ?? "").slice(0, 200) } : null;
}

function covers(pattern, origin) {
  const [scheme, domain] = pattern.split("://*.");
  if (domain === undefined) return origin === pattern;
  return origin.startsWith(`${scheme}://`) && origin.endsWith(`.${domain}`);
}
