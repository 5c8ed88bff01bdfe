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
  const renew = async () => {
    if (!isPaused && !document.hidden && !live.contains(document.activeElement)) {
      try {
        const answer = await fetch("/statistics/live");
        if (answer.ok) live.innerHTML = await answer.text();
      } catch {
        // The server is away: the last numbers stay.
      }
    }
    setTimeout(renew, 1000);
  };
  setTimeout(renew, 1000);
}
