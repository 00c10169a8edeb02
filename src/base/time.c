/* time: RFC 3339 and kubectl's way to print an age. No time zone data: only UTC and numeric offsets. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "onesdn/base.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };
#define DAY ((int64_t)24 * HOUR)

int64_t time_wall_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * SECOND + now.tv_nsec / 1000000;
}

/* Days since 1970-01-01 of a date of the Gregorian calendar, counted in eras of 400 years that begin in March. */
static int64_t days_of(int64_t year, int month, int day)
{
	year -= month <= 2;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t year_of_era = year - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static int days_in(int64_t year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return days[month - 1] + (month == 2 && is_leap);
}

/* Exactly `n` digits; moves *at past them. */
static bool digits(const char **at, int n, int *out)
{
	int value = 0;
	for (int i = 0; i < n; i++) {
		char c = (*at)[i];
		if (c < '0' || c > '9')
			return false;
		value = value * 10 + (c - '0');
	}
	*at += n;
	*out = value;
	return true;
}

static bool literal(const char **at, const char *any_of)
{
	if (**at == '\0' || !strchr(any_of, **at))
		return false;
	++*at;
	return true;
}

static bool parse_date(const char **at, int64_t *ms)
{
	int year, month, day;
	if (!digits(at, 4, &year) || !literal(at, "-") || !digits(at, 2, &month) || !literal(at, "-") ||
	    !digits(at, 2, &day))
		return false;
	if (month < 1 || month > 12 || day < 1 || day > days_in(year, month))
		return false;
	*ms = days_of(year, month, day) * DAY;
	return true;
}

static bool parse_clock(const char **at, int64_t *ms)
{
	int hour, minute, second, fraction = 0;
	if (!digits(at, 2, &hour) || !literal(at, ":") || !digits(at, 2, &minute) || !literal(at, ":") ||
	    !digits(at, 2, &second))
		return false;
	if (hour > 23 || minute > 59 || second > 60) /* 60: a leap second */
		return false;
	if (**at == '.') {
		int scale = 100, digit;
		++*at;
		if (!digits(at, 1, &digit))
			return false;
		do {
			fraction += digit * scale;
			scale /= 10;
		} while (digits(at, 1, &digit));
	}
	*ms = (int64_t)hour * HOUR + (int64_t)minute * MINUTE + (int64_t)second * SECOND + fraction;
	return true;
}

static bool parse_zone(const char **at, int64_t *ms)
{
	int hour, minute;
	*ms = 0;
	if (literal(at, "Zz"))
		return true;
	int64_t sign = **at == '-' ? -1 : 1;
	if (!literal(at, "+-") || !digits(at, 2, &hour) || !literal(at, ":") || !digits(at, 2, &minute))
		return false;
	*ms = sign * ((int64_t)hour * HOUR + (int64_t)minute * MINUTE);
	return hour <= 23 && minute <= 59;
}

bool time_parse(const char *rfc3339, int64_t *ms)
{
	const char *at = rfc3339;
	int64_t date, clock, zone;
	if (!parse_date(&at, &date) || !literal(&at, "Tt ") || !parse_clock(&at, &clock) || !parse_zone(&at, &zone) ||
	    *at != '\0')
		return false;
	*ms = date + clock - zone;
	return true;
}

void time_format(int64_t ms, char out[32])
{
	int64_t low = days_of(0, 1, 1) * DAY,
	        high = days_of(10000, 1, 1) * DAY - 1; /* RFC 3339 has four digits for the year */
	ms = ms < low ? low : ms > high ? high : ms;
	int64_t days = ms >= 0 ? ms / DAY : -((DAY - 1 - ms) / DAY);
	int64_t rest = (ms - days * DAY) / SECOND;
	int64_t shifted = days + 719468;
	int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
	int64_t day_of_era = shifted - era * 146097;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month_from_march = (5 * day_of_year + 2) / 153;
	int day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
	int month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
	int year = (int)(year_of_era + era * 400 + (month <= 2));
	snprintf(out, 32, "%04u-%02u-%02uT%02u:%02u:%02uZ", (unsigned)year % 10000, (unsigned)month % 100,
	         (unsigned)day % 100, (unsigned)(rest / 3600) % 24, (unsigned)(rest / 60) % 60, (unsigned)rest % 60);
}

/* One row per stretch: below `below` the age is printed in `unit`, with the rest in `rest_unit` where there is one
 * and it is not zero. The bounds are those of HumanDuration in k8s.io/apimachinery. */
static const struct {
	int64_t below, unit, rest_unit;
	char name, rest_name;
} ages[] = {
        {2 * MINUTE, SECOND, 0, 's', 0},   {10 * MINUTE, MINUTE, SECOND, 'm', 's'},
        {3 * HOUR, MINUTE, 0, 'm', 0},     {8 * HOUR, HOUR, MINUTE, 'h', 'm'},
        {2 * DAY, HOUR, 0, 'h', 0},        {8 * DAY, DAY, HOUR, 'd', 'h'},
        {2 * 365 * DAY, DAY, 0, 'd', 0},   {8 * 365 * DAY, 365 * DAY, DAY, 'y', 'd'},
        {INT64_MAX, 365 * DAY, 0, 'y', 0},
};

void time_age(int64_t ms, char out[16])
{
	if (ms <= -2 * SECOND) { /* clocks differ a little; more than that is wrong */
		snprintf(out, 16, "<invalid>");
		return;
	}
	ms = ms < 0 ? 0 : ms;
	size_t row = 0;
	while (row + 1 < sizeof ages / sizeof ages[0] && ms >= ages[row].below)
		row++;
	int64_t rest = ages[row].rest_unit ? ms % ages[row].unit / ages[row].rest_unit : 0;
	int len = snprintf(out, 16, "%d%c", (int)(ms / ages[row].unit), ages[row].name);
	if (rest > 0)
		snprintf(out + len, 16 - (size_t)len, "%d%c", (int)rest, ages[row].rest_name);
}
