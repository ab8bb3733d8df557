"""What a value of a MySQL or MariaDB column is, by these tests' own reckoning, read from there or from where it came to.

A column of the source has a family. of_mysql() and of_postgres() give, for a family and a column that holds
it at either kind of server, the expression to read and a function that makes of what was read
the family's value: equal when the values are.
"""
import collections
import datetime
import decimal
import ipaddress
import json
import re
import struct

from .mysql_values import as_doubles, frozen, parse, plain

Column = collections.namedtuple('Column', 'name kind type is_json product')  # kind: 'int', type: 'int(11) unsigned'

ZERO = '-infinity'  # dates that there are not
EWKB_SRID = 0x20000000

FAMILIES = {
    'integer': ('tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'year', 'bit'),
    'decimal': ('decimal',),
    'float': ('float', 'double'),
    'text': ('char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext', 'enum', 'uuid'),
    'address': ('inet4', 'inet6'),
    'set': ('set',),
    'json': ('json',),
    'bytes': ('binary', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob', 'vector'),
    'moment': ('date', 'datetime', 'timestamp'),
    'time': ('time',),
    'geometry': ('geometry', 'point', 'linestring', 'polygon', 'multipoint', 'multilinestring', 'multipolygon', 'geometrycollection', 'geomcollection'),
}
FAMILY_OF = {kind: family for family, kinds in FAMILIES.items() for kind in kinds}


def family(column):
    if column.is_json:
        return 'json'
    if column.kind not in FAMILY_OF:
        raise AssertionError(f'these tests do not know {column.type}')
    return FAMILY_OF[column.kind]


# -- values of a family ----------------------------------------------------------

def number(text):
    return plain(decimal.Decimal(text))


def double(value):
    return struct.pack('>d', value)


def moment(text):
    """Date, or date and time with six digits; what no calendar has is ZERO."""
    text = text.removesuffix('+00')
    if text == ZERO:
        return ZERO
    day, _, clock = text.partition(' ')
    try:
        datetime.date.fromisoformat(day)
    except ValueError:
        return ZERO
    if not clock:
        return day
    whole, _, fraction = clock.partition('.')
    return f'{day} {whole}.{fraction:0<6}'


def microseconds(text):
    match = re.fullmatch(r'(-?)(\d+):(\d\d):(\d\d)(?:\.(\d{1,6}))?', text)
    if not match:
        return text  # equals no other
    sign, hours, minutes, seconds, fraction = match.groups()
    return (-1 if sign else 1) * (((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 1000000 + int(f'{fraction or "":0<6}'))


def labels(text):
    return tuple(text.split(',')) if text else ()


def shape(raw):
    """(SRID, WKB) of what MySQL stores."""
    return struct.unpack('<I', raw[:4])[0], raw[4:]


def shape_of_ewkb(raw):
    kind, = struct.unpack('<I' if raw[0] == 1 else '>I', raw[1:5])
    if kind & EWKB_SRID == 0:
        return 0, raw
    return struct.unpack('<I', raw[5:9])[0], raw[:1] + struct.pack('<I', kind & ~EWKB_SRID) + raw[9:]


def shape_of_point(text):
    x, y = map(float, text.strip('()').split(','))
    return 0, struct.pack('<BIdd', 1, 1, x, y)


class Document:
    """A JSON value, equal to its like whatever the order of keys, numbers by their exact value."""

    def __init__(self, value):
        self.value = value
        self._frozen = frozen(value)

    def __eq__(self, other):
        return isinstance(other, Document) and self._frozen == other._frozen

    def __hash__(self):
        return hash(self._frozen)

    def __repr__(self):
        return repr(self.value)


def document(text):
    return Document(parse(text))


def with_doubles(wanted):
    """As MySQL keeps numbers that MariaDB has as text."""
    return Document(as_doubles(wanted.value))


# -- MySQL and MariaDB -----------------------------------------------------------

READ_MYSQL = {'float': 'CAST({0} AS DOUBLE)', 'vector': 'HEX({0})', 'uuid': 'CAST({0} AS CHAR)', 'inet4': 'CAST({0} AS CHAR)', 'inet6': 'CAST({0} AS CHAR)',
              'bit': 'CAST({0} AS UNSIGNED)'}
FROM_MYSQL = {
    'integer': int, 'decimal': number, 'float': lambda raw: double(float(raw)), 'text': lambda raw: raw if isinstance(raw, str) else raw.decode(),
    'address': ipaddress.ip_address, 'set': labels, 'json': document, 'bytes': lambda raw: raw if isinstance(raw, bytes) else bytes.fromhex(raw),
    'moment': moment, 'time': microseconds, 'geometry': shape}


def of_mysql(name, column):
    """(expression with {0} for the column's quoted name, function)"""
    return READ_MYSQL.get(column.kind, '{0}'), FROM_MYSQL[name]


# -- PostgreSQL ------------------------------------------------------------------

def bits(text):
    return int(text, 2)


def truth(text):
    return {'true': 1, 'false': 0}[text]


AS_TEXT = '{0}::text'
AS_HEX = "encode({0}, 'hex')"
FROM_POSTGRES = {
    ('integer', 'boolean'): (AS_TEXT, truth),
    ('integer', 'bit'): (AS_TEXT, bits),
    ('integer', 'bit varying'): (AS_TEXT, bits),
    ('integer', None): (AS_TEXT, lambda text: int(decimal.Decimal(text))),
    ('decimal', None): (AS_TEXT, number),
    ('float', None): ("encode(float8send({0}::float8), 'hex')", bytes.fromhex),
    ('text', None): (AS_TEXT, str),
    ('address', 'inet'): ('host({0})', ipaddress.ip_address),
    ('address', None): (AS_TEXT, ipaddress.ip_address),
    ('set', 'text[]'): ('array_to_json({0})::text', lambda text: tuple(json.loads(text))),
    ('set', None): (AS_TEXT, labels),
    ('json', None): (AS_TEXT, document),
    ('bytes', 'bytea'): (AS_HEX, bytes.fromhex),
    ('bytes', 'uuid'): (AS_TEXT, lambda text: bytes.fromhex(text.replace('-', ''))),
    ('bytes', 'real[]'): ('array_to_json({0})::text', lambda text: struct.pack(f'<{len(json.loads(text))}f', *json.loads(text))),
    ('moment', None): (AS_TEXT, moment),
    ('time', None): (AS_TEXT, microseconds),
    ('geometry', 'point'): (AS_TEXT, shape_of_point),
    ('geometry', 'bytea'): (AS_HEX, lambda text: shape_of_ewkb(bytes.fromhex(text))),
    ('geometry', None): (AS_TEXT, lambda text: shape_of_ewkb(bytes.fromhex(text))),
}


def of_postgres(name, kind):
    """The same, for a type as format_type() writes it without modifiers."""
    found = FROM_POSTGRES.get((name, kind)) or FROM_POSTGRES.get((name, None))
    if found is None:
        raise AssertionError(f'these tests do not know {name} in a column of type {kind}')
    return found
