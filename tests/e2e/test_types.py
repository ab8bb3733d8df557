"""Every built-in type at its extremes, equal at the target by whichever way it gets there."""
import pytest

from harness.values import MADE, SINCE, TYPES

COPIES = 12  # of each value: runs of inserts are long enough for COPY


def known(pipeline, name):
    return min(int(pipeline.source.version), int(pipeline.target.version)) >= SINCE.get(name, 0)


class Tables:
    """A table with a key, k<i>, and one without, f<i>, for each type of a group."""

    def __init__(self, pipeline, group):
        self.pipeline = pipeline
        self.types = [(i, *item) for i, item in enumerate(TYPES[group].items()) if known(pipeline, item[0])]
        if group == 'made':
            pipeline.create(MADE)
        for i, name, _ in self.types:
            pipeline.create(f'CREATE TABLE k{i} (id int PRIMARY KEY, v {name}, n int DEFAULT 0);'
                            f'CREATE TABLE f{i} (id int, v {name}); ALTER TABLE f{i} REPLICA IDENTITY FULL')

    def insert(self):
        for i, name, values in self.types:
            rows = ', '.join(f'({number}, ({value})::{name})' for number, value in enumerate((*values, 'NULL')))
            for table in ('k', 'f'):
                self.pipeline.execute(
                    f'WITH r (id, v) AS (VALUES {rows}) INSERT INTO {table}{i} (id, v) '
                    f'SELECT id + 100 * copy, v FROM r, generate_series(0, {COPIES - 1}) copy')

    def update(self, table, where='true'):
        """Every row gets the value of the one before it."""
        for i, _, values in self.types:
            count = len(values) + 1
            self.pipeline.execute(
                f'UPDATE {table}{i} a SET v = b.v FROM {table}{i} b WHERE b.id % 100 = (a.id % 100 + 1) % {count} '
                f'AND b.id / 100 = a.id / 100 AND {where}')

    def equal(self):
        rows = self.pipeline.wait_equal()
        assert len(rows) == 2 * len(self.types) and all(rows.values())


@pytest.mark.parametrize('group', TYPES)
def test_types(pipeline, group):
    if not known(pipeline, group):
        pytest.skip(f'{group} came with a later release')
    tables = Tables(pipeline, group)
    writer = pipeline.start()
    tables.insert()  # by COPY
    tables.equal()
    tables.update('k')  # by arrays
    tables.update('f')  # rows found by their values
    tables.equal()
    for i, _, _ in tables.types:
        pipeline.execute(f'DELETE FROM f{i} WHERE id % 2 = 0')
        pipeline.at_target(f'DELETE FROM k{i} WHERE id % 3 = 0')
    tables.update('k')  # row by row, because some are missing, and whole rows inserted
    tables.update('k', 'a.id < 2')  # single rows
    tables.equal()
    assert writer.is_running() and 'level=error' not in writer.log(), writer.process.log_tail()


def test_values_of_types_that_differ_at_the_target(pipeline):
    """A wider or textual column takes what it can hold."""
    pipeline.execute('CREATE TABLE t (id int PRIMARY KEY, a int, b varchar(10), c timestamp, d numeric(5,2), e text, f json,'
                     'g real, h integer[], i char(3))')
    pipeline.at_target('CREATE TABLE t (id bigint PRIMARY KEY, a numeric, b text, c text, d double precision, '
                       'e varchar(20), f jsonb, g float8, h bigint[], i text)')
    pipeline.start()
    pipeline.execute("INSERT INTO t SELECT i, i, 'b' || i, '2020-01-01', i / 100.0, 'e', '{\"a\":1}', 0.5, ARRAY[i, NULL], "
                     "'x' FROM generate_series(1, 300) i")
    pipeline.execute("UPDATE t SET a = -a, h = '{}', f = '[1]' WHERE id % 2 = 0; UPDATE t SET id = id + 1000 WHERE id < 5")
    pipeline.wait_caught_up()
    assert pipeline.fetch_target('SELECT count(*), sum(a), sum(d::numeric), min(c), count(*) FILTER (WHERE f = \'[1]\'), '
                                 'count(h[1]) FROM t') == (300, -150, 451.5, '2020-01-01 00:00:00', 150, 150)


@pytest.mark.parametrize('sent, column, value', [
    ('numeric', 'int', '0.142857'), ('numeric(10,4)', 'numeric(10,2)', '1.2345'), ('float8', 'real', '0.1234567890123'),
    ('timestamp', 'date', "'2026-01-02 03:04:05.678'"), ('timestamptz', 'timestamptz(0)', "'2026-01-02 03:04:05.678+00'"),
    ('numeric[]', 'int[]', "'{0.5}'")],
    ids=('fraction', 'scale', 'float', 'day', 'seconds', 'array'))
def test_lossy_column_is_refused(pipeline, sent, column, value):
    pipeline.execute(f'CREATE TABLE t (id int PRIMARY KEY, v {sent})')
    pipeline.at_target(f'CREATE TABLE t (id int PRIMARY KEY, v {column})')
    writer = pipeline.start()
    pipeline.execute(f'INSERT INTO t VALUES (1, {value})')
    writer.wait_not_ready('would silently change')
    assert pipeline.fetch_target('SELECT count(*) FROM t') == 0
    pipeline.at_target(f'ALTER TABLE t ALTER v TYPE {sent}')
    pipeline.wait_equal()


@pytest.mark.parametrize('column', ('regclass', 'named_table'), ids=('type', 'domain'))
def test_regclass_of_nothing(pipeline, column):
    """The cast from text to regclass knows neither of these, unlike the type's input."""
    pipeline.create('CREATE DOMAIN named_table AS regclass')
    pipeline.create(f'CREATE TABLE t (id int PRIMARY KEY, v {column}, w {column}[])')
    pipeline.start()
    pipeline.execute("INSERT INTO t VALUES (1, 0, '{-,pg_class}'), (2, 4000000000, '{4000000000}'), (3, 'pg_class', NULL)")
    pipeline.wait_equal()
    pipeline.execute("UPDATE t SET v = 0 WHERE id > 1")
    pipeline.wait_equal()
