"""Throw-away certificates for servers on 127.0.0.1, made with openssl's command line."""
import os
import ssl
import subprocess

from .process import private_folder, service_user


class Certificates:
    """A CA, a certificate of a server on 127.0.0.1 and one of a client, as files the servers' user can read."""

    def __init__(self, name='tls'):
        self.folder = private_folder(name)
        self.ca, self.ca_key = self._path('ca.pem'), self._path('ca.key')
        self.server_cert, self.server_key = self._path('server.pem'), self._path('server.key')
        self.client_cert, self.client_key = self._path('client.pem'), self._path('client.key')
        openssl('req', '-x509', *self._new_key(self.ca_key), '-days', '30', '-subj', '/CN=Test CA', '-out', self.ca)
        self._issue('server', 'subjectAltName=IP:127.0.0.1,DNS:localhost', self.server_cert, self.server_key)
        self._issue('client', 'subjectAltName=DNS:client', self.client_cert, self.client_key)
        user = service_user()
        for path in self.folder.iterdir():
            path.chmod(0o600)
            if user:
                os.chown(path, user.pw_uid, user.pw_gid)

    def _path(self, name):
        return self.folder / name

    @staticmethod
    def _new_key(path):
        return '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', path

    def _issue(self, subject, extension, cert, key):
        request, extensions = self._path(f'{subject}.csr'), self._path(f'{subject}.ext')
        extensions.write_text(extension + '\n')
        openssl('req', *self._new_key(key), '-subj', f'/CN={subject}', '-out', request)
        openssl('x509', '-req', '-in', request, '-CA', self.ca, '-CAkey', self.ca_key, '-CAcreateserial',
                 '-days', '30', '-extfile', extensions, '-out', cert)

    def client_context(self, with_certificate=False):
        """What Python's ssl needs to talk to the server."""
        context = ssl.create_default_context(cafile=self.ca)
        if with_certificate:
            context.load_cert_chain(self.client_cert, self.client_key)
        return context


def openssl(*words, input=None):
    """Runs openssl and gives its output."""
    done = subprocess.run(['openssl', *map(str, words)], input=input, capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f'openssl {words[0]}: {done.stderr.decode()}')
    return done.stdout
