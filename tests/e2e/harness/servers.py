"""Where the servers of each version are."""
import functools
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[3]

DEBIAN_POSTGRES = '15'
DEBIAN_NATS = '2.9'

POSTGRES_VERSIONS = ('10', '11', '12', '13', '14', '15', '16', '17', '18')
SOURCE_VERSIONS = ('13', '15', '17', '18')  # those the extension is built for
NATS_VERSIONS = ('2.9', '2.15')
MYSQL_FLAVOURS = ('mariadb-10.11', 'mysql-9.7')


class ServerUnavailable(Exception):
    """A server version this machine neither has nor can fetch."""


@functools.lru_cache(maxsize=None)
def fetched(name):
    """The folder of a server tools/get-servers fetches."""
    done = subprocess.run([ROOT / 'tools' / 'get-servers', name], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        reasons = [line for line in done.stderr.splitlines() if 'fetching' not in line]
        raise ServerUnavailable(f'{name}: {"; ".join([*reasons[:-1][:1], *reasons[-1:]])}')
    return pathlib.Path(done.stdout.split(None, 1)[1].strip())


def postgres_bin(version):
    """The folder with initdb and postgres of a major version."""
    if version != DEBIAN_POSTGRES:
        return fetched(f'pg{version}') / 'bin'
    folder = pathlib.Path(f'/usr/lib/postgresql/{version}/bin')
    if not (folder / 'postgres').exists():
        raise ServerUnavailable(f'PostgreSQL {version} is missing: run tools/install-deps')
    return folder


def client_bin():
    """The folder with psql, pgbench and pg_recvlogical; they talk to every major."""
    return postgres_bin(DEBIAN_POSTGRES)


def mysqld(flavour):
    """The server program of MariaDB, which Debian has, or of MySQL."""
    if flavour.startswith('mysql-'):
        return fetched(flavour) / 'bin' / 'mysqld'
    path = shutil.which('mariadbd', path='/usr/sbin:/usr/bin:/sbin:/bin')
    if path is None:
        raise ServerUnavailable('mariadbd is missing: run tools/install-deps')
    return pathlib.Path(path)


def nats_server(version):
    """The nats-server program of a version."""
    if version != DEBIAN_NATS:
        return fetched(f'nats-{version}') / 'bin' / 'nats-server'
    path = shutil.which('nats-server', path='/usr/sbin:/usr/bin:/sbin:/bin')
    if path is None:
        raise ServerUnavailable('nats-server is missing: run tools/install-deps')
    return pathlib.Path(path)
