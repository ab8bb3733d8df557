/*
 * audit.c - the chain's JetStream stream: behind the last entry of a tenant, and nowhere else (audit.h).
 *
 * The stream cannot be purged, nor single messages deleted, by requests of clients.
 */
#include "audit.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit_entry.h"
#include "common/control/layout.h"
#include "common/nats/ordered_reader.h"
#include "common/nats/session_pool.h"

#define POOL_SIZE	  2
#define APPEND_TRIES  50 /* of which each loses only because another entry was stored */
#define EXPECT_LAST	  "Nats-Expected-Last-Subject-Sequence"
#define BUFFER_BYTES  (1u << 20)
#define READ_WAIT_MS  2000
#define ENTRY_MAXIMUM 8192

struct Audit
{
	SessionPool *pool;
	int replicas;
	pthread_mutex_t lock; /* of one who appends, so that this server's do not meet each other */
	bool ensured;
};

Audit *
audit_new(const NatsSettings *settings, int replicas, SluiceError *err)
{
	Audit *audit = calloc(1, sizeof(*audit));

	if (audit == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for the audit log");
		return NULL;
	}
	audit->replicas = replicas > 0 ? replicas : 1;
	audit->pool = session_pool_new(settings, POOL_SIZE, err);
	if (audit->pool == NULL)
	{
		free(audit);
		return NULL;
	}
	(void) pthread_mutex_init(&audit->lock, NULL);
	return audit;
}

void
audit_free(Audit *audit)
{
	if (audit == NULL)
		return;
	session_pool_free(audit->pool);
	(void) pthread_mutex_destroy(&audit->lock);
	free(audit);
}

/* ---- the stream ---- */

static bool
ensure(Audit *audit, NatsSession *session, SluiceError *err)
{
	const char *subjects[] = {AUDIT_SUBJECT ".>"};
	jsStreamConfig config;
	jsErrCode code = 0;
	natsStatus status;

	(void) jsStreamConfig_Init(&config);
	config.Name = AUDIT_STREAM;
	config.Subjects = subjects;
	config.SubjectsLen = 1;
	config.Storage = js_FileStorage;
	config.Discard = js_DiscardNew;
	config.Replicas = audit->replicas;
	config.DenyDelete = true;
	config.DenyPurge = true;
	status = js_AddStream(NULL, session->jetstream, &config, NULL, &code);
	return status == NATS_OK || code == JSStreamNameExistErr ||
		   nats_session_fail(session, err, status, code, "making JetStream stream %s",
							 AUDIT_STREAM);
}

static bool
subject_of(char *subject, const char *tenant, SluiceError *err)
{
	(void) snprintf(subject, LAYOUT_SUBJECT_TEXT, "%s.%.*s", AUDIT_SUBJECT, TENANT_MAXIMUM, tenant);
	return tenant_valid(tenant) ||
		   sluice_fail(err, SLUICE_ERROR_ARGUMENT, "\"%.40s\" is no tenant", tenant);
}

static json_t *
entry_of(natsMsg *message)
{
	return json_loadb(natsMsg_GetData(message), (size_t) natsMsg_GetDataLength(message),
					  JSON_REJECT_DUPLICATES, NULL);
}

/* The last entry of a subject or, with a sequence, the one there; NULL on error.  *found_at is its sequence. */
static json_t *
get_entry(NatsSession *session, const char *subject, uint64_t sequence, uint64_t *found_at,
		  SluiceError *err)
{
	natsMsg *message = NULL;
	json_t *entry = NULL;
	jsErrCode code = 0;
	natsStatus status;

	if (sequence == 0)
		status = js_GetLastMsg(&message, session->jetstream, AUDIT_STREAM, subject, NULL, &code);
	else
		status = js_GetMsg(&message, session->jetstream, AUDIT_STREAM, sequence, NULL, &code);
	if (status != NATS_OK)
	{
		(void) nats_session_fail(session, err, status, code, "an entry of the audit log");
		return NULL;
	}
	*found_at = natsMsg_GetSequence(message);
	/* a sequence that a client made up must not show him another tenant's entry */
	if (strcmp(natsMsg_GetSubject(message), subject) == 0)
		entry = entry_of(message);
	natsMsg_Destroy(message);
	if (entry == NULL)
		(void) sluice_fail(err, SLUICE_ERROR_NOT_FOUND,
						   "there is no entry of the audit log at %" PRIu64, *found_at);
	return entry;
}

/* ---- appending ---- */

/* Where the chain stands; an entry that is none is a STATE error, for nothing can be put behind it. */
static bool
find_place(NatsSession *session, const char *subject, AuditPlace *place, SluiceError *err)
{
	json_t *entry;
	bool good;

	audit_place_init(place);
	entry = get_entry(session, subject, 0, &place->sequence, err);
	if (entry == NULL)
		return err->code == SLUICE_ERROR_NOT_FOUND && place->sequence == 0;
	good = audit_entry_place(entry, place);
	json_decref(entry);
	return good || sluice_fail(err, SLUICE_ERROR_STATE,
							   "the last entry of the audit log %s is damaged", subject);
}

/* CONFLICT when another entry was stored there. */
static bool
publish(NatsSession *session, const char *subject, const char *text, uint64_t behind,
		SluiceError *err)
{
	natsMsg *message = NULL;
	jsErrCode code = 0;
	char number[24];
	natsStatus status = natsMsg_Create(&message, subject, NULL, text, (int) strlen(text));

	(void) snprintf(number, sizeof(number), "%" PRIu64, behind);
	if (status == NATS_OK)
		status = natsMsgHeader_Set(message, EXPECT_LAST, number);
	if (status == NATS_OK)
		status = js_PublishMsg(NULL, session->jetstream, message, NULL, &code);
	natsMsg_Destroy(message);
	return status == NATS_OK ||
		   nats_session_fail(session, err, status, code, "storing an entry of the audit log");
}

static bool
append_behind(NatsSession *session, const char *subject, const AuditRecord *record,
			  const AuditPlace *place, SluiceError *err)
{
	json_t *entry = audit_entry_make(record, place);
	char *text = entry != NULL ? json_dumps(entry, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
	bool good;

	json_decref(entry);
	if (text == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for the audit log");
	good = strlen(text) <= ENTRY_MAXIMUM
			   ? publish(session, subject, text, place->sequence, err)
			   : sluice_fail(err, SLUICE_ERROR_LIMIT, "an entry of the audit log is too long");
	free(text);
	return good;
}

static bool
append(Audit *audit, NatsSession *session, const char *subject, const AuditRecord *record,
	   SluiceError *err)
{
	if (!audit->ensured && !ensure(audit, session, err))
		return false;
	audit->ensured = true;
	for (int i = 0; i < APPEND_TRIES; i++)
	{
		AuditPlace place;

		if (find_place(session, subject, &place, err) &&
			append_behind(session, subject, record, &place, err))
			return true;
		if (err->code != SLUICE_ERROR_CONFLICT)
			break;
	}
	audit->ensured = false; /* the stream may be gone with its server's disk */
	return false;
}

static bool
sound(const SluiceError *err)
{
	return err->code != SLUICE_ERROR_IO && err->code != SLUICE_ERROR_TIMEOUT;
}

static bool
append_once(Audit *audit, const char *subject, const AuditRecord *record, SluiceError *err)
{
	NatsSession *session = session_pool_take(audit->pool, err);
	bool good;

	if (session == NULL)
		return false;
	err->code = SLUICE_OK;
	good = append(audit, session, subject, record, err);
	session_pool_give(audit->pool, session, good || sound(err));
	return good;
}

/* After a connection that broke it is done once more: an entry too much says the truth twice, one too few hides it. */
bool
audit_append(Audit *audit, const AuditRecord *record, SluiceError *err)
{
	char subject[LAYOUT_SUBJECT_TEXT];
	SluiceError own;
	bool good;

	if (err == NULL)
		err = &own;
	if (!subject_of(subject, record->tenant, err))
		return false;
	(void) pthread_mutex_lock(&audit->lock);
	good = append_once(audit, subject, record, err) ||
		   (!sound(err) && append_once(audit, subject, record, err));
	(void) pthread_mutex_unlock(&audit->lock);
	return good;
}

/* ---- reading ---- */

/* Each entry names the sequence of the one before it, so a list is read backwards. */
static bool
read_back(NatsSession *session, const char *subject, uint64_t *sequence, size_t limit,
		  json_t *items, SluiceError *err)
{
	bool first = *sequence == 0;

	while (json_array_size(items) < limit && (first || *sequence != 0))
	{
		json_t *entry = get_entry(session, subject, *sequence, sequence, err);

		if (entry == NULL)
			return first && err->code == SLUICE_ERROR_NOT_FOUND;
		first = false;
		*sequence = (uint64_t) json_integer_value(json_object_get(entry, "previous_sequence"));
		if (json_array_append_new(items, entry) != 0)
			return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for the audit log");
	}
	return true;
}

bool
audit_list(Audit *audit, const char *tenant, uint64_t before, size_t limit, json_t **items,
		   uint64_t *next, SluiceError *err)
{
	char subject[LAYOUT_SUBJECT_TEXT];
	NatsSession *session;
	SluiceError own;
	bool good;

	if (err == NULL)
		err = &own;
	*items = NULL;
	*next = before;
	if (!subject_of(subject, tenant, err) ||
		(session = session_pool_take(audit->pool, err)) == NULL)
		return false;
	err->code = SLUICE_OK;
	*items = json_array();
	good = read_back(session, subject, next, limit, *items, err);
	session_pool_give(audit->pool, session, good || sound(err));
	if (json_array_size(*items) == 0)
		*next = 0;
	if (good)
		return true;
	json_decref(*items);
	*items = NULL;
	return false;
}

/* ---- verifying ---- */

static void
verify_message(const PulledMessage *message, AuditPlace *place, AuditVerdict *verdict)
{
	json_t *entry = entry_of(message->message);

	verdict->entries++;
	if (verdict->whole)
	{
		verdict->whole =
			audit_entry_follows(entry, place, verdict->reason, sizeof(verdict->reason));
		if (!verdict->whole)
			verdict->broken_at = place->number + 1;
	}
	json_decref(entry);
}

static bool
verify_all(OrderedReader *reader, AuditVerdict *verdict, SluiceError *err)
{
	AuditPlace place;

	audit_place_init(&place);
	while (!ordered_reader_current(reader))
	{
		PulledMessage message;

		if (!ordered_reader_next(reader, READ_WAIT_MS, &message, err))
			return false;
		if (message.message == NULL)
			continue;
		verify_message(&message, &place, verdict);
		natsMsg_Destroy(message.message);
	}
	memcpy(verdict->last_hash, place.hash, sizeof(verdict->last_hash));
	return true;
}

bool
audit_verify(Audit *audit, const char *tenant, AuditVerdict *verdict, SluiceError *err)
{
	char subject[LAYOUT_SUBJECT_TEXT];
	NatsSession *session;
	OrderedReader *reader;
	bool good;

	*verdict = (AuditVerdict){.whole = true};
	if (!subject_of(subject, tenant, err) ||
		(session = session_pool_take(audit->pool, err)) == NULL)
		return false;
	good = ensure(audit, session, err);
	reader = good ? ordered_reader_open(session, AUDIT_STREAM, subject, ORDERED_ALL, 0,
										BUFFER_BYTES, err)
				  : NULL;
	good = reader != NULL && verify_all(reader, verdict, err);
	ordered_reader_close(reader);
	session_pool_give(audit->pool, session, false); /* closes with it what the reader leaves */
	return good;
}
