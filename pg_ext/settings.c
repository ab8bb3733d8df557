/*
 * settings.c - GUC definitions in tables, and the files that hold secrets.
 */
#include "settings.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "common/core/crc32c.h"
#include "pg_ext/pg_compat.h"

#define SECRET_MAXIMUM 4096

int sluice_max_streams = 16;
int sluice_max_tracked_tables = 1024;
int sluice_stream_memory_mb = 32;
int sluice_sequence_interval_s = 10;
char *sluice_nats_url = NULL;
static char *nats_user = NULL;
static char *nats_password_file = NULL;
static char *nats_token_file = NULL;
static char *nats_creds_file = NULL;
static char *nats_nkey_file = NULL;
static char *nats_tls_ca_file = NULL;
static char *nats_tls_cert_file = NULL;
static char *nats_tls_key_file = NULL;

/* The server writes settings to its log: a password has no place in one. */
static bool
check_url(char **value, void **extra, GucSource source)
{
	(void) extra;
	(void) source;
	if (*value == NULL || strchr(*value, '@') == NULL)
		return true;
	GUC_check_errmsg("sluice.nats_url must not hold a user, password or token");
	GUC_check_errhint("Use sluice.nats_user with sluice.nats_password_file, or "
					  "sluice.nats_token_file.");
	return false;
}

static const struct
{
	const char *name;
	const char *description;
	char **variable;
	const char *initial;
	GucStringCheckHook check;
} texts[] = {
	{"sluice.nats_url", "URLs of the NATS servers, with commas between.", &sluice_nats_url,
	 "nats://127.0.0.1:4222", check_url},
	{"sluice.nats_user", "User name at the NATS server.", &nats_user, "", NULL},
	{"sluice.nats_password_file", "File with the password of sluice.nats_user.",
	 &nats_password_file, "", NULL},
	{"sluice.nats_token_file", "File with a token for the NATS server.", &nats_token_file, "",
	 NULL},
	{"sluice.nats_creds_file", "NATS credentials file (JWT and seed).", &nats_creds_file, "", NULL},
	{"sluice.nats_nkey_file", "File with the seed of a NATS nkey.", &nats_nkey_file, "", NULL},
	{"sluice.nats_tls_ca_file", "Certificates of the authorities a NATS server must be signed by.",
	 &nats_tls_ca_file, "", NULL},
	{"sluice.nats_tls_cert_file", "Client certificate for the NATS server.", &nats_tls_cert_file,
	 "", NULL},
	{"sluice.nats_tls_key_file", "Key of the client certificate.", &nats_tls_key_file, "", NULL},
};

static const struct
{
	const char *name;
	const char *description;
	int *variable;
	int initial, minimum, maximum;
	GucContext context;
	int flags;
} numbers[] = {
	{"sluice.max_streams", "Streams that can run at once in this server.", &sluice_max_streams, 16,
	 1, 1024, PGC_POSTMASTER, 0},
	{"sluice.max_tracked_tables", "Tables whose counters sluice.stat_tables can show.",
	 &sluice_max_tracked_tables, 1024, 16, 1000000, PGC_POSTMASTER, 0},
	{"sluice.stream_memory", "Bundles of one stream waiting for acknowledgement.",
	 &sluice_stream_memory_mb, 32, 1, 4096, PGC_SIGHUP, GUC_UNIT_MB},
	{"sluice.sequence_interval", "How often values of sequences are sent; 0 for not by themselves.",
	 &sluice_sequence_interval_s, 10, 0, 86400, PGC_SIGHUP, GUC_UNIT_S},
};

void
settings_define(bool preloading)
{
	for (size_t i = 0; i < lengthof(texts); i++)
		DefineCustomStringVariable(texts[i].name, texts[i].description, NULL, texts[i].variable,
								   texts[i].initial, PGC_SIGHUP, GUC_SUPERUSER_ONLY, texts[i].check,
								   NULL, NULL);
	for (size_t i = 0; i < lengthof(numbers); i++)
	{
		if (numbers[i].context == PGC_POSTMASTER && !preloading)
			continue;
		DefineCustomIntVariable(numbers[i].name, numbers[i].description, NULL, numbers[i].variable,
								numbers[i].initial, numbers[i].minimum, numbers[i].maximum,
								numbers[i].context, numbers[i].flags, NULL, NULL, NULL);
	}
	compat_reserve_prefix("sluice");
}

/* The bytes of a file that is one: opening a pipe must not wait, and a device has no end. */
static ssize_t
read_file(const char *path, char *data, size_t size)
{
	struct stat status;
	ssize_t length = -1;
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (file < 0)
		return -1;
	if (fstat(file, &status) == 0)
	{
		errno = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
		if (S_ISREG(status.st_mode))
			length = read(file, data, size);
	}
	close(file);
	return length;
}

/* A file's first line, without what ends it, palloc'ed; NULL when there is none, with *err filled. */
static char *
read_secret(const char *setting, const char *path, SluiceError *err)
{
	char text[SECRET_MAXIMUM + 1];
	ssize_t length = read_file(path, text, sizeof(text));
	char *line = NULL;

	if (length < 0)
	{
		(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "could not read the file of %s, \"%s\": %s",
						   setting, path,
						   errno == EINVAL ? "it is no regular file" : strerror(errno));
		(void) sluice_hint(err, "The file must be readable by the server's operating system user.");
		return NULL;
	}
	text[Min(length, SECRET_MAXIMUM)] = '\0';
	text[strcspn(text, "\r\n")] = '\0';
	if (length > SECRET_MAXIMUM)
		(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT,
						   "the file of %s, \"%s\", is longer than %d bytes", setting, path,
						   SECRET_MAXIMUM);
	else if (text[0] == '\0')
		(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT,
						   "the first line of the file of %s, \"%s\", is empty", setting, path);
	else
		line = pstrdup(text);
	explicit_bzero(text, sizeof(text));
	return line;
}

/* Reads the secret of a setting that names a file. */
static bool
take_secret(const char *setting, const char *path, const char **secret, SluiceError *err)
{
	if (path == NULL || path[0] == '\0')
		return true;
	*secret = read_secret(setting, path, err);
	return *secret != NULL;
}

static const char *
or_null(const char *text)
{
	return text != NULL && text[0] != '\0' ? text : NULL;
}

static bool
read_settings(NatsSettings *nats, SluiceError *err)
{
	static MemoryContext context = NULL;
	MemoryContext old;
	bool good;

	if (context == NULL)
		context =
			AllocSetContextCreate(TopMemoryContext, "sluice nats settings", ALLOCSET_SMALL_SIZES);
	MemoryContextReset(context);
	old = MemoryContextSwitchTo(context);
	*nats = (NatsSettings){
		.urls = sluice_nats_url,
		.user = or_null(nats_user),
		.creds_file = or_null(nats_creds_file),
		.nkey_file = or_null(nats_nkey_file),
		.tls_ca_file = or_null(nats_tls_ca_file),
		.tls_cert_file = or_null(nats_tls_cert_file),
		.tls_key_file = or_null(nats_tls_key_file),
	};
	good = take_secret("sluice.nats_password_file", nats_password_file, &nats->password, err) &&
		   take_secret("sluice.nats_token_file", nats_token_file, &nats->token, err);
	MemoryContextSwitchTo(old);
	return good;
}

void
settings_nats(NatsSettings *nats)
{
	SluiceError err = {.code = SLUICE_OK};

	if (!read_settings(nats, &err))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s", err.message),
						err.hint[0] != '\0' ? errhint("%s", err.hint) : 0));
}

static uint32
add_text(uint32 checksum, const char *text)
{
	/* With its end, so that a text cannot move from one setting to the next unseen. */
	return text != NULL ? crc32c(checksum, text, strlen(text) + 1) : crc32c(checksum, "", 1);
}

bool
settings_nats_checksum(uint32 *checksum, SluiceError *err)
{
	NatsSettings nats;

	if (!read_settings(&nats, err))
		return false;
	*checksum = add_text(0, nats.urls);
	*checksum = add_text(*checksum, nats.user);
	*checksum = add_text(*checksum, nats.password);
	*checksum = add_text(*checksum, nats.token);
	*checksum = add_text(*checksum, nats.creds_file);
	*checksum = add_text(*checksum, nats.nkey_file);
	*checksum = add_text(*checksum, nats.tls_ca_file);
	*checksum = add_text(*checksum, nats.tls_cert_file);
	*checksum = add_text(*checksum, nats.tls_key_file);
	return true;
}
