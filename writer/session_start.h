/*
 * session_start.h - what a session does before it reads changes: it waits for a stream, and takes its
 * part in the stream's copy.
 */
#ifndef SLUICE_WRITER_SESSION_START_H
#define SLUICE_WRITER_SESSION_START_H

#include "load.h"
#include "session.h"

/*
 * The source may make the stream later than the writer is started; without `changes` that of a copy
 * is enough.  TIMEOUT when the lease was lost or the end asked for.
 */
extern bool session_await_stream(Writer *writer, NatsSession *nats, bool changes,
								 SluiceError *err) SLUICE_MUST_CHECK;

/*
 * Conducts the copy, if there is one.  True when changes follow, for which `load` then has the
 * rules; else *end says what does.
 */
extern bool session_run_load(Writer *writer, Load *load, NatsSession *nats, Target *target,
							 const TargetSettings *target_settings, Progress *progress,
							 SessionEnd *end, SluiceError *err) SLUICE_MUST_CHECK;

#endif
