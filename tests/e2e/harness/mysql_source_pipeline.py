"""A stream from a MySQL server's database to a database of the same name at PostgreSQL, MariaDB or MySQL."""
import pymysql

from . import compare, mysql_source_compare, process
from .mysql import quote
from .mysql_pipeline import MySQLPipeline
from .mysql_reader import Reader
from .pipeline import Load, Pipeline
from .schemas import quote as quote_pg
from .wait import wait_for

# A row of this table is changed, and seen at the target: all that was committed before is there too.
MARK = 'caught_up'
MARK_TABLE = f'CREATE TABLE {MARK} (id int PRIMARY KEY, n bigint NOT NULL)'


class MySQLLoad(Load):
    """As Load, at a MySQL server."""

    driver_error = pymysql.Error

    @staticmethod
    def server_is_away(error):
        """What the client library tells by itself, and the server of its end."""
        return not error.args or error.args[0] in (0, 1053, 1040, 1927) or 2000 <= error.args[0] < 3000


class FromMySQL:
    """The source's side: for a class that has the target's.

    Nothing is made before it is asked for: create() makes tables, start() the stream with its
    reader and a writer. Where the stream copies, the target's tables are the writer's to make.
    """

    def __init__(self, source, target, nats, name):
        super().__init__(source, target, nats, name)
        self.readers = []
        self.databases = [name]  # at the source, that the stream has
        self._marks = 0
        self._has_mark = False

    # -- making it -------------------------------------------------------

    def create(self, sql, target_sql=None):
        """Runs statements at both sides; those of the target in its words where they differ."""
        self.source.execute(sql, dbname=self.name)
        self.at_target(target_sql or sql)

    def reader(self, *args, tables=None, mode='cdc', start=True, ready=True, source=None, name='reader', **options):
        """A reader with more flags, started unless told otherwise. tables None means all of the databases."""
        patterns = tables or [f'{database}.*' for database in self.databases]
        if mode != 'convert':
            self._make_mark(mode)
            if tables:
                patterns = [*tables, f'{self.name}.{MARK}']
        reader = Reader(self.name, self.nats, source or self.source, patterns, mode, args, name=name, **options)
        self.readers.append(reader)
        return reader.start(ready) if start else reader

    def _make_mark(self, mode):
        if self._has_mark:
            return
        self._has_mark = True
        self.source.execute(MARK_TABLE, dbname=self.name)
        if mode == 'cdc':
            self.at_target(MARK_TABLE)

    def start(self, *args, tables=None, reader_args=(), **options):
        """The stream, and a writer, which is given back."""
        self.reader(*reader_args, tables=tables, **options)
        return self.writer(*args)

    def convert(self, *args, mode='convert+cdc', tables=None, reader_args=(), **writer_options):
        """A stream that copies first, and a writer, which is given back."""
        self.reader(*reader_args, tables=tables, mode=mode, ready=False)
        return self.writer(*args, ready=False, **writer_options)

    def close(self):
        for started in [*self.readers, *self.writers]:
            started.remove()
            process.processes.remove(started.process)  # the next test's failure is not about it
        self.readers.clear()
        self.writers.clear()
        super().close()
        self._drop_streams()
        if self.source.is_running():
            self.source.end_prepared()
            self.source.drop_databases()

    def _drop_streams(self):
        """JetStream keeps room for each, also for those of readers that a test made of its own: they have names that begin with this."""
        if not self.nats.is_running():
            self.nats.start()
        for stream in self.nats.streams():
            if stream.startswith(f'SLUICE_{self.name}'):
                self.nats.jetstream(f'STREAM.DELETE.{stream}')

    # -- the source ------------------------------------------------------

    @property
    def first_reader(self):
        return self.readers[0]

    def execute(self, sql, args=None):
        """Runs statements at the source."""
        self.source.execute(sql, args, self.name)

    def status(self):
        """What the readers say, for messages."""
        return {reader.name: (reader.state(), reader.page('readyz')) for reader in self.readers}

    # -- both ------------------------------------------------------------

    def wait_caught_up(self, timeout=60):
        """Waits until the target has what is committed now."""
        self._marks += 1
        self.execute(f'REPLACE INTO {MARK} VALUES (1, {self._marks})')
        last = {}

        def reached():
            for started in [*self.readers, *self.writers]:
                started.process.check_running()
            last['seen'] = self._mark_at_target()
            return last['seen'] == self._marks
        wait_for(reached, timeout, lambda: f'stream {self.name} to bring mark {self._marks}; the target has {last["seen"]}, '
                                           f'the readers say {self.status()}, the writers {[writer.page("readyz") for writer in self.writers]}')

    def tables(self):
        """(database, table) of all that the stream has, but the mark."""
        return [place for database in self.databases for place in mysql_source_compare.tables(self.source, database) if place[1] != MARK]

    def compare(self, tables=None, **options):
        return mysql_source_compare.compare(self.source, self.target, self.tables() if tables is None else tables, self.name, **options)

    def wait_equal(self, tables=None, timeout=60, **options):
        """Waits for everything committed to arrive, and compares row by row; gives {'database.table': rows}, this database's without its name."""
        self.wait_caught_up(timeout)
        return compare.until_equal(lambda: self.compare(tables, **options), timeout)


class MySQLToPostgres(FromMySQL, Pipeline):
    """Databases are schemas there; the test's own is looked in first, so that statements need not name it."""

    def __init__(self, source, target, nats, name):
        super().__init__(source, target, nats, name)
        target.execute(f'ALTER DATABASE {quote_pg(name)} SET search_path = {quote_pg(name)}, public')

    def at_target(self, sql, args=None):
        """Runs statements at the target, where the test's tables have a schema."""
        self.target.execute(f'CREATE SCHEMA IF NOT EXISTS {quote_pg(self.name)}', dbname=self.name)
        super().at_target(sql, args)

    def fetch_target_rows(self, sql, args=None):
        return self.target.fetch(sql, args, self.name)

    def _mark_at_target(self):
        if self.fetch_target(f"SELECT to_regclass('{quote_pg(self.name)}.{MARK}') IS NULL"):
            return None
        return self.fetch_target(f'SELECT max(n) FROM {MARK}')


class MySQLToMySQL(FromMySQL, MySQLPipeline):
    """Databases have the same names there."""

    def fetch_target_rows(self, sql, args=None):
        return self.target.fetch(sql, args, self.name)

    def _mark_at_target(self):
        if not self.fetch_target('SELECT count(*) FROM information_schema.tables WHERE table_schema = %s AND table_name = %s', (self.name, MARK)):
            return None
        return self.fetch_target(f'SELECT max(n) FROM {quote(self.name)}.{MARK}')


def pipeline(source, target, nats, name):
    """The one for this kind of target."""
    return (MySQLToMySQL if hasattr(target, 'flavour') else MySQLToPostgres)(source, target, nats, name)
