import { onDemand } from "../thread/on_demand.js";

/** What only members of a business have in the page. A customer's page does not load it. */
export { CustomerPlace } from "./customer_place.js";
export { ListTeam } from "./list_team.js";
export { TeamBar } from "./team_bar.js";
export { ThreadTeam } from "./thread_team.js";

export const openAssistant = onDemand(() => import("./assistant_panel.js"));
