"""The bank of harness.bank at a MariaDB or MySQL target."""
import pymysql

from . import bank

SCHEMA = '''
CREATE TABLE account (id int PRIMARY KEY, balance bigint NOT NULL, settled bigint NOT NULL, note longtext);
CREATE TABLE audit (id bigint PRIMARY KEY AUTO_INCREMENT, payer int NOT NULL, payee int NOT NULL, amount int NOT NULL);
CREATE TABLE note (payer int, amount int, kind varchar(10))
'''

BOOKS = '''
SELECT count(*), sum(balance), sum(balance <> settled + coalesce(e.amount, 0)), (SELECT max(id) FROM audit), (SELECT count(*) FROM note)
FROM account a LEFT JOIN (SELECT id, sum(amount) AS amount FROM (SELECT payer AS id, -amount AS amount FROM audit
    UNION ALL SELECT payee, amount FROM audit) legs GROUP BY id) e USING (id)
'''


def create(source, target, dbname):
    source.execute(bank.SCHEMA + ';' + bank.FUNCTIONS, dbname=dbname)
    target.execute(SCHEMA, dbname=dbname)


class Auditor(bank.Auditor):
    errors = pymysql.Error

    @staticmethod
    def snapshot(cursor, stream):
        cursor.execute('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY')
        cursor.execute(BOOKS)
        books = cursor.fetchone()
        cursor.execute('SELECT epoch, commit_lsn FROM sluice_progress WHERE stream = %s', (stream,))
        progress = cursor.fetchone()
        cursor.execute('COMMIT')
        return books, progress
