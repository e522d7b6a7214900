// The page's script. The page is complete without it; it adds zoom, filter, copying and a light or dark switch.
// It runs in the browser, under a policy that allows neither network nor evaluation of text.
(() => {
  const SVG = 'http://www.w3.org/2000/svg';
  const MAX_ZOOM = 400;
  const TICK_ROOM = 92;

  function button(label, title, action) {
    const element = document.createElement('button');
    element.type = 'button';
    element.textContent = label;
    if (title) element.setAttribute('aria-label', title);
    element.addEventListener('click', action);
    return element;
  }

  // --- zoom: marks are stretched along the time axis, texts and symbols only moved ---

  function zoomable(figure) {
    const svg = figure.querySelector('svg.chart');
    const scroll = figure.querySelector('.scroll');
    const ticks = JSON.parse(figure.dataset.ticks);
    const [left, top, width, height] = JSON.parse(figure.dataset.plot);
    const groups = (names) => names.flatMap((name) => [...svg.querySelectorAll(`.${name}_marks`)]);
    const stretched = groups(['losses', 'apart_bands', 'off', 'unknown', 'on', 'mixed', 'apart', 'stu']);
    const moved = groups(['stu_labels', 'gaps', 'findings']).flatMap((group) => [...group.children]);
    const [tickGroup] = groups(['ticks']);
    const [labelGroup] = groups(['tick_labels']);
    const anchors = moved.map((element) => {
      const place = /translate\(([-\d.e]+)[, ]+([-\d.e]+)\)/.exec(element.getAttribute('transform') ?? '');
      return { element, x: Number(place?.[1] ?? 0), y: Number(place?.[2] ?? 0) };
    });
    const tickShape = tickGroup?.firstElementChild?.cloneNode(true);
    const labelShape = labelGroup?.firstElementChild?.cloneNode(true);
    const labelY =
      /translate\([-\d.e]+[, ]+([-\d.e]+)\)/.exec(labelShape?.getAttribute('transform') ?? '')?.[1] ?? 0;

    const clip = document.createElementNS(SVG, 'clipPath');
    clip.id = `${figure.dataset.name}-window`;
    const window_ = document.createElementNS(SVG, 'rect');
    window_.setAttribute('x', '-1');
    window_.setAttribute('y', String(-top));
    window_.setAttribute('width', String(width + 2));
    window_.setAttribute('height', String(height + top + 40));
    clip.append(window_);
    svg.prepend(clip);
    for (const group of stretched) group.setAttribute('clip-path', `url(#${clip.id})`);

    let from = 0;
    let zoom = 1;
    const status = document.createElement('span');
    status.className = 'dim data';
    status.setAttribute('role', 'status');

    function drawTicks() {
      if (!tickShape || !labelShape) return;
      const lines = [];
      const labels = [];
      let last = -Infinity;
      for (const [place, text] of ticks) {
        const x = (place - from) * zoom * width;
        if (x < -0.5 || x > width + 0.5 || x - last < TICK_ROOM) continue;
        last = x;
        const line = tickShape.cloneNode(true);
        line.setAttribute('transform', `translate(${x},0)`);
        lines.push(line);
        const label = labelShape.cloneNode(true);
        label.setAttribute('transform', `translate(${x},${labelY})`);
        label.textContent = text;
        labels.push(label);
      }
      tickGroup.replaceChildren(...lines);
      labelGroup.replaceChildren(...labels);
    }

    function draw() {
      const shift = -from * zoom * width;
      for (const group of stretched)
        group.firstElementChild.setAttribute('transform', `matrix(${zoom} 0 0 1 ${shift} 0)`);
      for (const { element, x, y } of anchors) {
        const place = x * zoom + shift;
        element.setAttribute('transform', `translate(${place},${y})`);
        element.setAttribute('visibility', place < -1 || place > width + 1 ? 'hidden' : 'visible');
      }
      drawTicks();
      const seen = ticks.filter(([place]) => place >= from && place <= from + 1 / zoom);
      status.textContent =
        zoom === 1 || seen.length === 0
          ? ''
          : `${seen[0][1]} .. ${seen[seen.length - 1][1]} s, ${zoom.toFixed(1)} x`;
      figure.dataset.zoom = String(zoom);
    }

    function show(nextZoom, centre) {
      const limited = Math.min(MAX_ZOOM, Math.max(1, nextZoom));
      const fixed = from + centre / zoom;
      from = Math.min(1 - 1 / limited, Math.max(0, fixed - centre / limited));
      zoom = limited;
      draw();
    }

    function pan(by) {
      from = Math.min(1 - 1 / zoom, Math.max(0, from + by / zoom));
      draw();
    }

    const placeOf = (event) => {
      const box = svg.getBoundingClientRect();
      return Math.min(1, Math.max(0, (event.clientX - box.left - left) / width));
    };
    svg.addEventListener(
      'wheel',
      (event) => {
        if (!event.ctrlKey && !event.metaKey) return;
        event.preventDefault();
        show(zoom * 1.2 ** (-event.deltaY / 50), placeOf(event));
      },
      { passive: false },
    );
    let dragged = null;
    svg.addEventListener('pointerdown', (event) => {
      if (zoom === 1 || event.button !== 0) return;
      dragged = event.clientX;
      svg.setPointerCapture(event.pointerId);
    });
    svg.addEventListener('pointermove', (event) => {
      if (dragged === null) return;
      pan((dragged - event.clientX) / width);
      dragged = event.clientX;
    });
    for (const end of ['pointerup', 'pointercancel'])
      svg.addEventListener(end, () => {
        dragged = null;
      });
    svg.addEventListener('dblclick', (event) => show(zoom * 3, placeOf(event)));
    const keys = {
      '+': () => show(zoom * 1.5, 0.5),
      '=': () => show(zoom * 1.5, 0.5),
      '-': () => show(zoom / 1.5, 0.5),
      0: () => show(1, 0.5),
      ArrowLeft: () => pan(-0.15),
      ArrowRight: () => pan(0.15),
    };
    scroll.addEventListener('keydown', (event) => {
      const action = keys[event.key];
      if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      action();
    });

    const tools = document.createElement('div');
    tools.className = 'tools';
    tools.append(
      button('+', 'Zoom in', () => show(zoom * 2, 0.5)),
      button('\u2212', 'Zoom out', () => show(zoom / 2, 0.5)),
      button('\u25c0', 'Earlier', () => pan(-0.3)),
      button('\u25b6', 'Later', () => pan(0.3)),
      button('All', '', () => show(1, 0.5)),
      status,
    );
    const hint = document.createElement('span');
    hint.className = 'dim';
    hint.textContent = 'Double click, Ctrl + wheel, or + \u2212 and arrow keys; drag to move.';
    tools.append(hint);
    scroll.before(tools);
  }

  // --- filter ---

  function filterBar() {
    const articles = [...document.querySelectorAll('article.finding')];
    const heading = document.querySelector('h2#findings');
    if (articles.length < 2) return;
    const texts = articles.map((article) => article.textContent.toLowerCase());
    const bar = document.createElement('div');
    bar.className = 'tools filter';
    bar.setAttribute('role', 'search');
    const label = document.createElement('label');
    label.textContent = 'Filter findings ';
    const input = document.createElement('input');
    input.type = 'search';
    input.placeholder = 'rule, address, text';
    label.append(input);
    bar.append(label);
    const boxes = ['error', 'warning', 'note']
      .filter((severity) => articles.some((article) => article.classList.contains(severity)))
      .map((severity) => {
        const own = document.createElement('label');
        const box = document.createElement('input');
        box.type = 'checkbox';
        box.checked = true;
        box.value = severity;
        own.append(box, ` ${severity}s`);
        bar.append(own);
        return box;
      });
    const count = document.createElement('span');
    count.className = 'dim';
    count.setAttribute('role', 'status');
    bar.append(count);
    const apply = () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      const hidden = new Set(boxes.filter((box) => !box.checked).map((box) => box.value));
      let shown = 0;
      articles.forEach((article, index) => {
        const match =
          ![...hidden].some((severity) => article.classList.contains(severity)) &&
          words.every((word) => texts[index].includes(word));
        article.hidden = !match;
        if (match) shown++;
      });
      count.textContent = shown === articles.length ? '' : `showing ${shown} of ${articles.length}`;
    };
    bar.addEventListener('input', apply);
    if (heading) heading.after(bar);
    else document.querySelector('.findings').prepend(bar);
    // A link to a hidden finding shows it.
    window.addEventListener('hashchange', () => {
      const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
      if (!target?.hidden) return;
      input.value = '';
      for (const box of boxes) box.checked = true;
      apply();
      target.scrollIntoView();
    });
  }

  // --- copy as text ---

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const area = document.createElement('textarea');
      area.value = text;
      document.body.append(area);
      area.select();
      const done = document.execCommand('copy');
      area.remove();
      return done;
    }
  }

  function copyButton(label, text) {
    const press = button(label, '', async () => {
      const done = await copy(text.textContent);
      press.textContent = done ? 'Copied' : 'Copying was refused';
      setTimeout(() => {
        press.textContent = label;
      }, 1500);
    });
    press.className = 'copy';
    return press;
  }

  function copyButtons() {
    for (const details of document.querySelectorAll('details.mail'))
      details.before(copyButton('Copy as text', details.querySelector('pre')));
    for (const details of document.querySelectorAll('details.sql'))
      details.querySelector('summary').after(copyButton('Copy SQL', details.querySelector('pre')));
  }

  // --- long tables: pages and a filter ---

  const FILTERED_FROM = 16;
  const PAGE = 50;

  function pages(table) {
    const rows = [...table.tBodies[0].rows];
    if (rows.length < FILTERED_FROM) return;
    const name = table.caption?.textContent ?? 'table';
    let texts = null;
    let page = 0;
    const bar = document.createElement('div');
    bar.className = 'tools pages';
    const input = document.createElement('input');
    input.type = 'search';
    input.placeholder = 'filter rows';
    input.setAttribute('aria-label', `Filter rows: ${name}`);
    const status = document.createElement('span');
    status.className = 'dim';
    status.setAttribute('role', 'status');
    const earlier = button('\u25c0', `Earlier rows: ${name}`, () => turn(-1));
    const later = button('\u25b6', `Later rows: ${name}`, () => turn(1));
    bar.append(input, earlier, later, status);

    function apply() {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      texts ??= rows.map((row) => row.textContent.toLowerCase());
      const matching = rows.filter((_, index) => words.every((word) => texts[index].includes(word)));
      const last = Math.max(0, Math.ceil(matching.length / PAGE) - 1);
      page = Math.min(Math.max(0, page), last);
      const from = page * PAGE;
      const shown = new Set(matching.slice(from, from + PAGE));
      for (const row of rows) row.hidden = !shown.has(row);
      earlier.disabled = page === 0;
      later.disabled = page === last;
      earlier.hidden = later.hidden = rows.length <= PAGE;
      const range =
        shown.size === 0 ? 'no row' : `rows ${from + 1} to ${from + shown.size} of ${matching.length}`;
      status.textContent = shown.size === rows.length ? '' : range;
    }

    function turn(by) {
      page += by;
      apply();
    }
    input.addEventListener('input', () => {
      page = 0;
      apply();
    });
    if (rows.length > PAGE) apply();
    table.parentElement.before(bar);
  }

  // --- light or dark ---

  function schemeSwitch() {
    const label = document.createElement('label');
    label.className = 'tools scheme';
    label.textContent = 'Colours ';
    const select = document.createElement('select');
    for (const [value, text] of [
      ['', 'as the system'],
      ['light', 'light'],
      ['dark', 'dark'],
    ]) {
      select.append(new Option(text, value));
    }
    select.addEventListener('change', () => {
      if (select.value) document.documentElement.dataset.scheme = select.value;
      else delete document.documentElement.dataset.scheme;
    });
    label.append(select);
    document.querySelector('footer').append(label);
  }

  document.querySelectorAll('figure.timeline').forEach(zoomable);
  filterBar();
  document.querySelectorAll('table.rows').forEach(pages);
  copyButtons();
  schemeSwitch();
})();
