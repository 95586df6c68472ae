/** Named events. A listener that throws disturbs nobody else, and its error still reaches the page's error handler. */
export class Emitter {
  #listeners = new Map();

  /** Calls `listener` for each such event; answers the function that ends this. */
  on(event, listener) {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners);
    // A wrapper of its own, so that the same function may listen twice and end each on its own.
    const call = (data) => listener(data);
    listeners.add(call);
    return () => listeners.delete(call);
  }

  emit(event, data) {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      try {
        listener(data);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
