"""sluice-mysql-reader as a program: options, --check, who reads, streams from the bucket, drop."""
import json
import subprocess

import pytest

from harness.daemon import BUILD, Daemon
from harness.mysql_reader import Reader
from harness.nats import NatsError
from harness.process import program
from harness.wait import wait_for

TABLE = 'CREATE TABLE t (id int PRIMARY KEY, v varchar(50))'


def reader_command(*args):
    """(status, what it printed, what it said)."""
    done = subprocess.run([program(BUILD / 'sluice-mysql-reader'), *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


def check(source_uri, pipeline, *args):
    """(status, {check: finding})."""
    status, out, said = reader_command('--check', '--json', '--nats', pipeline.nats.url, '--stream', pipeline.name, '--source', source_uri,
                                       '--tables', f'{pipeline.name}.*', *args)
    assert out, said
    return status, {finding['check']: finding for finding in json.loads(out)}


@pytest.mark.parametrize('args, words', [
    ((), 'option --stream is required'),
    (('--stream', 'shop'), 'option --source is required'),
    (('--stream', 'Shop!', '--source', 'mysql://h/d'), '--stream'),
    (('--stream', 'shop', '--source', 'postgresql://h/d'), 'mysql://user@host'),
    (('--stream', 'shop', '--source', 'mysql://u:geheim@h/d'), 'process list'),
    (('--stream', 'shop', '--source', 'mysql://h/d', '--tables', 'nodot'), '--tables'),
    (('--stream', 'shop', '--source', 'mysql://h/d', '--consumers', 'a,B!'), '--consumers'),
    (('--stream', 'shop', '--source', 'mysql://h/d', '--mode', 'copy'), 'convert+cdc'),
    (('drop',), 'option --stream is required'),
])
def test_options_that_make_no_sense(args, words):
    status, out, said = reader_command(*args)
    assert status == 2 and words in said and not out and 'geheim' not in said


def test_help():
    status, out, _ = reader_command('--help')
    assert status == 0 and 'Examples' in out.title() and '--zero-dates' in out


# -- --check --------------------------------------------------------------

def test_check(from_mysql):
    """All is well; settings that are worse are told with what mends them, and then they are well."""
    pipeline = from_mysql
    pipeline.create(f'{TABLE}; CREATE TABLE keyless (a int)')
    status, findings = check(pipeline.source.uri(''), pipeline, '--mode', 'convert+cdc')
    assert status == 0 and not [finding for finding in findings.values() if finding['status'] == 'failed'], findings
    assert findings['binary log']['status'] == 'ok' and findings['stream']['detail'].endswith('is new')
    assert 'keyless' in findings['keys']['detail'] and findings['tables']['detail'].startswith('2 tables')
    pipeline.source.set('binlog_row_metadata', 'MINIMAL')
    try:
        status, findings = check(pipeline.source.uri(''), pipeline)
        assert status == 0 and findings['binlog_row_metadata']['status'] == 'warning'
        pipeline.source.execute(findings['binlog_row_metadata']['hint'].split(',')[0])
        assert check(pipeline.source.uri(''), pipeline)[1]['binlog_row_metadata']['status'] == 'ok'
    finally:
        pipeline.source.set('binlog_row_metadata', 'FULL')


def test_check_tells_the_grants(from_mysql):
    """What a user lacks is told as statements, which suffice."""
    pipeline, source = from_mysql, from_mysql.source
    pipeline.create(TABLE)
    source.execute(f"CREATE USER 'nobody'@'%' IDENTIFIED BY ''; GRANT SELECT (id) ON `{pipeline.name}`.t TO 'nobody'@'%'")
    uri = source.uri('', user='nobody')
    try:
        status, findings = check(uri, pipeline, '--mode', 'convert+cdc')
        lacking = [finding for finding in findings.values() if finding['status'] == 'failed']
        assert status == 1 and {'REPLICATION SLAVE', 'SELECT', 'binary log'} <= {finding['check'] for finding in lacking}
        for finding in findings.values():
            if (finding['hint'] or '').startswith('GRANT '):
                source.execute(finding['hint'])
        status, findings = check(uri, pipeline, '--mode', 'convert+cdc')
        assert status == 0, findings
    finally:
        source.execute("DROP USER 'nobody'@'%'")


def test_tables_that_are_not_there(from_mysql):
    """Patterns that fit nothing are told, in the log once and by /readyz, until such a table is made."""
    pipeline = from_mysql
    pipeline.create(TABLE)
    reader = Reader(pipeline.name, pipeline.nats, pipeline.source, f'{pipeline.name}.typo', name='typo')
    try:
        reader.start(ready=False)
        reader.wait_not_ready('no table fits')
        assert reader.state() == 'streaming'
        pipeline.source.execute('CREATE TABLE typo (id int PRIMARY KEY)', dbname=pipeline.name)
        reader.wait_ready()
        assert reader.log().count('no table fits') == 1
    finally:
        reader.stop()
        reader.remove()


def test_hint_is_sql_that_can_be_run(from_mysql):
    """What a user lacks to begin with is told with its name."""
    pipeline, source = from_mysql, from_mysql.source
    pipeline.create(TABLE)
    source.execute(f"CREATE USER 'it''s'@'%' IDENTIFIED BY ''; GRANT SELECT ON `{pipeline.name}`.* TO 'it''s'@'%'")
    reader = Reader(pipeline.name, pipeline.nats, source.uri('', user="it's"), f'{pipeline.name}.*', name='poor')
    try:
        reader.start(ready=False)
        said = reader.wait_failed('GRANT ')
        source.execute(said[said.index('GRANT '):].strip())
        reader.wait_failed('REPLICATION SLAVE')
    finally:
        reader.stop()
        reader.remove()
        source.execute("DROP USER 'it''s'@'%'")


def test_check_without_servers(from_mysql):
    """What cannot be reached is a finding, and the rest is looked at."""
    status, out, _ = reader_command('--check', '--nats', 'nats://127.0.0.1:1', '--stream', 'shop', '--source', from_mysql.source.uri(''),
                                    '--tables', f'{from_mysql.name}.*')
    assert status == 1 and 'failed   nats' in out and 'ok       log_bin' in out
    status, out, _ = reader_command('--check', '--nats', from_mysql.nats.url, '--stream', 'shop', '--source', 'mysql://127.0.0.1:1/')
    assert status == 1 and 'failed   connection' in out and 'ok       nats' in out


# -- who reads ------------------------------------------------------------

def test_takeover(from_mysql):
    """A second reader stands by, takes over from one that is killed, and from one that ends."""
    pipeline = from_mysql
    pipeline.create(TABLE)
    pipeline.start()
    pipeline.first_reader.wait_state('streaming')
    second = pipeline.reader(name='second')
    second.wait_state('standby')
    pipeline.execute("INSERT INTO t VALUES (1, 'one')")
    pipeline.wait_equal()
    first = pipeline.readers.pop(0)
    first.kill()
    first.remove()
    pipeline.execute("INSERT INTO t VALUES (2, 'two')")
    second.wait_state('streaming')
    assert pipeline.wait_equal()['t'] == 2
    third = pipeline.reader(name='third')
    third.wait_state('standby')
    assert second.stop() == 0
    pipeline.readers.remove(second)
    second.remove()
    third.wait_state('streaming', timeout=10)
    pipeline.execute("UPDATE t SET v = 'three'; DELETE FROM t WHERE id = 1")
    assert pipeline.wait_equal()['t'] == 1


def test_reload(from_mysql):
    """Options that are read again make the stream start over where it stood."""
    pipeline = from_mysql
    pipeline.create(f'{TABLE}; CREATE TABLE other (id int PRIMARY KEY)')
    reader_file = pipeline.nats.folder / 'reader.conf'
    reader_file.write_text('bundle-rows = 10\n')
    pipeline.start(reader_args=('--config', str(reader_file)))
    pipeline.first_reader.wait_state('streaming')
    pipeline.execute("INSERT INTO t VALUES (1, 'one')")
    pipeline.wait_equal()
    reader_file.write_text('bundle-rows = 20\nheartbeat = 2s\n')
    pipeline.first_reader.process.send_signal(1)
    wait_for(lambda: pipeline.first_reader.log().count('msg=streaming') == 2, 30, pipeline.first_reader.log)
    pipeline.execute("INSERT INTO t VALUES (2, 'two'); INSERT INTO other VALUES (1)")
    assert pipeline.wait_equal()['t'] == 2


# -- the bucket -----------------------------------------------------------

class Bucket:
    """Streams as keys."""

    def __init__(self, nats):
        self.nats = nats

    def put(self, stream, **lines):
        text = ''.join(f"{name.replace('_', '-')} = '{value}'\n" for name, value in lines.items())

        def stored():
            try:
                self.nats.request(f'$KV.SLUICE.stream.{stream}', text.encode())
            except NatsError:
                return False  # no reader has made the bucket yet
            return True
        wait_for(stored, 30, lambda: 'the bucket to be there')

    def remove(self, stream):
        with self.nats.connect() as client:
            client.publish(f'$KV.SLUICE.stream.{stream}', headers={'KV-Operation': 'DEL'})
            client.flush()


class Readers(Daemon):
    """A program that takes streams from the bucket."""

    def __init__(self, nats, name):
        super().__init__('sluice-mysql-reader', ['--streams', '--nats', nats.url], name=name)

    def states(self):
        try:
            found = self.metrics()
        except OSError:
            return {}
        return {dict(series)['stream']: dict(series)['state'] for (name, series), value in found.items()
                if name == 'sluice_reader_state' and value == 1}

    def wait_states(self, expected, timeout=30):
        wait_for(lambda: expected(self.states()), timeout, lambda: f'other states than {self.states()}; {self.log()}')


def test_bucket(from_mysql):
    """Streams come, change and go with their keys; two programs share them, and one does all when it is alone."""
    pipeline = from_mysql
    pipeline.create(f'{TABLE}; CREATE TABLE other (id int PRIMARY KEY)')
    bucket = Bucket(pipeline.nats)
    programs = [Readers(pipeline.nats, f'readers{i}') for i in range(2)]
    names = [f'{pipeline.name[:30]}_{i}' for i in range(4)]
    lines = {'source': pipeline.source.uri(''), 'tables': f'{pipeline.name}.*', 'max_bytes': '16MB'}
    try:
        programs[0].start()
        programs[1].start()
        for name in names:
            bucket.put(name, **lines)

        def shared():
            states = [program.states() for program in programs]
            reading = [sum(state == 'streaming' for state in each.values()) for each in states]
            return sum(reading) == 4 and min(reading) >= 1
        wait_for(shared, 30, lambda: f'streams to be shared: {[each.states() for each in programs]}; {programs[0].log()}')
        programs[1].kill()
        programs[0].wait_states(lambda states: [states.get(name) for name in names] == ['streaming'] * 4)
        bucket.put(names[0], **{**lines, 'tables': 'nodot'})
        programs[0].wait_not_ready(f'stream {names[0]}: failed: .*tables.*nodot')
        bucket.put(names[0], **{**lines, 'source': 'mysql://u:geheim@h/d'})
        programs[0].wait_not_ready(f'stream {names[0]}: failed: .*password')
        bucket.put(names[0], **{**lines, 'tables': f'{pipeline.name}.t', 'bundle_rows': 100})
        programs[0].wait_ready()
        bucket.remove(names[0])
        programs[0].wait_states(lambda states: states.get(names[0]) == 'stopped' and states.get(names[1]) == 'streaming')
        assert 'geheim' not in programs[0].log()
        for name in names[1:]:
            status, _, said = reader_command('drop', '--nats', pipeline.nats.url, '--stream', name)
            assert status == 0, said  # its reader lets go of it
        assert programs[0].stop() == 0
        assert reader_command('drop', '--nats', pipeline.nats.url, '--stream', names[0])[0] == 0
        assert not [stream for stream in pipeline.nats.streams() if any(name in stream for name in names)]
    finally:
        for each in programs:
            each.remove()


# -- drop -----------------------------------------------------------------

def test_drop(from_mysql):
    """Not under a reader; then nothing of the stream is left, and one of the same name is new."""
    pipeline = from_mysql
    pipeline.create(TABLE)
    reader = pipeline.reader()
    reader.wait_state('streaming')
    pipeline.execute("INSERT INTO t VALUES (1, 'one')")
    status, _, said = reader_command('drop', '--nats', pipeline.nats.url, '--stream', pipeline.name)
    assert status == 1 and 'at work' in said
    assert reader.stop() == 0
    status, _, said = reader_command('drop', '--nats', pipeline.nats.url, '--stream', pipeline.name)
    assert status == 0, said
    assert f'SLUICE_{pipeline.name}' not in pipeline.nats.streams()
    status, _, said = reader_command('drop', '--nats', pipeline.nats.url, '--stream', pipeline.name)
    assert status == 1 and f'there is no stream {pipeline.name}' in said
    again = Reader(pipeline.name, pipeline.nats, pipeline.source, f'{pipeline.name}.*', name='again')
    try:
        again.start()
        again.wait_state('streaming')
        assert again.stop() == 0
    finally:
        again.remove()
