/*
 * wire.c - the handshake before a dump, the dump, and its errors (wire.h).
 *
 * Commands and flags: https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_replication.html
 */
#include "wire.h"

#include <errmsg.h>
#include <inttypes.h>
#include <mysqld_error.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define COMMAND_DUMP	  0x12
#define COMMAND_DUMP_GTID 0x1e
#define DUMP_HEARTBEAT_V2 0x0002 /* of MySQL only: MariaDB means something else by it */
#define FIRST_OFFSET	  4
#define FATAL_READING_LOG 1236 /* ER_MASTER_..., ER_SOURCE_FATAL_ERROR_READING_BINLOG */
#define GTIDS_MAXIMUM	  ((size_t) 16 << 20)
#define PACKET_MAXIMUM	  (((size_t) 1 << 30) + ((size_t) 1 << 20)) /* an event may have 1 GiB */

/* ---- errors ---- */

/* What servers say when a position cannot be had, all under one number. */
static const struct
{
	const char *words, *hint;
} refusals[] = {
	{"purged", "the changes since are gone: copy the stream's tables anew"},
	{"Could not find first log file", "the log was removed: copy the stream's tables anew"},
	{"not in the master's binlog", "this server never had our last change: go back to the one that "
								   "has, or copy the stream's tables anew"},
	{"more GTIDs than", "this server lost changes that we have: copy the stream's tables anew"},
	{"same server_uuid", "another reader runs with this stream's identity: stop one of them"},
	{"same server-uuid", "another reader runs with this stream's identity: stop one of them"},
	{"GTID_MODE", "SET GLOBAL gtid_mode = ON, step by step as the manual says"},
	{"beyond the last", "the server's log was reset: copy the stream's tables anew"},
	{"> file size", "the server's log was reset: copy the stream's tables anew"},
	{"Client requested master to start",
	 "the position is not in the log: copy the stream's tables anew"},
};

static SluiceErrorCode
error_code(unsigned number)
{
	switch (number)
	{
		case ER_ACCESS_DENIED_ERROR:
		case ER_DBACCESS_DENIED_ERROR:
		case ER_SPECIFIC_ACCESS_DENIED_ERROR: return SLUICE_ERROR_DENIED;
		case FATAL_READING_LOG: return SLUICE_ERROR_STATE;
		case CR_OUT_OF_MEMORY: return SLUICE_ERROR_MEMORY;
		default: return SLUICE_ERROR_IO;
	}
}

bool
wire_fail(MYSQL *mysql, const char *what, SluiceError *err)
{
	const char *text = mysql_error(mysql);

	(void) sluice_fail(err, error_code(mysql_errno(mysql)), "%s: %s (%u)", what, text,
					   mysql_errno(mysql));
	if (mysql_errno(mysql) == ER_SPECIFIC_ACCESS_DENIED_ERROR)
		return sluice_hint(err, "GRANT REPLICATION SLAVE ON *.* TO the reader's user");
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
	{
		if (error_code(mysql_errno(mysql)) == SLUICE_ERROR_STATE &&
			strstr(text, refusals[i].words) != NULL)
			return sluice_hint(err, "%s", refusals[i].hint);
	}
	return false;
}

/* ---- handshake ---- */

static bool SLUICE_PRINTF(3, 4) run(MYSQL *mysql, SluiceError *err, const char *format, ...)
{
	char *sql;
	int length;
	bool good;
	va_list arguments;

	va_start(arguments, format);
	length = vasprintf(&sql, format, arguments);
	va_end(arguments);
	if (length < 0)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a statement");
	good = mysql_real_query(mysql, sql, (unsigned long) length) == 0;
	free(sql);
	return good || wire_fail(mysql, "preparing to read the binary log", err);
}

static bool
ask_checksum(Wire *wire, SluiceError *err)
{
	MYSQL_RES *result;
	MYSQL_ROW row;

	if (!run(wire->mysql, err, "SELECT @@global.binlog_checksum"))
		return false;
	result = mysql_store_result(wire->mysql);
	row = result != NULL ? mysql_fetch_row(result) : NULL;
	wire->checksum = row != NULL && row[0] != NULL && strcmp(row[0], "NONE") != 0;
	mysql_free_result(result);
	return true;
}

static bool
format_mariadb(const WireStart *start, ByteBuf *text, SluiceError *err)
{
	return mariadb_position_format(&start->position->mariadb, text, err) &&
		   bytebuf_put_u8(text, 0, err);
}

/* MariaDB's GTIDs are told by a variable; file and offset of the command do not matter then. */
static bool
shake_mariadb(Wire *wire, const WireStart *start, SluiceError *err)
{
	if (!run(wire->mysql, err, "SET @mariadb_slave_capability = 4"))
		return false;
	if (!start->by_gtid)
		return true;
	return format_mariadb(start, &wire->gtids, err) &&
		   run(wire->mysql, err,
			   "SET @slave_connect_state = '%s', @slave_gtid_strict_mode = 0,"
			   " @slave_gtid_ignore_duplicates = 0",
			   (const char *) wire->gtids.data);
}

static bool
shake(Wire *wire, const WireStart *start, SluiceError *err)
{
	const uint64_t period = start->heartbeat * UINT64_C(1000000000);

	return run(wire->mysql, err,
			   "SET @master_binlog_checksum = @@global.binlog_checksum,"
			   " @source_binlog_checksum = @@global.binlog_checksum,"
			   " @master_heartbeat_period = %" PRIu64 ", @source_heartbeat_period = %" PRIu64 ","
			   " @slave_uuid = '%s', @replica_uuid = '%s'",
			   period, period, start->uuid, start->uuid) &&
		   run(wire->mysql, err, "SET SESSION net_write_timeout = 600") &&
		   ask_checksum(wire, err) &&
		   (start->flavour == FLAVOUR_MARIADB ? shake_mariadb(wire, start, err)
			: start->by_gtid ? gtid_set_encode(&start->position->mysql, &wire->gtids, err)
							 : true);
}

/* ---- the dump ---- */

#ifdef MARIADB_BASE_VERSION

static bool
put_little(ByteBuf *out, uint64_t value, unsigned bytes, SluiceError *err)
{
	value = htole64(value);
	return bytebuf_put(out, &value, bytes, err);
}

static bool
write_dump(const WireStart *start, ByteBuf *out, SluiceError *err)
{
	const char *file = start->by_gtid ? "" : start->position->file;
	uint64_t offset = start->by_gtid ? FIRST_OFFSET : start->position->offset;

	return put_little(out, offset, 4, err) && put_little(out, 0, 2, err) &&
		   put_little(out, start->server_id, 4, err) && bytebuf_put(out, file, strlen(file), err);
}

static bool
write_dump_gtid(const Wire *wire, const WireStart *start, ByteBuf *out, SluiceError *err)
{
	return put_little(out, DUMP_HEARTBEAT_V2, 2, err) &&
		   put_little(out, start->server_id, 4, err) && put_little(out, 0, 4, err) &&
		   put_little(out, FIRST_OFFSET, 8, err) && put_little(out, wire->gtids.length, 4, err) &&
		   bytebuf_put(out, wire->gtids.data, wire->gtids.length, err);
}

static bool
start_dump(Wire *wire, const WireStart *start, SluiceError *err)
{
	bool gtid = start->by_gtid && start->flavour == FLAVOUR_MYSQL;
	ByteBuf command;
	bool good;

	bytebuf_init(&command, &allocator_malloc, GTIDS_MAXIMUM + 1024);
	good = gtid ? write_dump_gtid(wire, start, &command, err) : write_dump(start, &command, err);
	if (good &&
		wire->mysql->methods->db_command(
			wire->mysql, (enum enum_server_command)(gtid ? COMMAND_DUMP_GTID : COMMAND_DUMP),
			(const char *) command.data, command.length, 1, NULL) != 0)
		good = wire_fail(wire->mysql, "asking for the binary log", err);
	bytebuf_free(&command);
	return good;
}

bool
wire_read(Wire *wire, const uint8_t **event, size_t *length, SluiceError *err)
{
	const uint8_t *packet;
	unsigned long size = mysql_net_read_packet(wire->mysql);

	*length = 0;
	if (size == packet_error)
		return wire_fail(wire->mysql, "reading the binary log", err);
	packet = wire->mysql->net.read_pos;
	if (size == 0 || (packet[0] == 0xfe && size < 9))
		return true;
	*event = packet + 1;
	*length = size - 1;
	return true;
}

#else

/* The library copies the set out of its argument when it is told nothing else. */
static bool
start_dump(Wire *wire, const WireStart *start, SluiceError *err)
{
	bool gtid = start->by_gtid && start->flavour == FLAVOUR_MYSQL;
	MYSQL_RPL *rpl = &wire->rpl;

	*rpl = (MYSQL_RPL){0};
	rpl->file_name = start->by_gtid ? "" : start->position->file;
	rpl->file_name_length = strlen(rpl->file_name);
	rpl->start_position = start->by_gtid ? FIRST_OFFSET : start->position->offset;
	rpl->server_id = start->server_id;
	if (gtid)
	{
		rpl->flags = MYSQL_RPL_GTID | DUMP_HEARTBEAT_V2;
		rpl->gtid_set_encoded_size = wire->gtids.length;
		rpl->gtid_set_arg = wire->gtids.data;
	}
	return mysql_binlog_open(wire->mysql, rpl) == 0 ||
		   wire_fail(wire->mysql, "asking for the binary log", err);
}

bool
wire_read(Wire *wire, const uint8_t **event, size_t *length, SluiceError *err)
{
	*length = 0;
	if (mysql_binlog_fetch(wire->mysql, &wire->rpl) != 0)
		return wire_fail(wire->mysql, "reading the binary log", err);
	if (wire->rpl.size <= 1)
		return true;
	*event = wire->rpl.buffer + 1;
	*length = wire->rpl.size - 1;
	return true;
}

#endif

bool
wire_open(Wire *wire, MYSQL *mysql, const WireStart *start, SluiceError *err)
{
	*wire = (Wire){.mysql = mysql};
	bytebuf_init(&wire->gtids, &allocator_malloc, GTIDS_MAXIMUM);
	mysql->net.max_packet_size = PACKET_MAXIMUM;
	if (!start->by_gtid && start->position->offset > UINT32_MAX)
	{
		(void) sluice_fail(err, SLUICE_ERROR_STATE,
						   "%s is longer than 4 GiB, and reading cannot begin at %" PRIu64,
						   start->position->file, start->position->offset);
		return sluice_hint(err, "use GTIDs");
	}
	return shake(wire, start, err) && start_dump(wire, start, err);
}

void
wire_close(Wire *wire)
{
#ifndef MARIADB_BASE_VERSION
	if (wire->mysql != NULL)
		mysql_binlog_close(wire->mysql, &wire->rpl);
#endif
	bytebuf_free(&wire->gtids);
	wire->mysql = NULL;
}

void
wire_cancel(MYSQL *mysql)
{
#ifdef MARIADB_BASE_VERSION
	(void) shutdown(mysql_get_socket(mysql), SHUT_RDWR);
#else
	(void) shutdown(mysql->net.fd, SHUT_RDWR);
#endif
}
