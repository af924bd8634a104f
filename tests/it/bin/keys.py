#!/usr/bin/env python3
"""Types a line into a real shell in a terminal, presses the key of completion, and prints the line that is there then.

usage: keys.py bash|zsh SETUP LINE      `|` in LINE is where the cursor stands (default: at its end)
"""
import os
import pty
import re
import select
import sys
import time

SHELLS = {
    # The marks are put together by the shell, so that the echo of what is typed is not taken for them.
    "bash": (
        ["bash", "--norc", "--noprofile", "-i"],
        "bind 'set bell-style none'; bind 'set enable-bracketed-paste off'; bind 'set show-all-if-ambiguous off'; "
        "bind -x '\"\\C-x\\C-p\": printf \"%s%s>>%s<<\\n\" LI NE \"$READLINE_LINE\"'",
    ),
    "zsh": (
        ["zsh", "-f", "-i"],
        "unsetopt beep; autoload -U compinit; compinit -u -D; "
        "_shown() { print -r -- LI''NE'>>'\"$BUFFER\"'<<' }; zle -N _shown; bindkey '^X^P' _shown",
    ),
}


def main():
    shell, setup, line = sys.argv[1], sys.argv[2], sys.argv[3]
    command, begin = SHELLS[shell]
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(PS1="$ ", TERM="xterm", COLUMNS="200", LINES="50", HISTFILE="/dev/null")
        os.execvp(command[0], command)
    seen = b""

    def until(mark, seconds=20):
        nonlocal seen
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if select.select([fd], [], [], 0.2)[0]:
                try:
                    seen += os.read(fd, 65536)
                except OSError:
                    return False
            if re.search(mark, seen):
                return True
        return False

    os.write(fd, f"stty columns 400; {begin}; {setup}; echo REA''DY\n".encode())
    if not until(b"READY"):
        sys.exit(f"{shell} does not get ready: {seen!r}")
    time.sleep(0.2)
    seen = b""
    before, _, behind = line.partition("|") if "|" in line else (line, "", "")
    os.write(fd, before.encode() + behind.encode() + b"\x02" * len(behind))
    time.sleep(0.2)
    os.write(fd, b"\t")
    time.sleep(0.6)
    os.write(fd, b"\x18\x10")
    found = until(b"LINE>>(.*?)<<", 20)
    os.write(fd, b"\x03")
    os.close(fd)
    if not found:
        sys.exit(f"{shell} shows no line: {seen!r}")
    print(re.search(b"LINE>>(.*?)<<", seen, re.S).group(1).decode())


main()
