"""MySQL and MariaDB servers with a binary log, and the comparison with what came of them; no build is needed."""
import contextlib
import random

import pytest

from harness import mysql_source_bank, servers
from harness.compare import Difference
from harness.mysql_bank import BOOKS
from harness.mysql_source import SourceMySQL, numbers
from harness.mysql_source_compare import compare_table
from harness.mysql_source_pipeline import MySQLLoad

FLAVOURS = servers.MYSQL_FLAVOURS

# One of each family, with what is easily lost.
TYPES = """
CREATE TABLE t (id int PRIMARY KEY, tiny tinyint(1), big bigint unsigned, dec_ decimal(30,10), f float, d double, y year, b bit(10), c char(10), v varchar(50),
    x text CHARACTER SET latin1, e enum('a','b,c'), s set('x','y','z'), raw varbinary(20), fixed binary(4), day date, at datetime(3), seen timestamp(6) NULL,
    span time(2), doc json, place point);
INSERT INTO t VALUES (1, 1, 18446744073709551615, 12345678901234567890.0123456789, 16777217, 0.1, 2024, b'1000000001', 'hi', 'ü🐘', 'é', 'b,c', 'x,z', x'00ff', x'01',
    '2024-02-29', '2024-02-29 13:14:15.678', '2024-02-29 13:14:15.000001', '-838:59:58.25', '{"a": [1, 2.50, null]}', ST_GeomFromText('POINT(1 2)')),
    (2, NULL, 0, -0.5, -0.5, 1e300, 1901, b'0', '', ' ', '', NULL, '', '', '', '1000-01-01', '9999-12-31 23:59:59.999', NULL, '00:00:00.01', '"x"', NULL);
SET sql_mode = '';
INSERT INTO t (id, day, at) VALUES (3, '0000-00-00', '0000-00-00 00:00:00')
"""
AS_POSTGRES = """
CREATE TABLE t (id int PRIMARY KEY, tiny boolean, big numeric(20,0), dec_ numeric(30,10), f real, d double precision, y smallint, b bit(10), c varchar(10), v varchar(50),
    x text, e text, s text[], raw bytea, fixed bytea, day date, at timestamp(3), seen timestamptz(6), span interval, doc jsonb, place bytea);
INSERT INTO t VALUES (1, true, 18446744073709551615, 12345678901234567890.0123456789, 16777216, 0.1, 2024, B'1000000001', 'hi', 'ü🐘', 'é', 'b,c', '{x,z}', '\\x00ff', '\\x01000000',
    '2024-02-29', '2024-02-29 13:14:15.678', '2024-02-29 13:14:15.000001+00', '-838:59:58.25', '{"a": [1, 2.5, null]}',
    '\\x0101000000000000000000f03f0000000000000040'),
    (2, NULL, 0, -0.5, -0.5, 1e300, 1901, B'0000000000', '', ' ', '', NULL, '{}', '', '\\x00000000', '1000-01-01', '9999-12-31 23:59:59.999', NULL, '00:00:00.01', '"x"', NULL);
INSERT INTO t (id) VALUES (3)
"""

# What must be seen as a difference, at PostgreSQL.
CHANGES = ('tiny = NOT tiny', 'big = big - 1', 'dec_ = dec_ + 0.0000000001', 'f = f + 2', 'd = 0.1000000000000001', "b = B'1000000000'", "v = v || ' '",
           "e = 'a'", "s = '{x}'", "raw = '\\x00fe'", "fixed = '\\x01'", "day = day + 1", "at = at + interval '1 ms'", "seen = seen + interval '1 us'",
           "span = span + interval '10 ms'", """doc = '{"a": [1, 2.51, null]}'""", "place = NULL", 'id = 9')


def types_compared(pipeline, **options):
    return compare_table(pipeline.source, pipeline.target, (pipeline.name, 't'), pipeline.name, **options)


def test_values_at_postgres(from_mysql):
    from_mysql.execute(TYPES)
    from_mysql.at_target(AS_POSTGRES)
    assert types_compared(from_mysql) == 3
    with pytest.raises(Difference):
        types_compared(from_mysql, zero_dates='infinity')
    from_mysql.at_target("UPDATE t SET day = '-infinity', at = '-infinity' WHERE id = 3")
    assert types_compared(from_mysql, zero_dates='infinity') == 3
    for change in CHANGES:
        from_mysql.at_target(f'DELETE FROM t; {AS_POSTGRES[AS_POSTGRES.index("INSERT"):]}; UPDATE t SET {change} WHERE id = 1')
        with pytest.raises(Difference, match='1 rows only at the target'):
            types_compared(from_mysql)


@pytest.mark.parametrize('from_mysql_to_any', FLAVOURS, indirect=True)
def test_values_at_mysql(from_mysql_to_any):
    from_mysql_to_any.create(TYPES)
    assert types_compared(from_mysql_to_any, zero_dates='infinity') == 3
    from_mysql_to_any.at_target("UPDATE t SET f = f + 2, doc = '{}' WHERE id = 1")
    with pytest.raises(Difference, match='1 rows only at the target'):
        types_compared(from_mysql_to_any)


def test_log(mysql_source):
    """Files come, and go."""
    mysql_source.create_database('log')
    mysql_source.execute(f'CREATE TABLE t (i int); INSERT INTO t SELECT i FROM {numbers(5000)}', dbname='log')
    assert mysql_source.fetch_one('SELECT sum(i) FROM t', dbname='log') == 5000 * 5001 / 2
    executed, files = mysql_source.executed(), mysql_source.logs()
    assert executed and mysql_source.position()[0] == files[-1]
    mysql_source.flush_logs(3)
    assert len(mysql_source.logs()) == len(files) + 3 and mysql_source.executed() == executed
    mysql_source.purge_logs()
    assert len(mysql_source.logs()) == 1
    mysql_source.kill()
    mysql_source.start()
    assert mysql_source.executed() == executed
    mysql_source.reset_logs()
    assert mysql_source.executed() == ''
    mysql_source.drop_databases()


@pytest.mark.parametrize('flavour', FLAVOURS)
def test_replica(flavour):
    """It has the same transactions under the same numbers, and stands alone when its source is gone."""
    with contextlib.ExitStack() as started:
        first, second = (SourceMySQL(flavour, name=name) for name in ('first', 'second'))
        for server in (first, second):
            started.callback(server.remove)
            server.start()
        first.execute('CREATE DATABASE a; CREATE TABLE a.t (i int); INSERT INTO a.t VALUES (1)')
        second.follow(first)
        assert second.fetch_one('SELECT i FROM a.t') == 1
        first.execute('INSERT INTO a.t VALUES (2)')
        executed = first.executed()
        second.wait_has(executed)
        first.kill()
        second.leave()
        second.execute('INSERT INTO a.t VALUES (3)')
        second.wait_has(executed)
        assert second.fetch_one('SELECT sum(i) FROM a.t') == 6


def test_bank_agrees_with_itself(from_mysql, mysql_source):
    """Its clients' transactions leave the books as they should be, prepared ones of a killed server too."""
    mysql_source.execute(mysql_source_bank.SCHEMA, dbname=from_mysql.name)
    mysql_source_bank.open_accounts(mysql_source, from_mysql.name)
    client = mysql_source_bank.Client(random.Random(1))
    with MySQLLoad(mysql_source, from_mysql.name, client, 4) as load:
        load.wait_done(300)
        mysql_source.kill()
        mysql_source.start()
        mysql_source.end_prepared()
        load.wait_done(300)
    load.check()
    accounts, total, disagreeing, _, _ = mysql_source.fetch_one(BOOKS, dbname=from_mysql.name)
    assert (accounts, total, disagreeing) == (50, 50000, 0)
