"""Changes of every kind to every table of any database, for harness.pipeline.Load."""
import threading

import psycopg2

from .schemas import roots

COLUMNS = """
SELECT quote_ident(a.attname), format_type(a.atttypid, NULL), a.attidentity <> '' OR coalesce(pg_get_expr(d.adbin, d.adrelid), '') LIKE 'nextval(%%',
    EXISTS (SELECT FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisunique AND a.attnum = ANY (i.indkey))
FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped AND to_jsonb(a) ->> 'attgenerated' IS DISTINCT FROM 's'
ORDER BY a.attnum
"""

# Another value of a unique column, of one type; others stay, and what meets another row is passed over.
NEW_KEYS = {
    'integer': '(SELECT coalesce(max({0}), 0) + 1 FROM {1})', 'bigint': '(SELECT coalesce(max({0}), 0) + 1 FROM {1})',
    'smallint': '(SELECT coalesce(max({0}), 0) + 1 FROM {1})', 'text': 'left({0}, 5) || md5(random()::text)',
    'character varying': 'left({0}, 5) || left(md5(random()::text), 5)', 'uuid': 'md5(random()::text)::uuid', 'date': '{0} + 1'}

# Two clients met, or the table does not let this change in: another one will do. 55000 is an update of what has no replica identity.
PASSED_OVER = (psycopg2.IntegrityError, psycopg2.DataError, psycopg2.errors.ObjectNotInPrerequisiteState, psycopg2.errors.GeneratedAlways,
               psycopg2.errors.DeadlockDetected, psycopg2.errors.SerializationFailure)

A_ROW = '(tableoid, ctid) = (SELECT tableoid, ctid FROM {0} ORDER BY random() LIMIT 1)'


class Table:
    def __init__(self, server, dbname, name):
        self.name = name
        self.columns = server.fetch(COLUMNS, (name,), dbname)
        self.unique = [(column, kind) for column, kind, _, unique in self.columns if unique and kind in NEW_KEYS]
        self.free = [column for column, _, drawn, unique in self.columns if not drawn and not unique]

    def insert(self):
        """A copy of a row, with another key; numbers that are drawn are left to be drawn."""
        values = [(column, NEW_KEYS[kind].format(column, self.name) if unique and kind in NEW_KEYS else column)
                  for column, kind, drawn, unique in self.columns if not drawn]
        if not values:
            return f'INSERT INTO {self.name} DEFAULT VALUES'
        return (f'INSERT INTO {self.name} ({", ".join(column for column, _ in values)}) '
                f'SELECT {", ".join(value for _, value in values)} FROM {self.name} ORDER BY random() LIMIT 1')

    def update(self, random):
        """A column takes the value of some other row."""
        if not self.free:
            return self.change_key(random)
        column = random.choice(self.free)
        return (f'UPDATE {self.name} SET {column} = (SELECT {column} FROM {self.name} ORDER BY random() LIMIT 1) '
                f'WHERE {A_ROW.format(self.name)}')

    def change_key(self, random):
        if not self.unique:
            return self.insert()
        column, kind = random.choice(self.unique)
        return f'UPDATE {self.name} SET {column} = {NEW_KEYS[kind].format(column, self.name)} WHERE {A_ROW.format(self.name)}'

    def delete(self):
        return f'DELETE FROM {self.name} WHERE {A_ROW.format(self.name)}'


class Mixed:
    """A transaction changes a few tables in turn, so that soon all have been changed; touched has their names."""

    def __init__(self, server, dbname, random):
        self.tables = [Table(server, dbname, name) for name in roots(server, dbname)]
        self.touched = set()
        self._random = random
        self._next = 0
        self._lock = threading.Lock()

    def __call__(self, cursor, number):
        with self._lock:
            tables = [self.tables[(self._next + i) % len(self.tables)] for i in range(self._random.randint(1, 4))]
            self._next += len(tables)
            rolls_back = self._random.random() < 0.05
            statements = [(table, self._statement(table)) for table in tables]
        cursor.execute('BEGIN')
        changed = [table.name for table, statement in statements if self._changes(cursor, statement)]
        try:
            cursor.execute('ROLLBACK' if rolls_back else 'COMMIT')
        except PASSED_OVER:  # a deferred constraint
            return
        if not rolls_back:
            self.touched.update(changed)

    def _statement(self, table):
        chance = self._random.random()
        if chance < 0.45:
            return table.insert()
        if chance < 0.8:
            return table.update(self._random)
        return table.change_key(self._random) if chance < 0.85 else table.delete()

    @staticmethod
    def _changes(cursor, statement):
        """Runs it, and tells whether it changed a row; what fails is undone alone."""
        cursor.execute('SAVEPOINT try')
        try:
            cursor.execute(statement)
            changed = cursor.rowcount > 0
        except PASSED_OVER:
            cursor.execute('ROLLBACK TO try')
            changed = False
        cursor.execute('RELEASE try')
        return changed

    def untouched(self):
        """Tables not changed yet: empty ones, and where every try failed."""
        return [table.name for table in self.tables if table.name not in self.touched]
