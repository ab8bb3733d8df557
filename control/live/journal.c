/*
 * journal.c - making and reading journals (journal.h).
 */
#include "journal.h"

#define NS_PER_SECOND INT64_C(1000000000)
#define DUPLICATES_NS (120 * NS_PER_SECOND)
#define BUFFER_BYTES  (4u << 20)

static natsStatus
add_stream(NatsSession *session, const JournalPlan *plan, int replicas, jsErrCode *code)
{
	const char *subjects[] = {plan->subject};
	jsStreamConfig config;

	(void) jsStreamConfig_Init(&config);
	config.Name = plan->name;
	config.Subjects = subjects;
	config.SubjectsLen = 1;
	config.Storage = js_FileStorage;
	config.Discard = js_DiscardOld;
	config.MaxBytes = plan->max_bytes;
	config.MaxAge = plan->max_age_seconds * NS_PER_SECOND;
	config.Duplicates = DUPLICATES_NS;
	config.Replicas = replicas > 0 ? replicas : 1;
	return js_AddStream(NULL, session->jetstream, &config, NULL, code);
}

bool
journal_ensure(NatsSession *session, const JournalPlan *plan, int replicas, SluiceError *err)
{
	jsStreamInfo *info = NULL;
	jsErrCode code = 0;
	natsStatus status = js_GetStreamInfo(&info, session->jetstream, plan->name, NULL, &code);

	jsStreamInfo_Destroy(info);
	if (status == NATS_OK)
		return true;
	if (code != JSStreamNotFoundErr && status != NATS_NOT_FOUND)
		return nats_session_fail(session, err, status, code, "JetStream stream %s", plan->name);
	code = 0;
	status = add_stream(session, plan, replicas, &code);
	return status == NATS_OK || code == JSStreamNameExistErr ||
		   nats_session_fail(session, err, status, code, "making JetStream stream %s", plan->name);
}

void
journal_init(Journal *journal, const JournalPlan *plan)
{
	*journal = (Journal){.plan = plan};
}

/* Where the stream stands against what was given. */
static bool
look(Journal *journal, NatsSession *session, bool *anew, SluiceError *err)
{
	jsStreamInfo *info = NULL;
	jsErrCode code = 0;
	natsStatus status =
		js_GetStreamInfo(&info, session->jetstream, journal->plan->name, NULL, &code);

	if (status != NATS_OK)
		return nats_session_fail(session, err, status, code, "JetStream stream %s",
								 journal->plan->name);
	*anew = journal->created != 0 &&
			(journal->created != info->Created || info->State.LastSeq < journal->sequence);
	if (*anew)
		journal->sequence = 0;
	journal->created = info->Created;
	journal->floor = info->State.FirstSeq > 0 ? info->State.FirstSeq - 1 : 0;
	jsStreamInfo_Destroy(info);
	return true;
}

bool
journal_open(Journal *journal, NatsSession *session, bool *anew, SluiceError *err)
{
	if (!look(journal, session, anew, err))
		return false;
	journal->reader = ordered_reader_open(session, journal->plan->name, journal->plan->subject,
										  ORDERED_ALL, journal->sequence + 1, BUFFER_BYTES, err);
	return journal->reader != NULL;
}

bool
journal_next(Journal *journal, int wait_ms, PulledMessage *out, SluiceError *err)
{
	if (!ordered_reader_next(journal->reader, wait_ms, out, err))
		return false;
	if (out->message != NULL)
		journal->sequence = out->sequence;
	return true;
}

bool
journal_level(const Journal *journal)
{
	return journal->reader != NULL && ordered_reader_current(journal->reader);
}

void
journal_close(Journal *journal)
{
	ordered_reader_close(journal->reader);
	journal->reader = NULL;
}
