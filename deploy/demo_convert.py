"""A shop that moves to another server while people buy: copy, hand-over, comparison. Started by deploy/demo with DEMO=convert."""
import itertools
import random
import sys
import time

from demo import CONF, HERE, PRIVATE_EXTENSION, STREAM, Lag, bytes_text, hand_over, run, say

from harness import catalogs
from harness.compare import compare, wait_caught_up
from harness.installation import installed_bin
from harness.nats import NatsServer
from harness.pipeline import Load
from harness.postgres import Postgres, Source
from harness.schemas import roots
from harness.stream import create_stream, stream_row
from harness.wait import wait_for
from harness.writer import Writer

DATABASE = 'postgres'
CLIENTS = 3
LINE_SECONDS = 0.5
COPY_TIMEOUT = 300  # seconds
SEQUENCES_TIMEOUT = 30
OPTIONS = {'chunk_bytes': 1 << 20}  # small, so that there is a progress to be seen

LOAD = "SELECT phase, generation FROM sluice.load WHERE stream = %s"


class Shopper:
    """One transaction of a customer, of any of the shop's tables."""

    def __init__(self, seed):
        self._random = random.Random(seed)

    def __call__(self, cursor, number):
        chance = self._random.random()
        customer, product, order = (self._random.randint(1, most) for most in (20000, 2000, 40000))
        if chance < 0.4:
            self.buy(cursor, customer, product)
        elif chance < 0.7:
            cursor.execute("UPDATE orders SET state = (enum_range(NULL::order_state))[1 + floor(random() * 5)] WHERE id = %s", (order,))
        elif chance < 0.8:
            cursor.execute("UPDATE customers SET address = address || jsonb_build_object('street', md5(random()::text)), balance = balance + 1::money "
                           "WHERE id = %s", (customer,))
        elif chance < 0.9:
            cursor.execute("INSERT INTO visits VALUES (now(), %s, '/p/' || %s, random() * 60); DELETE FROM visits WHERE ctid = "
                           "(SELECT ctid FROM visits_2025 LIMIT 1) AND tableoid = 'visits_2025'::regclass", (customer, product))
        else:
            cursor.execute("DELETE FROM orders WHERE id = %s", (order,))

    @staticmethod
    def buy(cursor, customer, product):
        cursor.execute("WITH o AS (INSERT INTO orders (customer, state, ordered_at) VALUES (%(c)s, 'paid', now()) RETURNING id), "
                       "s AS (UPDATE warehouse.stock SET amount = amount - 1 WHERE place = 'north' AND product = %(p)s) "
                       "INSERT INTO items SELECT o.id, l, %(p)s, 1, 9.99 FROM o, generate_series(1, 3) l", {'c': customer, 'p': product})


class Demo:
    def __init__(self, seconds):
        self.seconds = seconds
        self.source = Source(conf={**CONF, 'sluice.sequence_interval': '1'}, name='source', programs=installed_bin())
        self.target = Postgres(conf=CONF, name='target')
        self.nats = NatsServer()
        self.writer = Writer(STREAM, self.nats, self.target)
        self.shoppers = Load(self.source, DATABASE, Shopper(1), CLIENTS, pause=0.002)

    def start(self):
        for server in (self.source, self.target, self.nats):
            server.start()
        say(f'source, target and NATS server run below {self.source.folder.parent}')
        self.source.execute((HERE / 'demo_shop.sql').read_text())
        size, rows = self.source.fetch_one("SELECT pg_database_size(current_database()), sum(n_live_tup)::bigint FROM pg_stat_user_tables")
        say(f'the shop has {len(roots(self.source, DATABASE))} tables, {rows or 0:,} rows, {bytes_text(size)}; the target is empty')

    def convert(self):
        """People buy all the while; a line of progress now and then until the target has indexes and keys."""
        self.shoppers.__enter__()
        self.shoppers.wait_done(50)
        say(f'{CLIENTS} clients are buying; the stream starts: a copy, then every change since its snapshot')
        started = time.monotonic()
        create_stream(self.source, self.nats, STREAM, roots(self.source, DATABASE), mode='convert+cdc', options=OPTIONS)
        self.writer.start(ready=False)
        print('   time   phase at the target   chunks   transactions meanwhile', flush=True)
        for line in itertools.count(1):
            phase = self.phase()
            chunks = self.source.fetch_one('SELECT count(*) FROM sluice.copy_done WHERE stream = %s', (STREAM,))
            print(f'  {time.monotonic() - started:5.1f}   {phase or "-":<19}   {chunks:6,}   {self.shoppers.done:12,}', flush=True)
            if phase == 'done':
                break
            self.check(started)
            time.sleep(max(0, started + line * LINE_SECONDS - time.monotonic()))
        say(f'copied with indexes, keys and sequences in {time.monotonic() - started:.1f} s; from here on the target follows')

    def phase(self):
        if self.target.fetch_one("SELECT to_regclass('sluice.load') IS NULL"):
            return None
        rows = self.target.fetch(LOAD, (STREAM,))
        return rows[0][0] if rows else None

    def check(self, started=None):
        self.shoppers.check()
        if not self.writer.is_running():
            raise RuntimeError(f'the writer ended by itself with {self.writer.process.exit_status()}')
        if started and time.monotonic() > started + COPY_TIMEOUT:
            raise RuntimeError(f'the copy is not whole after {COPY_TIMEOUT} s; the stream is {stream_row(self.source, STREAM)}')

    def follow(self):
        lag = Lag(self.source, self.target)
        lag.start()
        print('   time   transactions   lag bytes         lag', flush=True)
        for second in range(1, self.seconds + 1):
            time.sleep(1)
            self.check()
            lag_bytes, lag_ms = lag.now()
            print(f'  {second:3d} s   {self.shoppers.done:12,}   {bytes_text(lag_bytes):>9}   {lag_ms:6,.0f} ms', flush=True)
        lag.stop()
        self.shoppers.stop()
        self.check()
        wait_caught_up(self.source, self.target, STREAM, timeout=120)
        say(f'{self.shoppers.done:,} transactions were made since the start of the copy; the target has all of them')

    def compare(self):
        # Values of sequences come once a second, and are compared with the rest.
        wait_for(lambda: not catalogs.differences(self.source, self.target, DATABASE), SEQUENCES_TIMEOUT,
                 lambda: 'the same structure:\n' + '\n'.join(catalogs.differences(self.source, self.target, DATABASE)))
        things = catalogs.compare(self.source, self.target, DATABASE)
        say(f'{things:,} properties of tables, columns, indexes, constraints, types and sequences are the same')
        rows = compare(self.source, self.target)
        print(f'  {"table":<24}{"rows":>10}')
        for table, count in rows.items():
            print(f'  {table:<24}{count:>10,}')

    def take_over(self):
        hand_over((self.writer,), self.nats, STREAM, 'convert+cdc', self.source.uri(), self.target.uri(), roots(self.source, DATABASE))

    def stop(self):
        """The guard of the harness would do as well; this says so when something does not end."""
        for server in (self.nats, self.target, self.source):
            server.remove()


if __name__ == '__main__':
    sys.exit(run(Demo, ('start', 'convert', 'follow', 'compare', 'take_over', 'stop'), PRIVATE_EXTENSION))
