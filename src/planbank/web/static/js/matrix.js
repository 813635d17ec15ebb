// Arrow keys move between the cells of a matrix; Enter follows the cell's own link; Escape in the
// panel returns to the cell it speaks of.

function cellAt(table, row, column) {
  return table.tBodies[0]?.rows[row]?.cells[column]?.querySelector("a.mark") ?? null;
}

const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

document.addEventListener("keydown", (event) => {
  const mark = event.target.closest?.("table.matrix a.mark");
  const step = STEPS[event.key];
  if (mark && step) {
    const cell = mark.closest("td");
    const next = cellAt(mark.closest("table"), cell.parentNode.sectionRowIndex + step[0], cell.cellIndex + step[1]);
    if (next) {
      event.preventDefault();
      next.focus();
    }
  }
  if (event.key === "Escape" && event.target.closest?.(".panel")) {
    document.querySelector("table.matrix a.mark.open")?.focus();
  }
});
