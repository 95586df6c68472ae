import { ChatError } from "./errors.js";

const STALLED = 60_000; // milliseconds without progress after which the connection counts as dead
const SLOWEST = 8; // bytes per millisecond, if no progress is reported

/**
 * Send a request with a large body. Returns `{status, body}` with the text of the answer. `onProgress(sent)` gets
 * the number of sent bytes. Uses XMLHttpRequest if there is one, because `fetch` reports no upload progress.
 *
 * `request`: method, url, headers, body, size, cookies (whether to send the site's cookies).
 */
export function transfer(request, { clock, fetch, XMLHttpRequest, onProgress, signal }) {
  const watch = { clock, onProgress, signal };
  return XMLHttpRequest ? byXhr(new XMLHttpRequest(), request, watch) : byFetch(fetch, request, watch);
}

function byXhr(xhr, { method, url, headers, body, cookies }, { clock, onProgress, signal }) {
  return new Promise((resolve, reject) => {
    let timer = null;
    const abort = () => xhr.abort();
    const renew = () => {
      clock.clearTimeout(timer);
      timer = clock.setTimeout(abort, STALLED);
    };
    const end = (step) => () => {
      clock.clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      step();
    };
    xhr.open(method, url);
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
    xhr.withCredentials = cookies;
    xhr.upload.onprogress = ({ loaded }) => {
      renew();
      onProgress(loaded);
    };
    xhr.onload = end(() => resolve({ status: xhr.status, body: xhr.responseText }));
    xhr.onerror = end(() => reject(unreachable("the connection ended")));
    xhr.onabort = end(() => reject(signal.aborted ? signal.reason : unreachable("the upload stood still")));
    signal.addEventListener("abort", abort);
    renew();
    xhr.send(body);
  });
}

async function byFetch(fetch, { method, url, headers, body, size, cookies }, { clock, onProgress, signal }) {
  const aborter = new AbortController();
  const abort = () => aborter.abort();
  signal.addEventListener("abort", abort);
  const timer = clock.setTimeout(abort, STALLED + size / SLOWEST);
  try {
    const response = await fetch(url, {
      method,
      headers,
      body,
      credentials: cookies ? "same-origin" : "omit",
      cache: "no-store",
      signal: aborter.signal,
    });
    onProgress(size);
    return { status: response.status, body: await response.text() };
  } catch (error) {
    throw signal.aborted ? signal.reason : unreachable(error.message);
  } finally {
    clock.clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}

function unreachable(reason) {
  return new ChatError("unreachable", `No answer: ${reason}`);
}
