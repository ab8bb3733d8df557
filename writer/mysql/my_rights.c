/*
 * my_rights.c - reading SHOW GRANTS (my_rights.h).
 *
 * A row is "GRANT SELECT, CREATE ON `pattern`.* TO ...", of a role "GRANT `role`@`%` TO ...".  CREATE on
 * a database is also what making it needs.
 */
#include "my_rights.h"

#include <string.h>

/* MariaDB's release that can grant to all users at once, which is not among their own grants. */
#define PUBLIC_SINCE 101100

/* Of such databases MariaDB's old installations let everybody make some. */
#define EVERYBODYS "test"

/* Whether CREATE or all privileges are in the list between GRANT and ON. */
static bool
has_create(const char *list, const char *end)
{
	static const char *const words[] = {"CREATE", "ALL PRIVILEGES"};

	while (list < end)
	{
		size_t length = strcspn(list, ",");

		length = length < (size_t) (end - list) ? length : (size_t) (end - list);
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		{
			if (strlen(words[i]) == length && strncmp(list, words[i], length) == 0)
				return true;
		}
		list += length;
		list += strspn(list, ", ");
	}
	return false;
}

/* Whether a row's object, from behind ON, may be the database or something of it. */
static bool
may_be(const char *object, const char *database)
{
	if (*object++ != '`')
		return true; /* *.* */
	for (; *object != '\0' && *object != '%'; object++, database++)
	{
		if (*object == '`' && *++object != '`')
			return *database == '\0';
		if (*object == '_' && *database != '\0')
			continue;
		object += *object == '\\' && object[1] != '\0';
		if (strncasecmp(object, database, 1) != 0)
			return false;
	}
	return true;
}

static bool
grants(const char *row, const char *database)
{
	static const char grant[] = "GRANT ", on[] = " ON ";
	const char *list = row + sizeof(grant) - 1, *end;

	if (strncmp(row, grant, sizeof(grant) - 1) != 0)
		return false;
	end = strstr(list, on);
	return end == NULL || (has_create(list, end) && may_be(end + sizeof(on) - 1, database));
}

/* -1 when the server does not say. */
static int
says(MyConnection *c, const char *of, const char *database)
{
	MYSQL_RES *result = NULL;
	MYSQL_ROW row;
	SluiceError err = {0};
	bool granted = false;

	if (!my_query(c, &result, &err, "SHOW GRANTS%s", of))
		return -1;
	while ((row = mysql_fetch_row(result)) != NULL)
		granted |= grants(row[0], database);
	mysql_free_result(result);
	return granted;
}

bool
my_may_create(MyConnection *c, const char *database)
{
	if (says(c, "", database) != 0 ||
		strncasecmp(database, EVERYBODYS, sizeof(EVERYBODYS) - 1) == 0)
		return true;
	return c->flavour == MY_MARIADB && c->version >= PUBLIC_SINCE &&
		   says(c, " FOR PUBLIC", database) > 0;
}
