/** The prefix of the chat's addresses on this server: "" on a separate site. */
export const ROOT = location.pathname.replace(/\/widget\/frame\/.*$/, "");
