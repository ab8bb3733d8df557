"""Changes of structure at a MariaDB and a MySQL source reach the target at their place among the rows."""
import pytest

from harness.mysql_source import numbers
from harness.wait import wait_for

TABLE = 'CREATE TABLE t (id int PRIMARY KEY, v varchar(100), n int)'


def columns(pipeline, table='t'):
    """Names of the target's columns, in no order."""
    return {name for name, in pipeline.fetch_target_rows(
        f"SELECT column_name FROM information_schema.columns WHERE table_schema = '{pipeline.name}' AND table_name = '{table}'")}


def has_table(pipeline, table):
    return bool(columns(pipeline, table))


def rows(pipeline, start, count=10, table='t', select='i, concat(\'v\', i), i'):
    pipeline.execute(f'INSERT INTO {table} SELECT {select} FROM {numbers(count, start)}')


def test_columns(from_mysql_to_any):
    """Each statement is met by rows before and behind it, one at a time and all at once."""
    pipeline = from_mysql_to_any
    pipeline.create(TABLE)
    pipeline.start()
    rows(pipeline, 1)
    pipeline.execute("ALTER TABLE t ADD COLUMN a varchar(20) DEFAULT 'it''s', ADD b int NOT NULL FIRST")
    pipeline.execute("INSERT INTO t (b, id, v) VALUES (7, 100, 'new')")
    assert pipeline.wait_equal() == {'t': 11}
    assert columns(pipeline) == {'id', 'v', 'n', 'a', 'b'}
    pipeline.execute('ALTER TABLE t CHANGE v w varchar(200), DROP COLUMN n')
    pipeline.execute("UPDATE t SET w = concat(w, '!') WHERE id < 5; DELETE FROM t WHERE id = 6")
    assert pipeline.wait_equal() == {'t': 10}
    assert columns(pipeline) == {'id', 'w', 'a', 'b'}

    # The catalog is ahead of the log for all of these but the last.
    pipeline.first_reader.process.pause()
    pipeline.execute("""
        ALTER TABLE t ADD c1 int DEFAULT 5; INSERT INTO t (b, id, w) VALUES (1, 201, 'c1');
        ALTER TABLE t RENAME COLUMN c1 TO c2; INSERT INTO t (b, id, w, c2) VALUES (1, 202, 'c2', 9);
        ALTER TABLE t DROP COLUMN a, MODIFY c2 bigint; INSERT INTO t (b, id, w, c2) VALUES (1, 203, 'c2', 5000000000);
        ALTER TABLE t DROP COLUMN c2; INSERT INTO t (b, id, w) VALUES (1, 204, 'none');
        ALTER TABLE t ADD c3 varchar(10) AFTER id; INSERT INTO t (b, id, w, c3) VALUES (1, 205, 'c3', 'x')""")
    pipeline.first_reader.process.resume()
    assert pipeline.wait_equal() == {'t': 15}
    assert columns(pipeline) == {'id', 'w', 'b', 'c3'}


def test_tables(from_mysql_to_any):
    """Tables that are made, filled by their own statement, renamed, emptied and dropped; others are left alone."""
    pipeline = from_mysql_to_any
    pipeline.create(TABLE)
    pipeline.start()
    rows(pipeline, 1)
    pipeline.execute("""
        CREATE TABLE made (id int AUTO_INCREMENT PRIMARY KEY, e varchar(10) NOT NULL, UNIQUE KEY (e)); INSERT INTO made (e) VALUES ('a'), ('b');
        CREATE TABLE alike LIKE made; INSERT INTO alike (e) VALUES ('c');
        CREATE TEMPORARY TABLE passing (id int PRIMARY KEY); INSERT INTO passing VALUES (1); ALTER TABLE passing ADD x int; DROP TABLE passing;
        CREATE TABLE filled (PRIMARY KEY (id)) SELECT id, v FROM t WHERE id < 4""")
    assert pipeline.wait_equal() == {'t': 10, 'made': 2, 'alike': 1, 'filled': 3}
    pipeline.execute("""
        RENAME TABLE made TO other, alike TO made, other TO alike; INSERT INTO made (e) VALUES ('d'); INSERT INTO alike (e) VALUES ('e');
        ALTER TABLE filled RENAME TO fuller, ADD x int; INSERT INTO fuller VALUES (9, 'nine', 9);
        TRUNCATE t; INSERT INTO t VALUES (1, 'one', 1)""")
    assert pipeline.wait_equal() == {'t': 1, 'made': 2, 'alike': 3, 'fuller': 4}
    pipeline.execute('DROP TABLE made, fuller; DROP TABLE alike; CREATE TABLE made (k varchar(5) PRIMARY KEY); INSERT INTO made VALUES (1)')
    assert pipeline.wait_equal() == {'t': 1, 'made': 1}
    assert not has_table(pipeline, 'fuller') and not has_table(pipeline, 'alike')
    assert columns(pipeline, 'made') == {'k'}


ONLINE = {
    'gh-ost': """
        CREATE TABLE _t_gho LIKE t; ALTER TABLE _t_gho ADD extra int DEFAULT 3; CREATE TABLE _t_ghc (id int PRIMARY KEY);
        INSERT INTO _t_gho (id, v, n) SELECT id, v, n FROM t; UPDATE t SET v = 'late' WHERE id = 3; REPLACE INTO _t_gho (id, v, n) SELECT id, v, n FROM t WHERE id = 3;
        CREATE TABLE _t_del (id int); DROP TABLE _t_del; RENAME TABLE t TO _t_del, _t_gho TO t; DROP TABLE _t_del; DROP TABLE _t_ghc""",
    'pt-online-schema-change': """
        CREATE TABLE _t_new LIKE t; ALTER TABLE _t_new ADD extra int DEFAULT 3; CREATE TRIGGER ins AFTER INSERT ON t FOR EACH ROW REPLACE INTO _t_new (id, v, n) VALUES (NEW.id, NEW.v, NEW.n);
        INSERT INTO _t_new (id, v, n) SELECT id, v, n FROM t; INSERT INTO t VALUES (1000, 'late', 1);
        RENAME TABLE t TO _t_old, _t_new TO t; DROP TABLE _t_old"""}


@pytest.mark.parametrize('tool', ONLINE)
def test_online_changes(from_mysql, tool):
    """Their own tables stay out of the stream; the table that they swap in is the one it was."""
    from_mysql.create(TABLE)
    from_mysql.start()
    rows(from_mysql, 1)
    from_mysql.execute(ONLINE[tool])
    from_mysql.execute("INSERT INTO t VALUES (2000, 'after', 2, 9)")
    count = from_mysql.source.fetch_one('SELECT count(*) FROM t', dbname=from_mysql.name)
    assert from_mysql.wait_equal() == {'t': count}
    assert columns(from_mysql) == {'id', 'v', 'n', 'extra'}
    tables = from_mysql.fetch_target_rows(f"SELECT table_name FROM information_schema.tables WHERE table_schema = '{from_mysql.name}'")
    assert not [name for name, in tables if name.startswith('_')]


def test_changes_while_the_reader_is_away(from_mysql):
    """What tables looked like is known from before: nothing is lost of several changes, nor told twice."""
    from_mysql.create(TABLE)
    from_mysql.start()
    rows(from_mysql, 1)
    assert from_mysql.wait_equal() == {'t': 10}
    from_mysql.first_reader.stop()
    from_mysql.execute("ALTER TABLE t ADD a int DEFAULT 1; INSERT INTO t VALUES (100, 'a', 1, 2); ALTER TABLE t CHANGE a b bigint, ADD UNIQUE KEY later (b, id)")
    from_mysql.execute("INSERT INTO t VALUES (101, 'b', 1, 5000000000); CREATE TABLE made (id int PRIMARY KEY); INSERT INTO made VALUES (1)")
    from_mysql.first_reader.start()
    assert from_mysql.wait_equal() == {'t': 12, 'made': 1}
    for change in range(3):
        from_mysql.first_reader.process.kill()
        from_mysql.execute(f"ALTER TABLE t ADD c{change} int DEFAULT {change}; INSERT INTO t (id) VALUES ({300 + change})")
        from_mysql.first_reader.start()
        rows(from_mysql, 400 + change, 1, select="i, 'x', i, i, " + ', '.join(['i'] * (change + 1)))
    assert from_mysql.wait_equal() == {'t': 18, 'made': 1}
    assert columns(from_mysql) == {'id', 'v', 'n', 'b', 'c0', 'c1', 'c2'}


MADE_AND_RENAMED = """
    CREATE TABLE tmp_x (a int PRIMARY KEY, v varchar(20) DEFAULT 'd', KEY of_v (v)); INSERT INTO tmp_x (a) VALUES (1), (2); RENAME TABLE tmp_x TO extra; INSERT INTO extra (a) VALUES (3);
    CREATE TABLE empty_x (a int PRIMARY KEY); RENAME TABLE empty_x TO x1, x1 TO x2; INSERT INTO x2 VALUES (1);
    CREATE TABLE chosen (PRIMARY KEY (id)) SELECT id, v FROM t WHERE id < 4; ALTER TABLE chosen RENAME TO picked, ADD n int DEFAULT 7; INSERT INTO picked (id) VALUES (9);
    CREATE TABLE n1 (k int PRIMARY KEY, w text); INSERT INTO n1 VALUES (1, 'n1'); RENAME TABLE a0 TO a_gone, n1 TO a0; INSERT INTO a0 VALUES (2, 'a0');
    CREATE TABLE one (o int PRIMARY KEY); CREATE TABLE two (p varchar(9) PRIMARY KEY); RENAME TABLE one TO aside, two TO one, aside TO two; INSERT INTO one VALUES ('p'); INSERT INTO two VALUES (1);
    CREATE TABLE gone (a int PRIMARY KEY); INSERT INTO gone VALUES (1); ALTER TABLE gone ADD b int; DROP TABLE gone; CREATE TABLE never (a int); ALTER TABLE never ADD b int; DROP TABLE never;
    ALTER TABLE t ADD late int DEFAULT 4; RENAME TABLE t TO moved; INSERT INTO moved (id) VALUES (500)"""


def test_new_tables_get_other_names_while_the_reader_is_away(from_mysql_to_any):
    """The catalog knows nothing any more of the names that their rows came under."""
    pipeline = from_mysql_to_any
    pipeline.create(f'{TABLE}; CREATE TABLE a0 (id int PRIMARY KEY)')
    pipeline.start()
    rows(pipeline, 1)
    pipeline.execute('INSERT INTO a0 VALUES (1)')
    assert pipeline.wait_equal() == {'t': 10, 'a0': 1}
    pipeline.first_reader.stop()
    pipeline.execute(MADE_AND_RENAMED)
    pipeline.first_reader.start()
    assert pipeline.wait_equal() == {'moved': 11, 'extra': 3, 'x2': 1, 'picked': 4, 'a0': 2, 'a_gone': 1, 'one': 1, 'two': 1}
    pipeline.execute("INSERT INTO extra (a) VALUES (4); UPDATE extra SET v = 'e' WHERE a = 1; DELETE FROM a0 WHERE k = 1; INSERT INTO moved (id) VALUES (501)")
    assert pipeline.wait_equal() == {'moved': 12, 'extra': 4, 'x2': 1, 'picked': 4, 'a0': 1, 'a_gone': 1, 'one': 1, 'two': 1}
    assert not has_table(pipeline, 'tmp_x') and not has_table(pipeline, 'gone') and not has_table(pipeline, 'aside')


def test_rows_of_a_new_table_that_nobody_can_read(from_mysql, metadata):
    """Without names in the log they are passed over; the table that has them comes with a stop."""
    metadata('MINIMAL')
    from_mysql.create(TABLE)
    from_mysql.start()
    rows(from_mysql, 1)
    assert from_mysql.wait_equal() == {'t': 10}
    from_mysql.first_reader.stop()
    from_mysql.execute('CREATE TABLE passing (a int PRIMARY KEY); INSERT INTO passing VALUES (1); DROP TABLE passing')
    from_mysql.first_reader.start()
    rows(from_mysql, 101)
    assert from_mysql.wait_equal() == {'t': 20}
    from_mysql.first_reader.stop()
    from_mysql.execute('CREATE TABLE tmp_x (a int PRIMARY KEY); INSERT INTO tmp_x VALUES (1); RENAME TABLE tmp_x TO extra; INSERT INTO extra VALUES (2)')
    from_mysql.first_reader.start()
    from_mysql.writers[0].wait_not_ready('rows came before its structure was known')


def test_a_swap_by_hand_with_a_tools_name(from_mysql):
    """Nobody knows what is in a column that the table came with: the log says so."""
    from_mysql.create(TABLE)
    from_mysql.start()
    rows(from_mysql, 1)
    from_mysql.execute("""CREATE TABLE _t_new LIKE t; ALTER TABLE _t_new ADD extra int; INSERT INTO _t_new SELECT id, v, n, 5 FROM t;
        RENAME TABLE t TO _t_old, _t_new TO t; DROP TABLE _t_old; INSERT INTO t VALUES (100, 'x', 1, 6)""")
    wait_for(lambda: has_table(from_mysql, 't') and 'extra' in columns(from_mysql), 30, 'the new column')
    assert [line for line in from_mysql.first_reader.log().splitlines() if 'has a new column' in line and 'column=extra' in line]
    from_mysql.execute('UPDATE t SET extra = NULL; UPDATE t SET extra = 5')
    assert from_mysql.wait_equal() == {'t': 11}


@pytest.mark.parametrize('statement', [
    'ALTER TABLE t TRUNCATE PARTITION p0', 'ALTER TABLE t DROP PARTITION p0', 'ALTER TABLE t EXCHANGE PARTITION p0 WITH TABLE other'],
    ids=lambda text: text.split()[3].lower())
def test_rows_of_partitions(from_mysql_to_any, statement):
    """What becomes of them is in no event: somebody has to look."""
    pipeline = from_mysql_to_any
    pipeline.create(f'{TABLE} PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (100), PARTITION p1 VALUES LESS THAN (1000)); '
                    f'CREATE TABLE other (id int PRIMARY KEY, v varchar(100), n int)', f'{TABLE}; CREATE TABLE other (id int PRIMARY KEY, v varchar(100), n int)')
    pipeline.start()
    rows(pipeline, 1)
    rows(pipeline, 201)
    pipeline.wait_equal()
    pipeline.execute(statement)
    rows(pipeline, 301)
    pipeline.writers[0].wait_not_ready('took rows away or brought some')


def test_truncate_of_a_table_that_others_refer_to(from_mysql_to_any):
    pipeline = from_mysql_to_any
    pipeline.create('CREATE TABLE t (id int PRIMARY KEY, v varchar(100), n int); CREATE TABLE child (id int PRIMARY KEY, t int, FOREIGN KEY (t) REFERENCES t (id))')
    pipeline.start()
    rows(pipeline, 1)
    pipeline.execute('INSERT INTO child VALUES (1, NULL); SET SESSION foreign_key_checks = 0; TRUNCATE TABLE t; SET SESSION foreign_key_checks = 1; INSERT INTO t VALUES (7, \'again\', 7)')
    assert pipeline.wait_equal() == {'t': 1, 'child': 1}


def test_dropped_database(from_mysql):
    """All of its tables go; one of the same name that comes again is another."""
    from_mysql.create(TABLE)
    from_mysql.start(tables=[f'{from_mysql.name}.*', 'apart.*'])
    from_mysql.source.execute('CREATE DATABASE apart; CREATE TABLE apart.a (id int PRIMARY KEY); INSERT INTO apart.a VALUES (1)')
    from_mysql.wait_caught_up()
    assert from_mysql.fetch_target('SELECT count(*) FROM apart.a') == 1
    from_mysql.source.execute('DROP DATABASE apart')
    wait_for(lambda: not from_mysql.fetch_target("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'apart'"), 30, 'its table to go')
    rows(from_mysql, 1)
    assert from_mysql.wait_equal() == {'t': 10}


@pytest.fixture
def metadata(mysql_source):
    """Sets what table maps tell; the server's own setting comes back."""
    before = mysql_source.fetch_one('SELECT @@binlog_row_metadata')
    yield lambda value: mysql_source.set('binlog_row_metadata', value)
    mysql_source.set('binlog_row_metadata', before)


def test_without_names_in_the_log(from_mysql, metadata):
    """Changes are followed as long as the catalog is not ahead of rows; then the reader says what it needs."""
    metadata('MINIMAL')
    from_mysql.create(TABLE)
    from_mysql.start()
    rows(from_mysql, 1)
    for change in ('ADD a int DEFAULT 5', 'CHANGE v w varchar(200)', 'DROP COLUMN n', 'MODIFY a bigint FIRST'):
        from_mysql.execute(f'ALTER TABLE t {change}')
        from_mysql.wait_caught_up()
        from_mysql.execute("UPDATE t SET w = concat(w, 'x') WHERE id = 1" if 'ADD' not in change else "UPDATE t SET v = 'y' WHERE id = 2")
        assert from_mysql.wait_equal() == {'t': 10}
    assert columns(from_mysql) == {'a', 'id', 'w'}
    from_mysql.first_reader.process.pause()
    from_mysql.execute('ALTER TABLE t ADD b int; UPDATE t SET b = 1; ALTER TABLE t DROP COLUMN b, ADD c varchar(10), ADD d int')
    from_mysql.first_reader.process.resume()
    assert 'binlog_row_metadata = FULL' in from_mysql.first_reader.wait_failed('t_.*table .*t')


def test_changes_in_two_phases(from_mysql):
    """MariaDB can log that an ALTER begins, and later that it was done, or was not."""
    if from_mysql.source.product != 'mariadb':
        pytest.skip('only MariaDB does so')
    from_mysql.create(TABLE)
    from_mysql.start()
    rows(from_mysql, 1)
    from_mysql.execute("""SET SESSION binlog_alter_two_phase = 1; ALTER TABLE t ADD a int DEFAULT 3, ALGORITHM = COPY; INSERT INTO t VALUES (100, 'x', 7000, 2);
        ALTER TABLE t ADD UNIQUE KEY u (n), ADD b int, ALGORITHM = COPY""")
    with pytest.raises(Exception, match='Duplicate|duplicate'):
        from_mysql.execute("""INSERT INTO t VALUES (101, 'x', 7001, 2, 2), (102, 'y', 7002, 2, 2); SET SESSION binlog_alter_two_phase = 1;
            ALTER TABLE t ADD UNIQUE KEY once (a), ADD c int, ALGORITHM = COPY""")
    from_mysql.execute("INSERT INTO t VALUES (103, 'z', 7003, 2, 2)")
    assert from_mysql.wait_equal() == {'t': 14}
    assert columns(from_mysql) == {'id', 'v', 'n', 'a', 'b'}


def test_changes_that_are_not_logged(from_mysql):
    """A table that changed behind the log's back is told of before its next rows."""
    from_mysql.create(TABLE)
    from_mysql.start()
    rows(from_mysql, 1)
    from_mysql.execute('SET SESSION sql_log_bin = 0; ALTER TABLE t ADD a int DEFAULT 4, DROP COLUMN n')
    from_mysql.execute("INSERT INTO t VALUES (100, 'x', 1)")
    assert from_mysql.wait_equal() == {'t': 11}
    assert columns(from_mysql) == {'id', 'v', 'a'}


def test_changes_around_a_copy(from_mysql_to_any):
    """Whether a statement comes before the snapshot, amid the copy or behind it: the target ends with the same."""
    pipeline = from_mysql_to_any
    pipeline.source.execute(f"{TABLE}; CREATE TABLE other (id int PRIMARY KEY); INSERT INTO t SELECT i, 'v', i FROM {numbers(20000)}", dbname=pipeline.name)
    pipeline.convert()
    for change in range(6):
        pipeline.execute(f'ALTER TABLE other ADD c{change} int DEFAULT {change}; INSERT INTO other (id) VALUES ({change})')
    pipeline.execute("ALTER TABLE t ADD late varchar(10) DEFAULT 'x'; UPDATE t SET late = 'y' WHERE id % 1000 = 0; CREATE TABLE made (id int PRIMARY KEY); INSERT INTO made VALUES (1)")
    assert pipeline.wait_equal() == {'t': 20000, 'other': 6, 'made': 1}
    assert columns(pipeline) == {'id', 'v', 'n', 'late'} and len(columns(pipeline, 'other')) == 7


def test_what_rows_have_in_new_columns(from_mysql_to_any):
    """Where the definition does not say it: what the server puts in, and the time of the statement."""
    pipeline = from_mysql_to_any
    pipeline.create(TABLE)
    pipeline.start()
    rows(pipeline, 1)
    pipeline.execute("""ALTER TABLE t ADD i int NOT NULL, ADD w varchar(9) NOT NULL, ADD e enum('x', 'y') NOT NULL, ADD d decimal(5,2) NOT NULL,
        ADD at timestamp DEFAULT CURRENT_TIMESTAMP, ADD made datetime DEFAULT CURRENT_TIMESTAMP, ADD l varchar(9) DEFAULT 'it''s', ADD s int DEFAULT (1 + 2)""")
    assert pipeline.wait_equal() == {'t': 10}
