// A final act wakes up when the number asked for is typed. The server checks it again.

function weigh(box) {
  const act = box.form?.querySelector("[data-act]");
  if (act) act.disabled = box.value.replace(/\s/g, "") !== box.dataset.mustEqual;
}

function weighAll() {
  for (const box of document.querySelectorAll("input[data-must-equal]")) weigh(box);
}

document.addEventListener("input", (event) => {
  if (event.target.matches("input[data-must-equal]")) weigh(event.target);
});
document.addEventListener("htmx:afterSwap", weighAll);
weighAll();
