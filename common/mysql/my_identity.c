/*
 * my_identity.c - asking a server who it is (my_identity.h).
 */
#include "my_identity.h"

#include <stdio.h>

bool
my_identity(MyConnection *c, char text[MY_IDENTITY_SIZE], SluiceError *err)
{
	static const char *const sql[] = {
		[MY_MYSQL] = "SELECT @@server_uuid",
		[MY_MARIADB] = "SELECT CONCAT_WS(':', @@hostname, @@port, @@server_id, @@datadir)",
	};
	MYSQL_RES *result;
	MYSQL_ROW row;

	if (!my_query(c, &result, err, "%s", sql[c->flavour]))
		return false;
	row = mysql_fetch_row(result);
	(void) snprintf(text, MY_IDENTITY_SIZE, "%s", row != NULL && row[0] != NULL ? row[0] : "");
	mysql_free_result(result);
	return true;
}
