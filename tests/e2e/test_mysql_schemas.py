"""Whole databases of others, and names that break whoever does not quote, in MariaDB and MySQL: copied and followed, under load and kills."""
import random

import pytest

from harness import schemas
from harness.mixed import Mixed
from harness.pipeline import Load
from harness.wait import wait_for
from test_kills import seed  # noqa: F401 (a fixture)

KILLS = 6
LONG = 120  # seconds; the machine may be busy


def odd_names(server, dbname):
    """A table for each odd name that there can be in MySQL, with columns of two of them, in three schemas."""
    names = [name for name in schemas.ODD_NAMES if not name.endswith(' ') and max(name) <= '\uffff']
    places = ('public', 'odd "schema"', 'Ünï cödé')
    statements = [f'CREATE SCHEMA {schemas.quote(place)}' for place in places[1:]]
    for number, name in enumerate(names):
        key, value = names[(number + 1) % len(names)], names[(number + 7) % len(names)]
        table = f'{schemas.quote(places[number % 3])}.{schemas.quote(name)}'
        statements += [
            f'CREATE TABLE {table} ({schemas.quote(key)} serial PRIMARY KEY, {schemas.quote(value)} text, n numeric(10,2) DEFAULT 1.5)',
            f'CREATE INDEX {schemas.quote("i" + name[:20] + str(number))} ON {table} (n)',
            f"COMMENT ON TABLE {table} IS 'it''s \\ \"quoted\"'",
            f'INSERT INTO {table} ({schemas.quote(value)}) SELECT E\'v\\\\\\t\' || i FROM generate_series(1, 50) i']
    server.execute(';'.join(statements), dbname=dbname)


LOADERS = {'sakila': schemas.sakila, 'chinook': schemas.chinook, 'odd_names': odd_names}


class Hurt:
    """A copy under load, and the ways to hurt it."""

    def __init__(self, pipeline, random_one):
        self.pipeline, self.random = pipeline, random_one
        self.kinds = (self.kill_writer, self.kill_nats, self.kill_target)

    def kill_writer(self):
        writer = self.random.choice(self.pipeline.writers)
        writer.kill()
        writer.start(ready=False)

    def kill_nats(self):
        self.pipeline.nats.kill()
        self.pipeline.nats.start()

    def kill_target(self):
        self.pipeline.target.kill()
        self.pipeline.target.start()

    def kill(self, number):
        """Each kind in turn."""
        self.kinds[number % len(self.kinds)]()


@pytest.mark.parametrize('schema', LOADERS)
def test_schema(to_mysql, schema, seed):  # noqa: F811
    """Every table changes before, during and after the copy; writer, NATS and target are killed in between."""
    LOADERS[schema](to_mysql.source, to_mysql.name)
    mixed = Mixed(to_mysql.source, to_mysql.name, random.Random(seed))
    hurt = Hurt(to_mysql, random.Random(seed + 1))
    with Load(to_mysql.source, to_mysql.name, mixed, pause=0.005) as load:
        load.wait_done(20)
        to_mysql.convert(options={'chunk_bytes': 1 << 20})
        to_mysql.writer(ready=False, name='second')
        for number in range(KILLS // 2):
            load.wait_done(hurt.random.randint(5, 60))
            hurt.kill(number)
        to_mysql.wait_phase(timeout=LONG)
        for number in range(KILLS // 2, KILLS):
            load.wait_done(hurt.random.randint(20, 100))
            hurt.kill(number)
        load.wait_done(100)
    load.check()
    rows = to_mysql.wait_equal(timeout=LONG)
    assert sum(rows.values()) > 1000
    assert all(writer.is_running() for writer in to_mysql.writers)
    wait_for(lambda: any(writer.is_ready() for writer in to_mysql.writers), 30, 'a writer to be ready')


def test_sakila_at_rest(to_mysql):
    """A copy that ends: rows, keys, AUTO_INCREMENT past the largest, foreign keys, the plan's word for what is not carried."""
    schemas.sakila(to_mysql.source, to_mysql.name)
    writer = to_mysql.convert(mode='convert')
    assert writer.wait(LONG) == 0, writer.process.log_tail()
    assert sum(to_mysql.compare().values()) > 40000
    target, database = to_mysql.target, to_mysql.name
    keys = dict(target.fetch('SELECT table_name, group_concat(column_name ORDER BY seq_in_index) FROM information_schema.statistics '
                             "WHERE table_schema = %s AND index_name = 'PRIMARY' GROUP BY table_name", (database,)))
    assert keys['film_actor'] == 'actor_id,film_id' and keys['rental'] == 'rental_id'
    assert target.fetch_one('SELECT count(*) FROM information_schema.referential_constraints WHERE constraint_schema = %s', (database,)) >= 15
    target.execute("INSERT INTO actor (first_name, last_name, last_update) VALUES ('A', 'B', now())", dbname=database)
    assert target.fetch_one("SELECT actor_id FROM actor WHERE first_name = 'A' AND last_name = 'B'", dbname=database) > 200
    with pytest.raises(Exception, match='foreign key'):
        target.execute("INSERT INTO film_actor (actor_id, film_id) VALUES (9999, 1)", dbname=database)
