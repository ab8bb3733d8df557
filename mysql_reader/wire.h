/*
 * wire.h - a binary log as a server sends it: the handshake, the command, event after event.
 *
 * The one place that knows which client library it is: MariaDB Connector/C, whose own reader of binary
 * logs knows too few events and starts, so the command is sent by hand; or MySQL's libmysqlclient,
 * whose reader gives raw events.  Above it everything is bytes.
 */
#ifndef SLUICE_MYSQL_READER_WIRE_H
#define SLUICE_MYSQL_READER_WIRE_H

#include <mysql.h>

#include "binlog/log_reader.h"

typedef struct WireStart
{
	Flavour flavour;
	bool by_gtid;				 /* else by file and offset */
	const LogPosition *position; /* offset at least 4; beyond 4 GiB only by GTID */
	uint32_t server_id;			 /* unlike that of any server and reader of the same source */
	char uuid[37];				 /* of this stream's reader, the same each time */
	unsigned heartbeat; /* seconds of silence after which the server says that it is there */
} WireStart;

typedef struct Wire
{
	MYSQL *mysql;
	bool checksum; /* events have one until a format description says otherwise */
#ifndef MARIADB_BASE_VERSION
	MYSQL_RPL rpl;
#endif
	ByteBuf gtids; /* as sent */
} Wire;

/*
 * Asks for the log on a connection that is used for nothing else, and closed afterwards by whoever
 * opened it; its read timeout decides how long a silent server is waited for (three heartbeats).
 */
extern bool wire_open(Wire *wire, MYSQL *mysql, const WireStart *start,
					  SluiceError *err) SLUICE_MUST_CHECK;
extern void wire_close(Wire *wire);

/*
 * The next event, there until the next call; *length is 0 at the end of the log, which only servers
 * that were told not to wait have.  STATE for a position the server does not have: nothing to retry.
 */
extern bool wire_read(Wire *wire, const uint8_t **event, size_t *length,
					  SluiceError *err) SLUICE_MUST_CHECK;

/* Makes a wire_read() of another thread fail; the connection is lost by that. */
extern void wire_cancel(MYSQL *mysql);

/* Fills err from the library's last error on a reader's connection; always false. */
extern bool wire_fail(MYSQL *mysql, const char *what, SluiceError *err);

#endif
