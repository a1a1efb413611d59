"""Episodes as animated GIFs: small, and always the same bytes."""

import io
import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from reprise.environments.answers import Misfit

WIDTH = 300  # pixels, about
COLOURS = 32
INTERVAL = 0.04  # seconds; browsers slow down anything below 0.02
HOLD = 1000  # milliseconds on the last picture, before it starts again


def gif(frames: NDArray[np.uint8], frames_per_second: float) -> bytes:
    """Make an endless GIF of frames [T, H, W, 3].

    It keeps a frame every 0.04 s or so and shrinks it to a width of about 300 pixels. All frames
    share one palette, without dithering, so that what does not move takes no space.
    """
    if frames.ndim != 4 or frames.shape[-1] != 3 or not len(frames):
        raise ValueError(f"frames must be [T, H, W, 3]; got {list(frames.shape)}")
    every = max(1, round(INTERVAL * frames_per_second))
    chosen = [*range(0, len(frames) - 1, every), len(frames) - 1]
    factor = max(1, round(frames.shape[2] / WIDTH))
    small = [Image.fromarray(frames[t]).reduce(factor) for t in chosen]
    # The palette suits up to 16 pictures from all parts of the episode, put side by side.
    spread = np.concatenate([np.asarray(p) for p in small[:: max(1, len(small) // 16)]], axis=1)
    palette = Image.fromarray(spread).quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE)
    first, *rest = (p.quantize(palette=palette, dither=Image.Dither.NONE) for p in small)
    # GIF counts in hundredths of a second; the next frame makes up for the rounding.
    times = np.array([10 * round(100 * t / frames_per_second) for t in chosen])
    first.save(
        buffer := io.BytesIO(), "GIF", save_all=True, append_images=rest, loop=0, disposal=1,
        duration=[*np.maximum(20, np.diff(times)).tolist(), HOLD], optimize=False,
    )  # fmt: skip
    return buffer.getvalue()


def notice(text: str) -> bytes:
    """Make a GIF that shows a text."""
    lines = textwrap.wrap(" ".join(text.split()), 44)
    picture = Image.new("RGB", (WIDTH, 24 + 14 * len(lines)), "white")
    ImageDraw.Draw(picture).multiline_text((12, 12), "\n".join(lines), fill="black", spacing=4)
    return gif(np.asarray(picture)[None], 1)


def picture(rendered: Any) -> NDArray[np.uint8]:
    """Check a rendered picture, [H, W, 3]."""
    array = np.array(rendered)  # a copy, as an environment may reuse its own
    if array.ndim != 3 or array.shape[-1] != 3 or array.dtype != np.uint8:
        found = f"{array.dtype} {list(array.shape)}"
        raise Misfit(f"rendered {found}; allowed: a picture, uint8 [H, W, 3]")
    return array


def frames(pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Stack pictures of one size, [T, H, W, 3]."""
    sizes = list(dict.fromkeys(f"{p.shape[1]} x {p.shape[0]}" for p in pictures))
    if len(sizes) > 1:
        raise Misfit(f"rendered {sizes[0]} pixels, then {sizes[1]}; allowed: one size")
    return np.stack(pictures)
