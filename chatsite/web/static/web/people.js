const TINTS = 8;

/** One or two letters; the same rule as in `inbox.py`. */
export function initialsOf(name) {
  const words = name.split(/\s+/).filter((word) => /^[\p{L}\p{N}]/u.test(word));
  const chosen = words.length > 1 ? [words[0], words.at(-1)] : words;
  return chosen.map((word) => [...word][0]).join("").toUpperCase() || "?";
}

/** A colour that stays the same for this person or business; the same rule as in `inbox.py`. */
export function tintOf(key) {
  let total = 0;
  for (const character of key) total = (total * 31 + character.codePointAt(0)) % 65_521;
  return total % TINTS;
}

/** The other side, as the reader `me` sees it. */
export function otherSide(conversation, me) {
  const isCustomer = conversation.customerId === me.id;
  return {
    isCustomer,
    name: isCustomer ? conversation.business.name : conversation.customer.name,
    username: isCustomer ? "" : conversation.customer.username,
    key: isCustomer ? conversation.businessId : conversation.customerId,
    personId: isCustomer ? null : conversation.customerId,
    businessName: isCustomer ? "" : conversation.business.name,
  };
}
