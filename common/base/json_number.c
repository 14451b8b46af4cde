#include "base/json_scan.h"

/* Far beyond any exponent that matters, far below what could overflow when digits are counted on top. */
#define EXPONENT_LIMIT 1000000000

struct decimal {
	bool negative;
	const char *digits; /* from the first that isn't zero, with the point among them; NULL if there is none */
	int64_t count;      /* to the last that isn't zero */
	int64_t power;      /* the value is those digits × 10^power */
};

static int64_t parse_exponent(const char *at, const char *end)
{
	bool negative = *at == '-';
	int64_t value = 0;
	if (*at == '-' || *at == '+')
		at++;
	for (; at < end; at++)
		if (value < EXPONENT_LIMIT)
			value = value * 10 + (*at - '0');
	return negative ? -value : value;
}

static void parse_decimal(struct voc_str number, struct decimal *decimal)
{
	const char *at = number.ptr;
	const char *end = at + number.len;
	*decimal = (struct decimal){ .negative = *at == '-' };
	int64_t trailing_zeros = 0;
	int64_t fraction_digits = 0;
	bool in_fraction = false;
	for (at += decimal->negative; at < end && *at != 'e' && *at != 'E'; at++) {
		if (*at == '.') {
			in_fraction = true;
			continue;
		}
		fraction_digits += in_fraction;
		if (!decimal->digits && *at != '0')
			decimal->digits = at;
		if (decimal->digits)
			decimal->count++;
		trailing_zeros = *at == '0' ? trailing_zeros + 1 : 0;
	}
	if (!decimal->digits)
		return;
	decimal->count -= trailing_zeros;
	decimal->power = trailing_zeros - fraction_digits + (at < end ? parse_exponent(at + 1, end) : 0);
}

/* Digits downwards from zero, since INT64_MIN has no positive twin. */
static bool push_digit(int64_t *value, int digit)
{
	return !__builtin_mul_overflow(*value, 10, value) && !__builtin_sub_overflow(*value, (int64_t)digit, value);
}

bool voc_json_scale_number(struct voc_str number, int shift, int64_t *ret_value, bool *ret_exact)
{
	struct decimal decimal;
	parse_decimal(number, &decimal);
	int64_t power = decimal.power + shift;
	int64_t keep = decimal.count + (power < 0 ? power : 0);
	int64_t value = 0;
	int64_t seen = 0;
	int rounding = 0;
	for (const char *at = decimal.digits; at && seen < decimal.count && seen <= keep; at++) {
		if (*at == '.')
			continue;
		if (seen == keep)
			rounding = *at - '0';
		else if (!push_digit(&value, *at - '0'))
			return false;
		seen++;
	}
	for (; value != 0 && power > 0; power--)
		if (!push_digit(&value, 0))
			return false;
	if (rounding >= 5 && __builtin_sub_overflow(value, 1, &value))
		return false;
	if (!decimal.negative && __builtin_sub_overflow((int64_t)0, value, &value))
		return false;
	*ret_value = value;
	*ret_exact = decimal.count == 0 || decimal.power + shift >= 0;
	return true;
}

/* 2^1024 - 2^970: the least value that no longer rounds to a finite double. 309 digits. */
static const char too_great[] =
        "1797693134862315807937289714053034150799341327100378269361737789804449682927647509466490179775872070963"
        "3028641669288791094655554785194040263065748867150582068190890200070838367627385484581771153176447573027"
        "0069855571366959622842914819860834936475292719074168444365510704342711559699508093042880177904174497792";

bool voc_json_number_is_finite(struct voc_str number)
{
	struct decimal decimal;
	if (number.len < 300 && !memchr(number.ptr, 'e', number.len) && !memchr(number.ptr, 'E', number.len))
		return true;
	parse_decimal(number, &decimal);
	const int64_t most = sizeof too_great - 1;
	if (decimal.count == 0 || decimal.count + decimal.power != most)
		return decimal.count == 0 || decimal.count + decimal.power < most;
	const char *limit = too_great;
	int64_t left = decimal.count;
	for (const char *at = decimal.digits; *limit && left > 0; at++) {
		if (*at == '.')
			continue;
		if (*at != *limit)
			return *at < *limit;
		limit++;
		left--;
	}
	/* Equal so far: what is left of the limit stands against zeros. */
	return limit[strspn(limit, "0")] != '\0';
}
