/*
 * settings.h - what a writer was told to do, read once from its options.
 *
 * Texts are copies, so that a reload in one thread cannot take them from another.  What a reload
 * may change is read again by settings_reload().
 */
#ifndef SLUICE_WRITER_SETTINGS_H
#define SLUICE_WRITER_SETTINGS_H

#include "common/core/type_rules.h"
#include "common/daemon/options.h"
#include "common/nats/connection.h"
#include "document_view.h"
#include "structure.h"
#include "target.h"

typedef struct WriterSettings
{
	NatsSettings nats;
	char *stream, *consumer;
	char *target, *target_password;
	TypeRules *types;
	char owner[128]; /* this process: host, pid, random */
	ConflictPolicy conflicts;
	DdlPolicy on_ddl;
	size_t batch_rows, batch_bytes;
	bool start_available;
	bool synchronous;
	StructureSettings structure;
	SchemaNames *schemas;
	DocumentView view; /* of all documents */
	int load_connections, index_connections;
	bool progress;
} WriterSettings;

extern const Program writer_program;

extern bool settings_init(WriterSettings *settings, const Options *options,
						  SluiceError *err) SLUICE_MUST_CHECK;
extern void settings_reload(WriterSettings *settings, const Options *options);

/* Wipes secrets. */
extern void settings_free(WriterSettings *settings);

#endif
