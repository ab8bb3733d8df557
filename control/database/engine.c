/*
 * engine.c - the table of kinds of databases (engine.h).
 */
#include "engine.h"

#include <string.h>

static const Engine *const engines[] = {&engine_postgresql, &engine_mysql, &engine_mariadb};

#define ENGINES (sizeof(engines) / sizeof(engines[0]))

const Engine *
engine_at(size_t number)
{
	return number < ENGINES ? engines[number] : NULL;
}

const Engine *
engine_find(const char *type)
{
	for (size_t i = 0; i < ENGINES; i++)
	{
		if (strcmp(engines[i]->type, type) == 0)
			return engines[i];
	}
	return NULL;
}
