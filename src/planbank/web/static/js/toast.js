// A toast stays ten seconds, and as long as the pointer or the focus is on it.
const STAY = 10000;

function watch(toast) {
  if (toast.dataset.watched) return;
  toast.dataset.watched = "yes";
  let timer = 0;
  const leave = () => {
    if (!toast.matches(":hover") && !toast.contains(document.activeElement)) toast.remove();
  };
  const start = () => {
    clearTimeout(timer);
    timer = setTimeout(leave, STAY);
  };
  const hold = () => clearTimeout(timer);
  toast.addEventListener("pointerenter", hold);
  toast.addEventListener("focusin", hold);
  toast.addEventListener("pointerleave", start);
  toast.addEventListener("focusout", start);
  toast.querySelector("[data-dismiss]")?.removeAttribute("hidden");
  start();
}

function watchAll() {
  for (const toast of document.querySelectorAll(".toast")) watch(toast);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-dismiss]");
  if (button) button.closest(".toast").remove();
});
document.addEventListener("htmx:afterSettle", watchAll);
watchAll();
