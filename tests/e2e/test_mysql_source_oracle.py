"""The decoder of binary logs against the servers' own tools, and against the tables themselves.

Generated statements over every type, at its extremes and at random, are logged with all settings of a log. The same
files are read by mysqlbinlog and by our decoder (tests/tools/binlog_dump.c): rows must agree one by one. The rows
that ours gives, put one on the other, must be what the tables hold in the end.
"""
import dataclasses
import random
import subprocess

import pytest

from harness import servers
from harness.binlog_rows import Facts, read_ours, read_theirs, same_value
from harness.binlog_types import GEOMETRIES, columns_of, select_list, selected
from harness.daemon import BUILD
from harness.mysql_source import SourceMySQL

PROGRAM = BUILD / 'tests' / 'tools' / 'binlog_dump'
ROWS = 160
SESSION = "SET SESSION sql_mode = '', time_zone = '+00:00'"


@dataclasses.dataclass(frozen=True)
class Settings:
    metadata: str
    image: str
    compressed: bool
    checksum: str
    partial_json: bool = False

    def __str__(self):
        return '-'.join([self.metadata, self.image, 'compressed' if self.compressed else 'plain', self.checksum,
                         *(['partial'] if self.partial_json else [])]).lower()

    def apply(self, server, cursor):
        on = 'ON' if self.compressed else 'OFF'
        server.set('binlog_row_metadata', self.metadata)
        server.set('binlog_checksum', self.checksum)
        cursor.execute(SESSION)
        cursor.execute(f"SET SESSION binlog_row_image = '{self.image}'")
        if server.product == 'mysql':
            cursor.execute(f'SET SESSION binlog_transaction_compression = {on}')
            cursor.execute(f"SET SESSION binlog_row_value_options = '{'PARTIAL_JSON' if self.partial_json else ''}'")
        else:
            server.set('log_bin_compress', on)


# Every two of image, compression and checksums meet in one of them.
MIXES = [('FULL', True, 'CRC32'), ('FULL', False, 'NONE'), ('MINIMAL', True, 'NONE'), ('MINIMAL', False, 'CRC32'), ('NOBLOB', True, 'CRC32'), ('NOBLOB', False, 'NONE')]
METADATA = {'mysql': ('FULL', 'MINIMAL'), 'mariadb': ('FULL', 'MINIMAL', 'NO_LOG')}


def all_settings():
    for flavour in servers.MYSQL_FLAVOURS:
        product = flavour.split('-')[0]
        for metadata, mixes in zip(METADATA[product], (MIXES, MIXES[::2], MIXES[1::2])):
            for mix in mixes:
                yield flavour, Settings(metadata, *mix)
        if product == 'mysql':
            for compressed, checksum in ((False, 'CRC32'), (True, 'NONE')):
                yield flavour, Settings('FULL', 'FULL', compressed, checksum, partial_json=True)


@pytest.fixture(scope='module')
def program():
    assert PROGRAM.exists(), f'{PROGRAM} is made by make check-e2e'
    return PROGRAM


@pytest.fixture(scope='module')
def sources():
    """Servers by flavour, each started when it is first asked for."""
    started = {}

    def get(flavour):
        if flavour not in started:
            started[flavour] = SourceMySQL(flavour, log={'log-bin-compress-min-len': '10'} if flavour.startswith('mariadb') else None).start()
            started[flavour].create_database('t')
        return started[flavour]
    yield get
    for server in started.values():
        server.remove()


def theirs_of(server, path):
    """What the server's own mysqlbinlog prints of a file."""
    tool = servers.fetched(server.flavour) / 'bin' / 'mysqlbinlog' if server.product == 'mysql' else 'mariadb-binlog'
    options = [] if server.product == 'mysql' else ['--no-defaults']
    done = subprocess.run([tool, *options, '-v', '--base64-output=decode-rows', path], capture_output=True, check=True)
    return done.stdout.decode('latin1')


def ours_of(program, path, facts=None, check=True):
    done = subprocess.run([program, path, *([facts] if facts else [])], capture_output=True, check=False)
    assert not check or done.returncode == 0, done.stderr.decode()
    return done


class Changes:
    """Random statements for a table of many types, the same for the same seed."""

    def __init__(self, product, columns, seed):
        self.columns = columns
        self.random = random.Random(seed)
        self.product = product

    def value(self, column):
        return 'NULL' if self.random.random() < 0.12 else column.make(self.random)

    def create(self):
        return f"CREATE TABLE t.tt (id int PRIMARY KEY, {', '.join(f'`{column.name}` {column.type}' for column in self.columns)})"

    def statements(self):
        pick = self.random
        for first in range(0, ROWS, 20):
            rows = [f"({key}, {', '.join(self.value(column) for column in self.columns)})" for key in range(first, first + 20)]
            yield f"INSERT INTO t.tt VALUES {', '.join(rows)}"
        for _ in range(ROWS // 2):
            changed = pick.sample(self.columns, pick.randrange(1, min(4, len(self.columns) + 1)))
            yield f"UPDATE t.tt SET {', '.join(f'`{column.name}` = {self.value(column)}' for column in changed)} WHERE id = {pick.randrange(ROWS)}"
        if any(column.type == 'json' for column in self.columns) and self.product == 'mysql':
            for change in ("JSON_SET(js, '$.a', 17)", "JSON_SET(js, '$.\"a name\".x', 'y')", "JSON_REMOVE(js, '$.a')", "JSON_REPLACE(js, '$[1]', JSON_ARRAY(1, 2))",
                           "JSON_SET(js, '$.k', REPEAT('z', 30))", "JSON_ARRAY_INSERT(js, '$[0]', 'first')", "JSON_REMOVE(js, '$[1]')", "JSON_SET(js, '$.bb.c', NULL, '$.bb.new', 1.5)"):
                yield f'UPDATE t.tt SET js = {change} WHERE id % 3 = {pick.randrange(3)} AND js IS NOT NULL'
        yield 'UPDATE t.tt SET id = id + 100000 WHERE id % 11 = 5'
        yield 'DELETE FROM t.tt WHERE id % 7 = 3'


def last_file(server):
    return server.data / server.logs()[-1]


def logged(server, settings, changes):
    """Runs the statements, the table's creation left out; gives the file that has them all."""
    with server.cursor() as cursor:
        settings.apply(server, cursor)
    server.execute('DROP TABLE IF EXISTS t.tt')
    server.execute(changes.create())
    with server.cursor() as cursor:
        settings.apply(server, cursor)
        server.flush_logs()
        path = last_file(server)
        for statement in changes.statements():
            cursor.execute(statement)
    server.flush_logs()
    return path


def facts_of(server, changes, folder):
    path = folder / 'facts'
    specials = {column.name: column.special for column in changes.columns if column.special}
    path.write_text(Facts(server).text('t.tt', ['id', *(column.name for column in changes.columns)], specials))
    return path


def compare(ours, theirs, changes):
    assert len(ours) == len(theirs) > ROWS
    wrong = []
    columns = [None, *changes.columns]
    for number, (mine, other) in enumerate(zip(ours, theirs)):
        assert (mine.action, mine.table) == (other.action, other.table), number
        for image in ('before', 'after'):
            mine_fields, other_fields = getattr(mine, image), getattr(other, image)
            assert [place for place, field in enumerate(mine_fields) if field != 'absent'] == sorted(other_fields), (number, image)
            wrong += [(number, image, columns[place] and columns[place].name, mine_fields[place], value)
                      for place, value in other_fields.items() if not same_value(mine_fields[place], value, columns[place])]
    assert not wrong, first_of_each(wrong, 2)


def first_of_each(wrong, name):
    """One case of each column."""
    return '\n'.join(str(case)[:400] for case in {case[name]: case for case in reversed(wrong)}.values())


def replay(rows):
    """What a table holds after all those changes, by its first column."""
    table = {}
    for row in rows:
        key = (row.before if row.action != 'insert' else row.after)[0].number()
        if row.action == 'insert':
            assert key not in table
            table[key] = list(row.after)
            continue
        old = table.pop(key)
        assert all(field in ('absent', None) or old[place] is None or field.raw == old[place].raw or old[place].is_diff
                   for place, field in enumerate(row.before)), key
        if row.action == 'update':
            new = [before if field == 'absent' else field for before, field in zip(old, row.after)]
            table[new[0].number()] = new
    return table


@pytest.mark.parametrize('flavour, settings', all_settings(), ids=str)
def test_rows(sources, program, tmp_path, flavour, settings):
    """Row by row as mysqlbinlog has them; in the end as the table has them."""
    server = sources(flavour)
    # MySQL's tool cannot read geometries, nor what follows them.
    columns = [column for column in columns_of(server.product) if server.product == 'mariadb' or column not in GEOMETRIES]
    changes = Changes(server.product, columns, f'{flavour} {settings}')
    path = logged(server, settings, changes)
    facts = facts_of(server, changes, tmp_path)
    ours = read_ours(ours_of(program, path, facts).stdout)
    compare(ours, read_theirs(theirs_of(server, path)), changes)
    if settings.metadata == 'NO_LOG':
        return  # without signs, character sets and labels there are bytes, but no values
    compare_with_table(server, changes, ours, settings)


def compare_with_table(server, changes, ours, settings):
    table = replay(ours)
    rows = server.fetch(f'SELECT id, {select_list(changes.columns)} FROM t.tt')
    assert len(rows) == len(table) > 0
    wrong = [(key, column.name, field, value) for key, *values in rows
             for column, field, value in zip(changes.columns, table[key][1:], values)
             if (field is None) != (value is None) or (field is not None and not selected(column, field, value, settings.metadata == 'FULL'))]
    assert not wrong, first_of_each(wrong, 1)


@pytest.mark.parametrize('flavour', servers.MYSQL_FLAVOURS)
def test_geometries(sources, program, tmp_path, flavour):
    server = sources(flavour)
    settings = Settings('FULL', 'FULL', False, 'CRC32')
    changes = Changes(server.product, GEOMETRIES, flavour)
    path = logged(server, settings, changes)
    compare_with_table(server, changes, read_ours(ours_of(program, path, facts_of(server, changes, tmp_path)).stdout), settings)


def test_partial_json_without_the_document(sources, program):
    """A log that has changes of a document but not the document is refused by what mends it."""
    server = sources('mysql-9.7')
    settings = Settings('FULL', 'MINIMAL', False, 'CRC32', partial_json=True)
    server.execute('DROP TABLE IF EXISTS t.j; CREATE TABLE t.j (id int PRIMARY KEY, js json); '
                   "INSERT INTO t.j VALUES (1, JSON_OBJECT('a', 1, 'b', REPEAT('x', 1000)))")
    with server.cursor() as cursor:
        settings.apply(server, cursor)
        server.flush_logs()
        cursor.execute("UPDATE t.j SET js = JSON_SET(js, '$.a', 2)")
    path = last_file(server)
    server.flush_logs()
    done = ours_of(program, path, check=False)
    assert done.returncode == 1 and b'a change of a document that the log does not have' in done.stderr


# Every one of their characters with one and two bytes, some with more; those of one byte alone are learned from the server, not known.
CHARSETS = ('big5', 'cp932', 'eucjpms', 'euckr', 'gb2312', 'gbk', 'sjis', 'ujis', 'ucs2', 'utf16', 'utf16le', 'utf32')


def characters(server, charset):
    """Characters as bytes, and the UTF-8 that the server makes of each."""
    if charset.startswith(('ucs', 'utf')):
        wide = 4 if charset == 'utf32' else 2
        numbers = [number for number in range(0, 0x10000, 5) if not 0xd800 <= number < 0xe000]
        texts = [number.to_bytes(wide, 'little' if charset.endswith('le') else 'big') for number in numbers]
    else:
        texts = [bytes([byte]) for byte in range(256)] + [bytes([high, low]) for high in range(0x80, 256) for low in range(0x40, 256)]
        if charset in ('ujis', 'eucjpms'):
            texts += [bytes([0x8f, high, low]) for high in range(0xa1, 0xff) for low in range(0xa1, 0xff)]
        elif charset == 'gb18030':
            texts += [bytes([high, 0x30 + low % 10, 0x81 + low, 0x30 + high % 10]) for high in range(0x81, 0xe4) for low in range(0, 0x7e, 3)]
    with server.cursor() as cursor:
        cursor.execute(SESSION)
        cursor.execute('DROP TABLE IF EXISTS t.c')
        cursor.execute('CREATE TABLE t.c (i int PRIMARY KEY, b varbinary(8))')
        for first in range(0, len(texts), 5000):
            rows = [f"({first + place}, x'{text.hex()}')" for place, text in enumerate(texts[first:first + 5000])]
            cursor.execute(f"INSERT INTO t.c VALUES {', '.join(rows)}")
        cursor.execute(f'SELECT HEX(b), HEX(CONVERT(CONVERT(b USING {charset}) USING utf8mb4)), HEX(CONVERT(CONVERT(CONVERT(b USING {charset}) USING utf8mb4) USING {charset})) '
                       'FROM t.c ORDER BY i')
        # What does not come back is no character of the set, or one that the server has twice.
        return [(text, utf8) for text, utf8, back in cursor.fetchall() if back == text]


@pytest.mark.parametrize('flavour', servers.MYSQL_FLAVOURS)
def test_character_sets(sources, program, flavour):
    server = sources(flavour)
    wrong = {}
    for charset in [*CHARSETS, *(['gb18030'] if server.product == 'mysql' else [])]:
        known = characters(server, charset)
        assert len(known) > 90, charset
        ours = subprocess.run([program, '--charset', charset], input=''.join(f'{text}\n' for text, _ in known), capture_output=True, text=True, check=True).stdout.split('\n')
        differ = [(text, utf8, mine) for (text, utf8), mine in zip(known, ours) if mine.upper() != utf8]
        if differ:
            wrong[charset] = (len(differ), len(known), differ[:12])
    assert not wrong, '\n'.join(f'{charset}: {found}' for charset, found in wrong.items())
