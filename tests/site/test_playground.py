"""The playground in a browser: Gymnasium's physics, the stored networks, and every control."""

from typing import Any

import gymnasium
import numpy as np
import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

import reprise
from reprise.measures import training
from reprise.nn import networks
from reprise.pipeline import artifacts
from reprise.site import playground
from tests.site.browsing import Browser
from tests.site.documents import pages
from tests.tiny import ROOT

PAGE = "playground.html"
STEPS = """
let state;
return arguments[0].map(([start, action]) => {
  state = stepped(start || state, action === 1 ? FORCE : -FORCE);
  return state;
});
"""
COLOURS = """
const pixels = lanes[0].find("canvas").getContext("2d").getImageData(0, 0, 36, 24).data;
return [0, 2].map(part => pixels.some((strength, at) => at % 4 === part && strength > 150));
"""
POINTS = """
const [lane] = lanes, [who, point, states] = arguments;
if (lane.select.value !== who) { lane.select.value = who; lane.choose(); }
if (point !== null) { lane.slider.value = point; lane.scrub(); }
return states.map((state) => {
  lane.restart(state);
  lane.advance();
  return lane.force > 0 ? 1 : 0;
});
"""
LENGTHS = """
const [lane] = lanes, [who, way, states] = arguments;
controls.velocities.value = way;
lane.select.value = who;
lane.choose();
states.forEach((state) => { lane.restart(state); while (!lane.over) lane.advance(); });
return lane.scores;
"""


@pytest.fixture
def page(browser: Browser) -> Browser:
    """Open the playground, paused at a new start."""
    browser.said()
    browser.asked()
    browser.open(PAGE)
    button(browser, "pause").click()
    button(browser, "again").click()
    return browser


def button(browser: Browser, name: str) -> Any:
    return browser.find(f"[name={name}]")[0]


def value(browser: Browser, expression: str) -> Any:
    return browser.execute_script(f"return {expression}")


def wait(browser: Browser, expression: str) -> None:
    """Wait until an expression holds."""
    WebDriverWait(browser, 60).until(lambda found: value(found, expression))


def starts(number: int, largest: float = 0.05) -> list[list[float]]:
    return np.random.default_rng(7).uniform(-largest, largest, (number, 4)).tolist()


def test_a_thousand_random_steps_are_those_of_gymnasium(page):
    env: Any = gymnasium.make("CartPole-v1").unwrapped
    actions = np.random.default_rng(5).integers(2, size=1000).tolist()
    asked, expected, terminated = [], [], True
    for number, action in enumerate(actions):
        if terminated:
            env.reset(seed=number)
        asked.append([np.array(env.state).tolist() if terminated else None, action])
        terminated = env.step(action)[2]
        expected.append(env.state)
    found = np.array(page.execute_script(STEPS, asked))
    # On another CPU NumPy's sine and cosine may differ in the last bit from the browser's.
    np.testing.assert_allclose(found, np.array(expected), rtol=0, atol=1e-12)


def test_a_rules_or_networks_first_action_is_the_stored_ones(page):
    states = starts(20, largest=0.2)
    chosen = [player for found in playground.trained(ROOT / "data").values() for player in found]
    places = [player.value.split()[1] for player in chosen]
    assert places == ["best", "median", "worst"] * 2
    for who, _, seed, _ in chosen:
        stage = f"{who.split()[0]}_training"
        model = reprise.load(ROOT / "data" / stage / "weights.npz", seed)
        outputs = model(np.array(states, np.float32)).numpy()
        right = outputs[:, 0] < 0.5 if outputs.shape[1] == 1 else outputs.argmax(axis=1) == 1
        assert page.execute_script(POINTS, who, None, states) == right.astype(int).tolist(), who
    for who, lean in (
        ("angle", [s[2] for s in states]),
        ("angle_and_velocity", [s[2] + s[3] for s in states]),
    ):
        assert page.execute_script(POINTS, who, None, states) == [int(x >= 0) for x in lean]


def test_each_point_of_a_training_plays_as_the_stored_network(page):
    states = starts(20, largest=0.2)
    offered = page.find(".lane:first-child option[value*=training]")
    values = [option.get_attribute("value") for option in offered]
    for stage, (algorithm, _) in playground.POLICIES.items():
        arrays = artifacts.read_npz(ROOT / "data" / stage / "snapshots.npz")
        points = len(arrays["rounds"])
        for at, seed in enumerate(arrays["seeds"]):
            who = f"{algorithm.lower()} training {seed}"
            assert who in values
            for point in (0, points // 2, points - 1):
                model = networks.to_keras(of_point(arrays, at), point)
                outputs = np.asarray(model(np.array(states, np.float32)))
                right = outputs[:, 0] < 0.5 if outputs.shape[1] == 1 else outputs.argmax(axis=1)
                found = page.execute_script(POINTS, who, point, states)
                assert found == right.astype(int).tolist(), (who, point)


def of_point(arrays: dict[str, np.ndarray], at: int) -> dict[str, np.ndarray]:
    """Return a seed's networks of all points, as of seeds."""
    parts = {name: a[at].astype(np.float32) for name, a in arrays.items() if a.ndim > 2}
    return {"activations": arrays["activations"], **parts}


def test_the_slider_moves_through_the_training_by_keyboard_and_pointer(page):
    course = page.find(".course")[0]
    assert not course.is_displayed()
    choice = Select(page.find(".lane select")[0])
    option = page.find(".lane:first-child option[value*=training]")[-1]
    choice.select_by_value(option.get_attribute("value"))
    assert course.is_displayed()
    slider, said = page.find(".scrub")[0], page.find(".said")[0]
    last = int(slider.get_attribute("max"))
    assert value(page, "lanes[0].policy === lanes[0].points.at(-1)")
    slider.send_keys(Keys.HOME)
    assert value(page, "lanes[0].policy === lanes[0].points[0]")
    assert "After 0 of" in said.text
    assert "untrained" in (slider.get_attribute("aria-valuetext") or "")
    slider.send_keys(Keys.ARROW_RIGHT)
    assert value(page, "lanes[0].policy === lanes[0].points[1]")
    start = value(page, "lanes[0].start")
    ActionChains(page).move_to_element(slider).click().perform()
    assert abs(int(slider.get_attribute("value") or 0) - last / 2) < 2
    assert value(page, "lanes[0].start") == start, "each point plays from the same start"
    assert value(page, "lanes[0].find('.smooth').getAttribute('d').length > 100")
    assert not page.said()
    assert {url.partition(":")[0] for url in page.asked()} <= {"file", "data"}


def test_the_page_offers_the_best_the_median_and_the_worst_seed(site):
    offered = {tag["value"]: tag.text for tag in pages(site)[site / PAGE]("option", value=True)}
    for algorithm, column in (("reinforce", "greedy_500"), ("dqn", "final_500")):
        returns = artifacts.read_csv(ROOT / f"data/{algorithm}_training/samples.csv")[column]
        ranked = sorted(returns.head(training.SHOWN).dropna(), reverse=True)
        means = {"best": ranked[0], "median": ranked[len(ranked) // 2], "worst": ranked[-1]}
        for place, mean in means.items():
            assert f"{place} seed: {mean:.0f} steps" in offered[f"{algorithm} {place}"]


def test_two_carts_start_in_the_same_state_and_play_without_a_request_or_an_error(page):
    assert value(page, "lanes[0].state.join() === lanes[1].state.join()")
    assert value(page, "lanes.map(lane => lane.select.value)") == ["angle", "dqn best"]
    button(page, "pause").click()
    wait(page, "lanes[0].scores.length > 0 && lanes[1].steps > lanes[0].scores[0]")
    assert "fell after" in page.find(".outcome")[0].text
    button(page, "two").click()
    assert [lane.is_displayed() for lane in page.find(".lane")] == [True, False]
    assert not page.said()
    assert {url.partition(":")[0] for url in page.asked()} <= {"file", "data"}


def test_keys_move_your_cart_and_start_the_episode(page):
    button(page, "yourself").click()
    assert value(page, "[waiting, running, controls.speed.value]") == [True, True, "0.5"]
    assert page.find(".outcome")[0].text.startswith("Press ← or →")
    value(page, "controls.speed.value = '0.1'")  # on a busy machine the pole would fall too soon
    for key, sign in ((Keys.ARROW_RIGHT, 1), (Keys.ARROW_LEFT, -1)):
        ActionChains(page).key_down(key).perform()
        moved = f"(lanes[0].state[1] - lanes[0].before[1]) * {sign} > 0"
        wait(page, f"lanes[0].force === {10 * sign} && {moved}")
        ActionChains(page).key_up(key).perform()
        wait(page, "lanes[0].force === 0")
        button(page, "again").click()
    assert value(page, "lanes[0].pushes.some(push => push !== 0)")
    stage = page.find(".stage")[0]
    ActionChains(page).move_to_element(stage).move_by_offset(150, 20).click_and_hold().perform()
    wait(page, "lanes[0].pressed === 1 && lanes[0].force === FORCE || Boolean(lanes[0].over)")
    ActionChains(page).release().send_keys(Keys.SPACE).perform()
    assert value(page, "[lanes[0].pressed, running]") == [0, False]


def test_the_pole_tilts_by_dragging_and_by_buttons_and_pushes_are_added(page):
    pole = page.find(".pole .tip")[0]
    before = value(page, "lanes[0].state[2]")
    ActionChains(page).click_and_hold(pole).move_by_offset(9, 0).release().perform()
    assert 0.05 < value(page, "lanes[0].state[2]") - before < 0.12
    ActionChains(page).click_and_hold(pole).move_by_offset(200, 0).release().perform()
    assert value(page, "[lanes[0].over, lanes[0].held]") == ["", None]
    page.find("[data-tilt='-1']")[0].click()
    assert value(page, "lanes[0].state[2]") == pytest.approx(0.98 * np.pi / 15 - np.pi / 60)
    page.find("[data-push='1']")[0].click()
    button(page, "once").click()
    assert value(page, "lanes.map(lane => [lane.steps, lane.force])")[0] == [1, 20]


def test_each_setting_changes_the_episode_and_starts_again(page):
    Select(button(page, "limit")).select_by_value("500")
    wait(page, "document.querySelector('.count').textContent === '0 of 500 steps'")
    Select(button(page, "velocities")).select_by_value("zeros")
    button(page, "once").click()
    assert value(page, "[lanes[1].steps, lanes[1].seen[1], lanes[1].seen[3]]") == [1, 0, 0]
    assert value(page, "lanes[1].state[3] !== 0")
    Select(button(page, "velocities")).select_by_value("estimated")
    button(page, "once").click()
    rate = value(page, "lanes[1].seen[3] - (lanes[1].state[2] - lanes[1].before[2]) / TIME")
    assert rate == pytest.approx(0, abs=1e-12)
    Select(button(page, "velocities")).select_by_value("measured")
    assert value(page, "lanes[0].seen.join() === lanes[0].state.join()")
    button(page, "noise").send_keys(Keys.END)
    noise = value(page, "lanes[0].seen.map((seen, at) => seen - lanes[0].state[at])")
    assert (np.abs(noise) <= [0.1, 0.5, 0.05, 0.5]).all()
    assert np.abs(noise).min() > 0
    assert page.find("[name=noise] + span")[0].text == "100%"


def test_the_map_shows_both_actions_and_says_what_the_policy_does(page):
    wait(page, "lanes.every(lane => lane.painted)")
    for who in ("angle", "reinforce median", "dqn best"):
        Select(page.find(".lane select")[0]).select_by_value(who)
        wait(page, f"lanes[0].painted.startsWith('{who}')")
        assert page.execute_script(COLOURS) == [True, True], "orange and blue"
        assert page.find(".border")[0].get_attribute("d")
        assert "It pushes to the" in page.find(".now")[0].text


def test_nothing_moves_by_itself_if_the_reader_prefers_no_motion(browser):
    browser.open(PAGE, prefers_reduced_motion="reduce")
    assert button(browser, "pause").text == "Play"
    wait(browser, "frames > 5")
    assert value(browser, "lanes[1].steps") == 0
    button(browser, "once").click()
    assert value(browser, "lanes[1].steps") == 1


def test_hidden_velocities_drop_the_pole_and_estimates_help_as_the_page_says(page):
    states = starts(20)
    for who in ("reinforce best", "dqn best"):
        seen, zeros, estimated = (
            np.mean(page.execute_script(LENGTHS, who, way, states))
            for way in ("measured", "zeros", "estimated")
        )
        rule = np.mean(page.execute_script(LENGTHS, "angle", "measured", states))
        assert zeros < 1.5 * rule
        assert estimated > (zeros + seen) / 2
