/**
 * An amount with its currency, in the same form everywhere. It keeps all digits: Intl would round amounts in
 * currencies whose minor unit is out of use, such as AFN.
 */
export function price({ amount, currency }) {
  const language = document.documentElement.lang || undefined;
  const digits = (amount.split(".")[1] ?? "").length;
  const options = { style: "currency", currency, minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat(language, options).format(amount);
}
