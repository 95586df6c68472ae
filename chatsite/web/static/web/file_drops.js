/** A file that is dropped outside of a drop zone must not replace the page. A drop zone prevents the default before this runs. */
export function guardFileDrops(page = document) {
  for (const type of ["dragover", "drop"]) {
    page.addEventListener(type, (event) => {
      if (event.defaultPrevented || !event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "none";
    });
  }
}
