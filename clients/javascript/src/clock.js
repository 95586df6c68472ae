/** Time and randomness, in one object that tests replace. */
export const systemClock = {
  now: () => Date.now(),
  setTimeout: (callback, delay) => setTimeout(callback, delay),
  clearTimeout: (timer) => clearTimeout(timer),
  random: () => Math.random(),
};

/** Whether less than `span` milliseconds have passed since `at`. A clock that was set back does not stretch them by more than that. */
export function isWithin(clock, at, span) {
  return Math.abs(clock.now() - at) < span;
}

/** `done` resolves after the delay, or as soon as somebody calls `end()`. */
export function pause(clock, delay) {
  let end = null;
  const done = new Promise((resolve) => {
    end = resolve;
    clock.setTimeout(resolve, delay);
  });
  return { done, end };
}

const BASE = 1_000;
const CAP = 30_000;
const MAX_SERVER_DELAY = 300_000;
const AFTER_FLOOD = 10_000; // added if the server closed the socket because of too many frames

/**
 * Full jitter: clients that lost their connections together reconnect at different times. A server that stops tells each client
 * when to reconnect: `serverDelay`, in milliseconds.
 */
export function backoff(clock, attempt, { flooded = false, serverDelay = null } = {}) {
  if (serverDelay !== null) return Math.min(serverDelay, MAX_SERVER_DELAY);
  const spread = Math.min(CAP, BASE * 2 ** Math.min(attempt, 10));
  return (flooded ? AFTER_FLOOD : 0) + clock.random() * spread;
}
