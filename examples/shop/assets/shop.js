// The numbers of the page of statistics, anew each second; everything else works without a script.
"use strict";
const live = document.getElementById("live");
const pause = document.getElementById("pause");
if (live && pause) {
  let isPaused = false;
  pause.hidden = false;
  pause.addEventListener("click", () => {
    isPaused = !isPaused;
    pause.setAttribute("aria-pressed", String(isPaused));
    pause.textContent = isPaused ? "Go on" : "Pause";
  });
  const tables = () => [...live.querySelectorAll(".wide")];
  const show = (numbers) => {
    // A table that was pushed aside stays where it is.
    const places = tables().map((table) => table.scrollLeft);
    live.innerHTML = numbers;
    tables().forEach((table, number) => { table.scrollLeft = places[number] ?? 0; });
  };
  const renew = async () => {
    if (!isPaused && !document.hidden && !live.contains(document.activeElement)) {
      try {
        const answer = await fetch("/statistics/live");
        if (answer.ok) show(await answer.text());
      } catch {
        // The server is away: the last numbers stay.
      }
    }
    setTimeout(renew, 1000);
  };
  setTimeout(renew, 1000);
}
