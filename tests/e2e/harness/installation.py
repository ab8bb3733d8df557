"""A PostgreSQL of Debian's files with the extension of this tree, in a private folder.

Nothing of the system's is written to, so no root is needed, and what anybody
installs meanwhile does not change the servers that run from here.
"""
import functools
import os
import shutil
import subprocess

from . import servers
from .process import private_folder

# PostgreSQL finds its other files from where these three really lie.
PROGRAMS = ('postgres', 'initdb', 'pg_ctl')

# What make hands down, or takes from the environment, that would choose another build.
ABOVE = ('MAKEFLAGS', 'MAKELEVEL', 'SAN', 'PG', 'PG_CONFIG', 'BUILD')


@functools.lru_cache(maxsize=None)
def installed_bin(version=servers.DEBIAN_POSTGRES):
    """Builds the extension, optimised, and gives the folder of programs of a server that has it."""
    root = private_folder(f'pg{version}')
    make('install-extension', f'PG={version}', f'DESTDIR={root}')
    private_bin = root / f'usr/lib/postgresql/{version}/bin'
    private_bin.mkdir(parents=True)
    for name in PROGRAMS:
        shutil.copy2(servers.postgres_bin(version) / name, private_bin / name)
    for folder in (f'usr/lib/postgresql/{version}/lib', f'usr/share/postgresql/{version}'):
        _link_missing(f'/{folder}', root / folder)
    _link_missing(f'/usr/share/postgresql/{version}/extension', root / f'usr/share/postgresql/{version}/extension')
    return private_bin


def make(*arguments):
    """Runs make in this tree, for the plain build whatever a make above this one was told."""
    env = {name: value for name, value in os.environ.items() if name not in ABOVE}
    done = subprocess.run(['make', '-s', '-C', servers.ROOT, *arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, env=env)
    if done.returncode != 0:
        raise RuntimeError(f'make {" ".join(arguments)} ended with {done.returncode}:\n{done.stdout}')


def _link_missing(system, private):
    """Links to what the system's folder has and the private one has not; our own files come from the build."""
    private.mkdir(parents=True, exist_ok=True)
    for entry in os.scandir(system):
        if not entry.name.startswith('sluice') and not (private / entry.name).exists():
            (private / entry.name).symlink_to(entry.path)
