import { gettext } from "./texts.js";

/** The people of both sides. Messages of a former member have the business's name, because the member's name is not available. */
export class People {
  #names = new Map();
  members = []; // ids
  me;
  #conversation = () => null;

  constructor(me, conversation) {
    this.me = me;
    this.#conversation = conversation;
  }

  /** `[{id, name, side}]`. */
  learn(people) {
    for (const { id, name } of people) this.#names.set(id, name);
    this.members = people.filter((person) => person.side === "business").map((person) => person.id);
  }

  get all() {
    return [...this.#names].map(([id, name]) => ({ id, name, side: this.members.includes(id) ? "business" : "customer" }));
  }

  has(userId) {
    return this.#names.has(userId);
  }

  get side() {
    return this.#conversation()?.customerId === this.me.id ? "customer" : "business";
  }

  /** Whether this user, who may not be loaded yet, is on the reader's side. */
  isOurs(userId) {
    const isCustomer = this.#conversation()?.customerId === userId;
    return (this.side === "customer") === isCustomer;
  }

  /** The ids of the people on the other side. */
  get others() {
    const conversation = this.#conversation();
    if (!conversation) return [];
    return this.side === "customer" ? this.members : [conversation.customerId];
  }

  get otherName() {
    const conversation = this.#conversation();
    if (!conversation) return "";
    return this.side === "customer" ? conversation.business.name : conversation.customer.name;
  }

  nameOf(message) {
    if (message.senderId !== null && message.senderId === this.me.id) return gettext("You");
    return this.named(message.senderId) ?? this.#nameOfSide(message.senderSide);
  }

  named(userId) {
    return this.#names.get(userId);
  }

  #nameOfSide(side) {
    const conversation = this.#conversation();
    if (side === "business") return conversation?.business.name ?? gettext("The business");
    if (side === "customer") return conversation?.customer.name ?? gettext("The customer");
    return gettext("System");
  }
}
