/*
 * dev.c - sluice dev: nats-server, sluice-control and sluice-worker on this machine, for as long as this runs.
 *
 *     FOLDER/dev.json     {key, token, nats: {port, token}}: how to log in, of the first time; mode 0600
 *     FOLDER/api.key      the key alone, for --key-file
 *     FOLDER/nats.token   of the private nats-server, for PostgreSQL sources that publish to it
 *     FOLDER/master.key, nats/, *.log
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api.h"
#include "common/control/child_config.h"
#include "common/daemon/file.h"
#include "handlers.h"
#include "private_nats.h"
#include "secret.h"
#include "wait.h"

#define READY_MS	 60000
#define LOOK_MS		 100
#define END_MS		 20000
#define LEFT_MS		 2000
#define FILE_MAXIMUM (64 * 1024)
#define SOURCE_USER	 "postgres"
#define SOURCE_TOKEN "/etc/sluice-dev.token"
#define KEY_LINE	 "API key, shown only now: "

typedef struct Dev
{
	Cli *cli;
	char folder[PATH_MAX - 64];
	bool temporary;
	int lock;
	json_t *known; /* dev.json */
	PrivateNats own;
	bool has_own;
	NatsSettings nats;
	Member control, worker;
	char server[128];
} Dev;

/* ---- the folder ---- */

static bool
open_folder(Dev *dev, SluiceError *err)
{
	const char *given = arguments_text(&dev->cli->arguments, "folder");
	char real[PATH_MAX], path[PATH_MAX];

	dev->temporary = given == NULL;
	(void) snprintf(dev->folder, sizeof(dev->folder), "%s",
					given != NULL ? given : "/tmp/sluice-dev-XXXXXX");
	if (given == NULL ? mkdtemp(dev->folder) == NULL
					  : mkdir(dev->folder, 0700) != 0 && errno != EEXIST)
		return sluice_fail(err, SLUICE_ERROR_LIMIT, "cannot make folder \"%s\": %s", dev->folder,
						   strerror(errno));
	if (realpath(dev->folder, real) == NULL || strlen(real) >= sizeof(dev->folder))
		return sluice_fail(err, SLUICE_ERROR_LIMIT, "cannot look at folder \"%s\"", dev->folder);
	(void) strcpy(dev->folder, real);
	(void) snprintf(path, sizeof(path), "%s/lock", dev->folder);
	dev->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (dev->lock >= 0 && flock(dev->lock, LOCK_EX | LOCK_NB) == 0)
		return true;
	return sluice_fail(err, SLUICE_ERROR_CONFLICT,
					   "another sluice dev works with \"%s\", or it cannot be written",
					   dev->folder);
}

static bool
read_known(Dev *dev, SluiceError *err)
{
	char path[PATH_MAX];
	SluiceError failure = {0};
	char *text;

	(void) snprintf(path, sizeof(path), "%s/dev.json", dev->folder);
	text = file_read(path, FILE_MAXIMUM, &failure);
	if (text == NULL && failure.code != SLUICE_ERROR_NOT_FOUND)
	{
		*err = failure;
		return false;
	}
	dev->known = text != NULL ? json_loads(text, 0, NULL) : json_object();
	file_free(text);
	return json_is_object(dev->known) ||
		   sluice_fail(err, SLUICE_ERROR_CORRUPT, "\"%s\" is damaged", path);
}

/* A private file with one text. */
static bool
write_text(const Dev *dev, const char *name, const char *text, SluiceError *err)
{
	char path[PATH_MAX];
	int fd;
	bool good;

	(void) snprintf(path, sizeof(path), "%s/%s", dev->folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	good = fd >= 0 && dprintf(fd, "%s\n", text) > 0;
	if (fd >= 0)
		(void) close(fd);
	return good ||
		   sluice_fail(err, SLUICE_ERROR_LIMIT, "cannot write \"%s\": %s", path, strerror(errno));
}

static bool
write_known(const Dev *dev, SluiceError *err)
{
	char *text = json_dumps(dev->known, JSON_INDENT(2));
	bool good = text != NULL && write_text(dev, "dev.json", text, err);

	file_free(text);
	return good;
}

/* ---- nats-server ---- */

static bool
start_nats(Dev *dev, SluiceError *err)
{
	const char *url = arguments_text(&dev->cli->arguments, "nats");
	const json_t *known = json_object_get(dev->known, "nats");

	if (url != NULL)
	{
		dev->nats = (NatsSettings){.urls = url, .name = "sluice"};
		return nats_settings_check(&dev->nats, err) || sluice_prefix(err, "--nats");
	}
	dev->own.port = (int) json_integer_value(json_object_get(known, "port"));
	(void) snprintf(dev->own.token, sizeof(dev->own.token), "%s", api_text(known, "token"));
	if (!private_nats_start(&dev->own, dev->folder, err))
		return false;
	dev->has_own = true;
	dev->nats = private_nats_settings(&dev->own);
	json_object_set_new(dev->known, "nats",
						json_pack("{s:i, s:s}", "port", dev->own.port, "token", dev->own.token));
	return write_text(dev, "nats.token", dev->own.token, err) && write_known(dev, err);
}

/* ---- the programs ---- */

/* Starts one with the lines of its configuration that are its own. */
static bool
start_member(Dev *dev, Member *member, const char *name, const char *const (*lines)[2],
			 bool keeps_output, SluiceError *err)
{
	ByteBuf config = {0};
	MemberSettings settings = {
		.name = name, .folder = dev->folder, .config = &config, .keeps_output = keeps_output};
	bool good = child_config_init(&config, err) && child_config_nats(&config, &dev->nats, err) &&
				child_config_line(&config, "log-format", "json", err) &&
				child_config_line(&config, "http", "127.0.0.1:0", err);

	for (; good && (*lines)[0] != NULL; lines++)
		good = child_config_line(&config, (*lines)[0], (*lines)[1], err);
	good = good && member_start(member, &settings, err);
	child_config_free(&config);
	return good;
}

/* A MemberLine: the port that the server took. */
static void
see_port(void *context, const char *text)
{
	Dev *dev = context;
	json_t *line = json_loads(text, 0, NULL);
	const char *message = json_string_value(json_object_get(line, "msg"));
	const char *address = arguments_text(&dev->cli->arguments, "listen");

	if (message != NULL && strcmp(message, "serving") == 0)
		(void) snprintf(dev->server, sizeof(dev->server), "http://%.*s:%d",
						(int) (strrchr(address, ':') - address), address,
						(int) json_integer_value(json_object_get(line, "port")));
	json_decref(line);
}

static bool
start_control(Dev *dev, SluiceError *err)
{
	char master_key[PATH_MAX];
	const char *listen = arguments_text(&dev->cli->arguments, "listen");
	const char *const lines[][2] = {
		{"listen", listen}, {"master-key-file", master_key}, {NULL, NULL}};

	if (strrchr(listen, ':') == NULL)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "--listen is HOST:PORT");
	(void) snprintf(master_key, sizeof(master_key), "%s/master.key", dev->folder);
	dev->control.seen = see_port;
	dev->control.context = dev;
	return start_member(dev, &dev->control, "sluice-control", lines, true, err);
}

/* The first key, which the server shows once; true when it came now or before. */
static bool
read_key(Dev *dev, SluiceError *err)
{
	static char text[FILE_MAXIMUM];
	static size_t length;
	ssize_t got;
	char *line, *key;

	while (dev->control.child.output >= 0 && length < sizeof(text) - 1 &&
		   (got = read(dev->control.child.output, text + length, sizeof(text) - 1 - length)) > 0)
		length += (size_t) got;
	line = strstr(text, KEY_LINE);
	if (line == NULL || strchr(line, '\n') == NULL)
		return *api_text(dev->known, "key") != '\0';
	key = strndup(line + strlen(KEY_LINE), strcspn(line + strlen(KEY_LINE), "\n"));
	explicit_bzero(text, sizeof(text));
	length = 0;
	json_object_set_new(dev->known, "key", json_string(key));
	json_object_del(dev->known, "token"); /* of another server */
	secret_free(key);
	return write_text(dev, "api.key", api_text(dev->known, "key"), err) && write_known(dev, err);
}

/* Whether the server serves: its port is known, and it is ready. */
static bool
is_ready(Dev *dev)
{
	const ClientSettings settings = {.server = dev->server, .timeout_ms = 2000};
	SluiceError err;
	Answer answer = {0};
	Client *client;
	bool ready;

	if (*dev->server == '\0')
		return false;
	client = client_new(&settings, &err);
	ready = client != NULL && client_call(client, "GET", "/readyz", NULL, NULL, &answer, &err) &&
			answer.status == 200;
	answer_free(&answer);
	client_free(client);
	return ready;
}

static bool
wait_for_control(Dev *dev, SluiceError *err)
{
	int64_t deadline = wait_clock() + READY_MS;

	while (member_look(&dev->control))
	{
		/* The key of a new server comes before it is ready. */
		bool ready = is_ready(dev), has_key = read_key(dev, err);

		if (ready && has_key)
			return true;
		if (wait_clock() >= deadline)
		{
			(void) sluice_fail(err, SLUICE_ERROR_TIMEOUT,
							   "sluice-control is not ready within %d seconds, or has a key "
							   "that nobody here knows",
							   READY_MS / 1000);
			return sluice_hint(err, "with --nats: its control plane was begun from another folder");
		}
		if (!wait_ms(LOOK_MS))
			return sluice_fail(err, SLUICE_ERROR_TIMEOUT, "interrupted");
	}
	return member_fail(&dev->control, err);
}

/* The worker's token, made with the first key. */
static bool
make_token(Dev *dev, SluiceError *err)
{
	const ClientSettings settings = {
		.server = dev->server, .key = api_text(dev->known, "key"), .timeout_ms = READY_MS};
	static Url url;
	json_t *body;
	Answer answer = {0};
	Client *client;
	bool good;

	if (*api_text(dev->known, "token") != '\0')
		return true;
	client = client_new(&settings, err);
	if (client == NULL)
		return false;
	body = json_pack("{s:s, s:[s]}", "name", "sluice dev's worker", "scopes", "worker");
	url_begin(&url, "/api-keys");
	good = client_call(client, "POST", url.text, body, NULL, &answer, err);
	if (good && *api_text(answer.body, "token") == '\0')
		good =
			sluice_fail(err, SLUICE_ERROR_STATE, "the server gives no token for a worker: %s",
						*api_text(answer.body, "detail") != '\0' ? api_text(answer.body, "detail")
																 : "no reason");
	if (good)
		json_object_set(dev->known, "token", json_object_get(answer.body, "token"));
	json_decref(body);
	answer_free(&answer);
	client_free(client);
	return good && write_known(dev, err);
}

static bool
start_worker(Dev *dev, SluiceError *err)
{
	const char *const lines[][2] = {{"token", api_text(dev->known, "token")}, {NULL, NULL}};

	return start_member(dev, &dev->worker, "sluice-worker", lines, false, err);
}

/* ---- its life ---- */

/* The token is for its owner's eyes, and PostgreSQL's server has a user of its own. */
static void
tell_postgresql(const Dev *dev)
{
	cli_say(dev->cli, "a PostgreSQL source on this machine publishes to it; its server's own user "
					  "must be able to read the token (" SOURCE_USER " here):");
	cli_say(dev->cli, "  %sinstall -o " SOURCE_USER " -m 0400 %s/nats.token " SOURCE_TOKEN,
			geteuid() == 0 ? "" : "sudo ", dev->folder);
	cli_say(dev->cli, "  ALTER SYSTEM SET sluice.nats_url = '%s';", dev->nats.urls);
	cli_say(dev->cli, "  ALTER SYSTEM SET sluice.nats_token_file = '" SOURCE_TOKEN "';");
	cli_say(dev->cli, "  SELECT pg_reload_conf();");
}

static int
tell(Dev *dev)
{
	char key_file[PATH_MAX];
	json_t *document;
	int status;

	(void) snprintf(key_file, sizeof(key_file), "%s/api.key", dev->folder);
	document = json_pack("{s:s, s:s, s:s, s:s, s:s}", "server", dev->server, "key",
						 api_text(dev->known, "key"), "key_file", key_file, "nats", dev->nats.urls,
						 "folder", dev->folder);
	status = cli_document(dev->cli, "server", document);
	json_decref(document);
	cli_say(dev->cli, "in another terminal: export SLUICE_SERVER=%s SLUICE_API_KEY_FILE=%s",
			dev->server, key_file);
	if (dev->has_own)
		tell_postgresql(dev);
	if (dev->temporary)
		cli_say(dev->cli,
				"Ctrl-C ends all of it, and nothing of it is left on this machine; sluice "
				"stream rm removes a stream first: a PostgreSQL source that is left with "
				"one keeps its log for it");
	else
		cli_say(dev->cli, "Ctrl-C ends all of it; the same command goes on with it");
	return status;
}

/* ---- what is left at sources ---- */

/* The items of a list, of its first page; NULL when they are not to be had. */
static json_t *
items_of(Client *client, const char *path)
{
	static Url url;
	SluiceError err;
	Answer answer = {0};
	json_t *items = NULL;

	url_begin(&url, path);
	url_query(&url, "limit", "200");
	if (client != NULL && client_call(client, "GET", url.text, NULL, NULL, &answer, &err))
		items = json_incref(json_object_get(answer.body, "items"));
	answer_free(&answer);
	return items;
}

static bool
reads_postgresql(const json_t *connections, const json_t *stream)
{
	const char *id = api_text(json_object_get(stream, "source"), "connection_id");
	size_t index;
	json_t *one;

	json_array_foreach(connections, index, one)
	{
		if (strcmp(api_text(one, "id"), id) == 0)
			return strcmp(api_text(one, "type"), "postgresql") == 0;
	}
	return false;
}

/* Streams that were started and are not removed, of a folder that goes: what they have at a source stays. */
static void
tell_left(const Dev *dev)
{
	const ClientSettings settings = {
		.server = dev->server, .key = api_text(dev->known, "key"), .timeout_ms = LEFT_MS};
	SluiceError err;
	Client *client = client_new(&settings, &err);
	json_t *streams = items_of(client, api_path(API_STREAM));
	json_t *connections = items_of(client, api_path(API_CONNECTION)), *stream;
	size_t index;

	json_array_foreach(streams, index, stream)
	{
		const char *name = api_text(stream, "name");

		if (strcmp(api_text(stream, "state"), "created") != 0 &&
			reads_postgresql(connections, stream))
			cli_say(dev->cli,
					"stream %s was started and not removed: its source keeps its replication "
					"slot, and with it its log, until sluice.drop_stream('%s') there "
					"(sluice.streams lists what there is)",
					name, name);
	}
	json_decref(streams);
	json_decref(connections);
	client_free(client);
}

/* Until Ctrl-C, or one of them ends. */
static bool
stay(Dev *dev, SluiceError *err)
{
	Member *const members[] = {&dev->control, &dev->worker, dev->has_own ? &dev->own.server : NULL};

	while (wait_ms(LOOK_MS))
		for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
			if (members[i] != NULL && !member_look(members[i]))
				return member_fail(members[i], err);
	return true;
}

/* A callback of nftw(). */
static int
remove_one(const char *path, const struct stat *info, int kind, struct FTW *place)
{
	(void) info;
	(void) kind;
	(void) place;
	return remove(path);
}

static void
close_dev(Dev *dev)
{
	/* The worker first: what it runs ends in order. */
	member_end(&dev->worker, END_MS);
	member_end(&dev->control, END_MS);
	if (dev->has_own)
		private_nats_end(&dev->own);
	if (dev->lock >= 0)
		(void) close(dev->lock);
	if (dev->temporary && dev->lock >= 0)
		(void) nftw(dev->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	json_decref(dev->known);
}

int
dev_run(Cli *cli)
{
	Dev *dev = calloc(1, sizeof(*dev));
	SluiceError err = {0};
	int status = STATUS_OK;

	if (dev == NULL)
	{
		(void) sluice_fail(&err, SLUICE_ERROR_MEMORY, "out of memory");
		return cli_fail(cli, &err);
	}
	dev->cli = cli;
	dev->lock = -1;
	interrupt_catch();
	if (!open_folder(dev, &err) || !read_known(dev, &err) || !start_nats(dev, &err) ||
		!start_control(dev, &err) || !wait_for_control(dev, &err) || !make_token(dev, &err) ||
		!start_worker(dev, &err))
		status = interrupted() ? STATUS_INTERRUPTED : cli_fail(cli, &err);
	if (status == STATUS_OK)
		status = tell(dev);
	if (status == STATUS_OK && !stay(dev, &err))
		status = cli_fail(cli, &err);
	if (status == STATUS_OK && dev->temporary)
		tell_left(dev);
	close_dev(dev);
	free(dev);
	return status;
}
