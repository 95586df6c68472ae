/** What only members of a business have in the page. A customer's page does not load it. */
export { AssistantPanel } from "./assistant_panel.js";
export { BulkBar } from "./bulk_bar.js";
export { CustomerPanel } from "./customer_panel.js";
export { SavedViews } from "./saved_views.js";
export { Selection } from "./selection.js";
export { TeamBar } from "./team_bar.js";
export { ThreadTeam } from "./thread_team.js";
