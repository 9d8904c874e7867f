#!/usr/bin/env python3
"""Draws the demo's logo, logo.png, beside this file: a drop over two waves on a disc, clear around it.

    python3 crates/server/src/commands/demo/logo.py

Nothing but the standard library; the same picture whenever it is run. The logo is the project's own.
"""

import math
import pathlib
import struct
import zlib

SIDE = 240
# Each dot is the mean of so many by so many.
SAMPLES = 4
SKY, WATER, DEEP = (23, 107, 160), (255, 255, 255), (126, 196, 233)


def drop(x, y):
    """Whether a point is in the drop: a circle below, a point above."""
    x, y = x - 120, y - 112
    if x * x + y * y <= 40 * 40:
        return True
    return -86 <= y < 0 and abs(x) <= 40 * math.sqrt(max(0.0, 1 - (y / 86) ** 2)) * (1 + y / 86) ** 0.5


def wave(x, y, middle):
    return abs(y - middle - 7 * math.sin((x - 20) * math.pi / 40)) <= 6


def colour(x, y):
    """The colour of a point, or None where the disc ends."""
    if (x - 120) ** 2 + (y - 120) ** 2 > 118 ** 2:
        return None
    if drop(x, y):
        return WATER
    if wave(x, y, 176) or wave(x, y, 200):
        return DEEP
    return SKY


def dot(column, row):
    step = 1 / SAMPLES
    places = [(i + 0.5) * step for i in range(SAMPLES)]
    seen = [colour(column + x, row + y) for y in places for x in places]
    inside = [it for it in seen if it is not None]
    if not inside:
        return (0, 0, 0, 0)
    mean = [round(sum(channel) / len(inside)) for channel in zip(*inside)]
    return (*mean, round(255 * len(inside) / len(seen)))


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png():
    rows, above = bytearray(), bytes(4 * SIDE)
    for row in range(SIDE):
        dots = b"".join(bytes(dot(column, row)) for column in range(SIDE))
        # Filter 2: each byte less the one above it.
        rows += b"\x02" + bytes((one - other) % 256 for one, other in zip(dots, above))
        above = dots
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 6, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows), 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


pathlib.Path(__file__).with_name("logo.png").write_bytes(png())
