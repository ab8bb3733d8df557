"""Columns of every type a binary log has: their values at the extremes and at random, and how a query shows them."""
import dataclasses
import datetime
import struct
from typing import Callable

TEXTS = {
    'ascii': 'abcXYZ 019~', 'latin1': 'aé€Ÿñß Z', 'latin2': 'aąłŽ Z', 'utf8mb3': 'aé漢字♥', 'utf8mb4': 'aé漢字😀',
    'cp1251': 'aЖяё№', 'koi8r': 'aЖя─', 'greek': 'aΩλ', 'hebrew': 'aשם', 'ucs2': 'aé漢♥', 'utf16': 'aé漢😀', 'utf16le': 'aé漢😀', 'utf32': 'aé漢😀',
    'sjis': 'aｱ漢字ソ', 'cp932': 'aｱ漢字①', 'ujis': 'a漢字ソ', 'eucjpms': 'a漢字①', 'gbk': 'a漢字囧', 'gb2312': 'a汉字', 'gb18030': 'a漢字囧é😀',
    'big5': 'a漢字功', 'euckr': 'a한국漢', 'tis620': 'aกข', 'armscii8': 'aԱբ', 'geostd8': 'aაბ', 'keybcs2': 'aŽč', 'dec8': 'aéñ', 'hp8': 'aéñ',
    'macroman': 'aé∑', 'macce': 'aąŽ', 'swe7': 'abZ', 'cp850': 'aé░', 'cp852': 'aą░', 'cp866': 'aЖ░', 'cp1250': 'aąŽ€', 'cp1256': 'aب€', 'cp1257': 'aąŽ€',
    'latin5': 'aşğ', 'latin7': 'aąŽ', 'koi8u': 'aЖїґ',
}
JSON = (
    "'null'", "'true'", "'[]'", "'{}'", "'\"text\"'", "'-1'", "'0.0'", "'18446744073709551615'", "'-9223372036854775808'", "'-32769'", "'65536'", "'4294967296'",
    """'{"a": [1, "x", 2.5, true, {}], "bb": {"c": -70000, "d": 5000000000}}'""", "'[1, 2, [3, [4, [5]]], {\"a\": null}]'",
    "JSON_ARRAY(1, 2, 'é漢😀', '\"', '\\\\', '/')", "JSON_OBJECT('a', 1, 'a name', JSON_OBJECT('x', 1), 'k', REPEAT('x', 40))",
    "JSON_OBJECT('k', REPEAT('x', 70000), 'a', 5)",
)
OPAQUE_JSON = (  # MySQL's alone
    "JSON_ARRAY('\\n\\t\\b', CHAR(1 USING utf8mb4), CHAR(31 USING utf8mb4), CHAR(127 USING utf8mb4), CHAR(0 USING utf8mb4), CHAR(12 USING utf8mb4))",
    "JSON_ARRAY(CAST('2024-01-02' AS DATE), CAST('12:13:14.5' AS TIME(6)), CAST('-12:13:14.5' AS TIME(6)), CAST('2024-02-29 13:14:15.678' AS DATETIME(6)))",
    "JSON_ARRAY(CAST('838:59:59' AS TIME), CAST('-00:00:00.000001' AS TIME(6)), CAST('0001-01-01' AS DATE), CAST('9999-12-31 23:59:59.999999' AS DATETIME(6)))",
    "JSON_ARRAY(CAST(1.50 AS DECIMAL(10,2)), CAST(-0.001 AS DECIMAL(10,3)), 99999999999999999999999999999999.5, 0.000000000000000000001)",
    "JSON_ARRAY(CAST('abc' AS BINARY), CAST(REPEAT('x', 200) AS BINARY), b'101', ST_GeomFromText('POINT(1 2)'))",
    "JSON_OBJECT('b', REPEAT('y', 70000), 'c', JSON_ARRAY(70000, -70000, 3000000000, 1, NULL, FALSE))",
)
SHAPES = ("ST_GeomFromText('POINT(1 -2.5)')", "ST_GeomFromText('LINESTRING(0 0, 1 1, 2 1)', 4326)", "ST_GeomFromText('POLYGON((0 0, 1 0, 1 1, 0 0))', 4326)",
              "ST_GeomFromText('MULTIPOINT(1 1, 2 2)')", "ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 1), LINESTRING(0 0, 1 1))', 4326)")


@dataclasses.dataclass(frozen=True)
class Column:
    name: str
    type: str
    make: Callable  # of a random number generator: SQL of a value
    show: str = '{}'  # of the column: SQL that a query selects
    look: Callable = None  # of a field, and whether labels are known: what the query should have shown
    special: str = None
    labels: tuple = ()
    charset: str = None


def number(bits, unsigned):
    low, high = (0, 2 ** bits - 1) if unsigned else (-2 ** (bits - 1), 2 ** (bits - 1) - 1)
    return lambda pick: str(pick.choice((0, 1, low, high, pick.randint(low, high))))


def decimal(precision, scale):
    def make(pick):
        whole = ''.join(pick.choice('0123456789') for _ in range(pick.randrange(precision - scale + 1))) or '0'
        part = ''.join(pick.choice('0123456789') for _ in range(scale))
        return pick.choice((f'{whole}.{part}', f'-{whole}.{part}', '0', '9' * (precision - scale) + '.' + '9' * scale, '-' + '9' * (precision - scale) + '.' + '9' * scale))
    return make


def one_of(*values):
    return lambda pick: pick.choice(values)


def literal(text):
    return "'" + text.replace('\\', '\\\\').replace("'", "''") + "'"


def text_of(charset, most):
    letters = TEXTS[charset]

    def make(pick):
        length = most if most <= 300 and pick.random() < 0.1 else pick.randrange(min(most, 12) + 1)
        return literal(''.join(pick.choice(letters) for _ in range(length)))
    return make


def long_text(pick):
    return f"REPEAT({literal(pick.choice('aé漢😀'))}, {pick.choice((0, 1, 10, 300, 20000))})"


def bytes_of(most):
    return lambda pick: f"x'{pick.randbytes(pick.choice((0, 1, most, pick.randrange(most + 1)))).hex()}'"


def padded_bytes(most):
    """Also those with zeros at the end, which are not logged."""
    return lambda pick: f"x'{(pick.randbytes(pick.randrange(most + 1)) + bytes(most))[:most].hex()}'"


DATES = ("'1000-01-01'", "'9999-12-31'", "'0000-00-00'", "'2026-00-15'", "'2026-01-00'", "'2024-02-29'", "'0001-01-01'", "'1970-01-01'")
TIMES = ("'-838:59:59'", "'838:59:59'", "'-00:00:00.01'", "'-00:00:01'", "'12:13:14.567891'", "'-12:13:14.567891'", "'00:00:00'", "'-00:00:00.000001'", "'-100:00:00.999999'")
DATETIMES = ("'1000-01-01 00:00:00'", "'9999-12-31 23:59:59.999999'", "'0000-00-00 00:00:00'", "'2024-02-29 13:14:15.678901'", "'2026-00-15 01:02:03'", "'0001-01-01 00:00:00.000001'")
STAMPS = ("'1970-01-01 00:00:01'", "'2038-01-19 03:14:07.999999'", "'2024-02-29 13:14:15.678901'", "'2000-01-01 00:00:00'", "0")


def day(days):
    return (datetime.datetime(2000, 1, 1) + datetime.timedelta(days=days)).date().isoformat()


def date_look(field):
    days, = struct.unpack('>i', field.value)
    return '-infinity' if days == -2 ** 31 else day(days)


def stamp_look(digits):
    def look(field):
        micros, = struct.unpack('>q', field.value)
        if micros == -2 ** 63:
            return '-infinity'
        text = f'{day(micros // 86400000000)} {clock(micros % 86400000000)}'
        return text if digits == 6 else text[:-7] + (text[-7:-6 + digits] if digits else '')
    return look


def clock(micros):
    seconds, fraction = divmod(micros, 1000000)
    return f'{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{fraction:06}'


def time_look(digits):
    def look(field):
        micros, days, months = struct.unpack('>qii', field.value)
        assert (days, months) == (0, 0)
        text = ('-' if micros < 0 else '') + clock(abs(micros))
        return text if digits == 6 else text[:-7] + (text[-7:-6 + digits] if digits else '')
    return look


def numeric_text(value):
    """numeric_send's form as text."""
    count, weight, sign, scale = struct.unpack('>hhHh', value[:8])
    digits = {weight - place: digit for place, (digit,) in enumerate(struct.iter_unpack('>h', value[8:]))}
    assert len(digits) == count and all(0 <= digit < 10000 for digit in digits.values())
    whole = ''.join(f'{digits.get(place, 0):04}' for place in range(max(weight, 0), -1, -1)).lstrip('0') or '0'
    part = ''.join(f'{digits.get(-place, 0):04}' for place in range(1, (scale + 3) // 4 + 1))
    assert not part[scale:].strip('0')
    return ('-' if sign == 0x4000 else '') + whole + ('.' + part[:scale] if scale else '')


def geometry_look(field):
    """EWKB as the servers' own form: the reference system's number, then well-known binary."""
    order, kind = struct.unpack('<BI', field.value[:5])
    has_srid = kind & 0x20000000 != 0
    srid = field.value[5:9] if has_srid else bytes(4)
    return (srid + bytes([order]) + struct.pack('<I', kind & ~0x20000000) + field.value[9 if has_srid else 5:]).hex().upper()


def integer_look(field):
    return field.number()


def text_look(field):
    return field.value.decode()


def hex_look(field):
    return field.value.hex().upper()


def bits_look(field):
    bits, = struct.unpack('>I', field.value[:4])
    return int.from_bytes(field.value[4:], 'big') >> -bits % 8


def float_look(form):
    return lambda field: struct.unpack(form, field.value)[0]


def network_look(field):
    family, bits, is_network, length = field.value[:4]
    assert (family, bits, is_network, length) in ((2, 32, 0, 4), (3, 128, 0, 16))
    return field.value[4:].hex().upper()


UTF8 = 'CONVERT({} USING utf8mb4)'
AS_TEXT = 'CAST({} AS CHAR)'


def numbers():
    for name, bits in (('tinyint', 8), ('smallint', 16), ('mediumint', 24), ('int', 32), ('bigint', 64)):
        yield Column(f's_{name}', name, number(bits, False), look=integer_look)
        yield Column(f'u_{name}', f'{name} unsigned', number(bits, True), look=integer_look)
    yield Column('flag', 'tinyint(1)', one_of('0', '1', '-128'), look=integer_look)
    yield Column('f', 'float', one_of('0.1', '1.5', '-3e38', '16777217', '1e-45', '-0.0', '3.4028235e38'), show='CAST({} AS DOUBLE)', look=float_look('>f'))
    yield Column('d', 'double', one_of('0.1', '-1.7976931348623157e308', '5e-324', '1e15', '123456789012345678', '-0.0'), look=float_look('>d'))
    for precision, scale in ((14, 4), (65, 30), (5, 5), (1, 0), (9, 9), (18, 9), (65, 0), (10, 1), (19, 10)):
        yield Column(f'dec_{precision}_{scale}', f'decimal({precision},{scale})', decimal(precision, scale), show=AS_TEXT, look=lambda field: numeric_text(field.value))
    for size in (1, 7, 8, 10, 33, 64):
        yield Column(f'bit_{size}', f'bit({size})', number(size, True), show='{} + 0', look=bits_look)
    yield Column('y', 'year', one_of('1901', '2155', '0', '2024'), show='{} + 0', look=integer_look)


def temporals():
    yield Column('date_', 'date', one_of(*DATES), show=AS_TEXT, look=date_look)
    for digits in range(7):
        yield Column(f'time_{digits}', f'time({digits})', one_of(*TIMES), show=AS_TEXT, look=time_look(digits))
        yield Column(f'datetime_{digits}', f'datetime({digits})', one_of(*DATETIMES), show=AS_TEXT, look=stamp_look(digits))
        yield Column(f'timestamp_{digits}', f'timestamp({digits}) NULL', one_of(*STAMPS), show=AS_TEXT, look=stamp_look(digits))


def texts(product):
    yield Column('c5', 'char(5) CHARACTER SET utf8mb4', text_of('utf8mb4', 5), show=UTF8, look=text_look, charset='utf8mb4')
    yield Column('c200', 'char(200) CHARACTER SET utf8mb4', text_of('utf8mb4', 200), show=UTF8, look=text_look, charset='utf8mb4')
    yield Column('vc300', 'varchar(300) CHARACTER SET utf8mb4', text_of('utf8mb4', 300), show=UTF8, look=text_look, charset='utf8mb4')
    for kind in ('tinytext', 'text', 'mediumtext', 'longtext'):
        make = long_text if kind not in ('tinytext', 'text') else text_of('utf8mb4', 60)
        yield Column(kind, f'{kind} CHARACTER SET utf8mb4', make, show=UTF8, look=text_look, charset='utf8mb4')
    for charset in TEXTS:
        if charset != 'gb18030' or product == 'mysql':
            yield Column(f'cs_{charset}', f'varchar(20) CHARACTER SET {charset}', text_of(charset, 20), show=UTF8, look=text_look, charset=charset)
    yield Column('e', "enum('a', 'b''c', 'é漢') CHARACTER SET utf8mb4", one_of("'a'", "'b''c'", "'é漢'", "'zz'"), show=UTF8, look=text_look, labels=('a', "b'c", 'é漢'))
    yield Column('e1', "enum('é', 'ß') CHARACTER SET latin1", one_of("'é'", "'ß'"), show=UTF8, look=text_look, labels=('é', 'ß'))
    many = tuple(f'label {place}' for place in range(300))
    yield Column('e300', f"enum({', '.join(map(literal, many))})", one_of("'label 0'", "'label 299'", "'label 254'"), show=UTF8, look=text_look, labels=many)
    flags = tuple(f'f{place}' for place in range(64))
    yield Column('s', "set('p', 'q', 'é') CHARACTER SET latin1", one_of("''", "'p,é'", "'q'", "'p,q,é'"), show=UTF8, look=text_look, labels=('p', 'q', 'é'))
    yield Column('s64', f"set({', '.join(map(literal, flags))})", one_of("'f0,f63'", "''", literal(','.join(flags)), "'f31,f32'"), show=UTF8, look=text_look, labels=flags)


def raw_bytes():
    yield Column('bn', 'binary(6)', padded_bytes(6), show='HEX({})', look=hex_look)
    yield Column('bn255', 'binary(255)', padded_bytes(255), show='HEX({})', look=hex_look)
    yield Column('vb', 'varbinary(20)', bytes_of(20), show='HEX({})', look=hex_look)
    yield Column('vb400', 'varbinary(400)', bytes_of(400), show='HEX({})', look=hex_look)
    for kind in ('tinyblob', 'blob', 'mediumblob', 'longblob'):
        yield Column(kind, kind, bytes_of(250 if kind == 'tinyblob' else 2000), show='HEX({})', look=hex_look)


GEOMETRIES = [
    Column('g', 'geometry', one_of(*SHAPES), show='HEX({})', look=geometry_look),
    Column('p', 'point', one_of("ST_GeomFromText('POINT(1 2)')", "ST_GeomFromText('POINT(-1.5 0)', 4326)"), show='HEX({})', look=geometry_look),
]


def of_mysql():
    yield Column('js', 'json', one_of(*JSON, *OPAQUE_JSON), show=AS_TEXT, look=text_look)
    yield Column('jd', 'json', lambda pick: f'JSON_ARRAY({double(pick)}, {double(pick)})', show=AS_TEXT, look=text_look)
    yield Column('v', 'vector(3)', one_of("STRING_TO_VECTOR('[1, 2.5, -3e10]')", "STRING_TO_VECTOR('[0, 1]')"), show='HEX({})', look=hex_look)


def of_mariadb():
    yield Column('js', 'json', one_of(*JSON), show=UTF8, look=text_look, charset='utf8mb4', special='json')
    yield Column('uu', 'uuid', one_of("'aabbccdd-eeff-1122-8344-556677889900'", "'00000000-0000-0000-0000-000000000000'", "'123e4567-e89b-12d3-a456-426655440000'"),
                 show="UPPER(REPLACE(CAST({} AS CHAR), '-', ''))", look=hex_look, special='uuid')
    yield Column('i4', 'inet4', one_of("'1.2.3.0'", "'255.255.255.255'", "'0.0.0.0'"), show='HEX(INET_ATON({}))', look=lambda field: f'{int(network_look(field), 16):X}', special='inet4')
    yield Column('i6', 'inet6', one_of("'::1'", "'2001:db8::'", "'::ffff:1.2.3.4'"), show='HEX(INET6_ATON({}))', look=network_look, special='inet6')
    yield Column('vcc', 'varchar(500) COMPRESSED CHARACTER SET utf8mb4', long_short, show=UTF8, look=text_look, charset='utf8mb4')
    yield Column('vbc', 'varbinary(500) COMPRESSED', bytes_of(500), show='HEX({})', look=hex_look)
    yield Column('txc', 'text COMPRESSED CHARACTER SET latin1', long_short, show=UTF8, look=text_look, charset='latin1')
    yield Column('blc', 'mediumblob COMPRESSED', one_of("REPEAT('z', 5000)", "''", "x'00ff'"), show='HEX({})', look=hex_look)


def long_short(pick):
    return pick.choice(("''", "'a'", "REPEAT('z', 400)", "REPEAT('é', 120)", "'abc é'"))


def double(pick):
    """A number as JSON may have: of every size, or one where its form changes."""
    if pick.random() < 0.3:
        return pick.choice(('1e15', '1e14', '123456789012345.0', '1234567890123456e0', '1e-5', '1e-14', '1e-15', '1.5e-15', '1e16', '1.5e16', '12345678901234567e3', '0.1e0', '1e0', '-1e0',
                            '5e-324', '1.7976931348623157e308', '100e0', '0.1e0 + 0.2e0', '-0e0', '123456.789e0'))
    value, = struct.unpack('>d', struct.pack('>Q', pick.getrandbits(64)))
    return repr(value) + ('' if 'e' in repr(value) else 'e0') if value == value and abs(value) != float('inf') else '0e0'


def columns_of(product):
    """All columns a product has, in the order of the table."""
    return [*numbers(), *temporals(), *texts(product), *raw_bytes(), *GEOMETRIES, *(of_mysql() if product == 'mysql' else of_mariadb())]


def select_list(columns):
    return ', '.join(column.show.format(f'`{column.name}`') for column in columns)


def is_no_date(text):
    """What MySQL calls a date and no calendar does."""
    return text.startswith('0000') or '-00' in text[:10]


def selected(column, field, shown, has_labels):
    """Whether a field of the decoder is what the query showed."""
    if column.labels and not has_labels:
        return same_labels(column, field, shown)
    expected = column.look(field)
    if expected == '-infinity':
        return is_no_date(shown)
    return (expected, type(expected)) == (shown, type(shown)) or (not isinstance(shown, str) and float(expected) == float(shown) and int(expected) == int(shown))


def same_labels(column, field, shown):
    """Of a log without labels: the number of one, or a bit for each."""
    value = int.from_bytes(field.raw, 'little')
    if column.type.startswith('enum'):
        return shown == (column.labels[value - 1] if value else '')
    return shown == ','.join(label for place, label in enumerate(column.labels) if value >> place & 1)
