/*
 * connection_test.c - opening, refusing, losing and closing a connection.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/nats/jetstream.h"
#include "common/nats/server_info.h"
#include "support/certificates.h"
#include "support/nats_identity.h"
#include "support/nats_server.h"

#define SECRET "s3cr3t-w0rd"
#define FAR	   10000

static NatsServer server;
static NatsSession session;

static int
begin(void **state)
{
	(void) state;
	memset(&server, 0, sizeof(server));
	return 0;
}

static int
end(void **state)
{
	(void) state;
	nats_session_close(&session);
	nats_server_stop(&server);
	return 0;
}

static int
finish(void **state)
{
	(void) state;
	return nats_CloseAndWait(FAR) == NATS_OK ? 0 : -1;
}

static void
opens(const NatsSettings *settings)
{
	SluiceError err;

	if (!nats_session_open(&session, settings, &err))
		fail_msg("%s", err.message);
	assert_true(nats_session_alive(&session));
	nats_session_close(&session);
	assert_false(nats_session_alive(&session));
}

/* Not opened, with this code, these words in the message, and no secret in it. */
static void
refused(const NatsSettings *settings, SluiceErrorCode code, const char *words)
{
	SluiceError err;

	assert_false(nats_session_open(&session, settings, &err));
	assert_null(session.connection);
	if (err.code != code || strstr(err.message, words) == NULL)
		fail_msg("%s: %s (%s)", sluice_error_name(err.code), err.message, err.hint);
	assert_null(strstr(err.message, SECRET));
	assert_null(strstr(err.hint, SECRET));
}

/* ---- settings ---- */

static void
settings_are_checked(void **state)
{
	char path[256];

	(void) state;
	refused(&(NatsSettings){0}, SLUICE_ERROR_ARGUMENT, "no NATS server");
	refused(&(NatsSettings){.urls = " , "}, SLUICE_ERROR_ARGUMENT, "no NATS server");
	refused(&(NatsSettings){.urls = "http://u:" SECRET "@h:1"}, SLUICE_ERROR_ARGUMENT,
			"http://h:1");
	refused(&(NatsSettings){.urls = "nats://u:" SECRET "@:4222"}, SLUICE_ERROR_ARGUMENT,
			"\"nats://");
	refused(&(NatsSettings){.urls = "tls://[::1]:0"}, SLUICE_ERROR_ARGUMENT, "[::1]:0");
	refused(&(NatsSettings){.urls = "h,other:port"}, SLUICE_ERROR_ARGUMENT, "other:port");
	refused(&(NatsSettings){.urls = "h:65536"}, SLUICE_ERROR_ARGUMENT, "h:65536");
	refused(&(NatsSettings){.urls = "h", .user = "u", .password = SECRET, .token = SECRET},
			SLUICE_ERROR_ARGUMENT, "more than one");
	refused(&(NatsSettings){.urls = "h", .password = SECRET}, SLUICE_ERROR_ARGUMENT, "password");
	refused(&(NatsSettings){.urls = "h", .tls_cert_file = "/x"}, SLUICE_ERROR_ARGUMENT, "key");
	refused(&(NatsSettings){.urls = "h", .creds_file = "/nowhere/u.creds"}, SLUICE_ERROR_ARGUMENT,
			"\"/nowhere/u.creds\"");
	refused(&(NatsSettings){.urls = "h", .tls_ca_file = "/"}, SLUICE_ERROR_ARGUMENT, "TLS CA file");
	nats_server_prepare(&server);
	nats_server_file(&server, "odd", "no seed, no certificate\n" SECRET, path, sizeof(path));
	refused(&(NatsSettings){.urls = "h", .nkey_file = path}, SLUICE_ERROR_ARGUMENT, path);
	refused(&(NatsSettings){.urls = "h", .tls_ca_file = path}, SLUICE_ERROR_ARGUMENT, path);
	refused(&(NatsSettings){.urls = "h", .tls_cert_file = path, .tls_key_file = path},
			SLUICE_ERROR_ARGUMENT, path);
}

static void
settings_can_be_checked_without_a_server(void **state)
{
	SluiceError err;

	(void) state;
	assert_true(nats_settings_check(
		&(NatsSettings){.urls = "h, nats://u:p@h:1/, tls://[::1]:4222", .user = "u"}, &err));
	assert_false(nats_settings_check(&(NatsSettings){.urls = "http://h"}, &err));
	assert_int_equal(err.code, SLUICE_ERROR_ARGUMENT);
	assert_false(nats_settings_check(&(NatsSettings){.urls = "h", .password = SECRET}, &err));
	assert_int_equal(err.code, SLUICE_ERROR_ARGUMENT);
}

static void
unreachable_is_told_without_secrets(void **state)
{
	(void) state;
	refused(&(NatsSettings){.urls = "nats://user:" SECRET "@127.0.0.1:1"}, SLUICE_ERROR_IO,
			"nats://127.0.0.1:1");
	refused(&(NatsSettings){.urls = "nats://" SECRET "@127.0.0.1:1,tls://u:" SECRET "@127.0.0.1:2"},
			SLUICE_ERROR_IO, "none of 2");
	refused(&(NatsSettings){.urls = "nats://127.0.0.1:1", .token = SECRET}, SLUICE_ERROR_IO, ":1");
}

static void
second_server_is_tried(void **state)
{
	char urls[128];

	(void) state;
	nats_server_start(&server, NULL);
	(void) snprintf(urls, sizeof(urls), "nats://127.0.0.1:1, %s", server.url);
	opens(&(NatsSettings){.urls = urls});
	(void) snprintf(urls, sizeof(urls), "127.0.0.1:%d", server.port);
	opens(&(NatsSettings){.urls = urls});
}

/* ---- logins ---- */

static void
password_opens(void **state)
{
	NatsSettings settings = {.user = "me", .password = SECRET};
	char url[128];

	(void) state;
	nats_server_start(&server, "authorization { user: me, password: \"" SECRET "\" }");
	settings.urls = server.url;
	opens(&settings);
	settings.user = "you";
	refused(&settings, SLUICE_ERROR_DENIED, server.url);
	refused(&(NatsSettings){.urls = server.url}, SLUICE_ERROR_DENIED, server.url);
	(void) snprintf(url, sizeof(url), "nats://me:" SECRET "@127.0.0.1:%d", server.port);
	opens(&(NatsSettings){.urls = url});
	(void) snprintf(url, sizeof(url), "nats://you:" SECRET "@127.0.0.1:%d", server.port);
	refused(&(NatsSettings){.urls = url}, SLUICE_ERROR_DENIED, server.url);
}

static void
token_opens(void **state)
{
	(void) state;
	nats_server_start(&server, "authorization { token: \"" SECRET "\" }");
	opens(&(NatsSettings){.urls = server.url, .token = SECRET});
	refused(&(NatsSettings){.urls = server.url, .token = "wrong"}, SLUICE_ERROR_DENIED, server.url);
}

static void
nkey_opens(void **state)
{
	char path[256];

	(void) state;
	nats_server_start(&server, "authorization { users: [ { nkey: " TEST_NKEY_PUBLIC " } ] }");
	nats_server_file(&server, "user.nk", TEST_NKEY_SEED "\n", path, sizeof(path));
	for (int i = 0; i < 400; i++) /* some signatures begin with a zero byte */
		opens(&(NatsSettings){.urls = server.url, .nkey_file = path});
	nats_server_file(&server, "title.nk",
					 "-----BEGIN USER NKEY SEED-----\n" TEST_NKEY_SEED "\n------END\n", path,
					 sizeof(path));
	opens(&(NatsSettings){.urls = server.url, .nkey_file = path});
	refused(&(NatsSettings){.urls = server.url}, SLUICE_ERROR_DENIED, server.url);
}

static void
creds_file_opens(void **state)
{
	char path[256];
	JetStreamInfo info;
	SluiceError err;

	(void) state;
	nats_server_start(&server, test_operator_configuration);
	nats_server_file(&server, "user.creds", test_user_creds, path, sizeof(path));
	assert_true(
		nats_session_open(&session, &(NatsSettings){.urls = server.url, .creds_file = path}, &err));
	assert_true(jetstream_ensure(&session, "creds", 1 << 20, 1, &info, NULL, &err));
	nats_session_close(&session);
	refused(&(NatsSettings){.urls = server.url}, SLUICE_ERROR_DENIED, server.url);
}

/* ---- TLS ---- */

static void
start_tls(bool verify, const char *names, Certificate *ca, Certificate *client)
{
	char configuration[1024];
	Certificate own;
	Authority *authority;

	nats_server_prepare(&server);
	authority = authority_new(&server, "authority", ca);
	authority_issue(authority, &server, "server", names, &own);
	authority_issue(authority, &server, "client", "DNS:client", client);
	authority_free(authority);
	(void) snprintf(configuration, sizeof(configuration),
					"tls { cert_file: \"%s\", key_file: \"%s\", ca_file: \"%s\", verify: %s }",
					own.cert, own.key, ca->cert, verify ? "true" : "false");
	nats_server_start(&server, configuration);
}

static void
tls_verifies_the_server(void **state)
{
	Certificate ca, client, other;
	char url[64];

	(void) state;
	start_tls(false, "IP:127.0.0.1", &ca, &client);
	authority_free(authority_new(&server, "other", &other));
	(void) snprintf(url, sizeof(url), "tls://127.0.0.1:%d", server.port);
	opens(&(NatsSettings){.urls = url, .tls_ca_file = ca.cert});
	opens(&(NatsSettings){.urls = server.url, .tls_ca_file = ca.cert});
	opens(&(NatsSettings){.urls = url, .tls_skip_verify = true});
	refused(&(NatsSettings){.urls = url}, SLUICE_ERROR_DENIED, url);
	refused(&(NatsSettings){.urls = url, .tls_ca_file = other.cert}, SLUICE_ERROR_DENIED, url);
	refused(&(NatsSettings){.urls = server.url}, SLUICE_ERROR_DENIED, server.url);
}

static void
tls_verifies_the_name(void **state)
{
	Certificate ca, client;
	char url[64];

	(void) state;
	start_tls(false, "DNS:localhost", &ca, &client);
	(void) snprintf(url, sizeof(url), "tls://localhost:%d", server.port);
	opens(&(NatsSettings){.urls = url, .tls_ca_file = ca.cert});
	(void) snprintf(url, sizeof(url), "tls://127.0.0.1:%d", server.port);
	refused(&(NatsSettings){.urls = url, .tls_ca_file = ca.cert}, SLUICE_ERROR_DENIED, url);
}

static void
tls_shows_our_certificate(void **state)
{
	Certificate ca, client;
	NatsSettings settings = {.tls_ca_file = ca.cert};
	SluiceError err;

	(void) state;
	start_tls(true, "IP:127.0.0.1", &ca, &client);
	settings.urls = server.url;
	assert_false(nats_session_open(&session, &settings, &err));
	settings.tls_cert_file = client.cert;
	settings.tls_key_file = client.key;
	opens(&settings);
}

static void
tls_that_is_not_offered(void **state)
{
	char url[64];

	(void) state;
	nats_server_start(&server, NULL);
	(void) snprintf(url, sizeof(url), "tls://127.0.0.1:%d", server.port);
	refused(&(NatsSettings){.urls = url}, SLUICE_ERROR_ARGUMENT, url);
	refused(&(NatsSettings){.urls = server.url, .tls_required = true}, SLUICE_ERROR_ARGUMENT,
			server.url);
}

/* ---- what the server lets us do ---- */

static void
missing_permission_is_told(void **state)
{
	JetStreamInfo info;
	SluiceError err;

	(void) state;
	nats_server_start(&server, "authorization { users: [ { user: u, password: p, permissions: {"
							   "publish: { deny: \"$JS.API.STREAM.INFO.>\" } } } ] }");
	assert_true(nats_session_open(
		&session, &(NatsSettings){.urls = server.url, .user = "u", .password = "p"}, &err));
	assert_false(jetstream_info(&session, "any", &info, &err));
	assert_int_equal(err.code, SLUICE_ERROR_DENIED);
	assert_non_null(strstr(err.message, "$JS.API.STREAM.INFO.SLUICE_any"));
}

static void
jetstream_that_is_off_is_told(void **state)
{
	JetStreamInfo info;
	SluiceError err;

	(void) state;
	nats_server_start(&server, "# no jetstream");
	assert_true(nats_session_open(&session, &(NatsSettings){.urls = server.url}, &err));
	assert_false(jetstream_info(&session, "any", &info, &err));
	assert_int_equal(err.code, SLUICE_ERROR_IO);
	assert_non_null(strstr(err.hint, "JetStream is disabled"));
}

static void
jetstream_that_is_off_for_the_account(void **state)
{
	JetStreamInfo info;
	SluiceError err;

	(void) state;
	nats_server_start(&server, "accounts { A { users: [ { user: a, password: p } ] } }");
	assert_true(nats_session_open(
		&session, &(NatsSettings){.urls = server.url, .user = "a", .password = "p"}, &err));
	assert_false(jetstream_info(&session, "any", &info, &err));
	assert_true(err.code == SLUICE_ERROR_STATE || err.code == SLUICE_ERROR_IO);
	assert_non_null(strstr(err.message, "10039"));
}

/* ---- losing and closing ---- */

static void
loss_is_noticed(void **state)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	int64_t until;
	SluiceError err;

	(void) state;
	nats_server_start(&server, NULL);
	assert_true(nats_session_open(&session, &(NatsSettings){.urls = server.url}, &err));
	nats_server_kill(&server, SIGKILL);
	until = nats_Now() + FAR;
	while (nats_session_alive(&session) && nats_Now() < until)
		(void) nanosleep(&pause, NULL);
	assert_false(nats_session_alive(&session));
	assert_int_equal(nats_session_server_version(&session), 0);
	nats_session_close(&session);
	nats_session_close(&session);
}

static void
stopped_server_does_not_hold_us(void **state)
{
	static char data[100000];
	JetStreamInfo info;
	NatsSession second;
	natsStatus status = NATS_OK;
	int64_t before;
	SluiceError err;

	(void) state;
	nats_server_start(&server, NULL);
	assert_true(nats_session_open(&session, &(NatsSettings){.urls = server.url}, &err));
	(void) kill(server.pid, SIGSTOP);
	(void) waitpid(server.pid, NULL, WUNTRACED); /* until all its threads have stopped */
	assert_false(jetstream_info(&session, "any", &info, &err));
	assert_int_equal(err.code, SLUICE_ERROR_TIMEOUT);
	assert_non_null(strstr(err.hint, "disk of its JetStream store"));
	before = nats_Now();
	assert_false(nats_session_open(
		&second, &(NatsSettings){.urls = server.url, .connect_timeout_ms = 300}, &err));
	assert_true(sluice_error_transient(err.code));
	assert_in_range(nats_Now() - before, 0, 30000);
	for (int i = 0; i < 1000 && status == NATS_OK; i++)
	{
		before = nats_Now();
		status = natsConnection_Publish(session.connection, "a", data, sizeof(data));
	}
	assert_int_not_equal(status, NATS_OK);
	assert_in_range(nats_Now() - before, 0, 30000);
	before = nats_Now();
	nats_session_close(&session);
	assert_in_range(nats_Now() - before, 0, 30000);
	(void) kill(server.pid, SIGCONT);
}

/* A port that greets like a NATS server whoever connects, and then says nothing; ends with `child`. */
static int
mute_server(pid_t *child)
{
	static const char greeting[] =
		"INFO {\"server_id\":\"MUTE\",\"version\":\"2.9.10\",\"proto\":1,"
		"\"headers\":true,\"max_payload\":1048576}\r\n";
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *) &address, length), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *) &address, &length), 0);
	*child = fork();
	assert_true(*child >= 0);
	if (*child == 0)
	{
		(void) prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
		{
			int accepted = accept(fd, NULL, NULL);

			if (write(accepted, greeting, sizeof(greeting) - 1) < 0)
				_exit(1);
		}
	}
	(void) close(fd);
	return ntohs(address.sin_port);
}

/* libnats by itself would read on for ever, in a busy loop. */
static void
greeting_alone_does_not_hold_us(void **state)
{
	char url[64];
	pid_t child;
	SluiceError err;

	(void) state;
	(void) snprintf(url, sizeof(url), "nats://127.0.0.1:%d", mute_server(&child));
	assert_false(
		nats_session_open(&session, &(NatsSettings){.urls = url, .connect_timeout_ms = 100}, &err));
	assert_int_equal(err.code, SLUICE_ERROR_TIMEOUT);
	assert_non_null(strstr(err.message, "the server greets and then does not answer"));
	(void) kill(child, SIGKILL);
	(void) waitpid(child, NULL, 0);
}

/* Sessions come and go while their last callbacks may still be on the way. */
static void
many_short_sessions(void **state)
{
	NatsSettings settings = {.user = "u", .password = "p"};
	SluiceError err;

	(void) state;
	nats_server_start(&server, "authorization { user: u, password: p }");
	settings.urls = server.url;
	for (int i = 0; i < 100; i++)
	{
		settings.password = i % 2 == 0 ? "p" : "wrong";
		assert_true(nats_session_open(&session, &settings, &err) == (i % 2 == 0));
		nats_session_close(&session);
	}
}

static void
versions_are_read(void **state)
{
	SluiceError err;

	(void) state;
	assert_int_equal(server_version_parse("INFO {\"version\":\"2.9.10\",\"proto\":1}"), 2009010);
	assert_int_equal(server_version_parse("INFO {\"a\":1, \"version\" : \"2.15.1-RC.1\"}"),
					 2015001);
	assert_int_equal(server_version_parse("INFO {\"server_id\":\"version\"}"), 0);
	assert_int_equal(server_version_parse(""), 0);
	nats_server_start(&server, NULL);
	assert_true(nats_session_open(&session, &(NatsSettings){.urls = server.url}, &err));
	assert_true(nats_session_server_version(&session) >= 2009000);
	assert_true(session.max_payload > 0);
}

#define SERVER_TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SERVER_TEST(settings_are_checked),
		SERVER_TEST(settings_can_be_checked_without_a_server),
		SERVER_TEST(unreachable_is_told_without_secrets),
		SERVER_TEST(second_server_is_tried),
		SERVER_TEST(password_opens),
		SERVER_TEST(token_opens),
		SERVER_TEST(nkey_opens),
		SERVER_TEST(creds_file_opens),
		SERVER_TEST(tls_verifies_the_server),
		SERVER_TEST(tls_verifies_the_name),
		SERVER_TEST(tls_shows_our_certificate),
		SERVER_TEST(tls_that_is_not_offered),
		SERVER_TEST(missing_permission_is_told),
		SERVER_TEST(jetstream_that_is_off_is_told),
		SERVER_TEST(jetstream_that_is_off_for_the_account),
		SERVER_TEST(loss_is_noticed),
		SERVER_TEST(stopped_server_does_not_hold_us),
		SERVER_TEST(greeting_alone_does_not_hold_us),
		SERVER_TEST(many_short_sessions),
		SERVER_TEST(versions_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, finish);
}
