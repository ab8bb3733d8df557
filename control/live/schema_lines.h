/*
 * schema_lines.h - events of changes of structure: made of the lines in which writers log them, each told exactly once.
 *
 * Every server keeps what it heard for a while and the one that leads tells it, so that who leads next tells what the one
 * before did not.  A line's message id, under which JetStream stores only one event, makes sure that none is told twice.
 */
#ifndef SLUICE_CONTROL_LIVE_SCHEMA_LINES_H
#define SLUICE_CONTROL_LIVE_SCHEMA_LINES_H

#include "common/nats/connection.h"
#include "directory.h"

#define SCHEMA_LINES_KEPT 1000
#define SCHEMA_LINES_MS	  100000 /* below the time in which JetStream knows message ids: journal.c */

typedef struct SchemaLines SchemaLines;

/* NULL without memory. */
extern SchemaLines *schema_lines_new(void);
extern void schema_lines_free(SchemaLines *lines);

/* A message "sluice_control.log.<run>.<job>" came; true when it tells of a change of structure and was kept. */
extern bool schema_lines_take(SchemaLines *lines, const char *subject, const char *text,
							  size_t length, int64_t now_ms);

/* For the server that leads.  Fails when NATS does not store an event: the next call does it again. */
extern bool schema_lines_tell(SchemaLines *lines, Directory *directory, NatsSession *session,
							  int64_t now_ms, SluiceError *err) SLUICE_MUST_CHECK;

#endif
