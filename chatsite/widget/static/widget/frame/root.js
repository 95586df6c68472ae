/** The prefix of the chat's addresses on this server: "" on a site of its own. */
export const ROOT = location.pathname.replace(/\/widget\/frame\/.*$/, "");
