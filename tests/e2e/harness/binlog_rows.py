"""Rows of a binary log's file, as our decoder prints them and as the servers' mysqlbinlog -v does."""
import dataclasses
import json
import re
import struct

INT16, INT32, INT64, UINT64, FLOAT32, FLOAT64, DECIMAL = 2, 3, 4, 5, 6, 7, 8  # canonical types
FORMS = {INT16: '>h', INT32: '>i', INT64: '>q', UINT64: '>Q'}
JSON, VECTOR, DATE, TIMESTAMP = 245, 242, 10, (7, 17)  # kinds of columns in a log


@dataclasses.dataclass
class Field:
    kind: int
    raw: bytes  # as the log has it
    canon: int  # 0: not known
    value: bytes
    is_diff: bool = False  # the log has changes of the document before

    def number(self):
        return struct.unpack(FORMS[self.canon], self.value)[0]


@dataclasses.dataclass
class Row:
    action: str
    table: str
    before: object  # of ours: a list of None, 'absent' and Fields; of theirs: texts by place
    after: object


def field_of(printed):
    if printed is None or printed == 'absent':
        return printed
    kind, raw, canon, value, *changes = printed
    return Field(kind, bytes.fromhex(raw), canon, bytes.fromhex(value), bool(changes))


def read_ours(output):
    rows = []
    for line in output.splitlines():
        printed = json.loads(line)
        action = next((word for word in ('insert', 'update', 'delete') if word in printed), None)
        if action:
            before, after = ([field_of(field) for field in printed.get(image, [])] for image in ('before', 'after'))
            rows.append(Row(action, printed[action], before, after))
    return rows


HEAD = re.compile(r'^### (INSERT INTO|UPDATE|DELETE FROM) `(.*)`\.`(.*)`$')
FIELD = re.compile(r'^###   @(\d+)=(.*)$', re.DOTALL)
ACTIONS = {'INSERT INTO': 'insert', 'UPDATE': 'update', 'DELETE FROM': 'delete'}


def read_theirs(output):
    """Of what mysqlbinlog -v prints, read as Latin 1."""
    rows = []
    image = None
    for line in output.split('\n'):
        head, field = HEAD.match(line), FIELD.match(line)
        if head:
            rows.append(Row(ACTIONS[head[1]], f'{head[2]}.{head[3]}', {}, {}))
        elif line == '### WHERE':
            image = rows[-1].before
        elif line == '### SET':
            image = rows[-1].after
        elif field:
            image[int(field[1]) - 1] = field[2]
    return rows


NAMED = {8: '\\b', 12: '\\f', 9: '\\t', 10: '\\n', 13: '\\r', 0x27: "\\'", 0x5c: '\\\\'}  # MySQL's escapes; MariaDB has codes alone


def quoted(data):
    """Bytes as MariaDB's tool and as MySQL's print them."""
    codes = [f'\\x{byte:02x}' if byte < 0x20 else chr(byte) for byte in data]
    return tuple(f"'{''.join(texts)}'" for texts in (codes, [NAMED.get(byte, code) for byte, code in zip(data, codes)]))


def same_number(field, text):
    """Negative ones come with what they would be without a sign."""
    signed, _, unsigned = text.partition(' (')
    value = int.from_bytes(field.raw, 'little')
    return value in (int(signed) % (1 << 8 * len(field.raw)), int(unsigned.rstrip(')') or -1))


def same_float(field, text):
    value, = struct.unpack('<f' if field.kind == 4 else '<d', field.raw)
    return value == float(text) or abs(value - float(text)) <= abs(value) * 1e-5 or (abs(value) < 1e-30 and abs(float(text)) < 1e-30) or (abs(value) > 3e38 and 'inf' in text)


def same_time(look, field, text):
    """They show all digits there are; a timestamp in seconds since 1970."""
    ours = look(field)
    text = text.strip("'")
    if field.kind == DATE:
        text = text.replace(':', '-')
    if field.kind in TIMESTAMP:
        micros, = struct.unpack('>q', field.value)
        if micros == -2 ** 63:
            return float(text) == 0
        seconds, fraction = divmod(micros, 1000000)
        return (text + ('' if '.' in text else '.')).ljust(len(str(seconds + 946684800)) + 7, '0') == f'{seconds + 946684800}.{fraction:06}'
    if ours == '-infinity':
        return text.startswith('0000') or '-00' in text[:10]
    return text == ours


def same_value(field, text, column):
    """Whether a field of ours is what they print; column is None for the table's key."""
    if field is None or text == 'NULL':
        return field is None and text == 'NULL'
    if column is None or field.kind in (1, 2, 3, 8, 9):
        return same_number(field, text)
    if field.kind in (4, 5):
        return same_float(field, text)
    if field.kind == 246:
        return column.look(field) == text
    if field.kind == 13:
        return int(text) in (1900 + field.raw[0], field.number())  # MariaDB's shows 1900 for 0000
    if field.kind == 16:
        return text[:2] == "b'" and int(text[2:-1], 2) == int.from_bytes(field.raw, 'big')
    if field.kind in (10, 11, 12, 17, 18, 19, 7):
        return same_time(column.look, field, text)
    if field.kind == 247:
        return int(text) == int.from_bytes(field.raw, 'little')
    if field.kind == 248:  # MariaDB's shows byte by byte
        return text[:2] == "b'" and int(text[2:-1], 2) in (int.from_bytes(field.raw, 'little'), int.from_bytes(field.raw, 'big'))
    if field.kind == JSON:
        return same_json(field, text)
    if field.kind == VECTOR:
        return all(abs(float(theirs) - ours) <= abs(ours) * 1e-5 for theirs, (ours,) in zip(text.strip('[]').split(','), struct.iter_unpack('<f', field.raw), strict=True))
    return text in quoted(field.raw)


def same_json(field, text):
    """A string alone is shown as SQL's; changes of a document as calls of functions: the table tells whether they were right."""
    if text.startswith(('JSON_', '@')):
        return field.is_diff
    return text in quoted(field.value) or field.value[:1] == b'"' and text in quoted(json.loads(field.value).encode())


class Facts:
    """What a server's catalogs know and a log does not, for binlog_dump."""

    def __init__(self, server):
        if server.product == 'mysql':
            query = 'SELECT id, character_set_name FROM information_schema.collations WHERE id IS NOT NULL'
        else:
            query = 'SELECT id, character_set_name FROM information_schema.collation_character_set_applicability WHERE id IS NOT NULL'
        self.lines = [f'collation {number} {name}' for number, name in server.fetch(query) if name != 'filename']
        for name, in server.fetch("SELECT character_set_name FROM information_schema.character_sets WHERE maxlen = 1 AND character_set_name <> 'binary'"):
            shown = server.fetch_one('SELECT ' + ', '.join(f"HEX(CONVERT(CONVERT(x'{byte:02x}' USING {name}) USING utf8mb4))" for byte in range(256)))
            self.lines += [f'character {name} {byte:02x} {text if text != "3F" or byte == 0x3f else ""}' for byte, text in enumerate(shown)]

    def text(self, table, names, specials):
        return '\n'.join([*self.lines, *(f'special {table} {names.index(name) + 1} {special}' for name, special in specials.items())]) + '\n'
