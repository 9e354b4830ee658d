"""Single keys from the terminal, without waiting for Enter; letters of lines where the input is no terminal."""
from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import closing

ARROWS = {"A": "up", "B": "down", "C": "right", "D": "left"}               # after ESC [ or ESC O
WINDOWS = {"H": "up", "P": "down", "M": "right", "K": "left"}              # after \0 or \xe0
LETTERS = {"w": "up", "s": "down", "d": "right", "a": "left", "k": "up", "j": "down", "l": "right", "h": "left"}


def pressed() -> Generator[str]:
    """up, down, left, right, or any other key as it is, until `q`, Escape or the end of the input."""
    if not sys.stdin.isatty(): characters = letters()
    elif os.name == "nt": characters = windows()
    else: characters = terminal()
    with closing(characters):
        for key in characters:
            if key in ("q", "\x1b"): return
            if key == "\x03": raise KeyboardInterrupt
            yield LETTERS.get(key, key)


def letters() -> Generator[str]:
    for line in sys.stdin: yield from line.strip()


def terminal() -> Generator[str]:
    """The terminal hands on each key at once until this is closed; then it is as it was."""
    import termios
    import tty
    device = sys.stdin.fileno()
    before = termios.tcgetattr(device)
    try:
        tty.setcbreak(device, termios.TCSADRAIN)                           # keeps what was typed ahead
        while sent := os.read(device, 8).decode("utf-8", "replace"):
            if sent[0] == "\x1b": yield ARROWS.get(sent[-1], sent) if len(sent) > 1 else sent
            else: yield from sent
    finally: termios.tcsetattr(device, termios.TCSADRAIN, before)


def windows() -> Generator[str]:
    import msvcrt
    while True:
        key = msvcrt.getwch()  # type: ignore[attr-defined]
        yield WINDOWS.get(msvcrt.getwch(), "?") if key in "\x00\xe0" else key  # type: ignore[attr-defined]
