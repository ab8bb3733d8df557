/*
 * outlet.c - reports, logs, figures and the registration, to NATS (worker.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clean_text.h"
#include "common/nats/bucket.h"
#include "process_usage.h"
#include "worker.h"

#define REPORT_MS	   5000
#define REGISTER_MS	   5000
#define MESSAGES	   64
#define LOG_MAXIMUM	   (64 * 1024)
#define FIGURE_MAXIMUM (768 * 1024)

/* Writes a document; releases it. */
static bool
write_document(Worker *worker, const char *key, json_t *document, SluiceError *err)
{
	char *text = document != NULL ? json_dumps(document, JSON_COMPACT) : NULL;
	BucketWrite write = {.kind = BUCKET_PUT, .key = key, .revision = BUCKET_ANY};
	bool good;

	json_decref(document);
	if (text == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a report");
	write.value = text;
	write.length = strlen(text);
	good = bucket_write(&worker->session, STATE_BUCKET, &write, NULL, err);
	free(text);
	return good;
}

/* ---- jobs ---- */

bool
outlet_report(Worker *worker, Holding *holding, bool due, SluiceError *err)
{
	const JobFacts *facts = job_facts(holding->job);
	json_t *report = job_take_report(holding->job, due, timestamp_now());
	char key[LAYOUT_KEY_MAXIMUM];

	if (report == NULL)
		return true;
	holding->reported_ms = job_clock();
	return write_document(worker, job_key(key, facts->run, facts->name), report, err);
}

static bool
publish(Worker *worker, const JobFacts *facts, const JobMessage *message, SluiceError *err)
{
	size_t length = strlen(message->text);
	char subject[LAYOUT_SUBJECT_TEXT];
	natsStatus status;

	if (length > (message->what == JOB_LOG ? LOG_MAXIMUM : FIGURE_MAXIMUM) ||
		(int64_t) length > worker->session.max_payload)
		return true;
	if (message->what == JOB_LOG)
		(void) snprintf(subject, sizeof(subject), "%s.%s.%s", LOG_SUBJECT, facts->run, facts->name);
	else
		(void) snprintf(subject, sizeof(subject), "sluice.%s.stats.reader.%s", facts->stream,
						worker->settings.id);
	status =
		natsConnection_Publish(worker->session.connection, subject, message->text, (int) length);
	return status == NATS_OK ||
		   nats_session_fail(&worker->session, err, status, 0, "publishing on %s", subject);
}

static bool
publish_messages(Worker *worker, Holding *holding, SluiceError *err)
{
	JobMessage messages[MESSAGES];
	size_t count = job_take_messages(holding->job, messages, MESSAGES);
	bool good = true;

	for (size_t i = 0; i < count; i++)
	{
		good = good && publish(worker, job_facts(holding->job), &messages[i], err);
		free(messages[i].text);
	}
	return good;
}

/* ---- the worker itself ---- */

static json_t *
roles_json(unsigned roles)
{
	json_t *array = json_array();

	if ((roles & ROLE_READER) != 0)
		(void) json_array_append_new(array, json_string(job_role_name(ROLE_READER)));
	if ((roles & ROLE_WRITER) != 0)
		(void) json_array_append_new(array, json_string(job_role_name(ROLE_WRITER)));
	return array;
}

static json_t *
registration_json(const Worker *worker)
{
	const WorkerSettings *settings = &worker->settings;
	bool draining = worker->ending || worker->board.drained;
	ProcessUsage usage = {.cpu_seconds = 0};
	char seen[TIMESTAMP_TEXT];

	process_usage_add(&usage, 0);
	for (size_t i = 0; i < worker->count; i++)
	{
		int pid = job_pid(worker->holdings[i].job);

		if (pid > 0)
			process_usage_add(&usage, pid);
	}
	return json_pack("{s:s, s:o, s:o, s:i, s:o, s:s, s:s, s:I, s:I, s:s, s:s, s:f, s:I}", "id",
					 settings->id, "name", clean_text(settings->name), "host",
					 clean_text(settings->host), "pid", (int) getpid(), "roles",
					 roles_json(settings->roles), "version", worker_program.version, "state",
					 draining ? "draining" : "active", "slots", (json_int_t) settings->slots,
					 "jobs", (json_int_t) worker->count, "started_at", worker->started_at,
					 "seen_at", timestamp_now_text(seen), "cpu_seconds", usage.cpu_seconds,
					 "resident_bytes", (json_int_t) usage.resident_bytes);
}

static bool
sign_on(Worker *worker, SluiceError *err)
{
	char key[LAYOUT_KEY_MAXIMUM];
	int64_t now_ms = job_clock();

	if (worker->registered_ms != 0 && now_ms - worker->registered_ms < REGISTER_MS)
		return true;
	worker->registered_ms = now_ms;
	return write_document(worker, worker_key(key, worker->settings.id), registration_json(worker),
						  err);
}

void
outlet_sign_off(Worker *worker)
{
	char key[LAYOUT_KEY_MAXIMUM];
	const BucketWrite write = {
		.kind = BUCKET_PURGE, .key = worker_key(key, worker->settings.id), .revision = BUCKET_ANY};
	SluiceError ignored;

	(void) !bucket_write(&worker->session, STATE_BUCKET, &write, NULL, &ignored);
}

bool
outlet_round(Worker *worker, SluiceError *err)
{
	bool good = sign_on(worker, err);

	for (size_t i = 0; good && i < worker->count; i++)
	{
		Holding *holding = &worker->holdings[i];
		bool due = job_clock() - holding->reported_ms >= REPORT_MS;

		good = publish_messages(worker, holding, err) &&
			   (!holding->lease.held || outlet_report(worker, holding, due, err));
	}
	return good;
}
