// The canvas component has neither a name nor a place in the order of tabs, and keeps its parts in a shadow root.
const LOOK_MS = 200;

export default function ({ parentElement, data, setTriggerValue }) {
  const state = (parentElement.typing ??= {});
  const type = (state.type = (digit) => setTriggerValue("typed", digit));
  const prepare = () => {
    const parts = document.querySelector(data.canvas)?.querySelectorAll("*") ?? [];
    const hosts = [...parts].filter((element) => element.shadowRoot);
    const canvas = hosts.map((host) => host.shadowRoot.querySelector("canvas.upper-canvas")).find(Boolean);
    if (!canvas) return;
    if (canvas.ariaLabel !== data.name) {
      canvas.tabIndex = 0;
      canvas.role = "application";  // so that a screen reader hands on the keys that are typed on it
      canvas.ariaLabel = data.name;
    }
    if (canvas === state.canvas) return;
    state.canvas = canvas;
    canvas.addEventListener("keydown", (event) => {
      if (!/^[0-9]$/.test(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      state.type(event.key);
    });
  };
  clearInterval(state.timer);
  state.timer = setInterval(prepare, LOOK_MS);  // the canvas comes after this, and may be made anew
  prepare();
  return () => { if (state.type === type) clearInterval(state.timer); };  // not where a newer call has overtaken this one
}
