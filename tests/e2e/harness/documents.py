"""Schema documents, published as a source does, of copies without rows: a writer makes the structure and ends."""
import json
import struct

from .nats import NatsClient

RAW_BLOCK = 1 << 17
PART_BYTES = 400_000


def zstd(data):
    """A zstd frame that holds the data as it is."""
    frame = struct.pack('<IBI', 0xFD2FB528, 0xA0, len(data))
    blocks = [data[at:at + RAW_BLOCK] for at in range(0, len(data), RAW_BLOCK)]
    for number, block in enumerate(blocks, 1):
        header = (number == len(blocks)) | len(block) << 3
        frame += struct.pack('<I', header)[:3] + block
    return frame


def document_of(pipeline, tables=None, options=None):
    """What sluice.schema_document() says of tables of the pipeline's source (all there are)."""
    pipeline.stream(tables, start=False, options=options)
    return pipeline.source.fetch_one('SELECT sluice.schema_document(%s)', (pipeline.name,), pipeline.name)


def with_load(document, generation=1, awaited=None):
    """The document as one of a copy that reads nothing, or one chunk of the table `awaited`, which never comes."""
    tables = [{'id': table['id'], 'schema': table['schema'], 'name': table['name'], 'first_chunk': 0, 'chunks': 1, 'rows': 0, 'bytes': 0,
               'position': '0/0', 'mode': 'exact', 'restarted': 0, 'kept': []} for table in document['tables'] if table['name'] == awaited]
    return {**document, 'load': {'mode': 'convert', 'incarnation': f'{generation:x}', 'generation': generation, 'since': 1, 'position': '0/0',
                                 'chunks': len(tables), 'tables': tables}}


def publish(nats, document):
    """Makes the copy's JetStream stream where it is missing and stores the document there."""
    stream, generation = document['stream'], document['load']['generation']
    packed = zstd(json.dumps(document, ensure_ascii=False).encode())
    parts = [packed[at:at + PART_BYTES] for at in range(0, len(packed), PART_BYTES)]
    with NatsClient(nats.port) as client:
        subjects = [f'sluice.{stream}.{tail}' for tail in ('schema.>', 'load', 'load_part.>')]
        name = f'SLUICE_{stream}_LOAD'
        client.request_json(f'$JS.API.STREAM.CREATE.{name}', {
            'name': name, 'subjects': subjects, 'storage': 'file', 'retention': 'limits', 'discard': 'new', 'max_bytes': 64 << 20})
        for number, part in enumerate(parts):
            answer = json.loads(client.request(f'sluice.{stream}.schema.{generation}.{number}', part,
                                               headers={'Sluice-Parts': str(len(parts))}))
            if 'error' in answer:
                raise RuntimeError(f'part {number} of the document was not stored: {answer}')
