// The choice of light, dark or the system's: acts at once and keeps it in the cookie that the
// server reads. Without this script the same buttons post a form.
const YEAR = 31536000;

function show(theme) {
  const root = document.documentElement;
  if (theme === "auto") root.removeAttribute("data-theme");
  else root.setAttribute("data-theme", theme);
  for (const button of document.querySelectorAll("button[name=theme]")) {
    button.setAttribute("aria-pressed", String(button.value === theme));
  }
}

document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button || button.name !== "theme") return;
  event.preventDefault();
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `theme=${button.value}; Path=/; Max-Age=${YEAR}; SameSite=Lax${secure}`;
  show(button.value);
  const pop = button.closest("details");
  if (pop) {
    pop.open = false;
    pop.querySelector("summary").focus();
  }
});
