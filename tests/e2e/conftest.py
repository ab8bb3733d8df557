"""Options, servers shared by a module's tests, and logs of everything after a failure."""
import os
import re
import sys
import zlib

import pytest

sys.path.insert(0, os.path.dirname(__file__))

from harness import process, servers
from harness.control import ControlServer
from harness.mysql import MySQL
from harness.mysql_pipeline import MySQLPipeline
from harness.mysql_source import SourceMySQL
from harness.mysql_source_pipeline import MySQLToMySQL, MySQLToPostgres
from harness.nats import NatsServer
from harness.pipeline import Pipeline
from harness.postgres import NO_FSYNC, Postgres, Source

TAIL_LINES = 40
TARGET_KINDS = ('postgresql', *servers.MYSQL_FLAVOURS)


def pytest_addoption(parser):
    group = parser.getgroup('sluice')
    group.addoption('--pg', default=servers.DEBIAN_POSTGRES, choices=servers.SOURCE_VERSIONS,
                    help='major version of the source (default %(default)s)')
    group.addoption('--target-pg', default=servers.DEBIAN_POSTGRES, choices=servers.POSTGRES_VERSIONS,
                    help='major version of the target (default %(default)s)')
    group.addoption('--nats', default=servers.DEBIAN_NATS, choices=servers.NATS_VERSIONS,
                    help='version of nats-server (default %(default)s)')
    group.addoption('--soak', type=int, default=0, metavar='SECONDS',
                    help='how long tests with random kills run (default: as short as each can)')
    group.addoption('--every-pair', action='store_true',
                    help='tests from MySQL and MariaDB to any target run for each pair of servers; else, and without --soak, for every other')


def _is_of_this_run(item):
    """Of the pairs of a source and a target, a test gets each target once and both sources; the next test the other ones."""
    params = item.callspec.params
    source, target = servers.MYSQL_FLAVOURS.index(params['mysql_source']), TARGET_KINDS.index(params['from_mysql_to_any'])
    return (source + target + sum(item.originalname.encode())) % 2 == 0


def pytest_collection_modifyitems(config, items):
    if config.getoption('--every-pair') or config.getoption('--soak'):
        return
    left = [item for item in items if 'from_mysql_to_any' in item.fixturenames and not _is_of_this_run(item)]
    config.hook.pytest_deselected(items=left)
    items[:] = [item for item in items if item not in left]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A server version this machine cannot have skips the test by name; failures show all logs."""
    outcome = yield
    report = outcome.get_result()
    if call.excinfo is not None and call.excinfo.errisinstance(servers.ServerUnavailable):
        report.outcome = 'skipped'
        report.longrepr = (str(item.path), item.location[1] or 0, f'Skipped: {call.excinfo.value}')
    elif report.failed:
        for started in process.processes:
            tail = started.log_tail(TAIL_LINES)
            if tail:
                state = 'running' if started.is_running() else f'ended with {started.exit_status()}'
                report.sections.append((f'log of {started.name} ({state}) {started.log_path}', tail))


@pytest.fixture(autouse=True, scope='module')
def _forget_processes():
    """A module's failures show the logs of its own processes only."""
    process.processes.clear()
    yield


@pytest.fixture(scope='session')
def soak(request):
    """Seconds asked for by --soak; 0 if none were."""
    return request.config.getoption('--soak')


@pytest.fixture(scope='module')
def source(request):
    """A running cluster with the extension preloaded."""
    yield from _running(Source(request.config.getoption('--pg'), NO_FSYNC, name='source'))


@pytest.fixture(scope='module')
def target(request):
    """A running cluster without the extension."""
    yield from _running(Postgres(request.config.getoption('--target-pg'), NO_FSYNC, name='target'))


@pytest.fixture(scope='module')
def nats(request):
    """A running nats-server with JetStream."""
    yield from _running(NatsServer(request.config.getoption('--nats')))


@pytest.fixture(scope='module')
def control(nats):
    """A running sluice-control."""
    yield from _running(ControlServer(nats))


@pytest.fixture
def pipeline(request, source, target, nats):
    """Databases and a stream for one test, on the module's servers, which the test before may have left down."""
    yield from _pipeline(Pipeline, request, source, target, nats)


@pytest.fixture(scope='module', params=servers.MYSQL_FLAVOURS)
def mysql(request):
    """A running MariaDB, then a running MySQL."""
    yield from _running(MySQL(request.param))


@pytest.fixture
def to_mysql(request, source, mysql, nats):
    """As pipeline, with MariaDB and then MySQL as the target."""
    yield from _pipeline(MySQLPipeline, request, source, mysql, nats)


@pytest.fixture(scope='module', params=servers.MYSQL_FLAVOURS, ids=[f'from_{flavour}' for flavour in servers.MYSQL_FLAVOURS])
def mysql_source(request):
    """A running MariaDB, then a running MySQL, with a binary log."""
    yield from _running(SourceMySQL(request.param))


@pytest.fixture
def from_mysql(request, mysql_source, target, nats):
    """As pipeline, from MariaDB and then MySQL."""
    yield from _pipeline(MySQLToPostgres, request, mysql_source, target, nats)


@pytest.fixture(scope='module')
def mysql_targets():
    """{flavour: server}, each made and started when it is first asked for."""
    running = {}
    yield running
    for server in running.values():
        server.remove()


@pytest.fixture(params=TARGET_KINDS, ids=lambda kind: f'to_{kind}')
def from_mysql_to_any(request, mysql_source, mysql_targets, nats):
    """As from_mysql, to PostgreSQL, MariaDB and MySQL."""
    if request.param == 'postgresql':
        yield from _pipeline(MySQLToPostgres, request, mysql_source, request.getfixturevalue('target'), nats)
        return
    if request.param not in mysql_targets:
        mysql_targets[request.param] = MySQL(request.param)
    yield from _pipeline(MySQLToMySQL, request, mysql_source, mysql_targets[request.param], nats)


def _pipeline(kind, request, source, target, nats):
    """A test's own, on servers that the test before may have left down."""
    for server in (source, target, nats):
        if not server.is_running():
            server.start()
    made = kind(source, target, nats, _short(request.node.name[len('test_'):].lower()))
    try:
        yield made
    finally:
        made.close()


def _short(name):
    """A test's name as a stream may be called: no two tests share one."""
    plain = re.sub(r'\W+', '_', name)
    return f't_{plain}' if len(plain) <= 36 else f't_{plain[:29]}_{zlib.crc32(name.encode()) & 0xffffff:06x}'


def _running(server):
    try:
        yield server.start()
    finally:
        server.remove()
