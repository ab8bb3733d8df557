/*
 * ddl_message.h - changes of structure among the records of a stream.
 */
#ifndef SLUICE_WRITER_DDL_MESSAGE_H
#define SLUICE_WRITER_DDL_MESSAGE_H

#include "settings.h"

#include "common/core/bundle.h"
#include "common/core/schema_change.h"

#define DDL_TABLE_TEXT 520

/* Whether a record inside a transaction is one. */
extern bool ddl_message_is(const BundleRecord *record);

/* Reads it, as the target is to see it; the record need not stay.  NULL on error. */
extern SchemaChange *ddl_message_read(const BundleRecord *record, const DocumentView *view,
									  SluiceError *err);

/* CREATE TABLE AS and SELECT INTO write rows before their message. */
extern bool ddl_message_follows_rows(const SchemaChange *change);

/* The table a change is of, as "schema.name", for people; "" when it names none.  Returns `text`. */
extern const char *ddl_message_table(const SchemaChange *change, char text[DDL_TABLE_TEXT]);

/* For --on-ddl ignore: says what is left out. */
extern void ddl_message_ignored(Log *log, const SchemaChange *change, const ChangeId *id);

/*
 * Looks ahead, from the message `sequence` on and behind the change `from`, whether the
 * transaction's next change of structure follows its rows.  *change is NULL when not.  Waits for messages that are not there yet while go_on().
 */
extern bool ddl_message_ahead(NatsSession *nats, const WriterSettings *settings, uint64_t sequence,
							  const ChangeId *from, bool (*go_on)(void *context), void *context,
							  SchemaChange **change, SluiceError *err) SLUICE_MUST_CHECK;

#endif
