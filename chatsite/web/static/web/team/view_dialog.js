import { ask, cancelling, closing } from "../thread/dialogs.js";
import { el } from "../thread/dom.js";

/**
 * Asks for the name of a view. For a new one, also asks for whom it is, and for which business if there are several.
 * Resolves with `{name, scope, businessId}`, with `{isDeleted: true}`, or with null.
 */
export async function askView(host, { view = null, businesses = [] }) {
  const name = el("input", { name: "name", required: true, maxlength: "80", autocomplete: "off", dir: "auto", value: view?.name ?? "" });
  const body = [el("label", { class: "field" }, gettext("Name"), name)];
  if (!view) body.push(...newFields(businesses));
  const remove = view && closing(gettext("Delete"), "delete", "is-danger", { formnovalidate: true });
  const save = closing(gettext("Save"), "yes", "is-main");
  const title = view ? gettext("Change the view") : gettext("Save view");
  // Enter presses the first button of a form, which must not be the one that deletes.
  const first = el("button", { type: "submit", value: "yes", hidden: true });
  const { value, form } = await ask(host, title, [first, ...body], [remove, cancelling(gettext("Cancel")), save]);
  if (value === "delete") return { isDeleted: true };
  if (value !== "yes") return null;
  const { elements } = form;
  return {
    name: elements.name.value,
    scope: elements.scope?.value,
    businessId: elements.businessId?.value ?? businesses[0]?.id,
  };
}

function newFields(businesses) {
  const scope = (value, words, checked) =>
    el("label", { class: "choice" }, el("input", { type: "radio", name: "scope", value, checked }), words);
  const choices = [scope("private", gettext("Only for me"), true), scope("business", gettext("For the team"), false)];
  const fields = [el("fieldset", { class: "choices" }, el("legend", {}, gettext("For whom")), ...choices)];
  if (businesses.length < 2) return fields;
  const options = businesses.map(({ id, name }) => el("option", { value: id }, name));
  return [...fields, el("label", { class: "field" }, gettext("Business"), el("select", { name: "businessId" }, ...options))];
}
