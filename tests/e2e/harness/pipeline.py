"""A stream from a source's database to a target's of the same name, with its writers."""
import threading
import time

import psycopg2

from . import compare, process, schemas
from .stream import create_stream, stream_row, wait_state
from .wait import wait_for
from .writer import Writer


class Pipeline:
    """Databases of its own at both sides, one stream of the same name, any number of writers.

    Nothing is made before it is asked for: create() makes tables, start() the
    stream and a writer. close() ends writers and drops the stream.
    """

    def __init__(self, source, target, nats, name):
        self.source, self.target, self.nats, self.name = source, target, nats, name
        self.writers = []
        self.created = False
        for server in (source, target):
            server.create_database(name)

    # -- making it -------------------------------------------------------

    def create(self, sql):
        """Runs statements at both sides."""
        self.source.execute(sql, dbname=self.name)
        self.target.execute(sql, dbname=self.name)

    def stream(self, tables=None, start=True, options=None, settings=None, mode=None, publication=None):
        """Creates the stream; tables None means all there are, or what the publication has."""
        tables = tables or compare.user_tables(self.source, self.name)
        self.created = True
        create_stream(self.source, self.nats, self.name, tables, self.name, start, options, settings, mode, publication)
        return self

    def writer(self, *args, start=True, ready=True, target=None, name='writer', **options):
        """A writer with more flags, started unless told otherwise."""
        writer = Writer(self.name, self.nats, target or self.target, args, dbname=self.name, name=name, **options)
        self.writers.append(writer)
        return writer.start(ready) if start else writer

    def start(self, *args, tables=None, options=None):
        """The stream, and a writer, which is given back."""
        self.stream(tables, options=options)
        return self.writer(*args)

    def convert(self, *args, mode='convert+cdc', tables=None, options=None, publication=None, **writer_options):
        """A stream that copies first, of all tables there are with their partitions, and a writer, which is given back."""
        self.stream(tables or schemas.roots(self.source, self.name), options=options, mode=mode, publication=publication)
        return self.writer(*args, ready=False, **writer_options)

    def close(self):
        for writer in self.writers:
            writer.remove()
            process.processes.remove(writer.process)  # the next test's failure is not about it
        if self.created and self.source.is_running() and self.status():
            self.source.execute('SELECT sluice.drop_stream(%s)', (self.name,), self.name)

    # -- the source ------------------------------------------------------

    def execute(self, sql, args=None):
        """Runs statements at the source."""
        self.source.execute(sql, args, self.name)

    def call(self, function):
        """A function of the extension about this stream: pause_stream, ..."""
        self.execute(f'SELECT sluice.{function}(%s)', (self.name,))

    def status(self):
        """The row of sluice.stat_streams; None without a stream."""
        return stream_row(self.source, self.name, self.name)

    def wait_state(self, state, timeout=30):
        wait_state(self.source, self.name, state, self.name, timeout)

    def wait_status(self, condition, what, timeout=30):
        """Waits until condition(row of sluice.stat_streams) is true and gives the row."""
        last = {}

        def reached():
            last['row'] = self.status()
            return last['row'] and condition(last['row'])
        wait_for(reached, timeout, lambda: f'{what}; the stream is {last["row"]}')
        return last['row']

    # -- the target ------------------------------------------------------

    def at_target(self, sql, args=None):
        """Runs statements at the target."""
        self.target.execute(sql, args, self.name)

    def fetch_target(self, sql, args=None):
        return self.target.fetch_one(sql, args, self.name)

    def load_row(self):
        """The stream's row of the target's sluice.load as a dict, without the document; None before there is one."""
        if self.fetch_target("SELECT to_regclass('sluice.load') IS NULL"):
            return None
        rows = self.target.fetch("SELECT to_jsonb(l) - 'document' FROM sluice.load l WHERE l.stream = %s", (self.name,), self.name)
        return rows[0][0] if rows else None

    def wait_load(self, condition, what, timeout=60):
        """Waits until condition(row of sluice.load) is true and gives the row."""
        last = {}

        def reached():
            last['row'] = self.load_row()
            return last['row'] and condition(last['row'])
        wait_for(reached, timeout, lambda: f'{what}; the load is {last["row"]}, the stream {self.status()}')
        return last['row']

    def wait_phase(self, phase='done', timeout=60):
        return self.wait_load(lambda row: row['phase'] == phase, f'waited for the load to be in phase {phase}', timeout)

    def progress(self):
        return compare.progress(self.target, self.name, self.name)

    def wait_equal(self, tables=None, timeout=60, **options):
        """Waits for everything committed to arrive, and compares row by row."""
        self.wait_caught_up(timeout)
        return compare.wait_equal(self.source, self.target, tables, timeout, dbname=self.name, **options)

    def wait_caught_up(self, timeout=60):
        """Waits until the target has what is committed now; a message of ours makes the end seen at once."""
        self.execute("SELECT pg_logical_emit_message(true, 'sluice test', '')")
        compare.wait_caught_up(self.source, self.target, self.name, timeout, self.name)


class Load:
    """Threads that run statements at a source until stopped; errors of a server that is away are not theirs.

    body(cursor, number) is one transaction. A thread that loses its
    connection takes another as soon as there is one.
    """

    driver_error = psycopg2.Error

    def __init__(self, server, dbname, body, threads=1, pause=0.002):
        self._server, self._dbname, self._body, self._pause = server, dbname, body, pause
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number,), daemon=True) for number in range(threads)]
        self.done = 0  # transactions the server acknowledged
        self.slowest = 0.0  # seconds
        self.errors = []

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self._end.set()
        for thread in self._threads:
            thread.join()

    def wait_done(self, more, timeout=60):
        """Waits until so many more transactions are committed."""
        wanted = self.done + more
        wait_for(lambda: self.done >= wanted or self.errors, timeout, f'{more} transactions of the load')
        self.check()

    def check(self):
        if self.errors:
            raise AssertionError(f'the load failed: {self.errors[0]}')

    def _run(self, number):
        while not self._end.is_set() and not self.errors:
            try:
                with self._server.cursor(self._dbname) as cursor:
                    self._repeat(cursor, number)
            except self.driver_error:
                self._end.wait(0.05)

    def _repeat(self, cursor, number):
        while not self._end.wait(self._pause):
            began = time.monotonic()
            try:
                self._body(cursor, number)
            except self.driver_error as error:
                if not self.server_is_away(error):
                    self.errors.append(error)
                return
            self.slowest = max(self.slowest, time.monotonic() - began)
            self.done += 1

    @staticmethod
    def server_is_away(error):
        """It tells no code, or one of the operational class."""
        return not error.pgcode or isinstance(error, psycopg2.OperationalError)
