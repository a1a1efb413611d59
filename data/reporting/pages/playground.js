// CartPole to play with: physics, policies, stages and maps. No module: browsers load none from a disk.
"use strict";

const TIME = 0.02, FORCE = 10; // s and N, as in Gymnasium
const LIMIT = { position: 2.4, angle: (12 * 2 * Math.PI) / 360, start: 0.05 };
const MAP = { columns: 36, rows: 24, angle: LIMIT.angle, spin: (120 * Math.PI) / 180 }; // edges in rad and rad/s
// The middle of each cell of the map, row by row from the top left.
const CELLS = Array.from({ length: MAP.columns * MAP.rows }, (_, at) => [
  ((2 * (at % MAP.columns) + 1) / MAP.columns - 1) * MAP.angle,
  (1 - (2 * Math.floor(at / MAP.columns) + 1) / MAP.rows) * MAP.spin,
]);
const DEGREES = 180 / Math.PI;
const ACTIVATIONS = {
  linear: (z) => z,
  relu: (z) => Math.max(z, 0),
  elu: (z) => (z > 0 ? z : Math.exp(z) - 1),
  tanh: Math.tanh,
  sigmoid: (z) => 1 / (1 + Math.exp(-z)),
};
// A rule's preference for a push to the right. Its sign decides, as a network's does.
const RULES = {
  angle: ([, , angle]) => (angle < 0 ? -1 : 1),
  angle_and_velocity: ([, , angle, spin]) => (angle + spin < 0 ? -1 : 1),
};
const FINDINGS = {
  you: "Your own pushes draw this map.",
  angle: "The border is upright: the angle alone decides, however fast the pole moves.",
  angle_and_velocity: "The border leans: a pole that rises fast is braked before it is upright.",
  reinforce: "Stronger colour: larger difference of the probabilities of right and left.",
  dqn: "Stronger colour: larger difference of the Q-values of right and left.",
};
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
const form = document.querySelector("form.playground"), controls = form.elements;
const noises = form.dataset.noise.split(" ").map(Number);
const keys = new Set();
let running = !still, waiting = false, owed = 0, rested = 0, latest = 0, frames = 0;

// One step of Gymnasium's CartPole-v1, with the same operations in the same order, in float64.
function stepped([x, velocity, angle, spin], force) {
  const gravity = 9.8, cart = 1.0, pole = 0.1, half = 0.5;
  const mass = pole + cart, moment = pole * half;
  const cos = Math.cos(angle), sin = Math.sin(angle);
  const push = (force + moment * (spin * spin) * sin) / mass;
  const spinRate = (gravity * sin - cos * push) / (half * (4 / 3 - (pole * (cos * cos)) / mass));
  const rate = push - (moment * spinRate * cos) / mass;
  return [x + TIME * velocity, velocity + TIME * rate, angle + TIME * spin, spin + TIME * spinRate];
}

// A finite float16 as a number.
function half(bits) {
  const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -24 * fraction);
}

// A policy for each point of a training, from float16; of a trained network one policy, from float32.
function policies({ sizes, activations, weights, rounds = [0] }) {
  const view = new DataView(Uint8Array.from(atob(weights), (letter) => letter.charCodeAt(0)).buffer);
  const each = activations.reduce((sum, _, layer) => sum + (sizes[layer] + 1) * sizes[layer + 1], 0);
  const read = view.byteLength === 4 * each ? (at) => view.getFloat32(4 * at, true) : (at) => half(view.getUint16(2 * at, true));
  return rounds.map((_, point) => forward(sizes, activations, Float64Array.from({ length: each }, (_, at) => read(point * each + at))));
}

function forward(sizes, activations, numbers) {
  return (observation) => {
    let x = observation, at = 0;
    activations.forEach((name, layer) => {
      const [inputs, outputs] = sizes.slice(layer), kernel = at, bias = at + inputs * outputs;
      x = Array.from({ length: outputs }, (_, o) =>
        ACTIVATIONS[name](x.reduce((z, value, i) => z + value * numbers[kernel + i * outputs + o], numbers[bias + o])));
      at = bias + outputs;
    });
    return x.length === 1 ? 1 - 2 * x[0] : x[1] - x[0]; // the one output is the probability of left
  };
}

// A place of the map, 300 by 200 units.
function point(angle, spin) { return [150 + (150 * angle) / MAP.angle, 100 - (100 * spin) / MAP.spin]; }

function clipped(value, largest) { return Math.max(-largest, Math.min(largest, value)); }

function signed(value, digits) {
  return value.toFixed(digits).replace(/^-(?=[0.]*$)/, "").replace("-", "−");
}

class Lane {
  constructor(root, number, who) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.set = (selector, values) => Object.entries(values).forEach(([name, value]) => this.find(selector).setAttribute(name, value));
    this.select = this.find("select");
    this.stage = this.find(".stage");
    this.scene = this.find(".scene");
    root.setAttribute("aria-label", `Cart ${number}`);
    if ([...this.select.options].some((option) => option.value === who)) this.select.value = who;
    this.select.addEventListener("change", () => { this.choose(); again(); if (this.you) this.stage.focus(); });
    root.querySelectorAll("[data-push]").forEach((button) =>
      button.addEventListener("click", () => { this.kick = { push: Number(button.dataset.push), steps: 5 }; start(); }));
    root.querySelectorAll("[data-tilt]").forEach((button) =>
      button.addEventListener("click", () => this.tilt(this.state[2] + (Number(button.dataset.tilt) * Math.PI) / 60)));
    this.stage.addEventListener("pointerdown", (event) => this.press(event));
    this.stage.addEventListener("pointermove", (event) => this.drag(event));
    ["pointerup", "pointercancel", "lostpointercapture"].forEach((name) =>
      this.stage.addEventListener(name, () => { this.pressed = 0; this.held = null; }));
    this.slider = this.find(".scrub");
    this.slider.addEventListener("input", () => { this.film(false); this.scrub(); });
    this.find(".film").addEventListener("click", () => {
      if (!this.filming && this.slider.value === this.slider.max) this.slider.value = 0;
      this.film(!this.filming);
      this.scrub();
      if (this.filming) run(true);
    });
    this.choose();
  }

  get you() { return this.select.value === "you"; }
  get kind() { return this.select.value.split(" ")[0]; }

  choose() {
    const option = this.select.selectedOptions[0], stored = JSON.parse(option.dataset.network || null);
    this.points = stored ? policies(stored) : [RULES[option.value]];
    this.policy = this.points[0];
    this.course = stored?.rounds ? stored : null;
    this.find(".course").hidden = !this.course;
    this.film(false);
    if (this.course) this.lay();
    this.pushes = CELLS.map(() => 0); // your own pushes, by cell of the map
    this.forget();
  }

  forget() { this.scores = []; }

  film(plays) {
    this.filming = plays;
    this.find(".film").textContent = plays ? "Stop the training" : "Play the training";
  }

  // Draws the learning curve of a training under its slider, and moves the slider to the end.
  lay() {
    const { rounds, returns, means } = this.course, last = rounds.at(-1), top = Math.max(...returns);
    const at = (value, round) => `${((600 * round) / last).toFixed(1)} ${(100 - (90 * value) / top).toFixed(1)}`;
    const path = (values) => `M${values.map((value, round) => at(value ?? means[round], round + 1)).join("L")}`;
    this.set(".returns", { d: path(returns) });
    this.set(".smooth", { d: path(means) });
    this.find(".top-label").textContent = `return ${Math.round(top)}`;
    this.slider.max = this.slider.value = rounds.length - 1;
    this.aim();
  }

  // Takes the policy at the slider's point.
  aim() {
    const point = Number(this.slider.value), { rounds, means, unit } = this.course, last = rounds.at(-1);
    const round = rounds[point], mean = round ? `mean of the last 10: ${means[round - 1].toFixed(0)}` : "untrained";
    this.policy = this.points[point];
    this.painted = "";
    this.set(".before", { d: `M0 0H${(600 * round) / last}V100H0Z` });
    const text = `After ${round} of ${last} ${unit}s; ${mean}`;
    this.find(".said").textContent = `${text}.`;
    this.set(".scrub", { "aria-valuetext": text });
  }

  // Moves to the next point: soon after the end of an episode, or after about a second.
  next(seconds) {
    this.shown = (this.shown || 0) + seconds;
    if (this.shown < (this.over ? 0.5 : 1.2)) return;
    this.shown = 0;
    if (this.slider.value === this.slider.max) { this.film(false); return; }
    this.slider.value = Number(this.slider.value) + 1;
    this.scrub();
  }

  // Plays the policy at the slider's point from the same start.
  scrub() {
    this.aim();
    this.forget();
    this.restart([...this.start]);
    rested = 0;
  }

  restart(state) {
    this.start = [...state];
    Object.assign(this, { state, before: state, steps: 0, over: "", force: 0, pressed: 0, held: null, kick: null });
    Object.assign(this, { measured: null, trail: [], painted: "" });
    this.seen = this.observe();
    this.outcome("");
  }

  outcome(text) {
    this.over = text;
    this.find(".outcome").textContent = text || (this.you ? "Press ← or →, or half of this stage, to start." : "");
    this.root.classList.toggle("over", Boolean(text));
    this.root.classList.toggle("stood", this.steps >= controls.limit.value);
    const total = this.scores.reduce((sum, score) => sum + score, 0), count = this.scores.length;
    const mean = count ? `: mean ${(total / count).toFixed(0)}, longest ${Math.max(...this.scores)}` : "";
    this.find(".tally-line").textContent = `${count} episode${count === 1 ? "" : "s"}${mean}`;
  }

  // Rules and networks see the state with noise. Hidden velocities are zeros, or estimates from two positions.
  observe() {
    const share = controls.noise.value / 100, way = controls.velocities.value;
    const measured = this.state.map((value, at) => value + share * noises[at] * (2 * Math.random() - 1));
    const before = this.measured || measured;
    this.measured = measured;
    const [x, velocity, angle, spin] = measured;
    if (way === "zeros") return [x, 0, angle, 0];
    return way === "estimated" ? [x, (x - before[0]) / TIME, angle, (angle - before[2]) / TIME] : [x, velocity, angle, spin];
  }

  hand() {
    if (this.pressed) return this.pressed;
    if (this.kick && this.kick.steps) { this.kick.steps -= 1; return this.kick.push; }
    return this.you || !shown().some((lane) => lane.you) ? keys.has("ArrowRight") - keys.has("ArrowLeft") : 0;
  }

  advance() {
    this.before = this.state;
    if (this.over) { // the pole goes on falling, for the eye only
      if (!still && Math.abs(this.state[2]) > LIMIT.angle && Math.abs(this.state[2]) < 1.6) this.state = stepped(this.state, 0);
      return;
    }
    const hand = this.hand();
    this.force = hand * FORCE;
    if (this.policy) this.force += this.policy(this.seen) > 0 ? FORCE : -FORCE;
    else if (hand) this.remember(hand);
    this.state = stepped(this.state, this.force);
    this.steps += 1;
    this.seen = this.observe();
    this.trail.push(this.state.slice(2));
    if (this.trail.length > 60) this.trail.shift();
    const [x, , angle] = this.state;
    if (Math.abs(angle) > LIMIT.angle) this.end(`The pole fell after ${this.steps} steps.`);
    else if (Math.abs(x) > LIMIT.position) this.end(`The cart left the track after ${this.steps} steps.`);
    else if (this.steps >= controls.limit.value) this.end(`The pole stood for all ${this.steps} steps.`);
  }

  end(text) {
    this.scores.push(this.steps);
    this.force = 0;
    this.outcome(text);
  }

  remember(push) {
    const [, , angle, spin] = this.state, wide = (2 * MAP.angle) / MAP.columns, high = (2 * MAP.spin) / MAP.rows;
    this.pushes = this.pushes.map((value, at) => {
      const far = ((CELLS[at][0] - angle) / wide) ** 2 + ((CELLS[at][1] - spin) / high) ** 2;
      return far < 25 ? clipped(value + push * 0.5 * Math.exp(-far / 5), 1) : value;
    });
    this.painted = "";
  }

  tilt(angle) {
    if (this.over) return;
    const [x, velocity] = this.state;
    this.place([x, velocity, clipped(angle, 0.98 * LIMIT.angle), 0]);
  }

  place(state) {
    this.state = this.before = state;
    this.measured = null;
    this.seen = this.observe();
  }

  press(event) {
    const part = event.target.closest(".pole, .body");
    this.stage.setPointerCapture(event.pointerId);
    const box = this.stage.getBoundingClientRect();
    if (part && !this.over) this.held = part.classList[0];
    else { this.pressed = event.clientX < box.left + box.width / 2 ? -1 : 1; start(); }
  }

  drag(event) {
    if (!this.held || this.over) return;
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.scene.getScreenCTM().inverse());
    const [x, , angle] = this.state;
    if (this.held === "pole") this.tilt(Math.atan2(at.x - 100 * x, Math.max(-at.y, 1)));
    else this.place([clipped(at.x / 100, 2.3), 0, angle, 0]);
  }

  draw(part) {
    const [x, , angle, spin] = this.before.map((value, at) => value + part * (this.state[at] - value));
    const [, , seenAngle, seenSpin] = this.seen, [cx, cy] = point(angle, spin), [sx, sy] = point(seenAngle, seenSpin);
    this.set(".cart", { transform: `translate(${100 * x} 0)` });
    this.set(".pole", { transform: `rotate(${DEGREES * angle})` });
    this.set(".arrow", {
      visibility: this.force ? "visible" : "hidden",
      class: this.force < 0 ? "arrow left" : "arrow",
      transform: `scale(${Math.sign(this.force) || 1} 1)`,
    });
    this.find(".count").textContent = `${this.steps} of ${controls.limit.value} steps`;
    this.set(".true", { cx, cy });
    this.set(".seen", { cx: sx, cy: sy });
    this.set(".trail", { points: this.trail.map((values) => point(...values)).join(" ") });
  }

  // Draws the preferences at the present position and velocity, and the border where their sign changes.
  paint() {
    const [x, velocity, angle, spin] = this.seen;
    const preference = this.policy ? this.policy(this.seen) : 0;
    const much = RULES[this.kind] ? "" : ` (difference ${signed(preference, 2)})`;
    const push = this.policy ? `It pushes to the ${preference > 0 ? "right" : "left"}${much}.` : "";
    this.find(".now").textContent = `Position ${signed(x, 2)} m, velocity ${signed(velocity, 2)} m/s, `
      + `angle ${signed(DEGREES * angle, 1)}°, angular velocity ${signed(DEGREES * spin, 0)}°/s. ${push}`;
    this.find(".finding").textContent = FINDINGS[this.kind];
    const colours = [".left", ".right"].map((name) => getComputedStyle(this.find(`.key ${name}`)).color);
    const key = [this.select.value, ...colours, RULES[this.kind] || this.you ? "" : [x.toFixed(2), velocity.toFixed(2)]].join();
    if (key === this.painted) return;
    this.painted = key;
    const values = this.policy ? CELLS.map((cell) => this.policy([x, velocity, ...cell])) : this.pushes;
    const largest = this.policy ? Math.max(1e-9, ...values.map(Math.abs)) : 1;
    const context = this.find("canvas").getContext("2d"), image = context.createImageData(MAP.columns, MAP.rows);
    const rgb = colours.map((colour) => colour.match(/[\d.]+/g).slice(0, 3).map(Number));
    values.forEach((value, at) => {
      const strength = value ? (this.you ? 0 : 30) + 170 * Math.sqrt(Math.abs(value) / largest) : 0;
      image.data.set([...rgb[value > 0 ? 1 : 0], strength], 4 * at);
    });
    context.putImageData(image, 0, 0);
    this.set(".border", { d: this.policy ? border(values) : "" });
  }
}

// Draws lines between cells of different sign, by marching squares.
function border(values) {
  const { columns } = MAP;
  return values.map((_, at) => {
    if (at % columns === columns - 1 || at + columns >= values.length) return "";
    const corners = [at, at + 1, at + columns + 1, at + columns];
    const ends = corners.flatMap((one, side) => {
      const other = corners[(side + 1) % 4], share = values[one] / (values[one] - values[other]);
      if (values[one] > 0 === values[other] > 0) return [];
      const [a, b] = [point(...CELLS[one]), point(...CELLS[other])];
      return [a.map((from, axis) => (from + share * (b[axis] - from)).toFixed(1)).join(" ")];
    });
    return ends.map((end, number) => (number % 2 ? "L" : "M") + end).join("");
  }).join("");
}

function shown() { return controls.two.checked ? lanes : lanes.slice(0, 1); }

function again() {
  const state = Array.from({ length: 4 }, () => LIMIT.start * (2 * Math.random() - 1));
  lanes.forEach((lane, number) => { lane.root.hidden = number > 0 && !controls.two.checked; lane.restart([...state]); });
  waiting = shown().some((lane) => lane.you);
  owed = rested = 0;
}

function run(moves) {
  running = moves;
  controls.pause.textContent = running ? "Pause" : "Play";
}

// Starts an episode that waits for your first push.
function start() {
  if (shown().every((lane) => lane.over) && rested > 0.5) again();
  if (waiting) { waiting = false; run(true); lanes.forEach((lane) => { if (lane.you && !lane.over) lane.find(".outcome").textContent = ""; }); }
}

function advance() { shown().forEach((lane) => lane.advance()); }

function frame(now) {
  const seconds = Math.min(0.1, (now - latest) / 1000), active = shown();
  latest = now;
  if (running && !waiting && !active.some((lane) => lane.held)) {
    owed += (seconds * controls.speed.value) / TIME;
    for (; owed >= 1; owed -= 1) advance();
    active.filter((lane) => lane.filming).forEach((lane) => lane.next(seconds));
    if (active.every((lane) => lane.over)) rested += seconds;
    if (rested > 2) again();
  }
  active.forEach((lane, number) => {
    lane.draw(running && !waiting ? Math.min(owed, 1) : 1);
    if (frames % 6 === 3 * number) lane.paint();
  });
  frames += 1;
  requestAnimationFrame(frame);
}

const [first] = document.querySelectorAll(".lane");
first.querySelectorAll(".ghost").forEach((ghost) => ghost.remove());
first.after(first.cloneNode(true));
const lanes = [...document.querySelectorAll(".lane")].map((root, at) => new Lane(root, at + 1, ["angle", "dqn best"][at]));
if (lanes[1].select.value === "angle") { lanes[1].select.value = "angle_and_velocity"; lanes[1].choose(); } // no networks
form.querySelectorAll("[hidden]:not(.course)").forEach((hidden) => { hidden.hidden = false; });

form.addEventListener("submit", (event) => event.preventDefault());
controls.yourself.addEventListener("click", () => {
  lanes[0].select.value = "you";
  lanes[0].choose();
  if (controls.speed.value >= 1) controls.speed.value = "0.5";
  run(true);
  again();
  lanes[0].stage.focus();
});
controls.pause.addEventListener("click", () => run(!running));
controls.once.addEventListener("click", () => { run(false); waiting = false; owed = 0; advance(); });
controls.again.addEventListener("click", again);
form.addEventListener("change", (event) => {
  if (["speed", ""].includes(event.target.name)) return; // a cart's own choice is the lane's
  lanes.forEach((lane) => lane.forget());
  again();
});
controls.noise.addEventListener("input", () => { controls.noise.nextElementSibling.textContent = `${controls.noise.value}%`; });

document.addEventListener("keydown", (event) => {
  if (event.target.closest("input, select") || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === " " && !event.target.closest("button, a")) run(!running);
  else if (event.key === "ArrowLeft" || event.key === "ArrowRight") { keys.add(event.key); if (!event.repeat) start(); }
  else return;
  event.preventDefault();
});
document.addEventListener("keyup", (event) => keys.delete(event.key));
window.addEventListener("blur", () => keys.clear());

run(running);
again();
requestAnimationFrame(frame);
