"""Every type of MySQL and MariaDB at its extremes, equal at targets of every kind whichever way it gets there."""
import pytest

from harness import mysql_types

LONG = 120  # seconds; the machine may be busy


class Tables:
    """A table with a key, k<i>, and one without, f<i>, for each type of a group."""

    def __init__(self, pipeline, types):
        self.pipeline = pipeline
        self.types = list(enumerate(types))
        pipeline.execute(';'.join(f'CREATE TABLE k{i} (id int PRIMARY KEY, v {name}, n int DEFAULT 0); CREATE TABLE f{i} (id int, v {name})'
                                  for i, (name, _) in self.types))

    def insert(self, first):
        for i, (_, values) in self.types:
            rows = ', '.join(f'({first + number}, {value})' for number, value in enumerate((*values, 'NULL')))
            self.pipeline.execute(f"SET sql_mode = ''; INSERT INTO k{i} (id, v) VALUES {rows}; INSERT INTO f{i} VALUES {rows}")

    def update(self, first):
        """Every row gets the value of the one behind it; a column beside it changes."""
        for i, (_, values) in self.types:
            count = len(values) + 1
            for table in ('k', 'f'):
                self.pipeline.execute(f'''
                    SET sql_mode = ''; CREATE TEMPORARY TABLE old AS SELECT id, v FROM {table}{i};
                    UPDATE {table}{i} a JOIN old b ON b.id = {first} + (a.id - {first} + 1) % {count} SET a.v = b.v WHERE a.id >= {first} ''')
            self.pipeline.execute(f'UPDATE k{i} SET n = n + 1')

    def delete(self):
        for i, _ in self.types:
            self.pipeline.execute(f'DELETE FROM k{i} WHERE id % 2 = 0; DELETE FROM f{i} WHERE id % 2 = 1')

    def equal(self, **options):
        rows = self.pipeline.wait_equal(timeout=LONG, **options)
        assert len(rows) == 2 * len(self.types) and all(rows.values())


@pytest.mark.parametrize('group', mysql_types.GROUPS)
def test_types(from_mysql_to_any, group):
    """Copied, inserted, updated, found by all their values, deleted."""
    pipeline = from_mysql_to_any
    tables = Tables(pipeline, mysql_types.types(group, pipeline.source.product))
    tables.insert(0)
    pipeline.convert()
    pipeline.wait_phase(timeout=LONG)
    tables.equal()
    tables.insert(100)
    tables.equal()
    tables.update(100)
    tables.equal()
    tables.delete()
    tables.equal()


@pytest.mark.parametrize('policy', ('null', 'infinity'))
def test_dates_that_no_calendar_has(from_mysql_to_any, policy):
    pipeline = from_mysql_to_any
    tables = Tables(pipeline, mysql_types.ZEROS.items())
    tables.insert(0)
    pipeline.convert(reader_args=('--zero-dates', policy))
    pipeline.wait_phase(timeout=LONG)
    tables.equal(zero_dates=policy)
    tables.insert(100)
    tables.update(100)
    tables.equal(zero_dates=policy)


def test_date_that_no_calendar_has_in_a_column_that_must_have_one(from_mysql):
    """By default it is refused, by table, column and remedy, and the stream goes on once it is told what to do."""
    from_mysql.create('CREATE TABLE t (id int PRIMARY KEY, day date NOT NULL)')
    from_mysql.start()
    from_mysql.execute("SET sql_mode = ''; INSERT INTO t VALUES (1, '2024-01-01'), (2, '0000-00-00')")
    reason = from_mysql.first_reader.wait_failed('day')
    assert 'zero-dates' in reason and '.t' in reason, reason
    from_mysql.first_reader.stop()
    from_mysql.readers.clear()
    from_mysql.reader('--zero-dates', 'infinity', name='second')
    assert from_mysql.wait_equal(zero_dates='infinity') == {'t': 2}


def test_bytes_that_are_no_text(from_mysql):
    """Refused by name; or replaced, when that was asked for."""
    from_mysql.create('CREATE TABLE t (id int PRIMARY KEY, v varchar(20) CHARACTER SET ucs2)', 'CREATE TABLE t (id int PRIMARY KEY, v text)')
    from_mysql.start()
    from_mysql.execute("INSERT INTO t VALUES (1, 'ü'), (2, _ucs2 x'0061D8000062')")  # half a character
    reason = from_mysql.first_reader.wait_failed('bad-text')
    assert '.t' in reason and 'v' in reason, reason
    from_mysql.first_reader.stop()
    from_mysql.readers.clear()
    from_mysql.reader('--bad-text', 'replace', name='second')
    from_mysql.wait_caught_up()
    assert from_mysql.fetch_target('SELECT v FROM t WHERE id = 2') == 'a\ufffdb'
