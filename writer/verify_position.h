/*
 * verify_position.h - snapshots of source and target at one and the same position of a running stream
 * (docs/verify.md).
 */
#ifndef SLUICE_WRITER_VERIFY_POSITION_H
#define SLUICE_WRITER_VERIFY_POSITION_H

#include "hold.h"
#include "pg/pg_connection.h"

#define SNAPSHOT_SIZE 64

typedef struct VerifyEnds
{
	TargetSettings source, target; /* of connections that read */
	TargetSettings replication;	   /* to the source */
	int64_t deadline;			   /* monotonic milliseconds: when to give up finding a position */
} VerifyEnds;

/* The keepers' transactions keep the snapshots; others import them by name. */
typedef struct VerifyPosition
{
	const VerifyEnds *ends;
	PgConnection source_keeper, target_keeper;
	PgConnection source_control, target_control; /* outside of transactions */
	uint64_t position;
	char source_snapshot[SNAPSHOT_SIZE], target_snapshot[SNAPSHOT_SIZE];
	char hold[HOLD_ID_SIZE]; /* "" when the stream is not held */
} VerifyPosition;

/* Connects the controls, and checks that source and target are of one stream. */
extern bool verify_position_open(VerifyPosition *position, const VerifyEnds *ends,
								 SluiceError *err) SLUICE_MUST_CHECK;

/* Holds the stream and takes both snapshots; the stream stays held, and those before are gone. */
extern bool verify_position_take(VerifyPosition *position, SluiceError *err) SLUICE_MUST_CHECK;

/* Still held: to be called every few seconds. */
extern bool verify_position_renew(VerifyPosition *position, SluiceError *err) SLUICE_MUST_CHECK;

/* The stream goes on; fails when it went on by itself before. */
extern bool verify_position_release(VerifyPosition *position, SluiceError *err) SLUICE_MUST_CHECK;

/* Also releases, as far as that is possible. */
extern void verify_position_close(VerifyPosition *position);

/* Monotonic milliseconds. */
extern int64_t verify_clock(void);

#endif
