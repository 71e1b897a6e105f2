"use strict";
// The rule and the words of `paretorec.pick` for the ways that the page offers; a test holds both to the same answers.
const choosing = (() => {
  const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

  // Python's rounding: to the nearest, exact halves to the even digit.
  const fixed = (number, digits) => {
    const size = Math.abs(number), scale = 10 ** digits;
    let text = size.toFixed(digits);
    if ((size * 2 ** (digits + 1)) % 2 === 1) {
      const floor = Math.floor(size * scale);
      text = ((floor % 2 ? floor + 1 : floor) / scale).toFixed(digits);
    }
    return (number < 0 && Number(text) !== 0 ? "-" : "+") + text;
  };
  // As Python's format "g".
  const general = (number, digits) => {
    const sign = number < 0 ? "-" : "+", size = Math.abs(number);
    if (!size) return "+0";
    const [mantissa, power] = size.toExponential(digits - 1).split("e");
    const trimmed = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
    const exponent = Number(power);
    if (exponent < -4 || exponent >= digits) {
      return `${sign}${trimmed(mantissa)}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
    }
    return sign + trimmed(size.toFixed(digits - 1 - exponent));
  };
  const number = (value, relative) => (relative ? `${fixed(value, 1)} %` : general(value, 3));
  const looser = (bound, relative) => {
    if (relative) return `${fixed(Math.floor(bound * 10) / 10, 1)}%`;
    const step = bound ? Number(`1e${Math.floor(Math.log10(Math.abs(bound))) - 2}`) : 1;
    return general(Math.floor(bound / step) * step, 3);
  };
  const listed = (parts) => (parts.length > 1 ? `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}` : parts[0] || "");
  const counted = (whole) => String(whole).replace(/\B(?=(\d{3})+$)/g, ",");

  const changesOf = (data, point, level) => Object.fromEntries(data.objectives.map((objective) => {
    const [value, change, error] = point.changes[objective.name];
    const low = error ? change - level.low * error : change, high = error ? change + level.high * error : change;
    return [objective.name, { value, change, low, high, relative: objective.relative }];
  }));

  const told = (data, change, full) => {
    const text = number(change.change, change.relative);
    return data.certified ? `${text} (${full ? "at least " : ""}${number(change.low, change.relative)})` : text;
  };
  const allTold = (data, changes, but) => {
    const names = data.objectives.filter((objective) => objective.name !== but);
    return listed(names.map((o, place) => `${o.label} changes by ${told(data, changes[o.name], place === 0)}`));
  };
  const sure = (data, level) => (data.certified
    ? `${general(100 * level.confidence, 4).slice(1)} % sure for all ${data.points.length} policies and ` +
      `${data.objectives.length} objectives at once`
    : "");
  const grounds = (data, text) => {
    if (!data.certified) {
      return `${text}, on the select requests, which the search has seen; not certified: ${data.uncertified}`;
    }
    if (!data.requests) return `${text}, on requests that the search never saw`;
    return `${text}, on ${counted(data.requests)} requests of ${counted(data.users)} users that the search never saw`;
  };

  // wish: {way: "maximize" | "equal" | "knee", maximize: name, limits: {name: least change}, confidence}.
  // Returns {point, why, kept: [ids], changes: {id: {name: change}}}; point is null where no policy qualifies.
  const pick = (data, wish) => {
    const level = data.confidences.find((one) => one.confidence === wish.confidence);
    const changes = Object.fromEntries(data.points.map((point) => [point.id, changesOf(data, point, level)]));
    const ids = data.points.map((point) => point.id), names = data.objectives.map((objective) => objective.name);
    const objective = Object.fromEntries(data.objectives.map((one) => [one.name, one]));
    const low = (id, name) => changes[id][name].low;
    const least = Object.entries(wish.limits);
    const shortfall = (id) => Math.max(-Infinity, ...least.map(([name, amount]) => amount - low(id, name)));
    const best = (among, score) => among.reduce((one, other) => (score(other) > score(one) ? other : one));

    const could = () => {
      const parts = Object.entries(level.detectable).map(([name, size]) =>
        `${objective[name].label} ${number(size, objective[name].relative)}`);
      return parts.length ? `; the smallest changes that these requests could certify are about ${listed(parts)}` : "";
    };
    const kept = ids.filter((id) => shortfall(id) <= 0);
    if (!kept.length) {
      const nearest = best(ids, (id) => -shortfall(id));
      const promised = least.map(([name]) =>
        `${objective[name].label} ${number(low(nearest, name), objective[name].relative)}`).join(" and ");
      const loose = least.map(([name, amount]) =>
        `${name} = "${looser(Math.min(amount, low(nearest, name)), objective[name].relative)}"`).join(", ");
      const why = `no policy qualifies: none of ${ids.length} keeps what is asked; the nearest, ${nearest}, ` +
        `${data.certified ? "promises" : "has"} ${promised}; keep ${loose} would find it${could()}`;
      return { point: null, why, kept, changes };
    }

    const mean = (id) => sum(names.map((name) => (1 / names.length) * low(id, name)));
    const spans = names.map((name) => [name, Math.min(...kept.map((id) => low(id, name))),
      Math.max(...kept.map((id) => low(id, name)))]).filter(([, from, to]) => to > from);
    const ways = {
      maximize: {
        score: (id) => low(id, wish.maximize),
        gain: (id) => low(id, wish.maximize),
        gained: (id) => `the best bound on ${objective[wish.maximize].label} is ` +
          number(low(id, wish.maximize), objective[wish.maximize].relative),
      },
      equal: {
        score: mean,
        gain: mean,
        gained: (id) => `the best bound on the mean of all changes is ${fixed(mean(id), 2)}`,
        heading: "the largest promise over all goals",
      },
      knee: {
        score: (id) => sum(spans.map(([name, from, to]) => (low(id, name) - from) / (to - from))),
        gain: (id) => Math.max(...names.map((name) => low(id, name))),
        gained: (id) => "the bounds of the preferred policy are " + listed(names.map((name) =>
          `${objective[name].label} ${number(low(id, name), objective[name].relative)}`)),
        heading: "the knee of the front, beyond which more of one goal costs most of the others",
      },
    };
    const way = ways[wish.way], chosen = best(kept, way.score);
    if (!(way.gain(chosen) > 0)) {
      const keeping = kept.length === 1 ? "1 policy keeps" : `${kept.length} policies keep`;
      const why = `no policy qualifies: ${least.length ? `${keeping} what is asked, but ` : ""}no gain can be ` +
        `promised; ${way.gained(chosen)} (policy ${chosen})${could()}`;
      return { point: null, why, kept, changes };
    }
    const mine = changes[chosen];
    let lead;
    if (wish.way === "maximize") {
      const gained = mine[wish.maximize], rest = allTold(data, mine, wish.maximize);
      lead = `${objective[wish.maximize].label} ${number(gained.change, gained.relative)}`;
      if (data.certified) lead += ` (at least ${number(gained.low, gained.relative)}, ${sure(data, level)})`;
      if (rest) lead += ` while ${rest}`;
    } else {
      lead = `${way.heading}: ${allTold(data, mine, "")}${data.certified ? `, ${sure(data, level)}` : ""}`;
    }
    return { point: chosen, why: grounds(data, lead), kept, changes };
  };
  return { pick, number, looser, counted };
})();
