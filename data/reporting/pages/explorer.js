// The explorer: what a reader chooses decides the data, the titles and the texts of the charts.
"use strict";

const read = (id) => JSON.parse(document.getElementById(id).textContent);
const specs = read("specs"), content = read("data"), charts = {};
const palette = ["var(--series-1)", "var(--series-2)", "var(--series-3)", "var(--series-4)", "var(--series-5)", "var(--series-6)"];
const scheme = matchMedia("(prefers-color-scheme: dark)"), probe = document.createElement("span");
probe.hidden = true;
document.body.append(probe);

const words = (name) => String(name).replace(/_/g, " ").replace(/(\d) (?=\d)/g, "$1.");
const plural = (n, word) => `${figure(n)} ${word}${n === 1 ? "" : "s"}`;
const unique = (values) => [...new Set(values)];
const known = (values) => values.filter((value) => value !== null);
const form = (id) => document.querySelector(`#${id} form`);
const fields = (id) => form(id).elements;

function figure(value) {
  if (value === null || value === undefined) return "nothing";
  const digits = Math.abs(value) >= 1000 || Number.isInteger(value) ? 0 : Math.abs(value) >= 100 ? 1 : 3;
  const text = digits === 3 ? String(Number(value.toPrecision(3))) : value.toLocaleString("en", { maximumFractionDigits: digits });
  return text.replace("-", "−");
}

function quantile(values, share) {
  const sorted = known(values).sort((a, b) => a - b), at = share * (sorted.length - 1), low = Math.floor(at);
  return sorted.length ? sorted[low] + (at - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low]) : null;
}

function tone(name) {
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
}

// A chart's specification with the reader's values and the style sheet's colours.
function filled(name, values) {
  const said = JSON.stringify(specs[name]).replace(/"\$(\w+)"/g, (_, key) => JSON.stringify(values[key] ?? null))
    .replace(/\$bright/g, values.bright).replace(/var\((--[\w-]+)\)/g, (_, colour) => tone(colour));
  const text = { labelColor: tone("--soft"), titleColor: tone("--ink"), labelFontSize: 12, titleFontSize: 12.5, titleFontWeight: 500 };
  return {
    ...JSON.parse(said),
    background: null,
    config: {
      font: getComputedStyle(document.querySelector("nav")).fontFamily,
      view: { stroke: null },
      axis: { ...text, gridColor: tone("--line"), domainColor: tone("--edge"), tickColor: tone("--edge"), titlePadding: 8, gridOpacity: 0.7 },
      legend: { ...text, symbolStrokeWidth: 3, symbolOpacity: 1 },
      text: { font: getComputedStyle(document.querySelector("nav")).fontFamily },
    },
  };
}

// Draws what is wanted last; a chart is made anew only if its specification changes.
function draw(name, rows, values, finding, alternative) {
  const figureOf = document.getElementById(`chart-${name}`), place = figureOf.querySelector(".drawing");
  const title = figureOf.querySelector(".finding");
  if (title.textContent !== finding) title.textContent = finding;
  place.setAttribute("aria-label", `${finding} ${alternative}`);
  const kept = (charts[name] ??= { busy: false });
  Object.assign(kept, { rows, values, wanted: true });
  if (!kept.busy) kept.done = settle(name, place, kept);
}

async function settle(name, place, kept) {
  kept.busy = true;
  while (kept.wanted) {
    kept.wanted = false;
    const spec = filled(name, kept.values), text = JSON.stringify(spec);
    if (text !== kept.text) {
      kept.result?.finalize();
      const inside = document.createElement("div"); // Vega changes the role and label of its place
      place.replaceChildren(inside);
      kept.result = await vegaEmbed(inside, { ...spec, datasets: kept.rows }, {
        actions: false, ast: true, renderer: "canvas", defaultStyle: false, mode: "vega-lite",
        logLevel: 1, // errors only: an empty layer is no reason to warn
        tooltip: { disableDefaultStyle: true },
      });
      kept.view = kept.result.view;
      kept.text = text;
      kept.view.addEventListener("click", (event, item) => item?.datum && PRESSED[name]?.(item.datum));
    }
    for (const [data, values] of Object.entries(kept.rows)) kept.view.data(data, values);
    await kept.view.runAsync();
  }
  kept.busy = false;
}

function choices(id, names, chosen, all = 6) {
  const group = form(id).querySelector(".variants");
  group.querySelectorAll("label").forEach((label) => label.remove());
  group.hidden = names.length < 2;
  names.forEach((name, at) => {
    const label = document.createElement("label"), box = document.createElement("input");
    Object.assign(label, { className: "choice" });
    Object.assign(box, { type: "checkbox", name: "variant", value: name, checked: chosen ? chosen.includes(name) : at < all });
    label.append(box, ` ${words(name)}`);
    group.append(label);
  });
}

const ticked = (id) => [...form(id).querySelectorAll(".variants input:checked")].map((box) => box.value);
const coloured = (names) => ({
  names: names.map(words),
  colours: names.map((_, at) => palette[at % palette.length]),
  columns: innerWidth < 600 ? 2 : 3,
});
const output = (input, text) => {
  input.nextElementSibling.textContent = text;
  input.setAttribute("aria-valuetext", text);
};

// ---------------------------------------------------------------- learning curves

function changeStage() {
  const { variants } = content.learning.find((each) => each.stage === fields("learning").stage.value);
  choices("learning", variants.map((each) => each.name), null, 3);
  fields("learning").seed.value = "";
  showLearning();
}

function showLearning() {
  const controls = fields("learning"), stage = content.learning.find((each) => each.stage === controls.stage.value);
  const names = ticked("learning"), shown = stage.variants.filter((each) => names.includes(each.name));
  const followed = controls.seed.value === "" ? null : Number(controls.seed.value);
  const band = [], lines = [], one = [], dots = [], chosen = [], medians = [];
  for (const { name, numbers, at, seeds, last, final } of shown) {
    const label = words(name);
    at.forEach((x, point) => {
      const column = seeds.map((seed) => seed[point]);
      band.push({ name: label, x, y: quantile(column, 0.1), y2: quantile(column, 0.9), median: quantile(column, 0.5) });
    });
    seeds.forEach((seed, row) => {
      const points = seed.map((y, point) => ({ name: label, seed: `${label} ${numbers[row]}`, number: numbers[row], x: at[point], y }));
      lines.push(...points);
      const dot = { name: label, seed: numbers[row], number: numbers[row], last: last[row], final: final[row] };
      dots.push(dot);
      if (numbers[row] === followed) {
        one.push(...points);
        chosen.push(dot);
      }
    });
    medians.push({ label, end: quantile(seeds.map((seed) => seed.at(-1)), 0.5), low: quantile(seeds.map((seed) => seed.at(-1)), 0.1), high: quantile(seeds.map((seed) => seed.at(-1)), 0.9) });
  }
  const most = Math.max(0, ...shown.flatMap((each) => each.numbers));
  controls.seed.max = most;
  medians.sort((a, b) => b.end - a.end);
  const values = { ...coloured(names), x: stage.axis, limit: stage.limit };
  const best = medians[0];
  let finding = "Choose a variant.", said = "";
  if (best) {
    finding = medians.length > 1
      ? `The median seed of ${best.label} ends highest, at ${figure(best.end)} of ${stage.limit} steps.`
      : `The median seed ends at ${figure(best.end)} of ${stage.limit} steps, most seeds between ${figure(best.low)} and ${figure(best.high)}.`;
    said = `${medians.map((each) => `${each.label}: ${figure(each.end)}`).join("; ")}, by ${stage.axis}, means of ${stage.window} points.`;
  }
  if (followed !== null && one.length) said += ` Seed ${followed} ends at ${figure(one.at(-1).y)}.`;
  draw("curves", { band, seeds: controls.seeds.checked ? lines : [], followed: one }, values, finding, said);
  const top = known(dots.map((dot) => dot.final)).filter((value) => value === stage.limit).length;
  const mine = chosen.map((dot) => `${dot.name}, seed ${followed}: ${figure(dot.last)} in training, ${figure(dot.final)} greedy.`).join(" ");
  draw("outcomes", { dots, chosen }, values, mine || `${top} of the ${plural(dots.length, "seed")} shown have a greedy policy that always lasts ${stage.limit} steps.`,
    "Return at the end of training, across, and of the greedy policy, up.");
}

// ---------------------------------------------------------------- hyperparameters

function showStudy() {
  const { axes, few: sizes, settings, limit } = content.study, controls = fields("study"), keys = Object.keys(axes);
  const value = Object.fromEntries(keys.map((key) => [key, axes[key][controls[key].value]]));
  keys.forEach((key) => output(controls[key], figure(value[key])));
  const size = Number(controls.few.value), [x, y = x, ...others] = keys;
  output(controls.few, plural(sizes[size] ?? 0, "seed"));
  const same = (one, list) => list.every((key) => one[key] === value[key]);
  const mine = settings.find((each) => same(each, keys)), own = settings.indexOf(mine);
  const cells = settings.filter((each) => same(each, others)).map((each) => ({ x: each[x], y: each[y], mean: each.mean }));
  const setting = keys.map((key) => `${words(key)} ${figure(value[key])}`).join(", ");
  const shades = { x: words(x), y: words(y), limit, bright: 0.6 * limit, few: sizes };
  const ordered = (seeds, number) => seeds.map((seed, at) => ({ setting: number, x: (100 * (at + 1)) / seeds.length, y: seed }));
  const wrong = (each, number) => each.misled.map((share, at) => ({ setting: number, x: sizes[at], y: 100 * share }));
  const rank = mine ? 1 + settings.filter((each) => each.mean > mine.mean).length : 0;
  const nothing = `The study has no setting with ${setting}.`;
  draw("heat", { cells, chosen: mine ? [{ x: value[x], y: value[y] }] : [] }, shades,
    mine ? `Your setting ranks ${rank} of ${settings.length}: mean return ${figure(mine.mean)} of ${limit} steps.` : nothing,
    `${setting}. ${cells.map((cell) => `${words(x)} ${figure(cell.x)}, ${words(y)} ${figure(cell.y)}: ${figure(cell.mean)}`).join("; ")}.`);
  const seeds = mine?.seeds ?? [], solved = seeds.filter((seed) => seed === limit).length;
  draw("spread", { seeds: ordered(seeds, own), others: settings.flatMap((each, at) => ordered(each.seeds, at)) }, shades,
    mine ? `Same setting, other seeds: from ${figure(seeds[0])} to ${figure(seeds.at(-1))} steps; ${solved} of ${seeds.length} reach ${limit}.` : nothing,
    `Half of the seeds return at least ${figure(quantile(seeds, 0.5))}.`);
  const share = mine?.misled[size];
  draw("few", {
    seeds: mine ? wrong(mine, own) : [], others: settings.flatMap(wrong),
    chosen: share === undefined ? [] : [{ x: sizes[size], y: 100 * share }],
  }, shades,
  share === undefined ? "Seeds that diverged have no rank." : `${plural(sizes[size], "seed")} would have misled you here in ${figure(Math.round(1000 * share) / 10)}% of the comparisons.`,
  mine ? mine.misled.map((each, at) => `${plural(sizes[at], "seed")}: ${figure(Math.round(1000 * each) / 10)}%`).join("; ") + "." : "");
}

// ---------------------------------------------------------------- the discount

function showDiscount() {
  const { discounts, curves } = content.mdp, controls = fields("mdp"), at = Number(controls.discount.value);
  const discount = discounts[at], state = controls.state.value, own = curves.filter((each) => each.state === state);
  output(controls.discount, String(discount));
  const bestOf = (list, point) => list.reduce((one, other) => (other.q[point] > one.q[point] ? other : one));
  const flip = discounts.findIndex((_, point) => point && bestOf(own, point) !== bestOf(own, point - 1));
  const now = bestOf(own, at).action;
  const finding = flip > 0
    ? `In ${state}, ${bestOf(own, flip).action} overtakes ${bestOf(own, flip - 1).action} between discounts of ${discounts[flip - 1]} and ${discounts[flip]}.`
    : `In ${state}, ${now} is best at every discount from ${discounts[0]} to ${discounts.at(-1)}.`;
  draw("actions", {
    curves: own.flatMap((each) => each.q.map((y, point) => ({ name: each.action, x: discounts[point], y }))),
    now: [{ x: discount }], points: own.map((each) => ({ name: each.action, x: discount, y: each.q[at] })),
  }, coloured(own.map((each) => each.action)), finding,
  `At ${discount}: ${own.map((each) => `${each.action} ${figure(each.q[at])}`).join(", ")}.`);
  const states = unique(curves.map((each) => each.state));
  const best = Object.fromEntries(states.map((name) => [name, bestOf(curves.filter((each) => each.state === name), at).action]));
  const every = curves.flatMap((each) => each.q), room = Math.max(...every) - Math.min(...every);
  draw("bars", { bars: curves.map((each) => ({ pair: `${each.state} · ${each.action}`, q: each.q[at], best: best[each.state] === each.action, label: `${each.q[at].toFixed(2)}${best[each.state] === each.action ? " best" : ""}` })) },
    { reach: [Math.min(0, ...every), Math.max(...every) + 0.25 * room] },
    `At a discount of ${discount} the best actions are ${states.map((name) => `${best[name]} in ${name}`).join(", ")}.`,
    `${curves.map((each) => `${each.state} ${each.action}: ${figure(each.q[at])}`).join("; ")}.`);
}

// ---------------------------------------------------------------- value iteration

const model = () => content.sweeps.find((each) => each.name === fields("sweeps").model.value);

function changeModel() {
  fields("sweeps").sweep.max = model().history.length - 1;
  showSweeps();
}

function showSweeps() {
  const { history, columns, discount } = model(), control = fields("sweeps").sweep, now = history[control.value];
  output(control, String(now.sweep));
  const rows = now.values.map((value, at) => ({ value, arrow: now.policy[at], column: at % columns, row: Math.floor(at / columns) }));
  const every = history.flatMap((each) => each.values), reach = [Math.min(...every), Math.max(...every)];
  const height = rows.length / columns < columns ? 230 : 320, values = { reach, height, bright: reach[0] + 0.6 * (reach[1] - reach[0]) };
  const right = history.findIndex((_, at) => history.slice(at).every((each) => each.right === 1));
  draw("fields", { fields: rows }, values,
    `After ${plural(now.sweep, "sweep")} the greedy policy is optimal in ${figure(Math.round(100 * now.right))}% of the fields.`,
    `Values from ${figure(Math.min(...now.values))} to ${figure(Math.max(...now.values))}, discount ${discount}. Actions row by row: ${now.policy}.`);
  draw("errors", { sweeps: history.map((each) => ({ x: each.sweep, error: each.error })), now: [{ x: now.sweep, error: now.error }] }, values,
    right < 0 ? "The policy is not yet optimal everywhere." : `The policy is optimal from sweep ${history[right].sweep} on, when a value is still ${figure(history[right].error)} off.`,
    `After ${plural(now.sweep, "sweep")} the largest error is ${figure(now.error)}.`);
}

// ---------------------------------------------------------------- exploration

function changeProblem() {
  choices("exploration", content.exploration.filter((each) => each.problem === fields("exploration").problem.value).map((each) => each.behaviour), ticked("exploration").length ? ticked("exploration") : null);
  showExploration();
}

function showExploration() {
  const names = ticked("exploration"), problem = fields("exploration").problem.value;
  const shown = content.exploration.filter((each) => each.problem === problem && names.includes(each.behaviour));
  const rows = (what, factor) => shown.flatMap((each) => each.step.map((x, at) => ({
    name: words(each.behaviour), x, low: factor * each[`${what}_q25`][at], median: factor * each[`${what}_median`][at], high: factor * each[`${what}_q75`][at],
  })));
  const end = (what) => shown.map((each) => ({ label: words(each.behaviour), end: each[`${what}_median`].at(-1), half: each.step[each[`${what}_median`].findIndex((value) => value >= 0.5)] }));
  const said = (list, factor, unit) => `${list.map((each) => `${each.label}: ${figure(factor * each.end)}${unit}`).join("; ")}.`;
  const tried = end("coverage"), lost = end("loss").sort((a, b) => a.end - b.end), fast = tried.filter((each) => each.half).sort((a, b) => a.half - b.half)[0];
  const most = [...tried].sort((a, b) => b.end - a.end)[0], ties = lost.filter((each) => each.end === lost[0].end);
  draw("coverage", { rows: rows("coverage", 100) }, coloured(names),
    fast ? `The median run of ${fast.label} is the first to try half of all pairs, after ${plural(fast.half, "step")}.` : most ? `The median run of ${most.label} tries most: ${figure(100 * most.end)}% of all pairs.` : "Choose a behaviour.",
    tried.length ? `In the end, ${said(tried, 100, "%")}` : "");
  draw("loss", { rows: rows("loss", 1) }, coloured(names),
    !lost.length ? "Choose a behaviour." : ties.length > 1 ? `${ties.length === lost.length ? "All" : `${ties.length} of`} ${lost.length} behaviours end with the same loss, ${figure(lost[0].end)}.` : `${lost[0].label} ends with the smallest loss, ${figure(lost[0].end)}.`,
    lost.length ? `In the end, ${said(lost, 1, "")}` : "");
}

// ---------------------------------------------------------------- verdicts

const claim = () => content.verdicts.find((each) => each.claim === fields("verdicts").claim.value);

function changeClaim() {
  const control = fields("verdicts").first;
  control.max = claim().answers.length - 1;
  control.value = 0;
  showVerdict();
}

function showVerdict() {
  const of = claim(), control = fields("verdicts").first, now = of.answers[control.value], last = of.answers.at(-1);
  const said = document.querySelector(".claimed-here");
  said.textContent = `${of.statement} Measured: ${of.measured}. Claimed: ${of.form} ${of.claimed}.`;
  if (!now) return;
  output(control, `first ${figure(now.n)}`);
  const answers = of.answers.filter((each) => each.low !== null && each.high !== null);
  const settled = of.answers.findIndex((_, at) => of.answers.slice(at).every((each) => each.verdict === last.verdict));
  const since = now.verdict === last.verdict ? "as all" : "but all";
  const ticks = [1, 3, 10, 30, 100, 300, 1000, 3000, 10000].filter((tick) => tick >= of.answers[0].n && tick <= last.n);
  draw("verdicts", { answers, margins: of.margins.map((margin) => ({ margin })), now: answers.includes(now) ? [now] : [] },
    { y: of.form, few: ticks },
    `The first ${figure(now.n)} say ${now.verdict}, ${since} ${figure(last.n)} ${since === "as all" ? "do" : `say ${last.verdict}`}.`,
    `${of.answers.map((each) => `${figure(each.n)}: ${figure(each.low)} to ${figure(each.high)}, ${each.verdict}`).join("; ")}. The verdict stays from ${figure(of.answers[settled].n)} on.`);
  const short = (name) => (name.length > 24 ? `${name.slice(0, 23)}…` : name);
  const labels = of.samples.map((each, at) => short(`${at ? "than " : ""}${words(each.name)}`));
  const dots = of.samples.flatMap(({ values }, at) => values.map((x, seed) => ({ name: labels[at], x, used: seed < now.n, jitter: (seed * 0.618034) % 1 }))).filter((dot) => dot.x !== null);
  const middles = of.samples.map(({ values }, at) => `${labels[at]}: ${figure(quantile(values.slice(0, now.n), 0.5))}`);
  const drawn = Math.min(of.samples[0].values.length, of.n);
  const share = `Of the first ${figure(now.n)}, ${figure(Math.round(1000 * now.estimate) / 10)}% are ${of.counted}.`;
  draw("strip", { dots }, { height: 70 + 90 * labels.length }, of.form === "share" ? share : `Median of the ${figure(Math.min(now.n, drawn))} seeds in use: ${middles.join("; ")}.`,
    `${of.counted ? `Counted: ${of.counted}. ` : ""}At most ${drawn} seeds of each sample are drawn.`);
}

// ---------------------------------------------------------------- all

const follow = ({ number }) => {
  if (number === undefined) return;
  fields("learning").seed.value = number;
  showLearning();
};
const PRESSED = {
  curves: follow,
  outcomes: follow,
  heat: (cell) => {
    Object.keys(content.study.axes).slice(0, 2).forEach((key, at) => {
      fields("study")[key].value = content.study.axes[key].indexOf(at ? cell.y : cell.x);
    });
    showStudy();
  },
  verdicts: ({ n }) => {
    const at = claim().answers.findIndex((each) => each.n === n);
    if (at >= 0) fields("verdicts").first.value = at;
    showVerdict();
  },
};
const SECTIONS = {
  learning: [changeStage, showLearning, "stage"],
  study: [showStudy, showStudy],
  mdp: [showDiscount, showDiscount],
  sweeps: [changeModel, showSweeps, "model"],
  exploration: [changeProblem, showExploration, "problem"],
  verdicts: [changeClaim, showVerdict, "claim"],
};
for (const [id, [change, show, first]] of Object.entries(SECTIONS)) {
  form(id).hidden = false;
  for (const kind of ["input", "change"]) {
    form(id).addEventListener(kind, (event) => (event.target.name === first ? change : show)());
  }
  form(id).addEventListener("submit", (event) => event.preventDefault());
  change();
}
fields("sweeps").next.addEventListener("click", () => {
  fields("sweeps").sweep.stepUp();
  showSweeps();
});
const again = () => Object.values(SECTIONS).forEach(([, show]) => show());
scheme.addEventListener("change", again);
let narrow = innerWidth < 600;
addEventListener("resize", () => {
  if (narrow !== innerWidth < 600) again();
  narrow = innerWidth < 600;
});
