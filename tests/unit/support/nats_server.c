/*
 * nats_server.c - starting, killing and clearing away a nats-server for one test program.
 */
#include "nats_server.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/nats/server_info.h"

#define PROGRAM	   "/usr/sbin/nats-server"
#define NOBODY	   65534
#define START_TRYS 500
#define TRY_NS	   20000000

static void
give_up(const char *what)
{
	fprintf(stderr, "nats_server: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int
free_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *) &address, length) != 0 ||
		getsockname(fd, (struct sockaddr *) &address, &length) != 0)
		give_up("no free port");
	(void) close(fd);
	return ntohs(address.sin_port);
}

static void
hand_over(const char *path)
{
	if (geteuid() == 0 && chown(path, NOBODY, NOBODY) != 0)
		give_up(path);
}

static int
remove_entry(const char *path, const struct stat *status, int type, struct FTW *place)
{
	(void) status;
	(void) type;
	(void) place;
	return remove(path);
}

void
nats_server_file(const NatsServer *server, const char *name, const char *text, char *path,
				 size_t size)
{
	FILE *file;

	(void) snprintf(path, size, "%s/%s", server->folder, name);
	file = fopen(path, "we");
	if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0 || chmod(path, 0600) != 0)
		give_up(path);
	hand_over(path);
}

static void
write_configuration(const NatsServer *server, const char *configuration)
{
	char path[256];
	char text[8192];
	char jetstream[256] = "";

	if (configuration == NULL)
		configuration = "";
	if (strstr(configuration, "jetstream") == NULL)
		(void) snprintf(jetstream, sizeof(jetstream), "jetstream { store_dir: \"%s/store\" }",
						server->folder);
	(void) snprintf(text, sizeof(text), "listen: \"127.0.0.1:%d\"\n%s\n%s\n", server->port,
					jetstream, configuration);
	nats_server_file(server, "server.conf", text, path, sizeof(path));
}

/* In the child: nothing of it survives the test. */
static void
run(const NatsServer *server)
{
	const char *program = getenv("NATS_SERVER");
	char configuration[256];
	char log[256];
	int fd;

	(void) snprintf(configuration, sizeof(configuration), "%s/server.conf", server->folder);
	(void) snprintf(log, sizeof(log), "%s/log", server->folder);
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0644);
	if (fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
		_exit(127);
	if (geteuid() == 0 && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0))
		_exit(127);
	(void) prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (program == NULL)
		program = PROGRAM;
	(void) execl(program, program, "-c", configuration, (char *) NULL);
	_exit(127);
}

static void
launch(NatsServer *server)
{
	const struct timespec pause = {.tv_nsec = TRY_NS};

	server->pid = fork();
	if (server->pid < 0)
		give_up("fork");
	if (server->pid == 0)
		run(server);
	for (int i = 0; i < START_TRYS; i++)
	{
		int status;

		if (server_version(server->url) > 0)
			return;
		if (waitpid(server->pid, &status, WNOHANG) == server->pid)
			break;
		(void) nanosleep(&pause, NULL);
	}
	fprintf(stderr, "nats_server: does not start, see %s/log\n", server->folder);
	exit(1);
}

void
nats_server_prepare(NatsServer *server)
{
	const char *base = getenv("TMPDIR");

	memset(server, 0, sizeof(*server));
	(void) snprintf(server->folder, sizeof(server->folder), "%s/sluice-nats.XXXXXX",
					base != NULL ? base : "/tmp");
	if (mkdtemp(server->folder) == NULL)
		give_up(server->folder);
	hand_over(server->folder);
}

void
nats_server_start(NatsServer *server, const char *configuration)
{
	if (server->folder[0] == '\0')
		nats_server_prepare(server);
	server->port = free_port();
	(void) snprintf(server->url, sizeof(server->url), "nats://127.0.0.1:%d", server->port);
	write_configuration(server, configuration);
	launch(server);
}

void
nats_server_kill(NatsServer *server, int signal)
{
	if (server->pid <= 0)
		return;
	(void) kill(server->pid, signal);
	while (waitpid(server->pid, NULL, 0) < 0 && errno == EINTR)
		;
	server->pid = 0;
}

void
nats_server_restart(NatsServer *server, bool empty_store)
{
	char store[256];

	nats_server_kill(server, SIGKILL);
	(void) snprintf(store, sizeof(store), "%s/store", server->folder);
	if (empty_store)
		(void) nftw(store, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	launch(server);
}

void
nats_server_stop(NatsServer *server)
{
	nats_server_kill(server, SIGKILL);
	if (server->folder[0] != '\0')
		(void) nftw(server->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	memset(server, 0, sizeof(*server));
}
