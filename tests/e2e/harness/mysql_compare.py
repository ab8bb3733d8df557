"""Are a PostgreSQL and a MariaDB or MySQL database equal, row by row, duplicates counted?

Both sides are read by drivers of their own, and values compared in the form of harness.mysql_values;
nothing here is the writer's.
"""
import collections
import contextlib

import pymysql

from . import mysql_values
from .compare import SHOWN_DIFFERENCES, TEXT_SETTINGS, Difference
from .mysql import quote
from .schemas import roots

SOURCE_COLUMNS = """
WITH RECURSIVE base AS (
    SELECT a.attnum, a.attname, a.atttypid AS type FROM pg_attribute a
    WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL SELECT attnum, attname, t.typbasetype FROM base JOIN pg_type t ON t.oid = type WHERE t.typtype = 'd'),
element AS (
    SELECT b.attnum, b.attname, b.type, t.typelem AS item FROM base b JOIN pg_type t ON t.oid = b.type WHERE t.typtype <> 'd'
    UNION ALL SELECT attnum, attname, type, t.typbasetype FROM element JOIN pg_type t ON t.oid = item WHERE t.typtype = 'd')
SELECT e.attname, quote_ident(e.attname), CASE WHEN t.typcategory = 'A' AND t.typlen = -1 AND i.oid IS NOT NULL
    THEN format_type(e.item, NULL) || '[]' ELSE format_type(e.type, NULL) END
FROM element e JOIN pg_type t ON t.oid = e.type LEFT JOIN pg_type i ON i.oid = e.item
WHERE i.typtype IS DISTINCT FROM 'd' ORDER BY e.attnum
"""

TARGET_COLUMNS = """
SELECT column_name, data_type, column_type LIKE '%%unsigned%%', character_maximum_length,
    coalesce(datetime_precision, numeric_precision), numeric_scale
FROM information_schema.columns WHERE table_schema = %s AND table_name = %s ORDER BY ordinal_position
"""

# How MariaDB has JSON: a text with a check.
CHECKS = 'SELECT check_clause FROM information_schema.check_constraints WHERE constraint_schema = %s AND table_name = %s'

# The cast to text adds a mask, which the type's output does not have.
PRINTED = {'inet': "CASE WHEN {0} IS NOT NULL THEN format('%s', {0}) END"}

# Their text would not be the number.
READ_AS = {'float': 'CAST({0} AS DOUBLE)'}


def name_at_target(server, table, dbname):
    """(database, table) where a table of the source, by its quoted name, is."""
    schema, name = server.fetch_one(
        'SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = %s::regclass', (table,), dbname)
    return (dbname if schema == 'public' else schema), name


def compare_table(source, target, table, dbname, policy='error', columns=None, target_name=None):
    """Raises Difference unless both tables hold the same rows; gives their number.

    policy: what a value that a column cannot have must be there: 'null', the nearest ('clamp'), or
    it must not occur ('error'). columns names some of the source's, or {source's: target's}.
    """
    database, name = target_name or name_at_target(source, table, dbname)
    ours = source.fetch(SOURCE_COLUMNS, (table,), dbname)
    theirs = _target_columns(target, database, name)
    names = columns if isinstance(columns, dict) else {column: column for column, _, _ in ours if columns is None or column in columns}
    missing = [column for column in names.values() if column not in theirs]
    if missing:
        raise Difference(f'{table}: {database}.{name} has no column {", ".join(missing)}; it has {", ".join(theirs) or "none"}')
    chosen = [(quoted, kind, names[column]) for column, quoted, kind in ours if column in names]
    pairs = [mysql_values.pair(kind, theirs[column]) for _, kind, column in chosen]
    printed = [PRINTED.get(kind, '{0}::text').format(quoted) for quoted, kind, _ in chosen]
    expected = _read_source(source, table, dbname, printed, [first for first, _ in pairs], policy)
    actual = _read_target(target, database, name, [(column, theirs[column]) for _, _, column in chosen], [second for _, second in pairs])
    if expected != actual:
        raise Difference(_report(table, list(names), expected, actual))
    return sum(expected.values())


def _target_columns(server, database, name):
    """{name: mysql_values.Target}"""
    checks = {row[0] for row in server.fetch(CHECKS, (database, name))} if server.product == 'mariadb' else ()
    return {column: mysql_values.Target(server.product, 'json' if f'json_valid({quote(column)})' in checks else kind.lower(), bool(unsigned), length,
                                        precision, scale)
            for column, kind, unsigned, length, precision, scale in server.fetch(TARGET_COLUMNS, (database, name))}


def _read_source(server, table, dbname, columns, convert, policy):
    with server.cursor(dbname) as cursor:
        cursor.execute(TEXT_SETTINGS)
        cursor.execute('SET intervalstyle = iso_8601')
        cursor.execute(f'SELECT {", ".join(columns)} FROM {"" if _is_partitioned(server, table, dbname) else "ONLY "}{table}')
        return collections.Counter(tuple(_held(function, text, policy, table, column) for function, text, column in zip(convert, row, columns))
                                   for row in cursor)


def _is_partitioned(server, table, dbname):
    """Its partitions' rows are its own at the target; those of tables that inherit are not."""
    return server.fetch_one("SELECT relkind = 'p' FROM pg_class WHERE oid = %s::regclass", (table,), dbname)


def _held(function, text, policy, table, column):
    if text is None:
        return None
    try:
        return function(text)
    except mysql_values.NotHeld as lost:
        if policy == 'error':
            raise Difference(f'{table}.{column}: {lost}') from None
        return lost.nearest if policy == 'clamp' else None


def _read_target(server, database, name, columns, convert):
    connection = server.connect(database, conv=pymysql.converters.encoders)  # nothing is converted
    with contextlib.closing(connection), connection.cursor(pymysql.cursors.SSCursor) as cursor:
        chosen = ', '.join(READ_AS.get(kind.kind, '{0}').format(quote(column)) for column, kind in columns)
        cursor.execute(f'SELECT {chosen} FROM {quote(name)}')
        return collections.Counter(tuple(None if raw is None else function(raw) for function, raw in zip(convert, row)) for row in cursor)


def _report(table, columns, expected, actual):
    lines = [f'{table}: {sum(expected.values())} rows at the source, {sum(actual.values())} at the target', f'  columns: {", ".join(columns)}']
    for side, only in (('source', expected - actual), ('target', actual - expected)):
        lines.append(f'  {sum(only.values())} rows only at the {side}')
        lines += [f'    {str(row)[:300]}' for row in list(only)[:SHOWN_DIFFERENCES]]
    return '\n'.join(lines)


def compare(source, target, tables=None, dbname='postgres', **options):
    """Compares all tables and raises one Difference for all of them; gives {table: rows}.

    tables is a list of quoted names, or a dict from them to (database, table); None means every
    table of the source but partitions, which are in their parents' tables there.
    """
    tables = tables if tables is not None else roots(source, dbname)
    rows, problems = {}, []
    for table in tables:
        place = tables[table] if isinstance(tables, dict) else None
        try:
            rows[table] = compare_table(source, target, table, dbname, target_name=place, **options)
        except Difference as difference:
            problems.append(str(difference))
        except pymysql.err.ProgrammingError as error:
            problems.append(f'{table}: {error}')
    if problems:
        raise Difference('\n'.join(problems))
    return rows
