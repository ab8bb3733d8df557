"""What changes do at a MariaDB and a MySQL target: every kind, big ones, and those that meet each other."""
import pytest

from harness.memory import MemoryWatch

MEGABYTE = 1 << 20

TABLE = 'CREATE TABLE t (id int PRIMARY KEY, v text, n int)'
AT_TARGET = 'CREATE TABLE t (id int PRIMARY KEY, v longtext, n int)'


def test_insert_update_delete(to_mysql):
    to_mysql.create(TABLE, AT_TARGET)
    writer = to_mysql.start()
    to_mysql.execute("INSERT INTO t SELECT i, E'v\\\\\\t\\n' || i, i FROM generate_series(1, 1000) i")
    to_mysql.execute('UPDATE t SET n = n + 1, v = NULL WHERE id % 3 = 0')
    to_mysql.execute('DELETE FROM t WHERE id % 10 = 0')
    to_mysql.execute("UPDATE t SET v = 'again' WHERE id < 5")
    assert to_mysql.wait_equal() == {'public.t': 900}
    to_mysql.execute('DELETE FROM t')
    assert to_mysql.wait_equal() == {'public.t': 0}
    assert writer.is_running() and 'level=error' not in writer.log()


def test_changes_of_one_row_in_one_transaction(to_mysql):
    to_mysql.create(TABLE, AT_TARGET)
    to_mysql.start()
    to_mysql.execute('''
        BEGIN; INSERT INTO t VALUES (1, 'a'); UPDATE t SET v = 'b'; DELETE FROM t; INSERT INTO t VALUES (1, 'c');
        INSERT INTO t VALUES (2, 'x'); DELETE FROM t WHERE id = 2; COMMIT''')
    to_mysql.execute('''
        BEGIN; DELETE FROM t; INSERT INTO t VALUES (1, 'd'); SAVEPOINT s; UPDATE t SET v = 'lost';
        INSERT INTO t VALUES (3, 'lost'); ROLLBACK TO s; UPDATE t SET v = v || 'e'; COMMIT''')
    assert to_mysql.wait_equal() == {'public.t': 1}
    assert to_mysql.fetch_target('SELECT v FROM t') == 'de'


def test_truncate(to_mysql):
    """Among rows of the same transaction, which nobody sees in part; the target's foreign keys are in no way."""
    to_mysql.create('''
        CREATE TABLE parent (id serial PRIMARY KEY);
        CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent);
        CREATE TABLE other (id int PRIMARY KEY)''', '''
        CREATE TABLE parent (id int PRIMARY KEY AUTO_INCREMENT);
        CREATE TABLE child (id int PRIMARY KEY, parent int, FOREIGN KEY (parent) REFERENCES parent (id));
        CREATE TABLE other (id int PRIMARY KEY)''')
    to_mysql.start()
    to_mysql.execute('INSERT INTO parent SELECT FROM generate_series(1, 100); INSERT INTO other VALUES (1);'
                     'INSERT INTO child SELECT i, i FROM generate_series(1, 100) i')
    assert to_mysql.wait_equal() == {'public.child': 100, 'public.other': 1, 'public.parent': 100}
    to_mysql.execute('BEGIN; INSERT INTO other VALUES (2); TRUNCATE parent CASCADE;'
                     'INSERT INTO parent VALUES (7); INSERT INTO child VALUES (1, 7); COMMIT')
    assert to_mysql.wait_equal() == {'public.child': 1, 'public.other': 2, 'public.parent': 1}
    to_mysql.execute('TRUNCATE other, parent, child RESTART IDENTITY; INSERT INTO parent DEFAULT VALUES')
    assert to_mysql.wait_equal() == {'public.child': 0, 'public.other': 0, 'public.parent': 1}


def test_key_changes(to_mysql):
    """Composite keys; and each update takes the key the one before has just left."""
    to_mysql.create("CREATE TABLE k (a int, b text, v text, PRIMARY KEY (a, b)); CREATE TABLE t (id int PRIMARY KEY, v text)",
                    "CREATE TABLE k (a int, b varchar(50) COLLATE utf8mb4_bin, v longtext, PRIMARY KEY (a, b));"
                    "CREATE TABLE t (id int PRIMARY KEY, v longtext)")
    to_mysql.start()
    to_mysql.execute("INSERT INTO k SELECT i, 'k', 'v' || i FROM generate_series(1, 100) i;"
                     "INSERT INTO t SELECT i, 'row ' || i FROM generate_series(1, 50) i")
    to_mysql.execute('UPDATE k SET a = a + 1000 WHERE a <= 50')
    to_mysql.execute("UPDATE k SET b = 'K', v = 'new' WHERE a = 77")
    to_mysql.execute('DO $$ BEGIN FOR i IN REVERSE 50..1 LOOP UPDATE t SET id = i + 1 WHERE id = i; END LOOP; END $$')
    to_mysql.execute('''
        BEGIN; UPDATE t SET id = 500 WHERE id = 10; UPDATE t SET id = 10 WHERE id = 11;
        UPDATE t SET id = 11 WHERE id = 500; UPDATE t SET id = -id WHERE id = 20; UPDATE t SET v = 'twice' WHERE id = -20;
        UPDATE t SET id = 20 WHERE id = -20; DELETE FROM t WHERE id = 30; UPDATE t SET id = 30 WHERE id = 31;
        INSERT INTO t VALUES (31, 'new'); COMMIT''')
    assert to_mysql.wait_equal() == {'public.k': 100, 'public.t': 50}


def test_unique_values_are_swapped(to_mysql):
    to_mysql.create('CREATE TABLE t (id int PRIMARY KEY, u int UNIQUE)')
    to_mysql.start()
    to_mysql.execute('INSERT INTO t SELECT i, i FROM generate_series(1, 200) i')
    to_mysql.execute('BEGIN; UPDATE t SET u = -1 WHERE id = 1; UPDATE t SET u = 1 WHERE id = 2; UPDATE t SET u = 2 WHERE id = 1;'
                     'DELETE FROM t WHERE id = 9; COMMIT')
    to_mysql.execute('BEGIN; DELETE FROM t WHERE id = 5; INSERT INTO t VALUES (1005, 5);'
                     'UPDATE t SET u = 1105 WHERE id = 6; INSERT INTO t VALUES (1006, 6); COMMIT')
    assert to_mysql.wait_equal() == {'public.t': 200}


def test_unchanged_toast_stays(to_mysql):
    to_mysql.create('''
        CREATE TABLE t (id int PRIMARY KEY, big text, other text, n int);
        ALTER TABLE t ALTER big SET STORAGE EXTERNAL;
        CREATE TABLE full_row (id int, big text, n int);
        ALTER TABLE full_row ALTER big SET STORAGE EXTERNAL, REPLICA IDENTITY FULL''', '''
        CREATE TABLE t (id int PRIMARY KEY, big longtext, other longtext, n int);
        CREATE TABLE full_row (id int, big longtext, n int)''')
    to_mysql.start()
    to_mysql.execute("INSERT INTO t SELECT i, repeat(md5(i::text), 2000), 'x', i FROM generate_series(1, 50) i")
    to_mysql.execute('INSERT INTO full_row SELECT i, repeat(md5(i::text), 2000), i FROM generate_series(1, 20) i')
    to_mysql.wait_equal()
    to_mysql.execute('UPDATE t SET n = n + 1')  # big is not in the log
    to_mysql.execute('UPDATE t SET id = id + 100 WHERE id < 10')  # neither when the key moves
    to_mysql.execute('UPDATE full_row SET n = n + 1')
    to_mysql.execute('BEGIN; UPDATE t SET n = 0 WHERE id = 20; UPDATE t SET big = repeat(md5(n::text), 3000) '
                     "WHERE id = 20; UPDATE t SET other = 'after' WHERE id = 20; COMMIT")
    to_mysql.execute("BEGIN; INSERT INTO t VALUES (900, repeat('ab', 50000), 'x', 1); UPDATE t SET n = 2 WHERE id = 900;"
                     'UPDATE t SET id = 901 WHERE id = 900; COMMIT')
    assert to_mysql.wait_equal() == {'public.full_row': 20, 'public.t': 51}
    assert to_mysql.fetch_target('SELECT min(length(big)) FROM t') == 64000


def test_table_without_key(to_mysql):
    """Rows are found by all their columns; of equal rows as many go as went at the source."""
    to_mysql.create('CREATE TABLE t (a int, b text, f float8, j jsonb); ALTER TABLE t REPLICA IDENTITY FULL;'
                    'CREATE TABLE append_only (a int, b text)',
                    'CREATE TABLE t (a int, b longtext COLLATE utf8mb4_bin, f double, j json); CREATE TABLE append_only (a int, b longtext)')
    to_mysql.start()
    to_mysql.execute("INSERT INTO t SELECT i % 10, nullif('b' || i % 5, 'b3'), 0.1, '{\"a\": 1}' FROM generate_series(1, 200) i")
    to_mysql.execute("INSERT INTO append_only SELECT 1, 'same' FROM generate_series(1, 100)")
    to_mysql.execute('DELETE FROM t WHERE ctid IN (SELECT ctid FROM t WHERE a = 1 LIMIT 3)')
    to_mysql.execute("UPDATE t SET b = 'changed' WHERE ctid IN (SELECT ctid FROM t WHERE a = 3 LIMIT 5)")
    to_mysql.execute('UPDATE t SET f = NULL WHERE a = 4')
    to_mysql.execute('DELETE FROM t WHERE ctid IN (SELECT ctid FROM t WHERE b IS NULL LIMIT 7)')
    assert to_mysql.wait_equal() == {'public.append_only': 100, 'public.t': 190}
    to_mysql.execute('BEGIN; INSERT INTO t SELECT * FROM t; DELETE FROM t WHERE a = 5; UPDATE t SET a = 50 WHERE a = 6; COMMIT')
    to_mysql.wait_equal()


def test_identity_by_another_index(to_mysql):
    to_mysql.create('CREATE TABLE t (id int PRIMARY KEY, code text NOT NULL UNIQUE, v int);'
                    'ALTER TABLE t REPLICA IDENTITY USING INDEX t_code_key',
                    'CREATE TABLE t (id int PRIMARY KEY, code varchar(40) COLLATE utf8mb4_bin NOT NULL UNIQUE, v int)')
    to_mysql.start()
    to_mysql.execute("INSERT INTO t SELECT i, 'c' || i, i FROM generate_series(1, 100) i")
    to_mysql.execute('UPDATE t SET v = -v; UPDATE t SET id = id + 1000 WHERE v < -90')
    to_mysql.execute("UPDATE t SET code = 'd' || id WHERE id < 10; DELETE FROM t WHERE code = 'c50'")
    assert to_mysql.wait_equal() == {'public.t': 99}


def test_names_that_need_quotes(to_mysql):
    to_mysql.create('''CREATE SCHEMA "Sch ema"; CREATE TABLE "Sch ema"."Or""der's %s`" ("Id" int PRIMARY KEY,
        "select" text, "a""b`" int, "ünïcödé" text, "$1" int); CREATE TABLE "Sch ema"."t" ("Id" int PRIMARY KEY)''',
                    '''CREATE DATABASE `Sch ema`; CREATE TABLE `Sch ema`.`Or"der's %s``` (`Id` int PRIMARY KEY,
        `select` longtext, `a"b``` int, `ünïcödé` longtext, `$1` int); CREATE TABLE `Sch ema`.t (`Id` int PRIMARY KEY)''')
    to_mysql.start()
    table = '"Sch ema"."Or""der\'s %s`"'
    to_mysql.execute(f"INSERT INTO {table} SELECT i, 's', i, 'ü', i FROM generate_series(1, 20) i")
    to_mysql.execute(f'UPDATE {table} SET "select" = $$it\'s$$, "$1" = "$1" + 1; DELETE FROM {table} WHERE "Id" = 3;'
                     f'UPDATE {table} SET "Id" = 100 WHERE "Id" = 4')
    assert to_mysql.wait_equal()[table] == 19


def test_columns_in_another_order_and_more_at_the_target(to_mysql):
    to_mysql.execute('CREATE TABLE t (id int PRIMARY KEY, a text, gone int, b int)')
    to_mysql.execute('ALTER TABLE t DROP gone')
    to_mysql.at_target("CREATE TABLE t (b bigint, extra varchar(10) DEFAULT 'kept', a varchar(50), id int PRIMARY KEY,"
                       'twice bigint GENERATED ALWAYS AS (b * 2) STORED)')
    to_mysql.start()
    to_mysql.execute("INSERT INTO t SELECT i, 'a' || i, i FROM generate_series(1, 500) i")
    to_mysql.execute('UPDATE t SET b = -b WHERE id < 50; DELETE FROM t WHERE id = 7')
    assert to_mysql.wait_equal() == {'public.t': 499}
    assert to_mysql.fetch_target("SELECT count(*) FROM t WHERE extra = 'kept' AND twice = b * 2") == 499


def test_keys_that_only_a_binary_collation_tells_apart(to_mysql):
    collation = 'utf8mb4_nopad_bin' if to_mysql.target.product == 'mariadb' else 'utf8mb4_0900_bin'
    to_mysql.create('CREATE TABLE t (k text PRIMARY KEY, v int)', f'CREATE TABLE t (k varchar(50) COLLATE {collation} PRIMARY KEY, v int)')
    to_mysql.start()
    to_mysql.execute("INSERT INTO t VALUES ('a', 1), ('A', 2), ('a ', 3), ('ä', 4), ('', 5), (' ', 6), (E'a\\t', 7)")
    to_mysql.execute("UPDATE t SET v = v * 10 WHERE k IN ('a ', 'ä', ''); DELETE FROM t WHERE k = 'A'")
    assert to_mysql.wait_equal() == {'public.t': 6}


def test_big_transaction(to_mysql, soak):
    """One transaction of many rows, and an update of all of them, in bounded memory."""
    rows = 1000000 if soak else 100000
    to_mysql.create(TABLE, AT_TARGET)
    writer = to_mysql.start()
    with MemoryWatch(writer=writer.process.pid) as memory:
        to_mysql.execute("INSERT INTO t SELECT i, repeat(md5(i::text), 3), i FROM generate_series(1, %s) i", (rows,))
        to_mysql.wait_caught_up(timeout=300)
        to_mysql.execute('UPDATE t SET n = n + 1')
        assert to_mysql.wait_equal(timeout=300) == {'public.t': rows}
    assert memory.peak['writer'] < 128 * MEGABYTE, memory.peak


def test_big_value(to_mysql):
    """20 MB in one field, which is more than a packet of MariaDB's may be by default."""
    size = 20 * MEGABYTE
    to_mysql.create('CREATE TABLE t (id int PRIMARY KEY, v bytea, n int); ALTER TABLE t ALTER v SET STORAGE EXTERNAL',
                    'CREATE TABLE t (id int PRIMARY KEY, v longblob, n int)')
    to_mysql.target.set('max_allowed_packet', 256 * MEGABYTE)
    to_mysql.start()
    value = "(SELECT string_agg(sha512(i::text::bytea), '') FROM generate_series(%s, %s) i)"
    to_mysql.execute(f'INSERT INTO t VALUES (1, {value}, 1), (2, NULL, 2)', (1, size // 64))
    to_mysql.execute(f'UPDATE t SET v = {value} WHERE id = 2', (2, size // 64 + 1))
    to_mysql.execute('UPDATE t SET n = n + 1')
    assert to_mysql.wait_equal(timeout=120) == {'public.t': 2}


def test_wide_and_many_tables(to_mysql):
    """A row of 1,000 columns, and 100 tables in one transaction."""
    columns = ', '.join(f'c{i} int' for i in range(999))
    tables = '; '.join(f'CREATE TABLE t{i} (id int PRIMARY KEY, v varchar(20))' for i in range(100))
    to_mysql.create(f'CREATE TABLE wide (id int PRIMARY KEY, {columns}); {tables}')
    to_mysql.start()
    to_mysql.execute(f"INSERT INTO wide SELECT i, {', '.join('i' for _ in range(999))} FROM generate_series(1, 50) i")
    to_mysql.execute('BEGIN; ' + '; '.join(f"INSERT INTO t{i} VALUES (1, 'a'), (2, 'b'); UPDATE t{i} SET v = 'c' WHERE id = 2"
                                           for i in range(100)) + '; COMMIT')
    to_mysql.execute('UPDATE wide SET c5 = NULL, c998 = -1')
    rows = to_mysql.wait_equal()
    assert len(rows) == 101 and sum(rows.values()) == 250


def test_many_small_transactions_keep_their_order(to_mysql):
    """The last of 3,000 transactions on one row is what stays."""
    to_mysql.create('CREATE TABLE t (id int PRIMARY KEY, n int)')
    to_mysql.start()
    to_mysql.execute('INSERT INTO t SELECT i, 0 FROM generate_series(1, 10) i')
    with to_mysql.source.cursor(to_mysql.name) as cursor:
        cursor.execute('SET synchronous_commit = off')
        for i in range(3000):
            cursor.execute('UPDATE t SET n = %s WHERE id = %s', (i, i % 10 + 1))
    assert to_mysql.wait_equal() == {'public.t': 10}


@pytest.mark.parametrize('binary_log', ('', '_of_statements'))
def test_server_with_a_binary_log(to_mysql, binary_log):
    """Nothing is refused as unsafe for replicas."""
    server = to_mysql.target
    to_mysql.create(TABLE, AT_TARGET)
    kept = dict(server.conf)
    server.conf.pop('disable-log-bin', None)
    server.conf.update({'log-bin': 'bin', 'server-id': '1', 'binlog-format': 'STATEMENT' if binary_log else 'ROW'})
    try:
        server.restart()
        to_mysql.start()
        to_mysql.execute("INSERT INTO t SELECT i, 'v', i FROM generate_series(1, 500) i; UPDATE t SET n = -n; DELETE FROM t WHERE id % 2 = 0")
        assert to_mysql.wait_equal() == {'public.t': 250}
    finally:
        server.conf = kept
        server.restart()
