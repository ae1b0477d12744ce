/** Before the first paint: what this browser was told to show. A script of its own, because inline code isn't allowed. */
try {
  const theme = localStorage.getItem("theme");
  if (theme === "dark" || theme === "light") document.documentElement.dataset["theme"] = theme;
} catch {
  // Without storage it is as the system says.
}
