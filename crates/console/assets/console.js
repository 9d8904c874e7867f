// The console works without this file; with it, it asks for fewer steps.
(() => {
  "use strict";
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // A form is sent once. What protects is the server, which knows the form's key.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) return event.preventDefault();
    if (event.submitter?.dataset.confirm && !confirm(event.submitter.dataset.confirm)) return event.preventDefault();
    if (form.method !== "post") return;
    form.dataset.sent = "1";
    for (const button of all("button", form)) button.setAttribute("aria-disabled", "true");
  });
  // The way back shows the page as it was: it may be sent again.
  addEventListener("pageshow", () => {
    for (const form of all("form[data-sent]")) {
      delete form.dataset.sent;
      for (const button of all("button", form)) button.removeAttribute("aria-disabled");
    }
  });

  // Search as one types: a part of the page, the last question only.
  const search = one("[data-search]");
  const results = one("[data-results]");
  if (search && results) {
    let timer, asked;
    let told = search.value;
    search.setSelectionRange(told.length, told.length);
    const ask = async () => {
      asked?.abort();
      asked = new AbortController();
      const url = new URL(search.form.action);
      url.searchParams.set("q", search.value);
      history.replaceState(null, "", url);
      url.searchParams.set("parte", "1");
      try {
        const answer = await fetch(url, { signal: asked.signal, headers: { accept: "text/html" } });
        if (answer.redirected) return location.reload();
        if (!answer.ok) return;
        results.innerHTML = await answer.text();
        told = url.searchParams.get("q");
      } catch (error) {
        if (error.name !== "AbortError") search.form.dataset.offline = "1";
      }
    };
    search.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(ask, 120);
    });
    search.addEventListener("keydown", (event) => {
      const first = one("a.row", results);
      if (event.key === "ArrowDown" && first) {
        event.preventDefault();
        first.focus();
      } else if (event.key === "Enter" && first && told === search.value) {
        event.preventDefault();
        location.assign(first.href);
      }
    });
    results.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const rows = all("a.row", results);
      const next = rows[rows.indexOf(document.activeElement) + step];
      (next ?? (step < 0 ? search : rows.at(-1))).focus();
    });
  }

  // What is chosen, what is due and what is given back, in whole hundredths.
  const till = one("[data-till]");
  if (till) {
    const minor = (text) => {
      const plain = text.trim().replace(/\s/g, "");
      const decimal = plain.includes(",") ? plain.replaceAll(".", "").replace(",", ".") : plain;
      return /^\d{1,13}(\.\d{1,2})?$/.test(decimal) ? Math.round(Number(decimal) * 100) : null;
    };
    const shown = (value) => {
      const digits = String(Math.abs(value)).padStart(3, "0");
      const whole = digits.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, ".");
      return `${value < 0 ? "-" : ""}${whole},${digits.slice(-2)}`;
    };
    const tell = () => {
      const boxes = all("[data-minor]", till);
      const total = boxes.reduce((sum, box) => sum + (box.checked ? Number(box.dataset.minor) : 0), 0);
      const isCash = one("[name=medio]:checked", till)?.value === "efectivo";
      const coin = isCash ? Number(till.dataset.coin) || 1 : 1;
      const due = Math.floor((total + coin / 2) / coin) * coin;
      const given = one("[name=recibido]", till);
      const typed = minor(given.value);
      one("[data-due]", till).textContent = shown(due);
      one("[data-cash]", till).hidden = !isCash;
      const change = typed === null ? null : typed - due;
      one("[data-change]", till).textContent = change === null || change < 0 ? "—" : shown(change);
      one("[data-count]", till).textContent = boxes.filter((box) => box.checked).length;
    };
    till.addEventListener("input", tell);
    till.addEventListener("change", tell);
    tell();
  }

  // Once all have their focus: what is wrong is typed anew, a telephone begins at the head.
  addEventListener("load", () => requestAnimationFrame(() => {
    const wrong = one("[aria-invalid]");
    const step = one(".big:focus");
    if (wrong) wrong.focus();
    else if (step && matchMedia("(max-width: 47.9em)").matches) {
      step.blur();
      scrollTo(0, 0);
    }
  }));
  const here = one(".sections [aria-current]");
  if (here) here.closest("ul").scrollLeft = here.offsetLeft - 80;

  // F2 searches, and at the search all that is typed does; Esc goes back.
  document.addEventListener("keydown", (event) => {
    if (event.key === "F2") {
      event.preventDefault();
      const link = one("[data-find]");
      if (search) search.select();
      else if (link) location.assign(link.href);
    } else if (event.key === "Escape") {
      const back = one("[data-back]");
      if (search?.value && document.activeElement !== search) search.focus();
      else if (back) location.assign(back.href);
    } else if (search && /^\S$/u.test(event.key) && !event.ctrlKey && !event.altKey && !event.metaKey) {
      if (!event.target.closest("input, select, textarea")) search.focus();
    }
  });

  // A file on its way tells how far it is.
  for (const form of all("form[data-upload]")) {
    form.addEventListener("submit", () => {
      const bar = one("progress", form);
      if (bar) bar.hidden = false;
    });
  }
  for (const button of all("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }
})();
