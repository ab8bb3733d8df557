/*
 * load_crew.c - each thread's loop: is there a copy to load, take bundles, take them in, answer for
 * them (load_crew.h).
 *
 * Invariants:
 * 1. A bundle is acknowledged only when its transaction is on the target's disk, or when the state
 *    there says that it is not wanted.
 * 2. What could not be taken in is kept and tried again, until the copy's state has changed.
 */
#include "load_crew.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "beacon.h"
#include "load_acks.h"
#include "common/daemon/trouble.h"

#include "common/daemon/retry.h"
#include "common/nats/load_document.h"

#define TAKE_BYTES	((size_t) 6 << 20) /* of rows in one transaction */
#define PULL_BYTES	((size_t) 6 << 20) /* messages fetched ahead */
#define KEEP_MS		5000			   /* between answers for what is worked on */
#define ABSENT_MS	1000			   /* between looks for a copy */
#define WAITING_MS	200				   /* between looks at its state */
#define OVER_MS		2000			   /* the same when it is done */
#define MESSAGE_MS	200				   /* for a bundle */
#define LEFTOVER_MS 300
#define SLICE_MS	1000 /* the longest wait without a look at what is gathered */

typedef struct Worker
{
	LoadCrew *crew;
	pthread_t thread;
	TargetSettings target_settings;
	DocumentView view; /* which tables there are is told by those that are read: not flattened */
	NatsSession nats;
	LoadPuller *puller;
	Target *target;
	TableMap tables;
	LoadPlan *plan;
	LoadGather gather;
	LoadAcks acks;		 /* empty but in load() */
	int64_t answered_ms; /* when what is gathered was last answered for */
	Retry quick, slow;
	Trouble trouble;
	bool nats_failed;	  /* the error is of NATS */
	bool told_target;	  /* the error stands in the target's state */
	uint64_t heard;		  /* rings of `moved` */
	LoadState over_state; /* the copy's when all was in... */
	JetStreamInfo over;	  /* ...and its stream's; zero before */
} Worker;

struct LoadCrew
{
	LoadCrewSettings settings;
	atomic_bool stop;
	_Atomic uint64_t rows, bytes, bundles;
	int count;
	Worker workers[];
};

static bool
stopped(const Worker *worker)
{
	return atomic_load(&worker->crew->stop);
}

/* ---- what is gathered ---- */

static void
answer(Worker *worker, LoadAnswer word)
{
	for (uint32_t i = 0; i < worker->gather.count; i++)
	{
		if (!load_message_answer(&worker->nats, &worker->gather.items[i].message, word, NULL))
			return; /* the session finds out by itself */
	}
}

static void
keep(Worker *worker)
{
	int64_t now = beacon_clock();

	if (now - worker->answered_ms < KEEP_MS)
		return;
	worker->answered_ms = now;
	answer(worker, LOAD_WORKING);
	load_acks_keep(&worker->acks, &worker->nats);
}

static void
give_back(Worker *worker)
{
	if (worker->gather.count > 0 && nats_session_alive(&worker->nats))
		answer(worker, LOAD_RETURN);
	load_gather_reset(&worker->gather);
	tables_sweep(&worker->tables);
}

/* Called while the target is waited for. */
static bool
go_on(void *context)
{
	Worker *worker = context;

	keep(worker);
	return !stopped(worker);
}

/* With `listening` no longer than until a copy has moved. */
static void
pause_ms(Worker *worker, int64_t ms, bool listening)
{
	int64_t until = beacon_clock() + ms;
	bool rung = false;

	for (int64_t left = ms; left > 0 && !stopped(worker) && !(rung && listening);
		 left = until - beacon_clock())
	{
		keep(worker);
		rung = bell_wait(worker->crew->settings.moved, &worker->heard,
						 left < SLICE_MS ? left : SLICE_MS);
	}
}

/* ---- connections ---- */

static void
close_target(Worker *worker)
{
	load_acks_return(&worker->acks, &worker->nats);
	tables_forget(&worker->tables);
	if (worker->target != NULL)
		worker->target->ops->close(worker->target);
	worker->target = NULL;
}

static bool
open_target(Worker *worker, SluiceError *err)
{
	if (worker->target == NULL)
		worker->target = target_open(&worker->target_settings, err);
	return worker->target != NULL;
}

static void
close_nats(Worker *worker)
{
	load_puller_close(worker->puller);
	worker->puller = NULL;
	nats_session_close(&worker->nats);
}

static bool
open_nats(Worker *worker, SluiceError *err)
{
	if (worker->nats.connection != NULL && nats_session_alive(&worker->nats))
		return true;
	load_gather_reset(&worker->gather);
	close_nats(worker);
	return nats_session_open(&worker->nats, &worker->crew->settings.nats, err);
}

static bool
open_puller(Worker *worker, SluiceError *err)
{
	const TargetSettings *settings = &worker->target_settings;

	if (worker->puller == NULL)
		worker->puller =
			load_puller_open(&worker->nats, settings->stream, settings->consumer, PULL_BYTES, err);
	return worker->puller != NULL;
}

static void
forget_table(void *context, Table *table)
{
	Worker *worker = context;

	if (worker->target != NULL)
		worker->target->ops->forget(worker->target, table);
}

/* ---- bundles ---- */

static LoadWay
way_of(const Worker *worker, const LoadMessage *message)
{
	if (message->incarnation != worker->plan->load->incarnation)
		return LOAD_WAY_LATER;
	return load_plan_way(worker->plan, &message->place, worker->crew->settings.upsert);
}

/* Takes the message over; *later when it is not of the copy as it is known here. */
static bool
sort_message(Worker *worker, LoadMessage *message, bool *later, SluiceError *err)
{
	LoadWay way = way_of(worker, message);
	bool good = true;

	*later = way == LOAD_WAY_LATER;
	if (way == LOAD_WAY_DROP || *later)
		good = load_message_answer(&worker->nats, message, *later ? LOAD_RETURN : LOAD_ACK, err);
	else
		good = load_gather_add(&worker->gather, message, way, &worker->tables, err);
	load_message_free(message);
	return good;
}

/* Gathers what is there, waiting only for the first bundle. */
static bool
gather(Worker *worker, bool *later, SluiceError *err)
{
	*later = false;
	while (!*later && !load_gather_full(&worker->gather) && !stopped(worker))
	{
		int wait_ms = worker->gather.count == 0 ? MESSAGE_MS : 0;
		LoadMessage message;

		if (!load_puller_next(worker->puller, wait_ms, &message, err))
			return false;
		if (message.message == NULL)
			return true;
		if (worker->gather.count == 0)
			worker->answered_ms = beacon_clock();
		if (!sort_message(worker, &message, later, err))
			return false;
	}
	return true;
}

static void
count_taken(Worker *worker)
{
	LoadCrew *crew = worker->crew;

	for (uint32_t i = 0; i < worker->gather.count; i++)
	{
		const LoadPiece *piece = &worker->gather.items[i].piece;

		if (!piece->fresh)
			continue;
		atomic_fetch_add(&crew->rows, piece->row_count);
		atomic_fetch_add(&crew->bytes, piece->bytes);
		atomic_fetch_add(&crew->bundles, 1);
	}
}

/* Whether the owner of the copy should look: a chunk's end came, or there was no more to take. */
static bool
is_worth_a_look(const LoadGather *gather)
{
	bool ends = !load_gather_full(gather);

	for (uint32_t i = 0; i < gather->count && !ends; i++)
		ends = gather->items[i].piece.ends;
	return ends;
}

/* It goes: what was told of trouble is over. */
static void
note_success(Worker *worker)
{
	if (worker->told_target && worker->target != NULL)
		worker->told_target = !worker->target->load->set_error(worker->target, "", NULL);
	retry_reset(&worker->quick);
	retry_reset(&worker->slow);
	trouble_over(&worker->trouble);
}

/* What could not be had whole is fetched anew. */
static bool
lost_parts(const Worker *worker)
{
	for (uint32_t i = 0; i < worker->gather.count; i++)
	{
		if (worker->gather.items[i].piece.gone)
			return true;
	}
	return false;
}

/* Answers for all that is committed when it is on disk, and brings it there. */
static bool
settle(Worker *worker, SluiceError *err)
{
	if (worker->acks.count == 0)
		return true;
	if (!worker->target->ops->flush(worker->target, true, err))
		return false;
	load_acks_send(&worker->acks, &worker->nats, worker->target->durable);
	return true;
}

/* It is committed: answers for what is on disk by now. */
static bool
finish_take(Worker *worker, SluiceError *err)
{
	const Target *target = worker->target;

	if (!load_acks_add(&worker->acks, &worker->gather, target->committed, err))
		return false;
	load_gather_reset(&worker->gather);
	tables_sweep(&worker->tables);
	load_acks_send(&worker->acks, &worker->nats, target->durable);
	return !load_acks_full(&worker->acks) || settle(worker, err);
}

/* Takes in what is gathered; *changed when the copy's state is not what it was. */
static bool
take(Worker *worker, bool *changed, SluiceError *err)
{
	LoadTake what = load_gather_take(&worker->gather, worker->plan);

	*changed = false;
	if (worker->gather.count == 0)
		return true;
	if (!worker->target->load->take(worker->target, &what, err))
	{
		*changed = err->code == SLUICE_ERROR_STATE;
		if (*changed || lost_parts(worker))
			give_back(worker);
		return *changed;
	}
	count_taken(worker);
	if (is_worth_a_look(&worker->gather))
		bell_ring(worker->crew->settings.loaded);
	if (!finish_take(worker, err))
		return false;
	note_success(worker);
	if (!worker->target->worn)
		return true;
	if (!settle(worker, err))
		return false;
	close_target(worker);
	return true;
}

/* ---- the copy's state ---- */

static bool
read_plan(Worker *worker, SluiceError *err)
{
	ByteBuf json;

	bytebuf_init(&json, &allocator_malloc, LOAD_DOCUMENT_MAXIMUM);
	if (worker->target->load->read_document(worker->target, &json, err))
		worker->plan = load_plan_read((const char *) json.data, json.length, &worker->view, err);
	bytebuf_free(&json);
	return worker->plan != NULL;
}

/* The plan of the state, on a target whose tables are looked at anew when it is another. */
static bool
adopt_plan(Worker *worker, const LoadState *state, SluiceError *err)
{
	const LoadPlan *plan = worker->plan;

	if (plan != NULL && plan->generation == state->generation &&
		plan->load->incarnation == state->incarnation)
		return true;
	give_back(worker);
	if (plan != NULL)
		close_target(worker);
	load_plan_free(worker->plan);
	worker->plan = NULL;
	return open_target(worker, err) && read_plan(worker, err);
}

/* Rounds while bundles come. */
static bool
load(Worker *worker, const LoadState *state, int64_t *pause, SluiceError *err)
{
	bool later = false, changed = false, any = true;

	if (!adopt_plan(worker, state, err))
		return false;
	while (!stopped(worker) && any && !later && !changed)
	{
		worker->nats_failed = true;
		if (!open_puller(worker, err) ||
			(worker->gather.count == 0 && !gather(worker, &later, err)))
			return false;
		worker->nats_failed = false;
		any = worker->gather.count > 0;
		if (!open_target(worker, err) || !take(worker, &changed, err))
			return false;
	}
	if (!settle(worker, err))
		return false;
	note_success(worker);
	*pause = later || changed ? WAITING_MS : 0;
	return true;
}

/* Whether a bundle is of tables that join, whose copy is yet to be noted at the target. */
static bool
is_awaited(Worker *worker, const LoadState *state, const LoadMessage *message, bool *awaited,
		   SluiceError *err)
{
	const char *stream = worker->target_settings.stream;
	LoadPlan *plan = NULL;
	uint32_t newest;
	ByteBuf json;
	bool good;

	*awaited = message->incarnation != state->incarnation;
	if (*awaited || message->place.generation <= state->generation)
		return true;
	bytebuf_init(&json, &allocator_malloc, LOAD_DOCUMENT_MAXIMUM);
	good = load_document_newest(&worker->nats, stream, &newest, err) &&
		   load_document_fetch(&worker->nats, stream, newest, &json, err) &&
		   bytebuf_put_u8(&json, 0, err) &&
		   (plan = load_plan_read((const char *) json.data, json.length - 1, &worker->view, err)) !=
			   NULL;
	*awaited = good && plan->load->since > state->generation;
	load_plan_free(plan);
	bytebuf_free(&json);
	return good;
}

/*
 * All is in: what still comes, for instance what a writer that died had taken, is not wanted.
 * *others: there are bundles of another copy, which is yet to be noted at the target.
 */
static bool
drop_leftovers(Worker *worker, const LoadState *state, bool *others, SluiceError *err)
{
	const TargetSettings *settings = &worker->target_settings;
	bool left = false;

	*others = false;
	worker->nats_failed = true;
	if (!load_consumer_left(&worker->nats, settings->stream, settings->consumer, &left, err))
		return false;
	while (left && !stopped(worker))
	{
		LoadMessage message;
		bool awaited = false, ours;

		if (!open_puller(worker, err) ||
			!load_puller_next(worker->puller, LEFTOVER_MS, &message, err))
			return false;
		left = message.message != NULL;
		if (left &&
			(!is_awaited(worker, state, &message, &awaited, err) ||
			 !load_message_answer(&worker->nats, &message, awaited ? LOAD_RETURN : LOAD_ACK, err)))
		{
			load_message_free(&message);
			return false;
		}
		ours = left && !awaited;
		*others |= left && !ours;
		left = ours;
		load_message_free(&message);
	}
	worker->nats_failed = false;
	if (worker->puller != NULL)
		close_nats(worker); /* else its requests would go on */
	return true;
}

/* Nothing to load at present. */
static bool
rest(Worker *worker, const LoadState *state, const JetStreamInfo *info, int64_t *pause,
	 SluiceError *err)
{
	bool others;

	*pause = WAITING_MS;
	give_back(worker);
	note_success(worker);
	if (!state->exists || state->phase < LOAD_INDEXING)
		return true;
	*pause = OVER_MS;
	close_target(worker);
	if (!drop_leftovers(worker, state, &others, err))
		return false;
	if (others)
		return true;
	worker->over = *info;
	worker->over_state = *state;
	return true;
}

/* Nothing has come since all was in. */
static bool
is_over(const Worker *worker, const JetStreamInfo *info)
{
	return worker->over.created == info->created &&
		   worker->over.last_sequence == info->last_sequence;
}

static bool
look(Worker *worker, const JetStreamInfo *info, int64_t *pause, SluiceError *err)
{
	LoadState state;

	if (!open_target(worker, err) || !worker->target->load->read(worker->target, &state, err))
		return false;
	return state.exists && state.phase == LOAD_LOADING ? load(worker, &state, pause, err)
													   : rest(worker, &state, info, pause, err);
}

static bool
attend(Worker *worker, int64_t *pause, SluiceError *err)
{
	JetStreamInfo info;
	bool others;

	worker->nats_failed = true;
	if (!open_nats(worker, err))
		return false;
	if (!load_stream_info(&worker->nats, worker->target_settings.stream, &info, err))
	{
		*pause = ABSENT_MS;
		close_target(worker);
		return err->code == SLUICE_ERROR_NOT_FOUND;
	}
	worker->nats_failed = false;
	if (!is_over(worker, &info))
		return look(worker, &info, pause, err);
	*pause = OVER_MS;
	return drop_leftovers(worker, &worker->over_state, &others, err);
}

/* ---- trouble ---- */

/* So that whoever looks at the target, or asks the owner, sees why nothing comes in. */
static void
tell_target(Worker *worker, const SluiceError *err)
{
	if (!open_target(worker, NULL))
		return;
	worker->told_target = worker->target->load->set_error(worker->target, err->message, NULL);
	if (!worker->told_target)
		close_target(worker);
}

static int64_t
face(Worker *worker, const SluiceError *err)
{
	LoadCrew *crew = worker->crew;
	bool passes = sluice_error_transient(err->code);

	close_target(worker);
	if (worker->nats_failed)
	{
		give_back(worker);
		close_nats(worker);
	}
	if (stopped(worker))
		return 0;
	stats_count_error(crew->settings.target.stats, err->code);
	trouble_tell(&worker->trouble, crew->settings.target.log, passes ? LOG_WARNING : LOG_ERROR,
				 passes ? "loading is interrupted" : "loading is stopped by an error", err,
				 beacon_clock());
	if (passes)
		return retry_next(&worker->quick);
	tell_target(worker, err);
	return retry_next(&worker->slow);
}

static void *
run(void *argument)
{
	Worker *worker = argument;

	pthread_setname_np(pthread_self(), "load");
	while (!stopped(worker))
	{
		SluiceError err = {0};
		int64_t pause = 0;
		bool good;

		worker->heard = bell_heard(worker->crew->settings.moved);
		good = attend(worker, &pause, &err);
		pause_ms(worker, good ? pause : face(worker, &err), good);
	}
	give_back(worker);
	close_nats(worker);
	close_target(worker);
	return NULL;
}

/* ---- from outside ---- */

static void
worker_init(Worker *worker, LoadCrew *crew, uint64_t seed)
{
	*worker = (Worker){.crew = crew, .target_settings = crew->settings.target};
	worker->target_settings.go_on = go_on;
	worker->target_settings.context = worker;
	worker->view = *crew->settings.target.view;
	worker->view.flatten = false;
	tables_init(&worker->tables);
	worker->tables.names = worker->view.schemas;
	worker->tables.forget = forget_table;
	worker->tables.context = worker;
	load_gather_init(&worker->gather, TAKE_BYTES);
	retry_init(&worker->quick, (RetryPolicy){50, 3000}, seed);
	retry_init(&worker->slow, (RetryPolicy){1000, 5000}, seed);
}

static void
worker_free(Worker *worker)
{
	load_gather_free(&worker->gather);
	tables_free(&worker->tables);
	load_plan_free(worker->plan);
}

LoadCrew *
load_crew_start(const LoadCrewSettings *settings, SluiceError *err)
{
	size_t count = (size_t) settings->connections;
	LoadCrew *crew = calloc(1, sizeof(*crew) + count * sizeof(crew->workers[0]));

	if (crew == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for %zu threads", count);
		return NULL;
	}
	crew->settings = *settings;
	for (size_t i = 0; i < count; i++)
	{
		Worker *worker = &crew->workers[i];

		worker_init(worker, crew, (uint64_t) beacon_clock() + i);
		if (pthread_create(&worker->thread, NULL, run, worker) != 0)
		{
			worker_free(worker);
			load_crew_free(crew);
			(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "cannot start a thread: %m");
			return NULL;
		}
		crew->count++;
	}
	return crew;
}

void
load_crew_stop(LoadCrew *crew)
{
	if (crew == NULL)
		return;
	atomic_store(&crew->stop, true);
	bell_ring(crew->settings.moved);
	for (int i = 0; i < crew->count; i++)
	{
		(void) pthread_join(crew->workers[i].thread, NULL);
		worker_free(&crew->workers[i]);
	}
	crew->count = 0;
}

void
load_crew_free(LoadCrew *crew)
{
	load_crew_stop(crew);
	free(crew);
}

LoadCounts
load_crew_counts(const LoadCrew *crew)
{
	return (LoadCounts){atomic_load(&crew->rows), atomic_load(&crew->bytes),
						atomic_load(&crew->bundles)};
}
