const TINTS = 8;

/** A colour that stays the same for this person or business; the same rule as in `avatars.py`. */
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
