"""An episode's pictures as an animated GIF: small, in real time, the same bytes every time."""

import io
import textwrap
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from reprise.environments.answers import Misfit

WIDTH = 300  # pixels, about
COLOURS = 32
INTERVAL = 0.04  # seconds; browsers slow down what is below 0.02
HOLD = 1.0  # seconds on the last picture, before it starts again
WHITE = 255


def gif(frames: NDArray[np.uint8], frames_per_second: float) -> bytes:
    """Return frames as a GIF that plays in real time, holds its last picture, and loops for ever.

    Frames are left out until two are some 0.04 s apart, and shrunk to about 300 pixels in width.
    All share one palette, without dithering, so that what does not move costs nothing.

    Args:
        frames: pictures in RGB, [T, H, W, 3].
        frames_per_second: of the frames given.

    Raises:
        ValueError: if the frames have another shape, or there are none.
    """
    if frames.ndim != 4 or frames.shape[-1] != 3 or not len(frames):
        raise ValueError(f"frames must be [T, H, W, 3]; got {list(frames.shape)}")
    every = max(1, round(INTERVAL * frames_per_second))
    chosen = [*range(0, len(frames) - 1, every), len(frames) - 1]
    small = [_shrunk(frames[t]) for t in chosen]
    palette = _palette(small)
    pictures = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in small]
    durations = list(_durations(chosen, frames_per_second))
    settings = {"save_all": True, "append_images": pictures[1:], "loop": 0, "disposal": 1}
    buffer = io.BytesIO()
    pictures[0].save(buffer, "GIF", duration=durations, optimize=False, **settings)
    return buffer.getvalue()


def notice(text: str) -> bytes:
    """Return a GIF of one picture that holds a text, where there are no others to show."""
    lines = textwrap.wrap(" ".join(text.split()), 44)
    picture = Image.new("RGB", (WIDTH, 24 + 14 * len(lines)), "white")
    ImageDraw.Draw(picture).multiline_text((12, 12), "\n".join(lines), fill="black", spacing=4)
    return gif(np.asarray(picture)[None], 1)


def picture(rendered: Any) -> NDArray[Any]:
    """Return what a `render` gave as a picture of three colours [H, W, 3], in numbers of its kind.

    A list stands for its last picture, grey becomes three equal colours, and a fourth, the alpha
    channel, is left out.

    Raises:
        Misfit: it is no picture.
    """
    while isinstance(rendered, list | tuple) and rendered:
        rendered = rendered[-1]
    array = np.array(rendered)  # a copy: an environment may draw the next one into its own
    if array.dtype.kind not in "buif" or not array.size:
        kind = "nothing" if rendered is None else f"a {type(rendered).__name__}"
        raise Misfit(f"renders {kind}, no picture")
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[-1] not in (1, 3, 4):
        raise Misfit(f"renders an array {list(array.shape)}, no picture")
    return array[..., :3] if array.shape[-1] > 1 else array.repeat(3, axis=-1)


def frames(pictures: Sequence[NDArray[Any]]) -> NDArray[np.uint8]:
    """Return an episode's pictures [H, W, 3] as `gif` takes them, [T, H, W, 3].

    Truths are black and white. Fractions are shares of white if none is above 1.

    Raises:
        Misfit: they are of several sizes, or beyond 0 to 255.
    """
    if len(sizes := dict.fromkeys(picture.shape[1::-1] for picture in pictures)) > 1:
        (width, height), (other_width, other_height) = list(sizes)[:2]
        changed = f"{width} x {height}, then {other_width} x {other_height}"
        raise Misfit(f"renders pictures of several sizes: {changed}")
    every = np.stack(pictures)
    if every.dtype == np.uint8:
        return every
    if every.dtype.kind == "b" or (every.dtype.kind == "f" and every.max() <= 1):
        every = every.astype(np.float32) * WHITE
    if not (every.min() >= 0 and every.max() <= WHITE):
        raise Misfit(f"renders numbers from {every.min():g} to {every.max():g}, no colours")
    return every.round().astype(np.uint8)


def _shrunk(frame: NDArray[np.uint8]) -> Image.Image:
    picture = Image.fromarray(frame)
    return picture.reduce(max(1, round(picture.width / WIDTH)))


def _palette(pictures: Sequence[Image.Image]) -> Image.Image:
    """Return the palette of up to 16 pictures spread over the episode, side by side."""
    spread = pictures[:: max(1, len(pictures) // 16)]
    width, height = pictures[0].size
    wide = Image.new("RGB", (width * len(spread), height))
    for i, picture in enumerate(spread):
        wide.paste(picture, (i * width, 0))
    return wide.quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE)


def _durations(chosen: Sequence[int], frames_per_second: float) -> Iterator[int]:
    """Yield milliseconds, of which GIF keeps tens; what rounding takes, the next frame gets."""
    times = [10 * round(100 * t / frames_per_second) for t in chosen]
    for now, following in pairwise(times):
        yield max(20, following - now)
    yield round(1000 * HOLD)
