// The print button of a document. Without scripts the browser's own menu prints the same paper.

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});
