/*
 * load_finish.c - a queue of indexes and tables, and the threads that work it off (load_finish.h).
 *
 * A table is one task per index, when it has several that can be made one by one and is not small,
 * and after the last of them one for the rest.
 * Tasks stand in the order in which tables were handed over.
 */
#include "load_finish.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define WHOLE_TABLE SIZE_MAX

typedef struct Task
{
	size_t table;
	size_t index; /* or WHOLE_TABLE */
} Task;

typedef struct TableWork
{
	bool added, done;
	size_t indexes; /* tasks of its indexes that are not done */
} TableWork;

typedef struct Hand
{
	struct LoadFinish *finish;
	pthread_t thread;
	TargetSettings target;
} Hand;

struct LoadFinish
{
	LoadFinishSettings settings;
	atomic_bool stop;
	pthread_mutex_t lock; /* guards what follows, but the threads */
	pthread_cond_t changed;
	TableWork *tables;
	Task *tasks;
	size_t first, count; /* those not taken yet */
	size_t working;
	SluiceError failure;
	int hand_count;
	Hand hands[];
};

/* ---- the queue; the lock is held ---- */

static void
put_task(LoadFinish *finish, size_t table, size_t index)
{
	finish->tasks[finish->count++] = (Task){table, index};
	pthread_cond_signal(&finish->changed);
}

static void
put_table(LoadFinish *finish, size_t table, bool at_once)
{
	TableWork *work = &finish->tables[table];
	size_t indexes = finish->settings.document->tables[table].index_count;

	work->added = true;
	if (indexes < 2 || at_once || finish->settings.whole_tables)
	{
		put_task(finish, table, WHOLE_TABLE);
		return;
	}
	work->indexes = indexes;
	for (size_t i = 0; i < indexes; i++)
		put_task(finish, table, i);
}

static void
note_done(LoadFinish *finish, const Task *task)
{
	TableWork *work = &finish->tables[task->table];

	if (task->index == WHOLE_TABLE)
		work->done = true;
	else if (--work->indexes == 0)
		put_task(finish, task->table, WHOLE_TABLE);
}

/* Waits for a task; false when it is time to end. */
static bool
take_task(LoadFinish *finish, Task *task)
{
	bool got = false;

	pthread_mutex_lock(&finish->lock);
	while (!atomic_load(&finish->stop) && !got)
	{
		got = finish->first < finish->count;
		if (!got)
			(void) pthread_cond_wait(&finish->changed, &finish->lock);
	}
	if (got)
	{
		*task = finish->tasks[finish->first++];
		finish->working++;
	}
	pthread_mutex_unlock(&finish->lock);
	return got;
}

static void
end_task(LoadFinish *finish, const Task *task, bool good, const SluiceError *err)
{
	pthread_mutex_lock(&finish->lock);
	finish->working--;
	if (good)
		note_done(finish, task);
	else if (!atomic_load(&finish->stop))
	{
		finish->failure = *err;
		atomic_store(&finish->stop, true);
	}
	pthread_cond_broadcast(&finish->changed);
	pthread_mutex_unlock(&finish->lock);
	bell_ring(finish->settings.changed);
}

/* ---- threads ---- */

static bool
go_on(void *context)
{
	return !atomic_load(&((LoadFinish *) context)->stop);
}

static bool
do_task(Structure *structure, const Task *task, SluiceError *err)
{
	return task->index == WHOLE_TABLE
			   ? structure_finish_table(structure, task->table, err)
			   : structure_finish_index(structure, task->table, task->index, err);
}

static void *
run(void *argument)
{
	Hand *hand = argument;
	LoadFinish *finish = hand->finish;
	Structure *structure = NULL;
	Target *target = NULL;
	Task task;

	pthread_setname_np(pthread_self(), "index");
	while (take_task(finish, &task))
	{
		SluiceError err = {0};
		bool good;

		if (target == NULL)
			target = target_open(&hand->target, &err);
		if (target != NULL && structure == NULL)
			structure = target->load->structure(target, finish->settings.document,
												finish->settings.structure, &err);
		good = structure != NULL && do_task(structure, &task, &err);
		end_task(finish, &task, good, &err);
	}
	structure_close(structure);
	if (target != NULL)
		target->ops->close(target);
	return NULL;
}

/* ---- from outside ---- */

static bool
make_room(LoadFinish *finish)
{
	const SchemaDocument *document = finish->settings.document;
	size_t tasks = document->table_count;

	for (size_t i = 0; i < document->table_count; i++)
		tasks += document->tables[i].index_count;
	finish->tables = calloc(document->table_count + 1, sizeof(*finish->tables));
	finish->tasks = calloc(tasks + 1, sizeof(*finish->tasks));
	return finish->tables != NULL && finish->tasks != NULL;
}

static void
finish_free(LoadFinish *finish)
{
	pthread_cond_destroy(&finish->changed);
	pthread_mutex_destroy(&finish->lock);
	free(finish->tables);
	free(finish->tasks);
	free(finish);
}

static bool
start_hand(LoadFinish *finish)
{
	Hand *hand = &finish->hands[finish->hand_count];

	hand->finish = finish;
	hand->target = finish->settings.target;
	hand->target.go_on = go_on;
	hand->target.context = finish;
	if (pthread_create(&hand->thread, NULL, run, hand) != 0)
		return false;
	finish->hand_count++;
	return true;
}

LoadFinish *
load_finish_start(const LoadFinishSettings *settings, SluiceError *err)
{
	LoadFinish *finish =
		calloc(1, sizeof(*finish) + (size_t) settings->connections * sizeof(finish->hands[0]));

	if (finish == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for threads");
		return NULL;
	}
	finish->settings = *settings;
	pthread_mutex_init(&finish->lock, NULL);
	pthread_cond_init(&finish->changed, NULL);
	if (!make_room(finish))
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for the tables of a copy");
		finish_free(finish);
		return NULL;
	}
	for (int i = 0; i < settings->connections; i++)
	{
		if (start_hand(finish))
			continue;
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "cannot start a thread: %m");
		load_finish_stop(finish);
		return NULL;
	}
	return finish;
}

void
load_finish_stop(LoadFinish *finish)
{
	if (finish == NULL)
		return;
	pthread_mutex_lock(&finish->lock);
	atomic_store(&finish->stop, true);
	pthread_cond_broadcast(&finish->changed);
	pthread_mutex_unlock(&finish->lock);
	for (int i = 0; i < finish->hand_count; i++)
		(void) pthread_join(finish->hands[i].thread, NULL);
	finish_free(finish);
}

void
load_finish_add(LoadFinish *finish, size_t table, bool at_once)
{
	pthread_mutex_lock(&finish->lock);
	if (!finish->tables[table].added)
		put_table(finish, table, at_once);
	pthread_mutex_unlock(&finish->lock);
}

bool
load_finish_has(LoadFinish *finish, size_t table)
{
	bool has;

	pthread_mutex_lock(&finish->lock);
	has = finish->tables[table].added;
	pthread_mutex_unlock(&finish->lock);
	return has;
}

bool
load_finish_done(LoadFinish *finish, size_t table)
{
	bool done;

	pthread_mutex_lock(&finish->lock);
	done = finish->tables[table].done;
	pthread_mutex_unlock(&finish->lock);
	return done;
}

bool
load_finish_check(LoadFinish *finish, bool *idle, SluiceError *err)
{
	bool good;

	pthread_mutex_lock(&finish->lock);
	*idle = finish->first == finish->count && finish->working == 0;
	good = finish->failure.code == SLUICE_OK;
	if (!good)
		*err = finish->failure;
	pthread_mutex_unlock(&finish->lock);
	return good;
}
