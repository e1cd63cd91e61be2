// A refresh that begins while somebody draws or clicks makes her wait for it: so the beat waits until that is answered. It
// never waits for long, for a hand may rest on the mouse; and nobody sees the refresh of a page in the background.
const LOOK_MS = 50;
// What two parts of the page ask for before the browser has sent the first reaches the server as one part's: so never two
// beats together, counted from when the first has gone out, which on a busy machine is long after it was asked for.
const APART_MS = 100;
const ANSWER_MS = 400;
const PATIENCE_MS = 3000;
const DONE_ON_CANVAS = ["pointermove", "touchmove", "touchend"];

function start() {
  const pulse = { last: performance.now(), canvas: "", pauseMs: Infinity, beat: () => {} };
  const listening = new AbortController();
  const options = { capture: true, passive: true, signal: listening.signal };
  let done = -Infinity;
  addEventListener("keydown", () => (done = performance.now()), options);
  // On a busy machine a click may take long; a beat in its midst would be sent in its stead.
  let isPressed = false;
  for (const kind of ["pointerdown", "pointerup", "pointercancel"]) {
    addEventListener(kind, () => { isPressed = kind === "pointerdown"; done = performance.now(); }, options);
  }
  const note = (event) => { if (event.target.closest?.(pulse.canvas)) done = performance.now(); };
  for (const kind of DONE_ON_CANVAS) addEventListener(kind, note, options);
  const timer = setInterval(() => {
    const now = performance.now(), late = now - pulse.last - pulse.pauseMs;
    const isBusy = isPressed || now - done < ANSWER_MS || document.querySelector(".stApp[data-test-script-state='running']");
    const isTogether = now - (window.lastBeat ?? -Infinity) < APART_MS;
    if (late < 0 || document.hidden || isTogether || (isBusy && late < PATIENCE_MS)) return;
    pulse.last = now;
    window.lastBeat = Infinity;
    pulse.beat();
    setTimeout(() => (window.lastBeat = performance.now()));
  }, LOOK_MS);
  pulse.stop = () => { clearInterval(timer); listening.abort(); };
  return pulse;
}

export default function ({ parentElement, data, setTriggerValue }) {
  const pulse = (parentElement.pulse ??= start());
  pulse.canvas = data.canvas;
  pulse.pauseMs = 1000 * data.seconds;
  const beat = (pulse.beat = () => setTriggerValue("beat", true));
  // Streamlit takes back a call that a newer one has overtaken, which may be after the newer one has begun: that keeps it.
  return () => {
    if (pulse.beat !== beat) return;
    pulse.stop();
    delete parentElement.pulse;
  };
}
