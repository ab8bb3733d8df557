"""A shop that moves from MariaDB to PostgreSQL while people buy: copy, hand-over, comparison. Started by deploy/demo with DEMO=mysql."""
import contextlib
import itertools
import random
import sys
import threading
import time

import psycopg2
import pymysql
from demo import CONF, HERE, bytes_text, hand_over, run, say

from harness import compare
from harness.mysql_reader import ROOM
from harness.mysql_source import SourceMySQL
from harness.mysql_source_pipeline import MySQLLoad, MySQLToPostgres
from harness.nats import NatsServer
from harness.postgres import Postgres

SHOP = 'shop'
SOURCE = {'innodb-buffer-pool-size': '256M', 'max-allowed-packet': '64M'}
CLIENTS = 3
LINE_SECONDS = 0.5
COPY_TIMEOUT = 300  # seconds
TICK_SECONDS = 0.05
TICK_TIMEOUT = 60
CUSTOMERS, PRODUCTS, ORDERS = 20000, 2000, 40000

SIZE = 'SELECT count(*), sum(table_rows), sum(data_length + index_length) FROM information_schema.tables WHERE table_schema = %s'

# {kind: how many} of keys and indexes, at either side.
KEYS_OF_MARIADB = """
SELECT CASE WHEN index_name = 'PRIMARY' THEN 'primary key' WHEN non_unique THEN 'index' ELSE 'unique index' END, count(*)
FROM information_schema.statistics WHERE table_schema = %s AND seq_in_index = 1 GROUP BY 1
"""
KEYS_OF_POSTGRESQL = """
SELECT CASE WHEN indisprimary THEN 'primary key' WHEN indisunique THEN 'unique index' ELSE 'index' END, count(*)
FROM pg_index JOIN pg_class c ON c.oid = indrelid WHERE c.relnamespace = %s::regnamespace GROUP BY 1
"""
FOREIGN_KEYS = """
SELECT 'foreign key', count(*) FROM information_schema.table_constraints WHERE table_schema = %s AND constraint_type = 'FOREIGN KEY'
"""


class Shopper:
    """One transaction of a customer, of any of the shop's tables."""

    def __init__(self, seed):
        self._random = random.Random(seed)

    def __call__(self, cursor, number):
        chance = self._random.random()
        customer, product, order = (self._random.randint(1, most) for most in (CUSTOMERS, PRODUCTS, ORDERS))
        cursor.execute('BEGIN')
        if chance < 0.4:
            self._buy(cursor, customer, product)
        elif chance < 0.7:
            cursor.execute('UPDATE orders SET state = 1 + floor(rand() * 5) WHERE id = %s', (order,))
        elif chance < 0.8:
            cursor.execute("UPDATE customers SET address = json_set(address, '$.street', md5(rand())), balance = balance + 1, interests = interests ^ 1 WHERE id = %s",
                           (customer,))
        elif chance < 0.9:
            cursor.execute("INSERT INTO visits VALUES (now(), %s, concat('/p/', %s), rand() * 60, '2001:db8::1', uuid())", (customer, product))
            cursor.execute('DELETE FROM visits LIMIT 1')
        else:
            cursor.execute('DELETE FROM items WHERE ordered = %s', (order,))
            cursor.execute('DELETE FROM orders WHERE id = %s', (order,))
        cursor.execute('COMMIT' if chance < 0.98 else 'ROLLBACK')

    @staticmethod
    def _buy(cursor, customer, product):
        cursor.execute("INSERT INTO orders (customer, state, ordered_at, deliver_at) VALUES (%s, 'paid', now(6), '18:30:00')", (customer,))
        order = cursor.lastrowid
        cursor.execute("UPDATE stock SET amount = amount - 1, counted = now(3) WHERE place = 'north' AND product = %s", (product,))
        cursor.execute('INSERT INTO items VALUES ' + ', '.join(f'({order}, {line}, {product}, 1, 9.99)' for line in range(3)))


class Clock(threading.Thread):
    """How far the target is behind, seen from outside: how long a row that was changed takes to be seen there."""

    def __init__(self, pipeline):
        super().__init__(daemon=True)
        self._pipeline = pipeline
        self._end = threading.Event()
        self._began = None  # of the tick under way
        self._last = 0.0
        pipeline.execute('REPLACE INTO clock VALUES (1, 0)')

    def stop(self):
        self._end.set()
        self.join()

    def run(self):
        # A demo that failed ends the servers under these connections.
        with contextlib.suppress(psycopg2.Error, pymysql.Error), self._pipeline.source.cursor(SHOP) as source, self._pipeline.target.cursor(SHOP) as target:
            for tick in itertools.count(1):
                source.execute(f'UPDATE clock SET tick = {tick}')
                self._began = time.monotonic()
                while not self._end.is_set() and not self._seen(target, tick):
                    time.sleep(0.001)
                self._last, self._began = time.monotonic() - self._began, None
                if self._end.wait(TICK_SECONDS):
                    return

    @staticmethod
    def _seen(cursor, tick):
        cursor.execute('SELECT tick FROM clock')
        return cursor.fetchone() == (tick,)

    def now(self):
        """Milliseconds."""
        began = self._began
        return 1000 * max(self._last, time.monotonic() - began if began else 0)


class Demo:
    def __init__(self, seconds):
        self.seconds = seconds
        self.source = SourceMySQL('mariadb-10.11', name='source')
        self.source.conf.update(SOURCE)
        self.target = Postgres(conf=CONF, name='target')
        self.nats = NatsServer()
        self.pipeline = self.reader = self.writer = None
        self.shoppers = MySQLLoad(self.source, SHOP, Shopper(1), CLIENTS, pause=0.002)

    def start(self):
        for server in (self.source, self.target, self.nats):
            server.start()
        say(f'MariaDB, PostgreSQL and NATS server run below {self.source.folder.parent}')
        self.pipeline = MySQLToPostgres(self.source, self.target, self.nats, SHOP)
        self.source.execute((HERE / 'demo_shop_mysql.sql').read_text(), dbname=SHOP)
        tables, rows, size = self.source.fetch_one(SIZE, (SHOP,))
        say(f'the shop has {tables} tables, {int(rows):,} rows, {bytes_text(int(size))}; the target is empty')

    def convert(self):
        """People buy all the while; a line of progress now and then until the target has indexes and keys."""
        self.shoppers.__enter__()
        self.shoppers.wait_done(50)
        say(f'{CLIENTS} clients are buying; the stream starts: a copy, then every change since')
        started = time.monotonic()
        self.writer = self.pipeline.convert(reader_args=('--chunk-bytes', '1MB'))
        self.reader = self.pipeline.first_reader
        print('   time   phase at the target   rows there   transactions meanwhile', flush=True)
        for line in itertools.count(1):
            phase = self.phase()
            print(f'  {time.monotonic() - started:5.1f}   {phase or "-":<19}   {self.rows_loaded():10,}   {self.shoppers.done:12,}', flush=True)
            if phase == 'done':
                break
            self.check()
            if time.monotonic() > started + COPY_TIMEOUT:
                raise RuntimeError(f'the copy is not whole after {COPY_TIMEOUT} s; the reader says {self.pipeline.status()}')
            time.sleep(max(0, started + line * LINE_SECONDS - time.monotonic()))
        say(f'copied with indexes and keys in {time.monotonic() - started:.1f} s; from here on the target follows')

    def phase(self):
        row = self.pipeline.load_row()
        return row and row['phase']

    def rows_loaded(self):
        if self.phase() is None:
            return 0
        return int(self.target.fetch_one('SELECT coalesce(sum(rows), 0) FROM sluice.load_chunk WHERE stream = %s', (SHOP,), SHOP))

    def check(self):
        self.shoppers.check()
        for program in (self.reader, self.writer):
            program.process.check_running()

    def follow(self):
        """The reader is killed on the way."""
        clock = Clock(self.pipeline)
        clock.start()
        print('   time   transactions         lag', flush=True)
        for second in range(1, self.seconds + 1):
            if second == self.seconds // 2:
                self.reader.kill()
                say('killed the reader (SIGKILL), and started it again: it waits for its lease and goes on where it was')
                self.reader.start(ready=False)
            time.sleep(1)
            self.check()
            print(f'  {second:3d} s   {self.shoppers.done:12,}   {clock.now():6,.0f} ms', flush=True)
        clock.stop()
        self.shoppers.stop()
        self.check()
        self.pipeline.wait_caught_up(timeout=120)
        say(f'{self.shoppers.done:,} transactions were made since the start of the copy; the target has all of them')

    def compare(self):
        ours, theirs = (dict(server.fetch(keys, (SHOP,), SHOP) + server.fetch(FOREIGN_KEYS, (SHOP,), SHOP))
                        for server, keys in ((self.source, KEYS_OF_MARIADB), (self.target, KEYS_OF_POSTGRESQL)))
        if ours != theirs:
            raise compare.Difference(f'keys at the source: {ours}, at the target: {theirs}')
        say('at both sides: ' + ', '.join(f'{kind}: {count}' for kind, count in sorted(ours.items())))
        rows = self.pipeline.wait_equal()
        print(f'  {"table":<24}{"rows":>10}')
        for table, count in rows.items():
            print(f'  {table:<24}{count:>10,}')

    def take_over(self):
        hand_over((self.reader, self.writer), self.nats, SHOP, 'convert+cdc', self.source.uri(SHOP, scheme='mariadb', ssl_mode='disabled'),
                  self.target.uri(SHOP), [f'{SHOP}.*'], ('--source-option', f'max_bytes={ROOM}'))

    def stop(self):
        """The guard of the harness would do as well; this says so when something does not end."""
        for server in (self.nats, self.target, self.source):
            server.remove()


if __name__ == '__main__':
    sys.exit(run(Demo, ('start', 'convert', 'follow', 'compare', 'take_over', 'stop'), 'nothing of the system is touched'))
