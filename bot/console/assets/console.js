// Whoever has scripts gets a question before what cannot be undone; without them the page behind the button asks.
document.addEventListener("submit", (event) => {
  const sure = event.submitter?.dataset.sure ?? event.target.dataset.sure;
  if (sure && !confirm(sure)) event.preventDefault();
});
