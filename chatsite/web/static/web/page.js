import { ChatClient } from "../chat-client/chat-client.js";
import { leaveToAnotherUser } from "./another_user.js";
import { NotificationBell } from "./notification_bell.js";
import { mountConnectionBanner } from "./connection_banner.js";
import { announce, isPhone, isWriting } from "./dom.js";
import { errorText } from "./error_texts.js";
import { guardFileDrops } from "./file_drops.js";
import { Filters, queryOf } from "./filters.js";
import { ConversationMenu } from "./conversation_menu.js";
import { ConversationList } from "./conversation_list.js";
import { ConversationPane } from "./conversation_pane.js";
import { otherSide } from "./people.js";
import { mountInstall } from "./install.js";
import { mountSettings } from "./settings.js";
import { mountShortcuts } from "./shortcuts.js";
import { TeamStates } from "./team/team_states.js";
import { TeamActivity } from "./team_activity.js";
import { afterFirstScreen, fetchWhenIdle, onDemand } from "./thread/on_demand.js";
import { Title } from "./title.js";
import { toast, toasts } from "./toast.js";

const openBusinessSearch = onDemand(() => import("./business_search.js"));
const openMessageSearch = onDemand(() => import("./message_search.js"));
const OF_CONVERSATIONS = new Set(["archive", "block", "mute", "pin", "unread"]); // queued changes
const SOCKET_WAIT = 4_000; // milliseconds to wait for the socket

/** The signed-in page: connects its parts, and navigates between addresses. */
class App {
  #teamParts;
  #session = JSON.parse(document.getElementById("session").textContent);
  #client = new ChatClient({ url: this.#session.urls.chat, userId: this.#session.me.id, unreadNotifications: this.#session.unreadNotifications });
  #team = new TeamActivity(this.#client, { isMember: this.#session.businesses.length > 0 });
  #states = new TeamStates(this.#client, this.#session.businesses, this.#session.team);
  #title = new Title(this.#client);
  #menu = new ConversationMenu({
    client: this.#client,
    me: this.#session.me,
    archive: (id, archived) => this.#archive(id, archived),
    printAddress: (id) => `${this.#session.urls.inbox}/c/${id}/print`,
  });
  #list;
  #pane;
  #filters;
  #listTeam;
  #messageSearch;
  #bell;

  /** `teamParts`: the module `team/parts.js`, for members of a business. */
  constructor(teamParts) {
    this.#teamParts = teamParts;
  }

  start() {
    mountSettings();
    guardFileDrops();
    const { urls } = this.#session;
    mountConnectionBanner(document.querySelector("[data-banner]"), { client: this.#client, signIn: urls.signIn });
    this.#mountList();
    if (this.#teamParts) this.#mountTeam(this.#teamParts);
    this.#mountPane();
    this.#mountBell();
    this.#mountBusinessSearch();
    mountShortcuts(document.querySelector("[data-shortcuts-sheet]"), this.#shortcutHandlers());
    addEventListener("popstate", () => this.#route());
    // The user has clicked a push.
    navigator.serviceWorker?.addEventListener("message", ({ data }) => data?.type === "open" && this.open(data.conversationId));
    navigator.serviceWorker?.startMessages();
    // The page contains the list. Fetch it when the socket reports changes, or when no socket connects.
    const reload = () => {
      clearTimeout(timer);
      this.#title.begin();
      this.#list.reload();
    };
    const timer = setTimeout(reload, SOCKET_WAIT);
    this.#client.on("ready", reload);
    this.#client.on("change_refused", ({ kind, error }) => OF_CONVERSATIONS.has(kind) && toast(errorText(error)));
    this.#client.on("signed_out", leaveToAnotherUser({ isSignedOut: () => this.#client.state === "signed_out" }));
    this.#client.on("conversations", () => this.#updateTitle());
    const signOut = document.querySelector("[data-sign-out]");
    this.#mountAlerts(signOut);
    signOut?.addEventListener("submit", () => {
      this.#client.flush(); // `alerts.js` awaits its end, once it is there
      this.#client.close();
    });
    mountInstall(document.querySelector("[data-install]"));
    this.#pane.adopt();
    this.#list.setCurrent(this.#pane.id);
    for (const id of this.#session.people) this.#client.isUserOnline(id); // one request for all of them
    fetchWhenIdle(this.#client);
    this.#client.connect();
  }

  // Parts

  #mountList() {
    const root = document.querySelector("[data-list-screen]");
    const handlers = {
      open: (id) => this.open(id),
      href: (id) => this.#address(id),
      openMenu: (id, opener) => this.#openMenu(id, opener),
      drawn: () => this.#listTeam?.drawn(),
    };
    this.#list = new ConversationList(root, {
      client: this.#client,
      session: this.#session,
      team: this.#team,
      states: this.#states,
      filters: this.#session.filters,
      handlers,
    });
    this.#searchMessages(this.#session.filters);
    this.#filters = new Filters(root, {
      inbox: this.#session.urls.inbox,
      filters: this.#session.filters,
      team: { states: this.#states, businesses: this.#session.businesses, me: this.#session.me },
      changed: (filters) => {
        this.#list.setFilters(filters);
        this.#searchMessages(filters);
        this.#listTeam?.follow(filters);
        this.#listTeam?.clear();
        history.replaceState(history.state, "", this.#address(this.#pane.id));
      },
    });
  }

  #mountTeam({ ListTeam }) {
    this.#listTeam = new ListTeam(document.querySelector("[data-list-screen]"), {
      rest: this.#client.rest,
      session: this.#session,
      states: this.#states,
      find: (id) => this.#list.find(id),
      replace: (wanted) => this.#filters.replace(wanted),
      nameOf: (conversation) => this.#customerName(conversation),
    });
  }

  #mountPane() {
    const handlers = {
      back: () => this.back(),
      archive: (id, archived) => this.#archive(id, archived),
      openMenu: (id, opener) => this.#openMenu(id, opener),
    };
    const main = document.querySelector("[data-main]");
    const shared = { client: this.#client, session: this.#session, team: this.#team, states: this.#states, teamParts: this.#teamParts };
    this.#pane = new ConversationPane(main, { ...shared, handlers });
  }

  #mountBell() {
    this.#bell = new NotificationBell(document.querySelector("[data-bell]"), { client: this.#client, session: this.#session });
  }

  /** Later, because the first screen does not need them. */
  #mountAlerts(signOut) {
    const handlers = {
      open: (id) => this.open(id),
      href: (id) => this.#address(id),
      openAlerts: () => this.#bell.open(),
    };
    const isLooking = (id) => id === this.#pane.id && document.hasFocus();
    const given = { client: this.#client, session: this.#session, isLooking, signOut, handlers };
    const mount = async () => {
      const alerts = await import("./alerts.js").catch((error) => console.warn(error));
      if (alerts) return alerts.mountAlerts(given);
      const stop = this.#client.on("ready", () => [stop(), mount()]); // with the next connection
      return undefined;
    };
    afterFirstScreen(this.#client, mount);
  }

  async #searchMessages(filters) {
    if (!this.#messageSearch && !filters.q) return;
    const { MessageSearch } = await openMessageSearch(toasts);
    this.#messageSearch ??= new MessageSearch(document.querySelector("[data-list-screen]"), {
      client: this.#client,
      session: this.#session,
      handlers: { href: (id) => this.#address(id), openAt: (id, seq) => this.#openAt(id, seq) },
    });
    this.#messageSearch.search(filters);
  }

  async #mountBusinessSearch() {
    const finder = document.querySelector("[data-finder]");
    const own = new Set(this.#session.businesses.map(({ id }) => id));
    if (!finder) return;
    const { BusinessSearch } = await openBusinessSearch(toasts);
    const back = () => location.assign(this.#address(null));
    new BusinessSearch(finder, { client: this.#client, own, open: (id) => this.#loadConversation(id), back }).focus();
  }

  #shortcutHandlers() {
    return {
      search: () => this.#filters.focus(),
      alerts: () => this.#bell.toggle(),
      archive: () => {
        const open = this.#list.find(this.#pane.id);
        if (open) this.#archive(open.id, !open.archived);
      },
      step: (by) => {
        const id = this.#list.neighbour(by);
        if (id) this.open(id);
      },
      escape: () => this.#escape(),
    };
  }

  // Navigation

  /** Shows the conversation and makes it the page's address. */
  open(id) {
    if (id !== this.#pane.id) history.pushState({ fromList: !this.#pane.id }, "", this.#address(id));
    this.#show(id);
  }

  #openAt(id, seq) {
    this.open(id);
    this.#pane.jump(seq);
  }

  /** Go to the list. On a phone the list is a separate screen, so the browser's Back then leaves the page. */
  back() {
    if (!isPhone()) history.pushState(null, "", this.#address(null));
    else if (history.state?.fromList) return history.back();
    else history.replaceState(null, "", this.#address(null));
    return this.#show(null);
  }

  #route() {
    if (location.pathname.startsWith(this.#session.urls.find)) return location.reload();
    return this.#show(/\/c\/([0-9a-f-]{36})/.exec(location.pathname)?.[1] ?? null);
  }

  #show(id) {
    document.body.dataset.screen = id ? "thread" : "list";
    if (id === this.#pane.id) return this.#pane.focus();
    const left = this.#pane.id;
    if (id) this.#pane.open(id);
    else this.#pane.close();
    this.#list.setCurrent(id);
    this.#updateTitle();
    if (!id && left) this.#list.focus(left);
    return undefined;
  }

  #address(id) {
    const query = queryOf(this.#list?.filters ?? this.#session.filters);
    return (id ? `${this.#session.urls.inbox}/c/${id}` : this.#session.urls.inbox) + query;
  }

  #loadConversation(id) {
    location.assign(this.#address(id)); // the page has the search for businesses in place of the list, so load a new page
  }

  #escape() {
    if (isWriting(document.activeElement) || document.activeElement.closest?.("[data-thread]")) this.#list.focus();
    else if (this.#listTeam?.selected) this.#listTeam.clear();
    else if (this.#pane.id) this.back();
  }

  /** The customer's name, where the conversation is of one's own business. */
  #customerName(conversation) {
    return conversation && this.#states.isMember(conversation) ? otherSide(conversation, this.#session.me).name : "";
  }

  #updateTitle() {
    const open = this.#list.find(this.#pane.id);
    if (open) this.#title.name = otherSide(open, this.#session.me).name;
    else if (!this.#pane.id) this.#title.name = "";
  }

  #openMenu(id, opener) {
    const conversation = this.#list.find(id);
    if (conversation) this.#menu.toggle(conversation, opener);
  }

  #archive(id, archived) {
    const conversation = this.#list.find(id);
    if (!conversation) return;
    this.#client.queueArchive(conversation, archived);
    const undo = { action: gettext("Undo"), run: () => this.#archive(id, !archived) };
    if (archived) toast(gettext("Archived. It comes back with the next message."), undo);
    else announce(gettext("Moved to the inbox"));
    if (archived && id === this.#pane.id) this.back();
  }
}

export function startPage(teamParts = null) {
  new App(teamParts).start();
  document.documentElement.dataset.ready = "true";
}
