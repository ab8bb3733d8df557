"""A bank whose books must agree in every snapshot, at the source and at the target."""
import threading
import time

import psycopg2

ACCOUNTS = 50
OPENING = 1000  # on each account
KEPT = 2000  # audit rows that are not settled yet

# A transfer has legs; each moves an amount between two accounts and leaves an audit row. settle()
# folds the oldest audit rows into the accounts' settled amounts, so that the books stay small.
# note has no key: rows are added, doubled, changed and taken away.
SCHEMA = '''
CREATE TABLE account (id int PRIMARY KEY, balance bigint NOT NULL, settled bigint NOT NULL, note text);
CREATE TABLE audit (id bigserial PRIMARY KEY, payer int NOT NULL, payee int NOT NULL, amount int NOT NULL);
CREATE TABLE note (payer int, amount int, kind text);
ALTER TABLE note REPLICA IDENTITY FULL
'''

FUNCTIONS = f'''
CREATE FUNCTION transfer(legs int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    payers int[] := (SELECT array_agg(1 + floor(random() * {ACCOUNTS})) FROM generate_series(1, legs));
    payees int[] := (SELECT array_agg(1 + floor(random() * {ACCOUNTS})) FROM generate_series(1, legs));
    money int;
BEGIN
    PERFORM FROM account WHERE id = ANY (payers || payees) ORDER BY id FOR UPDATE;
    FOR i IN 1..legs LOOP
        money := floor(random() * 100);
        UPDATE account SET balance = balance - money WHERE id = payers[i];
        UPDATE account SET balance = balance + money WHERE id = payees[i];
        INSERT INTO audit (payer, payee, amount) VALUES (payers[i], payees[i], money);
    END LOOP;
END $$;
CREATE FUNCTION scribble() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO note SELECT floor(random() * 5), floor(random() * 3), 'k' FROM generate_series(1, 2);
    DELETE FROM note WHERE ctid IN (SELECT ctid FROM note WHERE payer = floor(random() * 5) LIMIT 1 FOR UPDATE SKIP LOCKED);
    UPDATE note SET kind = CASE kind WHEN 'k' THEN NULL ELSE 'k' END
        WHERE ctid IN (SELECT ctid FROM note LIMIT 1 FOR UPDATE SKIP LOCKED);
END $$;
CREATE FUNCTION settle() RETURNS void LANGUAGE sql AS $$
    WITH locked AS (SELECT id FROM account ORDER BY id FOR UPDATE),
    gone AS (DELETE FROM audit WHERE id < (SELECT max(id) - {KEPT} FROM audit) AND (SELECT count(*) FROM locked) > 0
        RETURNING *),
    effect AS (SELECT id, sum(amount) AS amount FROM (SELECT payer AS id, -amount AS amount FROM gone
        UNION ALL SELECT payee, amount FROM gone) e GROUP BY id)
    UPDATE account a SET settled = settled + e.amount FROM effect e WHERE a.id = e.id
$$
'''

TABLES = ('public.account', 'public.audit', 'public.note')

BOOKS = f'''
WITH effect AS (SELECT id, sum(amount) AS amount FROM (SELECT payer AS id, -amount AS amount FROM audit
    UNION ALL SELECT payee, amount FROM audit) e GROUP BY id)
SELECT count(*), sum(balance), count(*) FILTER (WHERE balance <> settled + coalesce(e.amount, 0)),
    (SELECT max(id) FROM audit), (SELECT count(*) FROM note)
FROM account a LEFT JOIN effect e USING (id)
'''


def create(source, target, dbname):
    for server in (source, target):
        server.execute(SCHEMA, dbname=dbname)
    source.execute(FUNCTIONS, dbname=dbname)


def open_accounts(source, dbname):
    source.execute(f'INSERT INTO account SELECT i, {OPENING}, {OPENING} FROM generate_series(1, {ACCOUNTS}) i',
                   dbname=dbname)


class Client:
    """The transactions of one client, for harness.pipeline.Load."""

    def __init__(self, random):
        self._random = random

    def __call__(self, cursor, number):
        chance = self._random.random()
        try:
            if chance < 0.7:
                cursor.execute('SELECT transfer(%s)', (self._random.randint(1, 2),))
            elif chance < 0.98:
                cursor.execute('SELECT scribble()')
            elif chance < 0.99:
                cursor.execute('SELECT transfer(250)')
            else:
                cursor.execute('SELECT settle()')
        except (psycopg2.errors.DeadlockDetected, psycopg2.errors.SerializationFailure):
            pass


class Auditor:
    """Reads the books and the progress row of a target 20 times a second, each time in one snapshot.

    What does not agree goes to faults. The target's commits may be asynchronous: after it
    crashed, positions may stand behind what was seen; crashed(), called while it is down,
    has that forgotten.
    """

    errors = psycopg2.Error  # of a target that is away

    def __init__(self, target, dbname, stream):
        self._target, self._dbname, self._stream = target, dbname, stream
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._lock = threading.Lock()
        self._seen = None  # (audit id, epoch, commit position) of the snapshot before
        self._life = 0  # of the target
        self.snapshots = 0
        self.faults = []

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self._thread.join()

    def crashed(self):
        with self._lock:
            self._seen = None
            self._life += 1

    def _run(self):
        while not self._end.is_set():
            try:
                with self._target.cursor(self._dbname) as cursor:
                    self._read_on(cursor)
            except self.errors:
                self._end.wait(0.02)

    def _read_on(self, cursor):
        next_read = time.monotonic()
        while not self._end.is_set():
            life = self._life
            self._judge(life, *self.snapshot(cursor, self._stream))
            next_read = max(next_read + 0.05, time.monotonic())
            self._end.wait(next_read - time.monotonic())

    @staticmethod
    def snapshot(cursor, stream):
        """The books, and (epoch, commit position) of the progress row."""
        cursor.execute("SET statement_timeout = '10s'")
        cursor.execute('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
        cursor.execute(BOOKS)
        books = cursor.fetchone()
        cursor.execute('SELECT epoch, commit_lsn - %s::pg_lsn FROM sluice.progress WHERE stream = %s', ('0/0', stream))
        progress = cursor.fetchone()
        cursor.execute('COMMIT')
        return books, progress

    def _judge(self, life, books, progress):
        accounts, total, disagreeing, audit, notes = books
        seen = (audit or 0, *progress)
        with self._lock:
            if life != self._life:
                return
            self.snapshots += 1
            before, self._seen = self._seen, seen
        if accounts not in (0, ACCOUNTS) or (accounts and total != ACCOUNTS * OPENING) or disagreeing:
            self.faults.append(f'{accounts} accounts hold {total}, {disagreeing} disagree with the audit')
        if before and any(new < old for new, old in zip(seen, before)):
            self.faults.append(f'(audit id, epoch, position) went back from {before} to {seen}')
