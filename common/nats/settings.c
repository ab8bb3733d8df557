/*
 * settings.c - from NatsSettings to libnats' options, for one server at a time.
 *
 * Invariants: what a user got wrong is said here, by its name, before libnats sees it; a server's
 * certificate is held against the host of its own URL unless tls_skip_verify.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nats_internal.h"
#include "redact.h"

#define PORT_DEFAULT	   "4222"
#define CONNECT_TIMEOUT_MS 2000
#define WRITE_DEADLINE_MS  1000
#define PING_INTERVAL_MS   5000
#define PINGS_UNANSWERED   2
#define IO_BUFFER_BYTES	   (64 * 1024)

static bool
given(const char *setting)
{
	return setting != NULL && setting[0] != '\0';
}

/* ---- the list of servers ---- */

/* Whether a URL has a host, and a port that can be one or none. */
static bool
address_is_good(const char *url)
{
	const char *at = strstr(url, "://") + 3;
	const char *sign = strrchr(at, '@');
	char host[NATS_URL_MAXIMUM];
	unsigned long port;
	char *end;

	server_host(url, host, sizeof(host));
	at = sign != NULL ? sign + 1 : at;
	at += *at == '[' ? strcspn(at, "]") + 1 : strcspn(at, ":/");
	if (host[0] == '\0' || *at != ':')
		return host[0] != '\0';
	port = strtoul(at + 1, &end, 10);
	return at[1] >= '0' && at[1] <= '9' && port > 0 && port <= UINT16_MAX &&
		   (*end == '\0' || *end == '/');
}

static bool
add_server(ServerList *list, const char *url, size_t length, SluiceError *err)
{
	const char *scheme = memmem(url, length, "://", 3) != NULL ? "" : "nats://";
	char *out;

	if (list->count == NATS_SERVERS_MAXIMUM)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "more than %d NATS servers",
						   NATS_SERVERS_MAXIMUM);
	out = list->urls[list->count];
	if (length + strlen(scheme) >= NATS_URL_MAXIMUM)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "a NATS URL is longer than %d characters",
						   NATS_URL_MAXIMUM - 1);
	(void) snprintf(out, NATS_URL_MAXIMUM, "%s%.*s", scheme, (int) length, url);
	if ((strncasecmp(out, "nats://", 7) != 0 && strncasecmp(out, "tls://", 6) != 0) ||
		!address_is_good(out))
	{
		redact_userinfo(out);
		(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "\"%.200s\" is no NATS URL", out);
		return sluice_hint(err, "Use nats://host:port or tls://host:port");
	}
	list->count++;
	return true;
}

bool
server_list_parse(const char *urls, ServerList *list, SluiceError *err)
{
	const char *at = given(urls) ? urls : "";

	list->count = 0;
	while (*at != '\0')
	{
		size_t length;

		at += strspn(at, ", \t");
		length = strcspn(at, ", \t");
		if (length > 0 && !add_server(list, at, length, err))
			return false;
		at += length;
	}
	if (list->count > 0)
		return true;
	(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "no NATS server is given");
	return sluice_hint(err, "Use nats://host:port, or several with commas");
}

void
server_host(const char *url, char *host, size_t size)
{
	const char *at = strstr(url, "://");
	const char *sign;
	size_t length;

	at = at != NULL ? at + 3 : url;
	sign = strrchr(at, '@');
	if (sign != NULL)
		at = sign + 1;
	if (*at == '[')
		length = strcspn(++at, "]");
	else
		length = strcspn(at, ":/");
	(void) snprintf(host, size, "%.*s", (int) length, at);
}

void
server_port(const char *url, char *port, size_t size)
{
	const char *colon = strrchr(url, ':');
	size_t digits = colon != NULL ? strspn(colon + 1, "0123456789") : 0;

	if (digits == 0 || strchr(colon, ']') != NULL)
		(void) snprintf(port, size, "%s", PORT_DEFAULT);
	else
		(void) snprintf(port, size, "%.*s", (int) digits, colon + 1);
}

/* ---- checks ---- */

static bool
file_check(const char *setting, const char *path, SluiceError *err)
{
	struct stat status;
	int fd;

	if (!given(path))
		return true;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "cannot read %s \"%s\": %s", setting, path,
						   strerror(errno));
	if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size == 0)
	{
		(void) close(fd);
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "%s \"%s\" is empty or no file", setting,
						   path);
	}
	(void) close(fd);
	return true;
}

static bool
pairs_check(const NatsSettings *settings, SluiceError *err)
{
	int ways = given(settings->user) + given(settings->token) + given(settings->creds_file) +
			   given(settings->nkey_file);

	if (ways > 1)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT,
						   "more than one of NATS user, token, creds file and nkey file is given");
	if (given(settings->password) && !given(settings->user))
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "a NATS password without a user");
	if (given(settings->tls_cert_file) != given(settings->tls_key_file))
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT,
						   "a TLS certificate and its key go together: one of them is not given");
	return true;
}

bool
settings_check(const NatsSettings *settings, SluiceError *err)
{
	return pairs_check(settings, err) && file_check("creds file", settings->creds_file, err) &&
		   file_check("nkey file", settings->nkey_file, err) &&
		   file_check("TLS CA file", settings->tls_ca_file, err) &&
		   file_check("TLS certificate file", settings->tls_cert_file, err) &&
		   file_check("TLS key file", settings->tls_key_file, err);
}

bool
nats_settings_check(const NatsSettings *settings, SluiceError *err)
{
	ServerList *list = malloc(sizeof(*list));
	bool good;

	if (list == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for NATS settings");
	good = server_list_parse(settings->urls, list, err) && settings_check(settings, err);
	explicit_bzero(list, sizeof(*list));
	free(list);
	return good;
}

void
settings_redact(const NatsSettings *settings, SluiceError *err)
{
	if (err == NULL)
		return;
	redact_userinfo(err->message);
	redact_secret(err->message, settings->password);
	redact_secret(err->message, settings->token);
}

/* ---- options ---- */

int
settings_connect_timeout(const NatsSettings *settings)
{
	return settings->connect_timeout_ms > 0 ? settings->connect_timeout_ms : CONNECT_TIMEOUT_MS;
}

static natsStatus
set_basics(natsOptions *options, const NatsSettings *settings, const char *url)
{
	natsStatus status = natsOptions_SetURL(options, url);

	if (status == NATS_OK)
		status = natsOptions_SetAllowReconnect(options, false);
	if (status == NATS_OK)
		status = natsOptions_SetNoRandomize(options, true);
	if (status == NATS_OK)
		status = natsOptions_SetTimeout(options, settings_connect_timeout(settings));
	if (status == NATS_OK)
		status = natsOptions_SetSendAsap(options, true);
	if (status == NATS_OK)
		status = natsOptions_SetWriteDeadline(options, WRITE_DEADLINE_MS);
	if (status == NATS_OK)
		status = natsOptions_SetPingInterval(options, PING_INTERVAL_MS);
	if (status == NATS_OK)
		status = natsOptions_SetMaxPingsOut(options, PINGS_UNANSWERED);
	if (status == NATS_OK)
		status = natsOptions_SetIOBufSize(options, IO_BUFFER_BYTES);
	if (status == NATS_OK && given(settings->name))
		status = natsOptions_SetName(options, settings->name);
	return status;
}

static natsStatus
set_login(natsOptions *options, const NatsSettings *settings, const char *nkey)
{
	if (given(settings->user))
		return natsOptions_SetUserInfo(options, settings->user,
									   settings->password != NULL ? settings->password : "");
	if (given(settings->token))
		return natsOptions_SetToken(options, settings->token);
	if (given(settings->creds_file))
		return natsOptions_SetUserCredentialsFromFiles(options, settings->creds_file, NULL);
	if (given(settings->nkey_file))
		return natsOptions_SetNKeyFromSeed(options, nkey, settings->nkey_file);
	return NATS_OK;
}

static bool
wants_tls(const NatsSettings *settings, const char *url)
{
	return settings->tls_required || given(settings->tls_ca_file) ||
		   given(settings->tls_cert_file) || strncasecmp(url, "tls://", 6) == 0;
}

static bool
set_tls(natsOptions *options, const NatsSettings *settings, const char *url, SluiceError *err)
{
	char host[NATS_URL_MAXIMUM];
	natsStatus status = natsOptions_SetSecure(options, true);

	server_host(url, host, sizeof(host));
	if (status == NATS_OK && settings->tls_skip_verify)
		status = natsOptions_SkipServerVerification(options, true);
	else if (status == NATS_OK)
		status = natsOptions_SetExpectedHostname(options, host);
	if (status != NATS_OK)
		return nats_fail(err, status, 0, "TLS for %s", host);
	if (given(settings->tls_ca_file))
		status = natsOptions_LoadCATrustedCertificates(options, settings->tls_ca_file);
	if (status != NATS_OK)
	{
		(void) nats_fail(err, status, 0, "TLS CA file \"%s\"", settings->tls_ca_file);
		err->code = SLUICE_ERROR_ARGUMENT;
		return sluice_hint(err, "The file must hold PEM certificates");
	}
	if (given(settings->tls_cert_file))
		status = natsOptions_LoadCertificatesChain(options, settings->tls_cert_file,
												   settings->tls_key_file);
	if (status == NATS_OK)
		return true;
	(void) nats_fail(err, status, 0, "TLS certificate file \"%s\" and key file \"%s\"",
					 settings->tls_cert_file, settings->tls_key_file);
	err->code = SLUICE_ERROR_ARGUMENT;
	return sluice_hint(err, "The files must hold a PEM certificate and its key");
}

static bool
fill_options(natsOptions *options, const NatsSettings *settings, const char *url, SluiceError *err)
{
	char nkey[NKEY_TEXT] = "";
	natsStatus status;

	if (given(settings->nkey_file) && !nkey_public(settings->nkey_file, nkey, err))
		return false;
	status = set_basics(options, settings, url);
	if (status == NATS_OK)
		status = set_login(options, settings, nkey);
	if (status != NATS_OK)
		return nats_fail(err, status, 0, "NATS settings");
	return !wants_tls(settings, url) || set_tls(options, settings, url, err);
}

bool
settings_options(const NatsSettings *settings, const char *url, natsOptions **options,
				 SluiceError *err)
{
	natsStatus status = natsOptions_Create(options);

	if (status != NATS_OK)
		return nats_fail(err, status, 0, "NATS settings");
	if (fill_options(*options, settings, url, err))
		return true;
	natsOptions_Destroy(*options);
	*options = NULL;
	return false;
}
