"""Do two databases have the same structure? Asked of PostgreSQL's catalogs, not of anything of ours.

Each query gives rows of (object, property, value), all text. What only one side has, or has
otherwise, is a difference. Names are qualified, because search_path is empty.
"""
from .compare import Difference

SHOWN_DIFFERENCES = 40

# Relations that people made, in schemas that people made. Extensions' own are not looked at.
RELATIONS = """
WITH made AS (SELECT c.oid, c.relname, c.relkind, c.relpersistence, c.reloptions, c.relreplident, c.relpartbound,
        format('%I.%I', n.nspname, c.relname) AS qualified
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'sluice')
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')),
tables AS (SELECT * FROM made WHERE relkind IN ('r', 'p')),
columns AS (SELECT t.qualified, a.*, row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum) AS place
    FROM tables t JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid WHERE a.attnum > 0 AND NOT a.attisdropped)
"""

# (least release, kind, SQL). Later releases come first where one replaces the other.
QUERIES = (
    (10, 'schema', """
        SELECT quote_ident(nspname), 'comment', obj_description(oid, 'pg_namespace') FROM pg_catalog.pg_namespace
        WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'sluice')"""),
    (10, 'table', """
        SELECT qualified, v.* FROM tables t, LATERAL (VALUES
            ('kind', t.relkind::text), ('persistence', t.relpersistence::text), ('options', array_to_string(t.reloptions, ', ')),
            ('replica identity', t.relreplident::text), ('comment', obj_description(t.oid, 'pg_class')),
            ('partition key', pg_get_partkeydef(t.oid)), ('partition bound', pg_get_expr(t.relpartbound, t.oid)),
            ('parents', (SELECT string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno) FROM pg_catalog.pg_inherits i WHERE i.inhrelid = t.oid)),
            ('columns', (SELECT string_agg(quote_ident(c.attname), ', ' ORDER BY c.attnum) FROM columns c WHERE c.attrelid = t.oid))
        ) v"""),
    (10, 'column', """
        SELECT qualified || ' ' || quote_ident(attname), v.* FROM columns c, LATERAL (VALUES
            ('type', format_type(c.atttypid, c.atttypmod)), ('not null', c.attnotnull::text), ('identity', c.attidentity::text),
            ('collation', (SELECT nullif(c.attcollation, t.typcollation)::regcollation::text FROM pg_catalog.pg_type t WHERE t.oid = c.atttypid)),
            ('inherited', c.attinhcount::text), ('local', c.attislocal::text), ('comment', col_description(c.attrelid, c.attnum)),
            ('default', (SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_catalog.pg_attrdef d WHERE d.adrelid = c.attrelid AND d.adnum = c.attnum))
        ) v"""),
    (12, 'column', "SELECT qualified || ' ' || quote_ident(attname), 'generated', attgenerated::text FROM columns"),
    # An index of a constraint has the constraint's name.
    (10, 'index', """
        SELECT i.indexrelid::regclass::text, v.* FROM pg_catalog.pg_index i JOIN tables t ON t.oid = i.indrelid
        JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid, LATERAL (VALUES
            ('definition', pg_get_indexdef(i.indexrelid)), ('primary', i.indisprimary::text), ('valid', i.indisvalid::text),
            ('immediate', i.indimmediate::text), ('clustered', i.indisclustered::text), ('replica identity', i.indisreplident::text),
            ('comment', obj_description(i.indexrelid, 'pg_class')),
            ('part of', (SELECT h.inhparent::regclass::text FROM pg_catalog.pg_inherits h WHERE h.inhrelid = i.indexrelid))
        ) v WHERE NOT i.indisexclusion"""),
    # Releases before 12 make constraints of partitions with other counts; what holds is in definition and validated.
    (10, 'constraint', """
        SELECT coalesce(t.qualified, c.contypid::regtype::text) || ' ' || quote_ident(c.conname), v.*
        FROM pg_catalog.pg_constraint c LEFT JOIN tables t ON t.oid = c.conrelid LEFT JOIN pg_catalog.pg_type y ON y.oid = c.contypid
        LEFT JOIN pg_catalog.pg_namespace n ON n.oid = y.typnamespace, LATERAL (VALUES
            ('definition', pg_get_constraintdef(c.oid)), ('validated', c.convalidated::text), ('deferrable', c.condeferrable::text),
            ('deferred', c.condeferred::text), ('local', c.conislocal::text), ('inherited', c.coninhcount::text),
            ('no inherit', CASE c.contype WHEN 'c' THEN c.connoinherit::text END), ('comment', obj_description(c.oid, 'pg_constraint'))
        ) v WHERE c.contype IN ('c', 'f', 'p', 'u')
        AND (t.oid IS NOT NULL OR (c.contypid <> 0 AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'))
        -- Those a foreign key to a partitioned table has for each partition have names of PostgreSQL's own.
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint p WHERE to_jsonb(c) ->> 'conparentid' = p.oid::text AND p.conrelid = c.conrelid)"""),
    (10, 'sequence', """
        SELECT m.qualified, v.* FROM made m JOIN pg_catalog.pg_sequence s ON s.seqrelid = m.oid, LATERAL (VALUES
            ('type', format_type(s.seqtypid, NULL)), ('start', s.seqstart::text), ('increment', s.seqincrement::text), ('minimum', s.seqmin::text),
            ('maximum', s.seqmax::text), ('cache', s.seqcache::text), ('cycle', s.seqcycle::text), ('comment', obj_description(m.oid, 'pg_class')),
            ('owner', (SELECT d.refobjid::regclass::text || '.' || quote_ident(a.attname) || ' ' || d.deptype::text FROM pg_catalog.pg_depend d
                JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
                WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = m.oid AND d.deptype IN ('a', 'i')))
        ) v"""),
    (10, 'type', """
        SELECT format('%I.%I', n.nspname, t.typname), v.* FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
        LEFT JOIN pg_catalog.pg_class k ON k.oid = t.typrelid LEFT JOIN pg_catalog.pg_range r ON r.rngtypid = t.oid, LATERAL (VALUES
            ('kind', t.typtype::text), ('comment', obj_description(t.oid, 'pg_type')),
            ('labels', (SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid)),
            ('base', CASE t.typtype WHEN 'd' THEN format_type(t.typbasetype, t.typtypmod) END), ('not null', t.typnotnull::text),
            ('default', t.typdefault), ('collation', CASE t.typtype WHEN 'd' THEN t.typcollation::regcollation::text END),
            ('attributes', (SELECT string_agg(format('%I %s %s', a.attname, format_type(a.atttypid, a.atttypmod), nullif(a.attcollation, 0)::regcollation), ', '
                ORDER BY a.attnum) FROM pg_catalog.pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped)),
            ('subtype', format_type(r.rngsubtype, NULL)), ('range collation', nullif(r.rngcollation, 0)::regcollation::text),
            ('difference', nullif(r.rngsubdiff::oid, 0)::regprocedure::text), ('canonical', nullif(r.rngcanonical::oid, 0)::regprocedure::text)
        ) v WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'sluice')
        AND t.typtype IN ('e', 'd', 'r', 'c') AND (t.typrelid = 0 OR k.relkind = 'c')"""),
    (14, 'type', """
        SELECT r.rngtypid::regtype::text, 'multirange', r.rngmultitypid::regtype::text FROM pg_catalog.pg_range r JOIN pg_catalog.pg_type t ON t.oid = r.rngtypid
        JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE n.nspname !~ '^pg_'"""),
)

# What create_stream can ask for besides tables.
CARRIED = {
    'views': ((10, 'view', "SELECT qualified, 'definition', pg_get_viewdef(oid) FROM made WHERE relkind = 'v'"),),
    'functions': ((11, 'function', """
        SELECT p.oid::regprocedure::text, 'definition', pg_get_functiondef(p.oid) FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'sluice') AND p.prokind IN ('f', 'p')
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"""),),
    'triggers': ((10, 'trigger', """
        SELECT t.qualified || ' ' || quote_ident(g.tgname), v.* FROM pg_catalog.pg_trigger g JOIN tables t ON t.oid = g.tgrelid, LATERAL (VALUES
            ('definition', pg_get_triggerdef(g.oid)), ('enabled', g.tgenabled::text)) v WHERE NOT g.tgisinternal"""),),
}

SEQUENCES = "SELECT qualified FROM made WHERE relkind = 'S'"


def structure(server, dbname, carried=()):
    """{(kind, object, property): value} of a database."""
    release = int(server.version)
    found = {}
    with server.cursor(dbname) as cursor:
        cursor.execute("SET search_path = ''")
        for least, kind, sql in (*QUERIES, *(query for name in carried for query in CARRIED[name])):
            if release >= least:
                # Releases before 13 have no regcollation: among themselves numbers do.
                cursor.execute(RELATIONS + (sql if release >= 13 else sql.replace('::regcollation', '::oid')))
                found.update(((kind, name, what), value) for name, what, value in cursor.fetchall())
    return found


def sequences(server, dbname):
    """{sequence: (last value, whether it was given out)}"""
    with server.cursor(dbname) as cursor:
        cursor.execute("SET search_path = ''")
        cursor.execute(RELATIONS + SEQUENCES)
        names = [row[0] for row in cursor.fetchall()]
        values = {}
        for name in names:
            cursor.execute(f'SELECT last_value, is_called FROM {name}')
            values[name] = cursor.fetchone()
    return values


def differences(source, target, dbname, target_dbname=None, carried=(), ignore=None, values=True):
    """A line for each difference.

    ignore(kind, object, property) says what is not compared; property is None when asked about
    an object that only one side has. A property that one of the releases does not know is not compared.
    Sequences must not be behind the source's, unless values is false.
    """
    sides = structure(source, dbname, carried), structure(target, target_dbname or dbname, carried)
    if min(int(source.version), int(target.version)) < 13 <= max(int(source.version), int(target.version)):
        sides = [{key: value for key, value in side.items() if key[2] not in ('collation', 'range collation', 'attributes')} for side in sides]
    lines = []
    lone = _objects(sides[0]) ^ _objects(sides[1])
    tables = tuple(f'{name} ' for kind, name in lone if kind == 'table')
    for whole in lone:
        if not (ignore and ignore(*whole, None)) and not whole[1].startswith(tables):  # a table's parts go with it
            lines.append(f'{" ".join(whole)} is only at the {"source" if whole in _objects(sides[0]) else "target"}')
    for key in sides[0].keys() & sides[1].keys():
        if sides[0][key] != sides[1][key] and not (ignore and ignore(*key)):
            lines.append(f'{" ".join(key)}: {sides[0][key]} at the source, {sides[1][key]} at the target')
    return sorted(lines) + (_sequence_differences(source, target, dbname, target_dbname or dbname, ignore) if values else [])


def _objects(side):
    return {key[:2] for key in side}


def _sequence_differences(source, target, dbname, target_dbname, ignore):
    ours, theirs = sequences(source, dbname), sequences(target, target_dbname)
    steps = {name: int(value) for (kind, name, what), value in structure(source, dbname).items() if kind == 'sequence' and what == 'increment'}
    lines = []
    for name in sorted(ours.keys() & theirs.keys()):
        if ignore and ignore('sequence', name, 'value'):
            continue
        (value, called), (other, other_called) = ours[name], theirs[name]
        if (other - value) * steps[name] < 0 or (other == value and called and not other_called):
            lines.append(f'sequence {name} value: {value} ({"" if called else "not "}given out) at the source, {other} ({"" if other_called else "not "}given out) at the target')
    return lines


def compare(source, target, dbname, **options):
    """Raises Difference, with the first lines, unless the structure is the same; gives the number of things compared."""
    lines = differences(source, target, dbname, **options)
    if lines:
        more = len(lines) - SHOWN_DIFFERENCES
        raise Difference('\n'.join([f'{len(lines)} differences of structure', *lines[:SHOWN_DIFFERENCES], *([f'and {more} more'] if more > 0 else [])]))
    return len(structure(source, dbname))
