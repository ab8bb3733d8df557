/*
 * member.h - a program that is run along with this one: its configuration in memory, its log in a file, its metrics, its end.
 *
 * Nothing of its configuration stands in arguments, environment or a file with a name.  It dies with this process.
 */
#ifndef SLUICE_CLI_MEMBER_H
#define SLUICE_CLI_MEMBER_H

#include <limits.h>
#include <stdint.h>
#include <stdio.h>

#include "common/control/child.h"
#include "common/core/bytebuf.h"

#define MEMBER_LINE 4096
#define MEMBER_TEXT 600

/* Told of each line of its log. */
typedef void (*MemberLine)(void *context, const char *line);

typedef struct Member
{
	const char *name; /* of the program */
	char log_path[PATH_MAX];
	FILE *log;
	Child child;
	bool running;
	int status;									/* as waitpid() gives it, once it has ended */
	unsigned port;								/* of its metrics; 0: not known yet */
	char error[MEMBER_TEXT], hint[MEMBER_TEXT]; /* the last error it logged */
	MemberLine seen;
	void *context;
	char line[MEMBER_LINE]; /* what came of the one that is not whole */
	size_t length;
} Member;

typedef struct MemberSettings
{
	const char *name;	   /* static; found by program_find() */
	const char *folder;	   /* of its log, <name>.log; NULL: none is kept */
	const ByteBuf *config; /* what its --config (nats-server: -c) is; NULL: none */
	const int *files;	   /* further descriptors, from CHILD_FIRST_FD + 1 on */
	size_t file_count;
	const char *command;  /* a word before its flags; NULL: none */
	const char *flags[4]; /* behind them; ends with NULL */
	bool keeps_output;
} MemberSettings;

extern bool member_start(Member *member, const MemberSettings *settings,
						 SluiceError *err) SLUICE_MUST_CHECK;

/* Takes in what it has logged; false once it has ended. */
extern bool member_look(Member *member);

/* SIGTERM, and SIGKILL when that takes too long. */
extern void member_end(Member *member, int64_t within_ms);

/* Waits for its end by itself; false when it has not come then. */
extern bool member_wait(Member *member, int64_t within_ms);

/* Whether it ended by itself with status 0. */
extern bool member_is_good(const Member *member);

/* Why it ended: its own last words, or its exit status; always false. */
extern bool member_fail(const Member *member, SluiceError *err);

/* Its page of metrics, to be freed; NULL while there is none. */
extern char *member_metrics(const Member *member);

/* All it writes to standard output, until its end, at most `maximum` bytes; to be freed. */
extern char *member_output(Member *member, size_t maximum, int64_t within_ms);

#endif
