"""Does a PostgreSQL, MariaDB or MySQL database hold what a MySQL source does, row by row, duplicates counted?

Both sides are read by drivers of their own, and values compared in the form of
harness.mysql_source_values; nothing here is the reader's or the writer's.
"""
import collections
import contextlib

import psycopg2
import pymysql

from . import mysql_source_values as values
from .compare import SHOWN_DIFFERENCES, TEXT_SETTINGS, Difference
from .mysql import quote
from .schemas import quote as quote_pg

TABLES = """
SELECT table_name FROM information_schema.tables WHERE table_schema = %s AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') ORDER BY table_name
"""
COLUMNS = """
SELECT column_name, data_type, column_type FROM information_schema.columns WHERE table_schema = %s AND table_name = %s ORDER BY ordinal_position
"""
# How MariaDB has JSON: a text with a check.
CHECKS = 'SELECT check_clause FROM information_schema.check_constraints WHERE constraint_schema = %s AND table_name = %s'

COLUMNS_OF_POSTGRES = """
SELECT a.attname, CASE WHEN t.typtype = 'e' THEN 'text' ELSE format_type(a.atttypid, NULL) END
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
WHERE a.attrelid = (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relname = %s)
    AND a.attnum > 0 AND NOT a.attisdropped
"""


def tables(server, database):
    """(database, table) of all tables there."""
    return [(database, row[0]) for row in server.fetch(TABLES, (database,))]


def mysql_columns(server, database, table):
    """{name: values.Column} in their order."""
    checks = {row[0].lower() for row in server.fetch(CHECKS, (database, table))} if server.product == 'mariadb' else ()
    return {name: values.Column(name, kind.lower(), definition, f'json_valid({quote(name)})'.lower() in checks, server.product)
            for name, kind, definition in server.fetch(COLUMNS, (database, table))}


def _read_mysql(server, database, table, columns):
    """A row as a tuple; columns: [(name, expression, function)]."""
    connection = server.connect(database, conv=pymysql.converters.encoders)  # nothing is converted
    with contextlib.closing(connection), connection.cursor(pymysql.cursors.SSCursor) as cursor:
        chosen = ', '.join(expression.format(quote(name)) for name, expression, _ in columns)
        cursor.execute(f'SELECT {chosen} FROM {quote(database)}.{quote(table)}')
        functions = [function for _, _, function in columns]
        for row in cursor:
            yield tuple(None if raw is None else function(raw) for function, raw in zip(functions, row))


def _read_postgres(server, schema, table, columns, dbname):
    with server.cursor(dbname) as cursor:
        cursor.execute(TEXT_SETTINGS)
        chosen = ', '.join(expression.format(quote_pg(name)) for name, expression, _ in columns)
        cursor.execute(f'SELECT {chosen} FROM {quote_pg(schema)}.{quote_pg(table)}')
        functions = [function for _, _, function in columns]
        for row in cursor:
            yield tuple(None if text is None else function(text) for function, text in zip(functions, row))


def compare_table(source, target, place, dbname, target_place=None, columns=None, zero_dates='null'):
    """Raises Difference unless both tables hold the same rows; gives their number.

    place: (database, table) at the source; target_place where it is elsewhere at the target.
    columns names some of the source's, or {source's: target's}. zero_dates: what a date that no calendar
    has must be at the target: 'null', or -infinity and zeros ('infinity').
    """
    target_place = target_place or place
    ours = mysql_columns(source, *place)
    names = columns if isinstance(columns, dict) else {name: name for name in ours if columns is None or name in columns}
    is_mysql = hasattr(target, 'flavour')
    theirs = mysql_columns(target, *target_place) if is_mysql else dict(target.fetch(COLUMNS_OF_POSTGRES, target_place, dbname))
    missing = [name for name in names.values() if name not in theirs]
    if missing:
        raise Difference(f'{".".join(place)}: {".".join(target_place)} has no column {", ".join(missing)}; it has {", ".join(theirs) or "none"}')
    families = {name: values.family(ours[name]) for name in names}
    make = values.of_mysql if is_mysql else values.of_postgres
    pairs = [(name, theirs_name, values.of_mysql(families[name], ours[name]), make(families[name], theirs[theirs_name]),
              _adapted(families[name], source, target if is_mysql else None, zero_dates)) for name, theirs_name in names.items()]
    read_ours = [(name, *_seen_as(adapted, reading)) for name, _, reading, _, adapted in pairs]
    read_theirs = [(name, *_seen_as(adapted, reading)) for _, name, _, reading, adapted in pairs]
    expected = collections.Counter(_read_mysql(source, *place, read_ours))
    actual = collections.Counter(_read_mysql(target, *target_place, read_theirs) if is_mysql
                                 else _read_postgres(target, *target_place, read_theirs, dbname))
    if expected != actual:
        raise Difference(_report('.'.join(place), list(names), expected, actual))
    return sum(expected.values())


def _adapted(family, source, target, zero_dates):
    """What the values of a family have to be seen as at both sides, target being None at PostgreSQL; None: as they are."""
    products = {source.product, target.product if target else None}
    if family == 'float' and 'mariadb' in products:
        return lambda value: values.double(0.0) if value == values.double(-0.0) else value  # it has no zero with a sign
    if family == 'json' and source.product == 'mariadb' and 'mysql' in products:
        return values.with_doubles
    if family == 'moment' and zero_dates == 'null':
        return lambda value: None if value == values.ZERO else value
    return None


def _seen_as(adapted, reading):
    expression, function = reading
    return (expression, function) if adapted is None else (expression, lambda raw: adapted(function(raw)))


def _report(table, columns, expected, actual):
    lines = [f'{table}: {sum(expected.values())} rows at the source, {sum(actual.values())} at the target', f'  columns: {", ".join(columns)}']
    for side, only in (('source', expected - actual), ('target', actual - expected)):
        lines.append(f'  {sum(only.values())} rows only at the {side}')
        lines += [f'    {str(row)[:300]}' for row in list(only)[:SHOWN_DIFFERENCES]]
    return '\n'.join(lines)


def compare(source, target, places, dbname, **options):
    """Compares tables and raises one Difference for all of them; gives {table: rows}.

    places: (database, table)s, or names in the database dbname; or a dict from them to the target's (schema, table).
    dbname is also the target's database at PostgreSQL, and left out of the names that are given back.
    """
    rows, problems = {}, []
    for name in places:
        place = name if isinstance(name, tuple) else (dbname, name)
        where = places[name] if isinstance(places, dict) else None
        shown = place[1] if place[0] == dbname else '.'.join(place)
        try:
            rows[shown] = compare_table(source, target, place, dbname, where, **options)
        except Difference as difference:
            problems.append(str(difference))
        except (pymysql.err.ProgrammingError, psycopg2.ProgrammingError) as error:
            problems.append(f'{shown}: {error}')
    if problems:
        raise Difference('\n'.join(problems))
    return rows
