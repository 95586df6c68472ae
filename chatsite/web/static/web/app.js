/** The page of a customer. */
import { startPage } from "./page.js";

startPage();
