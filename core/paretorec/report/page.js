"use strict";
// Hover lights one policy in every chart and in the table; a click selects it and shows its card; headings sort.
const page = (() => {
  document.documentElement.classList.add("js");
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
  const tip = document.body.appendChild(document.createElement("div"));
  tip.id = "tip";
  tip.hidden = true;

  const parts = new Map();
  for (const part of all("[data-id]")) {
    const id = part.dataset.id;
    if (!parts.has(id)) parts.set(id, []);
    parts.get(id).push(part);
  }
  const mark = (id, name, on) => (parts.get(id) || []).forEach((part) => part.classList.toggle(name, on));

  // The browser's own tooltip would lie over ours.
  for (const group of all("g.mark")) {
    const title = group.querySelector("title");
    if (!title) continue;
    group.setAttribute("aria-label", title.textContent);
    group.dataset.tip = title.textContent;
    title.remove();
  }

  const place = (group) => {
    const box = (group.querySelector(".target") || group).getBoundingClientRect();
    tip.textContent = group.dataset.tip;
    tip.hidden = false;
    const width = tip.offsetWidth, page = document.documentElement.clientWidth;
    const right = box.right + 6 + width < page ? box.right + 6 : box.left - 6 - width;
    tip.style.left = `${Math.max(8, Math.min(right, page - width - 8)) + window.scrollX}px`;
    tip.style.top = `${Math.max(8, box.top + box.height / 2 - tip.offsetHeight / 2) + window.scrollY}px`;
  };
  const follow = (group, event) => {
    place(group);
    if (!group.querySelector(".target")) {
      tip.style.left = `${Math.max(8, Math.min(event.pageX + 14, document.documentElement.clientWidth - tip.offsetWidth - 8))}px`;
      tip.style.top = `${event.pageY + 14}px`;
    }
  };

  let chosen = null;
  const choose = (id, scroll) => {
    const card = all("[data-card]").find((one) => one.dataset.card === id);
    if (!card) return;
    all("[data-card]").forEach((one) => { one.hidden = one !== card; });
    const told = all("[data-explain]");
    if (told.some((one) => one.dataset.explain === id)) told.forEach((one) => { one.hidden = one.dataset.explain !== id; });
    if (chosen) mark(chosen, "chosen", false);
    chosen = id;
    mark(id, "chosen", true);
    if (scroll) card.scrollIntoView({ block: "center" });
  };

  for (const group of all("g.mark[data-id]")) {
    const id = group.dataset.id;
    group.addEventListener("pointerenter", (event) => { mark(id, "lit", true); follow(group, event); });
    group.addEventListener("pointerleave", () => { mark(id, "lit", false); tip.hidden = true; });
    group.addEventListener("click", () => choose(id, false));
  }
  for (const row of all("tr[data-id]")) {
    row.addEventListener("pointerenter", () => mark(row.dataset.id, "lit", true));
    row.addEventListener("pointerleave", () => mark(row.dataset.id, "lit", false));
  }
  for (const button of all("[data-select]")) button.addEventListener("click", () => choose(button.dataset.select, true));

  for (const button of all("button[data-zoom]")) {
    button.addEventListener("click", () => {
      all("button[data-zoom]").forEach((one) => {
        one.setAttribute("aria-pressed", String(one.dataset.zoom === button.dataset.zoom));
      });
      all(".charts").forEach((charts) => { charts.dataset.zoom = button.dataset.zoom; });
    });
  }

  const key = (row, column) => {
    const raw = row.cells[column].dataset.value;
    if (raw === undefined) return -Infinity;
    return column && !Number.isNaN(Number(raw)) ? Number(raw) : raw;
  };
  for (const button of all("button[data-sort]")) {
    button.addEventListener("click", () => {
      const heading = button.closest("th"), column = Number(button.dataset.sort);
      const first = column ? "descending" : "ascending";
      const other = first === "descending" ? "ascending" : "descending";
      const order = heading.getAttribute("aria-sort") === first ? other : first;
      all("th[aria-sort]", heading.parentElement).forEach((one) => one.setAttribute("aria-sort", "none"));
      heading.setAttribute("aria-sort", order);
      const sign = order === "ascending" ? 1 : -1;
      for (const body of all("tbody", button.closest("table"))) {
        const rows = all("tr[data-id]", body);
        rows.sort((a, b) => {
          const left = key(a, column), right = key(b, column);
          return sign * (left < right ? -1 : left > right ? 1 : 0);
        });
        body.append(...rows);
      }
    });
  }
  return { all, mark, choose };
})();
