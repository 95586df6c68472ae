/** A file that is dropped where nobody takes it must not replace the page. Whoever takes it prevents the default first. */
export function guardFileDrops(page = document) {
  for (const type of ["dragover", "drop"]) {
    page.addEventListener(type, (event) => {
      if (event.defaultPrevented || !event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "none";
    });
  }
}
