"""NATS nkeys, and the JWTs of an operator, its account and its users.

An nkey is an Ed25519 key in base32: a letter for its kind, the key, a checksum.
"""
import base64
import hashlib
import json
import os
import tempfile
import time

from .process import private_folder
from .tls import openssl

PREFIXES = {'user': 20 << 3, 'account': 0, 'operator': 14 << 3}
SEED_PREFIX = 18 << 3
PKCS8_HEAD = bytes.fromhex('302e020100300506032b657004220420')  # what precedes the 32 bytes of a private key

SYSTEM_LIMITS = {name: -1 for name in ('subs', 'data', 'payload', 'imports', 'exports', 'conn', 'leaf')}
UNLIMITED = {**SYSTEM_LIMITS, 'mem_storage': -1, 'disk_storage': -1, 'streams': -1, 'consumer': -1}


class Nkey:
    """A new key pair: seed is the secret, public the name."""

    def __init__(self, kind='user'):
        raw, prefix = os.urandom(32), PREFIXES[kind]
        self._private = PKCS8_HEAD + raw
        public = openssl('pkey', '-inform', 'DER', '-pubout', '-outform', 'DER', input=self._private)[-32:]
        self.public = _with_checksum(bytes([prefix]) + public)
        self.seed = _with_checksum(bytes([SEED_PREFIX | prefix >> 5, (prefix & 31) << 3]) + raw)

    def sign(self, data):
        """The signature's 64 bytes. openssl wants the key in a file."""
        with tempfile.NamedTemporaryFile() as key, tempfile.NamedTemporaryFile() as message:
            key.write(self._private)
            key.flush()
            message.write(data)
            message.flush()
            return openssl('pkeyutl', '-sign', '-rawin', '-keyform', 'DER', '-inkey', key.name, '-in', message.name)

    def jwt(self, issuer, name, claims):
        """Claims about this key, signed by another."""
        body = {'iat': int(time.time()), 'iss': issuer.public, 'name': name, 'sub': self.public,
                'nats': {**claims, 'version': 2}}
        body['jti'] = base64.b32encode(hashlib.sha256(json.dumps(body).encode()).digest()).decode().rstrip('=')
        signed = _token({'typ': 'JWT', 'alg': 'ed25519-nkey'}) + '.' + _token(body)
        return signed + '.' + _base64url(issuer.sign(signed.encode()))


class Operator:
    """An operator with one account that may use JetStream; conf is what the server's configuration needs."""

    def __init__(self):
        operator, system, self.account = Nkey('operator'), Nkey('account'), Nkey('account')
        operator_jwt = operator.jwt(operator, 'operator', {'type': 'operator', 'system_account': system.public})
        # JetStream does not start without a system account, which may not use it itself.
        system_jwt = system.jwt(operator, 'system', {'type': 'account', 'limits': SYSTEM_LIMITS})
        account_jwt = self.account.jwt(operator, 'account', {'type': 'account', 'limits': UNLIMITED})
        self.conf = (f'operator: {operator_jwt}\nresolver: MEMORY\nresolver_preload: {{\n'
                     f'{system.public}: {system_jwt}\n{self.account.public}: {account_jwt}\n}}\n')

    def user(self, name='user'):
        """A new user: (JWT, nkey)."""
        key = Nkey('user')
        return key.jwt(self.account, name, {'type': 'user', 'subs': -1, 'data': -1, 'payload': -1}), key

    def credentials_file(self, name='user'):
        """A new user as a .creds file for the servers' user."""
        jwt, key = self.user(name)
        return secret_file(f'{name}.creds', f'-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\n'
                           f'-----BEGIN USER NKEY SEED-----\n{key.seed}\n------END USER NKEY SEED------\n')


def secret_file(name, text):
    """A file only the servers' user can read: seeds, passwords, tokens."""
    folder = private_folder('secret')
    path = folder / name
    path.write_text(text)
    path.chmod(0o600)
    os.chown(path, folder.stat().st_uid, folder.stat().st_gid)
    return path


def _with_checksum(data):
    crc = 0
    for byte in data:  # CRC-16/XMODEM
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xffff
    return base64.b32encode(data + crc.to_bytes(2, 'little')).decode().rstrip('=')


def _token(value):
    return _base64url(json.dumps(value, separators=(',', ':')).encode())


def _base64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip('=')
