/*
 * pg_hold.h - holds of a stream at a PostgreSQL target: the table sluice.hold, from both its sides.
 */
#ifndef SLUICE_WRITER_PG_HOLD_H
#define SLUICE_WRITER_PG_HOLD_H

#include "writer/hold.h"
#include "pg_connection.h"

/* The writer's side; of PgTarget only. */
extern const HoldOps pg_hold_ops;

/* What the one who asked for a hold sees of it. */
typedef struct PgHoldAnswer
{
	bool standing; /* the writer said where */
	uint64_t held_at;
	bool reached; /* and all up to the hold's position is applied */
} PgHoldAnswer;

/*
 * The other side.  Stream and consumer are those of the connection's settings; `id` is made here.
 * Each of them renews the hold; STATE when it is not there any more.
 */
extern bool pg_hold_ask(PgConnection *c, char id[HOLD_ID_SIZE], SluiceError *err) SLUICE_MUST_CHECK;
extern bool pg_hold_set(PgConnection *c, const char *id, uint64_t position,
						SluiceError *err) SLUICE_MUST_CHECK;
extern bool pg_hold_see(PgConnection *c, const char *id, PgHoldAnswer *answer,
						SluiceError *err) SLUICE_MUST_CHECK;

/* It is over; STATE when it was over before. */
extern bool pg_hold_release(PgConnection *c, const char *id, SluiceError *err) SLUICE_MUST_CHECK;

#endif
