"""Streams at a source, by the extension's SQL functions."""
import json

from .wait import wait_for


def create_stream(source, nats, name, tables, dbname='postgres', start=True, options=None, settings=None):
    """Points the source at a NATS server, creates and starts a stream, waits until it streams.

    tables are names as SQL writes them; settings are more sluice.* parameters,
    set for the whole cluster.
    """
    for setting, value in {'sluice.nats_url': nats if isinstance(nats, str) else nats.url, **(settings or {})}.items():
        source.set(setting, value)
    source.execute('CREATE EXTENSION IF NOT EXISTS sluice', dbname=dbname)
    if options:
        source.execute('SELECT sluice.create_stream(%s, tables => %s, options => %s)',
                       (name, list(tables), json.dumps(options)), dbname)
    else:
        source.execute('SELECT sluice.create_stream(%s, tables => %s)', (name, list(tables)), dbname)
    if start:
        start_stream(source, name, dbname)


def start_stream(source, name, dbname='postgres', timeout=30):
    source.execute('SELECT sluice.start_stream(%s)', (name,), dbname)
    wait_state(source, name, 'streaming', dbname, timeout)


def stream_row(source, name, dbname='postgres'):
    """The stream's row of sluice.stat_streams as a dict; None if there is none."""
    row = source.fetch("SELECT row_to_json(s) FROM sluice.stat_streams s WHERE to_jsonb(s)->>'name' = %s", (name,),
                       dbname)
    return row[0][0] if row else None


def wait_state(source, name, state, dbname='postgres', timeout=30):
    """Waits until the stream is in this state."""
    last = {}

    def reached():
        last['row'] = stream_row(source, name, dbname)
        return last['row'] and last['row']['state'] == state
    wait_for(reached, timeout, lambda: f'stream {name} to be {state}; it is {last["row"]}')
