"""Every built-in type at its extremes in MariaDB and MySQL: exact where the target has the value, else as the loss policy says.

The writer makes the tables, so that its map of types is what is tested; values are compared by the
harness's own reckoning.
"""
import pytest

from harness.values import MADE, TYPES

COPIES = 12  # of each value: runs of inserts are long enough for LOAD DATA

NUMBERS = ("'NaN'", "'Infinity'", "'-Infinity'")
# Values that the type's column has no room for; what is not here must arrive exactly.
LOSSY = {
    'real': NUMBERS, 'double precision': NUMBERS, 'numeric(10,3)': ("'NaN'",),
    'numeric': tuple(value for value in TYPES['numbers']['numeric'] if value not in ("'0'", "'0.000'", "'1.10'")),
    'date': tuple(value for value in TYPES['times']['date'] if value != "'2000-01-01'"),
    'timestamp': tuple(value for value in TYPES['times']['timestamp'] if '1969' not in value),
    'timestamptz': tuple(value for value in TYPES['times']['timestamptz'] if '2024' not in value),
    'point': ("'(NaN,Infinity)'",),
}
LOSSY_IN = {'mysql': {'jsonb': ("'1e400'", "'[1e400, 0.12345678901234567890]'")}, 'mariadb': {}}


def lossy(pipeline):
    return {**LOSSY, **LOSSY_IN[pipeline.target.product]}


def held(pipeline, name, values):
    return [value for value in values if value not in lossy(pipeline).get(name, ())]


class Tables:
    """A table with a key, k<i>, and one without, f<i>, for each type of a group."""

    def __init__(self, pipeline, group):
        self.pipeline = pipeline
        self.types = [(i, name, [*held(pipeline, name, values), 'NULL']) for i, (name, values) in enumerate(TYPES[group].items())]
        if group == 'made':
            pipeline.execute(MADE)
        for i, name, _ in self.types:
            pipeline.execute(f'CREATE TABLE k{i} (id int PRIMARY KEY, v {name}, n int DEFAULT 0);'
                             f'CREATE TABLE f{i} (id int, v {name}); ALTER TABLE f{i} REPLICA IDENTITY FULL')

    def insert(self, first):
        for i, name, values in self.types:
            rows = ', '.join(f'({number}, ({value})::{name})' for number, value in enumerate(values))
            for table in ('k', 'f'):
                self.pipeline.execute(f'WITH r (id, v) AS (VALUES {rows}) INSERT INTO {table}{i} (id, v) '
                                      f'SELECT {first} + id + 100 * copy, v FROM r, generate_series(0, {COPIES - 1}) copy')

    def update(self, table, where='true'):
        """Every row gets the value of the one before it."""
        for i, _, values in self.types:
            self.pipeline.execute(
                f'UPDATE {table}{i} a SET v = b.v FROM {table}{i} b WHERE b.id % 100 = (a.id % 100 + 1) % {len(values)} '
                f'AND b.id / 100 = a.id / 100 AND {where}')

    def equal(self):
        rows = self.pipeline.wait_equal()
        assert len(rows) == 2 * len(self.types) and all(rows.values())


@pytest.mark.parametrize('group', TYPES)
def test_values_that_are_held(to_mysql, group):
    tables = Tables(to_mysql, group)
    tables.insert(0)  # by the copy
    writer = to_mysql.convert()
    to_mysql.wait_phase()
    tables.equal()
    tables.insert(10000)  # by LOAD DATA of the stream
    tables.equal()
    tables.update('k')  # by statements of many rows
    tables.update('f')  # rows found by their values
    tables.equal()
    for i, _, _ in tables.types:
        to_mysql.execute(f'DELETE FROM f{i} WHERE id % 2 = 0')
        to_mysql.at_target(f'DELETE FROM k{i} WHERE id % 3 = 0')
    tables.update('k')  # row by row, because some are missing, and whole rows inserted
    tables.update('k', 'a.id < 2')  # single rows
    tables.equal()
    assert writer.is_running() and 'level=error' not in writer.log(), writer.process.log_tail()


@pytest.mark.parametrize('policy', ('clamp', 'null', 'text'))
def test_values_that_are_not_held(to_mysql, policy):
    """By the copy, by LOAD DATA and by UPDATE, and rows found by such values."""
    kinds = list(enumerate((name, [value for value in values if policy != 'clamp' or 'NaN' not in value])  # nothing is near to it
                           for name, values in lossy(to_mysql).items()))
    kinds = [(i, item) for i, item in kinds if item[1]]
    for i, (name, values) in kinds:
        to_mysql.execute(f'CREATE TABLE k{i} (id int PRIMARY KEY, v {name}); CREATE TABLE f{i} (id int, v {name}); ALTER TABLE f{i} REPLICA IDENTITY FULL')

    def insert(first):
        for i, (name, values) in kinds:
            for table in ('k', 'f'):
                to_mysql.execute(f'INSERT INTO {table}{i} VALUES ' + ', '.join(f'({first + number}, ({value})::{name})' for number, value in enumerate(values)))
    insert(0)
    writer = to_mysql.convert('--types', f'*:{policy}')
    to_mysql.wait_phase()
    to_mysql.wait_equal(policy=policy)
    insert(100)
    to_mysql.wait_equal(policy=policy)
    for i, _ in kinds:
        to_mysql.execute(f'UPDATE k{i} SET v = (SELECT v FROM k{i} ORDER BY id LIMIT 1) WHERE id >= 100;'
                         f'UPDATE f{i} SET id = id + 1000 WHERE id >= 100; DELETE FROM f{i} WHERE id < 100')
    to_mysql.wait_equal(policy=policy)
    assert writer.is_running() and 'level=error' not in writer.log(), writer.process.log_tail()


def test_values_that_are_not_held_are_refused(to_mysql):
    """The row is named with its column; a column that can have it is enough to go on."""
    kinds = list(enumerate(lossy(to_mysql).items()))
    for i, (name, _) in kinds:
        to_mysql.execute(f'CREATE TABLE k{i} (id int PRIMARY KEY, v {name})')
    writer = to_mysql.convert()
    to_mysql.wait_phase()
    to_mysql.wait_caught_up()
    for i, (name, values) in kinds:
        to_mysql.execute(f'INSERT INTO k{i} VALUES ' + ', '.join(f'({4200 + number}, ({value})::{name})' for number, value in enumerate(values)))
        text = writer.wait_not_ready(rf'\bk{i}\b')
        assert '4200' in text and 'v' in text, text
        assert to_mysql.fetch_target(f'SELECT count(*) FROM k{i}') == 0
        to_mysql.at_target(f'ALTER TABLE k{i} MODIFY v longtext')
        writer.wait_ready()
    to_mysql.wait_equal()


def test_columns_that_somebody_else_made(to_mysql):
    """Wider, narrower and textual ones take what fits; what does not is refused and never rounded or cut."""
    to_mysql.create('CREATE TABLE t (id int PRIMARY KEY, a int, b varchar(10), c timestamp, d numeric(5,2), e text, f jsonb, g real, h integer[], u uuid, '
                    'w boolean, x timestamptz, y bytea)',
                    'CREATE TABLE t (id bigint PRIMARY KEY, a decimal(12,1), b longtext, c varchar(40), d double, e varchar(20), f longtext, g double, '
                    'h longtext, u binary(16), w int, x timestamp(6) NULL, y varbinary(10))')
    to_mysql.start()
    to_mysql.execute("INSERT INTO t SELECT i, i, 'b' || i, '2020-01-01', i / 128.0, 'e', '{\"a\":1}', 0.5, ARRAY[i, NULL], md5(i::text)::uuid, i % 2 = 0, "
                     "'2020-01-01 00:00:00.5+00', '\\x00ff' FROM generate_series(1, 300) i")
    to_mysql.execute("UPDATE t SET a = -a, h = '{}', w = NOT w WHERE id % 2 = 0; UPDATE t SET id = id + 1000 WHERE id < 5")
    to_mysql.wait_equal(columns=['id', 'a', 'b', 'c', 'e', 'f', 'g', 'h', 'u', 'w', 'x', 'y'])


NARROWER = (
    ('numeric', 'int', '0.142857'), ('numeric(10,4)', 'decimal(10,2)', '1.2345'), ('float8', 'float', '0.1234567890123'),
    ('timestamp', 'date', "'2026-01-02 03:04:05.678'"), ('timestamptz', 'datetime', "'2026-01-02 03:04:05.678+00'"),
    ('integer', 'int unsigned', '-1'), ('bigint', 'int', '4294967296'), ('text', 'varchar(3)', "'four'"), ('text', 'char(10)', "'blank '"),
    ('bytea', 'varbinary(2)', r"'\x000102'"), ('text', "enum('a', 'b')", "'c'"), ('text', 'varchar(9) CHARSET latin1', "'漢'"),
    ('jsonb', 'varchar(5)', "'{\"long\": true}'"), ('text', 'json', "'no json'"))


@pytest.mark.parametrize('policy', ('clamp', 'null'))
@pytest.mark.parametrize('rows', (1, 200), ids=('one', 'many'))
def test_keys_are_refused(to_mysql, policy, rows):
    """Keys that are equal when they are clamped stay two rows: a stream without a structure of its own refuses them."""
    to_mysql.create('CREATE TABLE prim (k text PRIMARY KEY, v int)', 'CREATE TABLE prim (k varchar(3) PRIMARY KEY, v int)')
    to_mysql.create('CREATE TABLE uni (id int PRIMARY KEY, d date UNIQUE)', 'CREATE TABLE uni (id int PRIMARY KEY, d date UNIQUE)')
    to_mysql.create('CREATE TABLE part (id int PRIMARY KEY, k text)', 'CREATE TABLE part (id int PRIMARY KEY, k varchar(4), UNIQUE (k(2)))')
    writer = to_mysql.start('--types', f'*:{policy}')
    for table, values in (('prim', "'four' || i, i"), ('uni', "i, '10000-01-01'::date + i"), ('part', "i, i || 'four'")):
        to_mysql.execute(f'INSERT INTO {table} SELECT {values} FROM generate_series(1, {rows}) i')
        text = writer.wait_not_ready(rf'\b{table}\b')
        assert 'cannot have the value' in text, text
        assert to_mysql.fetch_target(f'SELECT count(*) FROM {table}') == 0
        for change in {'prim': ('MODIFY k varchar(20)',), 'uni': ('DROP INDEX d', 'MODIFY d longtext'), 'part': ('MODIFY k varchar(20)',)}[table]:
            to_mysql.at_target(f'ALTER TABLE {table} {change}')
        if table == 'part':
            to_mysql.at_target('ALTER TABLE part DROP INDEX k')
        writer.wait_ready()
    to_mysql.wait_equal()


@pytest.mark.parametrize('rows', (1, 200), ids=('one', 'many'))
def test_narrower_columns_are_refused(to_mysql, rows):
    """Neither rounded, cut, wrapped nor left out, whatever the server would do by itself."""
    for i, (sent, column, _) in enumerate(NARROWER):
        to_mysql.create(f'CREATE TABLE t{i} (id int PRIMARY KEY, v {sent})', f'CREATE TABLE t{i} (id int PRIMARY KEY, v {column})')
    writer = to_mysql.start()
    for i, (sent, column, value) in enumerate(NARROWER):
        to_mysql.execute(f'INSERT INTO t{i} SELECT i, {value} FROM generate_series(1, {rows}) i')
        writer.wait_not_ready(rf'\bt{i}\b')
        assert to_mysql.fetch_target(f'SELECT count(*) FROM t{i}') == 0, column
        to_mysql.at_target(f'ALTER TABLE t{i} MODIFY v ' + ('longblob' if sent == 'bytea' else 'longtext CHARSET utf8mb4'))
        writer.wait_ready()
    to_mysql.wait_equal()
