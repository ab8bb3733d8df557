/*
 * check_nats.c - NATS and JetStream; what a stream that exists has to go on from (check_internal.h).
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "check_internal.h"
#include "common/nats/jetstream.h"
#include "common/nats/publisher.h"
#include "source_log.h"

static bool
check_jetstream(Checker *checker, NatsSession *session)
{
	jsAccountInfo *account = NULL;
	jsErrCode code = 0;
	SluiceError err = {0};
	int version = nats_session_server_version(session);
	natsStatus status = js_GetAccountInfo(&account, session->jetstream, NULL, &code);

	jsAccountInfo_Destroy(account);
	if (status == NATS_OK)
		findings_add(checker->findings, FINDING_OK, "nats", NULL,
					 "nats-server %d.%d.%d, JetStream is on", version / 1000000,
					 version / 1000 % 1000, version % 1000);
	else
	{
		(void) nats_session_fail(session, &err, status, code, "JetStream");
		findings_add_error(checker->findings, FINDING_FAILED, "nats", &err);
	}
	return status == NATS_OK;
}

/* Where the last message says that reading goes on. */
static void
check_place(Checker *checker, const char *text)
{
	SourcePosition position;
	SourceLog log = {0};
	SluiceError err = {0};

	source_position_init(&position);
	if (source_position_parse(&position, text, &err) && source_log_read(&checker->c, &log, &err) &&
		source_log_check(&checker->c, &log, &position, &err))
		findings_add(checker->findings, FINDING_OK, "place", NULL,
					 "the source has all that the stream lacks, by %s",
					 position_mode_name(position.mode));
	else
		findings_add_error(checker->findings, FINDING_FAILED, "place", &err);
	source_log_free(&log);
	source_position_free(&position);
}

static void
check_stream(Checker *checker, NatsSession *session, bool connected)
{
	const char *stream = checker->settings->stream;
	char subject[SUBJECT_TEXT];
	natsMsg *message = NULL;
	const char *place = NULL;
	JetStreamInfo info;
	SluiceError err = {0};

	if (!jetstream_info(session, stream, &info, &err))
	{
		if (err.code == SLUICE_ERROR_NOT_FOUND)
			findings_add(checker->findings, FINDING_OK, "stream", NULL, "%s is new", stream);
		else
			findings_add_error(checker->findings, FINDING_FAILED, "stream", &err);
		return;
	}
	findings_add(checker->findings, FINDING_OK, "stream", NULL,
				 "%s has %" PRIu64 " messages of %" PRIu64 " bytes", stream, info.messages,
				 info.bytes);
	if (!jetstream_last(session, stream, change_subject(subject, stream, 0), &message, &err))
		return;
	if (natsMsgHeader_Get(message, PUBLISHER_PLACE_HEADER, &place) != NATS_OK)
		findings_add(checker->findings, FINDING_FAILED, "place", "give the stream another name",
					 "another kind of source publishes %s", stream);
	else if (connected)
		check_place(checker, place);
	natsMsg_Destroy(message);
}

void
check_nats(Checker *checker, bool connected)
{
	NatsSession session = {0};
	SluiceError err = {0};

	if (!nats_session_open(&session, &checker->settings->nats, &err))
		findings_add_error(checker->findings, FINDING_FAILED, "nats", &err);
	else if (check_jetstream(checker, &session))
		check_stream(checker, &session, connected);
	nats_session_close(&session);
}
