/*
 * prepared.c - prepared transactions (prepared.h).
 */
#include "prepared.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- the list ---- */

void
prepared_remove(PreparedList *list, Prepared *prepared)
{
	Prepared **at = &list->first;

	if (prepared == NULL)
		return;
	while (*at != prepared)
		at = &(*at)->next;
	*at = prepared->next;
	row_hold_free(&prepared->hold);
	log_position_free(&prepared->place);
	free(prepared);
}

void
prepared_remove_all(PreparedList *list)
{
	while (list->first != NULL)
		prepared_remove(list, list->first);
}

bool
prepared_add(PreparedList *list, const XaName *name, RowHold *hold, const LogPosition *place,
			 SluiceError *err)
{
	Prepared *prepared = calloc(1, sizeof(*prepared));
	Prepared **last = &list->first;

	if (prepared == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a prepared transaction");
	if (!log_position_copy(&prepared->place, place, err))
	{
		log_position_free(&prepared->place);
		free(prepared);
		return false;
	}
	prepared->format = name->format;
	prepared->global_length = name->global_length;
	prepared->branch_length = name->branch_length;
	memcpy(prepared->name, name->data, (size_t) name->global_length + name->branch_length);
	prepared->hold = *hold;
	row_hold_init(hold);
	while (*last != NULL)
		last = &(*last)->next;
	*last = prepared;
	return true;
}

static bool
has_name(const Prepared *prepared, const XaName *name)
{
	return prepared->format == name->format && prepared->global_length == name->global_length &&
		   prepared->branch_length == name->branch_length &&
		   memcmp(prepared->name, name->data, (size_t) name->global_length + name->branch_length) ==
			   0;
}

Prepared *
prepared_find(const PreparedList *list, const XaName *name)
{
	Prepared *prepared = list->first;

	while (prepared != NULL && !has_name(prepared, name))
		prepared = prepared->next;
	return prepared;
}

/* ---- names ---- */

static int
hex_of(char c)
{
	if (isdigit((unsigned char) c))
		return c - '0';
	c = (char) tolower((unsigned char) c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* X'6162' at *at, which is passed; false for anything else. */
static bool
read_hex(const char **at, const char *end, uint8_t *bytes, size_t room, uint8_t *length)
{
	const char *text = *at;

	if (end - text < 3 || toupper((unsigned char) text[0]) != 'X' || text[1] != '\'')
		return false;
	for (text += 2, *length = 0; end - text >= 2 && hex_of(text[0]) >= 0; text += 2)
	{
		if (hex_of(text[1]) < 0 || *length >= room)
			return false;
		bytes[(*length)++] = (uint8_t) (hex_of(text[0]) << 4 | hex_of(text[1]));
	}
	if (text >= end || *text != '\'')
		return false;
	*at = text + 1;
	return true;
}

static bool
skip_comma(const char **at, const char *end)
{
	bool comma = *at < end && **at == ',';

	*at += comma;
	return comma;
}

bool
xa_name_read(const char *text, size_t length, uint8_t bytes[XA_NAME_BYTES], XaName *name)
{
	const char *end = text + length, *at = memchr(text, '\'', length);

	*name = (XaName){.data = bytes};
	if (at == NULL || at == text)
		return false;
	at--;
	if (!read_hex(&at, end, bytes, XA_NAME_BYTES / 2, &name->global_length) ||
		!skip_comma(&at, end) ||
		!read_hex(&at, end, bytes + name->global_length, XA_NAME_BYTES / 2, &name->branch_length) ||
		!skip_comma(&at, end) || at == end || !isdigit((unsigned char) *at))
		return false;
	for (; at < end && isdigit((unsigned char) *at); at++)
		name->format = name->format * 10 + (uint32_t) (*at - '0');
	return true;
}
