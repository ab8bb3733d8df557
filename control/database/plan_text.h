/*
 * plan_text.h - what `sluice-writer --plan` prints, read again: its head, line by line.  Pure.
 *
 * The head ends before the first statement.  Each of its lines is one of the writer's own, whatever stands in names: line
 * ends in them were made blanks.
 */
#ifndef SLUICE_CONTROL_PLAN_TEXT_H
#define SLUICE_CONTROL_PLAN_TEXT_H

#include <stddef.h>

#include "common/core/error.h"

typedef enum PlanLineKind
{
	PLAN_PROBLEM,
	PLAN_WARNING,
	PLAN_NOT_CARRIED,
	PLAN_TYPE, /* of each column, in the document's order */
	PLAN_TO_DO,
	PLAN_KINDS
} PlanLineKind;

typedef struct PlanLine
{
	PlanLineKind kind;
	char *text; /* behind the word */
} PlanLine;

typedef struct PlanText
{
	PlanLine *lines;
	size_t count;
	size_t counts[PLAN_KINDS];
	char *copy; /* that lines point into */
} PlanText;

extern bool plan_text_read(const char *text, PlanText *plan, SluiceError *err) SLUICE_MUST_CHECK;
extern void plan_text_free(PlanText *plan);

/* The first line of a kind; NULL: none. */
extern const char *plan_text_first(const PlanText *plan, PlanLineKind kind);

#define PLAN_TYPE_SIZE 1024

/*
 * The target's type of a line "schema.table.column: source -> target", whose source type is known, without what the
 * writer says of losses behind it; false when there is none.
 */
extern bool plan_type_of_line(const char *line, const char *source_type, char type[PLAN_TYPE_SIZE]);

#endif
