/*
 * change_bundle.c - filling and sending bundles of changes (change_bundle.h).
 */
#include "change_bundle.h"

#include <stdio.h>

bool
change_is_known(ChangeWriter *writer, ChangeId *id)
{
	*id = (ChangeId){writer->options.incarnation, writer->group.commit, writer->group.next_index++};
	return change_id_compare(id, &writer->known) <= 0;
}

bool
change_require_bundle(ChangeWriter *writer, SluiceError *err)
{
	if (writer->bundle_open)
		return true;
	if (!bundle_writer_start(&writer->bundle, &writer->last, writer->expected, err))
		return false;
	writer->bundle_open = true;
	writer->serial++;
	return true;
}

bool
change_require_begin(ChangeWriter *writer, SluiceError *err)
{
	ChangeGroup *group = &writer->group;
	BundleBegin begin = {.commit = group->commit,
						 .commit_time = group->commit_time,
						 .xid = (uint32_t) group->commit,
						 .origin = ""};
	ChangeId id;

	if (group->began)
		return true;
	group->began = true;
	if (change_is_known(writer, &id))
		return true;
	if (!change_require_bundle(writer, err) || !bundle_add_begin(&writer->bundle, &begin, &id, err))
		return false;
	writer->last = id;
	return true;
}

bool
change_require_relation(ChangeWriter *writer, const BundleRelation *relation, uint64_t *bundle,
						uint16_t *number, SluiceError *err)
{
	if (!change_require_bundle(writer, err))
		return false;
	if (*bundle == writer->serial)
		return true;
	if (!bundle_add_relation(&writer->bundle, relation, number, err))
		return false;
	*bundle = writer->serial;
	return true;
}

/* ---- sending ---- */

bool
change_emit(ChangeWriter *writer, SluiceError *err)
{
	size_t expected = writer->bundle.buf.length + 1024;
	bool within = writer->group.open && writer->last.commit == writer->group.commit &&
				  !change_id_complete(&writer->last);

	/* The next one is likely as long; a lone huge one must not set the measure. */
	if (expected > writer->options.bundle_bytes * 2)
		expected = writer->options.bundle_bytes * 2;
	if (!writer->options.hooks.emit(writer->options.hooks.context, &writer->bundle,
									change_writer_place(writer), within ? writer->group.gtid : "",
									err))
		return false;
	writer->bundle_open = false;
	writer->expected = expected;
	writer->known = writer->last;
	writer->group.sent |= within;
	writer->counts.bundles++;
	return true;
}

/* MySQL mends its log when it starts again, MariaDB leaves it as it was. */
static bool
may_be_cut_off(const ChangeWriter *writer)
{
	const LogReader *reader = writer->reader;

	return writer->group.open && !writer->group.ending &&
		   reader->format.flavour == FLAVOUR_MARIADB &&
		   file_position_number(reader->file, 0) < writer->live_file;
}

bool
change_emit_when_full(ChangeWriter *writer, SluiceError *err)
{
	if (!writer->bundle_open || (writer->bundle.changes < writer->options.bundle_rows &&
								 writer->bundle.buf.length < writer->options.bundle_bytes))
		return true;
	if (!may_be_cut_off(writer))
		return change_emit(writer, err);
	writer->group.holding = true;
	return true;
}

/* ---- going back ---- */

BundleMark
change_mark(const ChangeWriter *writer)
{
	const BundleWriter *bundle = &writer->bundle;

	return (BundleMark){.serial = writer->bundle_open ? writer->serial : 0,
						.length = bundle->buf.length,
						.records = bundle->records,
						.changes = bundle->changes,
						.relations = bundle->relations,
						.first = bundle->first,
						.last = writer->last,
						.commit_time = bundle->commit_time};
}

/* Relations told since are told again, as relations are known by the bundle's serial. */
bool
change_go_back(ChangeWriter *writer, const BundleMark *mark)
{
	BundleWriter *bundle = &writer->bundle;

	if (writer->group.sent)
		return false;
	writer->last = mark->last;
	writer->serial++;
	if (mark->serial == 0)
	{
		writer->bundle_open = false;
		return true;
	}
	bundle->buf.length = mark->length;
	bundle->records = mark->records;
	bundle->changes = mark->changes;
	bundle->relations = mark->relations;
	bundle->first = mark->first;
	bundle->last = mark->last;
	bundle->commit_time = mark->commit_time;
	return true;
}
