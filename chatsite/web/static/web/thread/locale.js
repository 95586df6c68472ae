/** The page's language, with the browser's region, so that times have the familiar format. */
export function locale() {
  const language = document.documentElement.lang || "en";
  const region = navigator.languages?.find((given) => given.split("-")[0] === language.split("-")[0]);
  return region ?? language;
}
