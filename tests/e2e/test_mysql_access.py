"""Ways to log in to a MariaDB or MySQL target: TLS, client certificates, passwords, sockets, the environment; and that secrets stay secret."""
import re

import pytest

from harness import nkeys, servers, tls
from harness.mysql import MySQL
from harness.mysql_pipeline import MySQLPipeline
from harness.writer import Writer
from test_security import command_lines

TABLE = 'CREATE TABLE t (id int PRIMARY KEY, v varchar(10))'
PASSWORD = 'p@ss:w/rd?&%ü'


@pytest.fixture(scope='module', params=servers.MYSQL_FLAVOURS)
def secured(request):
    """A server with a certificate of its own CA, and that CA's certificates."""
    certificates = tls.Certificates()
    server = MySQL(request.param, {'ssl-ca': certificates.ca, 'ssl-cert': certificates.server_cert, 'ssl-key': certificates.server_key}, 'secured')
    try:
        yield server.start(), certificates
    finally:
        server.remove()


@pytest.fixture
def access(request, source, secured, nats):
    """A pipeline with a table to the secured server, its stream begun."""
    server, certificates = secured
    name = re.sub(r'\W+', '_', request.node.name[len('test_'):]).lower()[:40].strip('_')  # a stream that goes is in nobody's way
    source.execute(f'DROP DATABASE IF EXISTS {name} WITH (FORCE)')
    server.drop_databases()
    made = MySQLPipeline(source, server, nats, name)
    made.certificates = certificates
    made.create(TABLE)
    made.stream()
    try:
        yield made
    finally:
        made.close()
        for user, in server.fetch("SELECT user FROM mysql.user WHERE user LIKE 'app%'"):
            server.execute(f"DROP USER '{user}'@'%'")


def make_user(server, name, password=None, require='NONE', plugin=None):
    how = ''
    if password is not None:
        how = f"IDENTIFIED {f'WITH {plugin} ' if plugin else ''}BY '{password}'"
    server.execute(f"CREATE USER '{name}'@'%' {how} REQUIRE {require}; GRANT ALL ON *.* TO '{name}'@'%'")


def works(access, target, *flags, env=None, rows=None):
    """A writer that logs in this way applies; gives it."""
    rows = access.source.fetch_one('SELECT count(*) FROM t', dbname=access.name) if rows is None else rows
    writer = access.writer(*flags, target=target, env=env)
    access.execute('INSERT INTO t VALUES (%s)', (rows + 1,))
    assert access.wait_equal() == {'public.t': rows + 1}
    return writer


def ciphers(server, user):
    """What each session of a user is encrypted with; '' for nothing."""
    if server.product == 'mysql':
        return [row[0] for row in server.fetch(
            'SELECT s.variable_value FROM performance_schema.status_by_thread s JOIN performance_schema.threads t USING (thread_id) '
            "WHERE s.variable_name = 'Ssl_cipher' AND t.processlist_user = %s", (user,))]
    return []


@pytest.mark.parametrize('mode', ('required', 'verify-ca', 'verify-identity'))
def test_tls(access, mode):
    """Users who must come by TLS do; certificates are checked as far as asked."""
    server = access.target
    make_user(server, 'app', require='SSL')
    ca = {} if mode == 'required' else {'ssl_ca': access.certificates.ca}
    writer = works(access, server.uri(access.name, 'app', ssl_mode=mode, **ca))
    assert all(ciphers(server, 'app'))
    server.restart()
    writer.wait_ready()
    access.execute('INSERT INTO t VALUES (100)')
    access.wait_equal()


def test_tls_is_not_had(access):
    """A CA that did not sign is no good, nor a server of another name; without TLS one who must have it is refused."""
    server = access.target
    make_user(server, 'app', require='SSL')
    other = tls.Certificates('other')
    for uri, pattern in ((server.uri(access.name, 'app', ssl_mode='verify-ca', ssl_ca=other.ca), '(?i)certificate|ssl|tls'),
                         (server.uri(access.name, 'app', host='127.0.0.2', ssl_mode='verify-identity', ssl_ca=access.certificates.ca),
                          '(?i)certificate|ssl|tls|connect'),
                         (server.uri(access.name, 'app', ssl_mode='disabled'), '(?i)access denied|ssl|secure')):
        writer = access.writer(target=uri, ready=False)
        writer.wait_not_ready(pattern)
        writer.stop()
    writer = access.writer(target=server.uri(access.name, 'app', ssl_ca='/nowhere/ca.pem'), ready=False)
    writer.wait_not_ready('(?i)/nowhere/ca.pem|certificate|ssl')


def test_client_certificate(access):
    server, certificates = access.target, access.certificates
    make_user(server, 'app', require='X509')
    given = {'ssl_mode': 'verify-ca', 'ssl_ca': certificates.ca}
    refused = access.writer(target=server.uri(access.name, 'app', **given), ready=False)
    refused.wait_not_ready('(?i)access denied')
    refused.stop()
    works(access, server.uri(access.name, 'app', ssl_cert=certificates.client_cert, ssl_key=certificates.client_key, **given))


def test_passwords(access):
    """From a file, the environment, or a URI in a file, percent-encoded; refused where all can see it; never shown."""
    server = access.target
    make_user(server, 'app', PASSWORD)
    uri = server.uri(access.name, 'app')
    secret = nkeys.secret_file('password', PASSWORD + '\n')
    whole = nkeys.secret_file('uri', server.uri(access.name, 'app', PASSWORD) + '\n')
    for number, (flags, env, target) in enumerate(((('--target-password-file', str(secret)), None, uri),
                                                   ((), {'SLUICE_TARGET_PASSWORD': PASSWORD}, uri),
                                                   ((), {'MYSQL_PWD': PASSWORD}, uri),
                                                   (('--target-file', str(whole)), None, None))):
        writer = access.writer(*flags, env=env, target=target, start=False)
        if target is None:
            at = writer.process.argv.index('--target')
            del writer.process.argv[at:at + 2]
        writer.start()
        access.execute('INSERT INTO t VALUES (%s)', (number,))
        assert access.wait_equal() == {'public.t': number + 1}
        shown = command_lines([writer.process.pid]) + writer.log() + writer.page('metrics')[1] + writer.page('readyz')[1]
        assert PASSWORD not in shown
        assert writer.stop() == 0
    told = access.writer(target=server.uri(access.name, 'app', PASSWORD), ready=False)
    assert told.wait() == 2
    assert PASSWORD not in told.log() and 'p%40ss' not in told.log()
    wrong = access.writer('--target-password-file', str(nkeys.secret_file('password', 'wrong-secret')), target=uri, ready=False)
    wrong.wait_not_ready('(?i)access denied')
    assert 'wrong-secret' not in wrong.log()


@pytest.mark.parametrize('plugin', ('caching_sha2_password', 'mysql_native_password', 'ed25519'))
def test_plugins(access, plugin):
    """By TLS; a password that the server has not cached yet is asked for in full."""
    server = access.target
    if (plugin == 'caching_sha2_password') != (server.product == 'mysql'):
        pytest.skip(f'{server.product} does not have it')
    if plugin == 'ed25519':
        server.execute("INSTALL SONAME 'auth_ed25519'")
        server.execute("CREATE USER app_ed@'%' IDENTIFIED VIA ed25519 USING PASSWORD('secret'); GRANT ALL ON *.* TO app_ed@'%'")
    else:
        make_user(server, 'app_ed', 'secret', plugin=None if server.product == 'mariadb' else plugin)
    writer = works(access, server.uri(access.name, 'app_ed', ssl_mode='required'), env={'MYSQL_PWD': 'secret'})
    server.restart()  # and its cache is empty again
    writer.wait_ready()
    access.execute('INSERT INTO t VALUES (100)')
    access.wait_equal()


def test_password_is_not_sent_in_the_clear(access):
    """Without TLS caching_sha2_password gives a password only by the server's RSA key."""
    server = access.target
    if server.product != 'mysql':
        pytest.skip('MariaDB does not have caching_sha2_password')
    make_user(server, 'app', 'secret')
    works(access, server.uri(access.name, 'app', ssl_mode='disabled'), env={'MYSQL_PWD': 'secret'})


def test_socket(access):
    server = access.target
    works(access, server.socket_uri(access.name))
    assert all(host == 'localhost' for host, in server.fetch("SELECT host FROM information_schema.processlist WHERE user = 'sluice'"))


def test_environment(access):
    """What the URI leaves out."""
    server = access.target
    make_user(server, 'app', 'secret')
    works(access, f'mysql:///{access.name}', env={'MYSQL_HOST': '127.0.0.1', 'MYSQL_TCP_PORT': str(server.port), 'MYSQL_PWD': 'secret', 'USER': 'app'}).stop()
    works(access, f'mariadb://app@/{access.name}', env={'MYSQL_UNIX_PORT': str(server.socket), 'MYSQL_PWD': 'secret'})


@pytest.mark.parametrize('uri', ('mysql://u@h', 'mysql://u@h/d?ssl-mode=maybe', 'mysql://u@h:port/d', 'mysql://u@h/d?nonsense=1', 'mysql://u%zz@h/d'))
def test_uris_that_cannot_be_right(uri):
    writer = Writer('any', 'nats://127.0.0.1:1', uri).start(ready=False)
    assert writer.wait() == 2
    assert 'target' in writer.log()
