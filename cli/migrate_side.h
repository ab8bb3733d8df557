/*
 * migrate_side.h - one of a migration's two databases: taken from its URI, told to a program or to libpq.
 */
#ifndef SLUICE_CLI_MIGRATE_SIDE_H
#define SLUICE_CLI_MIGRATE_SIDE_H

#include "arguments.h"
#include "common/control/endpoint.h"

typedef struct MigrateSide
{
	const char *word;  /* "source", "target" */
	json_t *document;  /* a connection's, with its secrets */
	Endpoint endpoint; /* of it */
	json_t *options;   /* of the programs */
	char *uri;		   /* without secrets */
} MigrateSide;

/* Of an argument (the n-th), and the flags --<word>-password-file and --<word>-option.  Free in any case. */
extern bool migrate_side_read(MigrateSide *side, const char *word, const Arguments *arguments,
							  size_t n, SluiceError *err) SLUICE_MUST_CHECK;
extern void migrate_side_free(MigrateSide *side);

/* NULL when it has none. */
extern const char *migrate_side_password(const MigrateSide *side);

/* Its certificates and keys as anonymous files, from the number `first` on in whom they are given to; -1: none. */
typedef struct SideFiles
{
	int fds[ENDPOINT_SECRETS];
	size_t count;
	char paths[ENDPOINT_SECRETS][24];
	EndpointFiles files; /* points to the paths */
} SideFiles;

/* `first` < 0: for this process itself.  Closed by side_files_close(), in any case. */
extern bool side_files_make(SideFiles *files, const MigrateSide *side, int first,
							SluiceError *err) SLUICE_MUST_CHECK;
extern void side_files_close(SideFiles *files);

/* Adds the lines "<word> = URI" and "<word>-password = ...". */
extern bool migrate_side_lines(const MigrateSide *side, const SideFiles *files, ByteBuf *config,
							   SluiceError *err) SLUICE_MUST_CHECK;

#endif
