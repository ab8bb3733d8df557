"""sakila and chinook in a MariaDB or MySQL database, where their files are; else SampleMissing skips a test by name."""
import re
import subprocess

from .mysql import quote
from .schemas import samples

ABOUT_DATABASES = re.compile(r'^(DROP|CREATE) (DATABASE|SCHEMA)[^;]*;|^USE [^;]*;', re.MULTILINE)
COPY = re.compile(r'^COPY public\.(\w+) \(([^)]*)\) FROM stdin;\n(.*?)^\\\.$', re.MULTILINE | re.DOTALL)
ESCAPES = {'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v'}
BATCH = 1000


def chinook(server, dbname):
    """Eleven plain tables with AUTO_INCREMENT keys."""
    run_script(server, dbname, (samples('chinook') / 'Chinook_MySql_AutoIncrementPKs.sql').read_text())


def sakila(server, dbname):
    """Enum, set, year, decimal, unsigned keys, fulltext index, triggers, views, routines; the rows are those of its PostgreSQL edition."""
    folder = samples('sakila')
    server.set('log_bin_trust_function_creators', 1)
    # Its own views name the database that the script makes.
    run_script(server, dbname, re.sub(r'\bsakila\.', '', (folder / 'mysql-sakila-schema.sql').read_text()))
    for table, names, text in COPY.findall((folder / 'postgres-sakila-insert-data-using-copy.sql').read_text()):
        _insert(server, dbname, table, names.split(', '), text)


def run_script(server, dbname, text):
    """By the client program, which knows DELIMITER; what the script says of databases is passed over."""
    done = subprocess.run(['mariadb', '--no-defaults', '--default-character-set=utf8mb4', '-S', server.socket, '-u', 'root', dbname],
                          input=ABOUT_DATABASES.sub('', text), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        raise RuntimeError(f'mariadb ended with {done.returncode}:\n{done.stdout[-2000:]}')


def _insert(server, dbname, table, names, text):
    kinds = dict(server.fetch('SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = %s AND table_name = %s', (dbname, table)))
    chosen = [(at, name) for at, name in enumerate(names) if name in kinds]
    rows = [[_value(kinds[name], fields[at]) for at, name in chosen] for fields in (line.split('\t') for line in text.splitlines())]
    statement = (f'INSERT INTO {quote(table)} ({", ".join(quote(name) for _, name in chosen)}) VALUES ({", ".join(["%s"] * len(chosen))})')
    with server.cursor(dbname) as cursor:
        cursor.execute('SET foreign_key_checks = 0')
        for at in range(0, len(rows), BATCH):
            cursor.executemany(statement, rows[at:at + BATCH])


def _value(kind, field):
    """A field of COPY as a value for a column of that kind."""
    if field == r'\N':
        return None
    text = re.sub(r'\\(.)', lambda match: ESCAPES.get(match[1], match[1]), field)
    if kind == 'tinyint':
        return {'t': 1, 'f': 0}.get(text, text)
    if kind == 'set':
        return text.strip('{}').replace('"', '')
    if 'blob' in kind:
        return bytes.fromhex(text.removeprefix('\\x'))
    return text.removesuffix('+00') if kind in ('timestamp', 'datetime') else text
