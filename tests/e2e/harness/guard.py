"""Kills what the tests started and removes their folders, whatever ends them.

A process of its own, fed over a pipe: "+PID START SIGNAL" registers a process,
"-PID" forgets it, "d PATH" names a folder to remove. When the pipe closes, by
exit or because the test process was killed, everything still registered gets
its SIGNAL and soon after SIGKILL, with its descendants. START is the kernel's
start time of the process, so that a pid used again by somebody else is left
alone.
"""
import os
import pathlib
import shutil
import signal
import sys
import time

PATIENCE = 8  # seconds; PostgreSQL gives its own children five


def process_stat(pid):
    """(parent's pid, state, start time), or None if there is no such process."""
    try:
        stat = pathlib.Path(f'/proc/{pid}/stat').read_text()
    except OSError:
        return None
    fields = stat.rpartition(')')[2].split()
    return int(fields[1]), fields[0], int(fields[19])


def descendants(pid):
    """Pids of all processes below pid."""
    children = {}
    for entry in os.listdir('/proc'):
        if entry.isdigit():
            stat = process_stat(entry)
            if stat:
                children.setdefault(stat[0], []).append(int(entry))
    found = []
    pending = [pid]
    while pending:
        below = children.get(pending.pop(), [])
        found += below
        pending += below
    return found


def title(pid):
    """A process's command line, or what it shows in place of it; empty when it is gone."""
    try:
        return pathlib.Path(f'/proc/{pid}/cmdline').read_text(errors='replace').replace('\0', ' ')
    except OSError:
        return ''


def titled(pid, word):
    """The process and those below it whose command line, or title, has a word."""
    return [process for process in (pid, *descendants(pid)) if word in title(process)]


def end_tree(pid, number, patience=PATIENCE):
    """A signal that asks for a quick end, then SIGKILL of what is left; all get it at once if it is SIGKILL."""
    tree = {victim: _start_time(victim) for victim in [pid, *descendants(pid)]}
    if number != signal.SIGKILL:
        _send(pid, number)
        _send(pid, signal.SIGCONT)
        deadline = time.monotonic() + patience
        while is_alive(pid) and time.monotonic() < deadline:
            time.sleep(0.02)
    for victim, start in tree.items():
        if is_alive(victim) and _start_time(victim) == start:
            _send(victim, signal.SIGKILL)


def kill_tree(pid):
    end_tree(pid, signal.SIGKILL)


def is_alive(pid):
    stat = process_stat(pid)
    return stat is not None and stat[1] != 'Z'


def _send(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def _start_time(pid):
    stat = process_stat(pid)
    return stat and stat[2]


def main():
    processes = {}
    folders = []
    for line in sys.stdin:
        word, _, rest = line.rstrip('\n').partition(' ')
        if word == 'd':
            folders.append(rest)
        elif word.startswith('+'):
            processes[int(word[1:])] = tuple(map(int, rest.split()))
        elif word.startswith('-'):
            processes.pop(int(word[1:]), None)
    for pid, (start, number) in processes.items():
        stat = process_stat(pid)
        if stat and stat[2] == start:
            end_tree(pid, number)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == '__main__':
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    main()
