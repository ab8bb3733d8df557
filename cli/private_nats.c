/*
 * private_nats.c - starting and ending a nats-server (private_nats.h).
 */
#include "private_nats.h"

#include <dirent.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/daemon/file.h"
#include "common/nats/server_info.h"
#include "wait.h"

#define READY_MS	  30000
#define LOOK_MS		  30
#define END_MS		  10000
#define LEAST_ROOM	  (INT64_C(256) << 20)
#define PORTS_MAXIMUM 65536

static bool
make_token(PrivateNats *nats, SluiceError *err)
{
	unsigned char bytes[(NATS_TOKEN_TEXT - 1) / 2];

	if (*nats->token != '\0')
		return true;
	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return sluice_fail(err, SLUICE_ERROR_LIMIT, "the system has no random numbers");
	for (size_t i = 0; i < sizeof(bytes); i++)
		(void) snprintf(nats->token + 2 * i, 3, "%02x", bytes[i]);
	return true;
}

static bool
find_room(PrivateNats *nats, const char *folder, SluiceError *err)
{
	struct statvfs disk;

	if (statvfs(folder, &disk) != 0)
		return sluice_fail(err, SLUICE_ERROR_LIMIT, "cannot look at folder \"%s\"", folder);
	nats->room = (int64_t) ((double) disk.f_bavail * (double) disk.f_frsize * 0.9);
	if (nats->room >= LEAST_ROOM)
		return true;
	(void) sluice_fail(err, SLUICE_ERROR_LIMIT,
					   "there is no room below \"%s\" for the changes under way", folder);
	return sluice_hint(err, "name a folder on another disk: --state FOLDER");
}

/* Its configuration; a path in it is quoted as JSON quotes, which it reads. */
static bool
make_config(const PrivateNats *nats, const char *folder, ByteBuf *config, SluiceError *err)
{
	json_t *path = json_string(folder);
	char *quoted = path != NULL ? json_dumps(path, JSON_ENCODE_ANY) : NULL;
	char *text = NULL;
	bool good = false;
	int length = -1;

	if (quoted != NULL)
	{
		/* Without its last quote, so that more can stand behind the folder. */
		quoted[strlen(quoted) - 1] = '\0';
		length =
			asprintf(&text,
					 "host: 127.0.0.1\nport: %d\nserver_name: sluice_private\n"
					 "authorization { token: \"%s\" }\nports_file_dir: %s\"\n"
					 "jetstream { store_dir: %s/nats\", max_mem: 64MB, max_file: %" PRId64 " }\n",
					 nats->port > 0 ? nats->port : -1, nats->token, quoted, quoted, nats->room);
	}
	if (length >= 0)
		good = bytebuf_put(config, text, (size_t) length, err);
	else
		(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT,
						   "the path of the folder is not UTF-8: name another one");
	if (length >= 0)
		explicit_bzero(text, (size_t) length);
	free(length >= 0 ? text : NULL);
	free(quoted);
	json_decref(path);
	return good;
}

/* The port it took, out of the file it writes for that; false while there is none. */
static bool
read_port(PrivateNats *nats, const char *folder)
{
	char path[PATH_MAX];
	SluiceError err;
	json_t *ports;
	const char *url;
	char *text;

	(void) snprintf(path, sizeof(path), "%s/nats-server_%d.ports", folder,
					(int) nats->server.child.pid);
	text = file_read(path, PORTS_MAXIMUM, &err);
	if (text == NULL)
		return false;
	ports = json_loads(text, 0, NULL);
	url = json_string_value(json_array_get(json_object_get(ports, "nats"), 0));
	if (url != NULL && strrchr(url, ':') != NULL)
	{
		(void) snprintf(nats->url, sizeof(nats->url), "%s", url);
		nats->port = (int) strtol(strrchr(url, ':') + 1, NULL, 10);
	}
	json_decref(ports);
	file_free(text);
	return *nats->url != '\0';
}

/* Whether it answers with JetStream on. */
static bool
answers(const PrivateNats *nats)
{
	ServerInfo servers[SERVER_INFO_MAXIMUM];
	SluiceError err;
	int count = 0;

	return server_info_ask(nats->url, 1000, servers, &count, &err) && count > 0 &&
		   servers[0].error.code == SLUICE_OK && servers[0].jetstream;
}

static bool
wait_ready(PrivateNats *nats, const char *folder, SluiceError *err)
{
	int64_t deadline = wait_clock() + READY_MS;

	while (member_look(&nats->server))
	{
		if (read_port(nats, folder) && answers(nats))
			return true;
		if (wait_clock() >= deadline)
			return sluice_fail(err, SLUICE_ERROR_TIMEOUT,
							   "nats-server does not answer within %d seconds", READY_MS / 1000);
		if (!wait_ms(LOOK_MS))
			return sluice_fail(err, SLUICE_ERROR_TIMEOUT, "interrupted");
	}
	return member_fail(&nats->server, err);
}

void
private_nats_tidy(const char *folder)
{
	static const char begin[] = "nats-server_", end[] = ".ports";
	DIR *entries = opendir(folder);
	const struct dirent *entry;

	while (entries != NULL && (entry = readdir(entries)) != NULL)
	{
		size_t length = strlen(entry->d_name);

		if (length > sizeof(begin) + sizeof(end) &&
			strncmp(entry->d_name, begin, sizeof(begin) - 1) == 0 &&
			strcmp(entry->d_name + length - (sizeof(end) - 1), end) == 0)
			(void) unlinkat(dirfd(entries), entry->d_name, 0);
	}
	if (entries != NULL)
		(void) closedir(entries);
}

bool
private_nats_start(PrivateNats *nats, const char *folder, SluiceError *err)
{
	ByteBuf config;
	bool good;

	nats->server = (Member){0};
	nats->url[0] = '\0';
	private_nats_tidy(folder);
	bytebuf_init(&config, &allocator_malloc, 65536);
	good =
		make_token(nats, err) && find_room(nats, folder, err) &&
		make_config(nats, folder, &config, err) &&
		member_start(&nats->server,
					 &(MemberSettings){.name = "nats-server", .folder = folder, .config = &config},
					 err) &&
		wait_ready(nats, folder, err);
	if (config.data != NULL)
		explicit_bzero(config.data, config.length);
	bytebuf_free(&config);
	if (!good)
		private_nats_end(nats);
	return good;
}

NatsSettings
private_nats_settings(const PrivateNats *nats)
{
	return (NatsSettings){.urls = nats->url, .token = nats->token, .name = "sluice"};
}

void
private_nats_end(PrivateNats *nats)
{
	member_end(&nats->server, END_MS);
	explicit_bzero(nats->token, sizeof(nats->token));
}
