"""MariaDB's system-versioned tables: their rows of now are what the target has, whatever becomes of their past."""
import pytest

COLUMNS = 'id int PRIMARY KEY, v varchar(20)'
NAMED = 'id int, v varchar(20)'
PERIOD = 'since timestamp(6) GENERATED ALWAYS AS ROW START, until timestamp(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (since, until)'


def test_rows_of_now(from_mysql):
    """Hidden and named columns for the period, with a key and without."""
    if from_mysql.source.product != 'mariadb':
        pytest.skip('only MariaDB has them')
    from_mysql.create(f'CREATE TABLE hidden ({COLUMNS}) WITH SYSTEM VERSIONING; CREATE TABLE named ({NAMED}, {PERIOD}) WITH SYSTEM VERSIONING',
                      f'CREATE TABLE hidden ({COLUMNS}); CREATE TABLE named ({NAMED})')
    from_mysql.start()
    for table in ('hidden', 'named'):
        from_mysql.execute(f"INSERT INTO {table} (id, v) VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd')")
        from_mysql.execute(f"UPDATE {table} SET v = 'x' WHERE id = 1; UPDATE {table} SET id = 30 WHERE id = 3; DELETE FROM {table} WHERE id = 2")
        from_mysql.execute(f"BEGIN; UPDATE {table} SET v = 'y'; SAVEPOINT s; DELETE FROM {table} WHERE id = 4; COMMIT")
        from_mysql.execute(f'DELETE HISTORY FROM {table}')
    from_mysql.wait_caught_up()
    for table in ('hidden', 'named'):
        assert from_mysql.fetch_target_rows(f'SELECT id, v FROM {table} ORDER BY id') == [(1, 'y'), (30, 'y')]
