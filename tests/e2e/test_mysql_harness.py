"""The harness's own tests of MariaDB and MySQL servers, and of the comparison with them; they need no build."""
import contextlib

import pymysql
import pytest

from harness import mysql_compare
from harness.compare import Difference


@pytest.fixture
def sides(source, mysql):
    """A database of one name at both sides, dropped at the end."""
    for server in (source, mysql):
        if not server.is_running():
            server.start()
        server.create_database('pair')
    yield source, mysql
    mysql.drop_databases()
    source.execute('DROP DATABASE pair WITH (FORCE)')


def compare(sides, **options):
    return mysql_compare.compare(*sides, dbname='pair', **options)


def test_life(mysql):
    """Killed and started again it has what was committed; users come over TCP."""
    mysql.create_database('life')
    mysql.execute('CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)', dbname='life')
    mysql.kill()
    assert not mysql.is_running()
    mysql.start()
    assert mysql.fetch_one('SELECT id FROM t', dbname='life') == 1
    with contextlib.closing(pymysql.connect(host='127.0.0.1', port=mysql.port, user='sluice', database='life')) as connection:
        with connection.cursor() as cursor:
            cursor.execute('SELECT @@local_infile, @@innodb_flush_log_at_trx_commit')
            assert cursor.fetchone() == (1, 1)
        assert len(mysql.sessions()) == 1
    mysql.drop_databases()
    assert mysql.databases() == []
    assert mysql.uri('a b', 'u@', 'p:/', ssl_mode='required') == f'mysql://u%40:p%3A%2F@127.0.0.1:{mysql.port}/a%20b?ssl-mode=required'


EQUAL = [
    ('smallint', 'smallint', "'-32768'", '-32768'), ('boolean', 'tinyint(1)', 'true', '1'), ('oid', 'int unsigned', "'4294967295'", '4294967295'),
    ('xid8', 'bigint unsigned', "'18446744073709551615'", '18446744073709551615'),
    ('numeric', 'decimal(65,30)', "'1.10'", '1.1'), ('numeric', 'decimal(65,30)', f"'-{'9' * 35}.{'1' * 30}'", f'-{"9" * 35}.{"1" * 30}'),
    ('money', 'decimal(19,2)', "'-92233720368547758.08'", '-92233720368547758.08'),
    ('real', 'float', "'3.4028235e38'", '3.4028234663852886e38'), ('real', 'float', "'16777217'", '16777216'), ('real', 'float', "'123456.789'", '123456.7890625'),
    ('double precision', 'double', "'5e-324'", '5e-324'), ('double precision', 'double', "'0.1'", '0.1'),
    ('date', 'date', "'0001-01-01'", "'0001-01-01'"), ('timestamp', 'datetime(6)', "'1969-12-31 23:59:59.999999'", "'1969-12-31 23:59:59.999999'"),
    ('timestamptz', 'datetime(6)', "'2024-03-10 02:30:00.5-05'", "'2024-03-10 07:30:00.5'"), ('time', 'time(6)', "'24:00:00'", "'24:00:00'"),
    ('interval', 'longtext', "'1 month -1 day 00:00:00.000001'", "'P1M-1DT0.000001S'"),
    ('text', 'longtext', "' a '", "' a '"), ('char(5)', 'char(5)', "'ab'", "'ab'"), ('uuid', 'char(36)', "'ffffffff-ffff-ffff-ffff-ffffffffffff'",
     "'ffffffff-ffff-ffff-ffff-ffffffffffff'"),
    ('bytea', 'longblob', r"'\x00ff5c'", "x'00ff5c'"), ('bit(13)', 'bit(13)', "B'1010101010101'", "b'1010101010101'"),
    ('jsonb', 'json', "'{\"b\": [1, 2.50, null], \"a\": {}}'", "'{\"a\": {}, \"b\": [1, 2.5, null]}'"),
    ('integer[]', 'json', "'{{1,2},{3,NULL}}'", "'[[1,2],[3,null]]'"), ('text[]', 'json', "'{\"a,b\",NULL,\"NULL\"}'", "'[\"a,b\",null,\"NULL\"]'"),
    ('numeric[]', 'json', "'{NaN,1.50}'", "'[\"NaN\",\"1.50\"]'"), ('boolean[]', 'json', "'{t,f,NULL}'", "'[true,false,null]'"),
    ('point', 'point', "'(-0,1e-300)'", 'point(-0e0,1e-300)'),
]


@pytest.mark.parametrize('kind, column, ours, theirs', EQUAL, ids=[f'{row[0]}-{row[1]}' for row in EQUAL])
def test_equal_values(sides, kind, column, ours, theirs):
    source, mysql = sides
    source.execute(f'CREATE TABLE t (v {kind}); INSERT INTO t VALUES ({ours}), (NULL)', dbname='pair')
    mysql.execute(f'CREATE TABLE t (v {column}); INSERT INTO t VALUES ({theirs}), (NULL)', dbname='pair')
    assert compare(sides) == {'public.t': 2}
    mysql.execute('UPDATE t SET v = NULL', dbname='pair')
    with pytest.raises(Difference, match='1 rows only at the source'):
        compare(sides)


@pytest.mark.parametrize('kind, column, ours, nearest', [
    ('numeric', 'decimal(10,2)', "'1.005'", '1.01'), ('numeric', 'decimal(4,2)', "'-1000'", '-99.99'), ('date', 'date', "'infinity'", "'9999-12-31'"),
    ('timestamp', 'datetime(6)', "'4713-01-01 00:00:00 BC'", "'0001-01-01 00:00:00'"), ('double precision', 'double', "'-Infinity'", '-1.7976931348623157e308'),
    ('text', 'varchar(3)', "'ü漢🐘x'", "'ü漢🐘'")], ids=('digits', 'range', 'date', 'moment', 'infinity', 'length'))
def test_values_that_are_not_held(sides, kind, column, ours, nearest):
    source, mysql = sides
    source.execute(f'CREATE TABLE t (v {kind}); INSERT INTO t VALUES ({ours})', dbname='pair')
    mysql.execute(f'CREATE TABLE t (v {column}) CHARSET utf8mb4; INSERT INTO t VALUES ({nearest})', dbname='pair')
    with pytest.raises(Difference, match='cannot have'):
        compare(sides)
    assert compare(sides, policy='clamp') == {'public.t': 1}
    mysql.execute('UPDATE t SET v = NULL', dbname='pair')
    assert compare(sides, policy='null') == {'public.t': 1}


def test_differences(sides):
    """Doubled rows, case, trailing blanks and domains are told apart; schemas are databases."""
    source, mysql = sides
    source.execute('CREATE DOMAIN d AS text; CREATE DOMAIN e AS int[]; CREATE TABLE t (v d, w e, x d[]); CREATE SCHEMA "o""s"; CREATE TABLE "o""s"."Odd`" (i int);'
                   "INSERT INTO t VALUES ('a', '{1}', '{b}'), ('a', '{1}', '{b}')", dbname='pair')
    mysql.execute("CREATE TABLE t (v longtext, w json, x json) CHARSET utf8mb4; INSERT INTO t VALUES ('a', '[1]', '[\"b\"]')", dbname='pair')
    mysql.execute('CREATE DATABASE `o"s`; CREATE TABLE `o"s`.`Odd``` (i int)')
    with pytest.raises(Difference, match='2 rows at the source, 1 at the target'):
        compare(sides)
    mysql.execute('INSERT INTO t SELECT * FROM t', dbname='pair')
    assert compare(sides) == {'"o""s"."Odd`"': 0, 'public.t': 2}
    for other in ('A', 'a '):
        mysql.execute('UPDATE t SET v = %s LIMIT 1', (other,), dbname='pair')
        with pytest.raises(Difference, match='1 rows only at the target'):
            compare(sides)
