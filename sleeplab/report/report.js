"use strict";
(() => {
  const items = [...document.querySelectorAll(".item")];
  const bar = document.querySelector(".steps");
  if (!items.length) return;
  const output = bar.querySelector("output");
  let current = -1;

  const box = (item) => item.querySelector("input");

  function tell() {
    const left = items.filter((item) => !box(item).checked);
    const minutes = left.reduce((sum, item) => sum + Number(item.dataset.reviewS), 0) / 60;
    const words = bar.dataset;
    const where =
      current < 0 ? `${items.length} ${words.items}` : `${words.item} ${current + 1} ${words.of} ${items.length}`;
    output.textContent = `${where} · ${left.length ? `${minutes.toFixed(1)} ${words.left}` : words.done}`;
  }

  function go(index) {
    if (index < 0 || index >= items.length) return;
    select(index);
    items[index].focus({ preventScroll: true });
    items[index].scrollIntoView({ block: items[index].offsetHeight > innerHeight - 90 ? "start" : "center" });
  }

  function select(index) {
    if (current >= 0) items[current].classList.remove("current");
    current = index;
    items[current].classList.add("current");
    tell();
  }

  function check(item) {
    item.classList.toggle("done", box(item).checked);
    tell();
  }

  items.forEach((item, index) => {
    box(item).addEventListener("change", () => check(item));
    item.addEventListener("focusin", () => select(index));
  });
  bar.querySelector("[data-step='-1']").addEventListener("click", () => go(current - 1));
  bar.querySelector("[data-step='1']").addEventListener("click", () => go(current + 1));

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = { j: 1, ArrowRight: 1, k: -1, ArrowLeft: -1 }[event.key];
    const sideways = event.key.startsWith("Arrow") && event.target.closest(".scroll, .picture");
    if (step && !sideways) {
      event.preventDefault();
      go(current + step);
    } else if (event.key === "x" && current >= 0) {
      box(items[current]).checked = !box(items[current]).checked;
      check(items[current]);
    }
  });

  const byHash = () => {
    const index = items.findIndex((item) => `#${item.id}` === location.hash);
    if (index >= 0) go(index);
  };
  addEventListener("hashchange", byHash);
  bar.hidden = false;
  tell();
  byHash();
})();
