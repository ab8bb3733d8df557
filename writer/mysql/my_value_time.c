/*
 * my_value_time.c - dates and times for columns of dates and times.
 *
 * MySQL has the years 1 to 9999 and no infinities; PostgreSQL's moments are held against the
 * column's limits in microseconds since 2000-01-01, infinities being the ends of that range.
 */
#include "my_value_parts.h"

#include <inttypes.h>
#include <stdio.h>

#define SECOND_US	  1000000
#define DURATION_DAYS 35
#define DURATION_MOST (INT64_C(839) * 3600 * SECOND_US - 1)	  /* 838:59:59.999999 */
#define DURATION_LAST ((INT64_C(839) * 3600 - 1) * SECOND_US) /* what all columns have */

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

/* MySQL's and MariaDB's own date before all others. */
static bool
give_zero_date(MyConverter *c, MyValue *value)
{
	static const char zero[] = "0000-00-00 00:00:00";

	*value = (MyValue){MY_PLAIN, zero, c->target.kind == KIND_DATE ? 10 : sizeof(zero) - 1};
	return true;
}

static bool
give_moment(MyConverter *c, int64_t moment, const uint8_t *data, uint32_t length, MyValue *value,
			SluiceError *err)
{
	int64_t unit = unit_of(c);
	bool outside = moment < c->low || moment > c->high;

	if (c->native && moment == INT64_MIN)
		return give_zero_date(c, value);
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

char *
my_put_duration(int64_t microseconds, char *small)
{
	uint64_t size = microseconds < 0 ? -(uint64_t) microseconds : (uint64_t) microseconds;
	uint64_t seconds = size / SECOND_US;
	int length =
		snprintf(small, PG_TIME_SIZE, "%s%02" PRIu64 ":%02" PRIu64 ":%02" PRIu64 ".%06" PRIu64,
				 microseconds < 0 ? "-" : "", seconds / 3600, seconds / 60 % 60, seconds % 60,
				 size % SECOND_US);
	char *end = small + length;

	while (end[-1] == '0')
		end--;
	return end[-1] == '.' ? end - 1 : end;
}

/* What PostgreSQL keeps as days has 24 hours each here; false when it is more than a column has. */
static bool
add_days(const PgInterval *interval, int64_t *time)
{
	*time = interval->microseconds;
	if (interval->days > DURATION_DAYS || interval->days < -DURATION_DAYS ||
		*time > DURATION_MOST || *time < -DURATION_MOST)
	{
		/* An interval of such days is on their side, whatever its time is. */
		*time = interval->days != 0 ? interval->days : *time;
		return false;
	}
	*time += interval->days * PG_DAY_US;
	return *time <= DURATION_MOST && *time >= -DURATION_MOST;
}

bool
my_encode_duration(MyConverter *c, const uint8_t *data, uint32_t length, MyValue *value,
				   SluiceError *err)
{
	PgInterval interval = pg_load_interval(data);
	int64_t unit = unit_of(c), time, rest;
	bool fits = add_days(&interval, &time);

	rest = time % unit;
	/* Months have no number of days. */
	if (interval.months != 0 || ((!fits || rest != 0) && c->policy != LOSS_CLAMP))
		return my_lose(c, data, length,
					   interval.months == 0 && fits ? "it is finer than the column"
													: "it is out of the column's range",
					   value, err);
	if (fits && rest != 0)
		time += (rest < 0 ? -rest : rest) * 2 < unit ? -rest : (rest < 0 ? -unit : unit) - rest;
	if (!fits || (rest != 0 && (time > DURATION_LAST || time < -DURATION_LAST)))
		time = time < 0 ? -DURATION_LAST : DURATION_LAST;
	return my_give_small(c, MY_PLAIN, my_put_duration(time, c->small), value);
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
