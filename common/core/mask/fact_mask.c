#include "core/mask/fact_mask.h"

#include "base/utf8.h"
#include "core/mask/mask.h"

#define CONTACT_KEPT 2
#define CARD_KEPT    4
#define PASSES_MAX   8

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A letter or digit of ASCII, or a byte of any character beyond. */
static bool is_word(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c & 0x80);
}

struct voc_str voc_fact_mask_person(struct voc_str text, char to[VOC_FACT_MASK_SIZE])
{
	size_t first = text.len > 0 ? voc_utf8_length(text.ptr, text.ptr + text.len) : 0;
	memcpy(to, text.ptr, first);
	memcpy(to + first, "**", 2);
	return voc_str_of(to, first + 2);
}

/* `masked` has the bytes of `text`, some of them stars: one star for a character, or a field would grow beyond what it
 * may have. */
static struct voc_str by_character(struct voc_str text, char *masked)
{
	size_t len = 0;
	for (size_t at = 0; at < text.len;) {
		size_t bytes = voc_utf8_length(text.ptr + at, text.ptr + text.len);
		size_t kept = bytes == 0 || masked[at] == '*' ? 1 : bytes;
		memmove(masked + len, masked + at, kept);
		len += kept;
		at += bytes > 0 ? bytes : 1;
	}
	return voc_str_of(masked, len);
}

/* Stars for what `hides` says, but for the last `kept` of them. Characters beyond ASCII are never among those. */
static struct voc_str mask_but_last(struct voc_str text, bool (*hides)(char c), size_t kept,
                                    char to[VOC_FACT_MASK_SIZE])
{
	for (size_t at = text.len; at-- > 0;) {
		char c = text.ptr[at];
		bool hidden = hides(c);
		bool shown = hidden && !(c & 0x80) && kept > 0;
		kept -= hidden && kept > 0;
		to[at] = hidden && !shown ? '*' : c;
	}
	return by_character(text, to);
}

struct voc_str voc_fact_mask_contact(struct voc_str text, char to[VOC_FACT_MASK_SIZE])
{
	return mask_but_last(voc_str_clip(text, VOC_FACT_MASK_SIZE), is_word, CONTACT_KEPT, to);
}

/* U+FF10 to U+FF19 as ASCII. */
static struct voc_str narrow_digits(struct voc_str text, char to[VOC_FACT_MASK_SIZE])
{
	size_t len = 0;
	while (text.len > 0) {
		const char *from = text.ptr;
		uint32_t c = voc_utf8_take(&text);
		size_t bytes = (size_t)(text.ptr - from);
		if (c >= 0xFF10 && c <= 0xFF19) {
			to[len++] = (char)('0' + (c - 0xFF10));
		} else {
			memcpy(to + len, from, bytes);
			len += bytes;
		}
	}
	return voc_str_of(to, len);
}

struct voc_str voc_fact_mask_card(struct voc_str text, char to[VOC_FACT_MASK_SIZE])
{
	char narrow[VOC_FACT_MASK_SIZE];
	return mask_but_last(narrow_digits(voc_str_clip(text, sizeof narrow), narrow), is_digit, CARD_KEPT, to);
}

/*
 * Again until nothing more is found: what is masked gets shorter, and so a word that tells of a number ("account") may
 * come near enough to the next one. Two passes do for nearly any text.
 */
struct voc_str voc_fact_mask_note(struct voc_str text, char to[VOC_FACT_MASK_SIZE])
{
	char before[VOC_FACT_MASK_SIZE];
	struct voc_str masked = voc_str_of(to, voc_str_clip(text, VOC_FACT_MASK_SIZE).len);
	memcpy(to, text.ptr, masked.len);
	for (int pass = 0; pass < PASSES_MAX; pass++) {
		memcpy(before, to, masked.len);
		if (!voc_mask(to, masked.len))
			break;
		masked = by_character(voc_str_of(before, masked.len), to);
	}
	return masked;
}
