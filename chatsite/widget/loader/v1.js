/*
 * The chat of a business on its own pages: a button, and a frame that is loaded when somebody opens it.
 *
 *   <script async src="https://chat.example/widget/v1.js" data-business="slug" data-token="…"></script>
 *
 * It adds one name to the page, `BusinessChat`, reads no cookie, and accepts messages only from its frame. This part
 * stores calls of the page until the rest is loaded. See docs/widget.md.
 */
(() => {
  "use strict";
  const script = document.currentScript ?? document.querySelector('script[data-business][src*="/widget/v1.js"]');
  if (!script || window.BusinessChat) return;

  const options = { ...script.dataset, base: new URL(".", script.src) };
  const query = options.lang ? `?lang=${encodeURIComponent(options.lang)}` : "";
  const listeners = new Map();
  let identity = options.token || null; // a token, a function that returns one, or null for nobody
  let widget = null;
  let isGone = false;

  const emit = (event, data) => {
    for (const listener of [...(listeners.get(event) ?? [])]) {
      try {
        listener(data);
      } catch (error) {
        reportError(error);
      }
    }
  };
  const page = {
    options,
    query,
    emit,
    isIdentified: () => identity !== null,
    token: async () => (typeof identity === "function" ? identity() : identity),
  };

  const start = async () => {
    try {
      const address = new URL(`config/${encodeURIComponent(options.business ?? "")}.js${query}`, options.base);
      const { default: configuration } = await import(address.href);
      const { Widget } = await import(new URL(configuration.entry, options.base).href);
      if (document.readyState === "loading") {
        await new Promise((parsed) => addEventListener("DOMContentLoaded", parsed, { once: true }));
      }
      if (!isGone) widget = Widget.on(page, configuration);
    } catch (error) {
      console.warn(`BusinessChat: no chat of "${options.business}" can be shown here. ${error.message}`);
      emit("error", { code: "unreachable" });
    }
  };
  const started = start();

  window.BusinessChat = Object.freeze({
    open: async () => {
      await started;
      widget?.open();
    },
    close: () => widget?.close(),
    /** Set the visitor: a token of your server, a function that fetches one, or null. */
    identify: (next) => {
      identity = next || null;
      widget?.identityChanged();
    },
    /** The visitor has signed out on your site. */
    logout: () => {
      identity = null;
      widget?.logout();
    },
    /** "light", "dark", "system" (the device's), or "auto" (the page's). */
    setTheme: (name) => {
      options.theme = name;
      widget?.retheme();
    },
    /** Calls `listener` for each `ready`, `open`, `close`, `unread` (a count) or `error` ({code}). Returns a function to stop. */
    on: (event, listener) => {
      if (!listeners.has(event)) listeners.set(event, new Set());
      listeners.get(event).add(listener);
      return () => listeners.get(event).delete(listener);
    },
    destroy: () => {
      isGone = true;
      widget?.destroy();
      listeners.clear();
      delete window.BusinessChat;
    },
    get isOpen() {
      return widget?.isOpen ?? false;
    },
    get unread() {
      return widget?.unread ?? 0;
    },
  });
})();
