/** Named events. An error in a listener does not affect other listeners, and reaches the page's error handler. */
export class Emitter {
  #listeners = new Map();

  /** Call `listener` for each event of this name. Returns a function that removes the listener. */
  on(event, listener) {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners);
    // Wrap it, so that the same function can be added twice and each removed separately.
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
