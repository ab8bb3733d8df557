"""What changes do at the target: every kind of change, big ones, and those that meet each other."""
import pytest

from harness import compare
from harness.memory import MemoryWatch
from harness.wait import wait_for

MEGABYTE = 1 << 20


# -- kinds of changes ---------------------------------------------------------

def test_insert_update_delete(pipeline):
    pipeline.create('CREATE TABLE t (id int PRIMARY KEY, v text, n int)')
    writer = pipeline.start()
    pipeline.execute("INSERT INTO t SELECT i, 'v' || i, i FROM generate_series(1, 1000) i")
    pipeline.execute('UPDATE t SET n = n + 1, v = NULL WHERE id % 3 = 0')
    pipeline.execute('DELETE FROM t WHERE id % 10 = 0')
    pipeline.execute("UPDATE t SET v = 'again' WHERE id < 5")
    assert pipeline.wait_equal() == {'public.t': 900}
    pipeline.execute('DELETE FROM t')
    assert pipeline.wait_equal() == {'public.t': 0}
    assert writer.is_running()


def test_changes_of_one_row_in_one_transaction(pipeline):
    pipeline.create('CREATE TABLE t (id int PRIMARY KEY, v text)')
    pipeline.start()
    pipeline.execute('''
        BEGIN; INSERT INTO t VALUES (1, 'a'); UPDATE t SET v = 'b'; DELETE FROM t; INSERT INTO t VALUES (1, 'c');
        INSERT INTO t VALUES (2, 'x'); DELETE FROM t WHERE id = 2; COMMIT''')
    pipeline.execute('''
        BEGIN; DELETE FROM t; INSERT INTO t VALUES (1, 'd'); SAVEPOINT s; UPDATE t SET v = 'lost';
        INSERT INTO t VALUES (3, 'lost'); ROLLBACK TO s; UPDATE t SET v = v || 'e'; COMMIT''')
    pipeline.execute("BEGIN; INSERT INTO t VALUES (9, 'rolled back'); ROLLBACK")
    assert pipeline.wait_equal() == {'public.t': 1}
    assert pipeline.fetch_target('SELECT v FROM t') == 'de'


def test_truncate(pipeline):
    pipeline.create('''
        CREATE TABLE parent (id serial PRIMARY KEY);
        CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent);
        CREATE TABLE other (id int PRIMARY KEY)''')
    pipeline.start()
    pipeline.execute('INSERT INTO parent SELECT FROM generate_series(1, 100); INSERT INTO other VALUES (1);'
                     'INSERT INTO child SELECT i, i FROM generate_series(1, 100) i')
    assert pipeline.wait_equal() == {'public.child': 100, 'public.other': 1, 'public.parent': 100}
    pipeline.execute('BEGIN; INSERT INTO other VALUES (2); TRUNCATE parent CASCADE;'
                     'INSERT INTO parent VALUES (7); INSERT INTO child VALUES (1, 7); COMMIT')
    assert pipeline.wait_equal() == {'public.child': 1, 'public.other': 2, 'public.parent': 1}
    pipeline.execute('TRUNCATE other, parent, child RESTART IDENTITY; INSERT INTO parent DEFAULT VALUES')
    assert pipeline.wait_equal() == {'public.child': 0, 'public.other': 0, 'public.parent': 1}


def test_key_change(pipeline):
    pipeline.create('CREATE TABLE t (a int, b text, v text, PRIMARY KEY (a, b))')
    pipeline.start()
    pipeline.execute("INSERT INTO t SELECT i, 'k', 'v' || i FROM generate_series(1, 100) i")
    pipeline.execute('UPDATE t SET a = a + 1000 WHERE a <= 50')
    pipeline.execute("UPDATE t SET b = 'K', v = 'new' WHERE a = 77")
    assert pipeline.wait_equal() == {'public.t': 100}


def test_chained_key_updates_in_one_transaction(pipeline):
    """Each update takes the key the one before has just left."""
    pipeline.create('CREATE TABLE t (id int PRIMARY KEY, v text)')
    pipeline.start()
    pipeline.execute("INSERT INTO t SELECT i, 'row ' || i FROM generate_series(1, 50) i")
    pipeline.execute('''
        DO $$ BEGIN FOR i IN REVERSE 50..1 LOOP UPDATE t SET id = i + 1 WHERE id = i; END LOOP; END $$''')
    pipeline.execute('''
        BEGIN; UPDATE t SET id = 500 WHERE id = 10; UPDATE t SET id = 10 WHERE id = 11;
        UPDATE t SET id = 11 WHERE id = 500; UPDATE t SET id = -id WHERE id = 20; UPDATE t SET v = 'twice' WHERE id = -20;
        UPDATE t SET id = 20 WHERE id = -20; DELETE FROM t WHERE id = 30; UPDATE t SET id = 30 WHERE id = 31;
        INSERT INTO t VALUES (31, 'new'); COMMIT''')
    assert pipeline.wait_equal() == {'public.t': 50}


def test_unique_values_are_swapped(pipeline):
    pipeline.create('CREATE TABLE t (id int PRIMARY KEY, u int UNIQUE, d int UNIQUE DEFERRABLE INITIALLY DEFERRED)')
    pipeline.start()
    pipeline.execute('INSERT INTO t SELECT i, i, i FROM generate_series(1, 200) i')
    pipeline.execute('BEGIN; UPDATE t SET u = -1 WHERE id = 1; UPDATE t SET u = 1 WHERE id = 2;'
                     'UPDATE t SET u = 2 WHERE id = 1; COMMIT')
    pipeline.execute('UPDATE t SET d = 201 - d')
    pipeline.execute('BEGIN; DELETE FROM t WHERE id = 5; INSERT INTO t VALUES (1005, 5, 1005);'
                     'UPDATE t SET u = 1105 WHERE id = 6; INSERT INTO t VALUES (1006, 6, 1006); COMMIT')
    assert pipeline.wait_equal() == {'public.t': 201}


def test_rows_that_refer_to_their_own_table(pipeline):
    pipeline.create('''
        CREATE TABLE node (id int PRIMARY KEY, parent int REFERENCES node ON DELETE CASCADE, v text);
        CREATE TABLE late (id int PRIMARY KEY, peer int REFERENCES late DEFERRABLE INITIALLY DEFERRED)''')
    pipeline.start()
    pipeline.execute('INSERT INTO node SELECT i, nullif(i / 2, 0) FROM generate_series(1, 500) i')
    pipeline.execute('BEGIN; INSERT INTO late VALUES (1, 2); INSERT INTO late VALUES (2, 1); COMMIT')
    pipeline.execute("UPDATE node SET parent = 1, v = 'moved' WHERE id > 400")
    pipeline.execute('DELETE FROM node WHERE id = 3')
    assert pipeline.wait_equal()['public.late'] == 2


def test_parents_and_children_across_transactions(pipeline):
    pipeline.create('''
        CREATE TABLE parent (id int PRIMARY KEY, name text);
        CREATE TABLE child (id int PRIMARY KEY, parent int NOT NULL REFERENCES parent ON UPDATE CASCADE)''')
    pipeline.start()
    for i in range(30):
        pipeline.execute(f"BEGIN; INSERT INTO parent VALUES ({i}, 'p'); INSERT INTO child VALUES ({i}, {i}); COMMIT")
    pipeline.execute('UPDATE parent SET id = id + 100')
    pipeline.execute('DELETE FROM child WHERE parent % 2 = 0; DELETE FROM parent WHERE id % 2 = 0')
    assert pipeline.wait_equal() == {'public.child': 15, 'public.parent': 15}


def test_unchanged_toast_stays(pipeline):
    pipeline.create('''
        CREATE TABLE t (id int PRIMARY KEY, big text, other text, n int);
        ALTER TABLE t ALTER big SET STORAGE EXTERNAL;
        CREATE TABLE full_row (id int, big text, n int);
        ALTER TABLE full_row ALTER big SET STORAGE EXTERNAL, REPLICA IDENTITY FULL''')
    pipeline.start()
    pipeline.execute("INSERT INTO t SELECT i, repeat(md5(i::text), 2000), 'x', i FROM generate_series(1, 50) i")
    pipeline.execute('INSERT INTO full_row SELECT i, repeat(md5(i::text), 2000), i FROM generate_series(1, 20) i')
    pipeline.wait_equal()
    pipeline.execute('UPDATE t SET n = n + 1')  # big is not in the log
    pipeline.execute('UPDATE t SET id = id + 100 WHERE id < 10')  # neither when the key moves
    pipeline.execute('UPDATE full_row SET n = n + 1')
    pipeline.execute('BEGIN; UPDATE t SET n = 0 WHERE id = 20; UPDATE t SET big = repeat(md5(n::text), 3000) '
                     "WHERE id = 20; UPDATE t SET other = 'after' WHERE id = 20; COMMIT")
    pipeline.execute("BEGIN; INSERT INTO t VALUES (900, repeat('ab', 50000), 'x', 1); UPDATE t SET n = 2 WHERE id = 900;"
                     'UPDATE t SET id = 901 WHERE id = 900; COMMIT')
    assert pipeline.wait_equal() == {'public.full_row': 20, 'public.t': 51}
    assert pipeline.fetch_target('SELECT min(length(big)) FROM t') == 64000


def test_toast_is_changed_and_then_left_alone_in_one_transaction(pipeline):
    """Of two changes of one row the second does not carry the large value: the first's counts."""
    pipeline.create('CREATE TABLE t (id int PRIMARY KEY, n int, big text); ALTER TABLE t ALTER big SET STORAGE EXTERNAL')
    pipeline.start()
    pipeline.execute("INSERT INTO t SELECT i, 0, repeat('a', 9000) FROM generate_series(1, 50) i")
    pipeline.wait_equal()
    pipeline.execute("BEGIN; UPDATE t SET big = repeat('b', 9000) || id WHERE id < 30; UPDATE t SET n = n + 1 WHERE id < 40; COMMIT")
    pipeline.execute("BEGIN; INSERT INTO t SELECT i, 0, repeat('c', 9000) FROM generate_series(101, 130) i;"
                     "UPDATE t SET n = 7 WHERE id > 100; UPDATE t SET id = id + 1000 WHERE id > 120; COMMIT")
    pipeline.execute("BEGIN; UPDATE t SET big = repeat('d', 9000), id = id + 500 WHERE id = 5; UPDATE t SET n = 9 WHERE id = 505; COMMIT")
    pipeline.wait_equal()


def test_table_without_key(pipeline):
    """Rows are found by all their columns; of equal rows as many go as went at the source."""
    pipeline.create('CREATE TABLE t (a int, b text, f float8, j jsonb); ALTER TABLE t REPLICA IDENTITY FULL;'
                    'CREATE TABLE append_only (a int, b text)')
    pipeline.start()
    pipeline.execute("INSERT INTO t SELECT i % 10, nullif('b' || i % 5, 'b3'), 0.1, '{\"a\": 1}' "
                     'FROM generate_series(1, 200) i')
    pipeline.execute("INSERT INTO append_only SELECT 1, 'same' FROM generate_series(1, 100)")
    pipeline.execute('DELETE FROM t WHERE ctid IN (SELECT ctid FROM t WHERE a = 1 LIMIT 3)')
    pipeline.execute("UPDATE t SET b = 'changed' WHERE ctid IN (SELECT ctid FROM t WHERE a = 3 LIMIT 5)")
    pipeline.execute('UPDATE t SET f = NULL WHERE a = 4')
    pipeline.execute('DELETE FROM t WHERE ctid IN (SELECT ctid FROM t WHERE b IS NULL LIMIT 7)')
    assert pipeline.wait_equal() == {'public.append_only': 100, 'public.t': 190}
    pipeline.execute('BEGIN; INSERT INTO t SELECT * FROM t; DELETE FROM t WHERE a = 5;'
                     'UPDATE t SET a = 50 WHERE a = 6; COMMIT')
    pipeline.wait_equal()


@pytest.mark.parametrize('change', [
    "UPDATE t SET b = b || '!'",
    'UPDATE t SET a = a + 1',  # rows that one change makes are what another one finds
    'UPDATE t SET f = f + 1; UPDATE t SET f = f + 1 WHERE a < 500; DELETE FROM t WHERE a > 700',
    'DELETE FROM t WHERE ctid IN (SELECT min(ctid) FROM t GROUP BY t)',
    'DELETE FROM t',
], ids=['append', 'chain', 'mixed', 'equal', 'all'])
def test_many_rows_without_key(pipeline, change):
    """They are found in a few passes over the table, equal ones and those with NULLs too."""
    pipeline.create('CREATE TABLE t (a int, b text, f float8, c char(5)); ALTER TABLE t REPLICA IDENTITY FULL')
    writer = pipeline.start()
    pipeline.execute("INSERT INTO t SELECT i, CASE i % 3 WHEN 0 THEN 'v,\"(' || i WHEN 1 THEN '' END, i * 0.1, 'c' || i % 7"
                     ' FROM generate_series(1, 1000) i; INSERT INTO t SELECT * FROM t WHERE a % 2 = 0')
    pipeline.wait_equal()
    pipeline.execute(f'BEGIN; {change}; COMMIT')
    pipeline.wait_equal()
    assert writer.metric('sluice_writer_redone_total') == 0
    changed = "SELECT n_tup_upd + n_tup_del FROM pg_stat_user_tables WHERE relname = 't'"
    done = pipeline.source.fetch_one(changed, dbname=pipeline.name)
    wait_for(lambda: pipeline.fetch_target(changed) == done, 30, 'the statistics')
    assert pipeline.fetch_target("SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 't'") < 50


def test_identity_by_another_index(pipeline):
    pipeline.create('CREATE TABLE t (id int PRIMARY KEY, code text NOT NULL UNIQUE, v int);'
                    'ALTER TABLE t REPLICA IDENTITY USING INDEX t_code_key')
    pipeline.start()
    pipeline.execute("INSERT INTO t SELECT i, 'c' || i, i FROM generate_series(1, 100) i")
    pipeline.execute('UPDATE t SET v = -v; UPDATE t SET id = id + 1000 WHERE v < -90')
    pipeline.execute("UPDATE t SET code = 'd' || id WHERE id < 10; DELETE FROM t WHERE code = 'c50'")
    assert pipeline.wait_equal() == {'public.t': 99}


def test_enums_arrays_domains_and_generated_columns(pipeline):
    pipeline.create('''
        CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
        CREATE DOMAIN positive AS int CHECK (VALUE > 0);
        CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, m mood, ms mood[], a int[], nested text[][],
            p positive, sum int GENERATED ALWAYS AS (p + 1) STORED, d int DEFAULT 5)''')
    pipeline.start()
    pipeline.execute('''INSERT INTO t (m, ms, a, nested, p) VALUES ('sad', '{ok,NULL,happy}', '{1,NULL,3}',
        '{{a,b},{"c,d",NULL}}', 1), (NULL, '{}', '[5:6]={1,2}', '{}', NULL), ('ok', NULL, NULL, NULL, 2147483646)''')
    pipeline.execute("UPDATE t SET m = 'happy', a = a || 9, p = coalesce(p, 5) WHERE id <> 3")
    assert pipeline.wait_equal() == {'public.t': 3}


def test_names_that_need_quotes(pipeline):
    pipeline.create('''CREATE SCHEMA "Sch ema"; CREATE TABLE "Sch ema"."Or""der's %s" ("Id" int PRIMARY KEY,
        "select" text, "a""b" int, "ünïcödé" text, "$1" int); CREATE TABLE "Sch ema"."t" ("Id" int PRIMARY KEY)''')
    pipeline.start()
    table = '"Sch ema"."Or""der\'s %s"'
    pipeline.execute(f"INSERT INTO {table} SELECT i, 's', i, 'ü', i FROM generate_series(1, 20) i")
    pipeline.execute(f'UPDATE {table} SET "select" = $$it\'s$$, "$1" = "$1" + 1; DELETE FROM {table} WHERE "Id" = 3;'
                     f'UPDATE {table} SET "Id" = 100 WHERE "Id" = 4')
    assert pipeline.wait_equal()[table] == 19


def test_partitions_arrive_in_partitions(pipeline):
    pipeline.create('''
        CREATE TABLE p (id int, k int, v text, PRIMARY KEY (id, k)) PARTITION BY RANGE (k);
        CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100);
        CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (200)''')
    pipeline.start(tables=['public.p'])
    pipeline.execute("INSERT INTO p SELECT i, i, 'v' FROM generate_series(0, 199) i")
    pipeline.execute("UPDATE p SET k = 150, v = 'moved' WHERE id = 5; DELETE FROM p WHERE id = 150")
    assert pipeline.wait_equal() == {'public.p1': 99, 'public.p2': 100}


def test_columns_in_another_order_and_more_at_the_target(pipeline):
    pipeline.execute('CREATE TABLE t (id int PRIMARY KEY, a text, gone int, b int)')
    pipeline.execute('ALTER TABLE t DROP gone')
    pipeline.at_target("CREATE TABLE t (b bigint, extra text DEFAULT 'kept', a varchar(50), id int PRIMARY KEY)")
    pipeline.start()
    pipeline.execute("INSERT INTO t SELECT i, 'a' || i, i FROM generate_series(1, 100) i")
    pipeline.execute("UPDATE t SET a = 'z', b = -1 WHERE id < 10; UPDATE t SET id = 500 WHERE id = 50")
    assert pipeline.wait_equal() == {'public.t': 100}
    assert pipeline.fetch_target("SELECT count(*) FROM t WHERE extra = 'kept'") == 100


def test_logical_messages_and_empty_transactions_pass(pipeline):
    pipeline.create('CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE unseen (id int)')
    pipeline.start(tables=['public.t'])
    pipeline.execute("SELECT pg_logical_emit_message(true, 'test', 'in a transaction')")
    pipeline.execute("SELECT pg_logical_emit_message(false, 'test', 'alone')")
    before = pipeline.status()['confirmed_lsn']
    for _ in range(5):
        pipeline.execute('INSERT INTO unseen SELECT generate_series(1, 100)')
    pipeline.execute("BEGIN; SELECT pg_logical_emit_message(true, 'test', 'x'); INSERT INTO t VALUES (1); COMMIT")
    pipeline.wait_equal(['public.t'])
    # The slot follows although the last writes are not the stream's.
    pipeline.execute('INSERT INTO unseen SELECT generate_series(1, 100)')
    compare.wait_caught_up(pipeline.source, pipeline.target, pipeline.name, 60, pipeline.name)
    assert pipeline.status()['confirmed_lsn'] != before


@pytest.mark.parametrize('compression', ('none', 'lz4', 'zstd'))
def test_compression(pipeline, compression):
    pipeline.create('CREATE TABLE t (id int PRIMARY KEY, v text)')
    pipeline.start(options={'compression': compression})
    pipeline.execute("INSERT INTO t SELECT i, repeat('v' || i, 50) FROM generate_series(1, 20000) i")
    pipeline.execute("UPDATE t SET v = 'u' WHERE id % 2 = 0")
    assert pipeline.wait_equal() == {'public.t': 20000}
    if compression != 'none':
        assert pipeline.status()['bytes'] < 20000 * 100


# -- big ones -----------------------------------------------------------------

def test_big_transaction(pipeline, soak):
    """One transaction of many rows, and an update of all of them, in bounded memory."""
    rows = 1000000 if soak else 200000
    pipeline.create('CREATE TABLE t (id int PRIMARY KEY, k int, c text)')
    writer = pipeline.start()
    with MemoryWatch(writer=writer.process.pid, worker=pipeline.status()['pid']) as memory:
        pipeline.execute("INSERT INTO t SELECT i, i, repeat(md5(i::text), 3) FROM generate_series(1, %s) i", (rows,))
        assert pipeline.wait_equal(timeout=300) == {'public.t': rows}
        pipeline.execute('UPDATE t SET k = k + 1')
        assert pipeline.wait_equal(timeout=300) == {'public.t': rows}
    # 32 MB of bundles, 64 MB of PostgreSQL's reorder buffer, and the process's own
    assert memory.peak['worker'] < 200 * MEGABYTE, memory.peak
    assert memory.peak['writer'] < 128 * MEGABYTE, memory.peak


def test_big_value(pipeline):
    """100 MB in one field, in memory of at most four times that, and given back."""
    size = 100 * MEGABYTE
    pipeline.create('CREATE TABLE t (id int PRIMARY KEY, v bytea, n int); ALTER TABLE t ALTER v SET STORAGE EXTERNAL')
    writer = pipeline.start()
    value = "(SELECT string_agg(sha512(i::text::bytea), '') FROM generate_series(%s, %s) i)"
    with MemoryWatch(writer=writer.process.pid, worker=pipeline.status()['pid']) as memory:
        pipeline.execute(f'INSERT INTO t VALUES (1, {value}, 1), (2, NULL, 2)', (1, size // 64))
        pipeline.wait_caught_up(timeout=180)
        pipeline.execute(f'UPDATE t SET v = {value} WHERE id = 2', (2, size // 64 + 1))
        pipeline.execute('UPDATE t SET n = n + 1')
        pipeline.wait_caught_up(timeout=180)
    digest = 'SELECT id, n, length(v), md5(v) FROM t ORDER BY id'
    rows = pipeline.source.fetch(digest, dbname=pipeline.name)
    assert [row[2] for row in rows] == [size, size]
    assert pipeline.target.fetch(digest, dbname=pipeline.name) == rows
    assert memory.grown('writer') <= 4 * size + 64 * MEGABYTE, memory.peak
    assert memory.grown('worker') <= 4 * size + 64 * MEGABYTE, memory.peak


def test_wide_and_many_tables(pipeline):
    """A row of 1,000 columns, and 300 tables in one transaction."""
    columns = ', '.join(f'c{i} int' for i in range(999))
    tables = '; '.join(f'CREATE TABLE t{i} (id int PRIMARY KEY, v text)' for i in range(300))
    pipeline.create(f'CREATE TABLE wide (id int PRIMARY KEY, {columns}); {tables}')
    pipeline.start()
    pipeline.execute(f"INSERT INTO wide SELECT i, {', '.join('i' for _ in range(999))} FROM generate_series(1, 50) i")
    pipeline.execute('BEGIN; ' + '; '.join(f"INSERT INTO t{i} VALUES (1, 'a'), (2, 'b'); UPDATE t{i} SET v = 'c' "
                                           f'WHERE id = 2' for i in range(300)) + '; COMMIT')
    pipeline.execute('UPDATE wide SET c5 = NULL, c998 = -1')
    rows = pipeline.wait_equal()
    assert len(rows) == 301 and sum(rows.values()) == 650


def test_a_stream_of_a_publication(pipeline):
    """Actions, columns and row filters as the publication says, where the release has them."""
    version = int(pipeline.source.version)
    pipeline.create('CREATE TABLE t (id int PRIMARY KEY, a int, b text); CREATE TABLE quiet (id int PRIMARY KEY)')
    columns, where = ('(id, a)', 'WHERE (id > 10)') if version >= 15 else ('', '')
    pipeline.execute(f"CREATE PUBLICATION p FOR TABLE t {columns} {where} WITH (publish = 'insert, update')")
    pipeline.execute('CREATE EXTENSION IF NOT EXISTS sluice')
    pipeline.source.set('sluice.nats_url', pipeline.nats.url)
    pipeline.created = True
    pipeline.execute(f"SELECT sluice.create_stream('{pipeline.name}', publication => 'p')")
    pipeline.call('start_stream')
    pipeline.wait_state('streaming')
    pipeline.writer()
    pipeline.execute("INSERT INTO t SELECT i, i, 'b' FROM generate_series(1, 30) i; INSERT INTO quiet VALUES (1)")
    pipeline.execute('UPDATE t SET a = a + 1')
    pipeline.execute('DELETE FROM t WHERE id = 20')
    pipeline.wait_caught_up()
    expected = [(i, i + 1, None) for i in range(11, 31)] if version >= 15 else [(i, i + 1, 'b') for i in range(1, 31)]
    assert pipeline.target.fetch('SELECT * FROM t ORDER BY id', dbname=pipeline.name) == expected
    assert pipeline.fetch_target('SELECT count(*) FROM quiet') == 0


def test_many_small_transactions_keep_their_order(pipeline):
    """The last of 5,000 transactions on one row is what stays."""
    pipeline.create('CREATE TABLE t (id int PRIMARY KEY, n int, note text)')
    pipeline.start()
    pipeline.execute('INSERT INTO t SELECT i, 0 FROM generate_series(1, 10) i')
    with pipeline.source.cursor(pipeline.name) as cursor:
        cursor.execute('SET synchronous_commit = off')
        for i in range(5000):
            cursor.execute('UPDATE t SET n = %s WHERE id = %s', (i, i % 10 + 1))
    assert pipeline.wait_equal() == {'public.t': 10}
    assert compare.progress(pipeline.target, pipeline.name, pipeline.name)['commit_lsn']
