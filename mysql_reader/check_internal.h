/*
 * check_internal.h - what the parts of --check share: check_command.c begins, each of the others asks
 * one kind of question.
 */
#ifndef SLUICE_MYSQL_READER_CHECK_INTERNAL_H
#define SLUICE_MYSQL_READER_CHECK_INTERNAL_H

#include "check_command.h"
#include "common/mysql/my_connection.h"

#define ACCOUNT_SIZE 400 /* `user`@`host` quoted */

typedef struct Checker
{
	const StreamSettings *settings;
	Findings *findings;
	MyConnection c;
	char account[ACCOUNT_SIZE]; /* as statements name it */
} Checker;

/* check_rights.c: privileges, the log itself, the reader's number among replicas. */
extern void check_rights(Checker *checker);

/* check_tables.c: the chosen tables. */
extern void check_tables(Checker *checker);

/* check_nats.c: NATS, and whether the source still has what a stream that exists needs next. */
extern void check_nats(Checker *checker, bool connected);

#endif
