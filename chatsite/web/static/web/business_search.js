import { announce, isPlainClick, make, show } from "./dom.js";
import { errorText } from "./error_texts.js";
import { initialsOf, tintOf } from "./people.js";

const PAUSE = 200;

/** The search for businesses, without the user's `own`, while the user types. Calls `open(conversationId)` when one is chosen. */
export function mountBusinessSearch(root, { client, own, open, back }) {
  const field = root.querySelector("[type=search]");
  const found = root.querySelector("[data-found]");
  const empty = root.querySelector("[data-found-empty]");
  let serial = 0;
  let pause = null;

  const search = async () => {
    const mine = ++serial;
    try {
      const { results } = await client.rest.get("/chat/businesses", { search: field.value.trim(), limit: 30 });
      if (mine !== serial) return;
      const others = results.filter(({ id }) => !own.has(id));
      found.replaceChildren(...others.map(entry));
      show(empty, others.length === 0);
      announce(interpolate(ngettext("%(count)s business", "%(count)s businesses", others.length), { count: others.length }, true));
    } catch (error) {
      if (mine === serial) fail(error);
    }
  };
  const fail = (error) => {
    empty.textContent = errorText(error);
    show(empty, true);
  };
  const choose = async (businessId, button) => {
    button.disabled = true;
    try {
      open((await client.openConversation({ businessId })).id);
    } catch (error) {
      button.disabled = false;
      fail(error.code === "invalid" ? Object.assign(error, { code: "forbidden" }) : error);
    }
  };
  field.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(search, PAUSE);
  });
  root.querySelector("[data-finder-search]").addEventListener("submit", (event) => {
    event.preventDefault();
    search();
  });
  found.addEventListener("submit", (event) => {
    event.preventDefault();
    const { businessId } = Object.fromEntries(new FormData(event.target));
    choose(businessId, event.target.querySelector("button"));
  });
  root.querySelector("[data-finder-back]").addEventListener("click", (event) => {
    if (!isPlainClick(event)) return;
    event.preventDefault();
    back();
  });
  if (field.value !== field.defaultValue) search(); // the user typed before the scripts ran
  return { focus: () => field.focus() };
}

function entry({ id, name }) {
  const avatar = make("span", { className: "avatar", data: { tint: tintOf(id) }, aria: { hidden: "true" } }, initialsOf(name));
  const button = make("button", { className: "entry found" }, avatar, make("span", { className: "entry-name", dir: "auto" }, name));
  const chosen = make("input", { type: "hidden", name: "businessId", value: id });
  return make("li", {}, make("form", {}, chosen, button));
}
