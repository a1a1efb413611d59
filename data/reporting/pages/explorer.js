// The explorer: a reader's choices decide the data, the titles and the texts of the charts.
"use strict";

const read = (id) => JSON.parse(document.getElementById(id).textContent);
const specs = read("specs"), content = read("data"), charts = {};
const { fontFamily: font } = getComputedStyle(document.querySelector("nav"));
const probe = document.body.appendChild(document.createElement("span"));

const SERIES = ["var(--confirmed)", "var(--orange)", "var(--green)", "var(--purple)", "var(--yellow)", "var(--soft)"];
const words = (name) => String(name).replace(/_/g, " ").replace(/(\d) (?=\d)/g, "$1.")
  .replace(/\b(dqn|td|reinforce|ppo)\b/g, (acronym) => acronym.toUpperCase());
const written = (value, options) => (value ?? null) === null ? "nothing"
  : value.toLocaleString("en", { maximumFractionDigits: 0, ...options }).replace("-", "−");
const figure = (value) => written(value, { maximumSignificantDigits: 4, roundingPriority: "morePrecision" });
const percent = (share) => written(share, { style: "percent", maximumFractionDigits: 1 });
const plural = (n, word) => `${figure(n)} ${word}${n === 1 ? "" : "s"}`;
const known = (values) => values.filter((value) => value !== null);
const listed = (items, text) => items.map(text).join("; ");
const form = (id) => document.querySelector(`#${id} form`);
const fields = (id) => form(id).elements;

function quantile(values, share) {
  const sorted = known(values).sort((a, b) => a - b), at = share * (sorted.length - 1), low = Math.floor(at);
  return sorted.length ? sorted[low] + (at - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low]) : null;
}

function tone(name) {
  probe.style.color = `var(--${name})`;
  return getComputedStyle(probe).color;
}

// A chart's specification with the reader's values and the style sheet's colours.
function filled(name, values) {
  const said = JSON.stringify(specs[name]).replace(/"\$(\w+)"/g, (_, key) => JSON.stringify(values[key] ?? null))
    .replace("$bright", values.bright).replace(/var\(--([\w-]+)\)/g, (_, colour) => tone(colour));
  const text = { labelColor: tone("soft"), titleColor: tone("ink"), labelFontSize: 12, titleFontSize: 12.5, titleFontWeight: 500 };
  const axis = { ...text, labelFlush: false, labelSeparation: 6, gridColor: tone("line"), domainColor: tone("edge"), tickColor: tone("edge"), titlePadding: 8, gridOpacity: 0.7 };
  const legend = { ...text, symbolStrokeWidth: 3, symbolOpacity: 1 };
  return { ...JSON.parse(said), background: null, config: { font, view: { stroke: null }, axis, legend, text: { font } } };
}

// Draws the last request only, and embeds a chart again only if its specification changes.
async function draw(name, rows, values, finding, alternative) {
  const [title, place] = [".finding", ".drawing"].map((part) => document.querySelector(`#chart-${name} ${part}`));
  if (title.textContent !== finding) title.textContent = finding;
  place.setAttribute("aria-label", `${finding} ${alternative}`);
  const kept = (charts[name] ??= {});
  Object.assign(kept, { rows, values, wanted: true });
  if (kept.busy) return;
  kept.busy = true;
  while (kept.wanted) {
    kept.wanted = false;
    const spec = filled(name, kept.values), text = JSON.stringify(spec);
    if (text !== kept.text) {
      kept.view?.finalize();
      const inside = document.createElement("div"); // Vega changes the role and label of its place
      place.replaceChildren(inside);
      const options = { actions: false, ast: true, renderer: "canvas", defaultStyle: false, tooltip: { disableDefaultStyle: true } };
      options.logLevel = 1; // errors only: an empty layer is no reason to warn
      Object.assign(kept, await vegaEmbed(inside, { ...spec, datasets: kept.rows }, options), { text });
      kept.view.addEventListener("click", (event, item) => item?.datum && PRESSED[name]?.(item.datum));
    }
    Object.entries(kept.rows).forEach(([data, values]) => kept.view.data(data, values));
    await kept.view.runAsync();
  }
  kept.busy = false;
}

function choices(id, names, chosen) {
  const group = form(id).querySelector(".variants");
  group.hidden = names.length < 2;
  group.replaceChildren(group.firstElementChild, ...names.map((name) => {
    const label = document.createElement("label"), box = document.createElement("input");
    label.className = "choice";
    Object.assign(box, { type: "checkbox", name: "variant", value: name, checked: chosen.includes(name) });
    label.append(box, ` ${words(name)}`);
    return label;
  }));
}

const ticked = (id) => [...form(id).querySelectorAll(".variants input:checked")].map((box) => box.value);
const coloured = (names) => ({
  names: names.map(words),
  colours: names.map((_, at) => SERIES[at % SERIES.length]),
  columns: innerWidth < 600 ? 2 : 3,
});
const output = (input, text) => {
  input.nextElementSibling.textContent = text;
  input.setAttribute("aria-valuetext", text);
};

// ---------------------------------------------------------------- learning curves

const stage = () => content.learning.find((each) => each.stage === fields("learning").stage.value);

function changeStage() {
  const names = stage().variants.map((each) => each.name);
  choices("learning", names, names.slice(0, 3));
  fields("learning").seed.value = "";
  showLearning();
}

function showLearning() {
  const { axis, limit, window: wide, variants } = stage(), controls = fields("learning"), names = ticked("learning");
  const followed = controls.seed.value === "" ? null : Number(controls.seed.value);
  const band = [], lines = [], dots = [], ends = [];
  for (const { name: variant, numbers, at, seeds, last, final } of variants.filter((each) => names.includes(each.name))) {
    const name = words(variant);
    at.forEach((x, point) => {
      const [low, median, high] = [0.1, 0.5, 0.9].map((share) => quantile(seeds.map((seed) => seed[point]), share));
      band.push({ name, x, low, median, high });
    });
    ends.push(band.at(-1));
    numbers.forEach((number, row) => {
      lines.push(...seeds[row].map((y, point) => ({ name, seed: `${name} ${number}`, number, x: at[point], y })));
      dots.push({ name, number, last: last[row], final: final[row] });
    });
  }
  controls.seed.max = Math.max(0, ...dots.map((dot) => dot.number));
  const own = lines.filter((each) => each.number === followed), chosen = dots.filter((dot) => dot.number === followed);
  const [best, second] = ends.sort((a, b) => b.median - a.median);
  let finding = "Choose a variant.", said = "";
  if (best) {
    finding = second ? `The median seed of ${best.name} ends highest, at ${figure(best.median)} of ${limit} steps.`
      : `The median seed ends at ${figure(best.median)} of ${limit} steps, and 80% of the seeds between ${figure(best.low)} and ${figure(best.high)}.`;
    said = `${listed(ends, (each) => `${each.name}: ${figure(each.median)}`)}, by ${axis}, means of ${wide} points.`;
  }
  if (own.length) said += ` Seed ${followed} ends at ${figure(own.at(-1).y)}.`;
  const values = { ...coloured(names), x: axis, limit };
  draw("curves", { band, seeds: controls.seeds.checked ? lines : [], followed: own }, values, finding, said);
  const top = dots.filter((dot) => dot.final === limit).length;
  const mine = listed(chosen, (dot) => `${dot.name}, seed ${followed}: ${figure(dot.last)} in training, ${figure(dot.final)} greedy`);
  draw("outcomes", { dots, chosen }, values,
    `${mine || `${top} of the ${plural(dots.length, "seed")} shown have a greedy policy that always lasts ${limit} steps`}.`,
    "Return at the end of training, across, and of the greedy policy, up.");
}

// ---------------------------------------------------------------- hyperparameters

function showStudy() {
  const { axes, few, settings, limit } = content.study, controls = fields("study"), keys = Object.keys(axes);
  const value = Object.fromEntries(keys.map((key) => [key, axes[key][controls[key].value]]));
  keys.forEach((key) => output(controls[key], figure(value[key])));
  const at = Number(controls.few.value), size = few[at] ?? 0, [x, y = x, ...others] = keys;
  output(controls.few, plural(size, "seed"));
  const same = (list) => settings.filter((each) => list.every((key) => each[key] === value[key]));
  const [mine] = same(keys), name = listed(keys, (key) => `${words(key)} ${figure(value[key])}`).replace(/;/g, ",");
  const cells = same(others).map((each) => ({ x: each[x], y: each[y], value: each.mean }));
  const values = { x: words(x), y: words(y), limit, reach: [0, limit], bright: 0.6 * limit, few };
  const finding = (text) => (mine ? text() : `The study has no setting with ${name}.`);
  draw("heat", { cells, chosen: mine ? [{ x: value[x], y: value[y] }] : [] }, values, finding(() => {
    const rank = 1 + settings.filter((each) => each.mean > mine.mean).length;
    return `Your setting ranks ${rank} of ${settings.length}: mean return ${figure(mine.mean)} of ${limit} steps.`;
  }), `${name}. ${listed(cells, (cell) => `${words(x)} ${figure(cell.x)}, ${words(y)} ${figure(cell.y)}: ${figure(cell.value)}`)}.`);

  // Each setting's seeds in order, or its shares of wrong orders, as points of a line.
  const points = (each, kind, across) => each[kind].map((y, at, all) => ({ setting: settings.indexOf(each), x: across(at, all.length), y }));
  const ordered = (each) => points(each, "seeds", (at, count) => (100 * (at + 1)) / count);
  const wrong = (each) => points(each, "misled", (at) => few[at]).map((point) => ({ ...point, y: 100 * point.y }));
  const seeds = mine?.seeds ?? [];
  draw("spread", { seeds: mine ? ordered(mine) : [], others: settings.flatMap(ordered) }, values, finding(() => {
    const solved = seeds.filter((seed) => seed === limit).length;
    return `Same setting, other seeds: from ${figure(seeds[0])} to ${figure(seeds.at(-1))} steps; ${solved} of ${seeds.length} reach ${limit}.`;
  }), `Half of the seeds return at least ${figure(quantile(seeds, 0.5))}.`);
  const own = mine ? wrong(mine) : [], share = mine?.misled[at];
  draw("few", { seeds: own, others: settings.flatMap(wrong), chosen: own.slice(at, at + 1) }, values,
    share === undefined ? "Seeds that diverged have no rank."
      : `${plural(size, "seed")} would have misled you here in ${percent(share)} of the comparisons.`,
    `${listed(mine?.misled ?? [], (each, at) => `${plural(few[at], "seed")}: ${percent(each)}`)}.`);
}

// ---------------------------------------------------------------- the discount

function showDiscount() {
  const { discounts, curves } = content.mdp, controls = fields("mdp"), at = Number(controls.discount.value);
  const discount = discounts[at], state = controls.state.value;
  output(controls.discount, String(discount));
  const of = (name) => curves.filter((each) => each.state === name), own = of(state);
  const best = (name, point) => of(name).reduce((one, other) => (other.q[point] > one.q[point] ? other : one)).action;
  const flip = discounts.findIndex((_, point) => point && best(state, point) !== best(state, point - 1));
  draw("actions", {
    curves: own.flatMap((each) => each.q.map((y, point) => ({ name: each.action, x: discounts[point], y }))),
    now: [{ x: discount }], points: own.map((each) => ({ name: each.action, x: discount, y: each.q[at] })),
  }, coloured(own.map((each) => each.action)), flip > 0
    ? `In ${state}, ${best(state, flip)} overtakes ${best(state, flip - 1)} between discounts of ${discounts[flip - 1]} and ${discounts[flip]}.`
    : `In ${state}, ${best(state, at)} is best at every discount from ${discounts[0]} to ${discounts.at(-1)}.`,
  `At ${discount}: ${listed(own, (each) => `${each.action} ${figure(each.q[at])}`)}.`);
  const every = curves.flatMap((each) => each.q), low = Math.min(...every), high = Math.max(...every);
  const bars = curves.map(({ state, action, q }) => {
    const chosen = best(state, at) === action;
    const label = `${q[at].toFixed(2).replace("-", "−")}${chosen ? " best" : ""}`;
    return { pair: `${state} · ${action}`, q: q[at], end: Math.max(q[at], 0), chosen, label };
  });
  const states = [...new Set(curves.map((each) => each.state))].map((name) => `${best(name, at)} in ${name}`);
  draw("bars", { bars }, { reach: [Math.min(0, low), high + 0.25 * (high - low)] },
    `At a discount of ${discount} the best actions are ${states.join(", ")}.`,
    `${listed(curves, (each) => `${each.state} ${each.action}: ${figure(each.q[at])}`)}.`);
}

// ---------------------------------------------------------------- value iteration

const model = () => content.sweeps.find((each) => each.name === fields("sweeps").model.value);

function changeModel() {
  fields("sweeps").sweep.max = model().history.length - 1;
  showSweeps();
}

function showSweeps() {
  const { history, columns, discount } = model(), control = fields("sweeps").sweep;
  const { sweep, values, policy, right, error } = history[control.value], after = `After ${plural(sweep, "sweep")}`;
  output(control, String(sweep));
  const rows = values.map((value, at) => ({ value, arrow: policy[at], column: at % columns, row: Math.floor(at / columns) }));
  const every = history.flatMap((each) => each.values), low = Math.min(...every), high = Math.max(...every);
  const height = rows.length < columns ** 2 ? 230 : 320;
  const chosen = { reach: [low, high], height, bright: low + 0.6 * (high - low) };
  draw("fields", { fields: rows }, chosen, `${after} the greedy policy is optimal in ${percent(right)} of the fields.`,
    `Values from ${figure(Math.min(...values))} to ${figure(Math.max(...values))}, discount ${discount}. Actions row by row: ${policy}.`);
  const last = history.findLastIndex((each) => each.right < 1), from = history[last + 1];
  draw("errors", { sweeps: history.map((each) => ({ x: each.sweep, error: each.error })), now: [{ x: sweep, error }] }, chosen,
    from ? `The policy is optimal from sweep ${from.sweep}, although a value is still wrong by ${figure(from.error)}.`
      : "The policy is not yet optimal everywhere.",
    `${after} the largest error is ${figure(error)}.`);
}

// ---------------------------------------------------------------- exploration

const behaviours = () => content.exploration.filter((each) => each.problem === fields("exploration").problem.value);

function changeProblem() {
  const names = behaviours().map((each) => each.behaviour), kept = ticked("exploration");
  choices("exploration", names, kept.length ? kept : names);
  showExploration();
}

function showExploration() {
  const names = ticked("exploration"), shown = behaviours().filter((each) => names.includes(each.behaviour));
  const rows = (what, factor) => shown.flatMap((each) => each.step.map((x, at) => {
    const [low, median, high] = ["q25", "median", "q75"].map((part) => factor * each[`${what}_${part}`][at]);
    return { name: words(each.behaviour), x, low, median, high };
  }));
  const ends = shown.map((each) => {
    const half = each.step[each.coverage_median.findIndex((share) => share >= 0.5)];
    return { name: words(each.behaviour), tried: each.coverage_median.at(-1), lost: each.loss_median.at(-1), half };
  });
  const least = (key, list = ends) => [...list].sort((a, b) => a[key] - b[key])[0];
  const fast = least("half", ends.filter((each) => each.half)), lost = least("lost")?.lost;
  const ties = ends.filter((each) => each.lost === lost), all = ties.length === ends.length;
  let tried = ends.length ? "The median seed of no behaviour tries half of all pairs." : "Choose a behaviour.", loss = tried;
  if (fast) tried = `The median seed of ${fast.name} is the first to try half of all pairs, after ${plural(fast.half, "step")}.`;
  if (ties.length) loss = `${ties[0].name} ends with the smallest loss, ${figure(lost)}.`;
  if (ties.length > 1) loss = `${all ? "All" : `${ties.length} of`} ${ends.length} behaviours end with the same loss, ${figure(lost)}.`;
  draw("coverage", { rows: rows("coverage", 100) }, coloured(names), tried,
    `In the end, ${listed(ends, (each) => `${each.name}: ${percent(each.tried)}`)}.`);
  draw("loss", { rows: rows("loss", 1) }, coloured(names), loss,
    `In the end, ${listed(ends, (each) => `${each.name}: ${figure(each.lost)}`)}.`);
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
  const { answers, form: kind, counted, samples, n, ...of } = claim(), control = fields("verdicts").first;
  const now = answers[control.value], last = answers.at(-1), first = `first ${figure(now?.n)}`;
  document.querySelector(".claimed-here").textContent = `${of.statement} Measured: ${of.measured}. Claimed: ${kind} ${of.claimed}.`;
  if (!now) return;
  output(control, first);
  const drawn = answers.filter((each) => each.low !== null && each.high !== null);
  const settled = answers[answers.findLastIndex((each) => each.verdict !== last.verdict) + 1];
  const few = [1, 3, 10, 30, 100, 300, 1000, 3000, 10000].filter((tick) => tick >= answers[0].n && tick <= last.n);
  const rest = now.verdict === last.verdict ? `as all ${figure(last.n)} do` : `but all ${figure(last.n)} say ${last.verdict}`;
  draw("verdicts", { answers: drawn, margins: of.margins.map((margin) => ({ margin })), now: drawn.filter((each) => each === now) },
    { y: kind, few }, `The ${first} say ${now.verdict}, ${rest}.`,
    `${listed(answers, (each) => `${figure(each.n)}: ${figure(each.low)} to ${figure(each.high)}, ${each.verdict}`)}. The verdict stays from ${figure(settled.n)} on.`);
  const named = samples.map(({ name, values }, at) => ({ name: `${at ? "than " : ""}${words(name)}`, values }));
  const dots = named.flatMap(({ name, values }) => values.map((x, seed) => ({ name, x, chosen: seed < now.n, jitter: (seed * 0.618034) % 1 })));
  const most = Math.min(samples[0].values.length, n);
  const middles = listed(named, ({ name, values }) => `${name}: ${figure(quantile(values.slice(0, now.n), 0.5))}`);
  draw("strip", { dots: dots.filter((dot) => dot.x !== null) }, { height: 70 + 90 * samples.length },
    kind === "share" ? `Of the ${first}, ${percent(now.estimate)} are ${counted}.`
      : `Median of the ${figure(Math.min(now.n, most))} seeds in use: ${middles}.`,
    `${counted ? `Counted: ${counted}. ` : ""}At most ${most} seeds of each sample are drawn.`);
}

// ---------------------------------------------------------------- all

// The choice that a click on a mark of a chart makes.
const follow = ({ number }) => {
  fields("learning").seed.value = number ?? fields("learning").seed.value;
  showLearning();
};
const PRESSED = {
  curves: follow,
  outcomes: follow,
  heat: (cell) => {
    Object.entries(content.study.axes).slice(0, 2).forEach(([key, values], at) => {
      fields("study")[key].value = values.indexOf(at ? cell.y : cell.x);
    });
    showStudy();
  },
  verdicts: ({ n }) => {
    const at = claim().answers.findIndex((each) => each.n === n);
    if (at >= 0) fields("verdicts").first.value = at;
    showVerdict();
  },
};
// By section: the function for its main control, the function for all other controls, the main control.
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
for (const query of ["(prefers-color-scheme: dark)", "(max-width: 599px)"]) {
  matchMedia(query).addEventListener("change", () => Object.values(SECTIONS).forEach(([, show]) => show()));
}
