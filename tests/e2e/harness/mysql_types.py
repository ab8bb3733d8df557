"""Values of every type of MySQL and MariaDB at its extremes, as SQL expressions; NULL is added by whoever uses them."""

EMOJI = "_utf8mb4'🐘'"
LONG = {'tinytext': 255, 'text': 65535, 'mediumtext': 70000, 'longtext': 70000, 'tinyblob': 255, 'blob': 65535, 'mediumblob': 70000, 'longblob': 70000}


def whole(bits, signed):
    low, high = (-2 ** (bits - 1), 2 ** (bits - 1) - 1) if signed else (0, 2 ** bits - 1)
    return tuple(map(str, sorted({low, low + 1, *((-1,) if signed else ()), 0, 1, high // 2, high - 1, high})))


def decimals(precision, scale):
    digits = '9' * precision
    most = f'{digits[:precision - scale]}.{digits[:scale]}' if scale else digits
    least = f'0.{"0" * (scale - 1)}1' if scale else '1'
    return most, f'-{most}', least, f'-{least}', '0', '-0'


WORDS = ("''", "' '", "'a'", "'A'", "'a '", "'é€'", EMOJI, r"'\t\n\\ \'\"'", r"'\\N'", "'100%'", "'{1,2}'", "'NULL'")
DAYS = ("'1000-01-01'", "'1970-01-01'", "'2000-02-29'", "'2024-12-31'", "'9999-12-31'")
SHAPES = {
    'point': ("'POINT(0 0)'", "'POINT(-1.5 1e300)'"),
    'linestring': ("'LINESTRING(0 0,1 1,2 -2)'",),
    'polygon': ("'POLYGON((0 0,0 4,4 4,4 0,0 0),(1 1,1 2,2 2,2 1,1 1))'",),
    'multipoint': ("'MULTIPOINT(1 1,2 2)'",),
    'multilinestring': ("'MULTILINESTRING((0 0,1 1),(2 2,3 3))'",),
    'multipolygon': ("'MULTIPOLYGON(((0 0,0 1,1 1,0 0)),((5 5,5 6,6 6,5 5)))'",),
    'geometrycollection': ("'GEOMETRYCOLLECTION(POINT(1 2),LINESTRING(0 0,1 1))'",),
}
SHAPES['geometry'] = tuple(shape[0] for shape in SHAPES.values())
# What both servers keep and PostgreSQL's jsonb takes.
DOCUMENTS = ('{}', '[]', '""', 'null', 'true', 'false', '0', '-1', '9223372036854775807', '18446744073709551615', '1.5', '-0.1', '1e100', '"é🐘"', r'"a\\"b\\\\c\\n"',
             '{"b": [1, {"c": null}], "a": {"d": "x"}, "": 1}', '[[[[[]]]]]')
BIG_DOCUMENT = "concat('[', repeat('{\"k\": \"vvvvvvvvvvvvvvvvvvvv\"},', 4000), '1]')"

TYPES = {
    'integers': {
        **{name: whole(bits, True) for name, bits in (('tinyint', 8), ('smallint', 16), ('mediumint', 24), ('int', 32), ('bigint', 64))},
        **{f'{name} unsigned': whole(bits, False) for name, bits in (('tinyint', 8), ('smallint', 16), ('mediumint', 24), ('int', 32), ('bigint', 64))},
        'int(5) zerofill': ('0', '42', '4294967295'), 'tinyint(1)': ('0', '1'), 'boolean': ('true', 'false'), 'year': ('0', '1901', '1970', '2155'),
        'bit(1)': ("b'0'", "b'1'"), 'bit(9)': ("b'0'", "b'100000001'", "b'111111111'"), 'bit(64)': ('0', '1', '18446744073709551615', '9223372036854775808'),
    },
    'numbers': {
        **{f'decimal({p},{s})': decimals(p, s) for p, s in ((1, 0), (5, 2), (9, 9), (10, 0), (18, 9), (19, 10), (38, 10), (65, 0), (65, 30), (30, 30))},
        'decimal(12,3) unsigned': ('0', '999999999.999', '0.001'),
        'float': ('0', '1.5', '-1.5', '0.1', '16777217', '123456.789', '3.4028234e38', '-3.4028234e38', '1.17549435e-38', '1e-45'),
        'double': ('0', '0.1', '-0.1', '1.7976931348623157e308', '-1.7976931348623157e308', '2.2250738585072014e-308', '5e-324', '123456789.12345678', '1e22'),
        'float(7,3)': ('1234.567', '-0.001'), 'double(15,4)': ('12345678901.2345',),
    },
    'texts': {
        'char(10)': WORDS, 'varchar(20)': WORDS, 'varchar(300)': (*WORDS, "repeat('é', 300)"), 'varchar(60) COLLATE utf8mb4_bin': WORDS,
        **{name: (*WORDS, f"repeat('v', {size})") for name, size in LONG.items() if 'text' in name},
        'varchar(20) CHARACTER SET latin1': ("''", "'é'", "'€'", "_binary x'8081828d8e8f909d9eff'"),
        'text CHARACTER SET utf8mb3': ("'漢字'", "''"), 'char(5) CHARACTER SET ascii': ("'abc'", "''"), 'varchar(20) CHARACTER SET utf16': (EMOJI, "'é'"),
        "enum('a','b','c')": ("'a'", "'c'"), "enum('','x y','é','it''s','\"')": ("''", "'x y'", "'é'", "'it''s'", "'\"'"),
        "set('a','b','c')": ("''", "'a'", "'a,c'", "'a,b,c'"), "set('é','x y','\"','\\\\')": ("''", "'é,x y'", "'\"'", "'\\\\'"),
        'set(' + ', '.join(f"'m{i}'" for i in range(64)) + ')': ("''", "'m63'", "'m0,m63'", '18446744073709551615'),
        'enum(' + ', '.join(f"'label {i}'" for i in range(300)) + ')': ("'label 0'", "'label 299'"),
    },
    'bytes': {
        'binary(6)': ("x''", "x'0102'", "x'000000000000'", "x'ffffffffffff'", "x'202020'"), 'binary(255)': ("x'01'", "repeat(x'ff', 255)"),
        'varbinary(300)': ("x''", "x'00'", "x'0102000000'", "x'5c4e'", "repeat(x'fe', 300)"),
        **{name: ("x''", "x'00'", "x'ff'", f"repeat(x'09', {size})") for name, size in LONG.items() if 'blob' in name},
    },
    'times': {
        'date': DAYS,
        **{f'datetime({n})': ("'1000-01-01 00:00:00'", f"'2024-02-29 13:14:15{fraction}'", f"'9999-12-31 23:59:59{fraction}'")
           for n, fraction in ((0, ''), (1, '.9'), (2, '.01'), (3, '.678'), (4, '.0001'), (5, '.99999'), (6, '.000001'))},
        **{f'timestamp({n}) NULL': ("'1970-01-01 00:00:01'", f"'2024-02-29 13:14:15{fraction}'", f"'2038-01-19 03:14:07{fraction}'")
           for n, fraction in ((0, ''), (1, '.9'), (3, '.678'), (4, '.0001'), (6, '.000001'))},
        'time': ("'00:00:00'", "'23:59:59'", "'-00:00:01'", "'838:59:59'", "'-838:59:59'"),
        **{f'time({n})': (f"'00:00:00{fraction}'", f"'-00:00:00{fraction}'", f"'-12:13:14{fraction}'", f"'837:59:59{fraction}'", "'24:00:00'")
           for n, fraction in ((1, '.1'), (2, '.01'), (3, '.999'), (4, '.0001'), (6, '.000001'))},
    },
    'documents': {'json': (*(f"'{text}'" for text in DOCUMENTS), BIG_DOCUMENT)},
    'shapes': {name: tuple(f'ST_GeomFromText({text})' for text in texts) for name, texts in SHAPES.items()},
}
OF_PRODUCT = {
    'mysql': {
        'vector(3)': ("string_to_vector('[1,-2.5,3.4e38]')", "string_to_vector('[0,0,0]')"),
        'geometry SRID 4326': ("ST_GeomFromText('POINT(10 20)', 4326)",),
        'json': ("json_object('d', cast('2024-02-29' AS date), 't', cast('12:13:14.5' AS time(6)), 'm', cast('2024-02-29 13:14:15' AS datetime))",
                 "cast(1.10 AS json)", "json_array(cast(12345678.5 AS decimal(30,5)))"),
    },
    'mariadb': {
        'uuid': ("'00000000-0000-0000-0000-000000000000'", "'123e4567-e89b-12d3-a456-426655440000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'"),
        'inet4': ("'0.0.0.0'", "'10.0.0.1'", "'255.255.255.255'"), 'inet6': ("'::'", "'::1'", "'2001:db8::ff00:0:8329'", "'::ffff:192.0.2.1'"),
        'varchar(500) COMPRESSED': ("''", "repeat('z', 400)", "'short'"), 'blob COMPRESSED': ("x''", "repeat(x'00', 5000)", "x'00ff'"),
    },
}

# Dates that no calendar has; stored with an empty sql_mode.
ZEROS = {'date': ("'0000-00-00'", "'2026-00-15'", "'2026-02-00'"), 'datetime': ("'0000-00-00 00:00:00'", "'2026-00-15 01:02:03'"),
         'datetime(3)': ("'0000-00-00 00:00:00'",), 'timestamp NULL': ("'0000-00-00 00:00:00'",)}


def types(group, product):
    """[(type, values)] of a group, or of a product's own."""
    return list((OF_PRODUCT[product] if group == 'own' else TYPES[group]).items())


GROUPS = (*TYPES, 'own')
