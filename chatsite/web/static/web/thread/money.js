/**
 * An amount with its currency, as people write it; everywhere the same. It keeps its digits: Intl would round those of
 * currencies whose minor unit is out of use, such as AFN.
 */
export function price({ amount, currency }) {
  const language = document.documentElement.lang || undefined;
  const digits = (amount.split(".")[1] ?? "").length;
  const options = { style: "currency", currency, minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat(language, options).format(amount);
}
