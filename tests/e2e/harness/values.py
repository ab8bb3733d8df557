"""Every built-in type, and some made ones, with values at its extremes."""

# Groups of {type: values as SQL}. Each type gets a table with a key and one without.
TYPES = {
    'numbers': {
        'smallint': ("'-32768'", "'32767'", '0', '-1'),
        'integer': ("'-2147483648'", "'2147483647'", '0'),
        'bigint': ("'-9223372036854775808'", "'9223372036854775807'", '0'),
        'real': ("'NaN'", "'Infinity'", "'-Infinity'", "'-0'", "'1e-45'", "'3.4028235e38'", "'0.1'"),
        'double precision': ("'NaN'", "'Infinity'", "'-Infinity'", "'-0'", "'5e-324'", "'1.7976931348623157e308'", "'0.1'"),
        'numeric': ("'NaN'", "'0'", "'0.000'", "'-0.00000000000000000000000000000000000001'", "'1e1000'", "'1e-1000'",
                    "repeat('9', 5000)::numeric", "(repeat('9', 300) || '.' || repeat('1', 300))::numeric", "'1.10'"),
        'numeric(10,3)': ("'9999999.999'", "'-9999999.999'", "'0.001'", "'NaN'"),
        'money': ("'-92233720368547758.08'", "'92233720368547758.07'", "'0'"),
        'oid': ("'0'", "'4294967295'"),
    },
    'texts': {
        'text': ("''", "' '", r"E'\\'", r"E'tab\tline\nreturn\rend'", r"E'\\N'", "'NULL'", "'\"quoted\" ''it'''", "'ünïcödé 漢字 🐘'",
                 r"E'\u0001\u007f'", "repeat('x', 10000)", "repeat('long ', 200000)", "'{}'", "',;|'"),
        'varchar(10)': ("''", "'ten chars!'", "'ü漢🐘'"),
        'char(5)': ("''", "'abc'", "'abcde'", "'ü'"),
        '"char"': ("'a'", "''", "'\\377'", "' '"),
        'name': ("''", "repeat('n', 63)", "'with space'"),
        'bytea': ("''", r"'\x00'", r"'\x00ff005c'", "decode(repeat('00ff', 100000), 'hex')"),
        'xml': ("'<a/>'", "'text &amp; more'::xml", "'<?xml version=\"1.0\" standalone=\"yes\"?><r x=\"1\">ü</r>'", "''::xml"),
        'uuid': ("'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'"),
        'boolean': ('true', 'false'),
    },
    'times': {
        'date': ("'4713-01-01 BC'", "'5874897-12-31'", "'infinity'", "'-infinity'", "'2000-01-01'", "'0001-12-31 BC'"),
        'time': ("'00:00:00'", "'24:00:00'", "'23:59:59.999999'"),
        'time(0)': ("'12:34:56'", "'24:00'"),
        'timetz': ("'00:00:00+15:59'", "'24:00:00-15:59'", "'12:00:00.000001+00'"),
        'timestamp': ("'4713-01-01 00:00:00 BC'", "'294276-12-31 23:59:59.999999'", "'infinity'", "'-infinity'",
                      "'1969-12-31 23:59:59.999999'"),
        'timestamptz': ("'4713-01-01 00:00:00+00 BC'", "'294276-12-31 23:59:59.999999+00'", "'infinity'", "'-infinity'",
                        "'2024-03-10 02:30:00 America/New_York'"),
        'timestamptz(3)': ("'2024-01-01 00:00:00.123+00'",),
        'interval': ("'0'", "'-178000000 years'", "'178000000 years'", "'1 month -1 day 00:00:00.000001'",
                     "'-1 year -2 mons +3 days -04:05:06.789'", "'9223372036854 s'"),
        'interval day to second': ("'1 day 02:03:04.5'",),
    },
    'documents': {
        'json': ("'{}'", "'[]'", "'null'", "'\"\"'", "' {\"a\":  1, \"a\": 2}'", "'1e400'", r"""'"\u0000 \ud83d\ude00"'"""),
        'jsonb': ("'{}'", "'[]'", "'null'", "'{\"b\": [1, 2.50, null, true, {\"x\": \"ü\"}], \"a\": {}}'",
                  "('[' || repeat('1,', 50000) || '1]')::jsonb", "'1e400'"),
        'jsonpath': ("'$'", "'strict $.a[*] ? (@ > 1)'"),
        'tsvector': ("''", "'a:1A,2B b:3 ''it''''s'':4'", "to_tsvector('simple', repeat('word ', 300))"),
        'tsquery': ("''", "'a & (b | !c) <-> d:*AB'"),
    },
    'networks': {
        'inet': ("'0.0.0.0/0'", "'255.255.255.255'", "'::'", "'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128'", "'192.168.1.5/24'",
                 "'::ffff:1.2.3.4'"),
        'cidr': ("'10.0.0.0/8'", "'::/0'", "'2001:db8::/32'"),
        'macaddr': ("'00:00:00:00:00:00'", "'ff:ff:ff:ff:ff:ff'"),
        'macaddr8': ("'00:00:00:00:00:00:00:00'", "'ff:ff:ff:ff:ff:ff:ff:ff'"),
    },
    'shapes': {
        'point': ("'(0,0)'", "'(-0,1e-300)'", "'(NaN,Infinity)'"),
        'line': ("'{1,2,3}'", "'{-1,0,-0.5}'"),
        'lseg': ("'[(0,0),(1,1)]'",),
        'box': ("'(1,1),(0,0)'", "'(Infinity,0),(-Infinity,-1)'"),
        'path': ("'[(0,0),(1,1),(2,0)]'", "'((0,0),(1,1))'"),
        'polygon': ("'((0,0),(1,1),(2,0))'", "'((1,1))'"),
        'circle': ("'<(0,0),1e10>'", "'<(1,2),0>'"),
    },
    'bits': {
        'bit(1)': ("B'0'", "B'1'"),
        'bit(13)': ("B'1010101010101'",),
        'varbit': ("B''", "B'1'", "repeat('10', 5000)::varbit"),
    },
    'ranges': {
        'int4range': ("'empty'", "'(,)'", "'[1,5)'", "'[-2147483648,2147483647)'"),
        'int8range': ("'[1,)'", "'(,9223372036854775806]'"),
        'numrange': ("'(0.1,0.2]'", "'[NaN,NaN]'", "'empty'"),
        'daterange': ("'[-infinity,infinity]'", "'[2020-01-01,2020-01-02)'"),
        'tsrange': ("'[2020-01-01,infinity)'", "'(,)'"),
        'tstzrange': ("'[2020-01-01 00:00+00,2020-01-02 00:00+00]'",),
    },
    'multiranges': {
        'int4multirange': ("'{}'", "'{[1,2),[5,)}'"),
        'nummultirange': ("'{(,0.1),[1.5,2.5]}'",),
        'tstzmultirange': ("'{[2020-01-01 00:00+00,infinity]}'",),
    },
    'system': {
        'pg_lsn': ("'0/0'", "'FFFFFFFF/FFFFFFFF'"),
        'xid': ("'0'::xid", "'4294967295'::xid"),
        'xid8': ("'0'::xid8", "'18446744073709551615'::xid8"),
        'cid': ("'0'::cid", "'4294967295'::cid"),
        'tid': ("'(0,0)'", "'(4294967294,65535)'"),
        'txid_snapshot': ("'1:1:'", "'10:20:10,14,15'"),
        'regclass': ("'pg_class'",),
        'regtype': ("'integer'", "'text[]'"),
        'regproc': ("'pg_sleep'", "0::regproc"),
        'oidvector': ("''", "'1 2 4294967295'"),
        'int2vector': ("''", "'1 -2 3'"),
    },
    'arrays': {
        'integer[]': ("'{}'", "'{1,NULL,-2147483648}'", "'[5:7]={1,2,3}'", "'{{1,2},{3,NULL}}'", "'[-1:0][2:3]={{1,2},{3,4}}'"),
        'text[]': ("'{}'", "'{\"\",NULL,\"NULL\"}'", r"""E'{"a,b","{}","\\\\\\"","new\nline"}'""", "ARRAY[repeat('x', 300000)]"),
        'numeric[]': ("'{NaN,1.50,-0.001}'",),
        'timestamptz[]': ("'{infinity,2020-01-01 00:00+00}'",),
        'boolean[]': ("'{t,f,NULL}'",),
        'bytea[]': (r"""ARRAY['\x00'::bytea, '', NULL]""",),
        'jsonb[]': ("ARRAY['{}'::jsonb, NULL, '[1]']",),
        'uuid[]': ("'{00000000-0000-0000-0000-000000000000}'",),
        'inet[]': ("'{1.2.3.4/8,::1}'",),
        'point[]': ("ARRAY['(1,2)'::point, NULL]",),
        'box[]': ("'{(1,1),(0,0);(2,2),(1,1)}'",),
        'varchar(5)[]': ("'{abc,\"\"}'",),
        'double precision[]': ("'{NaN,-0,Infinity,5e-324}'",),
        'int4range[]': ("ARRAY['[1,2)'::int4range, 'empty']",),
    },
    'made': {
        'mood': ("'sad'", "'it''s ok'", "'ünhappy'"),
        'mood[]': ("'{}'", "'{sad,NULL}'", "'{{sad},{ünhappy}}'"),
        'positive': ('1', '2147483647'),
        'positive[]': ("'{1,2}'", "'{}'"),
        'good_mood': ("'sad'", "'ünhappy'"),
        'good_mood[]': ("'{ünhappy}'",),
        'pair': ("'(1,a)'", "'(,)'", r"""ROW(2, E'q"uo,te\\')::pair"""),
        'pair[]': ("ARRAY[ROW(1, 'a')::pair, NULL]", "'{}'"),
        'nested': ("ROW(ROW(1, 'x')::pair, ARRAY['sad'::mood, NULL], '{}')::nested",),
        'pair_domain': ("ROW(1, 'in a domain')::pair",),
        'mood_range': ("'[sad,ünhappy]'", "'empty'"),
        'email': ("'A@B.c'", "''"),
    },
}

MADE = '''
CREATE TYPE mood AS ENUM ('sad', 'it''s ok', 'ünhappy');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE DOMAIN good_mood AS mood CHECK (VALUE <> 'it''s ok');
CREATE TYPE pair AS (a int, b text);
CREATE TYPE nested AS (p pair, m mood[], j jsonb);
CREATE DOMAIN pair_domain AS pair;
CREATE TYPE mood_range AS RANGE (subtype = mood);
CREATE DOMAIN email AS varchar(100)
'''

SINCE = {'multiranges': 14, 'xid8': 13, 'jsonpath': 12}
