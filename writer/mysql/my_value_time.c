/*
 * my_value_time.c - dates and times for columns of dates and times.
 *
 * MySQL has the years 1 to 9999 and no infinities; PostgreSQL's moments are held against the
 * column's limits in microseconds since 2000-01-01, infinities being the ends of that range.
 */
#include "my_value_parts.h"

#define SECOND_US 1000000

/* Microseconds of what the column's last digit counts. */
static int64_t
unit_of(const MyConverter *c)
{
	int64_t unit = SECOND_US;

	if (c->target.kind == KIND_DATE)
		return PG_DAY_US;
	for (int i = 0; i < c->fraction_digits; i++)
		unit /= 10;
	return unit;
}

/* What a moment has beyond the column's last digit. */
static int64_t
beyond(int64_t microseconds, int64_t unit)
{
	int64_t rest = microseconds % unit;

	return rest < 0 ? rest + unit : rest;
}

static int64_t
nearest(const MyConverter *c, int64_t microseconds, int64_t unit)
{
	int64_t rest;

	if (microseconds < c->low)
		microseconds = c->low;
	if (microseconds > c->high)
		microseconds = c->high;
	rest = beyond(microseconds, unit);
	if (rest * 2 >= unit && microseconds - rest + unit <= c->high)
		microseconds += unit;
	return microseconds - rest;
}

static bool
give_moment(MyConverter *c, int64_t moment, const uint8_t *data, uint32_t length, MyValue *value,
			SluiceError *err)
{
	int64_t unit = unit_of(c);
	bool outside = moment < c->low || moment > c->high;

	if (outside || beyond(moment, unit) != 0)
	{
		if (c->policy != LOSS_CLAMP)
			return my_lose(c, data, length,
						   outside ? "it is out of the column's range"
								   : "it is finer than the column",
						   value, err);
		moment = nearest(c, moment, unit);
	}
	return my_give_small(c, MY_PLAIN,
						 c->target.kind == KIND_DATE
							 ? pg_put_date((int32_t) (moment / PG_DAY_US), c->small)
							 : pg_put_timestamp(moment, c->small),
						 value);
}

bool
my_encode_date(MyConverter *c, const uint8_t *data, uint32_t length, MyValue *value,
			   SluiceError *err)
{
	int64_t days = (int32_t) load_u32(data);
	int64_t moment = days * PG_DAY_US;

	/* Days that far off are not microseconds of 64 bits. */
	if (days > INT64_MAX / PG_DAY_US || days < INT64_MIN / PG_DAY_US)
		moment = days > 0 ? INT64_MAX : INT64_MIN;
	return give_moment(c, moment, data, length, value, err);
}

bool
my_encode_timestamp(MyConverter *c, const uint8_t *data, uint32_t length, MyValue *value,
					SluiceError *err)
{
	return give_moment(c, (int64_t) load_u64(data), data, length, value, err);
}

bool
my_encode_time(MyConverter *c, const uint8_t *data, uint32_t length, MyValue *value,
			   SluiceError *err)
{
	int64_t time = (int64_t) load_u64(data);
	int64_t unit = unit_of(c);
	int64_t rest;

	if (time < 0 || time > PG_DAY_US)
		return my_malformed(c, err);
	rest = beyond(time, unit);
	if (rest != 0)
	{
		if (c->policy != LOSS_CLAMP)
			return my_lose(c, data, length, "it is finer than the column", value, err);
		time += rest * 2 >= unit ? unit - rest : -rest;
	}
	return my_give_small(c, MY_PLAIN, pg_put_time(time, c->small), value);
}
