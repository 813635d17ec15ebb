"""An image as a grey picture.

Comes in: stored pixel values with their rescale and a window. Goes out: 8-bit greys and a PNG.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SOFT_TISSUE = (40.0, 400.0)
"""Centre and width in HU of the window most readers start with."""


def greys(values: NDArray[Any], window: tuple[float, float]) -> NDArray[np.uint8]:
    """(rows, columns) of values (HU, or whatever the rescale gives) as 0-255; `window` is centre, width."""
    centre, width = window
    low = centre - width / 2
    scaled = (values.astype(np.float32) - np.float32(low)) * np.float32(255.0 / width)
    picture: NDArray[np.uint8] = np.clip(scaled, 0, 255).astype(np.uint8)
    return picture


def own_window(values: NDArray[Any]) -> tuple[float, float]:
    """A window for images without a fixed scale (MR, PET): from the 1st to the 99.5th percentile."""
    low, high = np.percentile(values, [1.0, 99.5])
    return float(low + high) / 2, max(float(high - low), 1e-6)


def png(picture: NDArray[np.uint8]) -> bytes:
    """A grey PNG of (rows, columns) 8-bit values (ISO/IEC 15948, colour type 0, filter Up)."""
    rows, columns = picture.shape
    lines = np.empty((rows, columns + 1), np.uint8)
    lines[:, 0] = 2
    lines[0, 1:] = picture[0]
    lines[1:, 1:] = picture[1:] - picture[:-1]
    head = struct.pack(">IIBBBBB", columns, rows, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(lines.tobytes(), 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )
