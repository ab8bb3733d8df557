/*
 * worker.c - rounds of the main thread (worker.h).
 */
#include "worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "child_state.h"
#include "common/nats/bucket.h"
#include "secret_desk.h"

#define ROUND_MS		 50
#define AWAY_MS			 100
#define FIGURES_AT_ONCE	 2000
#define FIGURES_MESSAGES 8192
#define FIGURES_BYTES	 (16 << 20)

static const RetryPolicy policy = {100, 2000};

/* ---- NATS ---- */

static void
close_session(Worker *worker)
{
	watches_close(&worker->watches);
	if (worker->figures != NULL)
		nats_session_retire(&worker->session, worker->figures);
	worker->figures = NULL;
	nats_session_close(&worker->session);
}

/* The figures of all streams; those of our children are picked out. */
static bool
subscribe(Worker *worker, SluiceError *err)
{
	natsStatus status = natsConnection_SubscribeSync(&worker->figures, worker->session.connection,
													 "sluice.*.stats.>");

	if (status == NATS_OK)
		status =
			natsSubscription_SetPendingLimits(worker->figures, FIGURES_MESSAGES, FIGURES_BYTES);
	return status == NATS_OK ||
		   nats_session_fail(&worker->session, err, status, 0, "subscribing to figures");
}

static bool
open_session(Worker *worker, SluiceError *err)
{
	static const BucketSettings state = {.name = STATE_BUCKET, .history = 1};

	if (!nats_session_open(&worker->session, &worker->settings.nats, err))
		return false;
	worker->registered_ms = 0;
	return kv_ensure(&worker->session, 1, err) && bucket_ensure(&worker->session, &state, err) &&
		   watches_open(&worker->watches, &worker->session, &worker->board, worker->settings.id,
						err) &&
		   subscribe(worker, err);
}

static void
face_trouble(Worker *worker, const SluiceError *err)
{
	trouble_tell(&worker->trouble, worker->service->log, LOG_WARNING, "NATS is away: jobs go on",
				 err, job_clock());
	health_set_reason(&worker->service->health, err->message);
	close_session(worker);
	worker->retry_ms = job_clock() + retry_next(&worker->retry);
}

/* ---- figures ---- */

/* "sluice.<stream>.stats.<role>.<owner>": whether they are of a job's stream and role. */
static bool
are_of(const char *subject, const JobFacts *facts)
{
	char prefix[SUBJECT_TEXT];
	int length = snprintf(prefix, sizeof(prefix), "sluice.%s.stats.%s.", facts->stream,
						  job_role_name(job_kind_role(facts->kind)));

	return strncmp(subject, prefix, (size_t) length) == 0;
}

static void
hand_in(Worker *worker, natsMsg *message)
{
	json_t *figures = NULL;
	int pid = 0;

	for (size_t i = 0; i < worker->count; i++)
	{
		Job *job = worker->holdings[i].job;

		if (job_pid(job) == 0 || !are_of(natsMsg_GetSubject(message), job_facts(job)))
			continue;
		if (figures == NULL)
		{
			figures = json_loadb(natsMsg_GetData(message), (size_t) natsMsg_GetDataLength(message),
								 0, NULL);
			pid = child_state_pid(figures, worker->settings.host);
		}
		if (pid > 0)
			job_hear(job, pid, figures);
	}
	json_decref(figures);
}

static void
take_figures(Worker *worker)
{
	natsMsg *message = NULL;

	for (int i = 0;
		 i < FIGURES_AT_ONCE && natsSubscription_NextMsg(&message, worker->figures, 0) == NATS_OK;
		 i++)
	{
		hand_in(worker, message);
		natsMsg_Destroy(message);
	}
}

/* ---- rounds ---- */

static void
count_jobs(const Worker *worker)
{
	size_t count[2] = {0, 0};

	for (size_t i = 0; i < worker->count; i++)
		count[job_kind_role(job_facts(worker->holdings[i].job)->kind) == ROLE_WRITER]++;
	gauge_set(worker->jobs[0], (double) count[0]);
	gauge_set(worker->jobs[1], (double) count[1]);
}

static bool
do_round(Worker *worker, SluiceError *err)
{
	if (!nats_session_alive(&worker->session))
		return sluice_fail(err, SLUICE_ERROR_IO, "the connection to NATS is lost");
	if (!watches_poll(&worker->watches, &worker->board, ROUND_MS, job_clock(), err))
		return false;
	take_figures(worker);
	if (!holdings_round(worker, err) || !outlet_round(worker, err))
		return false;
	if (worker->watches.current)
	{
		trouble_over(&worker->trouble);
		retry_reset(&worker->retry);
		if (!worker->ending)
			health_set_reason(&worker->service->health, NULL);
	}
	return true;
}

/* Jobs go on while NATS is away, unless the end was asked for. */
static void
do_round_away(Worker *worker, SluiceError *err)
{
	if (worker->ending)
	{
		holdings_end_all(worker);
		holdings_free_over(worker);
	}
	if (job_clock() < worker->retry_ms)
		(void) usleep(AWAY_MS * 1000);
	else if (!open_session(worker, err))
		face_trouble(worker, err);
}

void
worker_run(Worker *worker)
{
	while (!worker->ending || worker->count > 0)
	{
		SluiceError err;

		worker->ending = (service_poll(worker->service) & SERVICE_DRAIN) != 0;
		count_jobs(worker);
		if (worker->session.connection == NULL)
			do_round_away(worker, &err);
		else if (!do_round(worker, &err))
			face_trouble(worker, &err);
	}
}

/* ---- start and end ---- */

static bool
make_metrics(Worker *worker, SluiceError *err)
{
	Metrics *metrics = worker->service->metrics;
	static const JobRole roles[] = {ROLE_READER, ROLE_WRITER};

	for (int i = 0; i < 2; i++)
	{
		worker->jobs[i] =
			metrics_gauge(metrics, "sluice_worker_jobs", "Jobs that this worker has.",
						  (MetricLabel[]){{"role", job_role_name(roles[i])}, {NULL, NULL}}, err);
		if (worker->jobs[i] == NULL)
			return false;
	}
	worker->slots =
		metrics_gauge(metrics, "sluice_worker_slots", "Most that it may have.", NULL, err);
	worker->taken = metrics_counter(metrics, "sluice_worker_jobs_taken_total",
									"Jobs that were taken.", NULL, err);
	worker->lost =
		metrics_counter(metrics, "sluice_worker_jobs_lost_total",
						"Jobs that another worker had before they were given up.", NULL, err);
	if (worker->slots == NULL || worker->taken == NULL || worker->lost == NULL)
		return false;
	gauge_set(worker->slots, (double) worker->settings.slots);
	return true;
}

static bool
make_tools(Worker *worker, SluiceError *err)
{
	WorkerSettings *settings = &worker->settings;

	worker->tools = (Tools){.log = worker->service->log,
							.worker = settings->id,
							.nats = &settings->nats,
							.folder = settings->folder,
							.log_level = settings->log_level,
							.stop_ms = settings->stop_ms};
	worker->tools.secrets = secret_desk_open(&settings->nats, settings->token, err);
	worker->holdings = calloc(settings->slots, sizeof(*worker->holdings));
	worker->done = json_object();
	if (worker->tools.secrets == NULL)
		return sluice_prefix(err, "--token-file");
	return (worker->holdings != NULL && worker->done != NULL) ||
		   sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for jobs");
}

bool
worker_open(Worker *worker, Service *service, SluiceError *err)
{
	*worker = (Worker){.service = service};
	(void) timestamp_now_text(worker->started_at);
	retry_init(&worker->retry, policy, (uint64_t) job_clock() ^ (uint64_t) getpid());
	if (!worker_settings_read(&worker->settings, service->options, err) ||
		!make_tools(worker, err) || !make_metrics(worker, err))
		return false;
	log_event(service->log, LOG_INFO, "ready for jobs",
			  (LogField[]){LOG_TEXT("worker", worker->settings.id),
						   LOG_TEXT("name", worker->settings.name), LOG_END});
	return true;
}

void
worker_close(Worker *worker)
{
	if (worker->session.connection != NULL)
		outlet_sign_off(worker);
	close_session(worker);
	secret_desk_close(worker->tools.secrets);
	board_free(&worker->board);
	free(worker->holdings);
	json_decref(worker->done);
}
