"""What bundles and documents of a MySQL source become at a PostgreSQL target, made by hand: no server of that kind is needed."""
import struct

import pytest

from harness.copy_maker import CopyMaker
from harness.mysql_copy_maker import Column, MySQLTable, foreign_key, index
from harness.wait import wait_for

START = 0x100
BIG = 2 ** 64 - 1
POINT = bytes.fromhex('0101000020e6100000000000000000f03f0000000000000040')
SCAN = {'only_boolean': True, 'within_day': True, 'zero_dates': False, 'longest': None}

# (column, a value of the least, one of the most, what PostgreSQL shows of both, its type there)
KINDS = [
    (Column('flag', 'tinyint(1)', 'int16', scan=SCAN), 0, 1, 'false', 'true', 'boolean'),
    (Column('tiny', 'tinyint', 'int16'), -128, 127, '-128', '127', 'smallint'),
    (Column('medium', 'mediumint unsigned', 'int32'), 0, 16777215, '0', '16777215', 'integer'),
    (Column('whole', 'int unsigned', 'int64'), 0, 2 ** 32 - 1, '0', '4294967295', 'bigint'),
    (Column('big', 'bigint unsigned', 'uint64'), 0, BIG, '0', str(BIG), 'numeric(20,0)'),
    (Column('single', 'float', 'float32'), -2.5, 0.5, '-2.5', '0.5', 'real'),
    (Column('precise', 'decimal(10,2)', 'decimal'), '-99999999.99', '0.01', '-99999999.99', '0.01', 'numeric(10,2)'),
    (Column('bit1', 'bit(1)', 'bits'), '0', '1', 'false', 'true', 'boolean'),
    (Column('bits', 'bit(10)', 'bits'), '0000000001', '1111111111', '0000000001', '1111111111', 'bit(10)'),
    (Column('day', 'date', 'date'), '1000-01-01', '9999-12-31', '1000-01-01', '9999-12-31', 'date'),
    (Column('moment', 'datetime(6)', 'timestamp'), '1000-01-01 00:00:00', '9999-12-31 23:59:59.999999', '1000-01-01 00:00:00',
     '9999-12-31 23:59:59.999999', 'timestamp(6) without time zone'),
    (Column('instant', 'timestamp', 'timestamptz'), '1970-01-01 00:00:01', '2038-01-19 03:14:07', '1970-01-01 00:00:01+00', '2038-01-19 03:14:07+00',
     'timestamp(0) with time zone'),
    (Column('span', 'time(6)', 'interval'), -3020399000000, 3020399000000, '-838:59:59', '838:59:59', 'interval'),
    (Column('clock', 'time(3)', 'interval', scan=SCAN), 0, 86400000000 - 1000, '00:00:00', '23:59:59.999', 'time(3) without time zone'),
    (Column('year', 'year', 'int16'), 0, 2155, '0', '2155', 'smallint'),
    (Column('short', 'varchar(5)', 'text'), '', 'äöü😀x', '', 'äöü😀x', 'character varying(5)'),
    (Column('long', 'longtext', 'text'), ' ', 'x' * 9000, ' ', 'x' * 9000, 'text'),
    (Column('raw', 'varbinary(3)', 'bytes'), b'', b'\0\xff\0', '\\x', '\\x00ff00', 'bytea'),
    (Column('mood', "enum('sad','it''s ok')", 'enum'), 'sad', "it's ok", 'sad', "it's ok", 'text'),
    (Column('tags', "set('a','b c')", 'set'), '', 'a,b c', '{}', '{a,"b c"}', 'text[]'),
    (Column('doc', 'json', 'json'), 'null', '{"b": [1, 2.50], "a": "x"}', 'null', '{"a": "x", "b": [1, 2.50]}', 'jsonb'),
    (Column('id16', 'uuid', 'uuid'), '00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff',
     '00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff', 'uuid'),
    (Column('host', 'inet6', 'network'), '::', '2001:db8::1', '::/128', '2001:db8::1/128', 'inet'),
    (Column('place', 'point', 'geometry'), POINT, POINT, '\\x' + POINT.hex(), '\\x' + POINT.hex(), 'bytea'),
    (Column('numbers', 'vector(2)', 'bytes'), b'', struct.pack('<2f', 1.5, -2), '{}', '{1.5,-2}', 'real[]'),
    (Column('odd', 'xmltype', 'other'), '<a/>', '<b/>', '<a/>', '<b/>', 'text'),
]
COLUMNS = [Column('id', 'int', 'int32')] + [kind[0] for kind in KINDS]
LEAST = [kind[1] for kind in KINDS]
MOST = [kind[2] for kind in KINDS]
NULLS = [None] * len(KINDS)
T = MySQLTable('every', 901, COLUMNS)
KEYLESS = MySQLTable('keyless', 902, COLUMNS, key=False)


@pytest.fixture
def copy(pipeline):
    for setting in ("TimeZone = 'UTC'", 'extra_float_digits = 3'):
        pipeline.target.execute(f'ALTER DATABASE "{pipeline.name}" SET {setting}')
    return CopyMaker(pipeline.nats, pipeline.name).make()


def rows_of(pipeline, table='shop.every'):
    if pipeline.fetch_target('SELECT to_regclass(%s) IS NULL', (table,)):
        return []
    columns = ', '.join(f'"{column.name}"::text' for column in COLUMNS)
    return pipeline.target.fetch(f'SELECT {columns} FROM {table} AS t ORDER BY t.id, t.big', dbname=pipeline.name)


def shown(number, which):
    if which is None:
        return (str(number), *NULLS)
    return (str(number), *(kind[3 + which] for kind in KINDS))


def wait_rows(pipeline, expected, table='shop.every'):
    found = {}

    def equal():
        found['rows'] = rows_of(pipeline, table)
        return found['rows'] == expected

    def difference():
        if len(found['rows']) != len(expected):
            return f'there are {len(found["rows"])} of {len(expected)}'
        return [pair for row, wanted in zip(found['rows'], expected) for pair in zip(row, wanted) if pair[0] != pair[1]][:5]
    wait_for(equal, 30, lambda: f'the rows of {table}: {difference()}; the load is {pipeline.load_row()}')


def phase(pipeline):
    row = pipeline.load_row()
    return row and row['phase']


def test_every_type_is_copied_and_followed(pipeline, copy):
    """By COPY, by arrays and by single rows, with NULLs and unchanged values, with a key and without."""
    copy.document([(T, 1, {}), (KEYLESS, 1, {})])
    rows = [(number, *(LEAST if number % 3 == 0 else MOST if number % 3 == 1 else NULLS)) for number in range(90)]
    for chunk, table in enumerate((T, KEYLESS)):
        copy.chunk(table, rows, chunk)
    writer = pipeline.writer()
    copied = [shown(number, [0, 1, None][number % 3]) for number in range(90)]
    wait_rows(pipeline, copied)
    wait_rows(pipeline, copied, 'shop.keyless')
    types = dict(pipeline.target.fetch("SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'shop.every'::regclass"
                                       ' AND attnum > 0', dbname=pipeline.name))
    assert {kind[0].name: kind[5] for kind in KINDS} == {name: kind for name, kind in types.items() if name != 'id'}
    # many at once
    copy.change(START + 0x10, *(('U', T, (number, *MOST)) for number in range(0, 90, 3)), *(('D', T, (number,)) for number in range(1, 90, 3)))
    expected = [row for row in (shown(number, [1, None, None][number % 3]) for number in range(90)) if int(row[0]) % 3 != 1]
    wait_rows(pipeline, expected)
    # a few, one with another key and one whose values are not all there
    copy.change(START + 0x20, ('U', T, (2, *LEAST)), ('D', T, (5,)), ('U', T, (100, *LEAST), 8), ('U', T, (0, *([...] * len(KINDS)))),
                ('I', T, (101, *NULLS)))
    expected = sorted([row for row in expected if row[0] not in ('2', '5', '8')] + [shown(2, 0), shown(100, 0), shown(101, None)],
                      key=lambda row: int(row[0]))
    wait_rows(pipeline, expected)
    wait_for(lambda: phase(pipeline) == 'done', 60, lambda: f'the load is {pipeline.load_row()}')
    # without a key: runs of many rows that are found by all they have, and single ones
    copy.change(START + 0x30, *(('D', KEYLESS, row) for row in rows[:40]))
    copy.change(START + 0x40, *(('U', KEYLESS, (200 + row[0], *LEAST), row) for row in rows[40:80]))
    copy.change(START + 0x50, ('D', KEYLESS, rows[80]), ('U', KEYLESS, (300, *NULLS), rows[81]))
    wait_rows(pipeline, [shown(number, [0, 1, None][number % 3]) for number in range(82, 90)]
              + [shown(number, 0) for number in range(240, 280)] + [shown(300, None)], 'shop.keyless')
    assert 'missing' not in writer.log()
    checks = pipeline.target.fetch("SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'shop.every'::regclass"
                                   " AND contype = 'c' ORDER BY 1", dbname=pipeline.name)
    assert [name for name, _ in checks] == ['every_mood_check', 'every_tags_check'] and "'it''s ok'" in checks[0][1]


WIDE = MySQLTable('wide', 903, [column for column in COLUMNS if column.name not in ('tags', 'numbers')])
OTHERS = MySQLTable('others', 904, [
    Column('id', 'bigint unsigned', 'uint64'), Column('flag', 'tinyint(1)', 'int16'), Column('narrow', 'int', 'int32'), Column('span', 'time', 'interval'),
    Column('raw', 'binary(16)', 'bytes'), Column('note', 'text', 'text'), Column('doc', 'longtext', 'text'), Column('at', 'datetime', 'timestamp'),
    Column('mood', "enum('sad','ok')", 'enum'), Column('printed', 'decimal(5,1)', 'decimal'), Column('place', 'point', 'geometry'),
    Column('real', 'float', 'float32')])
MADE = """CREATE SCHEMA shop; CREATE TYPE shop.mood AS ENUM ('sad', 'ok');
CREATE TABLE shop.others (id bigint PRIMARY KEY, flag boolean, narrow smallint, span time, raw uuid, note varchar(40), doc jsonb, at timestamptz,
 mood shop.mood, printed text, place point, "real" float8)"""
GOOD = (7, 1, 5, 3600000000, bytes(range(16)), 'a', '{"a": 1}', '2020-01-31 10:00:00', 'ok', '1.5', POINT, 0.5)
SHOWN = ('7', 'true', '5', '01:00:00', '00010203-0405-0607-0809-0a0b0c0d0e0f', 'a', '{"a": 1}', '2020-01-31 10:00:00+00', 'ok', '1.5', '(1,2)', '0.5')


def others_of(pipeline):
    columns = ', '.join(f'"{column.name}"::text' for column in OTHERS.columns)
    return pipeline.target.fetch(f'SELECT {columns} FROM shop.others AS t ORDER BY t.id', dbname=pipeline.name)


def wait_others(pipeline, expected):
    wait_for(lambda: others_of(pipeline) == expected, 30, lambda: f'{expected} in others; there is {others_of(pipeline)}')


def changed(number, **values):
    """The good row with another key and some other values."""
    names = [column.name for column in OTHERS.columns]
    return (number, *(values.get(name, value) for name, value in zip(names[1:], GOOD[1:])))


def test_many_rows_at_once(pipeline, copy):
    """Tables whose values all can stand in arrays."""
    kinds = [kind for kind in KINDS if kind[0].name not in ('tags', 'numbers')]
    copy.document([(WIDE, 1, {})])
    copy.chunk(WIDE, [(number, *(kind[1] for kind in kinds)) for number in range(50)], 0)
    pipeline.writer()
    copy.change(START + 0x10, *(('U', WIDE, (number, *(kind[2] for kind in kinds))) for number in range(20)),
                *(('U', WIDE, (number, *([None] * len(kinds)))) for number in range(20, 30)), *(('D', WIDE, (number,)) for number in range(30, 50)))
    columns = ', '.join(f'"{column.name}"::text' for column in WIDE.columns)

    def rows():
        return pipeline.target.fetch(f'SELECT {columns} FROM shop.wide AS t ORDER BY t.id', dbname=pipeline.name)
    wait_for(lambda: phase(pipeline) == 'done', 30, lambda: f'the load is {pipeline.load_row()}')
    expected = [(str(number), *(kind[4] for kind in kinds)) for number in range(20)] + [(str(number), *([None] * len(kinds))) for number in range(20, 30)]
    wait_for(lambda: rows() == expected, 30, lambda: f'{expected}; there is {rows()}')


def test_columns_made_by_hand(pipeline, copy):
    """Other types than those that a copy makes, by COPY, arrays and single rows."""
    pipeline.target.execute(MADE, dbname=pipeline.name)
    copy.document([(OTHERS, 1, {})])
    copy.chunk(OTHERS, [changed(number) for number in range(1, 41)], 0)
    pipeline.writer()
    wait_others(pipeline, [(str(number), *SHOWN[1:]) for number in range(1, 41)])
    none = dict.fromkeys((column.name for column in OTHERS.columns[1:]))
    copy.change(START + 0x10, *(('U', OTHERS, changed(number, flag=0, span=0)) for number in range(1, 21)),
                *(('D', OTHERS, (number,)) for number in range(21, 31)), *(('U', OTHERS, changed(number, **none)) for number in range(31, 41)))
    expected = ([(str(number), 'false', '5', '00:00:00', *SHOWN[4:]) for number in range(1, 21)]
                + [(str(number), *([None] * 11)) for number in range(31, 41)])
    wait_others(pipeline, expected)


@pytest.mark.parametrize('column,value,says,mend', [
    ('id', 2 ** 63, '9223372036854775808 is beyond what', 'ALTER id TYPE numeric'),
    ('flag', 2, '2 is neither true', 'ALTER flag TYPE smallint USING flag::int'),
    ('narrow', 40000, '40000 is beyond what', 'ALTER narrow TYPE integer'),
    ('span', 86400000001, 'a time that is not between', 'ALTER span TYPE interval'),
    ('note', 'a\0b', 'a text with a NUL byte', "ALTER note TYPE bytea USING convert_to(note, 'UTF8')"),
], ids=['id', 'flag', 'narrow', 'span', 'note'])
@pytest.mark.parametrize('many', [1, 40], ids=['one', 'many'])
def test_what_does_not_fit_is_named(pipeline, copy, column, value, says, mend, many):
    """Nothing of it comes in; the writer says table, key and column, and goes on when the column was changed."""
    pipeline.target.execute(MADE, dbname=pipeline.name)
    copy.document([(OTHERS, 1, {})])
    copy.chunk(OTHERS, [], 0)
    writer = pipeline.writer()
    rows = [changed(number) for number in range(1, many)]
    rows.append(changed(value) if column == 'id' else changed(many, **{column: value}))
    copy.change(START + 0x10, *(('I', OTHERS, row) for row in rows))
    refusal = writer.wait_not_ready(says)
    assert f'insert into shop.others (id)=({rows[-1][0]}): column {column}: ' in refusal, refusal
    assert others_of(pipeline) == []
    pipeline.target.execute(f'ALTER TABLE shop.others {mend}', dbname=pipeline.name)
    wait_for(lambda: len(others_of(pipeline)) == many, 30, lambda: f'{many} rows; there is {others_of(pipeline)}')


def test_policies(pipeline, copy):
    """What does not fit is left NULL, or is the nearest there is."""
    pipeline.target.execute(MADE, dbname=pipeline.name)
    copy.document([(OTHERS, 1, {})])
    copy.chunk(OTHERS, [changed(1, flag=2, narrow=40000, span=-1, note='a\0b')], 0)
    pipeline.writer('--types', 'tinyint(1):null, int:clamp, time:clamp, text:clamp')
    wait_others(pipeline, [('1', None, '32767', '00:00:00', SHOWN[4], 'ab', *SHOWN[6:])])
