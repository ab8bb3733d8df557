/*
 * my_connect.c - connecting to a MySQL or MariaDB server and making its session what it is to be.
 *
 * A server can ask its client for any file.  Ours answers only while a LOAD DATA LOCAL of its own
 * is under way, and then with rows, whatever file was named: no file is ever opened.
 */
#include <errmsg.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "my_connection.h"
#include "my_dial.h"
#include "my_sql.h"
#include "my_wait.h"

/* What is set for every session, in this order. */
static const char session_settings[] =
	"SET NAMES utf8mb4 COLLATE utf8mb4_bin;"
	"SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION',"
	" time_zone = '+00:00', autocommit = 1, sql_safe_updates = 0, sql_big_selects = 1,"
	" lock_wait_timeout = 60, net_read_timeout = 600,"
	" net_write_timeout = 600, wait_timeout = 86400, sql_auto_is_null = 0,"
	/* Long lists of keys: each is looked up, whatever the optimizer thinks of so many. */
	" eq_range_index_dive_limit = 1";

/* Settings of one kind of server. */
static const char *const flavour_settings[] = {
	[MY_MYSQL] = "SET SESSION range_optimizer_max_mem_size = 0, max_execution_time = 0",
	[MY_MARIADB] = "SET SESSION max_statement_time = 0, in_predicate_conversion_threshold = 0",
};

/* Ways of authentication that give nobody the password: a false server could ask for it in clear. */
#define AUTH_PLUGINS                                                                               \
	"mysql_native_password,caching_sha2_password,sha256_password,client_ed25519,parsec,"           \
	"auth_gssapi_client"

/* ---- LOAD DATA LOCAL ---- */

static int
infile_begin(void **handle, const char *filename, void *context)
{
	MyConnection *c = context;

	(void) filename;
	*handle = c;
	return c->feed == NULL;
}

static int
infile_read(void *handle, char *out, unsigned int room)
{
	MyConnection *c = handle;
	size_t length = 0;

	if (c->feed == NULL || !c->feed(c->feed_context, out, room, &length, c->feed_error))
		return -1;
	return (int) length;
}

static void
infile_end(void *handle)
{
	(void) handle;
}

static int
infile_error(void *handle, char *text, unsigned int size)
{
	const MyConnection *c = handle;

	(void) snprintf(text, size, "%s",
					c != NULL && c->feed_error != NULL ? c->feed_error->message
													   : "no files are given away");
	return CR_UNKNOWN_ERROR;
}

/* ---- connecting ---- */

#ifdef MARIADB_PACKAGE_VERSION
static void
set_tls(MYSQL *mysql, const MyUri *uri, bool tls)
{
	/* Connector/C always holds the name against the certificate when it verifies at all. */
	my_bool enforce = tls, verify = tls && uri->ssl_mode >= MY_SSL_VERIFY_CA;

	(void) mysql_optionsv(mysql, MYSQL_OPT_SSL_ENFORCE, &enforce);
	(void) mysql_optionsv(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
	(void) mysql_optionsv(mysql, MARIADB_OPT_RESTRICTED_AUTH, AUTH_PLUGINS);
}
#else
static void
set_tls(MYSQL *mysql, const MyUri *uri, bool tls)
{
	static const unsigned modes[] = {
		[MY_SSL_DISABLED] = SSL_MODE_DISABLED,
		[MY_SSL_PREFERRED] = SSL_MODE_REQUIRED,
		[MY_SSL_REQUIRED] = SSL_MODE_REQUIRED,
		[MY_SSL_VERIFY_CA] = SSL_MODE_VERIFY_CA,
		[MY_SSL_VERIFY_IDENTITY] = SSL_MODE_VERIFY_IDENTITY,
	};
	unsigned mode = tls ? modes[uri->ssl_mode] : SSL_MODE_DISABLED;
	bool get_key = true;

	(void) mysql_options(mysql, MYSQL_OPT_SSL_MODE, &mode);
	(void) mysql_options(mysql, MYSQL_OPT_GET_SERVER_PUBLIC_KEY, &get_key);
}
#endif

static void
set_options(MyConnection *c, bool tls)
{
	const MyUri *uri = &c->uri;
	unsigned local = 1;
	unsigned protocol = uri->socket != NULL ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;

	(void) mysql_options(c->mysql, MYSQL_OPT_CONNECT_TIMEOUT, &uri->connect_timeout);
	(void) mysql_options(c->mysql, MYSQL_OPT_PROTOCOL, &protocol);
	if (c->settings.silent_seconds > 0)
		(void) mysql_options(c->mysql, MYSQL_OPT_READ_TIMEOUT, &c->settings.silent_seconds);
	(void) mysql_options(c->mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	(void) mysql_options(c->mysql, MYSQL_OPT_LOCAL_INFILE, &local);
	mysql_set_local_infile_handler(c->mysql, infile_begin, infile_read, infile_end, infile_error,
								   c);
	if (tls)
	{
		(void) mysql_options(c->mysql, MYSQL_OPT_SSL_CA, uri->ssl_ca);
		(void) mysql_options(c->mysql, MYSQL_OPT_SSL_CERT, uri->ssl_cert);
		(void) mysql_options(c->mysql, MYSQL_OPT_SSL_KEY, uri->ssl_key);
	}
	set_tls(c->mysql, uri, tls);
	my_wait_install(c);
}

/* A host that is gone without a word is noticed within half a minute. */
static void
keep_alive(int fd)
{
	static const struct KeepAlive
	{
		int level, option, value;
	} settings[] = {
		{SOL_SOCKET, SO_KEEPALIVE, 1},
		{IPPROTO_TCP, TCP_KEEPIDLE, 10},
		{IPPROTO_TCP, TCP_KEEPINTVL, 5},
		{IPPROTO_TCP, TCP_KEEPCNT, 3},
	};

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		(void) setsockopt(fd, settings[i].level, settings[i].option, &settings[i].value,
						  sizeof(settings[i].value));
}

static bool
try_connect(MyConnection *c, bool tls, SluiceError *err)
{
	const MyUri *uri = &c->uri;
	const char *password = c->settings.password != NULL ? c->settings.password : uri->password;
	unsigned long flags = CLIENT_MULTI_STATEMENTS | CLIENT_FOUND_ROWS;

	c->mysql = mysql_init(NULL);
	if (c->mysql == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a connection");
	set_options(c, tls);
	my_wait_enter(c);
	if (mysql_real_connect(c->mysql, my_dial_host(c), uri->user, password, NULL, uri->port,
						   uri->socket, flags) == NULL)
		return my_fail(c, err) || sluice_prefix(err, "cannot connect to the %s", c->settings.role);
	if (!my_dial_check(c, err))
		return false;
	my_dial_reached(c, MY_PHASE_LOGGED_IN);
	c->connected = true;
	if (uri->socket == NULL)
		keep_alive((int) c->mysql->net.fd);
	return true;
}

/* The library's own message of a file it cannot read leaves its name out. */
static bool
check_files(const MyUri *uri, SluiceError *err)
{
	const char *const files[] = {uri->ssl_ca, uri->ssl_cert, uri->ssl_key};
	static const char *const names[] = {"ssl-ca", "ssl-cert", "ssl-key"};

	for (int i = 0; i < 3; i++)
	{
		if (files[i] != NULL && access(files[i], R_OK) != 0)
			return sluice_fail(err, SLUICE_ERROR_DENIED, "%s: cannot read %s: %m", names[i],
							   files[i]);
	}
	return true;
}

/* The library's own start is not safe among threads. */
static void
start_library(void)
{
	(void) mysql_library_init(0, NULL, NULL);
	my_dial_watch();
}

/* With ssl-mode=preferred a server without TLS will do, and a socket goes without. */
static bool
open_connection(MyConnection *c, SluiceError *err)
{
	static pthread_once_t started = PTHREAD_ONCE_INIT;
	bool tls = c->uri.ssl_mode > (c->uri.socket != NULL ? MY_SSL_PREFERRED : MY_SSL_DISABLED);

	(void) pthread_once(&started, start_library);
	if (tls && !check_files(&c->uri, err))
		return false;
	if (try_connect(c, tls, err))
		return true;
	if (c->uri.ssl_mode != MY_SSL_PREFERRED || c->error != CR_SSL_CONNECTION_ERROR)
		return false;
	mysql_close(c->mysql);
	c->broken = false;
	return try_connect(c, false, err);
}

/* ---- the server ---- */

/* "10.11.6-MariaDB-log", "8.0.36", "5.5.5-10.11.6-MariaDB" of old handshakes. */
static void
read_version(MyConnection *c)
{
	const char *text = mysql_get_server_info(c->mysql);
	unsigned major = 0, minor = 0, patch = 0;

	c->flavour = strstr(text, "MariaDB") != NULL ? MY_MARIADB : MY_MYSQL;
	if (c->flavour == MY_MARIADB && strncmp(text, "5.5.5-", 6) == 0)
		text += 6;
	(void) sscanf(text, "%u.%u.%u", &major, &minor, &patch);
	c->version = major * 10000 + minor * 100 + patch;
	c->id = mysql_thread_id(c->mysql);
}

static bool
check_version(const MyConnection *c, SluiceError *err)
{
	if (c->version >= (c->flavour == MY_MARIADB ? MY_MARIADB_OLDEST : MY_MYSQL_OLDEST))
		return true;
	(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "the %s is %s %u.%u", c->settings.role,
					   c->flavour == MY_MARIADB ? "MariaDB" : "MySQL", c->version / 10000,
					   c->version / 100 % 100);
	return sluice_hint(err, "MySQL 8.0 or MariaDB 10.5, or newer, is needed");
}

static bool
read_packet(MyConnection *c, SluiceError *err)
{
	MYSQL_RES *result;

	if (!my_query(c, &result, err, "SELECT @@max_allowed_packet"))
		return false;
	c->packet = (size_t) strtoull(mysql_fetch_row(result)[0], NULL, 10);
	mysql_free_result(result);
	return true;
}

static bool
use_database(MyConnection *c, SluiceError *err)
{
	char *name = my_name(c->uri.database);
	bool good = name != NULL ? my_exec(c, err, "USE %s", name)
							 : sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a name");

	free(name);
	return good;
}

static bool
set_session(MyConnection *c, SluiceError *err)
{
	if (!my_exec(c, err, "%s", session_settings) ||
		!my_exec(c, err, "%s", flavour_settings[c->flavour]) || !read_packet(c, err))
		return false;
	return c->uri.database == NULL || use_database(c, err) ||
		   sluice_prefix(err, "database %s", c->uri.database);
}

bool
my_connect(MyConnection *c, const MySettings *settings, SluiceError *err)
{
	/* Until the server says otherwise. */
	*c = (MyConnection){.settings = *settings, .packet = (size_t) 1 << 20};
	if (!my_uri_parse(settings->uri, settings->database_needed, &c->uri, err) ||
		!open_connection(c, err))
		return false;
	read_version(c);
	return check_version(c, err) &&
		   (set_session(c, err) || sluice_prefix(err, "preparing the session"));
}

void
my_disconnect(MyConnection *c)
{
	if (c->mysql != NULL)
	{
		my_wait_enter(c);
		mysql_close(c->mysql);
	}
	c->mysql = NULL;
	my_wait_enter(NULL);
	my_uri_free(&c->uri);
}
