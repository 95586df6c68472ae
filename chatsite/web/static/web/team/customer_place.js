import { make } from "../dom.js";
import { onDemand } from "../thread/on_demand.js";
import { toasts } from "../toast.js";
import { isColumn, wide } from "./customer_column.js";

const openPanel = onDemand(() => import("./customer_panel.js"));

/**
 * Where a member sees what the business knows of the customer: a column beside the conversation, or a sheet over it on a
 * narrow screen. The panel is loaded when it is shown.
 */
export class CustomerPlace {
  element = make("section", { className: "customer-panel", ariaLabel: gettext("Customer") });
  button = makeButton(() => this.#toggle());
  #context;
  #panel = null;
  #destroyed = new AbortController();

  /** `context`: `rest`, `states`, `id` and `conversation()`. */
  constructor(context) {
    this.#context = context;
    this.element.classList.toggle("is-column", isColumn());
    this.button.ariaExpanded = String(isColumn());
    wide.addEventListener("change", () => isColumn() && this.#load(), { signal: this.#destroyed.signal });
    if (isColumn()) this.#load();
  }

  destroy() {
    this.#destroyed.abort();
    this.#panel?.destroy();
  }

  async #toggle() {
    (await this.#load())?.toggle();
  }

  async #load() {
    const { CustomerPanel } = await openPanel(toasts);
    if (this.#destroyed.signal.aborted) return null;
    this.#panel ??= new CustomerPanel(this, this.#context);
    return this.#panel;
  }
}

function makeButton(click) {
  const label = gettext("Customer");
  const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  icon.setAttribute("viewBox", "0 0 24 24");
  icon.setAttribute("aria-hidden", "true");
  const shape = document.createElementNS("http://www.w3.org/2000/svg", "path");
  shape.setAttribute("d", "M12 11.5a3.75 3.75 0 1 0 0-7.5 3.75 3.75 0 0 0 0 7.5zM4.5 20c.6-4 3.6-5.8 7.5-5.8s6.9 1.8 7.5 5.8");
  icon.append(shape);
  const button = make("button", { type: "button", className: "icon-button customer-button", ariaLabel: label, title: label }, icon);
  button.addEventListener("click", click);
  return button;
}
