/**
 * Keep the text field as high as its text, also after its width has changed: then the lines wrap anew. Call the
 * returned function when the text has changed.
 */
export function growWithText(field) {
  const grow = () => {
    field.style.height = "auto";
    // `scrollHeight` leaves out the borders, which the height of the field includes.
    if (field.scrollHeight) field.style.height = `${field.scrollHeight + field.offsetHeight - field.clientHeight}px`;
  };
  let width = 0;
  new ResizeObserver(() => {
    if (field.clientWidth === width) return;
    width = field.clientWidth;
    grow();
  }).observe(field);
  return grow;
}
