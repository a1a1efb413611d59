"""An episode's pictures as an animated GIF: small, in real time, the same bytes every time."""

import io
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image

WIDTH = 300  # pixels, about
COLOURS = 32
INTERVAL = 0.04  # seconds; browsers slow down what is below 0.02
HOLD = 1.0  # seconds on the last picture, before it starts again


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
    buffer = io.BytesIO()
    pictures[0].save(
        buffer, "GIF", save_all=True, append_images=pictures[1:], loop=0, disposal=1,
        duration=list(_durations(chosen, frames_per_second)), optimize=False,
    )  # fmt: skip
    return buffer.getvalue()


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
