// Charts from options that the server wrote beside them.
//
// <div class="chart" data-chart="ID" role="img" aria-label="…"></div>
// <script type="application/json" id="ID">{ECharts options}</script>
//
// The options are plain data, so whatever needs code or the reader's surroundings is added here:
// colours, language, width, motion, the form of numbers, and where a click leads (`href` of a
// point, within this site). Labels in tooltips are drawn, not built of HTML: the security policy
// forbids styled fragments. Where no chart can be drawn, the table below it opens instead.
(() => {
  const drawn = new Map();
  const page = document.documentElement;
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const language = page.lang.startsWith("zh") ? "ZH" : "EN";
  const numbers = new Intl.NumberFormat(page.lang, { maximumFractionDigits: 2 });

  // Distinguishable also without full colour vision (Okabe and Ito), legible on either ground.
  const COLOURS = {
    light: ["#206bc4", "#b45309", "#0f766e", "#9333a8", "#be123c", "#64748b", "#4d7c0f", "#0e7490"],
    dark: ["#6ea8fe", "#f5b14c", "#4fd1b5", "#d8a4f0", "#fb8ca2", "#a3b1c6", "#b4d455", "#5fd0e6"],
  };

  const dark = () => page.dataset.bsTheme === "dark";

  const theme = () => {
    const style = getComputedStyle(document.body);
    const text = style.color;
    const quiet = dark() ? "#b4bfce" : "#53607a";
    const line = dark() ? "#3a4658" : "#d9dee7";
    const ground = style.getPropertyValue("--tblr-bg-surface").trim() || (dark() ? "#182433" : "#fff");
    const axis = {
      axisLine: { lineStyle: { color: line } },
      axisTick: { show: false },
      axisLabel: { color: quiet },
      nameTextStyle: { color: quiet },
      splitLine: { lineStyle: { color: line } },
      splitArea: { show: false },
    };
    return {
      color: COLOURS[dark() ? "dark" : "light"],
      backgroundColor: "transparent",
      textStyle: { fontFamily: style.fontFamily, color: text },
      title: { textStyle: { color: text }, subtextStyle: { color: quiet } },
      legend: { textStyle: { color: text }, inactiveColor: line },
      tooltip: {
        backgroundColor: ground, borderColor: line, borderWidth: 1, textStyle: { color: text },
        axisPointer: { lineStyle: { color: quiet }, crossStyle: { color: quiet } },
      },
      categoryAxis: { ...axis, splitLine: { show: false } },
      valueAxis: { ...axis, axisLine: { show: false } },
      timeAxis: axis,
      logAxis: axis,
      radar: {
        axisName: { color: quiet },
        axisLine: { lineStyle: { color: line } },
        splitLine: { lineStyle: { color: line } },
        splitArea: { show: false },
      },
      visualMap: { textStyle: { color: quiet } },
      markLine: { label: { color: text } },
    };
  };

  // A place of this site, or nothing.
  const local = (href) => (/^\/(?![/\\])/.test(href ?? "") ? href : null);

  const series = (options) => [options.series ?? []].flat();

  const leads = (one) => (one.data ?? []).some((point) => local(point?.href));

  const readable = (value) =>
    Array.isArray(value) ? value.map(readable).join(" – ")
      : typeof value === "number" ? numbers.format(value) : (value ?? "—");

  const adapted = (options) => ({
    aria: { enabled: false }, // the server says it better
    darkMode: dark(),
    ...options,
    animation: !calm.matches && options.animation !== false,
    animationDuration: 300,
    tooltip: {
      valueFormatter: readable, confine: true, ...options.tooltip, renderMode: "richText",
    },
    series: series(options).map((one) => ({ cursor: leads(one) ? "pointer" : "default", ...one })),
  });

  // On a phone the names beside horizontal bars leave room for the bars, and legends for a line.
  const NARROW = 480;
  const fitted = (options, narrow) => {
    const { itemGap = 10, itemWidth = 25 } = options.legend ?? {};
    const across = options.yAxis?.type === "category";
    const names = { axisLabel: { width: narrow ? 96 : 400, overflow: "break" } };
    return {
      ...(options.legend && { legend: narrow ? { itemGap: 6, itemWidth: 12 } : { itemGap, itemWidth } }),
      ...(across && { yAxis: names, xAxis: { axisLabel: { hideOverlap: true } } }),
    };
  };

  const chosen = (options) => ({
    baseOption: adapted(options),
    media: [
      { query: { maxWidth: NARROW }, option: fitted(options, true) },
      { option: fitted(options, false) },
    ],
  });

  const read = (place) => JSON.parse(document.getElementById(place.dataset.chart).textContent);

  const follow = (event) => {
    const href = local(event.data?.href);
    if (href === null) return;
    if (event.event?.event?.ctrlKey || event.event?.event?.metaKey) window.open(href);
    else location.assign(href);
  };

  const draw = (place) => {
    // Sharp on paper too, which is finer than most screens.
    const sharp = Math.max(devicePixelRatio, 2);
    const chart = echarts.init(place, theme(), { renderer: "canvas", locale: language, devicePixelRatio: sharp });
    chart.setOption(chosen(read(place)));
    chart.on("click", follow);
    drawn.set(place, chart);
    place.dataset.drawn = "";
    widths.observe(place);
  };

  const erase = (place) => {
    drawn.get(place)?.dispose();
    drawn.delete(place);
    delete place.dataset.drawn;
    widths.unobserve(place);
  };

  const fallBack = (place) => {
    place.hidden = true;
    const table = place.closest(".chart-box")?.querySelector("details");
    if (table) table.open = true;
  };

  const show = (place) => {
    if (drawn.has(place)) return;
    try {
      draw(place);
    } catch (error) {
      console.warn("chart", place.dataset.chart, error);
      fallBack(place);
    }
  };

  const widths = new ResizeObserver((entries) => {
    for (const { target } of entries) drawn.get(target)?.resize();
  });

  const within = (part) => {
    const found = [...part.querySelectorAll("[data-chart]")];
    return part.matches?.("[data-chart]") ? [part, ...found] : found;
  };

  const redraw = () => {
    for (const place of [...drawn.keys()]) {
      erase(place);
      if (place.isConnected) show(place);
    }
  };

  // For pages that change a chart's options in place: a number slid, a year chosen.
  window.tiduCharts = {
    update(id, options) {
      for (const [place, chart] of drawn) {
        if (place.dataset.chart === id) chart.setOption(chosen(options), { notMerge: true });
      }
    },
  };

  within(document).forEach(show);
  document.addEventListener("htmx:load", (event) => within(event.target).forEach(show));
  document.addEventListener("htmx:beforeCleanupElement", (event) => within(event.target).forEach(erase));
  new MutationObserver(redraw).observe(page, { attributeFilter: ["data-bs-theme"] });
  calm.addEventListener("change", redraw);
})();
