import { gettext } from "./texts.js";

const QUIET = 5_000; // milliseconds after the connection until anything that can wait is fetched
const STAYS = 30_000; // milliseconds for which the question to try again is shown
const parts = [];

/**
 * A part of the page that the first screen does not need. `load` imports its module. It is fetched when the person opens it,
 * or earlier by `fetchWhenIdle`, so that it also opens without a network.
 *
 * Returns `open(place)`, which resolves with the module. If the module cannot be fetched, `place.show(text, {action, run,
 * stays})` offers to try again, and the promise waits for that. It never resolves if `open` is called again meanwhile, so
 * that two clicks open one dialog.
 */
export function onDemand(load) {
  let loading = null;
  let failures = 0;
  let latest = null;
  const fetchPart = () => {
    loading ??= load(failures).catch((error) => {
      loading = null;
      failures += 1;
      throw error;
    });
    return loading;
  };
  parts.push(fetchPart);
  return (place) =>
    new Promise((resolve) => {
      latest = resolve;
      const ifLatest = (step) => latest === resolve && step();
      const attempt = () =>
        fetchPart().then(
          (part) => ifLatest(() => resolve(part)),
          () => ifLatest(() => offerRetry(place, attempt, failures)),
        );
      attempt();
    });
}

/** A newer release has other files, so a second failure with a connection calls for the new page. */
function offerRetry(place, attempt, failures) {
  const isOutdated = failures > 1 && navigator.onLine;
  const action = isOutdated ? gettext("Reload the page") : gettext("Try again");
  const run = isOutdated ? () => location.reload() : attempt;
  place.show(gettext("This could not be loaded."), { action, run, stays: STAYS });
}

/** Fetch all parts once `client` is connected and the page has nothing else to do, unless the person saves data. */
export function fetchWhenIdle(client) {
  if (!navigator.connection?.saveData) afterFirstScreen(client, () => fetchNext([...parts]));
}

/** Call `step` once `client` is connected and the page has nothing else to do. */
export function afterFirstScreen(client, step) {
  const begin = () => setTimeout(() => whenIdle(step), QUIET);
  if (client.isConnected) return void begin();
  const stop = client.on("ready", () => {
    stop();
    begin();
  });
}

async function fetchNext([fetchPart, ...rest]) {
  if (!fetchPart) {
    document.documentElement.dataset.parts = "ready";
    return;
  }
  await fetchPart().catch(() => undefined); // fetched again when it is opened
  whenIdle(() => fetchNext(rest));
}

function whenIdle(step) {
  if (globalThis.requestIdleCallback) requestIdleCallback(step);
  else setTimeout(step, 0); // Safari
}
