"""sakila and chinook from MariaDB and MySQL to targets of every kind: copied and followed, under load and kills; and at rest."""
import random

import pytest

from harness import mysql_samples
from harness.mysql_mixed import Mixed
from harness.mysql_source_pipeline import MySQLLoad
from test_kills import seed  # noqa: F401 (a fixture)

LONG = 180  # seconds; the machine may be busy
LOADERS = {'sakila': mysql_samples.sakila, 'chinook': mysql_samples.chinook}
SMALL_CHUNKS = ('--chunk-bytes', '1MB')


@pytest.mark.parametrize('sample', LOADERS)
def test_sample_under_load_and_kills(from_mysql_to_any, sample, seed):  # noqa: F811
    """Every table changes before, during and after the copy; reader, writer and NATS are killed in between."""
    pipeline = from_mysql_to_any
    LOADERS[sample](pipeline.source, pipeline.name)
    choose = random.Random(seed)
    mixed = Mixed(pipeline.source, pipeline.name, random.Random(seed + 1))
    with MySQLLoad(pipeline.source, pipeline.name, mixed, pause=0.005) as load:
        load.wait_done(20)
        writer = pipeline.convert(reader_args=SMALL_CHUNKS)
        reader = pipeline.first_reader
        for phase in ('while it copies', 'while it streams'):
            for program in (reader, writer, pipeline.nats):
                load.wait_done(choose.randint(5, 40))
                program.kill()
                if program is pipeline.nats:
                    program.start()
                else:
                    program.start(ready=False)
            if phase == 'while it copies':
                pipeline.wait_phase(timeout=LONG)
        load.wait_done(60)
    load.check()
    assert len(mixed.touched) == len(mixed.tables), f'not changed: {[table.name for table in mixed.tables if table.name not in mixed.touched]}'
    rows = pipeline.wait_equal(timeout=LONG)
    assert sum(rows.values()) > 10000


def test_sakila_at_rest(from_mysql_to_any):
    """A copy that ends: rows, keys, numbers past the largest, foreign keys."""
    pipeline = from_mysql_to_any
    mysql_samples.sakila(pipeline.source, pipeline.name)
    writer = pipeline.convert(mode='convert')
    assert writer.wait(LONG) == 0, writer.process.log_tail()
    assert pipeline.first_reader.wait(30) == 0
    rows = pipeline.compare()
    assert len(rows) == 16 and sum(rows.values()) > 45000
    insert = "INSERT INTO actor (first_name, last_name, last_update) VALUES ('A', 'B', '2026-01-01')"
    pipeline.target.execute(insert, dbname=pipeline.name)
    assert pipeline.fetch_target("SELECT actor_id FROM actor WHERE first_name = 'A' AND last_name = 'B'") > 200
    keys = ("SELECT count(*) FROM information_schema.table_constraints WHERE table_schema = %s AND constraint_type = 'FOREIGN KEY'", (pipeline.name,))
    assert pipeline.fetch_target(*keys) == pipeline.source.fetch_one(*keys) > 15
    with pytest.raises(Exception, match='foreign key'):
        pipeline.target.execute("INSERT INTO film_actor (actor_id, film_id, last_update) VALUES (9999, 1, '2026-01-01')", dbname=pipeline.name)


def test_sakila_as_postgresql_has_it(from_mysql):
    """What types and properties become there."""
    mysql_samples.sakila(from_mysql.source, from_mysql.name)
    writer = from_mysql.convert(mode='convert')
    assert writer.wait(LONG) == 0, writer.process.log_tail()
    kinds = dict(from_mysql.fetch_target_rows("SELECT table_name || '.' || column_name, format_type(a.atttypid, a.atttypmod) FROM information_schema.columns c "
                                              'JOIN pg_attribute a ON a.attrelid = format(\'%%I.%%I\', table_schema, table_name)::regclass AND a.attname = column_name '
                                              'WHERE table_schema = %s', (from_mysql.name,)))
    assert kinds['film.special_features'] == 'text[]'
    assert kinds['film.release_year'] == 'smallint'
    assert kinds['film.rental_rate'] == 'numeric(4,2)'
    assert kinds['staff.active'] == 'boolean'
    assert kinds['staff.picture'] == 'bytea'
    assert kinds['rental.rental_date'] == 'timestamp(0) without time zone'
    assert kinds['rental.last_update'] == 'timestamp(0) with time zone'
    assert kinds['actor.actor_id'] == kinds['film_actor.actor_id'], 'joined by a foreign key'
    with pytest.raises(Exception, match='check constraint'):
        from_mysql.at_target("UPDATE film SET rating = 'X' WHERE film_id = 1")
