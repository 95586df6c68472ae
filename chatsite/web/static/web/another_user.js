const KEY = "business-chat:signed-in"; // the id of the user of the page that was opened last

/**
 * Leave a page of one user when another one has signed in in this browser, in another tab. Returns a function that asks the server
 * who is signed in, for those who notice more. The body names the user, and the addresses to ask and to leave for.
 *
 * A page of this site tells the others at once. Other logins, such as that of Django admin, are noticed when the user comes back,
 * or when the server closes the socket. A page that `isSignedOut` starts again when the same user comes back signed in.
 */
export function leaveToAnotherUser({ isSignedOut = () => false } = {}) {
  const { user, me, home } = document.body.dataset;
  const ask = async () => {
    try {
      const answer = await fetch(me, { headers: { Accept: "application/json" }, cache: "no-store" });
      if (!answer.ok) return false;
      if (String((await answer.json()).id) === user) return true;
      location.replace(home);
    } catch (error) {
      console.warn(error); // no network: the server refuses this page until it asks again
    }
    return false;
  };
  if (!user) return ask; // a page for everybody
  addEventListener("storage", ({ key, newValue }) => key === KEY && newValue !== user && ask());
  addEventListener("pageshow", ({ persisted }) => persisted && ask()); // by the browser's Back
  let asking = null;
  const lookAgain = async () => {
    if ((await ask()) && isSignedOut()) location.reload();
  };
  const askOnce = () => (asking ??= lookAgain().finally(() => (asking = null)));
  addEventListener("focus", askOnce); // from another window
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && askOnce()); // from another tab
  try {
    localStorage.setItem(KEY, user);
  } catch (error) {
    console.warn(error); // storage is forbidden or full: other tabs notice by their sockets
  }
  return ask;
}
