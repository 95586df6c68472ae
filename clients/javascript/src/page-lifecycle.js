/** Calls `wake` when the network is back or the page becomes visible, and `hidden` when the page may be closed. */
export function watchPageLifecycle({ wake, hidden, shown }, page = globalThis) {
  if (typeof page.addEventListener !== "function") return () => undefined; // no page: Node, a worker of some kind
  const { document } = page;
  const onVisibility = () => document.visibilityState === "visible" && wake();
  const watched = [
    [page, "online", wake],
    [page, "pagehide", hidden],
    [page, "pageshow", shown],
    ...(document ? [[document, "visibilitychange", onVisibility]] : []),
  ];
  for (const [target, event, listener] of watched) target.addEventListener(event, listener);
  return () => {
    for (const [target, event, listener] of watched) target.removeEventListener(event, listener);
  };
}
