/*
 * source_position.h - a place in a source's log: as a number that orders places, and as the line of
 * text that travels with every message (header Sluice-Position).
 *
 * A stream keeps to one way of telling places for its whole life: by GTIDs, which every server of a
 * replication group understands, or by file and offset, which only the server that wrote them does.
 * The text says which, so that a reader cannot go on in another way unnoticed.
 *
 *   product=mysql mode=gtid server=<uuid> gtids=<set> [interrupted=<gtid>] offset=<n> file=<name>
 *
 * file is last, as it may hold anything; an empty set is "-".
 */
#ifndef SLUICE_MYSQL_READER_SOURCE_POSITION_H
#define SLUICE_MYSQL_READER_SOURCE_POSITION_H

#include "binlog/log_reader.h"

typedef enum PositionMode
{
	POSITION_FILE,
	POSITION_GTID
} PositionMode;

#define SERVER_IDENTITY_SIZE 64
#define POSITION_MAXIMUM	 ((size_t) 64 << 20) /* bytes of a text */

typedef struct SourcePosition
{
	Flavour flavour;
	PositionMode mode;
	char server[SERVER_IDENTITY_SIZE]; /* the one that was read: its UUID, or "id-" and server_id */
	char interrupted[GTID_TEXT]; /* GTID of the group that the place lies in front of and that the
								  * message has a part of; "" when it has only whole groups */
	LogPosition log;
} SourcePosition;

extern void source_position_init(SourcePosition *position);
extern void source_position_free(SourcePosition *position);

/*
 * Orders places of one mode, the same at every server and every time; never 0.  MySQL's GTIDs: one
 * more than transactions have ended; MariaDB's: one more than the sum of the domains' sequence numbers;
 * files: the number at the end of the file's name, 24 bits, then the offset, 40 bits.
 *
 * A group's commit position (change_id.h) is one more than the number of the place where it begins.
 */
extern uint64_t position_number(const LogPosition *position, PositionMode mode);

/* The same of a place in a file. */
extern uint64_t file_position_number(const char *file, uint64_t offset);

/* Replaces what is in *out; terminated, without line ends. */
extern bool source_position_format(const SourcePosition *position, ByteBuf *out,
								   SluiceError *err) SLUICE_MUST_CHECK;

/* Into an empty position; CORRUPT names what is wrong. */
extern bool source_position_parse(SourcePosition *position, const char *text,
								  SluiceError *err) SLUICE_MUST_CHECK;

/* "gtid", "file". */
extern const char *position_mode_name(PositionMode mode);

#endif
