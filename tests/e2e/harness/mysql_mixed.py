"""Changes of every kind to every table of a MariaDB or MySQL database, for harness.mysql_source_pipeline.MySQLLoad."""
import threading

import pymysql

from .mysql import quote
from .mysql_source_compare import tables

COLUMNS = """
SELECT column_name, extra LIKE '%%auto_increment%%', column_key = 'PRI', column_key IN ('PRI', 'UNI') FROM information_schema.columns
WHERE table_schema = %s AND table_name = %s AND coalesce(generation_expression, '') = '' ORDER BY ordinal_position
"""

# Two clients met, or the table does not let this change in: another one will do.
PASSED_OVER = (1020, 1022, 1048, 1062, 1205, 1213, 1264, 1366, 1406, 1452, 1451, 4025, 3819)


class Table:
    def __init__(self, server, dbname, name):
        self.name = quote(name)
        columns = server.fetch(COLUMNS, (dbname, name))
        self.key = [quote(column) for column, _, primary, _ in columns if primary]
        self.copied = [quote(column) for column, drawn, _, _ in columns if not drawn]
        self.free = [quote(column) for column, _, _, unique in columns if not unique]

    def insert(self):
        """A copy of a row, with a key that is drawn; without one it meets the row, and is written over it."""
        names = ', '.join(self.copied)
        return f'REPLACE INTO {self.name} ({names}) SELECT {names} FROM {self.name} ORDER BY rand() LIMIT 1'

    def update(self, random):
        """A column takes the value of some other row."""
        if not self.free:
            return self.insert()
        column = random.choice(self.free)
        return f'UPDATE {self.name} SET {column} = (SELECT v FROM (SELECT {column} AS v FROM {self.name} ORDER BY rand() LIMIT 1) o) ORDER BY rand() LIMIT 1'

    def delete(self):
        return f'DELETE FROM {self.name} ORDER BY rand() LIMIT 1'


class Mixed:
    """A transaction changes a few tables in turn, so that soon all have been changed; touched has their names."""

    def __init__(self, server, dbname, random):
        self.tables = [Table(server, dbname, name) for _, name in tables(server, dbname)]
        self.touched = set()
        self._random = random
        self._next = 0
        self._lock = threading.Lock()

    def __call__(self, cursor, number):
        with self._lock:
            chosen = [self.tables[(self._next + i) % len(self.tables)] for i in range(self._random.randint(1, 4))]
            self._next += len(chosen)
            rolls_back = self._random.random() < 0.05
            statements = [(table, self._statement(table)) for table in chosen]
        cursor.execute('SET foreign_key_checks = 0')  # what they do in other tables is not in every server's log
        cursor.execute('BEGIN')
        changed = [table.name for table, statement in statements if self._changes(cursor, statement)]
        cursor.execute('ROLLBACK' if rolls_back else 'COMMIT')
        if not rolls_back:
            self.touched.update(changed)

    def _statement(self, table):
        chance = self._random.random()
        if chance < 0.45:
            return table.insert()
        return table.update(self._random) if chance < 0.85 else table.delete()

    @staticmethod
    def _changes(cursor, statement):
        """Runs it, and tells whether it changed a row."""
        try:
            cursor.execute(statement)
        except pymysql.Error as error:
            if error.args[0] not in PASSED_OVER:
                raise
            return False
        return cursor.rowcount > 0
