"""What is in the JetStream stream of a copy, read message by message and bundle by bundle."""
import base64
import ctypes
import json
import struct

HEADER = 96
PART = 3
MESSAGE, RELATION, ROW = b'M', b'R', b'L'


class Bundle:
    """A load message: where it belongs, and its records."""

    def __init__(self, subject, data, parts=()):
        self.subject = subject
        head = Head(data)
        body = data[HEADER:]
        if head.kind == PART:
            whole = body + b''.join(part[HEADER:] for part in parts)
            head, body = Head(whole), whole[HEADER:]
        self.generation, self.chunk, self.number = head.first[1] >> 32, head.first[1] & 0xffffffff, head.first[2]
        self.incarnation = head.first[0]
        self.head = head
        self.relations, self.rows, self.messages = [], [], {}
        assert head.compression == 0, 'only plain bundles are read here'
        at = 0
        for _ in range(head.records):
            kind, _, number, length = struct.unpack_from('>cBHI', body, at)
            record = body[at + 8:at + 8 + length]
            at += 8 + length
            if kind == RELATION:
                self.relations.append(read_relation(record))
            elif kind == ROW:
                self.rows.append((self.relations[number], read_row(record)))
            elif kind == MESSAGE:
                prefix, content = read_message(record)
                self.messages[prefix] = json.loads(content)
        assert at == len(body)


class Head:
    def __init__(self, data):
        assert data[:4] == b'SLB\x01'
        self.kind, self.compression = data[6], data[7]
        self.records, = struct.unpack_from('>I', data, 8)
        self.part, self.parts = struct.unpack_from('>II', data, 24)
        incarnation, = struct.unpack_from('>Q', data, 32)
        self.previous = struct.unpack_from('>QQ', data, 40)
        self.first = (incarnation, *struct.unpack_from('>QQ', data, 56))
        self.last = (incarnation, *struct.unpack_from('>QQ', data, 72))


def read_text(data, at):
    length, = struct.unpack_from('>H', data, at)
    return data[at + 2:at + 2 + length].decode(), at + 3 + length


def read_relation(data):
    columns, = struct.unpack_from('>H', data, 6)
    schema, at = read_text(data, 8)
    table, at = read_text(data, at)
    names = []
    for _ in range(columns):
        name, at = read_text(data, at + 12)
        _, at = read_text(data, at)
        names.append(name)
    return f'{schema}.{table}', tuple(names)


def read_row(data):
    fields, = struct.unpack_from('>H', data, 0)
    at, row = 2, []
    for _ in range(fields):
        length, = struct.unpack_from('>i', data, at)
        at += 4
        row.append(None if length == -1 else data[at:at + length])
        at += max(length, 0)
    return row


def read_message(data):
    prefix, at = read_text(data, 8)
    length, = struct.unpack_from('>I', data, at)
    return prefix, data[at + 4:at + 4 + length]


def unpack_zstd(data):
    zstd = ctypes.CDLL('libzstd.so.1')
    zstd.ZSTD_getFrameContentSize.restype = ctypes.c_ulonglong
    size = zstd.ZSTD_getFrameContentSize(data, ctypes.c_size_t(len(data)))
    out = ctypes.create_string_buffer(size)
    zstd.ZSTD_decompress.restype = ctypes.c_size_t
    assert zstd.ZSTD_decompress(out, ctypes.c_size_t(size), data, ctypes.c_size_t(len(data))) == size
    return out.raw


class LoadStream:
    """SLUICE_<stream>_LOAD as it stands."""

    def __init__(self, nats, stream):
        self.nats, self.stream, self.name = nats, stream, f'SLUICE_{stream}_LOAD'
        self.read_to = 0  # the last sequence that was read

    def messages(self):
        """(subject, headers, data) of each message, in order."""
        state = self.nats.stream_state(self.name)
        self.read_to = state['last_seq']
        with self.nats.connect() as client:
            for sequence in range(max(state['first_seq'], 1), state['last_seq'] + 1):
                try:
                    message = client.request_json(f'$JS.API.STREAM.MSG.GET.{self.name}', {'seq': sequence})['message']
                except Exception as error:
                    if 'no message found' in str(error):
                        continue  # purged
                    raise
                headers = base64.b64decode(message.get('hdrs', '')).decode()
                yield message['subject'], headers, base64.b64decode(message.get('data', ''))

    def bundles(self):
        """Each load bundle, put together from its parts; a bundle that came twice counts once."""
        parts, seen = {}, {}
        for subject, _, data in self.messages():
            head = data[:4] == b'SLB\x01' and Head(data)
            if '.load_part.' in subject:
                parts[tuple(int(word) for word in subject.split('.')[-4:])] = data
            elif subject.endswith('.load'):
                place = (head.first[1] >> 32, head.first[1] & 0xffffffff, head.first[2])
                rest = [parts[(*place, part)] for part in range(1, head.parts)]
                seen.setdefault(place, Bundle(subject, data, rest))
        return [seen[place] for place in sorted(seen)]

    def purge(self, to=None):
        """Removes load messages, all or up to a sequence, as if every consumer had them."""
        request = {'filter': f'sluice.{self.stream}.load'}
        if to is not None:
            request['seq'] = to + 1
        self.nats.jetstream(f'STREAM.PURGE.{self.name}', request)

    def rows(self, generation=None):
        """Rows by table, each a tuple of bytes; every chunk must be whole."""
        chunks = {}
        for bundle in self.bundles():
            if generation is None or bundle.generation == generation:
                chunks.setdefault((bundle.generation, bundle.chunk), []).append(bundle)
        tables = {}
        for chunk, bundles in chunks.items():
            end = bundles[-1].messages.get('sluice.chunk_end')
            assert end and end['bundles'] == len(bundles), f'chunk {chunk} is not whole: {end}, {len(bundles)} bundles'
            assert [bundle.number for bundle in bundles] == list(range(len(bundles)))
            assert sum(len(bundle.rows) for bundle in bundles) == end['rows']
            assert end['bytes'] >= sum(len(field or b'') for bundle in bundles for _, row in bundle.rows for field in row)
            for bundle in bundles:
                for (table, _), row in bundle.rows:
                    tables.setdefault(table, []).append(tuple(row))
        return tables

    def document(self, generation):
        parts = {}
        for subject, headers, data in self.messages():
            words = subject.split('.')
            if words[2] == 'schema' and int(words[3]) == generation:
                parts[int(words[4])] = data
                count = int(headers.split('Sluice-Parts:')[1].split()[0])
        assert sorted(parts) == list(range(count))
        return json.loads(unpack_zstd(b''.join(parts[part] for part in range(count))))
