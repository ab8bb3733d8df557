"""What a value of PostgreSQL is in a column of MariaDB or MySQL, by these tests' own reckoning.

pair(source, target) gives two functions whose results are equal when the values are: one of what
PostgreSQL prints, one of what pymysql reads without converting. A value that the column has no room
for raises NotHeld, which knows the nearest that it has.
"""
import collections
import ctypes
import decimal
import json
import math
import struct

Target = collections.namedtuple('Target', 'product kind unsigned length precision scale')

CONTEXT = decimal.Context(prec=20000, Emax=999999, Emin=-999999)

FLOATS = {'float': ctypes.c_float, 'double': ctypes.c_double}
MOST = {'float': 3.4028234663852886e38, 'double': 1.7976931348623157e308}
INTEGER_BYTES = {'tinyint': 1, 'smallint': 2, 'mediumint': 3, 'int': 4, 'bigint': 8}
TEXTS = ('char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext', 'enum', 'uuid', 'inet4', 'inet6')
BYTES = ('binary', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob')
NUMBERS = ('smallint', 'integer', 'bigint', 'real', 'double precision', 'numeric', 'oid', 'xid', 'xid8', 'cid')
DOCUMENTS = ('json', 'jsonb')
FIRST, LAST = '0001-01-01', '9999-12-31'


class NotHeld(Exception):
    def __init__(self, text, target, nearest=None):
        super().__init__(f'{target.kind} cannot have {text[:80]}')
        self.nearest = nearest


def pair(source, target):
    """source is the name of a PostgreSQL type, domains resolved, without modifiers."""
    for kinds, expected, actual in KINDS:
        if target.kind in kinds:
            return lambda text: expected(source, target, text), lambda raw: actual(source, target, raw)
    raise AssertionError(f'these tests do not know {target.kind}')


# -- numbers -------------------------------------------------------------------

def number(text):
    """A decimal as (sign and digits without useless zeros); money too."""
    value = decimal.Decimal(text.replace('$', '').replace(',', ''))
    return plain(value) if value.is_finite() else value


def plain(value):
    if value == 0:
        return decimal.Decimal(0)
    return value.normalize(CONTEXT)


def integer(source, target, text):
    value = {'true': 1, 'false': 0, 't': 1, 'f': 0}.get(text)
    if value is None:
        value = number(text)
    bits = 8 * INTEGER_BYTES[target.kind]
    low, high = (0, 2 ** bits - 1) if target.unsigned else (-2 ** (bits - 1), 2 ** (bits - 1) - 1)
    if decimal.Decimal(value).is_nan():
        raise NotHeld(text, target)
    if not low <= value <= high:
        raise NotHeld(text, target, min(max(value, low), high))
    if value != int(value):
        raise NotHeld(text, target, int(decimal.Decimal(value).to_integral_value(decimal.ROUND_HALF_UP)))
    return int(value)


def fixed(source, target, text):
    value = number(text)
    if value.is_nan():
        raise NotHeld(text, target)
    most = decimal.Decimal('9' * (target.precision - target.scale) + '.' + '9' * target.scale)
    if value.copy_abs() > most:
        raise NotHeld(text, target, plain(most.copy_sign(value)))
    unit = decimal.Decimal(1).scaleb(-target.scale)
    rounded = plain(value.quantize(unit, decimal.ROUND_HALF_UP, CONTEXT))
    if rounded != value:
        raise NotHeld(text, target, rounded)
    return value


def floating(source, target, text):
    value = float(text)
    if value != value:
        raise NotHeld(text, target)
    if value == 0 and target.product == 'mariadb':
        value = 0.0  # it has no zero with a sign
    rounded = FLOATS[target.kind](value)
    if abs(rounded.value) == float('inf'):
        raise NotHeld(text, target, bytes(FLOATS[target.kind](math.copysign(MOST[target.kind], value))))
    if source == 'double precision' and rounded.value != value:
        raise NotHeld(text, target, bytes(rounded))
    return bytes(rounded)


def floating_read(source, target, raw):
    return bytes(FLOATS[target.kind](float(raw)))


# -- times ---------------------------------------------------------------------

def with_fraction(text, target):
    """Six digits behind the seconds."""
    whole, _, fraction = text.partition('.')
    if len(fraction.rstrip('0')) > (target.precision or 0):
        raise NotHeld(text, target)
    return f'{whole}.{fraction:0<6}'


def is_outside(text):
    """-1 or 1 for what is before or behind the years of four digits."""
    if text == '-infinity' or text.endswith(' BC'):
        return -1
    return 1 if text == 'infinity' or len(text.split('-')[0]) > 4 else 0


def day(source, target, text):
    outside = is_outside(text)
    if outside:
        raise NotHeld(text, target, FIRST if outside < 0 else LAST)
    return text


def moment(source, target, text):
    plain_text = text
    if source == 'timestamp with time zone':
        plain_text = text.replace('+00', '')
    outside = is_outside(plain_text)
    if outside:
        raise NotHeld(text, target, f'{FIRST} 00:00:00.000000' if outside < 0 else f'{LAST} 23:59:59.999999')
    if source == 'date':
        plain_text += ' 00:00:00'
    return with_fraction(plain_text, target)


def clock(source, target, text):
    return with_fraction(text, target)


# -- texts and bytes -----------------------------------------------------------

def words(source, target, text):
    if target.kind == 'char' or source == 'character':
        text = text.rstrip(' ')
    if target.length and target.kind in ('char', 'varchar') and len(text) > target.length:
        raise NotHeld(text, target, text[:target.length])
    return text


def octets(source, target, text):
    value = bytes.fromhex(text[2:]) if source == 'bytea' else bytes.fromhex(text.replace('-', '')) if source == 'uuid' else text.encode()
    if target.length and len(value) > target.length:
        raise NotHeld(text, target, value[:target.length])
    return value


def bits(source, target, text):
    return int(text, 2)


def bits_read(source, target, raw):
    return int.from_bytes(raw, 'big')


# -- documents -----------------------------------------------------------------

def parse(text):
    return json.loads(text, parse_float=decimal.Decimal, parse_int=decimal.Decimal)


def frozen(value):
    """Something that equals its like whatever the order of keys, numbers by their exact value."""
    if isinstance(value, dict):
        return ('object', tuple(sorted((key, frozen(inner)) for key, inner in value.items())))
    if isinstance(value, list):
        return ('array', tuple(map(frozen, value)))
    if isinstance(value, decimal.Decimal):
        return ('number', str(plain(value)))
    return (type(value).__name__, value)


def as_doubles(value):
    """Numbers that are no integers of 64 bits as the nearest double."""
    if isinstance(value, dict):
        return {key: as_doubles(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return list(map(as_doubles, value))
    if not isinstance(value, decimal.Decimal) or (value == value.to_integral_value() and -2 ** 63 <= value < 2 ** 64):
        return value
    most = MOST['double']
    return decimal.Decimal(repr(min(max(float(value), -most), most)))


def document(source, target, text):
    if not source.endswith('[]'):
        value = parse(text)
        if target.product == 'mysql' and frozen(as_doubles(value)) != frozen(value):
            raise NotHeld(text, target, frozen(as_doubles(value)))
        return frozen(value)
    array = parse_array(text, ';' if source == 'box[]' else ',')
    return frozen(parsed(array)) if source[:-2] in DOCUMENTS else elements(source[:-2], array)


def document_read(source, target, raw):
    value = parse(raw)
    return elements(source[:-2], value) if source.endswith('[]') and source[:-2] not in DOCUMENTS else frozen(value)


def parsed(value):
    """Lists of JSON texts as what they say."""
    if isinstance(value, list):
        return [parsed(inner) for inner in value]
    return None if value is None else parse(value)


def elements(kind, value):
    """Lists of elements, each as its type has it, whether it comes as a text or as a JSON value."""
    if isinstance(value, list):
        return tuple(elements(kind, inner) for inner in value)
    if value is None:
        return None
    if kind == 'boolean':
        return {'t': True, 'f': False}.get(value, value)
    if kind in NUMBERS:
        return str(number(str(value)))
    return value


def parse_array(text, comma=','):
    """What PostgreSQL prints for an array, as lists of texts and None; lower bounds are passed over."""
    at = text.index('{')

    def element():
        nonlocal at
        if text[at] == '"':
            at += 1
            out = []
            while text[at] != '"':
                at += text[at] == '\\'
                out.append(text[at])
                at += 1
            at += 1
            return ''.join(out)
        start = at
        while text[at] not in (comma, '}'):
            at += 1
        return None if text[start:at] == 'NULL' else text[start:at]

    def array():
        nonlocal at
        at += 1
        out = []
        while text[at] != '}':
            out.append(array() if text[at] == '{' else element())
            at += text[at] == comma
        at += 1
        return out
    return array()


# -- shapes --------------------------------------------------------------------

def point(source, target, text):
    x, y = (float(part) for part in text.strip('()').split(','))
    if not all(abs(part) < float('inf') for part in (x, y)):
        raise NotHeld(text, target)
    return struct.pack('<dd', x, y)


def point_read(source, target, raw):
    """SRID, byte order, kind, x, y."""
    srid, order, kind, x, y = struct.unpack('<IBIdd', raw)
    assert (srid, order, kind) == (0, 1, 1), raw
    return struct.pack('<dd', x, y)


# Kinds of columns, the source's value, the target's.
KINDS = (
    (tuple(INTEGER_BYTES), integer, lambda source, target, raw: int(raw)),
    (('decimal',), fixed, lambda source, target, raw: number(raw)),
    (('float', 'double'), floating, floating_read),
    (('date',), day, lambda source, target, raw: raw),
    (('datetime', 'timestamp'), moment, lambda source, target, raw: with_fraction(raw, target)),
    (('time',), clock, lambda source, target, raw: with_fraction(raw, target)),
    (TEXTS, words, lambda source, target, raw: raw.rstrip(' ') if target.kind == 'char' or source == 'character' else raw),
    (BYTES, octets, lambda source, target, raw: bytes(raw)),
    (('bit',), bits, bits_read),
    (('json',), document, document_read),
    (('point',), point, point_read),
)
