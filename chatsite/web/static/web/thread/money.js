/** An amount with its currency, as people write it; everywhere the same. */
export function price({ amount, currency }) {
  const language = document.documentElement.lang || undefined;
  return new Intl.NumberFormat(language, { style: "currency", currency }).format(amount);
}
