"""Databases worth converting: a generated one of 300 tables, and sakila and chinook where their files are.

    schema = schemas.Generated(seed=1, release=15)
    schema.load(server, dbname)

The same seed gives the same statements. sakila() and chinook() raise SampleMissing, which skips a
test by name, unless the folder of samples is beside the tree, or where SLUICE_SAMPLES says.
"""
import os
import pathlib
import random
import re

from .schema_specials import SPECIALS
from .servers import ROOT, ServerUnavailable
from .values import MADE, SINCE, TYPES

TABLES = 300
WIDE_COLUMNS = 1600  # PostgreSQL's most
FILLED = "SET session_replication_role = replica; SELECT setseed(0.5);"

# Names that break whoever does not quote, escape or count bytes; \n and \t are real ones.
ODD_NAMES = (
    'with space', 'with "quotes"', "it's", 'n' * 63, 'ü' * 31 + 'x', '漢字', 'select', 'user', 'table', 'order', 'new\nline', 'tab\there',
    'back\\slash', '100%s', '$dollar', '$1', 'MixedCase', '1digit', ' leading', 'trailing ', '.', 'a.b', '--comment', '/* c */', ';', '🐘', '"', "'",
    'null', 'public', 'xmin?', 'ı', 'comma,comma', '{brace}', '[bracket]', 'ctrl\x01', '=', '*', '?', ':', '@', '#')

KEY_KINDS = ('serial', 'always', 'default', 'plain', 'text', 'uuid', 'composite', 'none')

# {type: what an index on it can be}: access method, and an operator class where the default one is missing.
INDEX_METHODS = {
    'integer': ('btree', 'hash', 'brin'), 'bigint': ('btree', 'hash'), 'text': ('btree', 'hash'), 'numeric': ('btree',), 'date': ('btree', 'brin'),
    'timestamptz': ('btree',), 'timestamp': ('btree',), 'jsonb': ('gin', 'btree'), 'integer[]': ('gin', 'btree'), 'text[]': ('gin',), 'int4range': ('gist', 'spgist'),
    'tsvector': ('gin', 'gist'), 'point': ('gist',), 'inet': ('btree',), 'uuid': ('btree', 'hash'), 'bytea': ('btree',), 'boolean': ('btree',),
    'double precision': ('btree',), 'interval': ('btree',)}

# Domains over composites and arrays of domains came with 11; the octal form of "char", the widest intervals and the
# smallest floats are read or written otherwise by releases before these.
TYPES_SINCE = {'pair_domain': 11, 'positive[]': 11, 'good_mood[]': 11}
VALUES_SINCE = {r"'\377'": 15, "'9223372036854 s'": 15, "'-178000000 years'": 15, "'178000000 years'": 15, "'5e-324'": 12, "'1e-45'": 12,
                "'{NaN,-0,Infinity,5e-324}'": 12}

HUGE = re.compile(r"repeat\(.*, \d{4,}\)")  # values that would make 300 tables big


class SampleMissing(ServerUnavailable):
    """A sample database whose files are not here; as a missing server, it skips the test by name."""


def roots(server, dbname):
    """Names of what create_stream is given: all tables but partitions, which come with theirs, and unlogged ones."""
    return [row[0] for row in server.fetch(
        "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relkind IN ('r', 'p') AND c.relpersistence = 'p' AND NOT c.relispartition AND n.nspname !~ '^pg_' "
        "AND n.nspname NOT IN ('information_schema', 'sluice') ORDER BY 1", dbname=dbname)]


def quote(name):
    return '"' + name.replace('"', '""') + '"'


class Generated:
    """SQL of a schema with one of each thing, filled up with random tables to TABLES."""

    def __init__(self, seed=1, release=15, tables=TABLES):
        """release: what both servers know."""
        self._random = random.Random(seed)
        self.release = release
        self.statements = [MADE if release >= 11 else without_domains_over_composites(MADE)]
        self.fill = []
        for least, make, fill in SPECIALS:
            if release >= least:
                self.statements.append(make)
                self.fill.append(fill)
        self._types = self._usable_types()
        self._schemas = ['public', 'odd "schema"', *self._new_schemas()]
        self._names = 2 * len(ODD_NAMES)  # the first ones are tables'
        self._referable = []  # (schema-qualified name, key column), rows 1 to their number
        self._add_wide()
        self._add_made()
        made = sum(len(re.findall(r'CREATE (?:UNLOGGED )?TABLE', part)) for part in self.statements)
        for number in range(tables - made):
            self._add_table(number)

    def create(self, server, dbname):
        """Structure only."""
        for statement in self.statements:
            server.execute(statement, dbname=dbname)

    def load(self, server, dbname):
        """Structure and rows; then some rows go, so that pages have holes."""
        self.create(server, dbname)
        server.execute(';\n'.join([FILLED.rstrip(';'), *filter(None, self.fill)]), dbname=dbname)
        server.execute('DELETE FROM node WHERE id > 120; UPDATE indexed SET a = -a WHERE id % 5 = 0; ANALYZE', dbname=dbname)

    # -- parts -----------------------------------------------------------

    def _usable_types(self):
        """{type: values} that this release knows and writes as later ones do; types of which nothing is left are not used."""
        usable = {name: [value for value in values if not HUGE.search(value) and self.release >= VALUES_SINCE.get(value, 0)]
                  for group, of_group in TYPES.items() for name, values in of_group.items()
                  if self.release >= max(SINCE.get(group, 0), SINCE.get(name, 0), TYPES_SINCE.get(name, 0))}
        return {name: values for name, values in usable.items() if values}

    def _new_schemas(self):
        names = ['Ünï cödé', 'group']
        self.statements += [f'CREATE SCHEMA {quote(name)}' for name in names]
        return names

    def _add_wide(self):
        """The most columns there can be; their types are short enough for a row of a page."""
        kinds = ('integer', 'smallint', 'boolean', '"char"')
        columns = ', '.join(f'c{number} {kinds[number % 4]}' for number in range(1, WIDE_COLUMNS))
        self.statements.append(f'CREATE TABLE wide (id integer PRIMARY KEY, {columns})')
        values = ', '.join(('i + {0}', '{0}', '(i + {0}) % 3 = 0', "'x'")[number % 4].format(number) if number % 11 else 'NULL'
                           for number in range(1, WIDE_COLUMNS))
        self.fill.append(f'INSERT INTO wide SELECT i, {values} FROM generate_series(1, 15) i')

    def _add_made(self):
        """Types that no column uses would not be copied."""
        columns = [(name, values) for name, values in self._types.items() if name in TYPES['made']]
        self.statements.append('CREATE TABLE made (id integer PRIMARY KEY, ' + ', '.join(f'{quote(name)} {name}' for name, _ in columns) + ')')
        self.fill.append(f'INSERT INTO made SELECT i, {", ".join(self._value(name) for name, _ in columns)} FROM generate_series(1, 60) i')

    def _odd(self, number):
        """A name nobody has in this table yet: every odd name is used before one comes again with a number."""
        name = ODD_NAMES[number % len(ODD_NAMES)]
        turn = number // len(ODD_NAMES)
        if turn:
            end = str(turn)
            name = name.encode()[:63 - len(end)].decode(errors='ignore') + end
        return name

    def _add_table(self, number):
        choose = self._random
        name = self._odd(number) if number < 2 * len(ODD_NAMES) else f'table_{number}'
        table = f'{quote(choose.choice(self._schemas))}.{quote(name)}'
        rows = choose.choice((0, 1, 7, 40, 40, 120, 120, 300))
        kind = choose.choice(KEY_KINDS)
        key, lines, values = self._key(kind)
        columns = {}
        for position in range(choose.randint(1, 9)):
            column = self._odd(choose.randrange(len(ODD_NAMES))) + str(position) if choose.random() < 0.3 else f'c{position}'
            column = column.encode()[-60:].decode(errors='ignore')
            columns[column] = choose.choice(list(self._types))
        for column, type_name in columns.items():
            value = self._value(type_name)
            required = choose.random() < 0.15
            default = f' DEFAULT ({choose.choice(self._types[type_name])})::{type_name}' if choose.random() < 0.15 else ''
            lines.append(f'{quote(column)} {type_name}{default}{" NOT NULL" if required else ""}')
            values[column] = value if required else f'CASE WHEN random() < 0.8 THEN {value} END'
        if self._referable and choose.random() < 0.35:
            self._add_reference(lines, values)
        if choose.random() < 0.3:
            lines.append(f'{self._name_of("CONSTRAINT")} CHECK ({quote(next(iter(columns)))} IS NOT NULL OR true)')
        options = ' WITH (fillfactor = 70)' if choose.random() < 0.1 else ''
        statements = [f'CREATE TABLE {table} ({", ".join(lines)}){options}']
        if kind == 'none':
            statements.append(f'ALTER TABLE {table} REPLICA IDENTITY FULL')
        statements += self._indexes(table, columns)
        if choose.random() < 0.2:
            statements.append(f"COMMENT ON TABLE {table} IS 'it''s table {number}'")
            statements.append(f"COMMENT ON COLUMN {table}.{quote(next(iter(columns)))} IS E'line\\nline'")
        self.statements.append(';\n'.join(statements))
        overriding = 'OVERRIDING SYSTEM VALUE ' if kind in ('always', 'default') else ''
        self.fill.append(f'INSERT INTO {table} ({", ".join(map(quote, values))}) {overriding}'
                         f'SELECT {", ".join(values.values())} FROM generate_series(1, {rows}) i')
        if kind in ('serial', 'always', 'default', 'plain') and rows:
            self._referable.append((table, key, rows))

    def _name_of(self, word):
        """A name of its own now and then."""
        self._names += 1
        return f'{word} {quote(self._odd(self._names))}' if self._random.random() < 0.5 else ''

    def _key(self, kind):
        """(name of the key column, lines of CREATE TABLE, {column: value}), with i from 1 on."""
        name = 'id' if self._random.random() < 0.6 else self._odd(self._random.randrange(len(ODD_NAMES)))
        column = quote(name)
        if kind == 'composite':
            return name, [f'{column} integer', '"k 2" text COLLATE "C"', 'k3 date', f'PRIMARY KEY (k3, "k 2", {column})'], {
                name: 'i', 'k 2': "'k' || i % 7", 'k3': "'2020-01-01'::date + i % 5"}
        if kind == 'none':
            return name, [f'{column} integer'], {name: 'i % 20'}
        types = {'serial': 'bigserial', 'always': 'integer GENERATED ALWAYS AS IDENTITY',
                 'default': 'bigint GENERATED BY DEFAULT AS IDENTITY', 'plain': 'integer', 'text': 'text', 'uuid': 'uuid'}
        value = {'text': "'k ''\"' || i", 'uuid': 'md5(i::text)::uuid'}.get(kind, 'i')
        return name, [f'{column} {types[kind]} {self._name_of("CONSTRAINT")} PRIMARY KEY'], {name: value}

    def _value(self, type_name):
        """An expression that gives any of the type's values."""
        values = self._types[type_name]
        cases = ' '.join(f'WHEN {number} THEN ({value})::{type_name}' for number, value in enumerate(values))
        return f'CASE floor(random() * {len(values)})::integer {cases} END'

    def _add_reference(self, lines, values):
        table, key, rows = self._random.choice(self._referable)
        rule = self._random.choice(('', 'ON DELETE CASCADE', 'ON DELETE SET NULL ON UPDATE CASCADE', 'DEFERRABLE INITIALLY DEFERRED', 'ON UPDATE SET NULL'))
        lines.append(f'"refers to" bigint {self._name_of("CONSTRAINT")} REFERENCES {table} ({quote(key)}) {rule}')
        values['refers to'] = f'CASE WHEN random() < 0.7 THEN 1 + floor(random() * {rows}) END'

    def _indexes(self, table, columns):
        statements = []
        for column, type_name in columns.items():
            if type_name not in INDEX_METHODS or self._random.random() < 0.4:
                continue
            method = self._random.choice(INDEX_METHODS[type_name])
            what = quote(column)
            if method == 'btree':
                what = self._random.choice((what, f'{what} DESC', f'{what} NULLS FIRST', f'({what} IS NULL)', f'md5({what}::text)' if type_name == 'text' else what))
            where = self._random.choice(('', '', f' WHERE {quote(column)} IS NOT NULL'))
            statements.append(f'CREATE INDEX ON {table} USING {method} ({what}){where}')
        return statements


def without_domains_over_composites(sql):
    """Release 11 brought them."""
    return ';'.join(part for part in sql.split(';') if 'pair_domain' not in part)


# -- samples of others ---------------------------------------------------------


def samples(name):
    folder = pathlib.Path(os.environ.get('SLUICE_SAMPLES') or ROOT.parent / 'shared' / 'data') / name
    if not folder.is_dir():
        raise SampleMissing(f'{name}: its files are not in {folder}; SLUICE_SAMPLES names another folder')
    return folder


def sakila(server, dbname):
    """Enums, domains, arrays, tsvector, bytea, inheritance, triggers, rules, views."""
    folder = samples('sakila')
    for name in ('postgres-sakila-schema.sql', 'postgres-sakila-insert-data-using-copy.sql'):
        text = (folder / name).read_text()
        server.psql(re.sub(r'^SET default_with_oids.*$', '', text, flags=re.MULTILINE), dbname)


def chinook(server, dbname):
    """Eleven plain tables with serial keys; the file's own commands about databases are passed over."""
    text = (samples('chinook') / 'Chinook_PostgreSql_SerialPKs.sql').read_text()
    server.psql(re.sub(r'^(DROP DATABASE|CREATE DATABASE|\\c) .*$', '', text, flags=re.MULTILINE), dbname)
