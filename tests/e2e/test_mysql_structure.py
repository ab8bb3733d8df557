"""The structure of a copy at MariaDB and MySQL targets, what --plan says of it, and changes of structure in a running stream."""
import pathlib
import re
import subprocess

import pytest

from harness import servers
from harness.daemon import BUILD
from harness.mysql import MySQL, quote
from harness.mysql_pipeline import MySQLPipeline
from harness.wait import wait_for

LONG = 60

SPECIALS = r'''
    CREATE SCHEMA k;
    CREATE TYPE k.mood AS ENUM ('sad', 'ok', 'it''s');
    CREATE DOMAIN small AS varchar(5) CONSTRAINT filled CHECK (value <> '');
    CREATE TABLE parent (a text, b text, c int GENERATED ALWAYS AS IDENTITY, PRIMARY KEY (a, b), UNIQUE (c));
    CREATE TABLE k.t (
        id bigserial PRIMARY KEY, flag bool DEFAULT true NOT NULL, n numeric(10, 3) DEFAULT 1.5 CHECK (n > 0), t text DEFAULT 'it''s \ one',
        v varchar(20) CHECK (char_length(v) > 0), long varchar(20000), c char(5), bytes bytea DEFAULT '\x0102', day date DEFAULT current_date,
        at timestamptz(3) DEFAULT now(), u uuid DEFAULT gen_random_uuid(), j jsonb DEFAULT '{"a": 1}', b bit(5) DEFAULT B'00101', list int[] DEFAULT '{}',
        mood k.mood DEFAULT 'ok', s small, "odd `""name" int, fa text, fb text, fc int REFERENCES parent (c) ON DELETE SET NULL,
        twice int GENERATED ALWAYS AS (fc * 2) STORED, thrice int GENERATED ALWAYS AS (lo * 3) STORED, state text CHECK (state IN ('a', 'b')), lo int, hi int, CHECK (lo < hi),
        FOREIGN KEY (fa, fb) REFERENCES parent (a, b) ON DELETE CASCADE);
    CREATE INDEX by_text ON k.t (t);
    CREATE INDEX by_time ON k.t (at DESC, v);
    CREATE UNIQUE INDEX by_v ON k.t (v, c);
    CREATE INDEX by_lower ON k.t (lower(t));
    CREATE INDEX by_json ON k.t USING gin (j);
    COMMENT ON TABLE k.t IS 'it''s \ a comment';
    COMMENT ON COLUMN k.t.t IS 'é';
    CREATE TABLE wide (id int PRIMARY KEY, a varchar(10000), b varchar(10000));
    CREATE TABLE nothing (i int);
    INSERT INTO parent (a, b) VALUES ('a', 'x'), ('A', 'x'), ('a ', 'x'), ('ä', 'x');
    INSERT INTO k.t (fa, fb, fc, v, c, state, lo, hi, s, mood, list) SELECT 'A', 'x', 2, 'v' || i, 'c', 'a', 1, i + 1, 's', 'it''s', '{1,2}' FROM generate_series(1, 50) i;
    INSERT INTO wide VALUES (1, repeat('ä', 10000), 'b')'''


def rows(pipeline, sql, *args):
    return [tuple(row) for row in pipeline.target.fetch(sql, args, pipeline.name)]


def columns_of(pipeline, database, table):
    return dict(rows(pipeline, 'SELECT COLUMN_NAME, COLUMN_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s', database, table))


def indexes_of(pipeline, database, table):
    return dict(rows(pipeline, '''SELECT INDEX_NAME, GROUP_CONCAT(COLUMN_NAME ORDER BY SEQ_IN_INDEX) FROM information_schema.STATISTICS
        WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s GROUP BY 1''', database, table))


def constraints_of(pipeline, database, table, kind):
    return {row[0] for row in rows(pipeline, '''SELECT CONSTRAINT_NAME FROM information_schema.TABLE_CONSTRAINTS
        WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s AND CONSTRAINT_TYPE = %s''', database, table, kind)}


def definition(pipeline, name, database=None):
    """What SHOW CREATE TABLE says, without the next AUTO_INCREMENT and names of other databases."""
    text = rows(pipeline, f'SHOW CREATE TABLE {quote(database or pipeline.name)}.{quote(name)}')[0][1]
    lines = text.replace(f'{quote(database or pipeline.name)}.', '').splitlines()
    return sorted(line.strip().rstrip(',') for line in lines[1:-1]), ' '.join(word for word in lines[-1].split() if not word.startswith('AUTO_INCREMENT'))


def plan_run(pipeline, *flags, **user):
    return subprocess.run(
        [pathlib.Path(BUILD) / 'sluice-writer', '--plan', '--stream', pipeline.name, '--nats', pipeline.nats.url,
         '--target', pipeline.target.uri(pipeline.name, **user), *flags], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)


def plan(pipeline, *flags, status=0, **user):
    """The text of --plan for the stream's newest document."""
    done = plan_run(pipeline, *flags, **user)
    assert status is None or done.returncode == status, done.stderr
    return done.stdout


def test_made(to_mysql):
    """Everything a table has, in the order that keeps the load fast; and every choice is told."""
    to_mysql.execute(SPECIALS)
    writer = to_mysql.convert()
    to_mysql.wait_phase()
    assert to_mysql.wait_equal() == {'k.t': 50, 'public.nothing': 0, 'public.parent': 4, 'public.wide': 1}
    types = columns_of(to_mysql, 'k', 't')
    mariadb = to_mysql.target.product == 'mariadb'
    assert [types[name].split('(')[0] for name in ('id', 'flag', 'n', 't', 'long', 'bytes', 'at', 'u', 'j', 'b', 'list', 'mood')] == [
        'bigint', 'tinyint', 'decimal', 'longtext', 'longtext', 'longblob', 'datetime', 'char', 'longtext' if mariadb else 'json',
        'bit', 'longtext' if mariadb else 'json', 'enum']
    assert types['fa'] == 'varchar(384)' and types['odd `"name'].startswith('int')
    indexes = indexes_of(to_mysql, 'k', 't')
    assert {name: indexes[name] for name in ('PRIMARY', 'by_text', 'by_time', 'by_v')} == {'PRIMARY': 'id', 'by_text': 't', 'by_time': 'at,v', 'by_v': 'v,c'}
    assert 'by_lower' not in indexes and 'by_json' not in indexes
    assert constraints_of(to_mysql, 'k', 't', 'FOREIGN KEY') == {'t_fa_fb_fkey', 't_fc_fkey'}
    assert {'t_check', 't_n_check', 't_v_check', 't_state_check', 't_s_filled'} <= constraints_of(to_mysql, 'k', 't', 'CHECK')
    assert rows(to_mysql, "SELECT TABLE_COMMENT FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'k' AND TABLE_NAME = 't'") == [("it's \\ a comment",)]
    to_mysql.at_target("INSERT INTO k.t (v, c) VALUES ('new', 'c')")
    assert rows(to_mysql, "SELECT id, flag, n, t, mood, twice, HEX(bytes), b + 0 FROM k.t WHERE v = 'new'")[0] == (
        51, 1, pytest.approx(1.5), "it's \\ one", 'ok', None, '0102', 5)
    log = writer.log()
    for told in ('index k.by_lower is not made: it is of an expression', 'index k.by_json is not made', 'the default of', 'longer values are refused'):
        assert told in log or told == 'the default of'
    to_mysql.at_target('DELETE FROM k.t WHERE id = 51')


def test_plan(to_mysql):
    """It names the type of each column, the rule it comes from, and what is lost."""
    to_mysql.execute(SPECIALS)
    to_mysql.execute('CREATE TABLE m (id int PRIMARY KEY, n numeric, d date, p numeric(80, 2))')
    to_mysql.stream(mode='convert')
    wait_for(lambda: plan(to_mysql, status=None), LONG, 'the schema document')
    text = plan(to_mysql, '--types', 'numeric=decimal(20,5):null, public.m.d:clamp')
    assert 'type: public.m.n: numeric -> decimal(20,5)' in text and '(by --types)' in text
    assert 'type: public.m.d: date -> date (without infinity, values beyond its range: clamp)' in text
    assert 'CREATE TABLE `k`.`t` (' in text and 'ADD UNIQUE KEY `by_v`' in text and 'FOREIGN KEY (`fa`, `fb`)' in text
    assert 'column public.wide.a is longtext, as the row would be longer than 65535 bytes' in text or 'public.wide.b is longtext' in text
    text = plan(to_mysql, '--types', 'public.m.id=longtext', status=3)
    assert 'it is part of a key' in text


def test_plan_of_rules(to_mysql):
    """Rules that would make one row of two are refused; those about nothing are named; those that cannot be end the start."""
    to_mysql.execute("""
        CREATE TABLE key (k text PRIMARY KEY, v date); CREATE TABLE uni (id int PRIMARY KEY, d date NOT NULL UNIQUE);
        CREATE TABLE ident (id numeric NOT NULL, v int); CREATE UNIQUE INDEX by_id ON ident (id); ALTER TABLE ident REPLICA IDENTITY USING INDEX by_id;
        CREATE TABLE "all" (k text, d date); ALTER TABLE "all" REPLICA IDENTITY FULL""")
    to_mysql.stream(mode='convert')
    wait_for(lambda: plan(to_mysql, status=None), LONG, 'the schema document')
    for policy in ('clamp', 'null'):
        text = plan(to_mysql, '--types', f'*:{policy}', status=3)
        for column, key in (('key.k', 'key_pkey'), ('uni.d', 'uni_d_key'), ('ident.id', 'by_id')):
            assert f'column public.{column} is in the key {key}, so it cannot have the policy {policy}' in text
        assert 'column public.key.v' not in text and 'column public.uni.id' not in text and 'column public.all' not in text
        text = plan(to_mysql, '--types', f'*:{policy}, public.key.k:error, public.uni.d:error, public.ident.id:error')
        assert 'problem:' not in text and 'is about nothing' not in text
    assert 'public.key.k' in plan(to_mysql, '--types', 'public.key.k=varchar(3):clamp', status=3)
    text = plan(to_mysql, '--types', 'numerik=longtext, public.nosuch.col=longtext, public.key.x:error, float8:null, numeric:error')
    for rule in ('numerik=longtext', 'public.nosuch.col=longtext', 'public.key.x:error'):
        assert f'--types: rule "{rule}" is about nothing' in text
    assert text.count('is about nothing') == 3
    done = plan_run(to_mysql, '--types', 'numeric=decimal(99,5)')
    assert done.returncode not in (0, 3) and '--types' in done.stderr and '1 to 65 digits' in done.stderr


def test_plan_of_rights(to_mysql):
    """What the target's user surely may not make is a problem; what roles may allow is none."""
    to_mysql.execute('CREATE SCHEMA k_1; CREATE TABLE k_1.t (id int PRIMARY KEY); CREATE TABLE t (id int PRIMARY KEY)')
    to_mysql.stream(mode='convert')
    wait_for(lambda: plan(to_mysql, status=None), LONG, 'the schema document')
    server = to_mysql.target
    here, there = f'lacks CREATE on database {to_mysql.name}, in which tables are to be made', 'lacks CREATE on database k_1, which is to be made'
    server.execute("CREATE USER plain@'%'; CREATE ROLE makers")
    try:
        server.execute(f"GRANT SELECT, INSERT, CREATE VIEW ON `{to_mysql.name}`.* TO plain@'%'")
        text = plan(to_mysql, status=3, user='plain')
        assert here in text and there in text
        server.execute(f"GRANT CREATE ON `{to_mysql.name}`.* TO plain@'%'; GRANT CREATE ON `k\\_2`.* TO plain@'%'")
        text = plan(to_mysql, status=3, user='plain')
        assert here not in text and there in text
        server.execute("GRANT CREATE ON `k\\_1`.* TO plain@'%'")
        plan(to_mysql, user='plain')
        server.execute("REVOKE ALL ON `k\\_1`.* FROM plain@'%'; GRANT ALL ON `k%`.* TO plain@'%'")
        plan(to_mysql, user='plain')
        server.execute("REVOKE ALL ON `k%`.* FROM plain@'%'")
        assert there in plan(to_mysql, status=3, user='plain')
        server.execute("GRANT makers TO plain@'%'")
        plan(to_mysql, user='plain')
    finally:
        server.execute("DROP USER plain@'%'; DROP ROLE makers")


def test_types(to_mysql):
    """Rules make the columns, and rows of the copy and of changes are judged alike."""
    to_mysql.execute('''
        CREATE TABLE t (id int PRIMARY KEY, n numeric, d date, f float8, note text, m numeric);
        INSERT INTO t VALUES (1, 'NaN', 'infinity', 'NaN', 'n', 'NaN'), (2, 1.5, '2020-01-02', 2, 'm', 1.000000000000000000000000000000000000001)''')
    to_mysql.convert('--types', 'numeric=decimal(20,5):null, date:clamp, float64:null, public.t.note=varchar(40), public.t.m=longtext')
    to_mysql.wait_phase()
    to_mysql.execute("INSERT INTO t VALUES (3, 'NaN', '-infinity', 'Infinity', 'o', 'Infinity'); UPDATE t SET d = 'infinity' WHERE id = 2")
    to_mysql.wait_caught_up()
    types = columns_of(to_mysql, to_mysql.name, 't')
    assert [types[name] for name in ('n', 'd', 'f', 'note', 'm')] == ['decimal(20,5)', 'date', 'double', 'varchar(40)', 'longtext']
    assert [tuple(str(value) for value in row) for row in rows(to_mysql, 'SELECT * FROM t ORDER BY id')] == [
        ('1', 'None', '9999-12-31', 'None', 'n', 'NaN'), ('2', '1.50000', '9999-12-31', '2.0', 'm', '1.000000000000000000000000000000000000001'),
        ('3', 'None', '0001-01-01', 'None', 'o', 'Infinity')]


def test_types_by_what_there_is(to_mysql):
    """Policy auto: text where a look at all values found one that the type cannot have; the stream keeps that choice."""
    to_mysql.execute('''
        CREATE TABLE t (id int PRIMARY KEY, fits numeric, wide numeric, day date, far date, f float8, nan float8);
        INSERT INTO t VALUES (1, 1.5, 1e50, '9999-12-31', '0044-03-15 BC', 2, 'NaN'), (2, -7, 0, NULL, 'infinity', NULL, 1)''')
    writer = to_mysql.convert('--types', '*:auto', options={'scan': True})
    to_mysql.wait_phase()
    types = columns_of(to_mysql, to_mysql.name, 't')
    assert [types[name] for name in ('fits', 'wide', 'day', 'far', 'f', 'nan')] == [
        'decimal(65,30)', 'longtext', 'date', 'longtext', 'double', 'longtext']
    to_mysql.execute("INSERT INTO t VALUES (3, 2.25, 'NaN', '2026-01-01', '4000-01-01 BC', 1, 'Infinity')")
    to_mysql.wait_caught_up()
    assert [tuple(str(value) for value in row) for row in rows(to_mysql, 'SELECT id, wide, far, nan FROM t ORDER BY id')] == [
        ('1', '1' + '0' * 50, '0044-03-15 BC', 'NaN'), ('2', '0', 'infinity', '1'), ('3', 'NaN', '4000-01-01 BC', 'Infinity')]
    to_mysql.execute("INSERT INTO t (id, f) VALUES (4, 'NaN')")
    wait_for(lambda: 'cannot have the value NaN' in writer.log(), 60, 'the value to be refused')


def test_hostile_names(to_mysql):
    """Whatever the source calls things, as long as names can be that there."""
    to_mysql.execute(r'''
        CREATE SCHEMA "sch`e\ma";
        CREATE TABLE "sch`e\ma"."ta`b'le\" ("co`l'u\mn" int PRIMARY KEY, "select" text DEFAULT E'a\\b\nc''d', "%s" int CONSTRAINT "ch`eck" CHECK ("%s" > 0));
        CREATE INDEX "in`dex\" ON "sch`e\ma"."ta`b'le\" ("%s");
        CREATE TABLE "sch`e\ma".other ("ref" int CONSTRAINT "ch`eck" REFERENCES "sch`e\ma"."ta`b'le\", "PRIMARY" int);
        CREATE INDEX "primary" ON "sch`e\ma".other ("PRIMARY");
        COMMENT ON TABLE "sch`e\ma".other IS E'com\\ment''s\n';
        INSERT INTO "sch`e\ma"."ta`b'le\" VALUES (1, 'x', 1)''')
    writer = to_mysql.convert()
    to_mysql.wait_phase()
    to_mysql.execute(r'''INSERT INTO "sch`e\ma"."ta`b'le\" ("co`l'u\mn", "%s") VALUES (2, 2); INSERT INTO "sch`e\ma".other VALUES (2, 3)''')
    to_mysql.wait_equal()
    assert rows(to_mysql, r"SELECT `select` FROM `sch``e\ma`.`ta``b'le\` WHERE `%%s` = 2") == [("a\\b\nc'd",)]
    assert constraints_of(to_mysql, 'sch`e\\ma', 'other', 'FOREIGN KEY') == {'other_ch`eck'}
    assert 'level=error' not in writer.log()


def test_names_that_cannot_be(to_mysql):
    to_mysql.execute('CREATE TABLE t (a int PRIMARY KEY, "A" int); CREATE TABLE u (id int PRIMARY KEY, "x " int, "😀" int)')
    writer = to_mysql.convert()
    text = writer.wait_not_ready('the same name there')
    assert 'columns "a" and "A" have the same name there' in text
    assert not rows(to_mysql, 'SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s AND TABLE_NAME IN (%s, %s)', to_mysql.name, 't', 'u')


@pytest.mark.parametrize('policy, mode, left', [
    ('create_missing', 'append', 13), ('create_missing', 'truncate', 10), ('create_missing', 'upsert', 11), ('drop_and_recreate', 'append', 10),
    ('validate_existing', 'append', 13)])
def test_tables_that_are_there(to_mysql, policy, mode, left):
    to_mysql.execute('CREATE TABLE t (id int PRIMARY KEY, v varchar(9)); INSERT INTO t SELECT i, i FROM generate_series(1, 10) i')
    at = '1' if mode == 'upsert' else '100'
    to_mysql.at_target(f"CREATE TABLE t (id int PRIMARY KEY, v varchar(9)); INSERT INTO t VALUES ({at}, 'old'), (101, 'old'), (102, 'old')")
    if mode == 'upsert':
        to_mysql.at_target('DELETE FROM t WHERE id = 102')
    to_mysql.convert('--schema-policy', policy, '--write-mode', mode)
    to_mysql.wait_phase()
    assert rows(to_mysql, "SELECT COUNT(*), MIN(v) FROM t WHERE id < 100") == [(10, '1')]
    assert rows(to_mysql, 'SELECT COUNT(*) FROM t') == [(left,)]


def test_refused(to_mysql):
    to_mysql.execute('CREATE TABLE t (id int PRIMARY KEY, v varchar(9) NOT NULL)')
    to_mysql.at_target('CREATE TABLE t (id bigint PRIMARY KEY, other int NOT NULL)')
    writer = to_mysql.convert()
    text = writer.wait_not_ready('is missing')
    assert 'column "id" is bigint' in text and 'column "v" is missing' in text and 'column "other", which must not be null' in text
    to_mysql.at_target('DROP TABLE t')
    to_mysql.wait_phase()
    assert columns_of(to_mysql, to_mysql.name, 't')['v'] == 'varchar(9)'


def test_foreign_key_that_does_not_hold(to_mysql):
    """It is made all the same, for new rows, with a warning."""
    to_mysql.execute('''
        CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (id int PRIMARY KEY, p int REFERENCES p);
        INSERT INTO p VALUES (1); INSERT INTO c VALUES (1, 1);
        SET session_replication_role = replica; INSERT INTO c VALUES (2, 7); RESET session_replication_role''')
    writer = to_mysql.convert()
    to_mysql.wait_phase()
    assert constraints_of(to_mysql, to_mysql.name, 'c', 'FOREIGN KEY') == {'c_p_fkey'}
    assert 'rows that are there do not hold it' in writer.log()


def test_auto_increment(to_mysql):
    """It goes on behind the source's last value, also when the rows are gone."""
    to_mysql.execute('CREATE TABLE t (id serial PRIMARY KEY, v int); INSERT INTO t (v) SELECT 1 FROM generate_series(1, 20); DELETE FROM t WHERE id > 10')
    to_mysql.convert()
    to_mysql.wait_phase()
    to_mysql.at_target('INSERT INTO t (v) VALUES (2)')
    assert rows(to_mysql, 'SELECT MAX(id) FROM t') == [(21,)]


CHANGES = {
    'columns': ('CREATE TABLE t (id serial PRIMARY KEY, a int, b text)', [
        "ALTER TABLE t ADD c varchar(10) DEFAULT 'x' NOT NULL", 'ALTER TABLE t ADD d timestamptz DEFAULT now()', 'ALTER TABLE t RENAME a TO "an a"',
        'ALTER TABLE t ALTER "an a" TYPE bigint', 'ALTER TABLE t ALTER b SET NOT NULL', "ALTER TABLE t ALTER b SET DEFAULT 'new'", 'ALTER TABLE t ADD e int[]',
        'ALTER TABLE t ALTER c TYPE varchar(20), ALTER c DROP NOT NULL', "COMMENT ON COLUMN t.b IS 'it''s'", 'ALTER TABLE t DROP COLUMN e',
        "COMMENT ON TABLE t IS 'a table'", 'ALTER TABLE t ALTER c DROP DEFAULT']),
    'keys': ('CREATE TABLE p (id int PRIMARY KEY); INSERT INTO p VALUES (1); CREATE TABLE t (id int, a int, b text)', [
        'ALTER TABLE t ADD PRIMARY KEY (id)', 'CREATE INDEX i ON t (a)', 'CREATE UNIQUE INDEX u ON t (id, a)', 'ALTER TABLE t ADD p int REFERENCES p',
        'ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0)', 'DROP INDEX i', 'ALTER TABLE t DROP CONSTRAINT k', 'ALTER TABLE t ADD CONSTRAINT k2 CHECK (id > 0) ',
        'CREATE INDEX j ON t (b, a DESC)']),
    'tables': ('CREATE TABLE t (id int PRIMARY KEY, a int, b text)', [
        'CREATE TABLE n (id int PRIMARY KEY, t int REFERENCES t)', 'INSERT INTO n SELECT i FROM generate_series(1, 5) i', 'ALTER TABLE n RENAME TO m',
        'CREATE SCHEMA s', 'ALTER TABLE m SET SCHEMA s', 'INSERT INTO s.m VALUES (9)', 'CREATE TABLE gone (id int PRIMARY KEY)', 'DROP TABLE gone']),
    'enum': ("CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE t (id int PRIMARY KEY, a int, b text, m mood DEFAULT 'ok')", [
        "ALTER TYPE mood ADD VALUE 'it''s' BEFORE 'ok'", "UPDATE t SET m = 'it''s' WHERE id = 3", "ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'",
        'CREATE TABLE n (id int PRIMARY KEY, m mood)', "INSERT INTO n VALUES (1, 'fine')", "CREATE DOMAIN d AS varchar(9) CHECK (value <> '')", 'ALTER TABLE t ADD dom d']),
}


@pytest.mark.parametrize('kind', CHANGES)
def test_changes(to_mysql, kind):
    """After each change rows go on, and in the end all is as a copy of the source makes it."""
    made, changes = CHANGES[kind]
    to_mysql.execute(made)
    to_mysql.execute("INSERT INTO t (id, a, b) SELECT i, i, 'b' || i FROM generate_series(1, 10) i")
    to_mysql.source.execute(f'CREATE PUBLICATION {to_mysql.name} FOR ALL TABLES', dbname=to_mysql.name)
    writer = to_mysql.convert(publication=to_mysql.name)
    to_mysql.wait_phase()
    for number, sql in enumerate(changes):
        to_mysql.execute(sql)
        to_mysql.execute(f"INSERT INTO t (id, b) VALUES ({100 + number}, 'b')")
    to_mysql.wait_equal(timeout=LONG)
    assert 'level=error' not in writer.log()
    writer.stop()
    tables = [row[0] for row in to_mysql.source.fetch(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace", dbname=to_mysql.name)]
    changed = {name: definition(to_mysql, name) for name in tables}
    to_mysql.execute(f'SELECT sluice.drop_stream(%s)', (to_mysql.name,))
    to_mysql.target.drop_databases()
    to_mysql.target.create_database(to_mysql.name)
    to_mysql.convert(publication=to_mysql.name)
    to_mysql.wait_phase()
    assert changed == {name: definition(to_mysql, name) for name in tables}


def test_change_among_rows_and_kill(to_mysql):
    """A source transaction with rows around its changes of structure is applied once, whenever the writer is killed."""
    to_mysql.execute('CREATE TABLE t (id int, v text); ALTER TABLE t REPLICA IDENTITY FULL')
    to_mysql.source.execute(f'CREATE PUBLICATION {to_mysql.name} FOR ALL TABLES', dbname=to_mysql.name)
    writer = to_mysql.convert(publication=to_mysql.name)
    to_mysql.wait_phase()
    to_mysql.at_target("INSERT INTO t VALUES (-1, 'in the way of the check')")
    to_mysql.execute('''
        BEGIN; INSERT INTO t SELECT i, 'before' FROM generate_series(1, 100) i; ALTER TABLE t ADD w int DEFAULT 7;
        INSERT INTO t SELECT i, 'between', 8 FROM generate_series(101, 200) i; ALTER TABLE t ADD CONSTRAINT late CHECK (id > 0);
        CREATE TABLE n (id int PRIMARY KEY); INSERT INTO n VALUES (1); ALTER TABLE n RENAME TO renamed;
        INSERT INTO t SELECT i, 'after', 9 FROM generate_series(201, 300) i; COMMIT''')
    writer.wait_not_ready('late')
    writer.kill()
    assert rows(to_mysql, 'SELECT changes, alters FROM sluice_progress') == [(200, 1)]
    to_mysql.at_target('DELETE FROM t WHERE id = -1')
    writer.start()
    to_mysql.wait_equal(timeout=LONG)
    assert rows(to_mysql, 'SELECT v, w, COUNT(*) FROM t GROUP BY 1, 2 ORDER BY 2') == [('before', 7, 100), ('between', 8, 100), ('after', 9, 100)]
    assert rows(to_mysql, 'SELECT changes, alters FROM sluice_progress') == [(0, 0)]


def test_stop(to_mysql):
    """--on-ddl stop names what is to be done, and goes on once it is."""
    to_mysql.execute('CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1)')
    writer = to_mysql.convert('--on-ddl', 'stop')
    to_mysql.wait_phase()
    to_mysql.execute("ALTER TABLE t ADD w int DEFAULT 5, ALTER v SET DEFAULT 'x'; INSERT INTO t (id) VALUES (2)")
    text = writer.wait_not_ready('to be run at the target')
    assert 'ADD COLUMN `w` int DEFAULT 5' in text
    to_mysql.at_target("ALTER TABLE t ADD w int DEFAULT 5, MODIFY v longtext DEFAULT ('x')")
    to_mysql.wait_equal(timeout=LONG)


def told(text):
    """The statements that the writer asks for."""
    return re.search(r'to be run at the target: (.*); (run it there|the log has)', text).group(1)


USINGS = {
    'constant': ('int', '1'), 'number': ('int', 'length(v)'), 'not_null': ('int', '7), ALTER v SET NOT NULL, ALTER v SET DEFAULT (5'),
    'json': ('jsonb', 'to_jsonb(v)'), 'shorter': ('varchar(3)', 'left(v, 3)'), 'day': ('date', "date '2026-01-01' + id"), 'list': ('int[]', 'ARRAY[id]'),
}


@pytest.mark.parametrize('kind', USINGS)
def test_using(to_mysql, kind):
    """Whatever a USING says: what the writer asks for can be done as it stands, and then it goes on by itself."""
    type_, expression = USINGS[kind]
    to_mysql.execute("CREATE TABLE t (id int PRIMARY KEY, v text, w int); INSERT INTO t VALUES (1, 'abcd'), (2, '12'), (3, NULL)")
    writer = to_mysql.convert()
    to_mysql.wait_phase()
    to_mysql.execute(f'ALTER TABLE t ALTER v TYPE {type_} USING ({expression})')
    text = writer.wait_not_ready('only the source can tell what its USING makes')
    assert 'MODIFY COLUMN `v`' in told(text)
    to_mysql.at_target(told(text))
    to_mysql.execute('UPDATE t SET w = id; INSERT INTO t (id, v) SELECT 4, v FROM t WHERE id = 1')
    to_mysql.wait_equal(timeout=LONG)


@pytest.mark.parametrize('policy', ['apply', 'stop'])
def test_using_done_already(to_mysql, policy):
    """A column that has its type is not asked for; what else the change has is done, or asked for."""
    to_mysql.execute("CREATE TABLE t (id int PRIMARY KEY, v text, j jsonb); INSERT INTO t VALUES (1, 'abcd', '[1]')")
    writer = to_mysql.convert('--on-ddl', policy)
    to_mysql.wait_phase()
    to_mysql.at_target('UPDATE t SET v = NULL; ALTER TABLE t MODIFY v int')
    to_mysql.execute('ALTER TABLE t ALTER v TYPE int USING 1, ALTER v SET DEFAULT 5; UPDATE t SET id = 1')
    if policy == 'stop':
        to_mysql.at_target(told(writer.wait_not_ready('MODIFY COLUMN `v` int DEFAULT 5')))
    to_mysql.wait_equal(timeout=LONG)
    assert rows(to_mysql, "SELECT COLUMN_DEFAULT FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = %s AND COLUMN_NAME = 'v'", to_mysql.name) == [('5',)]
    to_mysql.execute("ALTER TABLE t ALTER j TYPE text USING 'x'")
    to_mysql.at_target(told(writer.wait_not_ready('MODIFY COLUMN `j` longtext')))
    to_mysql.execute('UPDATE t SET v = 6')
    to_mysql.wait_equal(timeout=LONG)


@pytest.fixture(params=servers.MYSQL_FLAVOURS)
def with_log(request, source, nats):
    """As to_mysql, at a server with a binary log of rows."""
    server = MySQL(request.param, {'log-bin': 'changes', 'server-id': '1', 'binlog-format': 'ROW'}, 'logging')
    try:
        server.start()
        made = MySQLPipeline(source, server, nats, f't_with_log_{server.product}')
        yield made
        made.close()
    finally:
        server.remove()


def test_column_with_drawn_default(with_log):
    """Where MySQL has a binary log of rows it adds no column that draws its values; the default comes behind it."""
    with_log.execute('CREATE TABLE t (id int PRIMARY KEY, v int); CREATE TABLE empty (id int PRIMARY KEY); INSERT INTO t VALUES (1, 1), (2, 2)')
    writer = with_log.convert()
    with_log.wait_phase()
    assert with_log.fetch_target('SELECT @@log_bin') == 1
    with_log.execute('ALTER TABLE empty ADD u uuid NOT NULL DEFAULT gen_random_uuid(); INSERT INTO empty SELECT generate_series(1, 5)')
    with_log.wait_equal(timeout=LONG)
    with_log.execute('ALTER TABLE t ADD u uuid DEFAULT gen_random_uuid()')
    text = writer.wait_not_ready('its default is volatile')
    assert 'ALTER COLUMN `u` SET DEFAULT (UUID())' in told(text)
    with_log.at_target(told(text))
    with_log.execute('UPDATE t SET v = v; INSERT INTO t VALUES (3)')
    with_log.wait_equal(timeout=LONG)
    assert rows(with_log, "SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = %s AND COLUMN_DEFAULT = 'uuid()'", with_log.name) == [(2,)]
