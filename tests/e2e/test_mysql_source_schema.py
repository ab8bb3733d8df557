"""What `sluice-mysql-reader --schema` says of tables at MariaDB and MySQL, against what they were made of."""
import json
import subprocess

import pytest

from harness.daemon import BUILD
from harness.mysql import quote

DATABASE = 'odd "db`x'
LONG = 'n' * 64
NEWLINE = "line\nbreak'`"


@pytest.fixture
def database(mysql_source):
    mysql_source.create_database(DATABASE)
    yield mysql_source
    mysql_source.drop_databases()


def schema(source, tables, *args):
    done = subprocess.run([BUILD / 'sluice-mysql-reader', '--schema', '--stream', 's', '--source', source.uri(''), '--tables', tables, *args],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def run(command, uri, *args):
    return subprocess.run([BUILD / 'sluice-mysql-reader', command, '--stream', 's', '--source', uri, '--tables', f'{quote(DATABASE)}.*', *args],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, timeout=60)


def of_database(source, *args):
    return schema(source, f'{quote(DATABASE)}.*', *args)


def table_of(document, name):
    found, = [table for table in document['tables'] if table['name'] == name]
    return found


def column_of(table, name):
    found, = [column for column in table['columns'] if column['name'] == name]
    return found


def index_of(table, name):
    found, = [index for index in table['indexes'] if index['name'] == name]
    return found


def test_names(database):
    """Quotes, line breaks and the longest names pass; ids follow from them."""
    columns = f'{quote(NEWLINE)} int PRIMARY KEY, {quote(LONG)} text'
    database.execute(f'CREATE TABLE {quote(LONG)} ({columns}); CREATE TABLE {quote(NEWLINE)} ({columns})', dbname=DATABASE)
    document = of_database(database)
    assert [table['name'] for table in document['tables']] == [NEWLINE, LONG]
    assert document['schemas'] == [{'name': DATABASE, 'comment': None}]
    assert document['source']['product'] == database.product
    assert [column['name'] for column in table_of(document, LONG)['columns']] == [NEWLINE, LONG]
    assert len({table['id'] for table in document['tables']}) == 2


def test_columns(database):
    database.execute(r"""CREATE TABLE c (
        id bigint unsigned AUTO_INCREMENT PRIMARY KEY, flag tinyint(1) NOT NULL DEFAULT 1, word varchar(20) CHARACTER SET latin1 DEFAULT 'it''s \\ "é"',
        bits bit(5) DEFAULT b'101', bin binary(3) DEFAULT 'a\0', var varbinary(9) DEFAULT x'00ff', nothing int DEFAULT NULL,
        at datetime(3) DEFAULT current_timestamp(3) ON UPDATE current_timestamp(3), sum int DEFAULT (1 + 2), price decimal(10,2) NOT NULL DEFAULT 1.5,
        kind enum('a','it''s','c\\d') DEFAULT 'it''s', several set('x','y') DEFAULT 'x,y', doc json, twice int AS (nothing * 2) VIRTUAL,
        made varchar(30) AS (concat(word, 'it''s \\')) STORED, hidden int INVISIBLE, day date DEFAULT '2020-01-01' COMMENT 'it''s
a day') AUTO_INCREMENT = 77 COMMENT 'all''s well'""", dbname=DATABASE)
    table = table_of(of_database(database), 'c')
    found = {column['name']: column for column in table['columns']}
    assert list(found) == ['id', 'flag', 'word', 'bits', 'bin', 'var', 'nothing', 'at', 'sum', 'price', 'kind', 'several', 'doc', 'twice', 'made', 'hidden', 'day']
    assert {name: column['canon'] for name, column in found.items()} == {
        'id': 'uint64', 'flag': 'int16', 'word': 'text', 'bits': 'bits', 'bin': 'bytes', 'var': 'bytes', 'nothing': 'int32', 'at': 'timestamp', 'sum': 'int32',
        'price': 'decimal', 'kind': 'enum', 'several': 'set', 'doc': 'json', 'twice': 'int32', 'made': 'text', 'hidden': 'int32', 'day': 'date'}
    literals = {'flag': '1', 'word': 'it\'s \\ "é"', 'bits': '00101', 'bin': '0x610000', 'var': '0x00ff', 'price': '1.50', 'kind': "it's", 'several': 'x,y', 'day': '2020-01-01'}
    assert {name: column['default_value'] for name, column in found.items() if column['default_kind'] == 'literal'} == literals
    assert {name for name, column in found.items() if column['default_kind'] == 'expression'} == {'at', 'sum'}
    assert found['at']['on_update'].lower() == 'current_timestamp(3)'
    assert (found['twice']['generated'], found['made']['generated']) == ('virtual', 'stored')
    assert "it\\'s \\\\" in found['made']['expression']
    assert found['id']['auto_increment'] and found['id']['type_name'] == 'bigint unsigned' and table['auto_increment'] == '77'
    assert found['hidden']['invisible'] and 'invisible' not in found['day']
    assert found['flag']['type_name'] == 'tinyint(1)' and found['kind']['type_name'] == 'enum' and found['doc']['type_name'] == 'json'
    assert found['word']['charset'] == 'latin1' and found['word']['collation'] == 'latin1_swedish_ci'
    assert (table['comment'], found['day']['comment'], table['engine']) == ("all's well", "it's\na day", 'InnoDB')
    assert table['checks'] == []  # MariaDB's JSON is text with a check


def test_keys(database):
    database.execute("""
        CREATE TABLE parent (a int, b int, PRIMARY KEY (a, b));
        CREATE TABLE k (id int PRIMARY KEY, a int, b int, t text, UNIQUE KEY u (t(10), a DESC), KEY `odd``name` (b) COMMENT 'it''s', FULLTEXT KEY f (t),
            CONSTRAINT `fk``1` FOREIGN KEY (a, b) REFERENCES parent (a, b) ON DELETE CASCADE ON UPDATE SET NULL,
            CONSTRAINT `c``1` CHECK (id < 100 OR t <> 'it''s'));
        CREATE TABLE p (id int PRIMARY KEY) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN MAXVALUE)""", dbname=DATABASE)
    document = of_database(database)
    table = table_of(document, 'k')
    assert [index['name'] for index in table['indexes']][0] == 'PRIMARY' and table['indexes'][0]['primary']
    unique = index_of(table, 'u')
    assert unique['unique'] and [(part['name'], part.get('length'), part['order']) for part in unique['columns']] == [('t', 10, 'asc'), ('a', None, 'desc')]
    assert unique['definition'] == 'UNIQUE KEY `u` (`t`(10),`a` DESC)'
    assert index_of(table, 'f')['method'] == 'fulltext' and index_of(table, 'odd`name')['comment'] == "it's"
    key, = table['foreign_keys']
    assert (key['name'], key['columns'], key['table'], key['referenced']) == ('fk`1', ['a', 'b'], 'parent', ['a', 'b'])
    assert (key['schema'], key['on_delete'], key['on_update']) == (DATABASE, 'cascade', 'set null')
    check, = table['checks']
    assert check['name'] == 'c`1' and check['validated'] and "it\\'s" in check['expression']
    assert table_of(document, 'p')['partitioning'].startswith('RANGE (`id`)\n(PARTITION ')


def test_foreign_keys_with_the_documented_grants(database):
    """MariaDB's information_schema hides what foreign keys do from a user that may only select; they are told all the same, also by --check."""
    database.execute("""
        CREATE TABLE parent (a int PRIMARY KEY);
        CREATE TABLE k (id int PRIMARY KEY, `b`` ON DELETE SET NULL` int, c int, d int, e int,
            CONSTRAINT `odd``1` FOREIGN KEY (`b`` ON DELETE SET NULL`) REFERENCES parent (a) ON DELETE CASCADE,
            CONSTRAINT two FOREIGN KEY (c) REFERENCES parent (a) ON UPDATE SET NULL ON DELETE RESTRICT,
            CONSTRAINT none FOREIGN KEY (d) REFERENCES parent (a),
            CONSTRAINT three FOREIGN KEY (e) REFERENCES parent (a) ON DELETE NO ACTION ON UPDATE CASCADE)""", dbname=DATABASE)
    rights = 'REPLICATION SLAVE, BINLOG MONITOR' if database.product == 'mariadb' else 'REPLICATION SLAVE, REPLICATION CLIENT'
    database.execute(f"CREATE USER few@'%'; GRANT SELECT ON {quote(DATABASE)}.* TO few@'%'; GRANT {rights} ON *.* TO few@'%'")
    try:
        uri = database.uri('', user='few')
        found, whole = (table_of(json.loads(run('--schema', given).stdout), 'k')['foreign_keys'] for given in (uri, database.uri('')))
        assert found == whole
        rules = {key['name']: (key['on_delete'], key['on_update']) for key in found}
        assert (rules['odd`1'][0], rules['two'][1], rules['three'][1]) == ('cascade', 'set null', 'cascade') and rules['none'][0] in ('no action', 'restrict')
        warned = [finding['check'] for finding in json.loads(run('--check', uri, '--json', '--nats', 'nats://127.0.0.1:1').stdout)]
        assert ('foreign keys' in warned) == (database.product == 'mariadb')  # MySQL logs what they do since 9.6
    finally:
        database.execute("DROP USER few@'%'")


def test_what_one_server_has(database):
    """MariaDB: UUID, INET, sequences, versioned tables. MySQL: functional indexes, SRIDs, vectors, checks that are not enforced."""
    if database.product == 'mariadb':
        database.execute("""
            CREATE TABLE own (u uuid, i4 inet4, i6 inet6, v varchar(500) COMPRESSED); CREATE SEQUENCE seq START 5 INCREMENT 2; SELECT nextval(seq);
            CREATE TABLE h (id int PRIMARY KEY) WITH SYSTEM VERSIONING;
            CREATE TABLE hh (id int PRIMARY KEY, s timestamp(6) AS ROW START, e timestamp(6) AS ROW END, PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING""", dbname=DATABASE)
        document = of_database(database)
        assert [column['canon'] for column in table_of(document, 'own')['columns']] == ['uuid', 'network', 'network', 'text']
        sequence, = document['sequences']
        assert (sequence['name'], sequence['start'], sequence['increment']) == ('seq', '5', '2') and int(sequence['last_value']) >= 5
        for name in ('h', 'hh'):
            table = table_of(document, name)
            assert table['versioned'] and [column['name'] for column in table['columns']] == ['id']
            assert [part['name'] for part in table['indexes'][0]['columns']] == ['id']
    else:
        database.execute("""
            CREATE TABLE own (id int, w varchar(20), g point NOT NULL SRID 4326, v vector(3), KEY f ((concat(w, 'it''s'))), SPATIAL KEY s (g),
                CONSTRAINT loose CHECK (id > 0) NOT ENFORCED);
            SET SESSION sql_generate_invisible_primary_key = ON; CREATE TABLE keyless (a int)""", dbname=DATABASE)
        document = of_database(database)
        table = table_of(document, 'own')
        assert column_of(table, 'g')['srid'] == 4326 and column_of(table, 'v')['canon'] == 'bytes'
        assert index_of(table, 'f')['columns'][0]['expression'] == "concat(`w`,_utf8mb4'it\\'s')"
        assert index_of(table, 's')['method'] == 'spatial' and not table['checks'][0]['validated']
        assert column_of(table_of(document, 'keyless'), 'my_row_id')['invisible']


def test_what_stays_behind(database):
    database.execute("""CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE _t_gho (id int); CREATE VIEW v AS SELECT 1; CREATE TRIGGER tr AFTER INSERT ON t FOR EACH ROW SET @x = 1;
        CREATE PROCEDURE pr() SELECT 1; CREATE FUNCTION fu() RETURNS int DETERMINISTIC NO SQL RETURN 1; CREATE EVENT ev ON SCHEDULE EVERY 1 DAY DO SELECT 1""", dbname=DATABASE)
    document = of_database(database)
    assert [table['name'] for table in document['tables']] == ['t']
    assert {(left['kind'], left['name']) for left in document['not_carried']} == {
        ('table', '_t_gho'), ('view', 'v'), ('trigger', 'tr'), ('procedure', 'pr'), ('function', 'fu'), ('event', 'ev')}
    assert [table['name'] for table in schema(database, f'{quote(DATABASE)}._t_gho')['tables']] == ['_t_gho']


def test_no_such_thing(database):
    """Without tables there is a document without any; a choice that cannot be read is refused."""
    assert schema(database, 'none.*')['tables'] == []
    done = subprocess.run([BUILD / 'sluice-mysql-reader', '--schema', '--stream', 's', '--source', database.uri(''), '--tables', 'shop'],
                          stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    assert done.returncode != 0 and 'database.table' in done.stderr


def test_what_values_say(database):
    """Columns whose type says too little are looked at, unless it is switched off."""
    database.execute("""
        SET SESSION sql_mode = '';
        CREATE TABLE v (id int PRIMARY KEY, yes tinyint(1), no tinyint(1), short time, long_ time, day datetime NOT NULL, t text, b blob, KEY (t(3)), KEY (b(4)));
        INSERT INTO v VALUES (1, 1, 2, '24:00:00', '24:00:01', '2020-00-10', 'ü🐘', x'010203'), (2, 0, 0, NULL, '-00:00:01', '2020-01-01', 'abcdef', NULL);
        CREATE TABLE empty_ (yes tinyint(1), t text, KEY (t(3)))""", dbname=DATABASE)
    document = of_database(database)

    def scan(name, table='v'):
        return column_of(table_of(document, table), name).get('scan')
    assert scan('yes')['only_boolean'] and not scan('no').get('only_boolean')
    assert scan('short')['within_day'] and not scan('long_').get('within_day')
    assert scan('day')['zero_dates']
    assert (scan('t')['longest'], scan('b')['longest']) == (6, 3)
    assert scan('id') is None
    assert scan('yes', 'empty_')['only_boolean'] and scan('t', 'empty_')['longest'] == 0
    document = of_database(database, '--scan', 'off')
    assert scan('yes') is None
