#include "core/classify/normalize.h"

#include <utf8proc.h>

#define TAIL_BYTES    (VOC_CLASSIFY_MAX_BYTES * 3 / 8)
#define SEGMENT_MARKS 16 /* that join one base; the rest of a pile starts anew */
#define SEGMENT_OUT   ((SEGMENT_MARKS + 1) * 4)

/* One pass over a piece of the original. */
struct reader {
	struct voc_str text;
	size_t at;
	struct voc_normal *normal;
};

static bool is_syllable(uint32_t c)
{
	return c >= 0xAC00 && c <= 0xD7A3;
}

static uint32_t fold_ascii(uint32_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* The next code point and its length; a broken sequence is one byte of nothing (-1). */
static int32_t peek(const struct reader *reader, size_t at, size_t *ret_len)
{
	const unsigned char *p = (const unsigned char *)reader->text.ptr + at;
	*ret_len = 1;
	if (p[0] < 0x80)
		return p[0];
	utf8proc_int32_t c;
	utf8proc_ssize_t len = utf8proc_iterate(p, (utf8proc_ssize_t)(reader->text.len - at), &c);
	if (len <= 0)
		return -1;
	*ret_len = (size_t)len;
	return c;
}

/* Might it compose with what stands before it? */
static bool joins(int32_t c)
{
	if (c < 0x300 || is_syllable((uint32_t)c))
		return false;
	if (c >= 0x1160 && c <= 0x11FF) /* vowels and finals of decomposed Hangul */
		return true;
	const utf8proc_property_t *property = utf8proc_get_property(c);
	return property->combining_class != 0 || property->category == UTF8PROC_CATEGORY_MN ||
	       property->category == UTF8PROC_CATEGORY_MC;
}

static uint32_t tidy(uint32_t c)
{
	switch (c) {
	case '\t':
	case '\r':
	case '\v':
	case '\f':
	case 0xA0:
	case 0x3000: return ' ';
	case 0x2028:
	case 0x2029: return '\n';
	case 0x2018:
	case 0x2019:
	case 0x02BC:
	case 0x00B4:
	case '`': return '\'';
	case 0x201C:
	case 0x201D: return '"';
	case 0xFF1F: return '?';
	case 0xFF01: return '!';
	default: return c >= 0x2000 && c <= 0x200A ? ' ' : c;
	}
}

static bool is_invisible(uint32_t c)
{
	return (c < 0x20 && c != '\n') || (c >= 0x7F && c < 0xA0) || c == 0xAD || (c >= 0x200B && c <= 0x200F) ||
	       (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x2064) || c == 0xFEFF || c == 0xFFFD ||
	       (c >= 0xFE00 && c <= 0xFE0F) || (c >= 0xE0000 && c <= 0xE0FFF);
}

/* White space joins: one separator, a line end if there was one. */
static bool merges(struct voc_normal *normal, uint32_t c)
{
	size_t count = normal->count;
	uint32_t last = count > 0 ? normal->chars[count - 1] : ' ';
	if (c == ' ' || c == '\n') {
		if (last != ' ' && last != '\n')
			return false;
		if (c == '\n' && count > 0)
			normal->chars[count - 1] = '\n';
		return true;
	}
	return count >= 2 && last == c && normal->chars[count - 2] == c && !voc_char_is_digit(c);
}

/* A character that is neither tidied nor invisible. */
static void put(struct voc_normal *normal, uint32_t c, size_t origin)
{
	if (normal->count == VOC_NORMAL_MAX_CHARS || merges(normal, c))
		return;
	normal->chars[normal->count] = c;
	normal->origin[normal->count++] = (uint32_t)origin;
}

static void emit(struct voc_normal *normal, uint32_t c, size_t origin)
{
	c = tidy(c);
	if (!is_invisible(c))
		put(normal, c, origin);
}

/* A base and what joins it, by utf8proc: decomposed with case folding, put in canonical order, composed. */
static void read_segment(struct reader *reader, size_t base)
{
	size_t start = reader->at, len;
	peek(reader, start, &len);
	reader->at += len;
	for (int marks = 0; marks < SEGMENT_MARKS && reader->at < reader->text.len; marks++) {
		if (!joins(peek(reader, reader->at, &len)))
			break;
		reader->at += len;
	}
	utf8proc_int32_t out[SEGMENT_OUT];
	utf8proc_option_t fold = UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD | UTF8PROC_STABLE;
	utf8proc_ssize_t count = utf8proc_decompose((const utf8proc_uint8_t *)reader->text.ptr + start,
	                                            (utf8proc_ssize_t)(reader->at - start), out, SEGMENT_OUT, fold);
	if (count < 0 || count > SEGMENT_OUT)
		return;
	count = utf8proc_normalize_utf32(out, count, UTF8PROC_COMPOSE | UTF8PROC_STABLE);
	for (utf8proc_ssize_t i = 0; i < count; i++)
		emit(reader->normal, (uint32_t)out[i], base + start);
}

/* The Hangul syllable that begins at `at`, or 0. */
static uint32_t syllable_at(const unsigned char *at, const unsigned char *end)
{
	if (end - at < 3 || (at[0] & 0xF0) != 0xE0 || (at[1] & 0xC0) != 0x80 || (at[2] & 0xC0) != 0x80)
		return 0;
	uint32_t c = (at[0] & 0x0FU) << 12 | (at[1] & 0x3FU) << 6 | (at[2] & 0x3FU);
	return is_syllable(c) ? c : 0;
}

/* Marks begin at U+0300 (CC 80). EB and EC lead syllables alone, and so do most of EA and ED. */
static bool no_mark_at(const unsigned char *at, const unsigned char *end)
{
	return at == end || at[0] < 0xCC || at[0] == 0xEB || at[0] == 0xEC || syllable_at(at, end);
}

/* The bytes of a character that stands alone and stays as it is, but for its case: printable ASCII or a Hangul
 * syllable, with no mark behind it. 0: it needs a closer look. */
static size_t plain_length(const unsigned char *at, const unsigned char *end, uint32_t *ret_c)
{
	size_t len = 1;
	uint32_t c = at[0];
	if (c >= 0x80) {
		c = syllable_at(at, end);
		len = 3;
	} else if (c < ' ' || c > '~' || c == '`') {
		return 0;
	} else {
		c = fold_ascii(c);
	}
	*ret_c = c;
	return c != 0 && no_mark_at(at + len, end) ? len : 0;
}

/* All others. */
static void read_other(struct reader *reader, size_t base)
{
	size_t len, next_len;
	int32_t c = peek(reader, reader->at, &len);
	size_t next = reader->at + len;
	bool alone = next == reader->text.len || !joins(peek(reader, next, &next_len));
	if (c >= 0 && !(alone && (c < 0x80 || voc_char_is_hangul((uint32_t)c)))) {
		read_segment(reader, base);
		return;
	}
	if (c >= 0)
		emit(reader->normal, fold_ascii((uint32_t)c), base + reader->at);
	reader->at = next;
}

/* `base` is where the piece begins in the original. */
static void read_piece(struct voc_str piece, size_t base, struct voc_normal *normal)
{
	struct reader reader = { piece, 0, normal };
	const unsigned char *bytes = (const unsigned char *)piece.ptr;
	while (reader.at < piece.len) {
		uint32_t c;
		size_t len = plain_length(bytes + reader.at, bytes + piece.len, &c);
		if (len == 0) {
			read_other(&reader, base);
			continue;
		}
		put(normal, c, base + reader.at);
		reader.at += len;
	}
}

void voc_normalize(struct voc_str text, struct voc_normal *normal)
{
	normal->count = 0;
	if (text.len <= VOC_CLASSIFY_MAX_BYTES) {
		read_piece(text, 0, normal);
	} else {
		size_t tail = text.len - TAIL_BYTES;
		while (tail < text.len && ((unsigned char)text.ptr[tail] & 0xC0) == 0x80)
			tail++;
		struct voc_str head = voc_str_clip(text, VOC_CLASSIFY_MAX_BYTES - TAIL_BYTES);
		read_piece(head, 0, normal);
		emit(normal, '\n', head.len);
		read_piece(voc_str_of(text.ptr + tail, text.len - tail), tail, normal);
	}
	normal->origin[normal->count] = (uint32_t)text.len;
}

void voc_normal_bytes(const struct voc_normal *normal, size_t start, size_t end, uint32_t *ret_start, uint32_t *ret_end)
{
	/* Characters that one original character gave rise to share its origin. */
	while (end < normal->count && normal->origin[end] == normal->origin[end - 1])
		end++;
	*ret_start = normal->origin[start];
	*ret_end = normal->origin[end];
}
