import { DesktopNotifications } from "./desktop_notifications.js";
import { NewMessages } from "./new_messages.js";
import { PushDevice } from "./push_device.js";
import { prepareSignOut } from "./sign_out.js";
import { Sounds } from "./sounds.js";

/**
 * Tell of messages that the user is not looking at: by sounds, notifications of the system, and pushes. `isLooking`: as for
 * `NewMessages`. `signOut`: the form that ends the session. `handlers`: those of `DesktopNotifications`.
 */
export function mountAlerts({ client, session, isLooking, signOut, handlers }) {
  const news = new NewMessages(client, isLooking);
  const device = new PushDevice({ rest: client.rest, userId: session.me.id, push: session.push });
  prepareSignOut(signOut, { client, device });
  new Sounds(document.querySelector("[data-sounds]"), { news, quietHours: session.quietHours });
  new DesktopNotifications(document.querySelector("[data-desktop]"), { client, news, session, device, handlers });
}
