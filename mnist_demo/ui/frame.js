// On a phone the sidebar lies over the whole page, and Streamlit leaves it open when a page has been chosen there: one would
// not see that anything happened.
(() => {
  if (window.sidebarMakesWay) return;
  window.sidebarMakesWay = true;
  document.addEventListener("click", (event) => {
    if (event.target.closest('[data-testid="stSidebarNavLink"]') && window.innerWidth < 768) {
      document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
    }
  });
})();
