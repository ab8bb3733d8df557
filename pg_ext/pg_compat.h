/*
 * pg_compat.h - every difference between PostgreSQL 13 to 18 that the extension meets.  (Those of
 * decoding callbacks are in output_plugin/plugin_compat.h.)
 */
#ifndef SLUICE_PG_COMPAT_H
#define SLUICE_PG_COMPAT_H

#include "postgres.h"

#include "access/xlog.h"
#include "access/xlogutils.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "pgstat.h"
#include "replication/logical.h"
#include "replication/slot.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "utils/memutils.h"
#if PG_VERSION_NUM >= 180000
#include "storage/waiteventset.h"
#endif

/* A named, database-bound slot; the arguments that came with 14 and 17 are all false. */
static inline void
compat_slot_create(const char *name, ReplicationSlotPersistency persistency)
{
#if PG_VERSION_NUM >= 170000
	ReplicationSlotCreate(name, true, persistency, false, false, false);
#elif PG_VERSION_NUM >= 140000
	ReplicationSlotCreate(name, true, persistency, false);
#else
	ReplicationSlotCreate(name, true, persistency);
#endif
}

static inline void
compat_slot_acquire(const char *name)
{
#if PG_VERSION_NUM >= 180000
	ReplicationSlotAcquire(name, true, true);
#elif PG_VERSION_NUM >= 140000
	ReplicationSlotAcquire(name, true);
#else
	(void) ReplicationSlotAcquire(name, SAB_Error);
#endif
}

/*
 * From here on this process's xmin counts, although it holds a slot; 14 moved the flags out of a struct
 * of their own.
 */
static inline void
compat_leave_decoding(void)
{
	LWLockAcquire(ProcArrayLock, LW_EXCLUSIVE);
#if PG_VERSION_NUM >= 140000
	MyProc->statusFlags &= ~PROC_IN_LOGICAL_DECODING;
	ProcGlobal->statusFlags[MyProc->pgxactoff] = MyProc->statusFlags;
#else
	MyPgXact->vacuumFlags &= ~PROC_IN_LOGICAL_DECODING;
#endif
	LWLockRelease(ProcArrayLock);
}

static inline void
compat_slot_drop(const char *name)
{
	ReplicationSlotDrop(name, true);
}

/* Whether the server has given up a slot, so that its changes are lost. */
static inline bool
compat_slot_invalid(const ReplicationSlot *slot)
{
#if PG_VERSION_NUM >= 160000
	return slot->data.invalidated != RS_INVAL_NONE;
#else
	return XLogRecPtrIsInvalid(slot->data.restart_lsn) &&
		   !XLogRecPtrIsInvalid(slot->data.invalidated_at);
#endif
}

/* How far the log can be read, and on which timeline the server writes. */
static inline XLogRecPtr
compat_flush_position(TimeLineID *timeline)
{
#if PG_VERSION_NUM >= 150000
	return GetFlushRecPtr(timeline);
#else
	(void) RecoveryInProgress(); /* sets ThisTimeLineID */
	*timeline = ThisTimeLineID;
	return GetFlushRecPtr();
#endif
}

static inline void
compat_determine_timeline(XLogReaderState *state, XLogRecPtr page, uint32 length,
						  TimeLineID timeline)
{
#if PG_VERSION_NUM >= 150000
	XLogReadDetermineTimeline(state, page, length, timeline);
#else
	(void) timeline;
	XLogReadDetermineTimeline(state, page, length);
#endif
}

static inline WaitEventSet *
compat_wait_event_set(int events)
{
#if PG_VERSION_NUM >= 170000
	return CreateWaitEventSet(NULL, events);
#else
	return CreateWaitEventSet(TopMemoryContext, events);
#endif
}

#if PG_VERSION_NUM >= 150000
#define compat_reserve_prefix(name) MarkGUCPrefixReserved(name)
#else
#define compat_reserve_prefix(name) EmitWarningsOnPlaceholders(name)
#endif

/* 14 added an argument to ProcessUtility_hook. */
#if PG_VERSION_NUM >= 140000
#define UTILITY_PARAMETERS                                                                         \
	PlannedStmt *statement, const char *query, bool read_only_tree, ProcessUtilityContext context, \
		ParamListInfo parameters, QueryEnvironment *environment, DestReceiver *receiver,           \
		QueryCompletion *completion
#define UTILITY_ARGUMENTS                                                                          \
	statement, query, read_only_tree, context, parameters, environment, receiver, completion
#else
#define UTILITY_PARAMETERS                                                                         \
	PlannedStmt *statement, const char *query, ProcessUtilityContext context,                      \
		ParamListInfo parameters, QueryEnvironment *environment, DestReceiver *receiver,           \
		QueryCompletion *completion
#define UTILITY_ARGUMENTS statement, query, context, parameters, environment, receiver, completion
#endif

#ifndef LSN_FORMAT_ARGS
#define LSN_FORMAT_ARGS(position) (uint32)((position) >> 32), (uint32) (position)
#endif

/* A set-returning function's result, materialized into a tuplestore. */
static inline ReturnSetInfo *
compat_start_set(FunctionCallInfo fcinfo)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

#if PG_VERSION_NUM >= 160000
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
#elif PG_VERSION_NUM >= 150000
	SetSingleFuncCall(fcinfo, SRF_SINGLE_USE_EXPECTED);
#else
	MemoryContext old;

	if (result == NULL || !IsA(result, ReturnSetInfo) ||
		(result->allowedModes & SFRM_Materialize) == 0)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("a set is returned where none can be taken")));
	old = MemoryContextSwitchTo(result->econtext->ecxt_per_query_memory);
	result->returnMode = SFRM_Materialize;
	result->setResult = tuplestore_begin_heap(true, false, work_mem);
	result->setDesc = CreateTupleDescCopy(result->expectedDesc);
	MemoryContextSwitchTo(old);
#endif
	return result;
}

#endif
