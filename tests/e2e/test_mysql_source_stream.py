"""What changes at a MariaDB and a MySQL source do at targets of every kind."""
from harness.memory import MemoryWatch
from harness.mysql_source import numbers
from harness.wait import wait_for

MEGABYTE = 1 << 20

TABLE = 'CREATE TABLE t (id int PRIMARY KEY, v varchar(100), n int)'
BIG = {'postgresql': 'bytea', 'mysql': 'longblob', 'mariadb': 'longblob'}


def product(pipeline):
    return getattr(pipeline.target, 'product', 'postgresql')


def test_every_kind_of_change(from_mysql_to_any):
    """Also of keys, of several rows at once, and of rows without a key."""
    pipeline = from_mysql_to_any
    binary = 'text' if product(pipeline) == 'postgresql' else 'varchar(50) COLLATE utf8mb4_bin'
    pipeline.create(f'{TABLE}; CREATE TABLE k (a int, b varchar(50) COLLATE utf8mb4_bin, v varchar(20), PRIMARY KEY (a, b));'
                    'CREATE TABLE keyless (a int, b varchar(20), f double)',
                    f'{TABLE}; CREATE TABLE k (a int, b {binary}, v varchar(20), PRIMARY KEY (a, b)); CREATE TABLE keyless (a int, b varchar(20), f double precision)')
    writer = pipeline.start()
    pipeline.execute(rf"INSERT INTO t SELECT i, concat('v\\\t\nü🐘', i), i FROM {numbers(1000)}")
    pipeline.execute('UPDATE t SET n = n + 1, v = NULL WHERE id % 3 = 0; DELETE FROM t WHERE id % 10 = 0')
    pipeline.execute("UPDATE t SET v = 'again' WHERE id < 5; REPLACE INTO t VALUES (7, 'new', 7), (5000, 'new', 8)")
    pipeline.execute("INSERT INTO t VALUES (7, 'x', 1), (5001, 'y', 2) ON DUPLICATE KEY UPDATE n = n + 100")
    pipeline.execute(f"INSERT INTO k SELECT i, 'k', concat('v', i) FROM {numbers(100)}")
    pipeline.execute("UPDATE k SET a = a + 1000 WHERE a <= 50; UPDATE k SET b = 'K', v = 'new' WHERE a = 77;"
                     "UPDATE k SET a = a + 1 ORDER BY a DESC; DELETE FROM k WHERE b = 'K'")
    pipeline.execute(f"INSERT INTO keyless SELECT i % 10, nullif(concat('b', i % 5), 'b3'), 0.1 FROM {numbers(200)}")
    pipeline.execute("DELETE FROM keyless WHERE a = 1 LIMIT 3; UPDATE keyless SET b = 'changed' WHERE a = 3 LIMIT 5;"
                     'UPDATE keyless SET f = NULL WHERE a = 4; DELETE FROM keyless WHERE b IS NULL LIMIT 7')
    assert pipeline.wait_equal() == {'t': 902, 'k': 99, 'keyless': 190}
    pipeline.execute('DELETE FROM t')
    assert pipeline.wait_equal()['t'] == 0
    assert writer.is_running() and 'level=error' not in writer.log() + pipeline.first_reader.log()
    assert pipeline.first_reader.stop() == 0


def test_truncate(from_mysql_to_any):
    pipeline = from_mysql_to_any
    pipeline.create(f'{TABLE}; CREATE TABLE other (id int PRIMARY KEY)')
    pipeline.start()
    pipeline.execute(f"INSERT INTO t SELECT i, 'v', i FROM {numbers(100)}; INSERT INTO other VALUES (1)")
    assert pipeline.wait_equal() == {'t': 100, 'other': 1}
    pipeline.execute("INSERT INTO other VALUES (2); TRUNCATE t; INSERT INTO t VALUES (7, 'seven', 7); TRUNCATE TABLE other")
    assert pipeline.wait_equal() == {'t': 1, 'other': 0}


def test_transactions_whole_or_not_at_all(from_mysql):
    """Savepoints, what is taken back, XA in one and two phases, of one session and of another."""
    from_mysql.create(TABLE)
    from_mysql.start()
    from_mysql.execute('''
        BEGIN; INSERT INTO t VALUES (1, 'a', 1); UPDATE t SET v = 'b'; DELETE FROM t; INSERT INTO t VALUES (1, 'c', 1);
            INSERT INTO t VALUES (2, 'x', 2); DELETE FROM t WHERE id = 2; COMMIT;
        BEGIN; DELETE FROM t; INSERT INTO t VALUES (1, 'd', 1); SAVEPOINT s; UPDATE t SET v = 'lost'; INSERT INTO t VALUES (3, 'lost', 3);
            ROLLBACK TO s; UPDATE t SET v = concat(v, 'e'); SAVEPOINT s; INSERT INTO t VALUES (4, 'four', 4); RELEASE SAVEPOINT s; COMMIT;
        BEGIN; INSERT INTO t VALUES (5, 'lost', 5); ROLLBACK;
        XA START 'one'; INSERT INTO t VALUES (6, 'one phase', 6); XA END 'one'; XA COMMIT 'one' ONE PHASE;
        XA START 'two'; INSERT INTO t VALUES (7, 'two phases', 7); XA END 'two'; XA PREPARE 'two'; XA COMMIT 'two';
        XA START 'not'; INSERT INTO t VALUES (8, 'lost', 8); XA END 'not'; XA PREPARE 'not'; XA ROLLBACK 'not';
        XA START 'none'; INSERT INTO t VALUES (9, 'lost', 9); XA END 'none'; XA ROLLBACK 'none';
        XA START 'empty'; XA END 'empty'; XA PREPARE 'empty'; XA COMMIT 'empty' ''')
    from_mysql.execute("XA START 'late', 'part', 7; INSERT INTO t VALUES (10, 'prepared long', 10); XA END 'late', 'part', 7; XA PREPARE 'late', 'part', 7")
    from_mysql.execute("XA START 'later'; INSERT INTO t VALUES (11, 'lost', 11); XA END 'later'; XA PREPARE 'later'")
    from_mysql.execute(f"INSERT INTO t SELECT i, 'between', i FROM {numbers(100, 100)}")
    from_mysql.wait_caught_up()
    assert from_mysql.fetch_target('SELECT count(*) FROM t WHERE id IN (10, 11)') == 0, 'prepared is not committed'
    from_mysql.first_reader.restart()  # what is prepared is not forgotten
    from_mysql.source.flush_logs(2)
    from_mysql.execute("XA COMMIT 'late', 'part', 7; XA ROLLBACK 'later'; INSERT INTO t VALUES (12, 'after', 12)")
    assert from_mysql.wait_equal() == {'t': 106}
    assert from_mysql.fetch_target('SELECT v FROM t WHERE id = 1') == 'de'


def test_prepared_before_the_stream(from_mysql):
    """Its rows stand in the log before the stream's beginning: the commit behind it is not passed over."""
    from_mysql.create(TABLE)
    from_mysql.execute("XA START 'early'; INSERT INTO t VALUES (1, 'early', 1); XA END 'early'; XA PREPARE 'early'")
    from_mysql.source.flush_logs()
    from_mysql.start()
    from_mysql.execute("INSERT INTO t VALUES (2, 'between', 2)")
    from_mysql.wait_equal()
    from_mysql.execute("XA COMMIT 'early'")
    reason = from_mysql.first_reader.wait_failed('prepared before the stream')
    assert 'copy' in reason, f'it does not say what to do: {reason}'


def test_prepared_with_the_server_killed(from_mysql):
    """What it still knows of them when it is back is ended by another session."""
    from_mysql.create(TABLE)
    from_mysql.start()
    ends = {'kept': 'COMMIT', 'dropped': 'ROLLBACK'}
    for key, name in enumerate(ends):
        from_mysql.execute(f"XA START '{name}'; INSERT INTO t VALUES ({key}, '{name}', 1); XA END '{name}'; XA PREPARE '{name}'")
    from_mysql.source.kill()
    from_mysql.source.start()
    for name, end in ends.items():
        if name in [row[3] if isinstance(row[3], str) else row[3].decode() for row in from_mysql.source.fetch('XA RECOVER')]:
            from_mysql.execute(f"XA {end} '{name}'")
    from_mysql.execute("INSERT INTO t VALUES (7, 'after', 1)")
    assert from_mysql.wait_equal()['t'] >= 1


def test_key_that_is_handed_on(from_mysql_to_any):
    """Each update takes the key, or the unique value, that the one before has just left."""
    from_mysql_to_any.create('CREATE TABLE t (id int PRIMARY KEY, u int UNIQUE, v varchar(20))')
    from_mysql_to_any.start()
    from_mysql_to_any.execute(f"INSERT INTO t SELECT i, i, concat('row ', i) FROM {numbers(200)}")
    from_mysql_to_any.execute('UPDATE t SET id = id + 1 ORDER BY id DESC')
    from_mysql_to_any.execute('''
        BEGIN; UPDATE t SET u = -1 WHERE id = 2; UPDATE t SET u = 1 WHERE id = 3; UPDATE t SET u = 2 WHERE id = 2; DELETE FROM t WHERE id = 9;
            INSERT INTO t VALUES (9, 8, 'new'); DELETE FROM t WHERE id = 50; INSERT INTO t VALUES (1050, 49, 'took it'); COMMIT;
        BEGIN; UPDATE t SET id = 500 WHERE id = 10; UPDATE t SET id = 10 WHERE id = 11; UPDATE t SET id = 11 WHERE id = 500;
            UPDATE t SET id = -id WHERE id = 20; UPDATE t SET v = 'twice' WHERE id = -20; UPDATE t SET id = 20 WHERE id = -20; COMMIT''')
    assert from_mysql_to_any.wait_equal() == {'t': 200}


def test_big_transaction(from_mysql, soak):
    """One transaction of many rows, and an update of all of them, in bounded memory of reader and writer."""
    rows = 1000000 if soak else 100000
    from_mysql.create(TABLE)
    writer = from_mysql.start()
    with MemoryWatch(reader=from_mysql.first_reader.process.pid, writer=writer.process.pid) as memory:
        from_mysql.execute(f'INSERT INTO t SELECT i, sha2(i, 256), i FROM {numbers(rows)}')
        from_mysql.wait_caught_up(timeout=300)
        from_mysql.execute('UPDATE t SET n = n + 1')
        assert from_mysql.wait_equal(timeout=300) == {'t': rows}
    assert max(memory.peak.values()) < 128 * MEGABYTE, memory.peak


def test_big_value(from_mysql_to_any):
    """20 MB in one field; an update that leaves it as it is."""
    size = 20 * MEGABYTE
    from_mysql_to_any.source.set('max_allowed_packet', 64 * MEGABYTE)
    if hasattr(from_mysql_to_any.target, 'flavour'):
        from_mysql_to_any.target.set('max_allowed_packet', 256 * MEGABYTE)
    from_mysql_to_any.create('CREATE TABLE t (id int PRIMARY KEY, v longblob, n int)', f'CREATE TABLE t (id int PRIMARY KEY, v {BIG[product(from_mysql_to_any)]}, n int)')
    from_mysql_to_any.start()
    from_mysql_to_any.execute(f"INSERT INTO t VALUES (1, repeat('ab\\\\', {size // 3}), 1), (2, NULL, 2)")
    from_mysql_to_any.execute(f"UPDATE t SET v = repeat('\\t', {size}) WHERE id = 2")
    from_mysql_to_any.execute('UPDATE t SET n = n + 1')
    assert from_mysql_to_any.wait_equal(timeout=120) == {'t': 2}


def test_temporary_tables_stay_at_home(from_mysql):
    """Also one that hides a table of the stream."""
    from_mysql.create(TABLE)
    from_mysql.start()
    from_mysql.execute("""
        INSERT INTO t VALUES (1, 'a', 1); CREATE TEMPORARY TABLE t (id int, x int); INSERT INTO t VALUES (1, 1), (1, 2); UPDATE t SET x = 3; DELETE FROM t WHERE id = 1;
        CREATE TEMPORARY TABLE other SELECT 1 AS a; ALTER TABLE t ADD y int; TRUNCATE t; DROP TEMPORARY TABLE t; INSERT INTO t VALUES (2, 'b', 2);
        CREATE TEMPORARY TABLE gone (a int)""")
    assert from_mysql.wait_equal() == {'t': 2}


def test_several_databases_and_patterns(from_mysql):
    """Only what is asked for comes, in one transaction of both; a pattern takes tables away."""
    for database in ('first one', 'second'):
        from_mysql.source.execute(f'CREATE DATABASE `{database}`; CREATE TABLE `{database}`.t (id int PRIMARY KEY); CREATE TABLE `{database}`.tmp_1 (id int)')
        from_mysql.at_target(f'CREATE SCHEMA "{database}"; CREATE TABLE "{database}".t (id int PRIMARY KEY)')
    from_mysql.create(TABLE)
    from_mysql.execute('CREATE TABLE left_out (id int PRIMARY KEY)')
    from_mysql.start(tables=[f'{from_mysql.name}.?', '`first one`.*', 's*d.*', '!*.tmp_*'])
    from_mysql.execute('BEGIN; INSERT INTO `first one`.t VALUES (1); INSERT INTO second.t VALUES (2); INSERT INTO second.tmp_1 VALUES (3);'
                       "INSERT INTO t VALUES (4, 'four', 4); INSERT INTO left_out VALUES (5); COMMIT")
    places = [('first one', 't'), ('second', 't'), (from_mysql.name, 't')]
    assert from_mysql.wait_equal(places) == {'first one.t': 1, 'second.t': 1, 't': 1}


def test_names_that_need_quotes(from_mysql_to_any):
    if product(from_mysql_to_any) == 'postgresql':
        theirs = '''CREATE TABLE "Or""der's %s`" ("Id" int PRIMARY KEY, "select" text, "a""b`" int, "ünïcödé" text, "$1" int)'''
    else:
        theirs = '''CREATE TABLE `Or"der's %s``` (`Id` int PRIMARY KEY, `select` longtext, `a"b``` int, `ünïcödé` longtext, `$1` int)'''
    ours = '''CREATE TABLE `Or"der's %s``` (`Id` int PRIMARY KEY, `select` longtext, `a"b``` int, `ünïcödé` longtext, `$1` int)'''
    from_mysql_to_any.create(ours, theirs)
    from_mysql_to_any.start()
    table = '''`Or"der's %s```'''
    from_mysql_to_any.execute(f"INSERT INTO {table} SELECT i, 's', i, 'ü', i FROM {numbers(20)}")
    from_mysql_to_any.execute(f"UPDATE {table} SET `select` = 'it''s', `$1` = `$1` + 1; DELETE FROM {table} WHERE `Id` = 3; UPDATE {table} SET `Id` = 100 WHERE `Id` = 4")
    assert from_mysql_to_any.wait_equal() == {'''Or"der's %s`''': 19}


COMPUTED = 'CREATE TABLE c (id int PRIMARY KEY, n int DEFAULT 5, twice int {})'


def test_computed_columns_that_the_log_leaves_out(from_mysql):
    """binlog_row_image = MINIMAL has no VIRTUAL column of a new row: the target computes it."""
    from_mysql.create(COMPUTED.format('AS (n * 2) VIRTUAL'), COMPUTED.format('GENERATED ALWAYS AS (n * 2) STORED'))
    from_mysql.start()
    from_mysql.execute("""SET SESSION binlog_row_image = MINIMAL; INSERT INTO c (id) VALUES (1); INSERT INTO c (id, n) VALUES (2, 7), (3, NULL);
        UPDATE c SET n = 8 WHERE id = 1; DELETE FROM c WHERE id = 2""")
    assert from_mysql.wait_equal()['c'] == 2
    assert from_mysql.fetch_target('SELECT twice FROM c WHERE id = 1') == 16


def test_columns_in_another_order_and_more_at_the_target(from_mysql):
    from_mysql.execute('CREATE TABLE t (id int PRIMARY KEY, a varchar(20), b int, twice int GENERATED ALWAYS AS (b * 2) VIRTUAL)')
    from_mysql.at_target("CREATE TABLE t (twice bigint, b bigint, extra varchar(10) DEFAULT 'kept', a text, id int PRIMARY KEY)")
    from_mysql.start()
    from_mysql.execute(f"INSERT INTO t (id, a, b) SELECT i, concat('a', i), i FROM {numbers(500)}")
    from_mysql.execute('UPDATE t SET b = -b WHERE id < 50; DELETE FROM t WHERE id = 7')
    assert from_mysql.wait_equal() == {'t': 499}
    assert from_mysql.fetch_target("SELECT count(*) FROM t WHERE extra = 'kept'") == 499


def test_text_of_any_character_set(from_mysql):
    """The log has a column's own bytes; the target has UTF-8."""
    sets = {'latin1': 'é€ÿ', 'latin2': 'łŐ', 'utf8mb3': 'ü漢', 'utf8mb4': 'ü🐘', 'ucs2': '漢ü', 'utf16': '🐘ü', 'utf32': '🐘', 'cp1251': 'Щы', 'koi8r': 'Щы', 'greek': 'Ωώ',
            'gbk': '漢字', 'sjis': '漢字カ', 'ujis': '漢字', 'euckr': '한국', 'big5': '漢字', 'ascii': 'plain', 'cp850': 'éü', 'hebrew': 'שלום'}
    columns = ', '.join(f'c_{name} varchar(20) CHARACTER SET {name}, x_{name} text CHARACTER SET {name}' for name in sets)
    labels = ", e enum('é','ü') CHARACTER SET latin1, s set('é','ü') CHARACTER SET latin1"
    theirs = ', '.join(f'c_{name} varchar(20), x_{name} text' for name in sets) + ', e text, s text[]'
    from_mysql.create(f'CREATE TABLE t (id int PRIMARY KEY, {columns}{labels})', f'CREATE TABLE t (id int PRIMARY KEY, {theirs})')
    from_mysql.start()
    values = ', '.join(f"'{text}', '{text}'" for text in sets.values())
    from_mysql.execute(f"INSERT INTO t VALUES (1, {values}, 'ü', 'é,ü'); UPDATE t SET e = 'é', s = ''; INSERT INTO t (id) VALUES (2)")
    assert from_mysql.wait_equal() == {'t': 2}
    assert from_mysql.fetch_target('SELECT concat(c_latin1, x_sjis, e) FROM t WHERE id = 1') == 'é€ÿ漢字カé'


def test_many_small_transactions_keep_their_order(from_mysql):
    """The last of 3,000 transactions on a few rows is what stays."""
    from_mysql.create('CREATE TABLE t (id int PRIMARY KEY, n int)')
    from_mysql.start()
    from_mysql.execute(f'INSERT INTO t SELECT i, 0 FROM {numbers(10)}')
    with from_mysql.source.cursor(from_mysql.name) as cursor:
        for i in range(3000):
            cursor.execute(f'UPDATE t SET n = {i} WHERE id = {i % 10 + 1}')
    assert from_mysql.wait_equal() == {'t': 10}


def test_wide_and_many_tables(from_mysql):
    """A row of 1,000 columns, and 100 tables in one transaction."""
    columns = ', '.join(f'c{i} int' for i in range(999))
    tables = '; '.join(f'CREATE TABLE t{i} (id int PRIMARY KEY, v varchar(20))' for i in range(100))
    from_mysql.create(f'CREATE TABLE wide (id int PRIMARY KEY, {columns}); {tables}')
    from_mysql.start()
    from_mysql.execute(f"INSERT INTO wide SELECT i, {', '.join('i' for _ in range(999))} FROM {numbers(50)}")
    from_mysql.execute('BEGIN; ' + '; '.join(f"INSERT INTO t{i} VALUES (1, 'a'), (2, 'b'); UPDATE t{i} SET v = 'c' WHERE id = 2" for i in range(100)) + '; COMMIT')
    from_mysql.execute('UPDATE wide SET c5 = NULL, c998 = -1')
    rows = from_mysql.wait_equal()
    assert len(rows) == 101 and sum(rows.values()) == 250


def test_two_targets_of_one_stream(from_mysql):
    """A second consumer gets everything too."""
    from_mysql.create(TABLE)
    from_mysql.start(reader_args=('--consumers', 'writer,second'))
    from_mysql.target.create_database('second')
    try:
        from_mysql.target.execute(f'CREATE SCHEMA {from_mysql.name}; CREATE TABLE {from_mysql.name}.t (id int PRIMARY KEY, v text, n int);'
                                  f'CREATE TABLE {from_mysql.name}.caught_up (id int PRIMARY KEY, n bigint)', dbname='second')
        second = from_mysql.writer('--consumer', 'second', '--target', from_mysql.target.uri('second'), name='second')
        from_mysql.execute(f"INSERT INTO t SELECT i, 'v', i FROM {numbers(100)}")
        from_mysql.wait_equal()
        from_mysql.execute('DELETE FROM t WHERE id > 50')
        from_mysql.wait_equal()
        wait_for(lambda: from_mysql.target.fetch_one(f'SELECT count(*) FROM {from_mysql.name}.t', dbname='second') == 50, 30,
                 lambda: f'the second target to have 50 rows\n{second.process.log_tail()}')
    finally:
        for writer in from_mysql.writers:
            writer.remove()
        from_mysql.target.execute('DROP DATABASE second')
