"""Every built-in type's text, made from its binary form, against the server that made both.

The program is the unit test's: it prints what pg_text() makes of "oid hex" lines.
"""
import random
import struct
import subprocess

import pytest

from harness.daemon import BUILD
from harness.values import SINCE, TYPES

PROGRAM = BUILD / 'tests' / 'unit' / 'pg_text_test'
NUMBER = 4000  # random values of a type
SESSION = ('SET DateStyle = ISO', 'SET IntervalStyle = postgres', "SET TimeZone = 'UTC'", 'SET extra_float_digits = 3',
           'SET bytea_output = hex', "SET lc_monetary = 'C'")
# Types that travel as text: nothing makes text of their binary form.
AS_TEXT = ('regclass', 'regtype', 'regproc', 'oidvector', 'int2vector', 'tsquery')


@pytest.fixture(scope='module')
def program():
    assert PROGRAM.exists(), f'{PROGRAM} is made by make check-e2e'
    return PROGRAM


class Oracle:
    def __init__(self, server):
        self.connection = server.connect()
        self.connection.autocommit = True
        self.cursor = self.connection.cursor()
        self.values = []  # (type, oid, hexadecimal form, text)
        for setting in SESSION:
            self.cursor.execute(setting)

    def ask(self, type_name, values, given=()):
        """Values of a type, from a query whose only column v has them."""
        self.cursor.execute('SELECT typsend::regproc::text, typoutput::regproc::text, oid FROM pg_type WHERE oid = %s::regtype',
                            (type_name,))
        send, output, oid = self.cursor.fetchone()
        self.cursor.execute(f"SELECT encode({send}(v), 'hex'), {output}(v)::text FROM ({values}) q WHERE v IS NOT NULL", given)
        self.values += [(type_name, oid, *row) for row in self.cursor]

    def ask_texts(self, type_name, texts):
        self.ask(type_name, f'SELECT v::{type_name} v FROM unnest(%s::text[]) v', (list(texts),))

    def compare(self, program):
        lines = ''.join(f'{oid} {sent}\n' for _, oid, sent, _ in self.values)
        made = subprocess.run([program, '-'], input=lines, capture_output=True, text=True, check=True).stdout.splitlines()
        assert len(made) == len(self.values) > 0
        wrong = [(name, sent[:80], text[:80], line[:80]) for (name, _, sent, text), line in zip(self.values, made)
                 if line != text.encode().hex()]
        assert not wrong, wrong[:20]
        self.connection.close()


def test_values(source, program):
    """The extremes of every type."""
    oracle = Oracle(source)
    for group, types in TYPES.items():
        if group == 'made' or int(source.version) < SINCE.get(group, 0):
            continue
        for name, values in types.items():
            if name in AS_TEXT or int(source.version) < SINCE.get(name, 0):
                continue
            for value in values:
                if (name, value) != ('"char"', "'\\377'") or int(source.version) >= 16:  # a bare byte before
                    oracle.ask(name, f'SELECT ({value})::{name} v')
    oracle.compare(program)


def random_double(rnd):
    """Any bits; powers of two, whose neighbours are not equally far; decimals half way between two."""
    return rnd.choice([
        lambda: struct.unpack('>d', rnd.randbytes(8))[0],
        lambda: 2.0 ** rnd.randint(-1074, 1023),
        lambda: rnd.randint(0, 10 ** rnd.randint(1, 18)) * 10.0 ** rnd.randint(-30, 30),
        lambda: float(2 ** rnd.randint(50, 80) + rnd.randint(0, 4096)),
        lambda: struct.unpack('>d', rnd.getrandbits(rnd.randint(1, 53)).to_bytes(8, 'big'))[0],
        lambda: round(rnd.uniform(-1e6, 1e6), rnd.randint(0, 12))])()


def random_real(rnd):
    return rnd.choice([
        lambda: struct.unpack('>f', rnd.randbytes(4))[0],
        lambda: 2.0 ** rnd.randint(-149, 127),
        lambda: struct.unpack('>f', rnd.getrandbits(rnd.randint(1, 24)).to_bytes(4, 'big'))[0],
        lambda: rnd.randint(0, 10 ** rnd.randint(1, 10)) * 10.0 ** rnd.randint(-20, 20)])()


def random_numeric(rnd):
    digits = ''.join(rnd.choice('0000123456789') for _ in range(rnd.randint(1, 60)))
    point = rnd.randint(0, len(digits))
    return f'{rnd.choice(("", "-"))}{digits[:point] or "0"}.{digits[point:] or "0"}e{rnd.choice((0, 0, rnd.randint(-40, 40)))}'


def random_clock(rnd):
    return f'{rnd.randint(0, 23):02}:{rnd.randint(0, 59):02}:{rnd.randint(0, 59):02}.{rnd.randint(0, 10 ** rnd.randint(1, 6) - 1)}'


def random_day(rnd, time=''):
    year = rnd.randint(1, rnd.choice((4712, 9999, 294275)))
    return f'{year:04}-{rnd.randint(1, 12):02}-{rnd.randint(1, 28):02} {time}{" BC" if year < 4713 and rnd.random() < .4 else ""}'


def random_interval(rnd):
    units = ('year', 1000), ('mon', 30), ('day', 1000), ('hour', 100000), ('min', 100), ('sec', 100)
    return ' '.join(f'{rnd.randint(-most, most)} {unit}' for unit, most in units if rnd.random() < .4) or '0'


def random_address(rnd):
    words = (rnd.choice(('0', '0', 'ffff', '1', f'{rnd.getrandbits(16):x}')) for _ in range(8))
    return ':'.join(words) + rnd.choice(('', f'/{rnd.randint(0, 128)}'))


def test_random_values(source, program):
    rnd = random.Random(20261123)
    makers = {'float8': lambda: repr(random_double(rnd)), 'float4': lambda: repr(random_real(rnd)),
              'numeric': lambda: random_numeric(rnd), 'date': lambda: random_day(rnd), 'time': lambda: random_clock(rnd),
              'timestamp': lambda: random_day(rnd, random_clock(rnd)), 'timestamptz': lambda: random_day(rnd, random_clock(rnd)),
              'timetz': lambda: f'{random_clock(rnd)}{rnd.choice("+-")}{rnd.randint(0, 14):02}:{rnd.randint(0, 59):02}:{rnd.randint(0, 59):02}',
              'interval': lambda: random_interval(rnd), 'inet': lambda: random_address(rnd),
              'money': lambda: f'{rnd.randint(-10 ** 16, 10 ** 16)}.{rnd.randint(0, 99):02}',
              'varbit': lambda: ''.join(rnd.choice('01') for _ in range(rnd.randint(0, 40)))}
    oracle = Oracle(source)
    for name, maker in makers.items():
        oracle.ask_texts(name, (maker() for _ in range(NUMBER)))
    oracle.compare(program)


def test_random_arrays(source, program):
    """Elements that must be quoted, in one and two dimensions, with NULLs."""
    rnd = random.Random(20261124)
    characters = 'ab"\\\'{},;() \t\nNULü漢[]%'

    def element():
        return rnd.choice((None, 'null', 'NULL', ''.join(rnd.choice(characters) for _ in range(rnd.randint(0, 6)))))

    oracle = Oracle(source)
    for _ in range(100):
        oracle.ask('text[]', 'SELECT %s::text[] v', ([element() for _ in range(rnd.randint(0, 5))],))
        oracle.ask('text[]', 'SELECT %s::text[] v', ([[element(), element()] for _ in range(2)],))
        oracle.ask('tsvector', 'SELECT array_to_tsvector(%s::text[]) v', ([(element() or '') + 'x' for _ in range(3)],))
    oracle.compare(program)
