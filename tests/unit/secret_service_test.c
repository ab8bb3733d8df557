/*
 * secret_service_test.c - a worker and a server over a nats-server of their own: who gets secrets, and who does not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/control/secret_client.h"
#include "common/nats/kv.h"
#include "control/store/exchange_key.h"
#include "control/store/identity_keys.h"
#include "control/store/secret_keeper_sealed.h"
#include "control/store/secret_service.h"
#include "control/store/store_nats.h"
#include "support/nats_server.h"

#define TRIES	  3000 /* of 10 ms */
#define CONN	  "conn_abcdefghij0123456789"
#define OTHER	  "conn_zzzzzzzzzz0123456789"
#define RUN		  "run_abcdefghij0123456789"
#define WORKER	  ID_KEY "aaaaaaaaaaaaaaaaaaaa"
#define BETA	  ID_KEY "bbbbbbbbbbbbbbbbbbbb"
#define NO_WORKER ID_KEY "cccccccccccccccccccc"

static char folder[] = "/tmp/sluice-secrets.XXXXXX";
static char path[64];
static NatsServer server;
static NatsSettings settings = {.name = "secret_service_test"};
static NatsSession session;
static Store *store;
static SecretKeeper *keeper;
static Identity *identity;
static SecretService *service;
static WorkerToken token, beta_token, false_token;

static SecretWish
wish_for(const char *tenant, const char *run, const char *job, const char *owner)
{
	SecretWish wish = {.count = 2};

	(void) snprintf(wish.tenant, sizeof(wish.tenant), "%s", tenant);
	(void) snprintf(wish.run, sizeof(wish.run), "%s", run);
	(void) snprintf(wish.job, sizeof(wish.job), "%s", job);
	for (int i = 0; i < 2; i++)
		(void) snprintf(wish.references[i].owner, sizeof(wish.references[i].owner), "%s", owner);
	(void) snprintf(wish.references[0].field, SECRET_FIELD_MAX, SECRET_PASSWORD);
	(void) snprintf(wish.references[1].field, SECRET_FIELD_MAX, SECRET_CA);
	return wish;
}

static void
pause_a_little(void)
{
	const struct timespec pause = {.tv_nsec = 10000000};

	(void) nanosleep(&pause, NULL);
}

static void
make_token(const char *id, const char *tenant, const char *scope, WorkerToken *made)
{
	char key[LAYOUT_KEY_MAXIMUM], hash[API_KEY_HASH];
	SluiceError err;
	json_t *document;

	api_key_make(id, made->api_key, hash);
	document = json_pack("{s:s, s:s, s:[s]}", "hash", hash, "tenant", tenant, "scopes", scope);
	assert_true(store_put(store, STORE_CONFIG, api_key_key(key, id), document, 0, NULL, &err));
	json_decref(document);
	assert_true(exchange_key_get(store, keeper, made->server_key, NULL, &err));
}

static void
put_run(void)
{
	char key[LAYOUT_KEY_MAXIMUM];
	SluiceError err;
	json_t *run = json_pack("{s:{s:{s:{s:s}}, s:[{s:{s:s}}]}}", "spec", "source", "connection",
							"id", "conn_source00000000000000", "targets", "connection", "id", CONN);

	assert_true(
		store_put(store, STORE_STATE, run_key(key, "acme", RUN), run, STORE_ANY, NULL, &err));
	json_decref(run);
}

/* The service listens once it answers at all. */
static void
wait_for_answers(void)
{
	SecretWish wish = wish_for("acme", "run_no", "reader", CONN);
	char *values[SECRET_REFERENCES];
	SluiceError err;

	for (int i = 0; i < TRIES; i++)
	{
		if (!secret_fetch(&session, &token, &wish, values, &err) && err.code == SLUICE_ERROR_DENIED)
			return;
		if (!nats_session_alive(&session))
		{
			nats_session_close(&session);
			(void) !nats_session_open(&session, &settings, &err);
		}
		pause_a_little();
	}
	fail_msg("%s", err.message);
}

static int
start(void **state)
{
	SluiceError err;

	(void) state;
	if (mkdtemp(folder) == NULL)
		return -1;
	(void) snprintf(path, sizeof(path), "%s/key", folder);
	nats_server_start(&server, NULL);
	settings.urls = server.url;
	store = store_nats_new(&settings, 1, NULL, &err);
	keeper = secret_keeper_sealed_new(store, path, NULL, &err);
	identity = identity_keys_new(store, NULL, &err);
	service = secret_service_start(&settings, store, keeper, identity, NULL, NULL, &err);
	for (int i = 0; i < TRIES && !store_ready(store, &err); i++)
		pause_a_little();
	assert_true(nats_session_open(&session, &settings, &err));
	assert_true(kv_ensure(&session, 1, &err));
	make_token(WORKER, TENANT_DEFAULT, "worker", &token);
	make_token(BETA, "beta", "worker", &beta_token);
	make_token(NO_WORKER, TENANT_DEFAULT, "*", &false_token);
	put_run();
	assert_true(secret_put(keeper, "acme", CONN, SECRET_PASSWORD, "hunter2", &err));
	assert_true(secret_put(keeper, "acme", OTHER, SECRET_PASSWORD, "other", &err));
	wait_for_answers();
	return 0;
}

static int
stop(void **state)
{
	(void) state;
	nats_session_close(&session);
	secret_service_stop(service);
	identity_stop(identity);
	secret_keeper_stop(keeper);
	store_stop(store);
	nats_server_stop(&server);
	(void) unlink(path);
	(void) rmdir(folder);
	return nats_CloseAndWait(5000) == NATS_OK ? 0 : -1;
}

static void
lease(const char *job, bool held)
{
	char key[LAYOUT_KEY_MAXIMUM];
	SluiceError err;

	(void) job_lease_key(key, RUN, job);
	if (held)
		assert_true(kv_put(&session, key, "worker", KV_ANY_REVISION, NULL, &err));
	else
		assert_true(kv_delete(&session, key, &err));
}

static void
expect_denied(const WorkerToken *who, const SecretWish *wish)
{
	char *values[SECRET_REFERENCES];
	SluiceError err;

	assert_false(secret_fetch(&session, who, wish, values, &err));
	if (err.code != SLUICE_ERROR_DENIED)
		fail_msg("%s", err.message);
	assert_null(strstr(err.message, "hunter2"));
}

static void
expect_given(const WorkerToken *who, const SecretWish *wish)
{
	char *values[SECRET_REFERENCES];
	SluiceError err;

	if (!secret_fetch(&session, who, wish, values, &err))
		fail_msg("%s", err.message);
	assert_string_equal(values[0], "hunter2");
	assert_null(values[1]);
	secret_free(values[0]);
}

static void
a_job_with_a_lease_gets_its_secrets(void **state)
{
	SecretWish wish = wish_for("acme", RUN, "writer-a-0", CONN);

	(void) state;
	expect_denied(&token, &wish);
	lease("writer-a-0", true);
	expect_given(&token, &wish);
	lease("writer-a-0", false);
	expect_denied(&token, &wish);
}

static void
only_what_the_run_names_is_given(void **state)
{
	const SecretWish wishes[] = {
		wish_for("acme", RUN, "reader", OTHER),
		wish_for("beta", RUN, "reader", CONN),
		wish_for("acme", "run_x", "reader", CONN),
		wish_for("acme", RUN, "other", CONN),
		wish_for("acme", RUN, "reader", "control"),
		wish_for("acme", RUN, "reader", ""),
		wish_for("", "", "", CONN),
		wish_for("acme", "*", "reader", CONN),
		wish_for("acme", RUN, ">", CONN),
	};

	(void) state;
	lease("reader", true);
	for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++)
		expect_denied(&token, &wishes[i]);
	lease("reader", false);
}

static void
only_workers_tokens_count(void **state)
{
	SecretWish wish = wish_for("acme", RUN, "reader", CONN);
	WorkerToken wrong = token;

	(void) state;
	lease("reader", true);
	expect_given(&token, &wish);
	expect_denied(&false_token, &wish);
	expect_denied(&beta_token, &wish);
	wrong.api_key[10] ^= 1;
	expect_denied(&wrong, &wish);
	wrong = token;
	wrong.server_key[0] ^= 1;
	expect_denied(&wrong, &wish);
	lease("reader", false);
}

static void
nats_may_start_again(void **state)
{
	SecretWish wish = wish_for("acme", RUN, "reader", CONN);

	(void) state;
	lease("reader", true);
	nats_server_restart(&server, false);
	wait_for_answers();
	expect_given(&token, &wish);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_job_with_a_lease_gets_its_secrets),
		cmocka_unit_test(only_what_the_run_names_is_given),
		cmocka_unit_test(only_workers_tokens_count),
		cmocka_unit_test(nats_may_start_again),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
