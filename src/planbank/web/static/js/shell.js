// Small helps of the shell; every page works without them.
// "/" goes to the search, Escape closes what is open, a click elsewhere closes small lists.

function typing(target) {
  return target.closest("input, textarea, select, [contenteditable]") !== null;
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/" && !typing(event.target)) {
    const box = document.querySelector(".find input");
    if (box && box.offsetParent !== null) {
      event.preventDefault();
      box.focus();
      box.select();
    }
  }
  if (event.key === "Escape") {
    const inner = event.target.closest("details.pop[open]");
    if (inner) {
      inner.open = false;
      inner.querySelector("summary").focus();
    }
  }
});

document.addEventListener("click", (event) => {
  for (const pop of document.querySelectorAll("details.pop[open]")) {
    if (!pop.contains(event.target)) pop.open = false;
  }
});

// A filter form sends itself when a choice changes; typing waits for Enter or the button.
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-send-on-change]");
  if (form && event.target.matches("select, input[type=checkbox], input[type=radio], input[type=date]")) {
    form.requestSubmit();
  }
});

// After a swap the summary of a form that was not saved takes the focus, as it does on a full page.
document.addEventListener("htmx:afterSettle", (event) => {
  const summary = event.target.querySelector?.("[data-summary]");
  if (summary) summary.focus();
});

// A swap into the dialog opens it; an empty answer closes it.
document.addEventListener("htmx:afterSwap", (event) => {
  const dialog = event.target.closest?.("dialog.box");
  if (!dialog) return;
  if (dialog.textContent.trim() === "") dialog.close();
  else if (!dialog.open) dialog.showModal();
});

document.addEventListener("click", (event) => {
  const keep = event.target.closest("dialog.box [data-close]");
  if (keep) {
    event.preventDefault();
    keep.closest("dialog").close();
  }
});
