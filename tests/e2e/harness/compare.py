"""Are source and target equal, row by row, duplicates counted?

Both sides are read as text, one line per row, sorted by sort(1) and compared
as multisets, so tables without a key and tables bigger than memory work.
"""
import os
import subprocess
import threading
import time

from .process import private_folder
from .wait import wait_for

# What would make the same value two texts on two servers.
TEXT_SETTINGS = """
SET datestyle = 'ISO, YMD'; SET intervalstyle = postgres; SET timezone = 'UTC'; SET bytea_output = hex;
SET lc_monetary = 'C'; SET client_encoding = UTF8; SET extra_float_digits = 3
"""

COLUMNS = """
SELECT a.attname, quote_ident(a.attname), format_type(a.atttypid, NULL)
FROM pg_attribute a WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""

# The shortest digits that read back as the same number came with release 12:
# floats, and what is made of them, are compared by their bytes.
AS_BYTES = {'real': 'float4send', 'double precision': 'float8send', 'real[]': 'array_send', 'double precision[]': 'array_send',
            **{name: f'{name}_send' for name in ('point', 'line', 'lseg', 'box', 'path', 'circle')}, 'polygon': 'poly_send',
            **{f'{name}[]': 'array_send' for name in ('point', 'line', 'lseg', 'box', 'path', 'polygon', 'circle')}}

SHOWN_DIFFERENCES = 10


class Difference(AssertionError):
    """Source and target are not equal; the text shows the first rows of each side."""


def user_tables(server, dbname='postgres'):
    """Names of all tables with rows of their own, quoted, outside the schemas of PostgreSQL and Sluice."""
    return [row[0] for row in server.fetch(
        "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND n.nspname !~ '^pg_' "
        "AND n.nspname NOT IN ('information_schema', 'sluice') ORDER BY 1", dbname=dbname)]


def compare_table(source, target, table, target_table=None, dbname='postgres', target_dbname=None, columns=None):
    """Raises Difference unless both tables hold the same rows; gives their number.

    Compared are the source's columns, or the given ones: the target may have more.
    """
    columns = columns or [row[0] for row in source.fetch(COLUMNS, (table,), dbname)]
    folder = private_folder('compare')
    sides = [(source, table, dbname, folder / 'source'),
             (target, target_table or table, target_dbname or dbname, folder / 'target')]
    _both(lambda side: _write_sorted(*side, columns), sides)
    different = subprocess.run(['cmp', '-s', folder / 'source', folder / 'target'], check=False).returncode != 0
    rows = _count_lines(folder / 'source')
    try:
        if different:
            raise Difference(_report(table, columns, folder, rows))
    finally:
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
    return rows


def _both(action, sides):
    errors = []

    def guarded(side):
        try:
            action(side)
        except Exception as error:
            errors.append(error)
    threads = [threading.Thread(target=guarded, args=(side,)) for side in sides]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def _write_sorted(server, table, dbname, path, columns):
    with server.cursor(dbname) as cursor:
        cursor.execute(COLUMNS, (table,))
        known = {name: (quoted, kind) for name, quoted, kind in cursor.fetchall()}
        missing = [name for name in columns if name not in known]
        if missing:
            raise Difference(f'{table} of {server.name} has no column {", ".join(missing)}')
        query = f"COPY (SELECT {', '.join(_as_text(*known[name]) for name in columns)} FROM {table}) TO STDOUT"
        cursor.execute(TEXT_SETTINGS)
        with open(path, 'wb') as file, subprocess.Popen(
                ['sort', '-S', '256M', '-T', path.parent], stdin=subprocess.PIPE, stdout=file,
                env={**os.environ, 'LC_ALL': 'C'}) as sort:
            cursor.copy_expert(query, sort.stdin, size=1 << 20)
            sort.stdin.close()
        if sort.returncode != 0:
            raise RuntimeError(f'sort ended with {sort.returncode}')


def _as_text(column, kind):
    return f'{AS_BYTES[kind]}({column})' if kind in AS_BYTES else f'{column}::text'


def _count_lines(path):
    with open(path, 'rb') as file:
        return sum(chunk.count(b'\n') for chunk in iter(lambda: file.read(1 << 20), b''))


def _report(table, columns, folder, source_rows):
    lines = [f'{table}: {source_rows} rows at the source, {_count_lines(folder / "target")} at the target',
             f'  columns: {", ".join(columns)}']
    for side, hidden in (('source', '-23'), ('target', '-13')):
        done = subprocess.run(['comm', hidden, folder / 'source', folder / 'target'], stdout=subprocess.PIPE,
                              check=True, env={**os.environ, 'LC_ALL': 'C'})
        only = done.stdout.decode(errors='replace').splitlines()
        lines.append(f'  {len(only)} rows only at the {side}')
        lines += [f'    {row[:300]}' for row in only[:SHOWN_DIFFERENCES]]
    return '\n'.join(lines)


def compare(source, target, tables=None, **options):
    """Compares all tables and raises one Difference for all of them; gives {table: rows}.

    tables is a list of names, or a dict from a source's to its target's name;
    None means every table of the source.
    """
    tables = tables if tables is not None else user_tables(source, options.get('dbname', 'postgres'))
    pairs = tables.items() if isinstance(tables, dict) else [(name, name) for name in tables]
    rows, problems = {}, []
    for table, target_table in pairs:
        try:
            rows[table] = compare_table(source, target, table, target_table, **options)
        except Difference as difference:
            problems.append(str(difference))
    if problems:
        raise Difference('\n'.join(problems))
    return rows


def wait_equal(source, target, tables=None, timeout=60, **options):
    """Waits until source and target are equal, while nothing writes; else raises the last Difference."""
    return until_equal(lambda: compare(source, target, tables, **options), timeout)


def until_equal(compare_once, timeout=60):
    """Repeats a comparison until it raises no Difference, and gives what it gives."""
    deadline = time.monotonic() + timeout
    pause = 0.05
    while True:
        try:
            return compare_once()
        except Difference:
            if time.monotonic() > deadline:
                raise
        time.sleep(pause)
        pause = min(pause * 1.5, 2)


def progress(target, stream, dbname='postgres'):
    """The stream's row of the target's sluice.progress as a dict; None if there is none yet."""
    if target.fetch_one("SELECT to_regclass('sluice.progress') IS NULL", dbname=dbname):
        return None
    rows = target.fetch("SELECT row_to_json(p) FROM sluice.progress p WHERE to_json(p)->>'stream' = %s", (stream,),
                        dbname)
    return rows[0][0] if rows else None


def wait_caught_up(source, target, stream, timeout=60, dbname='postgres', target_dbname=None, read_progress=None):
    """Waits until the target has what the source had committed when this was called.

    That is so when the progress row has reached the source's position, or when
    the stream's slot has: a slot is confirmed only for what is durable at the
    target, and moves on its own past WAL that is not the stream's. read_progress()
    gives the progress row of a target that is not PostgreSQL.
    """
    lsn = source.fetch_one('SELECT pg_current_wal_flush_lsn()')
    last = {}

    def reached():
        last['progress'] = read_progress() if read_progress else progress(target, stream, target_dbname or dbname)
        applied = last['progress'] and last['progress'].get('commit_lsn')
        last['slot'] = source.fetch_one(
            "SELECT max(confirmed_flush_lsn) FROM pg_replication_slots WHERE plugin = 'sluice' "
            'AND slot_name ~ %s', (rf'(^|_){stream}(_|$)',))
        return source.fetch_one('SELECT coalesce(greatest(%s::text::pg_lsn, %s::text::pg_lsn) >= %s, false)',
                                (_lsn_text(applied), last['slot'], lsn))
    wait_for(reached, timeout, lambda: f'stream {stream} to reach {lsn}: progress is {last["progress"]}, '
                                       f'the slot is at {last["slot"]}')


def _lsn_text(value):
    """A progress row may keep the position as pg_lsn or as a number."""
    if isinstance(value, int):
        return f'{value >> 32:X}/{value & 0xffffffff:X}'
    return value
