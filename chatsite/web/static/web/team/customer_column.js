import { getPreference } from "../preferences.js";

export const CHOICE = "customer-panel"; // this browser's: "closed" where the column is not wanted
export const wide = matchMedia("(min-width: 1200px)");

/** Whether what the business knows of the customer stands beside the conversation. */
export function isColumn() {
  return wide.matches && getPreference(CHOICE) !== "closed";
}
