/** The page of a member of a business: a customer's, and what a team has. */
import { startPage } from "./page.js";
import * as teamParts from "./team/parts.js";

startPage(teamParts);
