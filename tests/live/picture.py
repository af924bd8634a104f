#!/usr/bin/env python3
"""Draws the live view: runs dstream in tmux on lines that are made here, and makes an SVG of what is on the screen.

    tests/live/picture.py target/release/dstream >man/live.svg

Needs tmux and nothing else. The command in the picture is the one that runs, on a file that grows. The data are the same
each time but for the minutes that they are of: it waits for the middle of one. Exit status 1: the view did not come.
"""

import html
import os
import random
import re
import subprocess
import sys
import tempfile
import time
import unicodedata

COLUMNS, ROWS = 76, 21
COMMAND = "tail -F access.log | dstream -i logfmt --time ts window 1m reduce-by path n=count,p95:ms top 6 --by n --bar n"
# The eight colours, readable on the frame's own background, which is dark on any page.
COLOURS = {31: "#ff7b72", 32: "#7ee787", 33: "#e3b341", 34: "#79c0ff", 35: "#d2a8ff", 36: "#56d4dd"}
GROUND, BAR, TEXT, DIM = "#161b22", "#21262d", "#e6edf3", "#9aa5b1"
CELL_X, CELL_Y, PAD, TOP = 8.4, 18, 16, 38


def lines(begin):
    """Requests of three minutes from then on, the last of them half over."""
    random.seed(7)
    paths = ["/search", "/api/users", "/cart", "/login", "/checkout", "/static/app.js", "/help"]
    weights = [30, 22, 14, 9, 7, 12, 4]
    for tenth in range(0, 1510):
        for _ in range(random.randint(2, 7)):
            path = random.choices(paths, weights)[0]
            ms = int(random.lognormvariate(3.4, 0.6))
            yield f"ts={begin + tenth / 10:.1f} path={path} ms={ms}\n"
        if tenth % 500 == 77:
            yield "what is this\n" if tenth < 100 else ""


def screen(binary):
    """What is on the screen when all lines are read, with its escapes."""
    server = f"dstream-picture-{os.getpid()}"

    def tmux(*words):
        done = subprocess.run(["tmux", "-u", "-f", "/dev/null", "-L", server, *words],
                              capture_output=True, text=True, check=False)
        return done.stdout

    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, "access.log")
        os.symlink(os.path.abspath(binary), os.path.join(folder, "dstream"))
        environment = f"env -i PATH={folder}:/usr/bin:/bin HOME=/nowhere LC_ALL=C.UTF-8 TZ=UTC TERM=screen-256color"
        time.sleep((31 - time.time()) % 60)
        with open(log, "w", encoding="utf-8") as out:
            tmux("new-session", "-d", "-x", str(COLUMNS), "-y", str(ROWS), "-c", folder, f"{environment} sh -c '{COMMAND}'")
            try:
                time.sleep(1)
                made = "".join(lines(int(time.time()) // 60 * 60 - 120))
                for at in range(0, len(made), 8192):
                    out.write(made[at:at + 8192])
                    out.flush()
                    time.sleep(0.03)
                for _ in range(100):
                    time.sleep(0.1)
                    if "open, 30 s of 60 s" in tmux("capture-pane", "-p"):
                        time.sleep(1.2)
                        return tmux("capture-pane", "-p", "-e")
            finally:
                tmux("kill-server")
    sys.exit("picture.py: the view did not come")


def runs(line):
    """A line as (column, text, style) runs."""
    style, column = frozenset(), 0
    for part in re.split(r"(\x1b\[[0-9;]*m)", line):
        if part.startswith("\x1b["):
            for number in part[2:-1].split(";"):
                number = int(number or 0)
                if number in (0, 39, 49):
                    style = frozenset() if number == 0 else style - set(COLOURS)
                elif number == 22:
                    style -= {1, 2}
                else:
                    style |= {number}
        elif part:
            yield column, part, style
            column += sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in part)


def svg(text):
    rows = text.rstrip("\n").split("\n")
    width = round(COLUMNS * CELL_X + 2 * PAD)
    height = TOP + (len(rows) + 1) * CELL_Y + 2 * PAD
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'role="img" aria-label="dstream on a terminal: closed windows above, the open one below, a status line">',
        "<style>text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;"
        "white-space:pre}</style>",
        f'<rect x=".5" y=".5" width="{width - 1}" height="{height - 1}" rx="9" fill="{GROUND}" stroke="#57606a"/>',
        f'<path d="M.5 28.5V9.5a9 9 0 0 1 9-9H{width - 9.5}a9 9 0 0 1 9 9v19z" fill="{BAR}" stroke="#57606a"/>',
    ]
    for at, colour in enumerate(("#ff5f57", "#febc2e", "#28c840")):
        out.append(f'<circle cx="{18 + 18 * at}" cy="14.5" r="5.5" fill="{colour}"/>')
    wrapped = [COMMAND]
    if len(COMMAND) + 2 > COLUMNS:
        cut = COMMAND.rindex(" ", 0, COLUMNS - 4)
        wrapped = [COMMAND[:cut] + " \\", "    " + COMMAND[cut + 1:]]
    y = TOP + PAD
    for at, part in enumerate(wrapped):
        prompt = f'<tspan fill="{COLOURS[32]}">$ </tspan>' if at == 0 else ""
        out.append(f'<text x="{PAD}" y="{y}" fill="{TEXT}">{prompt}{html.escape(part)}</text>')
        y += CELL_Y
    for row in rows:
        for column, part, style in runs(row):
            if not part.strip():
                continue
            colour = next((COLOURS[n] for n in style if n in COLOURS), DIM if 2 in style else TEXT)
            bold = ' font-weight="bold"' if 1 in style else ""
            blanks = len(part) - len(part.lstrip(" "))
            cells = len(part.strip(" "))
            x = PAD + (column + blanks) * CELL_X
            # Cells are as wide as ours whatever the font.
            length = f' textLength="{cells * CELL_X:.1f}" lengthAdjust="spacingAndGlyphs"'
            out.append(f'<text x="{x:.1f}" y="{y}" fill="{colour}"{bold}{length}>{html.escape(part.strip(" "))}</text>')
        y += CELL_Y
    out[0] = out[0].replace(str(height), str(y + PAD // 2))
    out[2] = out[2].replace(f'height="{height - 1}"', f'height="{y + PAD // 2 - 1}"')
    out.append("</svg>")
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.stdout.write(svg(screen(sys.argv[1])))
