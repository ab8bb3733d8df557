/*
 * target.h - what a stream would need of a target, and what it would make there: by `sluice-writer --plan`.
 */
#ifndef SLUICE_CONTROL_TARGET_H
#define SLUICE_CONTROL_TARGET_H

#include "check_list.h"
#include "common/core/bytebuf.h"
#include "common/nats/connection.h"
#include "plan_text.h"

typedef struct TargetWish
{
	const char *stream; /* its name in NATS */
	const char *mode;
	const char *consumer;
	const json_t *options;
	const NatsSettings *nats;
	const char *source;		 /* identity of the source's database, "" when it is not known */
	const ByteBuf *document; /* the source's schema document; NULL: it could not be had */
} TargetWish;

/* Which server, and database of it, this is; "" when it does not say. */
#define IDENTITY_SIZE 512
extern void database_identity(Database *database, char text[IDENTITY_SIZE]);

/* Adds what it finds; what cannot be asked is a check that failed. */
extern void target_check(Database *database, const TargetWish *wish, CheckList *checks);

/* What a copy would do at the target, as text; `output` is NUL-terminated. */
extern bool target_plan(Database *database, const TargetWish *wish, ByteBuf *output,
						SluiceError *err) SLUICE_MUST_CHECK;

#endif
