"""Every setting of the log: it works, or the reader says exactly what is needed."""
import itertools
import re
import subprocess

import pytest

from harness import servers
from harness.compare import Difference
from harness.daemon import BUILD
from harness.mysql import MySQL
from harness.mysql_source import SourceMySQL, numbers
from harness.mysql_source_pipeline import MySQLToPostgres

METADATA = {'mariadb': ('FULL', 'MINIMAL', 'NO_LOG'), 'mysql': ('FULL', 'MINIMAL')}
IMAGES = ('FULL', 'MINIMAL', 'NOBLOB')
COMPRESSION = {'mariadb': 'log_bin_compress', 'mysql': 'binlog_transaction_compression'}

SCHEMA = """
CREATE TABLE t (id int unsigned PRIMARY KEY, v varchar(100) CHARACTER SET latin1, big text, n int, e enum('a','b'), s set('x','y'), u bigint unsigned, doc json,
    fixed binary(4), at timestamp(3) NULL, price decimal(12,3));
CREATE TABLE keyless (a int, b varchar(20), c text)
"""
AT_TARGET = """
CREATE TABLE t (id bigint PRIMARY KEY, v text, big text, n int, e text, s text[], u numeric, doc jsonb, fixed bytea, at timestamptz, price numeric(12,3));
CREATE TABLE keyless (a int, b varchar(20), c text)
"""


def changes(first):
    """Of rows from first on; each kind, and what an image leaves out: values not set, large ones not changed."""
    return f"""
        INSERT INTO t SELECT i, concat('vé', i), repeat(sha2(i, 256), 40), i, 'b', 'x,y', 18446744073709551615 - i, '{{"a": [1, 2.5]}}', 'ab', '2024-02-29 13:14:15.678', i / 7
            FROM {numbers(50, first)};
        INSERT INTO t (id) VALUES ({first + 100}); INSERT INTO t (id, v, n) VALUES ({first + 101}, 'given', NULL);
        UPDATE t SET n = n + 1 WHERE id >= {first}; UPDATE t SET v = NULL, s = '', e = 'a' WHERE id BETWEEN {first} AND {first + 9};
        UPDATE t SET big = concat(big, 'x') WHERE id BETWEEN {first + 5} AND {first + 14}; UPDATE t SET doc = '{{}}' WHERE id = {first + 20};
        UPDATE t SET id = id + 200 WHERE id BETWEEN {first + 30} AND {first + 39}; UPDATE t SET id = {first + 300}, v = 'moved' WHERE id = {first + 41};
        DELETE FROM t WHERE id BETWEEN {first + 45} AND {first + 48};
        INSERT INTO keyless SELECT i % 10, concat('b', i % 3), repeat('c', i) FROM {numbers(30)};
        UPDATE keyless SET b = 'changed' WHERE a = 3 LIMIT 2; UPDATE keyless SET c = NULL WHERE a = 4; DELETE FROM keyless WHERE a = {first % 10} LIMIT 3"""


@pytest.fixture(scope='module', params=servers.MYSQL_FLAVOURS)
def flavour(request):
    return request.param


@pytest.fixture(scope='module', params=(False, True), ids=('by_gtid', 'by_file'))
def server(request, flavour):
    made = SourceMySQL(flavour, by_file=request.param)
    made.position_args = ('--position', 'file') if request.param and made.product == 'mariadb' else ()
    try:
        yield made.start()
    finally:
        made.remove()


@pytest.fixture
def pipeline(request, server, target, nats):
    made = MySQLToPostgres(server, target, nats, f'settings_{"file" if "by_file" in request.node.name else "gtid"}_{server.product}_{request.function.__name__[-12:]}')
    try:
        yield made
    finally:
        made.close()


def test_every_setting_of_the_log(pipeline):
    """Each after the other under one stream, which meets the changes from one to the next; and once more from a new file."""
    source = pipeline.source
    pipeline.create(SCHEMA, AT_TARGET)
    pipeline.start(reader_args=source.position_args)
    problems = []
    combinations = itertools.product(METADATA[source.product], IMAGES, ('OFF', 'ON'), ('CRC32', 'NONE'))
    for number, (metadata, image, compression, checksum) in enumerate(combinations):
        for name, value in (('binlog_row_metadata', metadata), ('binlog_row_image', image), (COMPRESSION[source.product], compression), ('binlog_checksum', checksum)):
            source.set(name, value)
        if source.product == 'mariadb':
            source.set('log_bin_compress_min_len', 10)
        pipeline.execute(changes(1000 * number))
        try:
            pipeline.wait_equal(timeout=20)
        except (Difference, TimeoutError) as problem:
            problems.append(f'row metadata {metadata}, row image {image}, compression {compression}, checksum {checksum}: {problem}')
            break  # what comes behind it would be another's fault
    for name, value in (('binlog_row_metadata', 'FULL'), ('binlog_row_image', 'FULL'), (COMPRESSION[source.product], 'OFF'), ('binlog_checksum', 'CRC32')):
        source.set(name, value)
    assert not problems, '\n'.join(problems)


def test_defaults_that_the_log_leaves_out(pipeline):
    """With minimal images a value that was not given is not in the log: it is what the table's default says."""
    pipeline.create("CREATE TABLE t (id int PRIMARY KEY, n int DEFAULT 7, price decimal(12,3) NOT NULL DEFAULT 1.5, name varchar(20) NOT NULL DEFAULT 'it''s ä', "
                    "day date DEFAULT '2024-02-29', nothing int, made timestamp(6) DEFAULT current_timestamp(6))",
                    'CREATE TABLE t (id int PRIMARY KEY, n int, price numeric(12,3), name text, day date, nothing int, made timestamptz)')
    pipeline.start(reader_args=pipeline.source.position_args)
    pipeline.source.set('binlog_row_image', 'MINIMAL')
    try:
        pipeline.execute('INSERT INTO t (id) VALUES (1); ALTER TABLE t ALTER n SET DEFAULT 8; INSERT INTO t (id) VALUES (2)')
    finally:
        pipeline.source.set('binlog_row_image', 'FULL')
    assert pipeline.wait_equal() == {'t': 2}


def test_places_in_the_log(pipeline):
    """A reader that was away goes on by what the server has: behind new files, and after it restarted."""
    pipeline.create(SCHEMA, AT_TARGET)
    pipeline.start(reader_args=pipeline.source.position_args)
    for number in range(3):
        pipeline.first_reader.stop()
        pipeline.execute(changes(1000 * number))
        pipeline.source.flush_logs(2)
        pipeline.execute(changes(1000 * number + 500))
        if number == 1:
            pipeline.source.restart()
        pipeline.first_reader.start()
        pipeline.wait_equal()


# -- what the reader says before it begins ---------------------------------------

MENDS = re.compile(r"SET (?:GLOBAL|PERSIST) \w+ = '\w+'|GRANT [^']+ TO '\w+'@'%'")


def check(source, nats, user='sluice'):
    """(exit status, what it says)"""
    done = subprocess.run([BUILD / 'sluice-mysql-reader', '--check', '--stream', 'checked', '--source', source.uri('', user=user), '--tables', 'checked.*',
                           '--mode', 'convert+cdc', '--nats', nats.url],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=60)
    return done.returncode, done.stdout


@pytest.fixture(scope='module')
def checked(flavour):
    """A server with a table to be read."""
    made = SourceMySQL(flavour, name='checked')
    try:
        made.start().execute('CREATE DATABASE checked; CREATE TABLE checked.t (id int PRIMARY KEY); CREATE TABLE checked.keyless (id int)')
        yield made
    finally:
        made.remove()


def test_check_finds_nothing_wrong(checked, nats):
    status, text = check(checked, nats)
    assert status == 0, text


@pytest.mark.parametrize('name, value', [('binlog_format', 'STATEMENT'), ('binlog_row_image', 'MINIMAL'), ('binlog_row_metadata', 'MINIMAL')])
def test_check_names_a_setting_and_its_remedy(checked, nats, name, value):
    """The SQL it shows mends it."""
    before = checked.fetch_one(f'SELECT @@global.{name}')
    checked.set(name, value)
    try:
        status, text = check(checked, nats)
        assert name in text and (status == 1 or name != 'binlog_format'), text
        mends = [statement for statement in MENDS.findall(text) if name in statement]
        assert mends, f'no SQL to mend it: {text}'
        checked.execute(mends[0])
        assert checked.fetch_one(f'SELECT @@global.{name}') == before
    finally:
        checked.set(name, before)


def test_check_names_rights_that_are_missing(checked, nats):
    """One after the other, until the grants it shows suffice."""
    checked.execute("CREATE USER IF NOT EXISTS poor@'%'; GRANT SELECT ON checked.* TO poor@'%'")
    for _ in range(8):
        status, text = check(checked, nats, user='poor')
        if status == 0:
            break
        grants = [statement for statement in MENDS.findall(text) if statement.startswith('GRANT')]
        assert grants, f'no SQL to mend it: {text}'
        for grant in grants:
            checked.execute(grant)
    assert status == 0, text


def test_check_of_a_server_without_a_log(flavour, nats):
    server = MySQL(flavour, name='without-log')
    try:
        server.start().execute('CREATE DATABASE checked; CREATE TABLE checked.t (id int PRIMARY KEY)')
        status, text = check(server, nats)
        assert status == 1 and 'log_bin' in text, text
    finally:
        server.remove()
