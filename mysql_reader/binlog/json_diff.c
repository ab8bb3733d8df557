/*
 * json_diff.c - changes of a JSON document (json_diff.h).
 *
 * The document becomes a tree, but only where a change leads: a node is a value as it lies in one of
 * the documents until a path goes through it, then it is opened and has its members.
 */
#include "json_diff.h"

#include "json_path.h"

#include <stdlib.h>

typedef enum JsonOperation
{
	JSON_REPLACE,
	JSON_INSERT,
	JSON_REMOVE
} JsonOperation;

typedef struct Node
{
	JsonValue value; /* as it lies in a document; of an opened one only the type counts */
	bool opened;
	struct Member *members; /* of an opened object or array */
	size_t count, room;
} Node;

typedef struct Member
{
	uint8_t *name; /* its own; NULL in an array */
	size_t name_length;
	Node node;
} Member;

/* ---- the tree ---- */

/* Only what paths went through has members, so the depth is that of a path. */
static void
free_node(Node *node)
{
	for (size_t i = 0; i < node->count; i++)
	{
		free(node->members[i].name);
		free_node(&node->members[i].node);
	}
	free(node->members);
	*node = (Node){0};
}

static bool
is_object(const Node *node)
{
	return node->value.type == JSON_SMALL_OBJECT || node->value.type == JSON_LARGE_OBJECT;
}

static bool
is_array(const Node *node)
{
	return node->value.type == JSON_SMALL_ARRAY || node->value.type == JSON_LARGE_ARRAY;
}

/* A free place at `at`; what lies behind it moves. */
static Member *
make_place(Node *node, size_t at, SluiceError *err)
{
	if (node->count == node->room)
	{
		size_t room = node->room * 2 + 4;
		Member *members = realloc(node->members, room * sizeof(*members));

		if (members == NULL)
		{
			sluice_error_fill(err, SLUICE_ERROR_MEMORY, "out of memory for changes of JSON");
			return NULL;
		}
		node->members = members;
		node->room = room;
	}
	memmove(node->members + at + 1, node->members + at, (node->count++ - at) * sizeof(Member));
	node->members[at] = (Member){0};
	return &node->members[at];
}

static bool
add_member(Node *node, size_t at, const ByteCursor *name, const JsonValue *value, SluiceError *err)
{
	Member *member = make_place(node, at, err);

	if (member == NULL)
		return false;
	member->node.value = *value;
	if (name == NULL)
		return true;
	member->name_length = little_left(name);
	member->name = malloc(member->name_length + 1);
	if (member->name == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for changes of JSON");
	memcpy(member->name, name->at, member->name_length);
	return true;
}

static bool
open_node(Node *node, SluiceError *err)
{
	JsonContainer container;

	if (node->opened || !json_is_container(node->value.type))
		return true;
	if (!json_container(&node->value, &container, err))
		return false;
	node->opened = true;
	for (uint64_t i = 0; i < container.count; i++)
	{
		ByteCursor name;
		JsonValue value;

		if ((container.object && !json_key(&container, i, &name, err)) ||
			!json_member(&container, i, &value, err) ||
			!add_member(node, node->count, container.object ? &name : NULL, &value, err))
			return false;
	}
	return true;
}

/* Where the name is or would be: names are in the order of their lengths, then bytes. */
static size_t
find_name(const Node *node, const JsonLeg *leg, bool *same)
{
	size_t low = 0, high = node->count;

	*same = false;
	while (low < high && !*same)
	{
		size_t middle = low + (high - low) / 2;
		const Member *member = &node->members[middle];
		int order = member->name_length != leg->name_length
						? (member->name_length < leg->name_length ? -1 : 1)
						: memcmp(member->name, leg->name, leg->name_length);

		*same = order == 0;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return high;
}

/* The place of a leg in an opened node; *there when something is at it. */
static bool
find_place(const Node *node, const JsonLeg *leg, size_t *at, bool *there)
{
	if (leg->name != NULL)
	{
		*at = is_object(node) ? find_name(node, leg, there) : 0;
		return is_object(node);
	}
	*there = leg->index < node->count;
	*at = *there ? (size_t) leg->index : node->count;
	return is_array(node);
}

static bool
fail_path(const JsonPath *path, SluiceError *err)
{
	return sluice_fail(err, SLUICE_ERROR_CORRUPT,
					   "a change of JSON at %.*s, which the document before does not have",
					   (int) (path->text_length < 100 ? path->text_length : 100), path->text);
}

/* Where a path leads without its last `left_out` legs. */
static Node *
seek(Node *root, const JsonPath *path, size_t left_out, SluiceError *err)
{
	Node *node = root;

	for (size_t i = 0; i + left_out < path->count; i++)
	{
		const JsonLeg *leg = &path->legs[i];
		size_t at;
		bool there = false;

		if (!open_node(node, err))
			return NULL;
		/* What is no array counts as one of a single element. */
		if (leg->name == NULL && leg->index == 0 && !is_array(node))
			continue;
		if (!find_place(node, leg, &at, &there) || !there)
		{
			(void) fail_path(path, err);
			return NULL;
		}
		node = &node->members[at].node;
	}
	return node;
}

/* ---- changes ---- */

static bool
replace(Node *root, const JsonPath *path, const JsonValue *value, SluiceError *err)
{
	Node *node = seek(root, path, 0, err);

	if (node == NULL)
		return false;
	free_node(node);
	node->value = *value;
	return true;
}

static bool
insert(Node *root, const JsonPath *path, const JsonValue *value, SluiceError *err)
{
	Node *node = path->count > 0 ? seek(root, path, 1, err) : NULL;
	const JsonLeg *leg = path->count > 0 ? &path->legs[path->count - 1] : NULL;
	bool there = false;
	size_t at;
	ByteCursor name;

	if (leg == NULL)
		return fail_path(path, err);
	if (node == NULL || !open_node(node, err))
		return false;
	if (!find_place(node, leg, &at, &there) || (leg->name != NULL && there))
		return fail_path(path, err);
	if (leg->name == NULL)
		return add_member(node, at, NULL, value, err);
	name = (ByteCursor){leg->name, leg->name + leg->name_length};
	return add_member(node, at, &name, value, err);
}

static bool
drop(Node *root, const JsonPath *path, SluiceError *err)
{
	Node *node = path->count > 0 ? seek(root, path, 1, err) : NULL;
	bool there = false;
	size_t at;

	if (path->count == 0)
		return fail_path(path, err);
	if (node == NULL || !open_node(node, err))
		return false;
	if (!find_place(node, &path->legs[path->count - 1], &at, &there) || !there)
		return fail_path(path, err);
	free(node->members[at].name);
	free_node(&node->members[at].node);
	memmove(node->members + at, node->members + at + 1, (--node->count - at) * sizeof(Member));
	return true;
}

static bool
apply(Node *root, ByteCursor *changes, JsonPath *path, SluiceError *err)
{
	uint8_t operation;
	const uint8_t *text, *document;
	size_t text_length, length;
	JsonValue value = {0};

	if (!little_u8(changes, &operation, err) ||
		!little_packed_bytes(changes, &text, &text_length, err))
		return false;
	if (operation > JSON_REMOVE)
		return sluice_fail(err, SLUICE_ERROR_VERSION, "an unknown change %u of JSON", operation);
	if (!json_path_read(path, text, text_length, err))
		return false;
	if (operation == JSON_REMOVE)
		return drop(root, path, err);
	return little_packed_bytes(changes, &document, &length, err) &&
		   json_open(document, length, &value, err) &&
		   (operation == JSON_REPLACE ? replace : insert)(root, path, &value, err);
}

/* ---- text ---- */

static bool
write_node(const Node *node, unsigned depth, ByteBuf *out, SluiceError *err)
{
	if (!node->opened)
		return json_value_text(&node->value, depth, out, err);
	if (depth >= JSON_DEPTH_MAXIMUM)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "JSON nested deeper than %d",
						   JSON_DEPTH_MAXIMUM);
	if (!bytebuf_put_u8(out, is_object(node) ? '{' : '[', err))
		return false;
	for (size_t i = 0; i < node->count; i++)
	{
		const Member *member = &node->members[i];

		if ((i > 0 && !bytebuf_put(out, ", ", 2, err)) ||
			(member->name != NULL &&
			 (!json_string_text(member->name, member->name_length, out, err) ||
			  !bytebuf_put(out, ": ", 2, err))) ||
			!write_node(&member->node, depth + 1, out, err))
			return false;
	}
	return bytebuf_put_u8(out, is_object(node) ? '}' : ']', err);
}

bool
json_diff_text(const uint8_t *before, size_t before_length, const uint8_t *changes,
			   size_t changes_length, ByteBuf *out, SluiceError *err)
{
	ByteCursor at = {changes, changes + changes_length};
	Node root = {0};
	JsonPath path;
	bool good;

	json_path_init(&path);
	good = json_open(before, before_length, &root.value, err);
	while (good && at.at < at.end)
		good = apply(&root, &at, &path, err);
	good = good && write_node(&root, 0, out, err);
	json_path_free(&path);
	free_node(&root);
	return good;
}
