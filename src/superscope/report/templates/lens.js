"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;
  const whole = (text, size) =>
    size === 1 ? new Uint8Array(bytes(text))
      : size === 2 ? new Uint16Array(bytes(text)) : new Uint32Array(bytes(text));
  const numbers = (scaled) => {
    const steps = whole(scaled.values, 2);
    return (k) => steps[k] === 0 ? null : Math.exp(scaled.low + (steps[k] - 1) * scaled.step);
  };

  const SHORT = 128, OFFERED = 12, LISTED = 24, BEGINNING = 400;
  const texts = data.texts, rows = texts.length;
  const ids = data.ids === null ? null : whole(data.ids, 4);
  const classes = whole(data.classes, 1);
  const near = {
    of: whole(data.near.of, data.near.bytes),
    rows: whole(data.near.rows, data.near.bytes),
    overlaps: whole(data.near.overlaps, 1),
    count: data.near.count,
  };
  const norm = numbers(data.norm), raw = numbers(data.raw), centered = numbers(data.centered);
  const [mean, spread] = data.chance;
  const words = texts.map((t) => t === null ? "" : t.trim().toLowerCase());

  const groupOf = new Map(data.groups.flatMap((group) => group.map((k) => [k, group])));

  const idOf = (k) => ids === null ? k : ids[k];
  const nameOf = (k) =>
    texts[k] === null ? "#" + idOf(k) : Object.hasOwn(data.shown, k) ? data.shown[k] : `"${texts[k]}"`;
  const classOf = (k) => data.names[classes[k] & (SHORT - 1)];
  const isShort = (k) => classes[k] >= SHORT;
  const digits = (value, count) => value.toLocaleString("en", { maximumSignificantDigits: count });
  const two = (hundredths) => (hundredths < 0 ? "\u2212" : "") + (Math.abs(hundredths) / 100).toFixed(2);
  const counted = (n, one, many) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;

  function placeOf(id) {
    if (ids === null) return id < rows ? id : -1;
    let low = 0, high = rows;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ids[middle] < id) low = middle + 1; else high = middle;
    }
    return low < rows && ids[low] === id ? low : -1;
  }

  function listOf(k) {
    let low = 0, high = near.of.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (near.of[middle] < k) low = middle + 1; else high = middle;
    }
    if (low === near.of.length || near.of[low] !== k) return null;
    const found = [];
    for (let j = low * near.count; j < (low + 1) * near.count; j++) {
      found.push([near.rows[j], near.overlaps[j] - 100]);
    }
    return found;
  }

  function listing(k) {
    const found = [];
    for (let j = 0; j < near.rows.length; j++) {
      if (near.rows[j] === k && j % near.count < data.keep) {
        found.push([near.of[Math.floor(j / near.count)], near.overlaps[j] - 100]);
      }
    }
    return found.sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  }

  function matches(typed) {
    const id = /^\s*#\s*(\d{1,9})\s*$/.exec(typed);
    if (id) {
      const k = placeOf(Number(id[1]));
      return k < 0 ? [] : [k];
    }
    const word = typed.trim().toLowerCase();
    if (word === "") return [];
    const same = [], begins = [], holds = [];
    for (let k = 0; k < rows; k++) {
      const at = words[k].indexOf(word);
      if (at < 0) continue;
      if (words[k] === word) same.push(k);
      else if (at === 0) { if (begins.length < BEGINNING) begins.push(k); }
      else if (holds.length < OFFERED) holds.push(k);
    }
    // Exactly what was typed first, with its spaces and capitals; then what follows a space.
    const rank = (k) => (texts[k] === typed ? 0 : texts[k].trim() === typed.trim() ? 1 : 2) * 2
      + (texts[k].startsWith(" ") ? 0 : 1);
    same.sort((a, b) => rank(a) - rank(b) || a - b);
    begins.sort((a, b) => words[a].length - words[b].length || a - b);
    return [...same, ...begins, ...holds].slice(0, OFFERED);
  }

  const make = (tag, name, text) => {
    const element = document.createElement(tag);
    if (name) element.className = name;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const nameElement = (k) => make("bdi", "token", nameOf(k));
  const label = (k) => {
    const parts = [nameElement(k)];
    if (texts[k] !== null) parts.push(" ", make("span", "id", String(idOf(k))));
    const kind = classOf(k);
    if (kind !== "" && kind !== "word") parts.push(" ", make("span", "class", kind));
    return parts;
  };
  const link = (k) => {
    const anchor = make("a");
    anchor.href = "#token-" + idOf(k);
    anchor.append(...label(k));
    return anchor;
  };

  const find = (id) => document.getElementById(id);
  const box = find("search"), offers = find("offers"), shown = find("token"), said = find("said");
  const longer = find("longer");
  let offered = [], active = -1, current = -1;

  function offer() {
    offered = matches(box.value);
    active = -1;
    offers.replaceChildren(...offered.map((k, i) => {
      const option = make("li");
      option.id = "offer-" + i;
      option.setAttribute("role", "option");
      option.append(...label(k));
      option.addEventListener("mousedown", (event) => { event.preventDefault(); choose(k); });
      return option;
    }));
    const open = offered.length > 0;
    offers.hidden = !open;
    box.setAttribute("aria-expanded", String(open));
    box.removeAttribute("aria-activedescendant");
    said.textContent = box.value.trim() === "" ? ""
      : open ? counted(offered.length, "token offered", "tokens offered")
        : "No entry of the vocabulary has this in it.";
  }

  function close() {
    offers.hidden = true;
    active = -1;
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
  }

  function point(to) {
    if (offered.length === 0) return;
    if (offers.hidden) { offers.hidden = false; box.setAttribute("aria-expanded", "true"); }
    active = (to + offered.length) % offered.length;
    [...offers.children].forEach((o, i) => o.setAttribute("aria-selected", String(i === active)));
    const option = offers.children[active];
    option.scrollIntoView({ block: "nearest" });
    box.setAttribute("aria-activedescendant", option.id);
  }

  function choose(k) {
    box.value = "";
    close();
    const hash = "#token-" + idOf(k);
    if (location.hash === hash) show(k); else location.hash = hash;
  }

  box.addEventListener("input", offer);
  box.addEventListener("blur", close);
  box.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") point(active + 1);
    else if (event.key === "ArrowUp") point(active < 0 ? -1 : active - 1);
    else if (event.key === "Enter" && offered.length > 0) choose(offered[Math.max(active, 0)]);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
  find("any").addEventListener("click", () => {
    const pool = near.of;
    choose(pool[Math.floor(Math.random() * pool.length)]);
  });
  longer.addEventListener("change", () => { if (current >= 0) show(current); });
  window.addEventListener("hashchange", follow);

  function follow() {
    const named = /^#token-(\d{1,9})$/.exec(location.hash);
    if (!named) return false;
    const k = placeOf(Number(named[1]));
    if (k < 0) return false;
    show(k);
    shown.focus({ preventScroll: true });
    return true;
  }

  function facts(k) {
    const list = make("dl");
    const add = (term, ...value) => {
      const definition = make("dd");
      definition.append(...value);
      list.append(make("dt", "", term), definition);
    };
    if (classOf(k) !== "") add("class", classOf(k));
    let below = 0;
    for (let j = 0; j < rows; j++) if (norm(j) < norm(k)) below++;
    const length = norm(k);
    add("norm", length === null ? "0: the row has no direction"
      : `${digits(length, 4)}, longer than ${digits(100 * below / rows, 3)} % of the rows`);
    const equal = (groupOf.get(k) || []).filter((j) => j !== k);
    if (equal.length > 0) {
      add("equal rows", ...equal.slice(0, LISTED).flatMap((j, i) => i === 0 ? [link(j)] : [", ", link(j)]));
    }
    const times = (value) => value === null ? "none" : `${digits(value * data.width, 3)}\u00d7 chance`;
    add("interference", `${times(centered(k))} mean-centered, ${times(raw(k))} raw`);
    const others = [];
    if (words[k] !== "") {
      for (let j = 0; j < rows && others.length < 8; j++) {
        if (j !== k && words[j] === words[k]) others.push(j);
      }
    }
    if (others.length > 0) {
      add("same word", ...others.flatMap((j, i) => i === 0 ? [link(j)] : [", ", link(j)]));
    }
    return list;
  }

  function bars(k) {
    let found = listOf(k) || (groupOf.has(k) ? listOf(groupOf.get(k)[0]) : null);
    if (found === null) {
      return make("p", "note", find("none").textContent);
    }
    if (longer.checked) found = found.filter(([j]) => !isShort(j));
    const list = make("ol", "bars");
    for (const [j, hundredths] of found.slice(0, data.keep)) {
      const item = make("li"), track = make("span", "track"), bar = make("span", "bar");
      bar.style.width = Math.max(0, hundredths) + "%";
      track.style.setProperty("--random", Math.min(100, 100 * (mean + 2 * spread)) + "%");
      track.append(bar);
      const value = make("span", "c", two(hundredths));
      item.append(link(j), track, value);
      list.append(item);
    }
    return list;
  }

  function show(k) {
    current = k;
    const heading = make("h2");
    heading.append(...label(k));
    const count = Math.min(data.keep, near.count);
    const title = make("h3", "", `Nearest rows, ${data.center}`);
    const having = listing(k);
    const chips = make("p", "chips");
    having.slice(0, LISTED).forEach(([j]) => chips.append(link(j), " "));
    if (having.length > LISTED) chips.append(`and ${(having.length - LISTED).toLocaleString("en")} more`);
    const asked = near.of.length === rows ? "" : ` of the ${near.of.length.toLocaleString("en")} tokens with a list here`;
    const back = make("h3", "", `${counted(having.length, "token has", "tokens have")} it among their ${count} nearest${asked}`);
    shown.replaceChildren(heading, facts(k), title, bars(k), back, chips);
    find("tools").hidden = false;
    document.title = `${nameOf(k)} \u00b7 ${document.body.dataset.title}`;
    said.textContent = `Token ${nameOf(k)}`;
  }

  find("app").hidden = false;
  if (!follow() && rows > 0) {
    show(data.first.length > 0 ? data.first[0] : near.of[0]);
  }
})();
