"""From MySQL and MariaDB to MySQL and MariaDB: structure as it was, databases of other names, changes of structure, columns that set themselves."""
import re

import pytest

from harness import servers
from harness.mysql import quote
from harness.mysql_source_pipeline import MySQLToMySQL
from harness.wait import wait_for

LONG = 60  # seconds; the machine may be busy

to_both = pytest.mark.parametrize('from_mysql_to_any', servers.MYSQL_FLAVOURS, indirect=True)

# Each a statement; what both know.
TABLES = r'''
CREATE TABLE parent (id int unsigned NOT NULL AUTO_INCREMENT, code varchar(20) CHARACTER SET latin1 NOT NULL, PRIMARY KEY (id), UNIQUE KEY code (code)) COMMENT='it''s \\ one';
CREATE TABLE t (
    id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, t1 tinyint(1) DEFAULT 1, z int(5) unsigned zerofill, d decimal(10,2) unsigned DEFAULT 1.50, f float(7,3),
    b bit(3) DEFAULT b'101', y year, da date DEFAULT '2020-02-29', dt datetime(6) DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
    ts timestamp NULL DEFAULT NULL, tm time(2), c char(10) DEFAULT 'it''s', v varchar(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT 'a\\b',
    l varchar(30) CHARACTER SET latin1 COLLATE latin1_german1_ci, tx text, mt mediumtext, bn binary(4), vb varbinary(20) DEFAULT 'abc', bl blob,
    e enum('a','b,c','it''s','','ü') DEFAULT 'b,c', s set('x','y','z''z') DEFAULT 'x,y', j json, g geometrycollection, p point,
    twice int GENERATED ALWAYS AS (y * 2) STORED, words varchar(70) GENERATED ALWAYS AS (concat(v, '-', y)) VIRTUAL, hidden int DEFAULT 7 INVISIBLE,
    CONSTRAINT positive CHECK (d > 0), CONSTRAINT named CHECK (v <> 'bad'), KEY prefix (tx(10)), KEY ordered (y DESC, z), KEY of_words (words),
    FULLTEXT KEY full_1 (tx), FULLTEXT KEY full_2 (mt), UNIQUE KEY several (v, l)) COMMENT='types';
CREATE TABLE shapes (id int PRIMARY KEY, p point NOT NULL, SPATIAL KEY near (p));
CREATE TABLE child (a int NOT NULL, b int NOT NULL, pid int unsigned, pcode varchar(20) CHARACTER SET latin1, PRIMARY KEY (a, b),
    CONSTRAINT fk1 FOREIGN KEY (pid) REFERENCES parent (id) ON DELETE CASCADE ON UPDATE SET NULL,
    CONSTRAINT fk2 FOREIGN KEY (pcode) REFERENCES parent (code) ON UPDATE CASCADE);
CREATE TABLE old (id int PRIMARY KEY, v int) ENGINE=MyISAM;
CREATE TABLE parts (id int, y int, PRIMARY KEY (id, y)) PARTITION BY RANGE (y) (PARTITION a VALUES LESS THAN (10), PARTITION b VALUES LESS THAN MAXVALUE)'''
OWN = {
    'mysql': r'''CREATE TABLE own (id int PRIMARY KEY, a varchar(20) COLLATE utf8mb4_0900_as_cs, b varchar(20) COLLATE utf8mb4_de_pb_0900_ai_ci, v vector(3),
        u binary(16) DEFAULT (uuid_to_bin(uuid())), x text DEFAULT ('abc'), r point SRID 4326, KEY low ((lower(a))),
        ch char(3), w varchar(40) AS (concat(a, ch)) VIRTUAL, KEY by_w (w), KEY unseen (b) INVISIBLE,
        CHECK (regexp_like(a, 'x')), CHECK (a <> _utf8mb4'y' COLLATE utf8mb4_0900_ai_ci));
        INSERT INTO own (id, a, b, v, r) VALUES (1, 'xä', 'ß', STRING_TO_VECTOR('[1,-2.5,3]'), ST_SRID(POINT(10, 20), 4326))''',
    'mariadb': r'''CREATE SEQUENCE sq; CREATE TABLE own (id int PRIMARY KEY, u uuid DEFAULT uuid(), i4 inet4, i6 inet6, a varchar(20) COLLATE utf8mb4_uca1400_as_cs,
        n varchar(5) COLLATE utf8mb4_nopad_bin, c varchar(100) COMPRESSED, long_one text, UNIQUE KEY long_one (long_one), q int DEFAULT (nextval(sq)), KEY unseen (a) IGNORED,
        js json DEFAULT '[]'); INSERT INTO own (id, i4, i6, a, c, long_one, q) VALUES (1, '10.1.2.3', '2001:db8::1', 'ä', 'c', 'l', 1);
        CREATE TABLE versions (id int PRIMARY KEY, v int) WITH SYSTEM VERSIONING; INSERT INTO versions VALUES (1, 1); UPDATE versions SET v = 2'''}
ROWS = r'''
INSERT INTO parent (code) VALUES ('a'), ('ü');
INSERT INTO t (y, tm, c, v, l, tx, mt, bn, e, s, j, g, p) VALUES (2020, '-838:59:59', 'x', 'V', 'é', 'text', 'more', x'0100', 'it''s', 'x,z''z', '{"a": [1, 2.5]}',
    ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 2), LINESTRING(0 0, 1 1))'), POINT(-1, 2)), (0, '838:59:59', '', 'v', '', '', '', '', '', '', '[]', NULL, NULL);
INSERT INTO shapes VALUES (1, POINT(3, 4)); INSERT INTO child VALUES (1, 1, 1, 'ü'), (1, 2, NULL, 'a');
INSERT INTO old VALUES (1, 1); INSERT INTO parts VALUES (1, 1), (2, 20)'''


def definition(server, database, name):
    """What SHOW CREATE TABLE says, without what a copy does not mean to keep, in no order."""
    text = server.fetch(f'SHOW CREATE TABLE {quote(database)}.{quote(name)}')[0][1]
    text = re.split(r'\n(?:/\*!50100 )? ?PARTITION BY', text)[0].replace(f'{quote(database)}.', '')
    text = re.sub(r' CHARACTER SET \w+| COLLATE[ =]\w+| AUTO_INCREMENT=\d+| ROW_FORMAT=DYNAMIC| ON DELETE NO ACTION| WITH SYSTEM VERSIONING|ENGINE=\w+', '', text)
    return sorted(' '.join(line.strip().rstrip(',').split()) for line in text.splitlines())


def collations(server, database):
    return server.fetch('''SELECT table_name, column_name, collation_name FROM information_schema.columns
        WHERE table_schema = %s AND table_name NOT LIKE 'sluice%%' ORDER BY 1, 2''', (database,))


def same_structure(p, database=None):
    """All tables are at the target as they are at the source, a server of the same product."""
    for _, name in p.tables():
        assert definition(p.target, database or p.name, name) == definition(p.source, p.name, name), name
    names = {name for _, name in p.tables()}
    assert [row for row in collations(p.target, database or p.name) if row[0] in names] == [row for row in collations(p.source, p.name) if row[0] in names]


@to_both
def test_structure(from_mysql_to_any):
    """The same, but for the engine and partitions; or, at the other product, what is most like it, and the rest is told."""
    p = from_mysql_to_any
    p.execute(f'{TABLES};{OWN[p.source.product]}')
    p.execute(ROWS)
    if p.source.product == p.target.product == 'mariadb':
        p.execute('ALTER TABLE own ALTER q DROP DEFAULT')  # sequences are not made
    writer = p.convert()
    p.wait_phase(timeout=LONG)
    p.execute("UPDATE t SET tx = 'later', e = 'a' WHERE v = 'V'; INSERT INTO child VALUES (2, 2, 2, 'a'); DELETE FROM parts WHERE id = 1")
    rows = p.wait_equal(timeout=LONG)
    assert rows['t'] == 2 and rows['child'] == 3 and rows['parts'] == 1 and rows['own'] == 1
    log = writer.log()
    for told in ('old is InnoDB there, not MyISAM', 'parts is not partitioned there'):
        assert told in log
    if p.source.product == p.target.product:
        same_structure(p)
    elif p.target.product == 'mariadb':
        for told in ('utf8mb4_0900_ai_ci is utf8mb4_uca1400_nopad_ai_ci there', 'low is not made: it is of an expression', 'own_chk_1 of', 'the default of',
                     'indexes of'):
            assert told in log
        assert dict((row[1], row[2]) for row in collations(p.target, p.name) if row[0] == 'own')['b'] == 'utf8mb4_uca1400_german2_nopad_ai_ci'
    else:
        for told in ('utf8mb4_uca1400_as_cs is utf8mb4_0900_as_cs there', 'long_one is not made', 'versions has its current rows only', 'sequence'):
            assert told in log
        assert dict((row[1], row[2]) for row in collations(p.target, p.name) if row[0] == 'own')['n'] == 'utf8mb4_0900_bin'
    # What numbers rows goes on behind the source's.
    p.at_target("INSERT INTO parent (code) VALUES ('new')")
    assert p.fetch_target("SELECT id FROM parent WHERE code = 'new'") == 3


@to_both
def test_other_names(from_mysql_to_any):
    """Databases under other names, in copies and in changes; rules of types go by the source's."""
    p = from_mysql_to_any
    other = f'{p.name}_other'
    p.execute('CREATE TABLE t (id int PRIMARY KEY, n int, parent int, CONSTRAINT fk FOREIGN KEY (parent) REFERENCES t (id)); INSERT INTO t VALUES (1, 1, NULL), (2, 2, 1)')
    p.convert('--schemas', f'{p.name}={other}', '--types', f'{p.name}.t.n=varchar(20)')
    try:
        p.wait_phase(timeout=LONG)
        p.execute('INSERT INTO t VALUES (3, 3, 2); UPDATE t SET n = 10 WHERE id = 1')
        wait_for(lambda: p.target.fetch(f'SELECT id, n, parent FROM {other}.t ORDER BY id') == [(1, '10', None), (2, '2', 1), (3, '3', 2)], LONG,
                 'all rows under the new name')
        p.execute('ALTER TABLE t ADD COLUMN more varchar(10) DEFAULT \'x\'; INSERT INTO t VALUES (4, 4, 2, \'y\')')
        wait_for(lambda: p.target.fetch(f'SELECT 1 FROM {other}.t WHERE id = 4'), LONG, 'a row with the new column')
        assert [row[0] for row in p.target.fetch(f'SELECT more FROM {other}.t ORDER BY id')] == ['x', 'x', 'x', 'y']
        assert not p.target.fetch('SELECT 1 FROM information_schema.tables WHERE table_schema = %s AND table_name = %s', (p.name, 't'))
    finally:
        p.target.execute(f'DROP DATABASE IF EXISTS {other}')


CHANGES = (
    'ALTER TABLE t ADD COLUMN note varchar(20) CHARACTER SET latin1 DEFAULT \'é\' AFTER id',
    'ALTER TABLE t MODIFY COLUMN small bigint unsigned NOT NULL DEFAULT 5',
    "ALTER TABLE t MODIFY COLUMN e enum('c','a','b') NOT NULL DEFAULT 'c'",
    'ALTER TABLE t CHANGE COLUMN long_one longer mediumtext',
    'ALTER TABLE t ADD KEY by_note (note), ADD UNIQUE KEY by_small (small, id), ADD FULLTEXT KEY by_words (longer)',
    'ALTER TABLE t DROP KEY by_note, ADD KEY by_note (note(3) )',
    'ALTER TABLE t ADD CONSTRAINT fine CHECK (small >= 0)',
    'ALTER TABLE t RENAME COLUMN longer TO longest, DROP KEY by_small, ADD KEY by_small (id, small), DROP CONSTRAINT fine, ADD CONSTRAINT fine CHECK (small >= 1)',
    'ALTER TABLE t ADD COLUMN twice int GENERATED ALWAYS AS (small * 2) VIRTUAL',
    'ALTER TABLE t DROP COLUMN gone',
    'ALTER TABLE t ADD COLUMN born datetime NOT NULL DEFAULT CURRENT_TIMESTAMP, ADD COLUMN must bigint NOT NULL',
    'ALTER TABLE t ALTER COLUMN note SET DEFAULT \'other\'',
    'ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin',
    'CREATE TABLE made (id int PRIMARY KEY AUTO_INCREMENT, at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, t int, CONSTRAINT made_t FOREIGN KEY (t) REFERENCES t (id))',
    'ALTER TABLE made DROP FOREIGN KEY made_t',
    'RENAME TABLE u TO renamed',
    'DROP TABLE dropped',
    "ALTER TABLE t COMMENT = 'it''s new'",
)


@to_both
def test_changes_of_structure(from_mysql_to_any):
    """Each comes to its place among the rows, and in the end the tables are as the source's."""
    p = from_mysql_to_any
    p.execute('''CREATE TABLE t (id int PRIMARY KEY AUTO_INCREMENT, small smallint, e enum('a','b'), long_one text, gone int) DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_general_ci;
        CREATE TABLE u (id int PRIMARY KEY, v int); CREATE TABLE dropped (id int PRIMARY KEY)''')
    p.execute("INSERT INTO t (small, e, long_one) VALUES (1, 'a', 'one'), (2, 'b', 'two'); INSERT INTO u VALUES (1, 1)")
    p.convert()
    p.wait_phase(timeout=LONG)
    for change in CHANGES:
        p.execute("SET sql_mode = ''; INSERT INTO t (small, e) SELECT MAX(small) + 1, 'b' FROM t")
        p.execute(change)
        p.execute("SET sql_mode = ''; UPDATE t SET small = small + 10 WHERE id = 1; INSERT INTO t (small, e) SELECT MAX(small) + 1, 'a' FROM t")
    p.execute('INSERT INTO renamed VALUES (2, 2); INSERT INTO made (t) VALUES (1)')
    assert p.wait_equal(timeout=LONG)['t'] == 2 + 2 * len(CHANGES)
    if p.source.product == p.target.product:
        same_structure(p)
    assert {row[0] for row in p.fetch_target_rows('SHOW TABLES')} >= {'t', 'renamed', 'made'}
    assert not {'u', 'dropped'} & {row[0] for row in p.fetch_target_rows('SHOW TABLES')}


@pytest.mark.parametrize('from_mysql_to_any', ['mysql-9.7'], indirect=True)
def test_changes_by_hand(from_mysql_to_any):
    """With --on-ddl stop the writer waits until somebody has done it; and always where rows got values of their own."""
    p = from_mysql_to_any
    p.execute("CREATE TABLE t (id int PRIMARY KEY, e enum('a','b'), v varchar(10)); CREATE TABLE plain (v int); INSERT INTO t VALUES (1, 'a', 'x'); INSERT INTO plain VALUES (1), (2)")
    writer = p.convert('--on-ddl', 'stop')
    p.wait_phase(timeout=LONG)
    # An index of the column that goes is one of the rest then.
    for change in ("ALTER TABLE t ADD COLUMN note varchar(20) CHARACTER SET latin1 NOT NULL DEFAULT 'é'", "ALTER TABLE t MODIFY e enum('b','c','a') DEFAULT 'c'",
                   'ALTER TABLE t ADD KEY by_v (v(3), id), ADD CONSTRAINT fine CHECK (id > 0)', 'ALTER TABLE t DROP COLUMN v'):
        p.execute(change)
        p.execute("INSERT INTO t (id, e) SELECT MAX(id) + 1, 'b' FROM t")
        writer.wait_not_ready('on-ddl', LONG)
        p.at_target(change)
        assert p.wait_equal(timeout=LONG)['plain'] == 2
    p.execute('ALTER TABLE plain ADD COLUMN id int AUTO_INCREMENT PRIMARY KEY FIRST')
    p.execute('INSERT INTO plain (v) VALUES (3)')
    writer.wait_not_ready('AUTO_INCREMENT.*ADD COLUMN `id` int.* NOT NULL AUTO_INCREMENT, ADD PRIMARY KEY', LONG)
    p.at_target('ALTER TABLE plain ADD COLUMN id int AUTO_INCREMENT PRIMARY KEY FIRST')
    assert p.wait_equal(timeout=LONG)['plain'] == 3


@pytest.mark.parametrize('image', ('MINIMAL', 'NOBLOB'))
@to_both
def test_columns_that_set_themselves(from_mysql_to_any, image):
    """What an update did not log stays as it is, also where the target would set it by ON UPDATE."""
    p = from_mysql_to_any
    p.execute("SET GLOBAL binlog_row_image = 'FULL'")
    p.create("""CREATE TABLE t (id int PRIMARY KEY, n int, at timestamp(6) NOT NULL DEFAULT '2001-01-01' ON UPDATE CURRENT_TIMESTAMP(6), b text, UNIQUE KEY (n));
        CREATE TABLE k (id int PRIMARY KEY, at datetime DEFAULT NULL ON UPDATE CURRENT_TIMESTAMP, b blob)""")
    p.start()
    p.execute(f"""SET SESSION binlog_row_image = {image}; SET SESSION time_zone = '+00:00';
        INSERT INTO t (id, n, at, b) VALUES (1, 1, '2001-02-03 04:05:06.5', 'one'), (2, 2, '2002-02-03', 'two'), (3, 3, '2003-02-03', 'three');
        INSERT INTO k (id, at, b) VALUES (1, '2001-01-01', 'x'), (2, NULL, 'y')""")
    p.execute(f"SET SESSION binlog_row_image = {image}; UPDATE t SET n = n + 10, at = at; UPDATE k SET b = 'z', at = at; UPDATE t SET b = 'changed' WHERE id = 2")
    assert p.wait_equal(timeout=LONG) == {'k': 2, 't': 3}


class SameServer:
    """The source as the target: a test's database is there already."""

    def __init__(self, server):
        self._server = server

    def __getattr__(self, name):
        return getattr(self._server, name)

    def create_database(self, name):
        assert name in self.databases()


def test_target_that_is_the_source(mysql_source, nats):
    """Refused before anything is emptied; under another name it is a copy beside the tables."""
    p = MySQLToMySQL(mysql_source, SameServer(mysql_source), nats, f't_itself_{mysql_source.product}')
    try:
        p.source.execute(f'CREATE TABLE {p.name}.t (id int PRIMARY KEY, v int); INSERT INTO {p.name}.t VALUES (1, 1), (2, 2)')
        writer = p.convert('--write-mode', 'truncate', '--schema-policy', 'drop_and_recreate', tables=[f'{p.name}.t'])
        writer.wait_not_ready("is the stream's own source, as the target is the same server", LONG)
        assert p.source.fetch_one(f'SELECT COUNT(*) FROM {p.name}.t') == 2
        writer.stop()
        p.writers.clear()
        p.source.execute(f'CREATE DATABASE {p.name}_copy')
        p.writer('--schemas', f'{p.name}={p.name}_copy', ready=False)
        p.source.execute(f'INSERT INTO {p.name}.t VALUES (3, 3)')
        wait_for(lambda: p.source.fetch("SELECT 1 FROM information_schema.tables WHERE table_schema = %s AND table_name = 't'", (f'{p.name}_copy',)), LONG, 'the copy to be made')
        wait_for(lambda: p.source.fetch_one(f'SELECT COUNT(*) FROM {p.name}_copy.t') == 3, LONG, 'three rows beside the source')
    finally:
        p.close()
