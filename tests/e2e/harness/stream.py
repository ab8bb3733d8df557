"""Streams at a source, by the extension's SQL functions."""
import json

from .wait import wait_for


def create_stream(source, nats, name, tables, dbname='postgres', start=True, options=None, settings=None, mode=None,
                  publication=None):
    """Points the source at a NATS server, creates and starts a stream, waits until it streams.

    tables are names as SQL writes them; or publication is the name of one. settings are more
    sluice.* parameters, set for the whole cluster. A stream of another mode than cdc is started and
    not waited for.
    """
    for setting, value in {'sluice.nats_url': nats if isinstance(nats, str) else nats.url, **(settings or {})}.items():
        source.set(setting, value)
    source.execute('CREATE EXTENSION IF NOT EXISTS sluice', dbname=dbname)
    arguments = {'tables': None if publication else list(tables), 'publication': publication, 'mode': mode,
                 'options': json.dumps(options) if options else None}
    given = {key: value for key, value in arguments.items() if value is not None}
    source.execute(f'SELECT sluice.create_stream(%s, {", ".join(f"{key} => %s" for key in given)})', (name, *given.values()), dbname)
    if start and mode in (None, 'cdc'):
        start_stream(source, name, dbname)
    elif start:
        source.execute('SELECT sluice.start_stream(%s)', (name,), dbname)


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
