/*
 * group_maker.h - groups of a binary log that change the tables db.t (id int primary key, v varchar(20))
 * and db.bare, the same without a key, and what a change writer makes of them.
 */
#ifndef SLUICE_TESTS_GROUP_MAKER_H
#define SLUICE_TESTS_GROUP_MAKER_H

#include "event_maker.h"
#include "mysql_reader/change_writer.h"

typedef struct GroupMaker
{
	EventMaker events;
	Flavour flavour;
	uint64_t number; /* of the next GTID */
} GroupMaker;

extern void group_maker_init(GroupMaker *maker, Flavour flavour);
extern void group_maker_free(GroupMaker *maker);

/* The event before a group: MySQL's GTID (then "BEGIN"), MariaDB's that is the BEGIN. */
extern void make_begin(GroupMaker *maker);

/* What begins a group of XA, with its statement where there is one; the names are "" and one letter. */
extern void make_xa_begin(GroupMaker *maker, char name);

/* A GTID of a group that is one statement. */
extern void make_alone(GroupMaker *maker);
extern void make_statement(GroupMaker *maker, const char *text);
extern void make_commit(GroupMaker *maker);
extern void make_prepare(GroupMaker *maker, char name);
extern void make_xa_outcome(GroupMaker *maker, const char *verb, char name);

/* Rows; a value of NULL is NULL. */
#define TABLE_KEYED 1
#define TABLE_BARE	2
extern void make_insert(GroupMaker *maker, int table, int32_t id, const char *value);
extern void make_delete(GroupMaker *maker, int table, int32_t id, const char *value);
extern void make_update(GroupMaker *maker, int table, int32_t id, const char *value, int32_t new_id,
						const char *new_value);

/* An image that has only v before, only id after. */
extern void make_partial_update(GroupMaker *maker, int32_t id);
extern void make_partial_insert(GroupMaker *maker, int32_t id);

/* What a writer gave out: records as text, "B5 I(1,a) U[1](2,b) D[2] T M:prefix C". */
typedef struct ChangeSink
{
	char text[65536];
	char places[4096];	  /* number of the place of each bundle, ";" behind it */
	int bundles, fail_at; /* the bundle from which on none is taken; 0: all are */
	ChangeId last;		  /* of the last one taken */
	LogPosition place;	  /* likewise */
	char interrupted[GTID_TEXT];
	PositionMode mode;
	Charsets *charsets;
	bool unknown; /* the stream has no tables */
} ChangeSink;

extern void change_sink_init(ChangeSink *sink, PositionMode mode);
extern void change_sink_free(ChangeSink *sink);
extern ChangeHooks change_sink_hooks(ChangeSink *sink);

#endif
