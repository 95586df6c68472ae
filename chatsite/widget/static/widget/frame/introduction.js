/** Asks a guest for a name and an e-mail address, after the first message. */
export class Introduction {
  #form = document.getElementById("introduction");
  #error = document.getElementById("introduction-error");
  #texts;

  /** `save({name, email})` rejects with an error's code; `done()` returns to the conversation. */
  constructor(texts, { save, done }) {
    this.#texts = texts;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      const given = Object.fromEntries([...new FormData(this.#form)].map(([name, value]) => [name, value.trim()]));
      this.#save(given, save, done);
    });
    this.#form.querySelector(".later").addEventListener("click", () => {
      this.hide();
      done();
    });
  }

  show() {
    this.#form.hidden = false;
  }

  hide() {
    this.#form.hidden = true;
    this.#form.reset();
  }

  async #save(given, save, done) {
    this.#error.hidden = true;
    try {
      if (Object.values(given).some(Boolean)) await save(given);
      this.hide();
      done();
    } catch (error) {
      this.#error.textContent = this.#texts[error.code] ?? this.#texts.unreachable;
      this.#error.hidden = false;
    }
  }
}
