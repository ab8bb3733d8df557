"""A stream from a source's database to a MariaDB or MySQL database of the same name."""
from . import compare, mysql_compare
from .pipeline import Pipeline


class MySQLPipeline(Pipeline):
    """As Pipeline; the target's tables have their own SQL, and both sides are compared by canonical values."""

    def create(self, sql, target_sql=None):
        """Runs statements at both sides; those of the target in its words where they differ."""
        self.source.execute(sql, dbname=self.name)
        self.target.execute(target_sql or sql, dbname=self.name)

    def close(self):
        super().close()
        if self.target.is_running():
            self.target.drop_databases()  # schemas become databases of their own

    def _row(self, table):
        """The row of the stream in a table of the writer's as a dict; None before there is one."""
        with self.target.cursor(self.name) as cursor:
            cursor.execute('SELECT 1 FROM information_schema.tables WHERE table_schema = %s AND table_name = %s', (self.name, table))
            if not cursor.fetchone():
                return None
            cursor.execute(f'SELECT * FROM {table} WHERE stream = %s', (self.name,))
            row = cursor.fetchone()
            return dict(zip((column[0] for column in cursor.description), row)) if row else None

    def load_row(self):
        row = self._row('sluice_load')
        if row:
            row.pop('document', None)
        return row

    def progress(self):
        return self._row('sluice_progress')

    def wait_caught_up(self, timeout=60):
        self.execute("SELECT pg_logical_emit_message(true, 'sluice test', '')")
        compare.wait_caught_up(self.source, self.target, self.name, timeout, self.name, read_progress=self.progress)

    def compare(self, tables=None, **options):
        return mysql_compare.compare(self.source, self.target, tables, self.name, **options)

    def wait_equal(self, tables=None, timeout=60, **options):
        """Waits for everything committed to arrive, and compares row by row."""
        self.wait_caught_up(timeout)
        return compare.until_equal(lambda: self.compare(tables, **options), timeout)
