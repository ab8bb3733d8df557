/*
 * type_preview.h - which type each column of a source gets at a target, and whether all of its values fit there.
 *
 * The target's types are those of the writer's plan; what may be lost follows from the table of types (type_map.h).
 */
#ifndef SLUICE_CONTROL_TYPE_PREVIEW_H
#define SLUICE_CONTROL_TYPE_PREVIEW_H

#include <jansson.h>

#include "common/core/schema_document.h"
#include "common/core/type_map.h"
#include "plan_text.h"

typedef struct TypePreview
{
	const SchemaDocument *document; /* the source's, flattened when the writer's is */
	TargetKind target;
	const TypeRules *rules; /* may be NULL */
	const PlanText *plan;
} TypePreview;

/*
 * [{schema, name, columns: [{name, source_type, canonical, target_type, fidelity, reason, policy}]}]; fidelity is
 * lossless, lossy or unsupported.  NULL without memory.
 */
extern json_t *type_preview_tables(const TypePreview *preview);

#endif
