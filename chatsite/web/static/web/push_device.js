import { getPreference, setPreference } from "./preferences.js";

const NAME = "push"; // the person, the session, the id and the endpoint of the subscription that the server has, and the day

/** The push subscription of this browser, and its service worker. */
export class PushDevice {
  #rest;
  #userId;
  #key;
  #worker;
  #session;

  /** `push` is `{key, worker, session}` of the page's session; the key is empty if the site sends no push. */
  constructor({ rest, userId, push }) {
    this.#rest = rest;
    this.#userId = userId;
    this.#key = push.key;
    this.#worker = push.worker;
    this.#session = push.session;
  }

  get isPossible() {
    return Boolean(this.#key) && "serviceWorker" in navigator && "PushManager" in globalThis;
  }

  /** The id of the subscription, as the server knows it. */
  get id() {
    const stored = this.#stored();
    return stored?.userId === this.#userId ? stored.id : null;
  }

  /** Subscribe if permission was granted, or check that the server still has the subscription. */
  async subscribe() {
    const registration = await this.#register();
    const subscription = await this.#subscription(registration);
    const day = new Date().toDateString();
    const now = { userId: this.#userId, session: this.#session, endpoint: subscription.endpoint, day };
    const stored = this.#stored();
    if (stored && Object.entries(now).every(([name, value]) => stored[name] === value)) return;
    const { id } = await this.#rest.post("/push/subscriptions", subscription.toJSON());
    setPreference(NAME, JSON.stringify({ ...now, id }));
  }

  async unsubscribe() {
    const { id } = this;
    setPreference(NAME, null);
    const subscription = await (await this.#registration())?.pushManager.getSubscription();
    await subscription?.unsubscribe();
    if (id) await this.#rest.delete(`/push/subscriptions/${id}`).catch((error) => error.code !== "not_found" && rethrow(error));
  }

  /** End the subscription because the user signs out. */
  async endWithSession() {
    if (this.id) await this.unsubscribe();
  }

  /** Show a notification. A later push about the conversation replaces it. */
  async show(title, options) {
    const registration = await this.#registration();
    if (!registration?.active) return false;
    await registration.showNotification(title, options);
    return true;
  }

  #stored() {
    try {
      return JSON.parse(getPreference(NAME));
    } catch {
      return null;
    }
  }

  #registration() {
    return navigator.serviceWorker.getRegistration(this.#worker);
  }

  /** Not `ready`: it waits for a worker that controls this page, and this worker controls no page. */
  async #register() {
    const registration = await navigator.serviceWorker.register(this.#worker, { updateViaCache: "none" });
    const coming = registration.installing ?? registration.waiting;
    if (!registration.active && coming) {
      await new Promise((resolve) => coming.addEventListener("statechange", () => coming.state === "activated" && resolve()));
    }
    return registration;
  }

  async #subscription({ pushManager }) {
    const existing = await pushManager.getSubscription();
    if (existing && keyOf(existing) === this.#key) return existing;
    await existing?.unsubscribe(); // made with another key, which the server no longer has
    return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: this.#key });
  }
}

/** For pages on which nobody is signed in: end the pushes for the person who was signed in last. */
export async function endSubscription(worker) {
  setPreference(NAME, null);
  const registration = await navigator.serviceWorker?.getRegistration(worker);
  const subscription = await registration?.pushManager?.getSubscription();
  await subscription?.unsubscribe();
}

function keyOf({ options }) {
  const bytes = String.fromCharCode(...new Uint8Array(options.applicationServerKey ?? []));
  return btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function rethrow(error) {
  throw error;
}
