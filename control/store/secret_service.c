/*
 * secret_service.c - the thread that answers for secrets (secret_service.h).
 *
 * Runs and leases are read from NATS itself: a worker may ask before the copy in memory has heard of its run.
 */
#include "secret_service.h"

#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/control/timestamp.h"
#include "common/daemon/retry.h"
#include "common/nats/bucket.h"
#include "common/nats/kv.h"
#include "control/http/scope.h"
#include "exchange_key.h"

#define QUEUE_GROUP	  "sluice_control" /* one of all servers gets a request */
#define WAIT_MS		  200			   /* within which a stop is seen */
#define FIRST_WAIT_MS 100
#define MOST_WAIT_MS  5000
#define PAUSE_NS	  50000000
#define PAUSE_MS	  (PAUSE_NS / 1000000)

typedef enum Outcome
{
	OUTCOME_GIVEN,
	OUTCOME_REFUSED,
	OUTCOME_FAILED,
	OUTCOMES
} Outcome;

static const char *const outcome_names[OUTCOMES] = {"given", "refused", "failed"};

struct SecretService
{
	const NatsSettings *settings;
	Store *store;
	SecretKeeper *keeper;
	Identity *identity;
	Log *log;
	Counter *requests[OUTCOMES]; /* NULL without metrics */
	pthread_t thread;
	_Atomic bool stopping;
	uint8_t public_key[EXCHANGE_KEY_BYTES], private_key[EXCHANGE_KEY_BYTES];
	SecretReplays replays;
};

/* ---- who may have what ---- */

/* A token of the first tenant is for the jobs of all, any other for its own tenant's. */
static bool
check_token(SecretService *service, const SecretRequest *request, SluiceError *err)
{
	Caller caller = {0};

	if (!identity_check(service->identity, request->api_key, &caller, err))
		return false;
	if ((caller.scopes & SCOPE_BIT(SCOPE_WORKER)) == 0)
		return sluice_fail(err, SLUICE_ERROR_DENIED, "the API key %s lacks the scope worker",
						   caller.key_id);
	return strcmp(caller.tenant, TENANT_DEFAULT) == 0 ||
		   strcmp(caller.tenant, request->wish.tenant) == 0 ||
		   sluice_fail(err, SLUICE_ERROR_DENIED, "the API key %s is for tenant %s", caller.key_id,
					   caller.tenant);
}

/* NOT_FOUND becomes DENIED: there is nothing such a job could have. */
static bool
not_there(SluiceError *err, const char *what, const char *name)
{
	if (err->code != SLUICE_ERROR_NOT_FOUND && err->code != SLUICE_ERROR_ARGUMENT)
		return false;
	return sluice_fail(err, SLUICE_ERROR_DENIED, "there is no %s %s", what, name);
}

static bool
read_run(NatsSession *session, const SecretWish *wish, json_t **run, SluiceError *err)
{
	char key[LAYOUT_KEY_MAXIMUM];
	BucketEntry entry;

	*run = NULL;
	if (!bucket_get(session, STATE_BUCKET, run_key(key, wish->tenant, wish->run), &entry, err))
		return not_there(err, "run", wish->run);
	*run = json_loadb(entry.value, entry.length, JSON_REJECT_DUPLICATES, NULL);
	bucket_entry_free(&entry);
	return *run != NULL ||
		   sluice_fail(err, SLUICE_ERROR_CORRUPT, "run %s is no document", wish->run);
}

static bool
check_lease(NatsSession *session, const SecretWish *wish, SluiceError *err)
{
	char key[LAYOUT_KEY_MAXIMUM];
	uint64_t revision;
	char *owner;

	if (!kv_get_text(session, job_lease_key(key, wish->run, wish->job), &owner, &revision, err))
		return not_there(err, "worker that holds the lease of job", wish->job);
	free(owner);
	return true;
}

static bool
is_connection(const json_t *side, const char *id)
{
	const char *own = json_string_value(json_object_get(json_object_get(side, "connection"), "id"));

	return own != NULL && strcmp(own, id) == 0;
}

static bool
names_connection(const json_t *run, const char *id)
{
	const json_t *spec = json_object_get(run, "spec");
	const json_t *target;
	size_t i;

	if (is_connection(json_object_get(spec, "source"), id))
		return true;
	json_array_foreach(json_object_get(spec, "targets"), i, target)
	{
		if (is_connection(target, id))
			return true;
	}
	return false;
}

static bool
check_references(const json_t *run, const SecretWish *wish, SluiceError *err)
{
	for (size_t i = 0; i < wish->count; i++)
	{
		if (!id_valid(wish->references[i].owner, ID_CONNECTION) ||
			!names_connection(run, wish->references[i].owner))
			return sluice_fail(err, SLUICE_ERROR_DENIED, "run %s does not use connection %s",
							   wish->run, wish->references[i].owner);
	}
	return true;
}

static bool
check_wish(NatsSession *session, const SecretWish *wish, SluiceError *err)
{
	json_t *run;
	bool good = read_run(session, wish, &run, err) && check_references(run, wish, err) &&
				check_lease(session, wish, err);

	json_decref(run);
	return good;
}

/* ---- answers ---- */

static bool
get_values(SecretService *service, const SecretWish *wish, char **values, SluiceError *err)
{
	for (size_t i = 0; i < wish->count; i++)
	{
		values[i] = secret_get(service->keeper, wish->tenant, wish->references[i].owner,
							   wish->references[i].field, err);
		if (values[i] == NULL && err->code != SLUICE_ERROR_NOT_FOUND)
			return false;
	}
	return true;
}

static void
count(SecretService *service, const SecretRequest *request, const SluiceError *failure)
{
	Outcome outcome = OUTCOME_GIVEN;

	if (failure != NULL)
		outcome = failure->code == SLUICE_ERROR_DENIED ? OUTCOME_REFUSED : OUTCOME_FAILED;
	if (service->requests[outcome] != NULL)
		counter_add(service->requests[outcome], 1);
	if (failure != NULL)
		log_failure(service->log, LOG_WARNING, "a worker's request for secrets was not met",
					failure,
					(LogField[]){LOG_TEXT("run", request->wish.run),
								 LOG_TEXT("job", request->wish.job), LOG_END});
}

/* For a request that could be opened. */
static bool
answer_request(SecretService *service, NatsSession *session, const SecretRequest *request,
			   ByteBuf *out, SluiceError *err)
{
	char *values[SECRET_REFERENCES] = {0};
	SluiceError failure = {.code = SLUICE_OK};
	bool good = check_token(service, request, &failure) &&
				check_wish(session, &request->wish, &failure) &&
				get_values(service, &request->wish, values, &failure);

	count(service, request, good ? NULL : &failure);
	good = secret_answer_write(request, values, good ? NULL : &failure, out, err);
	for (size_t i = 0; i < SECRET_REFERENCES; i++)
		secret_free(values[i]);
	return good;
}

static bool
answer(SecretService *service, NatsSession *session, natsMsg *message, ByteBuf *out,
	   SluiceError *err)
{
	SecretRequest request;
	SluiceError failure;
	bool good;

	if (!secret_request_read(service->public_key, service->private_key, natsMsg_GetData(message),
							 (size_t) natsMsg_GetDataLength(message), timestamp_now(),
							 &service->replays, &request, &failure))
	{
		count(service, &request, &failure);
		return secret_refusal_write(&failure, out, err);
	}
	good = answer_request(service, session, &request, out, err);
	secret_request_end(&request);
	return good;
}

/* Only trouble with the connection is one; an answer that cannot be made is left to the worker's patience. */
static bool
serve_message(SecretService *service, NatsSession *session, natsMsg *message, SluiceError *err)
{
	const char *reply = natsMsg_GetReply(message);
	natsStatus status = NATS_OK;
	SluiceError failure;
	ByteBuf out;

	if (reply == NULL)
		return true;
	bytebuf_init(&out, &allocator_malloc, SECRET_ANSWER_MAXIMUM);
	if (answer(service, session, message, &out, &failure))
		status = natsConnection_Publish(session->connection, reply, out.data, (int) out.length);
	else
		log_failure(service->log, LOG_WARNING, "no answer to a request for secrets", &failure,
					NULL);
	bytebuf_free(&out);
	return status == NATS_OK ||
		   nats_session_fail(session, err, status, 0, "answering a request for secrets");
}

/* ---- the thread ---- */

static bool
serve(SecretService *service, NatsSession *session, natsSubscription *requests, Retry *retry,
	  SluiceError *err)
{
	while (!service->stopping)
	{
		natsMsg *message = NULL;
		natsStatus status = natsSubscription_NextMsg(&message, requests, WAIT_MS);
		bool good;

		if (status == NATS_TIMEOUT && nats_session_alive(session))
		{
			retry_reset(retry);
			continue;
		}
		if (status != NATS_OK)
			return nats_session_fail(session, err, status, 0, "waiting for requests for secrets");
		good = serve_message(service, session, message, err);
		natsMsg_Destroy(message);
		if (!good)
			return false;
	}
	return true;
}

static bool
connect_and_serve(SecretService *service, Retry *retry, SluiceError *err)
{
	natsSubscription *requests = NULL;
	NatsSession session;
	natsStatus status;
	bool good;

	if (!store_ready(service->store, err) ||
		!exchange_key_get(service->store, service->keeper, service->public_key,
						  service->private_key, err) ||
		!nats_session_open(&session, service->settings, err))
		return false;
	status = natsConnection_QueueSubscribeSync(&requests, session.connection, SECRET_SUBJECT,
											   QUEUE_GROUP);
	good = status == NATS_OK
			   ? serve(service, &session, requests, retry, err)
			   : nats_session_fail(&session, err, status, 0, "listening for requests for secrets");
	nats_session_retire(&session, requests);
	nats_session_close(&session);
	return good;
}

static void
pause_for(SecretService *service, int64_t ms)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};

	for (int64_t waited = 0; waited < ms && !service->stopping; waited += PAUSE_MS)
		(void) nanosleep(&pause, NULL);
}

static void *
run(void *argument)
{
	SecretService *service = argument;
	SluiceError err;
	Retry retry;

	retry_init(&retry, (RetryPolicy){.first = FIRST_WAIT_MS, .most = MOST_WAIT_MS},
			   (uint64_t) getpid());
	while (!service->stopping && !connect_and_serve(service, &retry, &err))
	{
		log_failure(service->log, LOG_DEBUG, "workers cannot ask for secrets", &err, NULL);
		pause_for(service, retry_next(&retry));
	}
	return NULL;
}

/* ---- life ---- */

static bool
make_counters(SecretService *service, Metrics *metrics, SluiceError *err)
{
	for (int i = 0; metrics != NULL && i < OUTCOMES; i++)
	{
		service->requests[i] = metrics_counter(
			metrics, "sluice_control_secret_requests_total", "Requests of workers for secrets.",
			(MetricLabel[]){{"outcome", outcome_names[i]}, {NULL, NULL}}, err);
		if (service->requests[i] == NULL)
			return false;
	}
	return true;
}

SecretService *
secret_service_start(const NatsSettings *settings, Store *store, SecretKeeper *keeper,
					 Identity *identity, Log *log, Metrics *metrics, SluiceError *err)
{
	SecretService *service = calloc(1, sizeof(*service));

	if (service == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for the service of secrets");
		return NULL;
	}
	service->settings = settings;
	service->store = store;
	service->keeper = keeper;
	service->identity = identity;
	service->log = log;
	if (seal_begin(err) && make_counters(service, metrics, err))
	{
		if (pthread_create(&service->thread, NULL, run, service) == 0)
			return service;
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "no thread for the service of secrets");
	}
	free(service);
	return NULL;
}

void
secret_service_stop(SecretService *service)
{
	if (service == NULL)
		return;
	service->stopping = true;
	(void) pthread_join(service->thread, NULL);
	sodium_memzero(service->private_key, sizeof(service->private_key));
	free(service);
}
