"""Tables of MySQL and MariaDB with all that hangs on them, as a copy makes them at PostgreSQL, and changed while they stream."""
import pytest

from harness.wait import wait_for

LONG_NAME = 'n' * 40 + 'ä' * 20  # 80 bytes

TABLES = f"""
CREATE TABLE parent (id bigint unsigned AUTO_INCREMENT PRIMARY KEY, code varchar(10) COLLATE utf8mb4_bin NOT NULL DEFAULT 'it''s',
 small tinyint unsigned DEFAULT 7, flag tinyint(1) NOT NULL DEFAULT 1, price decimal(10,2) DEFAULT -1.50, made datetime(3) DEFAULT CURRENT_TIMESTAMP(3),
 seen timestamp NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, mood enum('sad','it''s ok') DEFAULT 'it''s ok',
 tags set('a','b') DEFAULT 'a,b', bits bit(5) DEFAULT b'101', raw binary(3) DEFAULT 'ab', note text,
 next_id bigint AS (small + 1), half int AS (small DIV 2) STORED, CHECK (small < 100), CHECK (code <> 'never'),
 UNIQUE KEY by_code (code), KEY by_note (note(20)), KEY several (small DESC, code), FULLTEXT KEY words (note)) COMMENT 'the parents';
CREATE TABLE child (id int AUTO_INCREMENT PRIMARY KEY, parent_id bigint unsigned COMMENT 'whose it is', KEY several (parent_id),
 CONSTRAINT of_parent FOREIGN KEY (parent_id) REFERENCES parent (id) ON DELETE SET NULL ON UPDATE CASCADE);
CREATE TABLE `{LONG_NAME}` (`{LONG_NAME}` int PRIMARY KEY, v int);
CREATE TABLE plain (id int PRIMARY KEY, v int);
CREATE TABLE nothing (id smallint AUTO_INCREMENT PRIMARY KEY)
"""
ROWS = f"""
INSERT INTO parent (id, code, small, note) VALUES (1, 'a', 1, 'some words'), (41, 'b', NULL, NULL);
INSERT INTO child VALUES (1, 1), (7, 41);
INSERT INTO plain VALUES (1, 1), (7, 41);
INSERT INTO `{LONG_NAME}` VALUES (1, 1)
"""


def one(pipeline, sql, args=None):
    return pipeline.fetch_target_rows(sql, args)[0][0]


@pytest.fixture
def copied(from_mysql):
    for statement in [*TABLES.split(';\n'), *ROWS.split(';\n')]:
        from_mysql.execute(statement)
    from_mysql.convert()
    from_mysql.wait_caught_up()
    wait_for(lambda: (from_mysql.load_row() or {}).get('phase') == 'done', 60, lambda: f'the load is {from_mysql.load_row()}')
    return from_mysql


def test_structure(copied):
    name = copied.name
    assert one(copied, "SELECT obj_description(%s::regclass)", (f'{name}.parent',)) == 'the parents'
    assert one(copied, "SELECT col_description(%s::regclass, 2)", (f'{name}.child',)) == 'whose it is'
    indexes = dict(copied.fetch_target_rows("SELECT indexname, replace(indexdef, %s, '') FROM pg_indexes WHERE schemaname = %s", (f'{name}.', name)))
    assert indexes['parent_pkey'] == 'CREATE UNIQUE INDEX parent_pkey ON parent USING btree (id)'
    assert indexes['parent_by_code'] == 'CREATE UNIQUE INDEX parent_by_code ON parent USING btree (code)'
    assert indexes['parent_by_note'] == 'CREATE INDEX parent_by_note ON parent USING btree ("left"(note, 20))'
    # MariaDB has no descending key parts before 10.8
    assert indexes['parent_several'].startswith('CREATE INDEX parent_several ON parent USING btree (small')
    assert 'to_tsvector' in indexes['parent_words'] and 'child_several' in indexes
    foreign = one(copied, "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'of_parent' AND convalidated")
    assert foreign.replace(f'{name}.', '') == 'FOREIGN KEY (parent_id) REFERENCES parent(id) ON UPDATE CASCADE ON DELETE SET NULL'
    checks = [row[0] for row in copied.fetch_target_rows("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'c' AND conrelid = %s::regclass",
                                                         (f'{name}.parent',))]
    assert len(checks) == 4 and 'CHECK ((small < 100))' in checks, checks
    assert dict(copied.fetch_target_rows('SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0',
                                         (f'{name}.child',))) == {'id': 'integer', 'parent_id': 'bigint'}


def test_the_target_on_its_own(copied):
    """What applications meet when they have moved: defaults, identities, generated columns, triggers, keys."""
    copied.writers[0].stop()
    copied.at_target("INSERT INTO parent (note) VALUES ('new')")
    row = copied.fetch_target_rows("SELECT id, code, small, flag, price::text, made IS NOT NULL, seen IS NOT NULL, mood, tags, bits::text, encode(raw, 'hex'),"
                                   " next_id FROM parent WHERE note = 'new'")[0]
    # before PostgreSQL 12 nothing is computed there
    computes = int(one(copied, 'SHOW server_version_num')) >= 120000
    assert row == (42, "it's", 7, True, '-1.50', True, True, "it's ok", ['a', 'b'], '00101', '616200', 8 if computes else None)
    copied.at_target("UPDATE parent SET seen = '2020-01-01' WHERE id = 1")
    assert one(copied, "SELECT seen = '2020-01-01' FROM parent WHERE id = 1")
    copied.at_target("UPDATE parent SET note = 'other' WHERE id = 1")
    assert one(copied, "SELECT seen > now() - interval '1 hour' FROM parent WHERE id = 1")
    copied.at_target('INSERT INTO child (parent_id) VALUES (42)')
    assert one(copied, 'SELECT max(id) FROM child') == 8
    copied.at_target('INSERT INTO nothing DEFAULT VALUES')
    assert one(copied, 'SELECT id FROM nothing') == 1
    for refused in ('UPDATE parent SET small = 100', "UPDATE parent SET mood = 'x'", "UPDATE parent SET tags = '{c}'", 'UPDATE child SET parent_id = 9'):
        with pytest.raises(Exception, match='violates'):
            copied.at_target(refused)


def test_changes_follow(copied):
    """Rows that only the source computes, long names, the trigger that must not fire."""
    copied.execute("UPDATE parent SET small = 9, seen = '2019-01-01 10:00:00' WHERE id = 1")
    copied.execute(f'UPDATE `{LONG_NAME}` SET v = 2')
    copied.execute("UPDATE parent SET note = 'changed', seen = seen WHERE id = 1")
    copied.wait_caught_up()
    assert copied.fetch_target_rows("SELECT small, next_id, half, note, seen AT TIME ZONE 'UTC' FROM parent WHERE id = 1")[0][:4] == (9, 10, 4, 'changed')
    assert one(copied, "SELECT seen = '2019-01-01 10:00:00+00' FROM parent WHERE id = 1")
    table = one(copied, "SELECT relname FROM pg_class WHERE relname LIKE 'nnn%%' AND relkind = 'r'")
    assert len(table.encode()) == 63 and one(copied, f'SELECT v FROM "{table}"') == 2


def test_structure_changes(copied):
    """Columns, keys and tables that come, change and go."""
    copied.execute("ALTER TABLE parent ADD COLUMN more varchar(20) NOT NULL DEFAULT 'x', ADD KEY by_more (more), DROP KEY by_note")
    copied.execute("INSERT INTO parent (id, code) VALUES (50, 'c')")
    copied.execute("ALTER TABLE parent MODIFY mood enum('sad','it''s ok','new') DEFAULT 'new', RENAME COLUMN small TO little"
                   if copied.source.flavour == 'mysql' else "ALTER TABLE parent MODIFY mood enum('sad','it''s ok','new') DEFAULT 'new'")
    copied.execute("INSERT INTO parent (id, code, mood) VALUES (51, 'd', 'new')")
    copied.execute('CREATE TABLE later (id int unsigned AUTO_INCREMENT PRIMARY KEY, parent_id bigint unsigned, FOREIGN KEY (parent_id) REFERENCES parent (id))')
    copied.execute('INSERT INTO later VALUES (1, 50)')
    copied.execute('ALTER TABLE child ADD COLUMN big bigint unsigned, MODIFY id bigint AUTO_INCREMENT')
    copied.execute('INSERT INTO child VALUES (9, NULL, 18446744073709551615)')
    copied.execute('DROP TABLE nothing')
    copied.wait_caught_up()
    assert copied.fetch_target_rows('SELECT code, more, mood FROM parent WHERE id >= 50 ORDER BY id') == [('c', 'x', "it's ok"), ('d', 'x', 'new')]
    assert one(copied, 'SELECT parent_id FROM later') == 50
    assert one(copied, 'SELECT big::text FROM child WHERE id = 9') == '18446744073709551615'
    assert one(copied, "SELECT to_regclass('nothing') IS NULL AND to_regclass('parent_by_more') IS NOT NULL AND to_regclass('parent_by_note') IS NULL")


def test_renames_with_other_changes(from_mysql):
    """One ALTER that renames columns and changes labels, keys and checks: what differs by names alone stays, the rest is done."""
    from_mysql.execute("CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL, v int, w int, e enum('a','b'), bio varchar(20), KEY k (v), UNIQUE KEY u (v, bio), KEY stays (bio, a),"
                       ' CONSTRAINT small CHECK (w < 100), CONSTRAINT kept CHECK (v < 100))')
    from_mysql.execute("INSERT INTO t VALUES (1, 10, 1, 1, 'a', 'x'), (2, 20, 2, 2, 'b', 'y')")
    from_mysql.convert()
    from_mysql.wait_caught_up()
    wait_for(lambda: (from_mysql.load_row() or {}).get('phase') == 'done', 60, lambda: f'the load is {from_mysql.load_row()}')
    stays = one(from_mysql, "SELECT 't_stays'::regclass::oid")
    from_mysql.execute("ALTER TABLE t MODIFY e enum('a','b','c') NOT NULL DEFAULT 'b', RENAME COLUMN bio TO b2")
    from_mysql.execute("INSERT INTO t (id, a, e) VALUES (3, 30, 'c')")
    from_mysql.execute('ALTER TABLE t CHANGE a b int NOT NULL, DROP PRIMARY KEY, ADD PRIMARY KEY (b), DROP KEY k, ADD UNIQUE k (v), DROP KEY u, ADD KEY u (w),'
                       ' DROP CONSTRAINT small, ADD CONSTRAINT small CHECK (w < 1000)')
    from_mysql.execute('INSERT INTO t (id, b, w) VALUES (3, 40, 500)')
    from_mysql.execute("UPDATE t SET b2 = 'z' WHERE b = 10")
    from_mysql.wait_caught_up()
    assert from_mysql.fetch_target_rows('SELECT id, b, w, e, b2 FROM t ORDER BY b') == [
        (1, 10, 1, 'a', 'z'), (2, 20, 2, 'b', 'y'), (3, 30, None, 'c', None), (3, 40, 500, 'b', None)]
    indexes = dict(from_mysql.fetch_target_rows("SELECT indexname, regexp_replace(indexdef, ' INDEX .* USING btree', '') FROM pg_indexes WHERE tablename = 't'"))
    assert indexes == {'t_pkey': 'CREATE UNIQUE (b)', 't_k': 'CREATE UNIQUE (v)', 't_u': 'CREATE (w)', 't_stays': 'CREATE (b2, b)'}
    assert one(from_mysql, "SELECT 't_stays'::regclass::oid") == stays
    checks = [row[0] for row in from_mysql.fetch_target_rows("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'c' AND conrelid = 't'::regclass")]
    assert 'CHECK ((w < 1000))' in checks and 'CHECK ((v < 100))' in checks and len(checks) == 3, checks


ADDED = {
    'a_int': ('int NOT NULL', '0'), 'a_big': ('bigint unsigned NOT NULL', '0'), 'a_text': ('varchar(9) NOT NULL', ''), 'a_flag': ('tinyint(1) NOT NULL', '0'),
    'a_true': ('tinyint(1) NOT NULL DEFAULT 1', '1'), 'a_bit': ("bit(3) NOT NULL DEFAULT b'110'", '110'), 'a_one': ("bit(1) NOT NULL DEFAULT b'0'", 'false'),
    'a_decimal': ('decimal(5,2) NOT NULL', '0.00'), 'a_raw': ("varbinary(3) NOT NULL DEFAULT 'r'", '\\x72'), 'a_mood': ("enum('x','y') NOT NULL DEFAULT 'x'", 'x'),
    'a_tags': ("set('x','y') NOT NULL", '{}'), 'a_time': ('time NOT NULL', '00:00:00'), 'a_year': ('year NOT NULL', '0'), 'a_float': ('float NOT NULL', '0'),
    'a_null': ('int DEFAULT NULL', None), 'a_default': ("varchar(9) DEFAULT 'd'", 'd'), 'a_late': ("datetime(3) NOT NULL DEFAULT '2020-01-01'", '2020-01-01 00:00:00'),
    'a_made': ('int AS (a_int + 1) STORED', '1'),
}


def test_columns_that_come(copied):
    """What rows that were there have in columns that must not be null."""
    for column, (definition, _) in ADDED.items():
        copied.execute(f'ALTER TABLE child ADD COLUMN {column} {definition}')
    copied.wait_caught_up()
    columns = ', '.join(f'{column}::text' for column in ADDED)
    assert copied.fetch_target_rows(f'SELECT {columns} FROM child WHERE id = 1')[0] == tuple(value for _, value in ADDED.values())
    copied.execute('INSERT INTO child (id, a_int, a_big, a_text, a_flag, a_bit, a_one, a_decimal, a_raw, a_mood, a_tags, a_time, a_year, a_float)'
                   " VALUES (60, 1, 18446744073709551615, 'x', 1, b'101', b'1', 1.5, 'r', 'y', 'x,y', '-10:00', 2000, 0.5)")
    copied.wait_caught_up()
    assert copied.fetch_target_rows('SELECT a_big::text, a_tags, a_bit::text, a_one, a_time::text, a_made FROM child WHERE id = 60')[0] == (
        '18446744073709551615', ['x', 'y'], '101', True, '-10:00:00', 2)


# column of the table "kinds": the type it has, a value, the type it gets, the value then
CHANGED = {
    'c_wider': ('tinyint', '5', 'bigint', '5'), 'c_flag': ('tinyint(1)', '1', 'bigint', '1'), 'c_digits': ('varchar(9)', "'42'", 'int', '42'),
    'c_text': ('int', '42', 'varchar(9)', '42'), 'c_set': ("set('a','b')", "'a,b'", 'varchar(9)', 'a,b'), 'c_labels': ('varchar(9)', "'a'", "set('a','b')", '{a}'),
    'c_bytes': ('varchar(9)', "'ä'", 'varbinary(9)', '\\xc3a4'), 'c_chars': ('varbinary(9)', "'b'", 'varchar(9)', 'b'),
    'c_day': ('datetime', "'2020-01-31 00:00:00'", 'date', '2020-01-31'), 'c_document': ('varchar(20)', """'{"a": 1}'""", 'json', '{"a": 1}'),
    'c_number': ('decimal(5,2)', '1.5', 'double', '1.5'), 'c_unsigned': ('int unsigned', '7', 'bigint unsigned', '7'),
}


def test_types_that_change(from_mysql):
    """Rows that were there are converted as the source converts them."""
    columns = ', '.join(f'{name} {kind}' for name, (kind, *_) in CHANGED.items())
    from_mysql.execute(f'CREATE TABLE kinds (id int PRIMARY KEY, {columns})')
    from_mysql.execute(f"INSERT INTO kinds VALUES (1, {', '.join(value for _, value, *_ in CHANGED.values())})")
    from_mysql.convert()
    from_mysql.wait_caught_up()
    for name, (_, _, kind, _) in CHANGED.items():
        from_mysql.execute(f'ALTER TABLE kinds MODIFY {name} {kind}')
    from_mysql.execute('INSERT INTO kinds SELECT 2, ' + ', '.join(CHANGED) + ' FROM kinds')
    from_mysql.wait_caught_up()
    shown = from_mysql.fetch_target_rows('SELECT ' + ', '.join(f'{name}::text' for name in CHANGED) + ' FROM kinds ORDER BY id')
    assert shown == [tuple(value for *_, value in CHANGED.values())] * 2


def test_what_only_the_source_computes(copied):
    """A generated column for rows that were there: said, not left NULL."""
    copied.execute('ALTER TABLE plain ADD COLUMN half int AS (v DIV 2) STORED')
    copied.execute('INSERT INTO plain (id, v) VALUES (70, 41)')
    assert 'plain' in copied.writers[0].wait_not_ready('only the source can compute it')
    copied.at_target('ALTER TABLE plain ADD COLUMN half integer')
    copied.at_target('UPDATE plain SET half = v / 2')

    def rows():
        return copied.fetch_target_rows('SELECT id, half FROM plain ORDER BY id')
    wait_for(lambda: rows() == [(1, 0), (7, 20), (70, 20)], 30, lambda: str(rows()))
