"""Copies made by hand: schema documents, bundles of rows and of changes, published in any order and as often as a test wants.

Every table is (id integer PRIMARY KEY, v text), or without the key.
"""
import base64
import json
import struct

from .nats import NatsError

INT4, TEXT = 23, 25
CANON_INT32, CANON_TEXT = 3, 9
KEY = 3  # of the identity and of the primary key
CHANGES, ROWS, PART = 1, 2, 3
COMMIT = 0xffffffffffffffff
HEAD = 96


def _crc_table():
    table = []
    for number in range(256):
        for _ in range(8):
            number = number >> 1 ^ (0x82f63b78 if number & 1 else 0)
        table.append(number)
    return table


_TABLE = _crc_table()


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc = crc >> 8 ^ _TABLE[(crc ^ byte) & 0xff]
    return crc ^ 0xffffffff


def text(value):
    encoded = value.encode()
    return struct.pack('>H', len(encoded)) + encoded + b'\0'


class Table:
    schema, source = 'public', {'product': 'postgresql', 'version': 150000, 'database': 'x', 'encoding': 'UTF8'}

    def __init__(self, name, relation, key=True):
        self.name, self.relation, self.key = name, relation, key

    def row(self, *values):
        return row(*values)

    def key_of(self, value):
        """A row of the key alone."""
        return struct.pack('>Hii', 1, 4, value)

    def record(self):
        """The body of a relation record."""
        flags = KEY if self.key else 0
        return (struct.pack('>IcBH', self.relation, b'd' if self.key else b'f', 0, 2) + text('public') + text(self.name)
                + struct.pack('>BBBBIi', flags, CANON_INT32, 0, 0, INT4, -1) + text('id') + text('int4')
                + struct.pack('>BBBBIi', 0, CANON_TEXT, 0, 0, TEXT, -1) + text('v') + text('text'))

    def document(self):
        columns = [self._column('id', 1, 'integer', 'int4', 'int32', self.key), self._column('v', 2, 'text', 'text', 'text', False)]
        index = {'name': f'{self.name}_pkey', 'definition': f'CREATE UNIQUE INDEX {self.name}_pkey ON public.{self.name} USING btree (id)',
                 'primary': True, 'unique': True, 'nulls_not_distinct': False, 'method': 'btree', 'predicate': None, 'include': [],
                 'columns': [{'name': 'id', 'expression': None, 'order': 'asc', 'nulls': 'last', 'collation': None, 'opclass': None}],
                 'constraint': {'name': f'{self.name}_pkey', 'definition': 'PRIMARY KEY (id)', 'deferrable': False, 'deferred': False, 'comment': None},
                 'replica_identity': False, 'clustered': False, 'parent': None, 'comment': None}
        return {'id': self.relation, 'schema': 'public', 'name': self.name, 'kind': 'table', 'persistence': 'permanent', 'comment': None,
                'options': [], 'replica_identity': 'default' if self.key else 'full', 'rows': 10, 'bytes': 1000, 'inherits': [],
                'partition': None, 'partition_of': None, 'columns': columns, 'indexes': [index] if self.key else [],
                'checks': [], 'foreign_keys': []}

    @staticmethod
    def _column(name, position, sql, type_name, canon, not_null):
        return {'name': name, 'position': position, 'type': sql, 'type_schema': 'pg_catalog', 'type_name': type_name, 'typmod': -1,
                'canon': canon, 'element': None, 'not_null': not_null, 'collation': None, 'default': None, 'default_kind': None,
                'default_value': None, 'identity': None, 'generated': None, 'expression': None, 'inherited': False, 'comment': None}


def row(number, value):
    """A row as a bundle has it; a value None is NULL, Ellipsis unchanged."""
    fields = struct.pack('>Hii', 2, 4, number)
    if value is None or value is ...:
        return fields + struct.pack('>i', -1 if value is None else -2)
    return fields + struct.pack('>i', len(value.encode())) + value.encode()


def record(kind, body, flags=0, relation=0):
    return kind + struct.pack('>BHI', flags, relation, len(body)) + body


def seal(kind, records, first, last=None, previous=(0, 0), incarnation=0x1f):
    """A message of records, uncompressed."""
    body = b''.join(records)
    head = struct.pack('>3sBHBBIIIIIIQQQQQQQq', b'SLB', 1, HEAD, kind, 0, len(records), len(body), len(body), 0, 0, 1, incarnation,
                       *previous, *first, *(last or first), 0)
    return _with_crc(head + body)


def _with_crc(message):
    return message[:20] + struct.pack('>I', crc32c(message)) + message[24:]


def split(message, count):
    """The parts of a bundle too long for one message."""
    size = -(-len(message) // count)
    slices = [message[at:at + size] for at in range(0, len(message), size)]
    identity = message[32:HEAD]
    return [_with_crc(struct.pack('>3sBHBBIIIIII', b'SLB', 1, HEAD, PART, 0, 0, len(piece), len(piece), 0, number, len(slices))
                      + identity + piece) for number, piece in enumerate(slices)]


def zstd(data):
    """A frame of zstd that compresses nothing."""
    frame = b'\x28\xb5\x2f\xfd\xa0' + struct.pack('<I', len(data))
    pieces = [data[at:at + 0x10000] for at in range(0, len(data), 0x10000)]
    for number, piece in enumerate(pieces):
        frame += struct.pack('<I', (number == len(pieces) - 1) | len(piece) << 3)[:3] + piece
    return frame


class CopyMaker:
    """The JetStream streams of one copy, and what is published there."""

    def __init__(self, nats, stream, incarnation=0x1f):
        self.nats, self.stream, self.incarnation = nats, stream, incarnation
        self._last_change = (0, 0)

    # -- streams ---------------------------------------------------------

    def make(self, changes=True):
        """Changes: also the stream of changes, as with convert+cdc."""
        self._add(f'SLUICE_{self.stream}_LOAD', ['schema.>', 'load', 'load_part.>'])
        if changes:
            self._add(f'SLUICE_{self.stream}', ['schema', 'change.>', 'dead'])
        return self

    def _add(self, name, tails):
        self.nats.jetstream(f'STREAM.CREATE.{name}', {
            'name': name, 'subjects': [f'sluice.{self.stream}.{tail}' for tail in tails], 'storage': 'file', 'retention': 'limits',
            'discard': 'new', 'num_replicas': 1, 'max_bytes': 1 << 28})

    def remove_load(self):
        self.nats.jetstream(f'STREAM.DELETE.SLUICE_{self.stream}_LOAD')

    def publish(self, subject, data, headers=None):
        with self.nats.connect() as client:
            answer = json.loads(client.request(f'sluice.{self.stream}.{subject}', data, headers=headers))
        assert 'error' not in answer, answer

    # -- the copy --------------------------------------------------------

    def document(self, tables, generation=1, mode='convert+cdc', position=0x100, parts=1):
        """Publishes a document; tables are (Table, chunks, {more fields of load.tables[]})."""
        loads, first = [], 0
        for table, chunks, more in tables:
            loads.append({'id': table.relation, 'schema': table.schema, 'name': table.name, 'first_chunk': first, 'chunks': chunks, 'rows': 10,
                          'bytes': 1000, 'position': lsn(position), 'mode': 'exact',
                          'restarted': generation if more.get('mode') == 'restart' else 0, 'kept': [], **more})
            first += chunks
        whole = {'format': 'sluice-schema', 'version': 1, 'stream': self.stream, 'revision': 1,
                 'source': tables[0][0].source, 'schemas': [{'name': tables[0][0].schema, 'comment': None}], 'types': [], 'sequences': [],
                 'tables': [table.document() for table, _, _ in tables], 'carried': [], 'not_carried': [],
                 'load': {'mode': mode, 'incarnation': f'{self.incarnation:x}', 'generation': generation, 'since': 1, 'position': lsn(position),
                          'chunks': first, 'tables': loads}}
        packed = zstd(json.dumps(whole).encode())
        size = -(-len(packed) // parts)
        for part in range(parts):
            self.publish(f'schema.{generation}.{part}', packed[part * size:(part + 1) * size], {'Sluice-Parts': str(parts)})

    def bundle(self, table, rows, chunk=0, number=0, end=None, generation=1, total=None):
        """A bundle of rows; in the last one of a chunk, end is how many those are, total how many rows."""
        records = [record(b'R', table.record())] + [record(b'L', table.row(*each)) for each in rows]
        if end is not None:
            content = json.dumps({'bundles': end, 'rows': len(rows) if total is None else total, 'bytes': 0}).encode()
            records.append(record(b'M', struct.pack('>Q', 0) + text('sluice.chunk_end') + struct.pack('>I', len(content)) + content, flags=1))
        return seal(ROWS, records, (generation << 32 | chunk, number), incarnation=self.incarnation)

    def load(self, *arguments, **options):
        self.publish('load', self.bundle(*arguments, **options))

    def chunk(self, table, rows, chunk=0, bundles=1, generation=1):
        """A whole chunk, its rows spread over bundles."""
        for number in range(bundles):
            self.load(table, rows[number::bundles], chunk, number, bundles if number == bundles - 1 else None, generation, len(rows))

    # -- changes ---------------------------------------------------------

    def change(self, commit, *changes):
        """A transaction; changes are (kind, Table, row) with kinds I, U, D, or U with the old key as a third: (U, Table, row, old id), or
        with the whole old row where the table has no key."""
        records = [record(b'B', struct.pack('>QqI', commit, 0, 1) + text(''))]
        numbers = {}
        for kind, table, values, *old in changes:
            if table not in numbers:
                numbers[table] = len(numbers)
                records.append(record(b'R', table.record(), relation=numbers[table]))
            # without a key old rows are whole
            if table.key:
                before = table.key_of(old[0] if old else values[0])
            else:
                before = table.row(*(old[0] if old else values))
            body = {'I': b'', 'U': before if old else b'', 'D': before}[kind] + (b'' if kind == 'D' else table.row(*values))
            records.append(record(kind.encode(), body, (1 if table.key else 2) if kind == 'D' or old else 0, numbers[table]))
        records.append(record(b'C', struct.pack('>q', 0)))
        self.publish('change.0', seal(CHANGES, records, (commit, 0), (commit, COMMIT), self._last_change, self.incarnation))
        self._last_change = (commit, COMMIT)

    # -- what the writer says --------------------------------------------

    def report(self, consumer='writer'):
        """The load report of a consumer as a dict; None before there is one."""
        try:
            message = self.nats.jetstream('STREAM.MSG.GET.KV_SLUICE', {'last_by_subj': f'$KV.SLUICE.load.{self.stream}.{consumer}'})['message']
        except NatsError:
            return None
        return dict(word.split('=', 1) for word in base64.b64decode(message['data']).decode().split(' '))

    def left(self, consumer='writer'):
        """Messages that the consumer has not acknowledged."""
        info = self.nats.jetstream(f'CONSUMER.INFO.SLUICE_{self.stream}_LOAD.load_{consumer}')
        return info['num_pending'] + info['num_ack_pending']


def lsn(number):
    return f'{number >> 32:X}/{number & 0xffffffff:X}'
