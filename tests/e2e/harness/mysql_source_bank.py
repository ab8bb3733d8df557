"""The bank of harness.bank at a MySQL source, with XA, savepoints and what is taken back, at any target.

A transfer has legs; each moves an amount between two accounts and leaves an audit row. Sums and audit agree after
every transaction of the source, so they must in every snapshot of a target.
"""
import itertools

import pymysql

from . import bank, mysql_bank
from .bank import ACCOUNTS, KEPT, OPENING
from .mysql_source import numbers

SCHEMA = '''
CREATE TABLE account (id int PRIMARY KEY, balance bigint NOT NULL, settled bigint NOT NULL, note longtext);
CREATE TABLE audit (id bigint PRIMARY KEY AUTO_INCREMENT, payer int NOT NULL, payee int NOT NULL, amount int NOT NULL);
CREATE TABLE note (payer int, amount int, kind varchar(10))
'''
POSTGRES_SCHEMA = '''
CREATE TABLE account (id int PRIMARY KEY, balance bigint NOT NULL, settled bigint NOT NULL, note text);
CREATE TABLE audit (id bigint PRIMARY KEY, payer int NOT NULL, payee int NOT NULL, amount int NOT NULL);
CREATE TABLE note (payer int, amount int, kind varchar(10))
'''

GONE = f'SELECT id, payer, payee, amount FROM audit WHERE id < (SELECT max(id) - {KEPT} FROM audit)'
SETTLE = f'''
UPDATE account a JOIN (SELECT id, sum(amount) AS amount FROM (SELECT payer AS id, -amount AS amount FROM ({GONE}) g
    UNION ALL SELECT payee, amount FROM ({GONE}) h) legs GROUP BY id) e ON e.id = a.id SET a.settled = a.settled + e.amount
'''

PASSED_OVER = (1205, 1213, 1020, 1402, 1614, 1180)  # another client was there first


def open_accounts(source, dbname):
    source.execute(f'INSERT INTO account SELECT i, {OPENING}, {OPENING}, NULL FROM {numbers(ACCOUNTS)}', dbname=dbname)


class Client:
    """The transactions of one client, for harness.mysql_source_pipeline.MySQLLoad."""

    _xids = itertools.count(1)

    def __init__(self, random, xa=True):
        self._random = random
        self._xa = xa

    def __call__(self, cursor, number):
        chance = self._random.random()
        try:
            if chance < 0.55:
                self._transfer(cursor, self._random.randint(1, 2))
            elif chance < 0.65:
                self._transfer(cursor, 3, savepoint=True)
            elif chance < 0.72:
                self._transfer(cursor, 2, end='ROLLBACK')
            elif chance < 0.8 and self._xa:
                self._transfer_by_xa(cursor)
            elif chance < 0.98:
                self._scribble(cursor)
            elif chance < 0.99:
                self._transfer(cursor, 250)
            else:
                self._settle(cursor)
        except pymysql.Error as error:
            if error.args[0] not in PASSED_OVER:
                raise
            cursor.execute('ROLLBACK')

    def _legs(self, cursor, legs):
        pick = [(self._random.randint(1, ACCOUNTS), self._random.randint(1, ACCOUNTS), self._random.randrange(100)) for _ in range(legs)]
        touched = sorted({account for payer, payee, _ in pick for account in (payer, payee)})
        cursor.execute(f'SELECT id FROM account WHERE id IN ({", ".join(map(str, touched))}) ORDER BY id FOR UPDATE')
        for payer, payee, money in pick:
            cursor.execute(f'UPDATE account SET balance = balance - {money} WHERE id = {payer};'
                           f'UPDATE account SET balance = balance + {money} WHERE id = {payee};'
                           f'INSERT INTO audit (payer, payee, amount) VALUES ({payer}, {payee}, {money})')
            while cursor.nextset():
                pass

    def _transfer(self, cursor, legs, savepoint=False, end='COMMIT'):
        cursor.execute('BEGIN')
        self._legs(cursor, legs)
        if savepoint:
            cursor.execute('SAVEPOINT s')
            self._legs(cursor, 2)
            cursor.execute("INSERT INTO note VALUES (-1, -1, 'lost')")
            cursor.execute('ROLLBACK TO s')
            self._legs(cursor, 1)
        cursor.execute(end)

    def _transfer_by_xa(self, cursor):
        """In two phases; now and then the second takes it back."""
        xid = f"'transfer {next(self._xids)}'"
        end = 'ROLLBACK' if self._random.random() < 0.3 else 'COMMIT'
        cursor.execute(f'XA START {xid}')
        try:
            self._legs(cursor, 2)
            cursor.execute(f'XA END {xid}')
            cursor.execute(f'XA PREPARE {xid}')
        except pymysql.Error as error:
            if error.args[0] in PASSED_OVER:
                self._forget(cursor, xid)
            raise
        cursor.execute(f'XA {end} {xid}')

    @staticmethod
    def _forget(cursor, xid):
        for statement in ('XA END', 'XA ROLLBACK'):
            try:
                cursor.execute(f'{statement} {xid}')
            except pymysql.Error:  # it is ended, or gone, already
                pass

    def _scribble(self, cursor):
        payer, amount = self._random.randrange(5), self._random.randrange(3)
        cursor.execute('BEGIN')
        cursor.execute(f"INSERT INTO note VALUES ({payer}, {amount}, 'k'), ({payer}, {amount}, 'k')")
        cursor.execute(f'DELETE FROM note WHERE payer = {self._random.randrange(5)} LIMIT 1')
        cursor.execute("UPDATE note SET kind = CASE kind WHEN 'k' THEN NULL ELSE 'k' END LIMIT 1")
        cursor.execute('COMMIT')

    @staticmethod
    def _settle(cursor):
        cursor.execute('BEGIN')
        cursor.execute('SELECT id FROM account ORDER BY id FOR UPDATE')
        cursor.execute(SETTLE)
        cursor.execute(f'DELETE FROM audit WHERE id IN (SELECT id FROM ({GONE}) g)')
        cursor.execute('COMMIT')


def create(pipeline):
    pipeline.create(SCHEMA, SCHEMA if hasattr(pipeline.target, 'flavour') else POSTGRES_SCHEMA)


def auditor(pipeline):
    """The one for this kind of target."""
    kind = mysql_bank.Auditor if hasattr(pipeline.target, 'flavour') else bank.Auditor
    return kind(pipeline.target, pipeline.name, pipeline.name)
