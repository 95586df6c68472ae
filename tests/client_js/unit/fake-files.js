/** The uploads of a `FakeServer`. With `isDirect`, also the storage that takes files directly. */
export class FakeFiles {
  uploads = new Map(); // id → attachment
  removed = [];
  isDirect = false;
  refuses = () => null; // (request) → [status, error] to answer instead
  #next = 1;

  answer(request) {
    const { method, path, body } = request;
    if (path === "/bucket") return this.refuses(request) ?? [200, {}];
    if (!path.startsWith("/chat/uploads")) return null;
    const refusal = this.refuses(request);
    if (refusal) return [refusal[0], { error: refusal[1] }];
    if (path === "/chat/uploads/begin") return this.#begin(body);
    if (path.endsWith("/complete")) return [200, this.uploads.get(path.split("/").at(-2))];
    if (method === "DELETE") {
      this.removed.push(path.split("/").at(-1));
      return [204, null];
    }
    return [201, this.#store(body.file.name, body.file.size, body.kind)];
  }

  use(id) {
    const attachment = this.uploads.get(id);
    this.uploads.delete(id);
    return attachment;
  }

  #begin({ name, size, kind }) {
    if (!this.isDirect) return [409, { error: { code: "conflict", message: "not here" } }];
    const { id } = this.#store(name, size, kind);
    return [201, { id, upload: { method: "POST", url: "http://storage.test/bucket", fields: { key: id } } }];
  }

  #store(name, size, kind = "file") {
    const attachment = { id: `a${this.#next++}`, kind, name, size, state: "processing", url: null };
    this.uploads.set(attachment.id, attachment);
    return attachment;
  }
}
