"""Tables of a MySQL source as bundles and schema documents carry them, for copies made by hand (copy_maker.py)."""
import datetime
import decimal
import ipaddress
import struct
import uuid

from .copy_maker import KEY, Table, text

EPOCH = datetime.datetime(2000, 1, 1)
CANON = ['', 'bool', 'int16', 'int32', 'int64', 'uint64', 'float32', 'float64', 'decimal', 'text', 'bytes', 'date', 'time', 'timetz', 'timestamp',
         'timestamptz', 'interval', 'uuid', 'json', 'jsonb', 'bits', 'enum', 'set', 'array', 'geometry', 'network', 'builtin', 'other']


def _packed(form):
    return lambda value: struct.pack(form, value)


def _decimal(value):
    sign, digits, exponent = decimal.Decimal(value).as_tuple()
    scale = -exponent
    plain = ''.join(map(str, digits)).zfill(scale + 1)
    whole, fraction = plain[:len(plain) - scale], plain[len(plain) - scale:]
    whole = whole.zfill(-(-len(whole) // 4) * 4)
    plain = whole + fraction.ljust(-(-len(fraction) // 4) * 4, '0')
    groups = [int(plain[at:at + 4]) for at in range(0, len(plain), 4)]
    weight = len(whole) // 4 - 1
    while groups and groups[0] == 0:
        groups, weight = groups[1:], weight - 1
    while groups and groups[-1] == 0:
        groups = groups[:-1]
    return struct.pack(f'>HhHH{len(groups)}H', len(groups), weight if groups else 0, 0x4000 if sign else 0, scale, *groups)


def _microseconds(value):
    return (datetime.datetime.fromisoformat(value) - EPOCH) // datetime.timedelta(microseconds=1)


def _bits(value):
    return struct.pack('>I', len(value)) + int(value.ljust(-(-len(value) // 8) * 8, '0'), 2).to_bytes(-(-len(value) // 8), 'big')


def _network(value):
    address = ipaddress.ip_address(value)
    return struct.pack('BBBB', 2 if address.version == 4 else 3, address.max_prefixlen, 0, len(address.packed)) + address.packed


ENCODE = {
    'int16': _packed('>h'), 'int32': _packed('>i'), 'int64': _packed('>q'), 'uint64': _packed('>Q'), 'float32': _packed('>f'),
    'float64': _packed('>d'), 'decimal': _decimal, 'text': str.encode, 'enum': str.encode, 'set': str.encode, 'other': str.encode,
    'bytes': bytes, 'geometry': bytes, 'json': str.encode, 'uuid': lambda value: uuid.UUID(value).bytes, 'bits': _bits, 'network': _network,
    'date': lambda value: struct.pack('>i', (datetime.date.fromisoformat(value) - EPOCH.date()).days),
    'timestamp': lambda value: struct.pack('>q', _microseconds(value)), 'timestamptz': lambda value: struct.pack('>q', _microseconds(value)),
    'interval': lambda value: struct.pack('>qii', value, 0, 0),
}


class Column:
    """A column: its type as the server shows it, its plain type name, its canonical type, more fields of the document."""

    def __init__(self, name, sql, canon, type_name=None, **more):
        self.name, self.sql, self.canon, self.more = name, sql, canon, more
        self.type_name = type_name or sql.split("('")[0]

    def encode(self, value):
        if value is None or value is ...:
            return struct.pack('>i', -1 if value is None else -2)
        data = ENCODE[self.canon](value)
        return struct.pack('>i', len(data)) + data

    def record(self, key):
        return (struct.pack('>BBBBIi', KEY if key else 0, CANON.index(self.canon), 0, 0, 0, -1) + text(self.name) + text(self.type_name))

    def document(self, position, key):
        return {'name': self.name, 'position': position, 'type': self.sql, 'type_schema': '', 'type_name': self.type_name, 'typmod': -1,
                'canon': self.canon, 'element': None, 'not_null': key, 'collation': None, 'default': None, 'default_kind': None,
                'default_value': None, 'identity': None, 'generated': None, 'expression': None, 'inherited': False, 'comment': None, **self.more}


class MySQLTable(Table):
    """A table whose first column is its key, or (key=False) without one."""

    source = {'product': 'mysql', 'version': 90700, 'database': 'shop', 'encoding': 'utf8mb4'}

    def __init__(self, name, relation, columns, key=True, schema='shop', indexes=(), foreign_keys=(), **more):
        super().__init__(name, relation, key)
        self.columns, self.schema, self.indexes, self.foreign_keys, self.more = columns, schema, list(indexes), list(foreign_keys), more

    def row(self, *values):
        assert len(values) == len(self.columns)
        return struct.pack('>H', len(values)) + b''.join(column.encode(value) for column, value in zip(self.columns, values))

    def key_of(self, value):
        return struct.pack('>H', 1) + self.columns[0].encode(value)

    def record(self):
        return (struct.pack('>IcBH', self.relation, b'd' if self.key else b'f', 0, len(self.columns)) + text(self.schema) + text(self.name)
                + b''.join(column.record(self.key and number == 0) for number, column in enumerate(self.columns)))

    def document(self):
        key = index('PRIMARY', self.columns[0].name, primary=True)
        return {'id': self.relation, 'schema': self.schema, 'name': self.name, 'kind': 'table', 'persistence': 'permanent', 'comment': None,
                'options': [], 'replica_identity': 'default' if self.key else 'full', 'rows': 10, 'bytes': 1000, 'inherits': [],
                'partition': None, 'partition_of': None,
                'columns': [column.document(number + 1, self.key and number == 0) for number, column in enumerate(self.columns)],
                'indexes': ([key] if self.key else []) + self.indexes, 'checks': [], 'foreign_keys': self.foreign_keys, **self.more}


def index(name, *columns, primary=False, unique=False, method='btree', lengths=None):
    definition = f'KEY `{name}`'
    return {'name': name, 'definition': definition, 'primary': primary, 'unique': primary or unique, 'nulls_not_distinct': False, 'method': method,
            'predicate': None, 'include': [], 'replica_identity': False, 'clustered': False, 'parent': None, 'comment': None,
            'columns': [{'name': column, 'expression': None, 'order': 'asc', 'nulls': 'first', 'collation': None, 'opclass': None,
                         'length': (lengths or {}).get(column, 0)} for column in columns],
            'constraint': {'name': name, 'definition': 'PRIMARY KEY', 'deferrable': False, 'deferred': False, 'comment': None} if primary else None}


def foreign_key(name, column, table, referenced, **more):
    return {'name': name, 'columns': [column], 'schema': 'shop', 'table': table, 'referenced': [referenced], 'on_update': 'cascade',
            'on_delete': 'set null', 'match': 'simple', 'deferrable': False, 'deferred': False, 'validated': True, 'inherited': False,
            'definition': 'FOREIGN KEY', 'comment': None, **more}
