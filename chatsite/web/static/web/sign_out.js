const WAIT = 2_000; // milliseconds that signing out waits for both

/** Before `form` ends the session, send the changes that could still be undone, and end the pushes of this browser. */
export function prepareSignOut(form, { client, device }) {
  const prepare = async (event) => {
    event.preventDefault();
    event.stopImmediatePropagation(); // the page's own listener would stop the client
    const done = Promise.allSettled([client.flush(), device.endWithSession()]); // the sign-in page tries to end the pushes again
    await Promise.race([done, new Promise((resolve) => setTimeout(resolve, WAIT))]);
    client.close();
    form.submit();
  };
  form?.addEventListener("submit", prepare, { capture: true });
}
