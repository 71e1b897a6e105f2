"use strict";
// Other wishes: limits on the axes and what to have more of; the sentence, charts, figures and the policy file follow.
(() => {
  const source = document.getElementById("front-data");
  if (!source) return;
  const data = JSON.parse(source.textContent), { all, mark, choose } = page;
  const byId = (id) => document.getElementById(id);
  const objectives = new Map(data.objectives.map((objective) => [objective.name, objective]));
  const sliders = all("input.limit"), more = byId("more"), sure = byId("sure");
  const hero = document.querySelector("#pick"), title = hero.querySelector("h1"), figures = hero.querySelector(".figures");
  const asRun = { title: title.textContent, long: title.className, status: hero.querySelector(".status").textContent };

  const MINUS = "\u2212", THIN = "\u202f";
  const escape = (text) => String(text).replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`);
  const value = (number) => {
    const size = Math.abs(number);
    const text = size >= 1000 ? choosing.counted(Math.round(size)) : size >= 100 ? size.toFixed(1)
      : size >= 10 ? size.toFixed(2) : size >= 0.001 || !size ? size.toFixed(3) : size.toExponential(2);
    return (number < 0 ? MINUS : "") + text;
  };
  const signed = (number, relative) => {
    const size = Math.abs(number);
    const digits = !relative ? value(size) : size >= 100 ? choosing.counted(Math.round(size))
      : size.toFixed(size >= 0.05 || size < 0.005 ? 1 : 2);
    const unit = relative ? `${THIN}%` : "";
    return Number(digits.replace(/,/g, "")) ? `${number > 0 ? "+" : MINUS}${digits}${unit}` : `${digits}${unit}`;
  };
  const typeset = (sentence) => {
    const text = sentence.charAt(0).toUpperCase() + sentence.slice(1) + (/[.!?]$/.test(sentence) ? "" : ".");
    return text.replace(/(^|[^\w-])-(?=\d)/g, `$1${MINUS}`).replace(/(\d) ?%/g, `$1${THIN}%`);
  };

  // The wish: limits are numbers in the unit of the changes.
  const standing = () => ({
    way: data.way in { maximize: 1, equal: 1, knee: 1 } ? data.way : "standing",
    maximize: data.maximize, limits: { ...data.limits }, confidence: data.confidence,
  });
  let wish = standing();
  const fromAddress = () => {
    const given = new URLSearchParams(location.hash.slice(1));
    if (!given.has("more")) return;
    const wanted = given.get("more"), level = Number(given.get("sure"));
    if (objectives.has(wanted)) Object.assign(wish, { way: "maximize", maximize: wanted });
    if (wanted === "*equal" || wanted === "*knee") Object.assign(wish, { way: wanted.slice(1), maximize: "" });
    if (data.confidences.some((one) => one.confidence === level)) wish.confidence = level;
    wish.limits = Object.fromEntries(data.objectives.map(({ name }) => [name, parseFloat(given.get(`keep.${name}`))])
      .filter(([, amount]) => Number.isFinite(amount)));
  };
  const isStanding = () => JSON.stringify(wish) === JSON.stringify(standing());
  const chosenWay = () => (wish.way === "maximize" ? wish.maximize : `*${wish.way}`);
  const remember = () => {
    const parts = [["more", chosenWay()], ...Object.entries(wish.limits).map(([name, amount]) => [`keep.${name}`, amount]),
      ["sure", wish.confidence]];
    try {
      history.replaceState(null, "", isStanding() ? location.pathname + location.search : `#${new URLSearchParams(parts)}`);
    } catch { /* some viewers forbid it; the wish is then not in the address */ }
  };

  const command = () => {
    const quoted = (word) => (/^[\w.=%+\/-]+$/.test(word) ? word : `'${word.replace(/'/g, "'\\''")}'`);
    const words = [`paretorec pick ${quoted(data.run)}`];
    if (wish.way === "maximize") words.push(`--maximize ${quoted(wish.maximize)}`);
    if (wish.way === "knee") words.push("--knee");
    for (const [name, amount] of Object.entries(wish.limits)) {
      words.push(`--keep ${quoted(`${name}=${amount}${objectives.get(name).relative ? "%" : ""}`)}`);
    }
    if (data.certified) words.push(`--confidence ${wish.confidence}`);
    return [...words, "--save policy.json"].map((word) => `<span>${escape(word)}</span>`).join(" ");
  };

  const domainOf = (slider) => {
    const near = slider.closest(".charts").dataset.zoom !== "all", domains = JSON.parse(slider.dataset.domains);
    return near ? domains.near : domains.all;
  };
  const setSliders = () => {
    for (const slider of sliders) {
      const [low, high, step] = domainOf(slider), objective = objectives.get(slider.dataset.objective);
      const limit = wish.limits[objective.name];
      Object.assign(slider, { min: low, max: high, step });
      slider.value = limit === undefined ? low : Math.min(Math.max(limit, low), high);
      const text = limit === undefined ? "no limit" : `at least ${signed(limit, objective.relative)}`;
      slider.setAttribute("aria-valuetext", text);
      slider.classList.toggle("set", limit !== undefined);
      slider.style.setProperty("--share", (slider.value - low) / (high - low));
      slider.nextElementSibling.textContent = limit === undefined ? "drag for a limit" : text;
      slider.nextElementSibling.style.setProperty("--share", (slider.value - low) / (high - low));
    }
  };

  const interval = (change, limits, bound) => {
    const at = (number) => 6 + (Math.min(Math.max(number, limits[0]), limits[1]) - limits[0]) / (limits[1] - limits[0]) * 208;
    const line = (kind, x, from, to) => `<line class="${kind}" x1="${x}" x2="${x}" y1="${from}" y2="${to}"/>`;
    return `<svg class="interval" viewBox="0 0 220 22" aria-hidden="true"><line class="rail" x1="6" x2="214" y1="11" y2="11"/>` +
      line("zero", at(0), 2, 20) + (bound === undefined ? "" : line("bound", at(bound), 3, 19)) +
      `<line class="range" x1="${at(change.low)}" x2="${at(change.high)}" y1="11" y2="11"/>` +
      `<circle class="dot" cx="${at(change.change)}" cy="11" r="4.5"/></svg>`;
  };
  const figure = (objective, changes, shared) => {
    const change = changes[objective.name], limit = wish.limits[objective.name], { relative } = objective;
    const main = wish.way === "maximize" && wish.maximize === objective.name;
    const role = main ? "maximised" : limit === undefined ? "" : `kept at ${signed(limit, relative)} or better`;
    const own = [0, change.low, change.high, limit ?? 0], width = Math.max(...own) - Math.min(...own) || 1;
    const limits = relative ? shared : [Math.min(...own) - 0.08 * width, Math.max(...own) + 0.08 * width];
    const body = data.certified
      ? interval(change, limits, limit) + `<p class="range"><span>at least ${signed(change.low, relative)},</span> ` +
        `<span>at most ${signed(change.high, relative)}</span></p>`
      : `<p class="range">on the select requests, which the search saw</p>`;
    return `<div class="figure${main ? " main" : ""}"><p class="label">${escape(capital(objective.label))}` +
      `<span class="role">${role}</span></p><p class="big${data.certified ? "" : " unsure"}">` +
      `${signed(change.change, relative)}</p>${body}<p class="level">${value(objective.base)} \u2192 ` +
      `${value(change.value)}${objective.unit ? ` ${escape(objective.unit)}` : ""}</p></div>`;
  };
  const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
  const showFigures = (changes) => {
    const relative = data.objectives.filter((one) => one.relative);
    const ends = [0, ...relative.flatMap(({ name }) => [changes[name].low, changes[name].high, wish.limits[name] ?? 0])];
    const from = Math.min(...ends), to = Math.max(...ends), margin = 0.08 * (to - from || 1);
    const rank = ({ name }) => (name === wish.maximize ? 0 : name in wish.limits ? 1 : 2);
    const order = [...data.objectives].sort((one, other) => rank(one) - rank(other));
    figures.style.setProperty("--columns", order.length <= 5 ? order.length : Math.ceil(order.length / 2));
    figures.innerHTML = order.map((objective) => figure(objective, changes, [from - margin, to + margin])).join("");
  };

  // The lines of the axes stand at the bounds, which move with the confidence.
  const moveLines = (changes) => {
    for (const svg of all("svg[data-axes]")) {
      const axes = JSON.parse(svg.dataset.axes);
      const place = (axis, number) => Math.min(Math.max(
        axis.start + (number - axis.low) / (axis.high - axis.low) * (axis.end - axis.start), axis.start), axis.end);
      for (const group of all("g.mark.point", svg)) {
        const mine = changes[group.dataset.id];
        if (!mine) continue;
        const spots = axes.map((axis) => [place(axis, mine[axis.name].low), axis.y]);
        const path = `M${spots.map((spot) => spot.join(" ")).join("L")}`;
        all("path", group).forEach((line) => line.setAttribute("d", path));
        all("circle.shape", group).forEach((dot, i) => dot.setAttribute("cx", spots[i][0]));
        all(".bar line", group).forEach((bar, i) => {
          bar.setAttribute("x1", spots[i][0]);
          bar.setAttribute("x2", place(axes[i], mine[axes[i].name].high));
        });
      }
    }
  };

  // A scatter's name of the picked policy stands beside it; the one that was set with care is kept for its own policy.
  const nameIn = (svg, id) => {
    all("text.name.picked", svg).forEach((text) => { text.style.display = text.textContent === id ? "" : "none"; });
    let moved = svg.querySelector("text.moved");
    if (!moved) {
      moved = svg.appendChild(document.createElementNS(svg.namespaceURI, "text"));
      moved.setAttribute("class", "name moved");
    }
    const own = all("text.name.picked", svg).some((text) => text.textContent === id);
    const dot = id && !own && svg.querySelector(`g.mark[data-id="${CSS.escape(id)}"] circle.shape`);
    moved.textContent = dot ? id : "";
    if (!dot) return;
    const x = Number(dot.getAttribute("cx")), right = x > svg.viewBox.baseVal.width - 60;
    moved.setAttribute("x", x + (right ? -10 : 10));
    moved.setAttribute("y", Number(dot.getAttribute("cy")) - 9);
    moved.setAttribute("text-anchor", right ? "end" : "start");
  };

  const promised = (changes) => {
    const { label, relative } = objectives.get(wish.maximize), change = changes[wish.maximize];
    return `${label} ${signed(change.change, relative)}${data.certified ? `, at least ${signed(change.low, relative)}` : ""}`;
  };
  let before = data.pick;
  const answer = () => {
    const own = wish.way === "standing" || isStanding();
    const shown = wish.way === "standing" ? { ...wish, way: "equal" } : wish;
    const found = choosing.pick(data, shown);
    const point = own ? data.pick : found.point, why = own ? data.why : found.why;
    const kept = new Set(found.kept);
    data.points.forEach(({ id }) => mark(id, "out", !kept.has(id)));
    if (before) mark(before, "picked", false);
    if (point) mark(point, "picked", true);
    before = point;
    all("svg.scatter").forEach((svg) => nameIn(svg, point));
    moveLines(found.changes);

    title.textContent = own ? asRun.title : typeset(why);
    title.className = own ? asRun.long : title.textContent.length > 130 ? "long" : "";
    const status = hero.querySelector(".status");
    const level = `${Number((100 * wish.confidence).toFixed(2))}${THIN}%`;
    status.textContent = own ? asRun.status : !data.certified ? "Not certified" : point ? `Certified at ${level}` : "No policy qualifies";
    status.classList.toggle("quiet", !data.certified || !point);
    hero.querySelector(".chosen").innerHTML = (point ? `Policy <code>${escape(point)}</code>` : "") +
      (own ? "" : ` <span class="yours">your wish, not the run's</span>`);
    figures.hidden = !point;
    if (point) showFigures(found.changes[point]);

    byId("answer").textContent = point ? `Policy ${point}` : "No policy qualifies";
    byId("answer-why").textContent = (point && wish.way === "maximize" ? `: ${promised(found.changes[point])}; ` : ": ") +
      (Object.keys(wish.limits).length ? `${kept.size} of ${data.points.length} policies keep the limits` : "no limits");
    if (byId("level")) byId("level").textContent = level;
    byId("command").innerHTML = wish.way === "standing" ? "" : command();
    const link = byId("download");
    link.hidden = !point;
    if (point) {
      const { policy } = data.points.find(({ id }) => id === point);
      link.download = `policy-${point}.json`;
      link.href = `data:application/json;charset=utf-8,${encodeURIComponent(JSON.stringify(policy, null, 1))}`;
      choose(point, false);
    }
    more.value = chosenWay();
    if (sure) sure.value = all("option", sure).find((one) => Number(one.value) === wish.confidence)?.value ?? sure.value;
    byId("standing").disabled = own;
    byId("unlimited").disabled = !Object.keys(wish.limits).length;
    setSliders();
    remember();
  };

  const leaveStanding = () => { if (wish.way === "standing") Object.assign(wish, { way: "equal", maximize: "" }); };
  for (const slider of sliders) {
    const label = slider.insertAdjacentElement("afterend", document.createElement("output"));
    label.className = "limit-text";
    label.style.top = slider.style.top;
    slider.addEventListener("input", () => {
      const [low] = domainOf(slider), amount = Number(slider.value), { objective } = slider.dataset;
      leaveStanding();
      if (amount <= low) delete wish.limits[objective];
      else wish.limits[objective] = amount;
      answer();
    });
  }
  more.addEventListener("change", () => {
    const wanted = more.value;
    Object.assign(wish, objectives.has(wanted) ? { way: "maximize", maximize: wanted } : { way: wanted.slice(1), maximize: "" });
    if (wish.way === "standing") wish = standing();
    answer();
  });
  sure?.addEventListener("change", () => { leaveStanding(); wish.confidence = Number(sure.value); answer(); });
  byId("unlimited").addEventListener("click", () => { leaveStanding(); wish.limits = {}; answer(); });
  byId("standing").addEventListener("click", () => { wish = standing(); answer(); });
  all("button[data-zoom]").forEach((button) => button.addEventListener("click", setSliders));
  fromAddress();
  answer();
})();
