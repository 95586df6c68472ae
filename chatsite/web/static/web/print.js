import { leaveToAnotherUser } from "./another_user.js";

leaveToAnotherUser();
const button = document.querySelector("[data-print]");
button.hidden = false;
button.addEventListener("click", () => print());
